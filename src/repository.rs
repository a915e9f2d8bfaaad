//! The repository: a tree of nodes, and the people who may see them.
//!
//! Reads and changes are short and synchronous, under one lock that never outlives a function of this module's callers;
//! what is returned is owned. Content is shared, never copied.

pub(crate) mod access;
pub(crate) mod bootstrap;
pub(crate) mod children;
pub(crate) mod dictionary;
pub(crate) mod fixture;
pub(crate) mod groups;
pub(crate) mod mimetype;
pub(crate) mod node;
pub(crate) mod people;
pub(crate) mod tickets;
pub(crate) mod trash;
pub(crate) mod tree;

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

pub(crate) use self::tree::Tree;
use self::{
    access::{Caller, Right},
    node::NodeId,
};
use crate::error::{Error, Result};

/// The node tree. Clones are the same tree.
#[derive(Clone, Debug)]
pub(crate) struct Repository {
    tree: Arc<RwLock<Tree>>,
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
        let now = self.clock.now();
        let binds = |id: &NodeId| {
            let lock = tree.find(*id).and_then(|node| node.lock.as_ref());
            lock.is_some_and(|lock| lock.binds(&caller.user, now))
        };
        if let Some(locked) = tree.descendants(id).into_iter().find(binds) {
            return Err(Error::NodeLocked(locked.to_string()));
        }
        tree.remove(id);
        Ok(())
    }
}

