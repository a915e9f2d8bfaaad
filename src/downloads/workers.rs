//! How many jobs run at once: the real server's thread pool, whose size may change while jobs run.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::Semaphore;

/// The workers of a network. Clones are the same workers.
#[derive(Clone, Debug)]
pub(super) struct Workers(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Serves in the order of asking.
    free: Semaphore,
    size: Mutex<Size>,
}

#[derive(Debug)]
struct Size {
    limit: usize,
    /// Workers that were taken away while they were busy: they end with their job.
    surplus: usize,
}

/// A job's turn; dropping it frees the worker.
#[derive(Debug)]
pub(super) struct Turn(Workers);

impl Workers {
    pub(super) fn new(limit: usize) -> Self {
        Self(Arc::new(Inner { free: Semaphore::new(limit), size: Mutex::new(Size { limit, surplus: 0 }) }))
    }

    /// A turn at once, when a worker is free and nobody waits for it.
    pub(super) fn try_take(&self) -> Option<Turn> {
        let permit = self.0.free.try_acquire().ok()?;
        permit.forget();
        Some(Turn(self.clone()))
    }

    /// Waits for a turn.
    pub(super) async fn take(&self) -> Turn {
        match self.0.free.acquire().await {
            Ok(permit) => permit.forget(),
            // The semaphore is never closed.
            Err(_) => std::future::pending().await,
        }
        Turn(self.clone())
    }

    /// Has so many workers from now on. Jobs that run go on.
    pub(super) fn resize(&self, limit: usize) {
        let mut size = self.size();
        if limit >= size.limit {
            let more = limit - size.limit;
            let kept = more.min(size.surplus);
            size.surplus -= kept;
            self.0.free.add_permits(more - kept);
        } else {
            let fewer = size.limit - limit;
            size.surplus += fewer - self.0.free.forget_permits(fewer);
        }
        size.limit = limit;
    }

    fn size(&self) -> MutexGuard<'_, Size> {
        self.0.size.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut size = self.0.size();
        if size.surplus > 0 {
            size.surplus -= 1;
        } else {
            self.0.0.free.add_permits(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn busy_workers_that_are_taken_away_end_with_their_job() {
        let workers = Workers::new(2);
        let (one, two) = (workers.try_take().unwrap(), workers.try_take().unwrap());
        assert!(workers.try_take().is_none());
        workers.resize(1);
        drop(one);
        assert!(workers.try_take().is_none(), "the other one is still busy");
        workers.resize(2);
        let three = workers.try_take().unwrap();
        workers.resize(1);
        workers.resize(2);
        assert!(workers.try_take().is_none(), "there and back changes nothing");
        drop((two, three));
        let held = [workers.try_take(), workers.try_take()];
        assert!(held.iter().all(Option::is_some) && workers.try_take().is_none());
    }
}
