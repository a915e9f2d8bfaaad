//! A change of the repository: all of it, or nothing.
//!
//! Most operations check everything before they change anything. Those that cannot, such as creating several nodes of
//! which the last is refused, leave it to [`Change`] to take back what was made.

use super::{
    Tree,
    access::{Caller, Right},
    groups::Groups,
    node::{Node, NodeId, UserName},
    people::People,
};
use crate::{
    clock::Timestamp,
    error::{Error, Result},
    ids::Ids,
};

/// A change that somebody makes now, to a tree that nobody else sees meanwhile.
#[derive(Debug)]
pub(super) struct Change<'a> {
    pub(super) tree: &'a mut Tree,
    pub(super) people: &'a People,
    pub(super) ids: &'a Ids,
    pub(super) caller: &'a Caller,
    pub(super) now: Timestamp,
    /// What was made, in that order.
    made: Vec<Made>,
    /// The groups as they were.
    groups: Groups,
}

/// Something to be taken back.
#[derive(Debug)]
enum Made {
    Node(NodeId),
    Link {
        parent: NodeId,
        child: NodeId,
        assoc_type: &'static str,
    },
    /// With when and by whom the node had been changed before.
    Touch {
        id: NodeId,
        before: (Timestamp, UserName),
    },
}

impl<'a> Change<'a> {
    pub(super) fn new(
        tree: &'a mut Tree,
        people: &'a People,
        ids: &'a Ids,
        caller: &'a Caller,
        now: Timestamp,
    ) -> Self {
        let groups = tree.groups.clone();
        Self { tree, people, ids, caller, now, made: Vec::new(), groups }
    }

    pub(super) fn node(&self, id: NodeId) -> Result<&Node> {
        self.tree.find(id).ok_or_else(|| Error::EntityNotFound(id.to_string()))
    }

    /// Refuses those who may not do that to the node.
    pub(super) fn require(&self, id: NodeId, right: Right) -> Result<()> {
        if self.tree.may(self.caller, id, right) { Ok(()) } else { Err(Error::PermissionDenied) }
    }

    /// Refuses those who a lock keeps from writing.
    pub(super) fn require_unlocked(&self, id: NodeId) -> Result<()> {
        let binds = |node: &Node| node.lock.as_ref().is_some_and(|lock| lock.binds(&self.caller.user, self.now));
        if self.node(id).is_ok_and(binds) { Err(Error::NodeLocked(id.to_string())) } else { Ok(()) }
    }

    /// Refuses a name that another child of `parent` has; `id` itself may have it.
    pub(super) fn is_taken(&self, parent: NodeId, name: &str, id: Option<NodeId>) -> bool {
        let holder = self.tree.find(parent).and_then(|parent| parent.children.named(name));
        holder.is_some_and(|holder| Some(holder) != id)
    }

    /// Adds a node, which changes its parent too.
    pub(super) fn insert(&mut self, node: Node, assoc_type: &'static str) {
        let (id, parent) = (node.id, node.parent);
        self.tree.insert_as(node, assoc_type);
        self.made.push(Made::Node(id));
        if let Some(parent) = parent {
            self.touch(parent);
        }
    }

    /// Links a node below a second parent.
    pub(super) fn link(&mut self, parent: NodeId, child: NodeId, assoc_type: &'static str) {
        self.tree.link(parent, child, assoc_type);
        self.made.push(Made::Link { parent, child, assoc_type });
        self.touch(parent);
    }

    /// Says that the caller changed a node just now.
    pub(super) fn touch(&mut self, id: NodeId) {
        if let Some(node) = self.tree.find_mut(id) {
            let before = (node.modified, node.modifier.clone());
            node.touch(&self.caller.user, self.now);
            self.made.push(Made::Touch { id, before });
        }
    }

    /// Takes back what was made.
    pub(super) fn undo(mut self) {
        self.tree.groups = self.groups;
        while let Some(made) = self.made.pop() {
            match made {
                Made::Node(id) => drop(self.tree.remove(id)),
                Made::Link { parent, child, assoc_type } => drop(self.tree.unlink(parent, child, Some(assoc_type))),
                Made::Touch { id, before } => {
                    if let Some(node) = self.tree.find_mut(id) {
                        (node.modified, node.modifier) = before;
                    }
                }
            }
        }
    }
}
