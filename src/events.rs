//! What has changed in a network, in order, for those who watch it live.
//!
//! Places are written down and not copies: a watcher looks at the place when he comes to it. A place that changes again
//! before that moves to the end, so a watcher who is slow sees fewer states and never an older one, and costs nothing.
//! While nobody watches, nothing is written down at all.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use crate::{clock, ids::Ids, repository::node::NodeId};

/// How many places are kept for a watcher who lags behind.
const CAPACITY: usize = 16_384;

/// How many places a watcher is told of at once.
const BATCH: usize = 256;

/// How long changes are still written down when the last watcher has gone: he may come back.
const PATIENCE: Duration = Duration::from_secs(60);

/// Something that can change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    /// A download, or what its client does with it.
    Download(NodeId),
    /// A request, by its number in the journal.
    Request(u64),
    /// The journal as a whole.
    Journal,
    Faults,
    Outage,
    /// Gates and outcomes for jobs to come.
    Orders,
}

/// What has changed. Clones are the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Events(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    /// Whether anything is written down: whoever changes something looks at this, and not at the lock.
    is_watched: AtomicBool,
    log: Mutex<Log>,
}

#[derive(Debug, Default)]
struct Log {
    /// Tells this log from any other, and from itself before a time in which nothing was written down.
    epoch: String,
    /// The number of the last change.
    last: u64,
    /// The number of the last change that there was no room for.
    lost: u64,
    changed: BTreeMap<u64, Place>,
    latest: HashMap<Place, u64>,
    watchers: usize,
    /// When the last watcher has gone.
    left: Option<Instant>,
}

/// What a watcher who has come to a certain change is to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// These places have changed since, in that order.
    Places(Vec<(u64, Place)>),
    /// More than there is room for.
    TooMuch,
}

impl Events {
    /// Writes down that a place has changed, if anybody watches.
    pub(crate) fn note(&self, place: Place) {
        if self.0.is_watched.load(Ordering::Relaxed) {
            self.write_down(place);
        }
    }

    fn write_down(&self, place: Place) {
        let mut log = self.lock();
        if log.left.is_some_and(|left| left.elapsed() > PATIENCE) {
            self.0.is_watched.store(false, Ordering::Relaxed);
            *log = Log::default();
            return;
        }
        log.note(place);
    }

    /// Somebody watches from now on, or from the change that he names: where he is, and whether that is where he was.
    pub(crate) fn watch(&self, after: Option<&str>) -> (Watcher, bool) {
        let mut log = self.lock();
        if log.epoch.is_empty() {
            log.epoch = Ids::random().uuid().simple().to_string();
        }
        log.watchers += 1;
        log.left = None;
        self.0.is_watched.store(true, Ordering::Relaxed);
        let known = after.and_then(|after| log.position(after));
        let watcher = Watcher { events: self.clone(), epoch: log.epoch.clone(), position: known.unwrap_or(log.last) };
        (watcher, known.is_some())
    }

    fn lock(&self) -> MutexGuard<'_, Log> {
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Log {
    fn note(&mut self, place: Place) {
        self.last += 1;
        if let Some(before) = self.latest.insert(place, self.last) {
            self.changed.remove(&before);
        }
        self.changed.insert(self.last, place);
        if self.changed.len() > CAPACITY
            && let Some((number, place)) = self.changed.pop_first()
        {
            self.latest.remove(&place);
            self.lost = number;
        }
    }

    /// The number of a change that a watcher was told of here, if nothing behind it was lost.
    fn position(&self, id: &str) -> Option<u64> {
        let (epoch, number) = id.rsplit_once('-')?;
        let number = number.parse().ok()?;
        (epoch == self.epoch && (self.lost..=self.last).contains(&number)).then_some(number)
    }
}

/// Somebody who watches, for as long as this is there.
#[derive(Debug)]
pub(crate) struct Watcher {
    events: Events,
    epoch: String,
    /// The number of the last change that he was told of.
    position: u64,
}

impl Watcher {
    /// By which he can come back to that change.
    pub(crate) fn id(&self, number: u64) -> String {
        format!("{}-{number}", self.epoch)
    }

    /// The number of the last change that he was told of.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// What he is to be told, if anything; then he knows.
    pub(crate) fn news(&mut self) -> Option<News> {
        let log = self.events.lock();
        if self.position < log.lost {
            self.position = log.last;
            return Some(News::TooMuch);
        }
        let behind = log.changed.range(self.position + 1..);
        let places: Vec<_> = behind.take(BATCH).map(|(number, place)| (*number, *place)).collect();
        self.position = places.last()?.0;
        Some(News::Places(places))
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        let mut log = self.events.lock();
        log.watchers -= 1;
        if log.watchers == 0 {
            log.left = Some(clock::real_instant());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn assert_news(watcher: &mut Watcher, expected: &[Place]) {
        let places = match watcher.news() {
            Some(News::Places(places)) => places.into_iter().map(|(_, place)| place).collect(),
            Some(News::TooMuch) => panic!("too much"),
            None => Vec::new(),
        };
        assert_eq!(places, expected);
    }

    #[test]
    fn a_place_that_changes_often_is_told_once_and_last() {
        let events = Events::default();
        let (mut watcher, is_resumed) = events.watch(None);
        assert!(!is_resumed);
        for place in [Place::Faults, Place::Request(1), Place::Request(2), Place::Faults, Place::Request(1)] {
            events.note(place);
        }
        assert_news(&mut watcher, &[Place::Request(2), Place::Faults, Place::Request(1)]);
        assert_news(&mut watcher, &[]);
        events.note(Place::Faults);
        assert_news(&mut watcher, &[Place::Faults]);
    }

    #[test]
    fn nothing_is_written_down_while_nobody_watches() {
        let events = Events::default();
        events.note(Place::Faults);
        assert!(events.lock().changed.is_empty());
        let (mut watcher, _) = events.watch(None);
        assert_news(&mut watcher, &[]);
    }

    #[test]
    fn whoever_comes_back_goes_on_where_he_was() {
        let events = Events::default();
        let (watcher, _) = events.watch(None);
        let id = watcher.id(watcher.position());
        drop(watcher);
        events.note(Place::Outage);
        let (mut watcher, is_resumed) = events.watch(Some(&id));
        assert!(is_resumed);
        assert_news(&mut watcher, &[Place::Outage]);
        for unknown in ["", "7", "x-0", &watcher.id(2), &id.replace('-', "")] {
            assert!(!events.watch(Some(unknown)).1, "{unknown}");
        }
        assert!(!Events::default().watch(Some(&id)).1, "another network");
    }

    #[test]
    fn whoever_lags_too_far_behind_is_told_so() {
        let events = Events::default();
        let (mut slow, _) = events.watch(None);
        let id = slow.id(slow.position());
        for number in 0..=CAPACITY as u64 {
            events.note(Place::Request(number));
        }
        assert_eq!(events.lock().changed.len(), CAPACITY);
        assert!(!events.watch(Some(&id)).1);
        assert_eq!(slow.news(), Some(News::TooMuch));
        events.note(Place::Orders);
        assert_news(&mut slow, &[Place::Orders]);
    }
}
