//! The downloads of a network, one by one.

use std::sync::Arc;

use super::{Control, DownloadView, ReportView};
use crate::{
    Point, Step,
    downloads::{download::Download, gate::Beyond},
};

/// Why a job cannot be held, released or stepped on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// There is and was no such download.
    #[error("there is no download of that id")]
    Unknown,
    /// There is no such point.
    #[error("{0}")]
    NoSuchPoint(&'static str),
    /// The job is past it.
    #[error("the job has passed that point")]
    Passed,
    /// The job does not wait at its gate.
    #[error("the job is not held")]
    NotHeld,
    /// The job is over.
    #[error("the job has ended")]
    Ended,
}

impl From<Beyond> for JobError {
    fn from(beyond: Beyond) -> Self {
        match beyond {
            Beyond::Passed => Self::Passed,
            Beyond::Ended => Self::Ended,
            Beyond::NotHeld => Self::NotHeld,
        }
    }
}

/// What there is, and was, of downloads.
impl Control {
    /// The downloads that there are and were, oldest first, as far back as they are remembered.
    pub fn downloads(&self) -> Vec<DownloadView> {
        self.world().downloads().remembered().iter().map(|download| DownloadView::of(download)).collect()
    }

    /// A download, deleted or not.
    pub fn download(&self, id: &str) -> Option<DownloadView> {
        self.find(id).map(|download| DownloadView::of(&download))
    }

    /// What a client did with a download, deleted or not.
    pub fn report(&self, id: &str) -> Option<ReportView> {
        self.find(id).map(|download| ReportView::of(&download))
    }

    /// Holds the job of an existing download at a point that it has not passed.
    ///
    /// # Errors
    /// When it has, or there is no such job or point.
    pub fn hold_download(&self, id: &str, at: Point) -> Result<(), JobError> {
        at.check().map_err(JobError::NoSuchPoint)?;
        Ok(self.found(id)?.gate.shut(at)?)
    }

    /// Opens the gate of a download for good.
    ///
    /// # Errors
    /// When there is no such download.
    pub fn release(&self, id: &str) -> Result<(), JobError> {
        self.found(id)?.gate.open();
        Ok(())
    }

    /// Lets a held job go on by one update or one file.
    ///
    /// # Errors
    /// When it is not held.
    pub fn step(&self, id: &str, step: Step) -> Result<(), JobError> {
        Ok(self.found(id)?.gate.step(step)?)
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Download>> {
        self.world().downloads().get_remembered(id.parse().ok()?)
    }

    fn found(&self, id: &str) -> Result<Arc<Download>, JobError> {
        self.find(id).ok_or(JobError::Unknown)
    }
}
