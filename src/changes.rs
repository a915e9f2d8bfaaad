//! Word that something in a network has changed, for those who wait for it.
//!
//! It says only that, not what: whoever waits looks again. So nothing is counted, and nothing is lost.

use std::sync::Arc;

use tokio::sync::Notify;

/// Tells everybody who waits. Clones tell and hear the same.
#[derive(Clone, Debug, Default)]
pub(crate) struct Changes(Arc<Notify>);

impl Changes {
    /// Wakes everybody who waits now.
    pub(crate) fn tell(&self) {
        self.0.notify_waiters();
    }

    /// Waits until `look` finds something. It looks at once, and after every change.
    pub(crate) async fn until<T>(&self, mut look: impl FnMut() -> Option<T>) -> T {
        loop {
            let mut changed = std::pin::pin!(self.0.notified());
            changed.as_mut().enable();
            if let Some(found) = look() {
                return found;
            }
            changed.await;
        }
    }
}
