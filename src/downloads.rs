//! Downloads: nodes that stand for a zip being made of other nodes.
//!
//! [`Downloads::create`] checks and answers at once; a job then walks the requested nodes, deflates what is not deflated
//! yet, shows its progress at the moments at which the real server does, and ends with an [`Archive`](archive::Archive)
//! as the download node's content.

pub(crate) mod archive;
mod cleaner;
mod course;
pub(crate) mod download;
pub(crate) mod gate;
mod history;
mod job;
pub(crate) mod orders;
pub(crate) mod plan;
mod registry;
pub(crate) mod report;
mod workers;

use std::{collections::HashSet, sync::Arc};

use tokio::sync::Mutex;
use tracing::{debug, warn};

use self::{
    download::{Download, Request},
    history::History,
    orders::{Ordered, Orders},
    registry::Registry,
    report::Deletion,
    workers::Workers,
};
use crate::{
    changes::Changes,
    clock::{Clock, Timestamp},
    content::packer::Packer,
    error::{Error, Result},
    events::Place,
    ids::Ids,
    memory::Memory,
    repository::{
        Repository, Tree,
        access::{Caller, Right},
        node::NodeId,
    },
    settings::Settings,
    tasks::Tasks,
    telemetry::Telemetry,
};

/// The downloads of a network. Clones are the same downloads.
#[derive(Clone, Debug)]
pub(crate) struct Downloads(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    repository: Repository,
    clock: Clock,
    ids: Ids,
    settings: Settings,
    tasks: Tasks,
    packer: Packer,
    registry: Registry,
    history: History,
    orders: Orders,
    changes: Changes,
    telemetry: Telemetry,
    memory: Memory,
    /// How many there may be.
    most: usize,
    /// How many files and folders one may have.
    most_entries: usize,
    /// Asked for in the order in which the start delays end.
    workers: Workers,
    /// Held by whoever deletes what is too old.
    cleaning: Mutex<()>,
}

/// What downloads are built on.
#[derive(Debug)]
pub(crate) struct Means {
    pub(crate) repository: Repository,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) settings: Settings,
    pub(crate) tasks: Tasks,
    pub(crate) packer: Packer,
    pub(crate) orders: Orders,
    pub(crate) changes: Changes,
    pub(crate) telemetry: Telemetry,
    pub(crate) memory: Memory,
    /// How many downloads are remembered when they are deleted.
    pub(crate) history_size: usize,
    /// How many there may be.
    pub(crate) most: usize,
    /// How many files and folders one may have.
    pub(crate) most_entries: usize,
}

impl Downloads {
    /// No downloads yet, and a cleaner that waits for them.
    pub(crate) fn new(means: Means) -> Self {
        let Means { repository, clock, ids, settings, tasks, packer, orders, changes, telemetry, memory, .. } = means;
        let (history_size, most, most_entries) = (means.history_size, means.most, means.most_entries);
        let workers = Workers::new(settings.downloads().workers);
        let downloads = Self(Arc::new(Inner {
            repository,
            clock,
            ids,
            settings,
            tasks: tasks.clone(),
            packer,
            registry: Registry::default(),
            history: History::new(history_size),
            orders,
            changes,
            telemetry,
            memory,
            most,
            most_entries,
            workers,
            cleaning: Mutex::default(),
        }));
        tasks.spawn("cleaner", cleaner::run(downloads.clone()));
        downloads
    }

    /// Starts a download of the nodes with these ids, after the checks of section 2.2 of the wire reference, in its order.
    pub(crate) fn create(&self, caller: &Caller, node_ids: &[Option<String>]) -> Result<Arc<Download>> {
        if node_ids.is_empty() {
            return Err(Error::InvalidArgument("Cannot create an archive with 0 entries.".into()));
        }
        let mut seen = HashSet::with_capacity(node_ids.len());
        if !node_ids.iter().all(|id| seen.insert(id.as_deref().unwrap_or_default())) {
            return Err(Error::InvalidArgument("Cannot specify the same nodeId twice".into()));
        }
        let tree = self.0.repository.read();
        let look_up = |id: &Option<String>| match id.as_deref() {
            None | Some("") => Err(Error::InvalidArgument("Missing nodeId".into())),
            Some(id) => self.look_up_in(&tree, id),
        };
        let nodes = node_ids.iter().map(look_up).collect::<Result<Vec<_>>>()?;
        if !nodes.iter().all(|node| node.is_readable_by(caller, &tree)) {
            return Err(Error::PermissionDenied);
        }
        if self.has_archived_content(&tree, &nodes) {
            return Err(Error::ContentArchived);
        }
        let ids: Vec<_> = nodes.iter().map(Found::id).collect();
        if ids.iter().collect::<HashSet<_>>().len() < ids.len() {
            // `uuid` and `uuid;1.0` are one node: the second association breaks a rule of the real server's database.
            return Err(Error::JavaWithoutText);
        }
        if self.0.registry.len() >= self.0.most {
            warn!("no download was made, since there are {} already; see --max-downloads", self.0.most);
            return Err(Error::InsufficientStorage);
        }
        let name = match &nodes[..] {
            [one] => format!("{}.zip", one.name(&tree)),
            _ => "archive.zip".to_owned(),
        };
        let ordered = if self.0.orders.is_empty() {
            Ordered::default()
        } else {
            let ordered = self.0.orders.take(caller, |node| tree.is_at_or_below(node, &ids));
            self.0.changes.tell_of(Place::Orders);
            ordered
        };
        drop(tree);
        let id = NodeId::from(self.0.ids.uuid());
        Ok(self.start(Request { id, creator: caller.clone(), name, node_ids: ids, ordered }))
    }

