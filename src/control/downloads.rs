//! The downloads of a network, one by one.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Control, DownloadView, ReportView};
use crate::{
    Outcome, Point, Step,
    downloads::{download::Download, gate::Beyond},
};

/// What is in a zip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ZipEntries {
    /// How many entries it has.
    pub count: u64,
    /// How many bytes the zip has.
    pub bytes: u64,
    /// Those that were asked for, in their order.
    pub entries: Vec<ZipEntryView>,
}

/// An entry of a zip.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ZipEntryView {
    /// Its path in the zip.
    pub name: String,
    /// Whether it has no content: it is a folder.
    pub is_folder: bool,
    /// How long its content is.
    pub bytes: u64,
    /// How long that is when it is deflated.
    pub deflated_bytes: u64,
}

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
        Ok(self.found(id)?.steered()?.gate.shut(at)?)
    }

    /// Has an existing download end in that way, in the place of any other that was ordered for it.
    ///
    /// # Errors
    /// When its job is past the point at which that comes, or there is no such job or point.
    pub fn order_download(&self, id: &str, outcome: Outcome) -> Result<(), JobError> {
        outcome.check().map_err(JobError::NoSuchPoint)?;
        Ok(self.found(id)?.order(outcome)?)
    }

    /// What is in the zip of a download that is `DONE` and not deleted, from the entry of that index on, no more than
    /// `limit`.
    pub fn zip_entries(&self, id: &str, skip: usize, limit: usize) -> Option<ZipEntries> {
        let content = self.find(id)?.state().content?;
        let archive = content.as_archive()?;
        let entries = archive.entries().skip(skip).take(limit);
        let entries = entries.map(|entry| ZipEntryView {
            name: entry.name.to_string(),
            is_folder: entry.name.ends_with('/'),
            bytes: entry.packed.as_ref().map_or(0, |packed| packed.size),
            deflated_bytes: entry.packed.as_ref().map_or(0, |packed| packed.len()),
        });
        Some(ZipEntries { count: archive.entries().len() as u64, bytes: archive.len(), entries: entries.collect() })
    }

    /// Opens the gate of a download for good.
    ///
    /// # Errors
    /// When there is no such download.
    pub fn release(&self, id: &str) -> Result<(), JobError> {
        if let Some(steering) = self.found(id)?.steering() {
            steering.gate.open();
        }
        Ok(())
    }

    /// Lets a held job go on by one update or one file.
    ///
    /// # Errors
    /// When it is not held.
    pub fn step(&self, id: &str, step: Step) -> Result<(), JobError> {
        Ok(self.found(id)?.steered()?.gate.step(step)?)
    }

    pub(super) fn find(&self, id: &str) -> Option<Arc<Download>> {
        self.world().downloads().get_remembered(id.parse().ok()?)
    }

    fn found(&self, id: &str) -> Result<Arc<Download>, JobError> {
        self.find(id).ok_or(JobError::Unknown)
    }
}
