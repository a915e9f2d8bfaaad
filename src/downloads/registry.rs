//! The downloads by id, and the order in which they come of age. The only code that touches the map.

use std::{
    cmp::Reverse,
    collections::BinaryHeap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use dashmap::DashMap;
use tokio::sync::Notify;

use super::download::{Download, Status};
use crate::{clock::Timestamp, repository::node::NodeId};

/// How many deleted downloads may be left in the order of age, however few there are.
const FORGOTTEN: usize = 1024;

/// The downloads that exist.
#[derive(Debug, Default)]
pub(super) struct Registry {
    downloads: DashMap<NodeId, Arc<Download>>,
    /// How many those are: the map would have to count.
    len: AtomicUsize,
    /// When each was last known to be modified, oldest first. An entry may be too early, never too late: downloads are
    /// modified much more often than they expire, so it is put right when its time comes. Some entries are of downloads that
    /// were deleted before, but never more than half of them, or [`FORGOTTEN`].
    by_age: Mutex<BinaryHeap<Reverse<(Timestamp, NodeId)>>>,
    /// The first one came.
    first: Notify,
}

impl Registry {
    pub(super) fn insert(&self, download: Arc<Download>) {
        let entry = Reverse((download.modified(), download.id));
        self.downloads.insert(download.id, download);
        self.len.fetch_add(1, Ordering::Relaxed);
        let mut by_age = self.by_age();
        by_age.push(entry);
        if by_age.len() == 1 {
            self.first.notify_one();
        }
    }

    pub(super) fn find(&self, id: NodeId) -> Option<Arc<Download>> {
        self.downloads.get(&id).map(|download| download.clone())
    }

    pub(super) fn remove(&self, id: NodeId) -> Option<Arc<Download>> {
        let (_, download) = self.downloads.remove(&id)?;
        let left = self.len.fetch_sub(1, Ordering::Relaxed) - 1;
        let mut by_age = self.by_age();
        if by_age.len() > 2 * left + FORGOTTEN {
            by_age.retain(|Reverse((_, id))| self.downloads.contains_key(id));
            by_age.shrink_to(2 * left);
        }
        Some(download)
    }

    pub(super) fn len(&self) -> usize {
        self.len.load(Ordering::Relaxed)
    }

    pub(super) fn statuses(&self) -> Vec<Status> {
        self.downloads.iter().map(|download| download.progress().status).collect()
    }

    /// Takes the download that was modified before `limit` and longest ago, if there is one, out of the order of age; the
    /// caller deletes it. What was deleted or modified in the meantime is put right on the way.
    pub(super) fn take_oldest_before(&self, limit: Timestamp) -> Option<NodeId> {
        let mut by_age = self.by_age();
        while let Some(Reverse((noted, id))) = by_age.peek().copied()
            && noted < limit
        {
            by_age.pop();
            match self.find(id).map(|download| download.modified()) {
                Some(modified) if modified < limit => return Some(id),
                Some(modified) => by_age.push(Reverse((modified, id))),
                None => (),
            }
        }
        None
    }

    /// The moment from which the next age is counted.
    pub(super) fn oldest(&self) -> Option<Timestamp> {
        self.by_age().peek().map(|Reverse((noted, _))| *noted)
    }

    /// Resolves when there is a download where there was none.
    pub(super) async fn first(&self) {
        self.first.notified().await;
    }

    fn by_age(&self) -> MutexGuard<'_, BinaryHeap<Reverse<(Timestamp, NodeId)>>> {
        self.by_age.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{changes::Changes, downloads::download::Request, ids::Ids, repository::access::Caller};

    fn download(id: NodeId, created_ms: i64) -> Arc<Download> {
        let request = Request {
            id,
            creator: Caller { user: "admin".into(), is_admin: true },
            name: String::new(),
            node_ids: Vec::new(),
            ordered: crate::downloads::orders::Ordered::default(),
        };
        Arc::new(Download::new(request, Timestamp::from_millis(created_ms), &Changes::default()))
    }

    #[test]
    fn those_that_are_deleted_early_do_not_pile_up() {
        let registry = Registry::default();
        let ids = Ids::seeded(1);
        let kept = NodeId::from(ids.uuid());
        registry.insert(download(kept, 0));
        for number in 1..10_000 {
            let id = NodeId::from(ids.uuid());
            registry.insert(download(id, number));
            assert!(registry.remove(id).is_some());
            assert!(registry.by_age().len() <= FORGOTTEN + 3);
        }
        assert_eq!(registry.len(), 1);
        assert_eq!(registry.take_oldest_before(Timestamp::from_millis(20_000)), Some(kept));
        assert_eq!(registry.take_oldest_before(Timestamp::from_millis(20_000)), None);
    }
}
