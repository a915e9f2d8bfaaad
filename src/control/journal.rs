//! The journal.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use super::{Control, WaitError};
use crate::{Exchange, JournalPage, Operation, clock, journal::noted::Noted, network::Network};

/// Which requests are wanted: all that fit everything that is stated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", default)]
#[into_params(parameter_in = Query)]
pub struct JournalFilter {
    /// Requests for this operation.
    #[param(nullable = false)]
    pub operation: Option<Operation>,
    /// Requests by this method.
    pub method: Option<String>,
    /// Requests whose path and query hold this text.
    pub path: Option<String>,
    /// Requests that say to come from this user.
    pub user: Option<String>,
    /// Requests that concern this download.
    pub download: Option<String>,
    /// Requests that were answered with this status.
    pub status: Option<u16>,
    /// Requests that this fault was applied to.
    pub fault: Option<u64>,
    /// Requests with a greater number than this.
    pub after: Option<u64>,
    /// No more than so many of the youngest.
    pub limit: Option<usize>,
}

impl JournalFilter {
    fn matches(&self, noted: &Noted) -> bool {
        let is_user = |user: &String| noted.user().is_some_and(|asked| asked.eq_ignore_ascii_case(user));
        let is_of = |download: &String| noted.download.is_some_and(|id| id.to_string() == *download);
        self.operation.is_none_or(|operation| noted.operation == Some(operation))
            && self.method.as_ref().is_none_or(|method| noted.method().eq_ignore_ascii_case(method))
            && self.path.as_ref().is_none_or(|path| noted.path().contains(path.as_str()))
            && self.user.as_ref().is_none_or(is_user)
            && self.download.as_ref().is_none_or(is_of)
            && self.status.is_none_or(|status| noted.status == Some(status))
            && self.fault.is_none_or(|fault| noted.decision().is_some_and(|by| by.fault == Some(fault)))
            && self.after.is_none_or(|after| noted.number > after)
    }
}

/// What was asked and answered.
impl Control {
    /// The requests that are wanted, oldest first.
    pub fn journal(&self, filter: &JournalFilter) -> JournalPage {
        self.world().journal().page(|entry| filter.matches(entry), filter.limit)
    }

    /// A request, with what was said, as far as that is kept.
    pub fn exchange(&self, number: u64) -> Option<Exchange> {
        self.world().journal().exchange(number)
    }

    /// How many there are.
    pub fn count_requests(&self, filter: &JournalFilter) -> u64 {
        self.journal(&JournalFilter { limit: Some(0), ..filter.clone() }).count
    }

    /// Waits until there are so many requests that are wanted, at once when there are; gives up after `patience`. One
    /// counts as soon as it has come, answered or not.
    ///
    /// # Errors
    /// When they do not come in time, or the network ends.
    pub async fn wait_for_requests(
        &self,
        count: u64,
        filter: &JournalFilter,
        patience: Duration,
    ) -> Result<JournalPage, WaitError> {
        let waiting = wait(self.world(), count, filter.clone(), patience);
        self.tasks.ask("wait", waiting).await.unwrap_or(Err(WaitError::Ended))
    }

    /// The same for a thread that may block.
    ///
    /// # Errors
    /// When they do not come in time, or the network ends.
    pub fn wait_for_requests_blocking(
        &self,
        count: u64,
        filter: &JournalFilter,
        patience: Duration,
    ) -> Result<JournalPage, WaitError> {
        self.block_on(wait(self.world(), count, filter.clone(), patience))
    }

    /// Forgets all requests, and that any were dropped.
    pub fn clear_journal(&self) {
        self.world().journal().clear();
    }
}

async fn wait(
    network: Network,
    count: u64,
    filter: JournalFilter,
    patience: Duration,
) -> Result<JournalPage, WaitError> {
    let look = || {
        let page = network.journal().page(|entry| filter.matches(entry), filter.limit);
        (page.count >= count).then_some(page)
    };
    let ended = network.ended();
    tokio::select! {
        found = clock::within(patience, network.changes().until(look)) => found.ok_or(WaitError::Timeout(None)),
        () = ended.cancelled() => Err(WaitError::Ended),
    }
}
