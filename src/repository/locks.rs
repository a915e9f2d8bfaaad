//! Locks (wire reference, nodes, section 15).

use std::time::Duration;

use super::{
    Repository,
    access::{Caller, Right},
    change::Change,
    node::{Lock, Node, NodeId},
};
use crate::error::{Error, Result};

/// A lock as a client wants it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wanted {
    /// Seconds until it ends by itself; never, when there are none.
    pub(crate) time_to_expire: i64,
    pub(crate) is_full: bool,
    pub(crate) is_ephemeral: bool,
}

impl Repository {
    /// Locks a file for the caller, or renews his lock.
    pub(crate) fn lock(&self, caller: &Caller, id: &str, wanted: Wanted) -> Result<NodeId> {
        self.change(caller, |change| change.lock(id, wanted))
    }

    /// Takes a lock away.
    pub(crate) fn unlock(&self, caller: &Caller, id: &str) -> Result<NodeId> {
        self.change(caller, |change| change.unlock(id))
    }
}

impl Change<'_> {
    /// The node, unless it is one of those that nobody may `verb`.
    pub(super) fn not_special(&self, asked: &str, verb: &str) -> Result<&Node> {
        let node = self.tree.look_up_alias(self.caller, asked)?;
        if self.tree.is_special(node) {
            let text = format!("Current user doesn't have permission to {verb} node {asked}");
            return Err(Error::Forbidden(text.into()));
        }
        Ok(node)
    }

    fn lock(&mut self, asked: &str, wanted: Wanted) -> Result<NodeId> {
        let node = self.not_special(asked, "lock")?;
        let id = node.id;
        require_content(node, asked)?;
        let by_another = node.lock_in_force(self.now).is_some_and(|lock| lock.owner != self.caller.user);
        let is_checked_out = node.is_checked_out();
        self.require(id, Right::Write)?;
        if by_another {
            return Err(Error::Unprocessable(
                format!("The node (id: {id}) could not be locked since it is already locked by another user.").into(),
            ));
        }
        let seconds = u64::try_from(wanted.time_to_expire).ok().filter(|seconds| *seconds > 0);
        let lock = Lock {
            owner: self.caller.user.clone(),
            is_full: wanted.is_full,
            is_ephemeral: wanted.is_ephemeral,
            expires: seconds.map(|seconds| self.now + Duration::from_secs(seconds)),
            is_checked_out,
        };
        if let Some(node) = self.tree.find_mut(id) {
            node.lock = Some(Box::new(lock));
        }
        Ok(id)
    }

    fn unlock(&mut self, asked: &str) -> Result<NodeId> {
        let node = self.not_special(asked, "unlock")?;
        let id = node.id;
        let Some(lock) = node.lock_in_force(self.now) else {
            return Err(Error::Unprocessable(format!("Can't unlock node {asked} because it isn't locked").into()));
        };
        if lock.is_checked_out {
            return Err(Error::Unprocessable(
                format!("The node (id: {id}) could not be unlocked since it is checked out.").into(),
            ));
        }
        if lock.owner != self.caller.user && !self.caller.is_admin && node.owner() != &self.caller.user {
            return Err(Error::PermissionDenied);
        }
        if let Some(node) = self.tree.find_mut(id) {
            node.lock = None;
        }
        Ok(id)
    }
}

/// Refuses what is not a file, in the words of locks and check-outs.
pub(super) fn require_content(node: &Node, asked: &str) -> Result<()> {
    if node.node_type.is_file() {
        return Ok(());
    }
    Err(Error::InvalidArgument(format!("Node of type cm:content or a subtype is expected: {asked}").into()))
}
