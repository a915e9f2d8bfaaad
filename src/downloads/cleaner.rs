//! The cleaner: deletes downloads whose last modification is longer ago than the maximum age.
//!
//! The real server looks once an hour, so a download lives there for one to two hours (wire reference, downloads,
//! section 10). Here it is gone as soon as it is due. What it costs is what expires, not what exists. With the last one
//! goes what was kept deflated for the next: a server that nobody asks for downloads is small.

use std::{thread, time::Duration};

use tracing::debug;

use super::{Downloads, report::Deletion};

/// Deletions between two yields.
const AT_ONCE: u64 = 16;

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
                tokio::task::yield_now().await;
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

/// Deletes all that is due when the clock has been moved. The cleaner itself stays out of it, and whoever has something to
/// answer goes first.
pub(super) fn clean_after(downloads: &Downloads, move_clock: impl FnOnce()) {
    let _turn = downloads.0.cleaning.try_lock();
    move_clock();
    let max_age = downloads.0.settings.downloads().cleaner_max_age;
    while clean_some(downloads, max_age) {
        thread::yield_now();
    }
}

/// Deletes some of what is due; whether there may be more.
fn clean_some(downloads: &Downloads, max_age: Duration) -> bool {
    let limit = downloads.0.clock.now() - max_age;
    let mut deleted = 0_u64;
    while deleted < AT_ONCE
        && let Some(id) = downloads.0.registry.oldest_before(limit)
    {
        downloads.remove(id, Deletion::Cleaner);
        deleted += 1;
    }
    if deleted > 0 {
        debug!("the cleaner deleted {deleted} downloads older than {max_age:?}");
    }
    deleted == AT_ONCE
}
