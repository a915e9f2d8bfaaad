//! What was asked and answered: a ring of the last requests of a network.
//!
//! An entry begins when a request has come in whole as far as its head; it is filled in when the answer begins, and
//! again when the last byte was handed over or the connection has gone. Its times are those of the network's clock.

pub(crate) mod draft;
pub(crate) mod exchange;
pub(crate) mod noted;

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::{
    exchange::{Exchange, Kept},
    noted::Noted,
};
use crate::{
    changes::Changes, clock::Timestamp, events::Place, memory::Memory, operation::Operation, repository::node::NodeId,
};

/// How many requests are remembered when there is no memory for more.
const SCARCE: usize = 100;

/// How many requests come between two looks at the memory.
const LOOK: u64 = 64;

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
    /// Whether the mock's own page has asked.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_of_page: bool,
}

/// A request that has come, as far as it is known then.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival<'a> {
    pub(crate) method: &'a str,
    /// The path and query as they were sent.
    pub(crate) target: &'a str,
    /// The path, decoded.
    pub(crate) path: &'a str,
    pub(crate) operation: Option<Operation>,
    /// The node or download in its path.
    pub(crate) node: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    /// Whether the mock's own page asks.
    pub(crate) is_of_page: bool,
}

/// How much a journal remembers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How many requests.
    pub(crate) requests: usize,
    /// How many bytes of headers and bodies.
    pub(crate) exchange_bytes: usize,
}

/// The last requests. Clones are the same journal.
#[derive(Clone, Debug)]
pub(crate) struct Journal(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limits: Limits,
    ring: Mutex<Ring>,
    changes: Changes,
    memory: Memory,
}

#[derive(Debug, Default)]
struct Ring {
    entries: VecDeque<Noted>,
    /// The number of the last request.
    last: u64,
    dropped: u64,
    /// The requests with an exchange that is kept, in the order in which they ended; some may be gone.
    ended: VecDeque<u64>,
    exchange_bytes: usize,
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
    pub(crate) fn new(limits: Limits, changes: Changes, memory: Memory) -> Self {
        Self(Arc::new(Inner { limits, ring: Mutex::default(), changes, memory }))
    }

    /// Adds a request, which is about that download; its number.
    fn begin(&self, time: Timestamp, arrival: &Arrival<'_>, download: Option<NodeId>) -> u64 {
        let mut noted = Noted::new(0, time, arrival, download);
        let mut ring = self.lock();
        ring.last += 1;
        let number = ring.last;
        noted.number = number;
        ring.entries.push_back(noted);
        let usual = self.0.limits.requests;
        let most = if self.0.memory.was_short() { SCARCE.min(usual) } else { usual };
        // Two for one: so it shrinks, a little with each request, when memory has become short.
        let oldest = [(); 2].map(|()| if ring.entries.len() > most { ring.drop_oldest() } else { None });
        drop(ring);
        drop(oldest);
        if number.is_multiple_of(LOOK) {
            self.0.memory.look_if_due();
        }
        self.0.changes.tell_of(Place::Request(number));
        number
    }

    fn keeps_exchanges(&self) -> bool {
        self.0.limits.exchange_bytes > 0
    }

    /// Fills in what is known by now, and keeps what was said, if there is room, at the cost of what was said before. An
    /// entry that was dropped stays so.
    fn write(&self, number: u64, fill: impl FnOnce(&mut Noted), exchange: Option<Box<Kept>>) {
        let most = self.0.limits;
        let exchange = exchange.filter(|exchange| exchange.len() <= most.exchange_bytes);
        let mut ring = self.lock();
        if let Some(noted) = ring.find(number) {
            fill(noted);
            if let Some(exchange) = exchange {
                let length = exchange.len();
                noted.exchange = Some(exchange);
                ring.ended.push_back(number);
                ring.exchange_bytes += length;
                while ring.exchange_bytes > most.exchange_bytes || ring.ended.len() > most.requests {
                    let Some(oldest) = ring.ended.pop_front() else { break };
                    let exchange = ring.find(oldest).and_then(|noted| noted.exchange.take());
                    ring.exchange_bytes -= exchange.map_or(0, |exchange| exchange.len());
                }
            }
        }
        drop(ring);
        self.0.changes.tell_of(Place::Request(number));
    }

    /// The request of that number, and what of the exchange is kept.
    pub(crate) fn exchange(&self, number: u64) -> Option<Exchange> {
        let mut ring = self.lock();
        let noted = ring.find(number)?;
        let entry = noted.show();
        let (request, answer) = noted.exchange.as_ref().map(|kept| kept.show(&entry)).unzip();
        Some(Exchange { entry, request, answer: answer.flatten() })
    }

    /// The request of that number.
    pub(crate) fn entry(&self, number: u64) -> Option<JournalEntry> {
        self.lock().find(number).map(|noted| noted.show())
    }

    /// The entries that match, oldest first; no more than `limit` of the youngest.
    pub(crate) fn page(&self, matches: impl Fn(&Noted) -> bool, limit: Option<usize>) -> JournalPage {
        let ring = self.lock();
        let matching: Vec<&Noted> = ring.entries.iter().filter(|noted| matches(noted)).collect();
        let left_out = limit.map_or(0, |limit| matching.len().saturating_sub(limit));
        let entries = matching[left_out..].iter().map(|noted| noted.show()).collect();
        JournalPage { count: matching.len() as u64, dropped: ring.dropped, entries }
    }

    /// How many requests there was no room for.
    pub(crate) fn dropped(&self) -> u64 {
        self.lock().dropped
    }

    /// Forgets all requests, and that any were dropped. Numbers go on.
    pub(crate) fn clear(&self) {
        let mut ring = self.lock();
        *ring = Ring { last: ring.last, ..Ring::default() };
        drop(ring);
        self.0.changes.tell_of(Place::Journal);
    }

    /// The number of the first request that is not forgotten; of the next one, when all are.
    pub(crate) fn first(&self) -> u64 {
        let ring = self.lock();
        ring.entries.front().map_or(ring.last + 1, |noted| noted.number)
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.0.ring.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Ring {
    fn drop_oldest(&mut self) -> Option<Noted> {
        let oldest = self.entries.pop_front()?;
        self.exchange_bytes -= oldest.exchange.as_ref().map_or(0, |exchange| exchange.len());
        self.dropped += 1;
        Some(oldest)
    }

    fn find(&mut self, number: u64) -> Option<&mut Noted> {
        let first = self.entries.front()?.number;
        let index = usize::try_from(number.checked_sub(first)?).ok()?;
        self.entries.get_mut(index)
    }
}
