//! The downloads that there were, deleted ones too, as far back as there is room.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, PoisonError},
};

use super::download::Download;
use crate::repository::node::NodeId;

/// The youngest downloads. A deleted one has no content any more.
#[derive(Debug)]
pub(super) struct History {
    size: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    by_id: HashMap<NodeId, Arc<Download>>,
    order: VecDeque<NodeId>,
}

impl History {
    pub(super) fn new(size: usize) -> Self {
        Self { size, kept: Mutex::default() }
    }

    pub(super) fn push(&self, download: Arc<Download>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.order.push_back(download.id);
        kept.by_id.insert(download.id, download);
        while kept.order.len() > self.size {
            let oldest = kept.order.pop_front().and_then(|id| kept.by_id.remove(&id));
            drop(oldest);
        }
    }

    pub(super) fn find(&self, id: NodeId) -> Option<Arc<Download>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner).by_id.get(&id).cloned()
    }

    /// All of them, oldest first.
    pub(super) fn list(&self) -> Vec<Arc<Download>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.order.iter().filter_map(|id| kept.by_id.get(id)).cloned().collect()
    }
}
