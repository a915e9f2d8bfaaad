//! What was asked and answered: a ring of the last requests of a network.
//!
//! An entry begins when a request has come in whole as far as its head; it is filled in when the answer begins, and
//! again when the last byte was handed over or the connection has gone. Its times are those of the network's clock.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{changes::Changes, clock::Timestamp, operation::Operation};

/// What decided that a request was answered with an error, or not at all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What kind of thing it was.
    pub by: DecidedBy,
    /// The check's name, the fault's, or what the outage did.
    pub name: String,
    /// The fault's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<u64>,
    /// The error's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// What can decide about a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum DecidedBy {
    /// A check of the API itself, as on the real server.
    Check,
    /// An injected fault.
    Fault,
    /// An outage.
    Outage,
}

/// One request and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalEntry {
    /// Counted from one, in the order in which requests came.
    pub number: u64,
    /// When it came, by the network's clock.
    #[schema(value_type = String)]
    pub time: Timestamp,
    /// Who it says to come from, whether or not that was accepted; none without credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The method as it was sent.
    pub method: String,
    /// The path and the query as they were sent, save for tickets: `***` stands in their place.
    pub path: String,
    /// What it asks for, when that is an operation of the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<Operation>,
    /// The node or download in its path.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The download that it concerned: asked about, cancelled, fetched, deleted or created.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub download: Option<String>,
    /// The status of the answer; none while there is no answer, or when there never will be one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Milliseconds from the request to the end of the answer; none while it lasts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub duration_ms: Option<u64>,
    /// Bytes of the answer's body that were handed over to the connection.
    pub bytes: u64,
    /// Whether the answer was handed over whole.
    pub is_complete: bool,
    /// Why it is an error, or no answer at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decision: Option<Decision>,
}

/// The last requests. Clones are the same journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    size: usize,
    ring: Mutex<Ring>,
    changes: Changes,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<JournalEntry>,
    /// The number of the last request.
    last: u64,
    dropped: u64,
}

/// The journal at a moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct JournalPage {
    /// How many entries match.
    pub count: u64,
    /// How many requests are no longer here, since there was no room for them.
    pub dropped: u64,
    /// The matching entries, oldest first; the youngest of them when a limit was asked for.
    pub entries: Vec<JournalEntry>,
}

impl Journal {
    pub(crate) fn new(size: usize, changes: Changes) -> Self {
        Self(Arc::new(Inner { size, ring: Mutex::default(), changes }))
    }

    /// Adds a request; its number.
    pub(crate) fn begin(&self, entry: JournalEntry) -> u64 {
        let mut ring = self.lock();
        ring.last += 1;
        let number = ring.last;
        ring.entries.push_back(JournalEntry { number, ..entry });
        while ring.entries.len() > self.0.size {
            ring.entries.pop_front();
            ring.dropped += 1;
        }
        drop(ring);
        self.0.changes.tell();
        number
    }

    /// Fills in what is known by now; an entry that was dropped stays so.
    pub(crate) fn fill_in(&self, number: u64, fill: impl FnOnce(&mut JournalEntry)) {
        let mut ring = self.lock();
        let first = ring.entries.front().map_or(0, |entry| entry.number);
        let index = number.checked_sub(first).and_then(|index| usize::try_from(index).ok());
        if let Some(entry) = index.and_then(|index| ring.entries.get_mut(index)) {
            fill(entry);
        }
        drop(ring);
        self.0.changes.tell();
    }

    /// The entries that match, oldest first; no more than `limit` of the youngest.
    pub(crate) fn page(&self, matches: impl Fn(&JournalEntry) -> bool, limit: Option<usize>) -> JournalPage {
        let ring = self.lock();
        let mut entries: Vec<_> = ring.entries.iter().filter(|entry| matches(entry)).cloned().collect();
        let count = entries.len() as u64;
        if let Some(limit) = limit {
            entries.drain(..entries.len().saturating_sub(limit));
        }
        JournalPage { count, dropped: ring.dropped, entries }
    }

    /// How many requests there was no room for.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Forgets all requests, and that any were dropped. Numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.lock();
        ring.entries.clear();
        ring.dropped = 0;
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
