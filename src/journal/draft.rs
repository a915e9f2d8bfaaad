//! What is written down of a request while it lasts.

use std::sync::{Arc, Mutex, PoisonError};

use axum::http::HeaderMap;

use super::{
    Decision, Journal,
    exchange::{Kept, Part},
    noted::{Noted, Over},
};
use crate::repository::node::NodeId;

/// What is known of a request and not in the journal yet. Dropping it puts it there.
#[derive(Debug, Default)]
pub(crate) struct Draft(Option<Open>);

#[derive(Debug)]
struct Open {
    journal: Journal,
    number: u64,
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
    pub(super) fn new(journal: Journal, number: u64, exchange: Option<Box<Kept>>) -> Self {
        Self(Some(Open { journal, number, exchange, answered: None, over: None }))
    }

    /// What the request's body is to pass by, if it is to be kept.
    pub(crate) fn listen(&mut self) -> Option<Arc<Mutex<Part>>> {
        self.0.as_mut()?.exchange.as_mut().map(|exchange| exchange.listen())
    }

    /// Writes something down at once.
    pub(crate) fn fill_in(&self, fill: impl FnOnce(&mut Noted)) {
        if let Some(open) = &self.0 {
            open.journal.write(open.number, fill, None);
        }
    }

    /// The answer begins.
    pub(crate) fn answered(
        &mut self,
        status: u16,
        decision: Option<Decision>,
        created: Option<NodeId>,
        headers: &HeaderMap,
    ) {
        if let Some(open) = &mut self.0 {
            open.answered = Some(Answered { status, decision, created });
            if let Some(exchange) = &mut open.exchange {
                exchange.answer = Some(Part::new(headers, false));
            }
        }
    }

    /// Some of the answer's body passes by.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        let exchange = self.0.as_mut().and_then(|open| open.exchange.as_mut());
        if let Some(answer) = exchange.and_then(|exchange| exchange.answer.as_mut()) {
            answer.pass(bytes);
        }
    }

    /// Writes down how it was answered, since it will be a while before it has ended.
    pub(crate) fn tell(&mut self) {
        if let Some(open) = &mut self.0
            && let Some(answered) = open.answered.take()
        {
            open.journal.write(open.number, |noted| answered.write(noted), None);
        }
    }

    /// The answer has come to its end.
    pub(crate) fn end(mut self, over: Over) {
        if let Some(open) = &mut self.0 {
            open.over = Some(over);
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        let Some(Open { journal, number, mut exchange, answered, over }) = self.0.take() else { return };
        if let Some(exchange) = &mut exchange
            && let Some(heard) = exchange.heard.take()
        {
            exchange.request = std::mem::take(&mut *heard.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let fill = |noted: &mut Noted| {
            if let Some(answered) = answered {
                answered.write(noted);
            }
            if let Some(over) = over {
                noted.end(over);
            }
        };
        journal.write(number, fill, exchange);
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
