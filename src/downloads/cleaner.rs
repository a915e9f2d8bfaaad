//! The cleaner: deletes downloads whose last modification is longer ago than the maximum age.
//!
//! The real server looks once an hour, so a download lives there for one to two hours (wire reference, downloads,
//! section 10). Here it is gone as soon as it is due. What it costs is what expires, not what exists. With the last one
//! goes what was kept deflated for the next: a server that nobody asks for downloads is small.

use std::time::Duration;

use tracing::{debug, info};

use super::Downloads;

/// Deletes what is due, then sleeps until the next may be.
pub(super) async fn run(downloads: Downloads) {
    let inner = &downloads.0;
    let mut settings = inner.settings.changes();
    let mut was_needed = false;
    loop {
        let max_age = settings.borrow_and_update().downloads.cleaner_max_age;
        let mut deleted = 0_u64;
        while let Some(id) = inner.registry.oldest_before(inner.clock.now() - max_age) {
            downloads.remove(id);
            deleted += 1;
            if deleted.is_multiple_of(64) {
                tokio::task::yield_now().await;
            }
        }
        if deleted > 0 {
            info!("the cleaner deleted {deleted} downloads older than {max_age:?}");
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
