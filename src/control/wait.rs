//! Waiting for a download instead of sleeping.

use std::{sync::mpsc, time::Duration};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Control, DownloadView};
use crate::{Status, clock, network::Network};

/// What is waited for: all that is stated, at the same moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Condition {
    /// This status.
    pub status: Option<Status>,
    /// Whether the status is one that nothing follows.
    pub is_final: Option<bool>,
    /// At least so many files added.
    pub files_added: Option<u64>,
    /// At least so many bytes added.
    pub bytes_added: Option<u64>,
    /// Whether the job waits at its gate.
    pub is_held: Option<bool>,
    /// Whether the job is over, however it ended.
    pub is_job_over: Option<bool>,
    /// At least so many polls.
    pub polls: Option<u64>,
    /// Whether the content was handed over whole.
    pub is_fetched: Option<bool>,
    /// Whether it was deleted.
    pub is_deleted: Option<bool>,
}

impl Condition {
    /// Until it has that status.
    #[must_use]
    pub fn status(status: Status) -> Self {
        Self { status: Some(status), ..Self::default() }
    }

    /// Until its status is one that nothing follows.
    #[must_use]
    pub fn ended() -> Self {
        Self { is_final: Some(true), ..Self::default() }
    }

    /// Until its job waits at its gate.
    #[must_use]
    pub fn held() -> Self {
        Self { is_held: Some(true), ..Self::default() }
    }

    /// Until its job is over, however it ended: of a job that dies, this is all there is to see.
    #[must_use]
    pub fn job_over() -> Self {
        Self { is_job_over: Some(true), ..Self::default() }
    }

    /// Until it was polled so many times.
    #[must_use]
    pub fn polls(polls: u64) -> Self {
        Self { polls: Some(polls), ..Self::default() }
    }

    /// Until its content was handed over whole.
    #[must_use]
    pub fn fetched() -> Self {
        Self { is_fetched: Some(true), ..Self::default() }
    }

    /// Until it is deleted.
    #[must_use]
    pub fn deleted() -> Self {
        Self { is_deleted: Some(true), ..Self::default() }
    }

    fn holds(&self, view: &DownloadView) -> bool {
        self.status.is_none_or(|status| view.status == status)
            && self.is_final.is_none_or(|is_final| view.status.is_final() == is_final)
            && self.files_added.is_none_or(|files| view.files_added >= files)
            && self.bytes_added.is_none_or(|bytes| view.bytes_added >= bytes)
            && self.is_held.is_none_or(|is_held| view.is_held == is_held)
            && self.is_job_over.is_none_or(|is_job_over| view.is_job_over == is_job_over)
            && self.polls.is_none_or(|polls| view.polls >= polls)
            && self.is_fetched.is_none_or(|is_fetched| view.is_fetched == is_fetched)
            && self.is_deleted.is_none_or(|is_deleted| view.is_deleted == is_deleted)
    }

    /// Whether no change can make it hold: nothing but polls comes to a download that was deleted.
    fn is_in_vain(&self, view: &DownloadView) -> bool {
        view.is_deleted && self.polls.is_none_or(|polls| view.polls >= polls)
    }
}

/// Why a wait ended without what was waited for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WaitError {
    /// It took too long; this is how it was in the end. None when any download would have done.
    #[error("what was waited for did not come in time")]
    Timeout(Option<Box<DownloadView>>),
    /// It was deleted, and so can never come to that.
    #[error("the download was deleted")]
    Deleted(Box<DownloadView>),
    /// There is and was no such download.
    #[error("there is no download of that id")]
    Unknown,
    /// The network was reset or dropped, or the server stops.
    #[error("the network has ended")]
    Ended,
}

/// Waiting takes real time, whatever the network's clock shows.
impl Control {
    /// Waits until a download is as stated, at once when it is already; gives up after `patience`. Without an id, any
    /// download of the network will do, one that is yet to come too. The future may be awaited on any executor.
    ///
    /// # Errors
    /// When that does not come in time, or can come no more.
    pub async fn wait(
        &self,
        id: Option<&str>,
        condition: Condition,
        patience: Duration,
    ) -> Result<DownloadView, WaitError> {
        let network = self.world();
        let waiting = wait(network, id.map(str::to_owned), condition, patience);
        self.tasks.ask("wait", waiting).await.unwrap_or(Err(WaitError::Ended))
    }

    /// The same for a thread that may block. In async code, [`wait`](Self::wait).
    ///
    /// # Errors
    /// When that does not come in time, or can come no more.
    pub fn wait_blocking(
        &self,
        id: Option<&str>,
        condition: Condition,
        patience: Duration,
    ) -> Result<DownloadView, WaitError> {
        self.block_on(wait(self.world(), id.map(str::to_owned), condition, patience))
    }

    /// Blocks this thread, which may even be one that runs async code.
    pub(super) fn block_on<T: Send + 'static>(
        &self,
        waiting: impl Future<Output = Result<T, WaitError>> + Send + 'static,
    ) -> Result<T, WaitError> {
        let (tell, told) = mpsc::sync_channel(1);
        self.tasks.spawn("wait", async move {
            // Whoever has asked is waiting.
            let _ = tell.send(waiting.await);
        });
        told.recv().unwrap_or(Err(WaitError::Ended))
    }
}

async fn wait(
    network: Network,
    id: Option<String>,
    condition: Condition,
    patience: Duration,
) -> Result<DownloadView, WaitError> {
    let downloads = network.downloads();
    let one = match &id {
        Some(id) => {
            let found = id.parse().ok().and_then(|id| downloads.get_remembered(id));
            Some(found.ok_or(WaitError::Unknown)?)
        }
        None => None,
    };
    let look = || {
        let Some(download) = &one else {
            let mut views = downloads.remembered().into_iter().map(|download| DownloadView::of(&download));
            return views.find(|view| condition.holds(view)).map(Ok);
        };
        let view = DownloadView::of(download);
        if condition.holds(&view) {
            return Some(Ok(view));
        }
        condition.is_in_vain(&view).then(|| Err(WaitError::Deleted(Box::new(view))))
    };
    let ended = network.ended();
    tokio::select! {
        found = clock::within(patience, network.changes().until(look)) => found.unwrap_or_else(|| {
            Err(WaitError::Timeout(one.as_ref().map(|download| Box::new(DownloadView::of(download)))))
        }),
        () = ended.cancelled() => Err(WaitError::Ended),
    }
}
