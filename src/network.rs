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
    changes::Changes,
    clock::{Clock, Timestamp},
    content::packer::Packer,
    downloads::{Downloads, Means, orders::Orders},
    faults::Faults,
    ids::Ids,
    journal::{Journal, Limits},
    memory::Memory,
    outage::Outage,
    replica::Replica,
    repository::{
        Repository, Tree,
        fixture::Loaded,
        node::NodeId,
        people::{Known, People},
        tickets::Tickets,
    },
    settings::{DownloadSettings, Settings},
    tasks::Tasks,
    telemetry::Telemetry,
};

/// The network that exists without being asked for.
pub(crate) const DEFAULT: &str = "-default-";

/// The name by which the real server's own jobs go to the default network.
pub(crate) const SYSTEM: &str = "-system-";

/// The state in which every network begins. Clones are the same image.
#[derive(Clone, Debug)]
pub(crate) struct Image(Arc<Start>);

#[derive(Debug)]
struct Start {
    tree: Tree,
    people: Known,
    settings: DownloadSettings,
    seed: Option<u64>,
    most: Most,
    packer: Packer,
    replica: Option<Replica>,
    telemetry: Telemetry,
    memory: Memory,
}

/// How much there may be in a network.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Most {
    pub(crate) nodes: usize,
    pub(crate) downloads: usize,
    /// In one download.
    pub(crate) entries: usize,
    /// Requests, and downloads that are gone.
    pub(crate) journal: Limits,
}

impl Image {
    /// What fixtures and configuration say.
    pub(crate) fn new(
        loaded: Loaded,
        settings: DownloadSettings,
        seed: Option<u64>,
        most: Most,
        packer: Packer,
        replica: Option<Replica>,
        memory: Memory,
    ) -> Self {
        let Loaded { tree, people } = loaded;
        let telemetry = Telemetry::default();
        let people = people.into_iter().collect();
        Self(Arc::new(Start { tree, people, settings, seed, most, packer, replica, telemetry, memory }))
    }

    /// The same with other fixtures.
    pub(crate) fn with_fixtures(&self, loaded: Loaded) -> Self {
        let Loaded { tree, people } = loaded;
        let Start { settings, seed, most, packer, replica, telemetry, memory, .. } = &*self.0;
        Self(Arc::new(Start {
            tree,
            people: people.into_iter().collect(),
            settings: settings.clone(),
            seed: *seed,
            most: *most,
            packer: packer.clone(),
            replica: replica.clone(),
            telemetry: telemetry.clone(),
            memory: memory.clone(),
        }))
    }

    /// How many nodes and how many people it has.
    pub(crate) fn population(&self) -> (usize, usize) {
        (self.0.tree.len(), self.0.people.len())
    }

    pub(crate) fn packer(&self) -> &Packer {
        &self.0.packer
    }

    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
    }

    pub(crate) fn memory(&self) -> &Memory {
        &self.0.memory
    }
}

/// A world of nodes, people, tickets and downloads, with its own clock and settings. Clones are the same world.
#[derive(Clone, Debug)]
pub(crate) struct Network(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: Box<str>,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    repository: Repository,
    tickets: Tickets,
    downloads: Downloads,
    /// What a tester has ordered for jobs to come.
    orders: Orders,
    faults: Faults,
    outage: Outage,
    journal: Journal,
    /// Tells of whatever a tester may wait for.
    changes: Changes,
    telemetry: Telemetry,
    /// What runs in it.
    tasks: Tasks,
    /// The id that discovery shows.
    repository_id: NodeId,
    /// How many errors were answered.
    errors: AtomicU64,
    /// When the ready probe last looked, in milliseconds since 1970.
    probed: AtomicI64,
}

impl Network {
    /// A network as it is at the start. What it runs, it runs as `tasks`.
    pub(crate) fn from_image(image: &Image, name: &str, tasks: Tasks) -> Self {
        let clock = Clock::system();
        let settings = Settings::new(image.0.settings.clone(), clock.clone());
        Self::with_handles(image, name, tasks, clock, settings)
    }

