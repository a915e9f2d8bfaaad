//! The cleaner: deletes downloads whose last modification is longer ago than the maximum age.
//!
//! The real server looks once an hour, so a download lives there for one to two hours (wire reference, downloads,
//! section 10). Here it is gone as soon as it is due. What it costs is what expires, not what exists. With the last one
//! goes what was kept deflated for the next: a server that nobody asks for downloads is small.

use std::time::Duration;

use tracing::debug;

use super::{Downloads, report::Deletion};
use crate::clock::{self, Timestamp};

/// Deletions between two pauses. A hundred thousand of them take a processor a quarter of a second, and whoever asks for
/// something meanwhile is not to wait for that.
const AT_ONCE: usize = 16;

/// Looks at what is due that take as long.
const LOOKS_AT_ONCE: usize = 64;

/// How long others go first.
const PAUSE: Duration = Duration::from_micros(50);

/// Deletes what is due, then sleeps until the next may be.
pub(super) async fn run(downloads: Downloads) {
    let inner = &downloads.0;
    let mut settings = inner.settings.changes();
    let mut was_needed = false;
    loop {
        let (max_age, workers) = {
            let in_force = settings.borrow_and_update();
            (in_force.downloads.cleaner_max_age, in_force.downloads.workers)
        };
        // Jobs that wait for a worker must hear of it when there are more.
        inner.workers.resize(workers);
        {
            let _turn = inner.cleaning.lock().await;
            while clean_some(&downloads, max_age) {
                clock::real_sleep(PAUSE).await;
            }
        }
        let oldest = inner.registry.oldest();
        if was_needed && oldest.is_none() {
            inner.packer.forget();
            debug!("no download is left, and nothing is kept deflated");
        }
        was_needed = oldest.is_some();
        // One millisecond more: a download is due when its age exceeds the maximum.
        let due = oldest.map(|oldest| oldest + max_age + Duration::from_millis(1));
        tokio::select! {
            () = async { match due {
                Some(due) => inner.clock.sleep_until(due).await,
                None => inner.registry.first().await,
            } } => (),
            _ = settings.changed() => (),
        }
    }
}

/// Moves the clock to what `target` makes of the time that it shows, and deletes all that is due by then. That is what was
/// modified too long before: a job that begins by the same move, or goes on, saves its download as little as if its client
/// had slept through. The cleaner itself stays out of it, unless it is at work already: then both delete.
pub(super) fn move_clock(downloads: &Downloads, target: impl Fn(Timestamp) -> Timestamp) {
    let inner = &downloads.0;
    let _turn = inner.cleaning.try_lock();
    let max_age = inner.settings.downloads().cleaner_max_age;
    let limit = target(inner.clock.now()) - max_age;
    let mut due = Vec::new();
    while let Some(id) = inner.registry.take_oldest_before(limit) {
        due.push(id);
        if due.len().is_multiple_of(LOOKS_AT_ONCE) {
            clock::real_pause(PAUSE);
        }
    }
    inner.clock.move_to(target);
    for some in due.chunks(AT_ONCE) {
        for id in some {
            downloads.remove(*id, Deletion::Cleaner);
        }
        clock::real_pause(PAUSE);
    }
    // What came in between, while the clock ran.
    while clean_some(downloads, max_age) {
        clock::real_pause(PAUSE);
    }
}

/// Deletes some of what is due; whether there may be more.
fn clean_some(downloads: &Downloads, max_age: Duration) -> bool {
    let limit = downloads.0.clock.now() - max_age;
    let mut deleted = 0;
    while deleted < AT_ONCE
        && let Some(id) = downloads.0.registry.take_oldest_before(limit)
    {
        downloads.remove(id, Deletion::Cleaner);
        deleted += 1;
    }
    if deleted > 0 {
        debug!("the cleaner deleted {deleted} downloads older than {max_age:?}");
    }
    deleted == AT_ONCE
}
