//! Word that something in a network has changed, for those who wait for it.
//!
//! It says only that, not what: whoever waits looks again. So nothing is counted, and nothing is lost. Those who watch
//! find in [`Events`] what it was.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering, fence},
};

use tokio::sync::Notify;

use crate::events::{Events, Place};

/// Tells everybody who waits. Clones tell and hear the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Notify,
    /// How many wait: nearly always none, and then nobody is to be woken.
    waiters: AtomicUsize,
    events: Events,
}

/// One of those who wait.
struct Waiter<'a>(&'a AtomicUsize);

impl<'a> Waiter<'a> {
    fn new(waiters: &'a AtomicUsize) -> Self {
        waiters.fetch_add(1, Ordering::SeqCst);
        Self(waiters)
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Changes {
    /// Wakes everybody who waits now.
    pub(crate) fn tell(&self) {
        // Whoever changes something looks for waiters afterwards, and whoever waits looks at things after he has said
        // so: with a fence between the two on either side, one of them sees the other.
        fence(Ordering::SeqCst);
        if self.0.waiters.load(Ordering::SeqCst) > 0 {
            self.0.waiting.notify_waiters();
        }
    }

    /// The same, when it is known what has changed.
    pub(crate) fn tell_of(&self, place: Place) {
        self.0.events.note(place);
        self.tell();
    }

    /// For somebody who knows of one place only.
    pub(crate) fn of(&self, place: Place) -> Teller {
        Teller { changes: self.clone(), place }
    }

    pub(crate) fn events(&self) -> &Events {
        &self.0.events
    }

    /// Waits until `look` finds something. It looks at once, and after every change.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        let _waiter = Waiter::new(&self.0.waiters);
        fence(Ordering::SeqCst);
        loop {
            let mut changed = std::pin::pin!(self.0.waiting.notified());
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }
}

/// Tells of the changes of one place.
#[derive(Clone, Debug)]
pub(crate) struct Teller {
    changes: Changes,
    place: Place,
}

impl Teller {
    pub(crate) fn tell(&self) {
        self.changes.tell_of(self.place);
    }
}
