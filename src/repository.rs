//! The repository: a tree of nodes, and the people who may see them.
//!
//! Reads and changes are short and synchronous, under one lock that never outlives a function of this module's callers;
//! what is returned is owned. Content is shared, never copied.

pub(crate) mod access;
pub(crate) mod accounts;
pub(crate) mod authorities;
pub(crate) mod bootstrap;
mod change;
pub(crate) mod checkout;
pub(crate) mod children;
pub(crate) mod collation;
pub(crate) mod create;
mod delete;
pub(crate) mod description;
pub(crate) mod dictionary;
pub(crate) mod fixture;
pub(crate) mod groups;
pub(crate) mod links;
pub(crate) mod listing;
pub(crate) mod locks;
pub(crate) mod mimetype;
mod naming;
pub(crate) mod node;
pub(crate) mod people;
pub(crate) mod permissions;
mod relocate;
pub(crate) mod site_members;
pub(crate) mod sites;
pub(crate) mod tickets;
pub(crate) mod trash;
pub(crate) mod tree;
pub(crate) mod update;
pub(crate) mod versions;

use std::{
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, PoisonError, RwLock, RwLockReadGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use tracing::warn;

pub(crate) use self::tree::Tree;
use self::{access::Caller, change::Change, listing::Listings, people::People};
use crate::{
    clock::Clock,
    error::{Error, Result},
    ids::Ids,
    memory::Memory,
};

/// The nodes and the people. Clones are the same repository.
#[derive(Clone, Debug)]
pub(crate) struct Repository(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tree: RwLock<Tree>,
    /// How many nodes there may be, those in the trash can included.
    most: usize,
    memory: Memory,
    /// Grows with each change of the tree.
    generation: AtomicU64,
    listings: Listings,
    people: People,
    clock: Clock,
    ids: Ids,
}

impl Repository {
    pub(crate) fn new(tree: Tree, most: usize, memory: Memory, people: People, clock: Clock, ids: Ids) -> Self {
        Self(Arc::new(Inner {
            tree: RwLock::new(tree),
            most,
            memory,
            generation: AtomicU64::new(0),
            listings: Listings::default(),
            people,
            clock,
            ids,
        }))
    }

    /// The tree as it is now. Not to be held across a wait.
    pub(crate) fn read(&self) -> RwLockReadGuard<'_, Tree> {
        self.0.tree.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn people(&self) -> &People {
        &self.0.people
    }

    /// Changes the tree, or leaves it as it was when that is refused.
    fn change<T>(&self, caller: &Caller, change: impl FnOnce(&mut Change<'_>) -> Result<T>) -> Result<T> {
        let mut tree = self.0.tree.write().unwrap_or_else(PoisonError::into_inner);
        self.0.generation.fetch_add(1, Ordering::Relaxed);
        let mut under_way = Change::new(&mut tree, &self.0.people, &self.0.ids, caller, self.0.clock.now());
        let before = under_way.tree.len_with_trash();
        let changing = || {
            let changed = change(&mut under_way)?;
            let len = under_way.tree.len_with_trash();
            // What is too much already may become less.
            if len <= self.0.most.max(before) {
                self.0.memory.freed(before.saturating_sub(len));
                return Ok(changed);
            }
            warn!("a change would have made {len} nodes, which are too many; see --max-nodes");
            Err(Error::InsufficientStorage)
        };
        let result = panic::catch_unwind(AssertUnwindSafe(changing));
        if !matches!(result, Ok(Ok(_))) {
            under_way.undo();
        }
        result.unwrap_or_else(|panicked| {
            // Whoever asked for it hears of the bug.
            drop(tree);
            panic::resume_unwind(panicked)
        })
    }
}
