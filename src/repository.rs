//! The repository: a tree of nodes, and the people who may see them.
//!
//! Reads and changes are short and synchronous, under one lock that never outlives a function of this module's callers;
//! what is returned is owned. Content is shared, never copied.

pub(crate) mod access;
pub(crate) mod bootstrap;
pub(crate) mod fixture;
pub(crate) mod mimetype;
pub(crate) mod node;
pub(crate) mod people;
pub(crate) mod tickets;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard},
};

use self::{
    access::{Caller, Right},
    node::{Child, Node, NodeId},
};
use crate::error::{Error, Result};

/// The node tree. Clones are the same tree.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    tree: Arc<RwLock<Tree>>,
}

/// The nodes by id, below one root.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    nodes: HashMap<NodeId, Node>,
    root: NodeId,
}

impl Repository {
    pub(crate) fn new(tree: Tree) -> Self {
        Self { tree: Arc::new(RwLock::new(tree)) }
    }

    /// The tree as it is now. Not to be held across a wait.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tree> {
        self.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes a node and all below it (wire reference, nodes, section 8).
    pub(crate) fn delete(&self, caller: &Caller, id: NodeId, asked: &str, permanent: bool) -> Result<()> {
        let mut tree = self.tree.write().unwrap_or_else(PoisonError::into_inner);
        let node = tree.find(id).ok_or_else(|| Error::EntityNotFound(asked.to_owned()))?;
        if tree.is_special(node) {
            return Err(Error::Forbidden(format!("Cannot delete: {asked}").into()));
        }
        if permanent && !caller.is_admin && node.owner() != &caller.user {
            if !tree.may(caller, id, Right::Read) {
                return Err(Error::PermissionDenied);
            }
            return Err(Error::Forbidden(format!("Non-owner/non-admin cannot permanently delete: {asked}").into()));
        }
        if !tree.may(caller, id, Right::Delete) {
            return Err(Error::PermissionDenied);
        }
        if let Some(locked) = tree.first_locked(id, caller) {
            return Err(Error::NodeLocked(locked.to_string()));
        }
        tree.remove(id);
        Ok(())
    }
}

impl Tree {
    pub(crate) fn new(root: Node) -> Self {
        let id = root.id;
        Self { nodes: HashMap::from([(id, root)]), root: id }
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn find(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(&id)
    }

    pub(crate) fn find_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(&id)
    }

    /// The primary or secondary child of that name; names are compared without case.
    pub(crate) fn child_named(&self, parent: &Node, name: &str) -> Option<&Node> {
        let name = name.to_lowercase();
        parent.children.iter().filter_map(|child| self.find(child.id)).find(|node| node.name.to_lowercase() == name)
    }

    /// The nodes from the root to the parent of `id`.
    pub(crate) fn ancestors(&self, id: NodeId) -> Vec<&Node> {
        let parent_of = |id| self.find(id).and_then(|node: &Node| node.parent).and_then(|parent| self.find(parent));
        let mut ancestors: Vec<_> = std::iter::successors(parent_of(id), |node| parent_of(node.id)).collect();
        ancestors.reverse();
        ancestors
    }

    /// Adds a node below its parent, as the youngest of its children.
    pub(crate) fn insert(&mut self, node: Node) {
        if let Some(parent) = node.parent.and_then(|parent| self.nodes.get_mut(&parent)) {
            parent.children.push(Child { id: node.id, is_primary: true });
        }
        self.nodes.insert(node.id, node);
    }

    /// Links a node below a second parent.
    pub(crate) fn link(&mut self, parent: NodeId, child: NodeId) {
        if let Some(node) = self.nodes.get_mut(&parent) {
            node.children.push(Child { id: child, is_primary: false });
        }
        if let Some(node) = self.nodes.get_mut(&child) {
            node.secondary_parents.push(parent);
        }
    }

    /// Removes a node, all primary children below it, and every link to them.
    fn remove(&mut self, id: NodeId) {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let Some(node) = self.nodes.remove(&id) else { continue };
            for parent in node.secondary_parents.iter().copied().chain(node.parent) {
                if let Some(parent) = self.nodes.get_mut(&parent) {
                    parent.children.retain(|child| child.id != id);
                }
            }
            for child in node.children {
                if child.is_primary {
                    left.push(child.id);
                } else if let Some(child) = self.nodes.get_mut(&child.id) {
                    child.secondary_parents.retain(|parent| *parent != id);
                }
            }
        }
    }

    /// Company Home, Sites, a site and the Data Dictionary cannot be deleted or moved.
    pub(crate) fn is_special(&self, node: &Node) -> bool {
        node.id == self.root || node.node_type.is_site() || node.id == bootstrap::data_dictionary()
    }

    /// A node at or below `id` whose lock keeps `caller` from deleting it.
    fn first_locked(&self, id: NodeId, caller: &Caller) -> Option<NodeId> {
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let Some(node) = self.find(id) else { continue };
            if node.lock.as_ref().is_some_and(|lock| lock.is_full || lock.owner != caller.user) {
                return Some(id);
            }
            left.extend(node.children.iter().filter(|child| child.is_primary).map(|child| child.id));
        }
        None
    }
}
