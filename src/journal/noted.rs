//! A request as the journal keeps it: what is shown of it is made when somebody looks, since most are never looked at.

use super::{Arrival, Decision, JournalEntry, exchange::Kept};
use crate::{clock::Timestamp, operation::Operation, repository::node::NodeId, secret};

/// A request and what became of it.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and small")]
pub(crate) struct Noted {
    pub(crate) number: u64,
    time: Timestamp,
    /// Method, target, user and node, one behind the other.
    texts: Box<str>,
    /// Where the first three of those end.
    ends: [usize; 3],
    has_user: bool,
    has_node: bool,
    is_of_page: bool,
    is_complete: bool,
    pub(crate) operation: Option<Operation>,
    pub(crate) status: Option<u16>,
    pub(crate) download: Option<NodeId>,
    duration_ms: Option<u64>,
    bytes: u64,
    decision: Option<Box<Decision>>,
    pub(super) exchange: Option<Box<Kept>>,
}

impl Noted {
    pub(super) fn new(number: u64, time: Timestamp, arrival: &Arrival<'_>, download: Option<NodeId>) -> Self {
        let Arrival { method, target, user, node, operation, is_of_page, .. } = *arrival;
        let texts = [method, target, user.unwrap_or_default(), node.unwrap_or_default()];
        let mut joined = String::with_capacity(texts.iter().map(|text| text.len()).sum());
        let mut ends = [0; 3];
        for (number, text) in texts.into_iter().enumerate() {
            joined.push_str(text);
            if let Some(end) = ends.get_mut(number) {
                *end = joined.len();
            }
        }
        Self {
            number,
            time,
            texts: joined.into_boxed_str(),
            ends,
            has_user: user.is_some(),
            has_node: node.is_some(),
            is_of_page,
            is_complete: false,
            operation,
            status: None,
            download,
            duration_ms: None,
            bytes: 0,
            decision: None,
            exchange: None,
        }
    }

    pub(crate) fn method(&self) -> &str {
        &self.texts[..self.ends[0]]
    }

    /// Path and query without the tickets in them.
    pub(crate) fn path(&self) -> String {
        secret::hidden_in_target(&self.texts[self.ends[0]..self.ends[1]])
    }

    pub(crate) fn user(&self) -> Option<&str> {
        self.has_user.then(|| &self.texts[self.ends[1]..self.ends[2]])
    }

    pub(crate) fn decision(&self) -> Option<&Decision> {
        self.decision.as_deref()
    }

    /// What decided about it.
    pub(crate) fn decide(&mut self, decision: Decision) {
        self.decision = Some(Box::new(decision));
    }

    /// Its answer has come to an end, or was given up.
    pub(super) fn end(&mut self, over: Over) {
        let Over { bytes, is_complete, duration_ms } = over;
        (self.bytes, self.is_complete, self.duration_ms) = (bytes, is_complete, Some(duration_ms));
    }

    /// What is shown of it.
    pub(super) fn show(&self) -> JournalEntry {
        JournalEntry {
            number: self.number,
            time: self.time,
            user: self.user().map(str::to_owned),
            method: self.method().to_owned(),
            path: self.path(),
            operation: self.operation,
            node: self.has_node.then(|| self.texts[self.ends[2]..].to_owned()),
            download: self.download.map(|download| download.to_string()),
            status: self.status,
            duration_ms: self.duration_ms,
            bytes: self.bytes,
            is_complete: self.is_complete,
            decision: self.decision.as_deref().cloned(),
            is_of_page: self.is_of_page,
        }
    }
}

/// How an answer ended.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Over {
    /// Bytes of its body that were handed over.
    pub(crate) bytes: u64,
    /// Whether those were all.
    pub(crate) is_complete: bool,
    /// Milliseconds from the request on.
    pub(crate) duration_ms: u64,
}
