//! The trash can: deleted nodes, as they were (wire reference, nodes, section 16).

use std::collections::HashMap;

use super::{
    access::Caller,
    node::{Node, NodeId, UserName},
};
use crate::clock::Timestamp;

/// The nodes that were deleted, but not for good.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trash {
    nodes: HashMap<NodeId, Trashed>,
    /// The tops of the deleted trees, oldest first.
    tops: Vec<Deletion>,
}

/// A node in the trash can, and the top of the tree that it was deleted with.
#[derive(Clone, Debug)]
struct Trashed {
    node: Node,
    top: NodeId,
}

/// One deletion: what, when, and by whom.
#[derive(Clone, Debug)]
pub(crate) struct Deletion {
    pub(crate) id: NodeId,
    pub(crate) archived: Timestamp,
    pub(crate) archiver: UserName,
    /// The type of the association by which its parent held it.
    pub(super) assoc_type: &'static str,
}

impl Deletion {
    /// Whether that is the caller's business.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        caller.is_admin || self.archiver == caller.user
    }
}

impl Trash {
    /// Takes a deleted tree, its top first.
    pub(super) fn add(&mut self, deletion: Deletion, tree: Vec<Node>) {
        let top = deletion.id;
        self.nodes.extend(tree.into_iter().map(|node| (node.id, Trashed { node, top })));
        self.tops.push(deletion);
    }

    /// How many nodes lie in it.
    pub(super) fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node in the trash can, with its deletion.
    pub(crate) fn find(&self, id: NodeId) -> Option<(&Node, &Deletion)> {
        let trashed = self.nodes.get(&id)?;
        let deletion = self.tops.iter().rev().find(|deletion| deletion.id == trashed.top)?;
        Some((&trashed.node, deletion))
    }

    /// The tops of what `caller` deleted, an administrator those of all; the youngest first.
    pub(crate) fn tops(&self, caller: &Caller) -> Vec<NodeId> {
        let tops = self.tops.iter().rev().filter(|deletion| deletion.is_of(caller));
        tops.map(|deletion| deletion.id).collect()
    }

    /// A node and those deleted with it below it, itself first.
    pub(super) fn tree(&self, id: NodeId) -> Vec<&Node> {
        let mut found = Vec::new();
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let Some(Trashed { node, .. }) = self.nodes.get(&id) else { continue };
            left.extend(node.children.iter().rev().filter(|child| child.is_primary).map(|child| child.id));
            found.push(node);
        }
        found
    }

    /// Takes the same out of the trash can.
    pub(super) fn take(&mut self, id: NodeId) -> Vec<Node> {
        self.cut_off(id);
        let ids: Vec<NodeId> = self.tree(id).into_iter().map(|node| node.id).collect();
        let taken = ids.iter().filter_map(|id| self.nodes.remove(id)).map(|trashed| trashed.node).collect();
        self.tops.retain(|deletion| deletion.id != id);
        taken
    }

    /// Takes the link to a node off the parent that was deleted with it: what is restored or purged by itself must not
    /// come back with its parent.
    fn cut_off(&mut self, id: NodeId) {
        let Some(Trashed { node, top }) = self.nodes.get(&id) else { return };
        if *top == id {
            return;
        }
        let (parent, name) = (node.parent, node.name.clone());
        if let Some(parent) = parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.node.children.remove(id, &name, |_| true);
        }
    }
}
