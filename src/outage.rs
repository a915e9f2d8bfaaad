//! An outage: for a while, a network cannot be reached.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Timestamp;

/// How a network cannot be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum OutageKind {
    /// The connection is closed without a byte of an answer, as a proxy with nothing behind it does. (Which network a
    /// connection is for is not known before a request has come over it, so it cannot be refused earlier.)
    Refuse,
    /// Nothing is answered until the client gives up.
    Hang,
    /// The connection is reset.
    Reset,
}

/// The outage of a network, if there is one. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Outage(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    current: Mutex<Option<Current>>,
    /// Whether there is one: requests look at this, not at the lock, while there is none.
    is_on: AtomicBool,
}

/// An outage under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Current {
    pub(crate) kind: OutageKind,
    /// Requests that it still concerns; none for no limit.
    pub(crate) requests: Option<u64>,
    /// When it is over; none for never.
    pub(crate) until: Option<Timestamp>,
}

impl Current {
    fn is_over(&self, now: Timestamp) -> bool {
        self.requests == Some(0) || self.until.is_some_and(|until| now >= until)
    }
}

impl Outage {
    /// Begins one, in the place of any other; ends it with none.
    pub(crate) fn set(&self, outage: Option<Current>) {
        let mut current = self.lock();
        *current = outage;
        self.0.is_on.store(outage.is_some(), Ordering::Release);
    }

    /// What is under way.
    pub(crate) fn current(&self, now: Timestamp) -> Option<Current> {
        let mut outage = self.lock();
        *outage = outage.filter(|current| !current.is_over(now));
        *outage
    }

    /// What happens to a request that comes now.
    pub(crate) fn strike(&self, now: Timestamp) -> Option<OutageKind> {
        if !self.0.is_on.load(Ordering::Acquire) {
            return None;
        }
        let mut outage = self.lock();
        let current = outage.as_mut().filter(|current| !current.is_over(now))?;
        current.requests = current.requests.map(|left| left - 1);
        Some(current.kind)
    }

    fn lock(&self) -> MutexGuard<'_, Option<Current>> {
        self.0.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_lasts_for_so_many_requests_or_so_long() {
        let at = Timestamp::from_millis;
        let outage = Outage::default();
        assert_eq!(outage.strike(at(0)), None);
        outage.set(Some(Current { kind: OutageKind::Reset, requests: Some(2), until: None }));
        assert_eq!([0, 1, 2].map(|now| outage.strike(at(now)).is_some()), [true, true, false]);
        assert_eq!(outage.current(at(3)), None);
        outage.set(Some(Current { kind: OutageKind::Hang, requests: None, until: Some(at(10)) }));
        assert_eq!(outage.current(at(9)).map(|current| current.kind), Some(OutageKind::Hang));
        assert_eq!([8, 9, 10].map(|now| outage.strike(at(now)).is_some()), [true, true, false]);
    }
}
