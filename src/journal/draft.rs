//! What is written down of a request while it lasts.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;

use super::{
    Arrival, Decision,
    exchange::{Kept, Part},
    noted::{Noted, Over},
};
use crate::{clock::Timestamp, network::Network, repository::node::NodeId};

/// What is known of a request and not in the journal of its network yet. Dropping it puts it there.
#[derive(Debug)]
pub(crate) struct Draft {
    network: Network,
    number: u64,
    started: Timestamp,
    /// What was said, if that is kept.
    exchange: Option<Box<Kept>>,
    answered: Option<Answered>,
    over: Option<Over>,
}

#[derive(Debug)]
struct Answered {
    status: u16,
    decision: Option<Decision>,
    created: Option<NodeId>,
}

impl Draft {
    /// A request has come, which is about that download.
    pub(crate) fn begin(
        network: Network,
        started: Timestamp,
        arrival: &Arrival<'_>,
        download: Option<NodeId>,
        headers: &HeaderMap,
    ) -> Self {
        let journal = network.journal();
        let number = journal.begin(started, arrival, download);
        let exchange = journal.keeps_exchanges().then(|| Box::new(Kept::of(headers)));
        Self { network, number, started, exchange, answered: None, over: None }
    }

    /// Where it has come to.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// When it came.
    pub(crate) fn started(&self) -> Timestamp {
        self.started
    }

    /// What the request's body is to pass by, if it is to be kept.
    pub(crate) fn listen(&mut self) -> Option<Arc<Mutex<Part>>> {
        self.exchange.as_mut().map(|exchange| exchange.listen())
    }

    /// Writes down at once what decided about it.
    pub(crate) fn decide(&self, decision: Decision) {
        self.network.journal().write(self.number, |noted| noted.decide(decision), None);
    }

    /// The answer begins.
    pub(crate) fn answered(
        &mut self,
        status: u16,
        decision: Option<Decision>,
        created: Option<NodeId>,
        headers: &HeaderMap,
    ) {
        self.answered = Some(Answered { status, decision, created });
        if let Some(exchange) = &mut self.exchange {
            exchange.answer = Some(Part::new(headers, false));
        }
    }

    /// Some of the answer's body passes by.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        if let Some(answer) = self.exchange.as_mut().and_then(|exchange| exchange.answer.as_mut()) {
            answer.pass(bytes);
        }
    }

    /// Writes down how it was answered, since it will be a while before it has ended.
    pub(crate) fn tell(&mut self) {
        if let Some(answered) = self.answered.take() {
            self.network.journal().write(self.number, |noted| answered.write(noted), None);
        }
    }

    /// The answer has come to its end.
    pub(crate) fn end(mut self, over: Over) {
        self.over = Some(over);
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let mut exchange = self.exchange.take();
        if let Some(exchange) = &mut exchange
            && let Some(heard) = exchange.heard.take()
        {
            exchange.request = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let (answered, over) = (self.answered.take(), self.over);
        let fill = |noted: &mut Noted| {
            if let Some(answered) = answered {
                answered.write(noted);
            }
            if let Some(over) = over {
                noted.end(over);
            }
        };
        self.network.journal().write(self.number, fill, exchange);
    }
}

impl Answered {
    fn write(self, noted: &mut Noted) {
        noted.status = Some(self.status);
        if let Some(decision) = self.decision {
            noted.decide(decision);
        }
        noted.download = self.created.or(noted.download);
    }
}
