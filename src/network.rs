//! One world: everything that a client can see.
//!
//! The segment of the path behind `/alfresco/api` names it. Two networks share nothing but the threads, and contents,
//! which nobody can change.

use std::sync::{
    Arc,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

use tokio_util::sync::CancellationToken;

use crate::{
    clock::{Clock, Timestamp},
    content::packer::Packer,
    downloads::{Downloads, Means},
    ids::Ids,
    repository::{Repository, fixture::Loaded, node::NodeId, people::People, tickets::Tickets},
    settings::{DownloadSettings, Settings},
    tasks::Tasks,
};

/// The network that exists without being asked for.
pub(crate) const DEFAULT: &str = "-default-";

/// A world of nodes, people, tickets and downloads, with its own clock and settings. Clones are the same world.
#[derive(Clone, Debug)]
pub(crate) struct Network(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    clock: Clock,
    ids: Ids,
    settings: Settings,
    repository: Repository,
    tickets: Tickets,
    downloads: Downloads,
    /// The id that discovery shows.
    repository_id: NodeId,
    /// How many errors were answered.
    errors: AtomicU64,
    /// Cancelled when the server is about to go, and so not ready any more.
    stopping: CancellationToken,
    /// When the ready probe last looked, in milliseconds since 1970.
    probed: AtomicI64,
}

impl Network {
    pub(crate) fn new(
        loaded: Loaded,
        clock: Clock,
        ids: Ids,
        settings: DownloadSettings,
        workers: usize,
        (tasks, packer): (Tasks, Packer),
    ) -> Self {
        let settings = Settings::new(settings, clock.clone());
        let stopping = tasks.stopping();
        let people = People::new(loaded.people, clock.clone());
        let repository = Repository::new(loaded.tree, people, clock.clone(), ids.clone());
        let downloads = Downloads::new(Means {
            repository: repository.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            settings: settings.clone(),
            tasks,
            packer,
            workers,
        });
        Self(Arc::new(Inner {
            tickets: Tickets::new(clock.clone(), ids.clone()),
            repository_id: NodeId::from(ids.uuid()),
            clock,
            ids,
            settings,
            repository,
            downloads,
            errors: AtomicU64::new(0),
            stopping,
            probed: AtomicI64::new(i64::MIN),
        }))
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(crate) fn ids(&self) -> &Ids {
        &self.0.ids
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.0.settings
    }

    pub(crate) fn repository(&self) -> &Repository {
        &self.0.repository
    }

    pub(crate) fn people(&self) -> &People {
        self.0.repository.people()
    }

    pub(crate) fn tickets(&self) -> &Tickets {
        &self.0.tickets
    }

    pub(crate) fn downloads(&self) -> &Downloads {
        &self.0.downloads
    }

    pub(crate) fn repository_id(&self) -> NodeId {
        self.0.repository_id
    }

    /// The number of the next error, within its day's prefix (wire reference, downloads, section 7.3).
    pub(crate) fn next_error(&self) -> u64 {
        self.0.errors.fetch_add(1, Ordering::Relaxed)
    }

    /// Whether requests are welcome.
    pub(crate) fn is_ready(&self) -> bool {
        !self.0.stopping.is_cancelled()
    }

    /// Whether the ready probe looks for itself, as it does when its last look is ten seconds old.
    pub(crate) fn probe(&self) -> bool {
        const REMEMBERED_MS: i64 = 10_000;
        let now = Timestamp::as_millis(self.0.clock.now());
        let is_due = |last: i64| (now.saturating_sub(last) >= REMEMBERED_MS).then_some(now);
        self.0.probed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok()
    }
}