    /// The same network as it was at the start. Its clock and settings are the same handles, put back as well.
    pub(crate) fn begin_again(&self, image: &Image, tasks: Tasks) -> Self {
        let (clock, settings) = (self.0.clock.clone(), self.0.settings.clone());
        clock.reset();
        settings.set_downloads(image.0.settings.clone());
        Self::with_handles(image, &self.0.name, tasks, clock, settings)
    }

    fn with_handles(image: &Image, name: &str, tasks: Tasks, clock: Clock, settings: Settings) -> Self {
        let image = &image.0;
        let ids = image.seed.map_or_else(Ids::random, |seed| match name {
            DEFAULT => Ids::seeded(seed),
            _ => Ids::seeded_for(seed, name),
        });
        let ids = ids.of_replica(image.replica.as_ref().map(Replica::number));
        // A sequence of its own, so that chance does not change which ids there are.
        let dice = Ids::seeded_for(image.seed.unwrap_or_default(), &format!("faults of {name}"));
        let people = People::new(image.people.clone(), clock.clone());
        let repository = Repository::new(
            image.tree.clone(),
            image.most.nodes,
            image.memory.clone(),
            people,
            clock.clone(),
            ids.clone(),
        );
        let (orders, changes) = (Orders::default(), Changes::default());
        let downloads = Downloads::new(Means {
            repository: repository.clone(),
            clock: clock.clone(),
            ids: ids.clone(),
            settings: settings.clone(),
            tasks: tasks.clone(),
            packer: image.packer.clone(),
            orders: orders.clone(),
            changes: changes.clone(),
            telemetry: image.telemetry.clone(),
            memory: image.memory.clone(),
            history_size: image.most.journal.requests,
            most: image.most.downloads,
            most_entries: image.most.entries,
        });
        let signs = image.replica.clone().map(|replica| (replica, repository.people().clone()));
        let repository_id = image.replica.as_ref().map_or_else(|| ids.uuid(), |replica| replica.shared_id(name));
        Self(Arc::new(Inner {
            name: name.into(),
            tickets: Tickets::new(clock.clone(), ids.clone(), signs),
            repository_id: NodeId::from(repository_id),
            faults: Faults::new(dice),
            outage: Outage::default(),
            journal: Journal::new(image.most.journal, changes.clone(), image.memory.clone()),
            clock,
            ids,
            settings,
            repository,
            downloads,
            orders,
            changes,
            telemetry: image.telemetry.clone(),
            tasks,
            errors: AtomicU64::new(0),
            probed: AtomicI64::new(i64::MIN),
        }))
    }

    /// Ends what runs in it.
    pub(crate) fn end(&self) {
        self.0.tasks.stop_group();
        self.0.changes.tell();
    }

    /// How much has been made in it since it began as that.
    pub(crate) fn grown_from(&self, image: &Image) -> usize {
        let nodes = self.0.repository.read().len_with_trash();
        self.0.downloads.len() + nodes.saturating_sub(image.0.tree.len_with_trash())
    }

    /// Resolves when it ends: it was dropped or reset, or the server stops.
    pub(crate) fn ended(&self) -> CancellationToken {
        self.0.tasks.stopping()
    }

    pub(crate) fn name(&self) -> &str {
        &self.0.name
    }

    pub(crate) fn orders(&self) -> &Orders {
        &self.0.orders
    }

    pub(crate) fn faults(&self) -> &Faults {
        &self.0.faults
    }

    pub(crate) fn outage(&self) -> &Outage {
        &self.0.outage
    }

    pub(crate) fn journal(&self) -> &Journal {
        &self.0.journal
    }

    pub(crate) fn changes(&self) -> &Changes {
        &self.0.changes
    }

    pub(crate) fn telemetry(&self) -> &Telemetry {
        &self.0.telemetry
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
        !self.0.tasks.stopping().is_cancelled()
    }

    /// Whether the ready probe looks for itself, as it does when its last look is ten seconds old.
    pub(crate) fn probe(&self) -> bool {
        const REMEMBERED_MS: i64 = 10_000;
        let now = Timestamp::as_millis(self.0.clock.now());
        let is_due = |last: i64| (now.saturating_sub(last) >= REMEMBERED_MS).then_some(now);
        self.0.probed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, is_due).is_ok()
    }
}