    fn start(&self, request: Request) -> Arc<Download> {
        let download = Arc::new(Download::new(request, self.0.clock.now(), &self.0.changes));
        debug!(download.id = %download.id, user = %download.creator.user, "created download {}", download.id);
        self.0.registry.insert(download.clone());
        self.0.history.push(download.clone());
        self.0.changes.tell_of(Place::Download(download.id));
        let start = download.created + self.0.settings.downloads().start_delay;
        self.0.tasks.spawn("job", job::run(self.clone(), download.clone(), start));
        download
    }

    /// The download of that id, if the caller may read it (section 2.5: the type is checked before the permission).
    pub(crate) fn find(&self, caller: &Caller, id: &str) -> Result<Arc<Download>> {
        let Found::Download(download) = self.look_up(id)? else {
            return Err(Error::InvalidArgument("Please specify the nodeId of a download node.".into()));
        };
        if download.is_of(caller) { Ok(download) } else { Err(Error::PermissionDenied) }
    }

    /// Asks a download to stop. The job looks at its next publication (section 3.1).
    pub(crate) fn cancel(&self, caller: &Caller, id: &str) -> Result<()> {
        let download = self.find(caller, id)?;
        download.note(|report| report.cancels += 1);
        download.request_cancel(self.0.clock.now());
        Ok(())
    }

    /// Deletes a download node at once and for good, and ends its job.
    pub(crate) fn delete(&self, caller: &Caller, download: &Download) -> Result<()> {
        if !download.is_of(caller) {
            return Err(Error::PermissionDenied);
        }
        self.remove(download.id, Deletion::Client);
        Ok(())
    }

    /// The download with exactly that id.
    pub(crate) fn get(&self, id: NodeId) -> Option<Arc<Download>> {
        self.0.registry.find(id)
    }

    /// The download with that id, or the deleted one that had it.
    pub(crate) fn get_remembered(&self, id: NodeId) -> Option<Arc<Download>> {
        self.get(id).or_else(|| self.0.history.find(id))
    }

    /// The downloads that there are and were, oldest first, as far back as they are remembered.
    pub(crate) fn remembered(&self) -> Vec<Arc<Download>> {
        self.0.history.list()
    }

    /// Moves the clock to what `target` makes of the time that it shows, and deletes what is too old by then, without
    /// waiting for the cleaner.
    pub(crate) fn move_clock(&self, target: impl Fn(Timestamp) -> Timestamp) {
        cleaner::move_clock(self, target);
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.registry.len()
    }

    /// Where each download stands.
    pub(crate) fn statuses(&self) -> Vec<download::Status> {
        self.0.registry.statuses()
    }

    /// The node or download of an id as a client states it (section 2.4).
    pub(crate) fn look_up(&self, id: &str) -> Result<Found> {
        match self.stated(id) {
            Some(download) => Ok(Found::Download(download)),
            None => self.look_up_in(&self.0.repository.read(), id),
        }
    }

    fn stated(&self, id: &str) -> Option<Arc<Download>> {
        self.get(NodeId::stated(id)?)
    }

    /// The same, of an id or an alias, which only some operations know.
    pub(crate) fn look_up_alias(&self, caller: &Caller, id: &str) -> Result<Found> {
        let tree = self.0.repository.read();
        match tree.alias(caller, id) {
            Some(_) => tree.look_up_alias(caller, id).map(|node| Found::Node(node.id)),
            None => self.look_up_in(&tree, id),
        }
    }

    fn look_up_in(&self, tree: &Tree, id: &str) -> Result<Found> {
        match self.stated(id) {
            Some(download) => Ok(Found::Download(download)),
            None => tree.look_up(id).map(|node| Found::Node(node.id)),
        }
    }

    fn remove(&self, id: NodeId, by: Deletion) {
        if let Some(download) = self.0.registry.remove(id) {
            let now = self.0.clock.now();
            download.note(|report| report.deleted = Some((now, by)));
            download.end_as_deleted();
            self.0.memory.freed(1);
            debug!(download.id = %id, "deleted download {id}");
        }
    }

    /// Looks for archived content among the requested nodes and below, at no more nodes than the limit.
    fn has_archived_content(&self, tree: &Tree, requested: &[Found]) -> bool {
        let limit = self.0.settings.downloads().archive_check_limit.unwrap_or(u64::MAX);
        let mut left: Vec<NodeId> = requested.iter().rev().map(Found::id).collect();
        let mut looked_at = HashSet::new();
        while let Some(id) = left.pop() {
            if looked_at.len() as u64 >= limit || !looked_at.insert(id) {
                continue;
            }
            let Some(node) = tree.find(id) else { continue };
            match node.node_type.name() {
                "cm:content" if node.content.as_ref().is_some_and(|content| content.is_archived) => return true,
                "cm:folder" => left.extend(node.children.iter().rev().map(|child| child.id)),
                _ => (),
            }
        }
        false
    }
}

/// What an id stands for.
#[derive(Debug)]
pub(crate) enum Found {
    Node(NodeId),
    Download(Arc<Download>),
}

impl Found {
    fn id(&self) -> NodeId {
        match self {
            Self::Node(id) => *id,
            Self::Download(download) => download.id,
        }
    }

    fn name<'a>(&'a self, tree: &'a Tree) -> &'a str {
        match self {
            Self::Node(id) => tree.find(*id).map_or("", |node| &node.name),
            Self::Download(download) => &download.name,
        }
    }

    fn is_readable_by(&self, caller: &Caller, tree: &Tree) -> bool {
        match self {
            Self::Node(id) => tree.may(caller, *id, Right::Read),
            Self::Download(download) => download.is_of(caller),
        }
    }
}
