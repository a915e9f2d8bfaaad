//! The only spawner.
//!
//! Whatever runs beside a request is started here, so that a stop can end it and wait for it, and so that processor
//! work never crowds out the polls.

use std::{sync::Arc, thread::available_parallelism};

use futures_util::FutureExt as _;
use tokio::{
    runtime::Handle,
    sync::{Semaphore, oneshot},
    task::JoinError,
};
use tokio_util::{future::FutureExt as _, sync::CancellationToken, task::TaskTracker};
use tracing::error;

use crate::panics;

/// A group of tasks that stop together. Clones are the same group.
#[derive(Clone, Debug)]
pub(crate) struct Tasks {
    /// Where tasks run, whoever begins them.
    runtime: Handle,
    tracker: TaskTracker,
    stop: CancellationToken,
    /// As many permits as cores. Semaphores serve in the order of asking, so a large file's blocks and a small
    /// file of another job take turns.
    processors: Arc<Semaphore>,
    /// How many cores this process may use. Looked up once: the system answers out of files.
    cores: usize,
}

impl Tasks {
    pub(crate) fn new(runtime: Handle) -> Self {
        let cores = cores();
        Self {
            runtime,
            tracker: TaskTracker::new(),
            stop: CancellationToken::new(),
            processors: Arc::new(Semaphore::new(cores)),
            cores,
        }
    }

    /// A group within this one, which can be stopped alone.
    pub(crate) fn child(&self) -> Self {
        Self { stop: self.stop.child_token(), ..self.clone() }
    }

    /// Tells every task of this group, if not of the one around it, to end.
    pub(crate) fn stop_group(&self) {
        self.stop.cancel();
    }

    /// Runs `future` until it ends or the group is stopped.
    pub(crate) fn spawn(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        self.spawn_until_done(name, future.with_cancellation_token_owned(self.stop.clone()).map(drop));
    }

    /// Runs `future` to its end: it must look at [`stopping`](Self::stopping) itself.
    ///
    /// A panic inside it is a bug of ours. It is logged as one, and touches nothing else.
    pub(crate) fn spawn_until_done(&self, name: &'static str, future: impl Future<Output = ()> + Send + 'static) {
        let guarded = panics::caught(future).map(move |ended| {
            if ended.is_err() {
                error!("the {name} panicked");
            }
        });
        drop(self.runtime.spawn(self.tracker.track_future(guarded)));
    }

    /// Runs `future` as a task of the group; what it resolves to, or none when the group is stopped first. Whoever waits
    /// may do so on any executor, or on none.
    pub(crate) fn ask<T: Send + 'static>(
        &self,
        name: &'static str,
        future: impl Future<Output = T> + Send + 'static,
    ) -> oneshot::Receiver<T> {
        let (tell, told) = oneshot::channel();
        self.spawn(name, async move {
            // Whoever has asked may have gone.
            let _ = tell.send(future.await);
        });
        told
    }

    /// Runs processor work on a thread of its own, on no more of them at once than there are cores.
    pub(crate) async fn compute<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JoinError> {
        let permit = self.processors.clone().acquire_owned().await;
        blocking(move || {
            let _held = permit;
            work()
        })
        .await
    }

    /// Resolves when the group is told to stop.
    pub(crate) fn stopping(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to end.
    pub(crate) fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Waits until every task has ended.
    pub(crate) async fn ended(&self) {
        self.tracker.close();
        self.tracker.wait().await;
    }

    /// How many pieces of processor work keep all cores busy while one waits for another.
    pub(crate) fn ahead(&self) -> usize {
        2 * self.cores
    }

    /// How many tasks run.
    pub(crate) fn running(&self) -> usize {
        self.tracker.len()
    }
}

/// Runs blocking work, such as reading a file, off the threads that answer requests.
#[expect(clippy::disallowed_methods, reason = "the door that the others are sent to")]
pub(crate) fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> tokio::task::JoinHandle<T> {
    tokio::task::spawn_blocking(work)
}

/// How many threads may block at once. Each keeps some memory for the next piece that it reads or deflates, so a few more
/// than deflate are enough; what finds none free waits its turn.
pub(crate) fn blocking_threads() -> usize {
    cores() + 2
}

/// How many cores this process may use. The system answers out of files, so this is not asked often.
fn cores() -> usize {
    available_parallelism().map_or(1, usize::from)
}
