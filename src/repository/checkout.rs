//! Checking documents out and in (wire reference, nodes, sections 12 and 15).

use super::{
    Repository,
    access::{Caller, Right},
    change::Change,
    create::received_data,
    locks::require_content,
    node::{Lock, Node, NodeId, WorkingCopy},
    tree::CONTAINS,
    update::Replacement,
    versions::{self, Step},
};
use crate::error::{Error, Result};

impl Repository {
    /// Checks a document out: the working copy, which is the caller's, while the original is locked.
    pub(crate) fn check_out(&self, caller: &Caller, id: &str) -> Result<NodeId> {
        self.change(caller, |change| change.check_out(id))
    }

    /// Drops a working copy; the original, unlocked.
    pub(crate) fn cancel_check_out(&self, caller: &Caller, id: &str) -> Result<NodeId> {
        self.change(caller, |change| change.cancel_check_out(id))
    }
}

impl Change<'_> {
    fn check_out(&mut self, asked: &str) -> Result<NodeId> {
        let node = self.not_special(asked, "checkout")?;
        require_content(node, asked)?;
        let (original, is_checked_out) = (node.id, node.is_checked_out());
        let failed = |why: &str| {
            let text = format!("Checkout failed for nodeId workspace://SpacesStore/{original} due to {why}");
            Error::Conflict(text.into())
        };
        if node.working_copy.is_some() {
            return Err(failed("A working copy cannot be checked out."));
        }
        if is_checked_out {
            return Err(failed("This node is already checked out."));
        }
        self.require(original, Right::Write)?;
        self.require_unlocked(original)?;
        let node = self.node(original)?;
        let name = working_copy_name(&node.name);
        let mut extras = node.extras.clone().unwrap_or_default();
        let mut copied = extras.clone();
        let is_versioned = versions::is_versioned(Some(&extras));
        copied.aspects.retain(|aspect| aspect != versions::VERSIONABLE);
        copied.properties.retain(|name, _| !name.starts_with("cm:version") && !name.starts_with("cm:autoVersion"));
        copied.add_aspect("cm:copiedfrom");
        copied.set("cm:workingCopyMode", Some("offlineEditing".into()));
        let parent = node.parent;
        if parent.is_some_and(|parent| self.is_taken(parent, &name, None)) {
            return Err(Error::Conflict(format!("Duplicate child name not allowed: {name}").into()));
        }
        let copy = Node {
            content: node.content.clone(),
            working_copy: Some(Box::new(WorkingCopy { owner: self.caller.user.clone(), original })),
            extras: Some(copied),
            ..self.blank_node(node.node_type, &name, parent)
        };
        let id = copy.id;
        if !is_versioned {
            versions::step(&mut extras, Step::Major);
        }
        if let Some(original) = self.tree.find_mut(original) {
            original.lock = Some(Box::new(Lock::of_check_out(self.caller.user.clone())));
            original.extras = Some(extras);
        }
        self.insert(copy, CONTAINS);
        Ok(id)
    }

    fn cancel_check_out(&mut self, asked: &str) -> Result<NodeId> {
        let node = self.tree.look_up_alias(self.caller, asked)?;
        let id = node.id;
        if self.tree.is_special(node) {
            let text = format!("Current user doesn't have permission to cancel checkout for node {asked}");
            return Err(Error::Forbidden(text.into()));
        }
        require_content(node, asked)?;
        let locked_by = node.lock_in_force(self.now).map(|lock| lock.owner.clone());
        let Some(copy) = self.working_copy_of(id)? else {
            let Some(owner) = locked_by else {
                return Err(Error::Unprocessable(
                    format!("Can't cancel checkout for node {asked} because it isn't checked out or locked").into(),
                ));
            };
            if owner != self.caller.user && !self.caller.is_admin {
                return Err(Error::PermissionDenied);
            }
            if let Some(node) = self.tree.find_mut(id) {
                node.lock = None;
            }
            return Ok(id);
        };
        let WorkingCopy { owner, original } = self.working_copy(copy)?;
        if owner != self.caller.user && !self.caller.is_admin {
            return Err(Error::PermissionDenied);
        }
        self.remove(copy, true);
        Ok(original)
    }

    /// The working copy, when the node is one or is checked out.
    pub(super) fn working_copy_of(&self, id: NodeId) -> Result<Option<NodeId>> {
        let node = self.node(id)?;
        if node.working_copy.is_some() {
            return Ok(Some(id));
        }
        if !node.is_checked_out() {
            return Ok(None);
        }
        // It lies beside the original, unless somebody moved it.
        let is_it = |copy: &Node| copy.working_copy.as_ref().is_some_and(|copy| copy.original == id);
        let beside =
            node.parent.and_then(|parent| self.tree.find(parent)).into_iter().flat_map(|parent| parent.children.iter());
        let beside = beside.map(|child| child.id).find(|child| self.tree.find(*child).is_some_and(is_it));
        let found = beside.or_else(|| self.tree.nodes().find(|node| is_it(node)).map(|node| node.id));
        let lost =
            || Error::Unprocessable(format!("Node {id} has cm:checkedOut aspect but no working copy was found").into());
        found.ok_or_else(lost).map(Some)
    }

    /// What a working copy is one of, which must be there.
    fn working_copy(&self, copy: NodeId) -> Result<WorkingCopy> {
        let found = self.node(copy)?.working_copy.as_deref().cloned();
        let found = found.ok_or_else(|| Error::EntityNotFound(copy.to_string()))?;
        if self.tree.find(found.original).is_none() {
            // CheckOutCheckInServiceImpl, MSG_ERR_BAD_COPY
            let text = "The original node can not be found. Perhaps the copy has been corrupted or the original has been \
                 deleted or moved.";
            return Err(Error::Conflict(text.into()));
        }
        Ok(found)
    }

    /// Gives a working copy a content and checks it in: the original.
    pub(super) fn check_in(&mut self, copy: NodeId, replacement: Replacement) -> Result<NodeId> {
        let WorkingCopy { owner, original } = self.working_copy(copy)?;
        self.require(copy, Right::Write)?;
        if owner != self.caller.user {
            let why = "This user is not the owner of the working copy and cannot check it in.";
            return Err(Error::Conflict(
                format!("Could not checkin the nodeId workspace://SpacesStore/{copy} because {why}").into(),
            ));
        }
        let name = replacement.name.as_deref().map(|name| self.free_name(copy, name)).transpose()?.flatten();
        let name = name.unwrap_or_else(|| self.node(copy).map(|node| node.name.to_string()).unwrap_or_default());
        self.remove(copy, true);
        if let Some(node) = self.tree.find_mut(original) {
            node.lock = None;
            node.content = Some(received_data(replacement.content, &name));
            let extras = node.extras.get_or_insert_default();
            let is_first = !extras.properties.contains_key("cm:versionLabel");
            versions::step(extras, Step::of(replacement.version.is_major.unwrap_or(is_first)));
        }
        self.touch(original);
        Ok(original)
    }
}

/// `a.txt` becomes `a (Working Copy).txt`.
fn working_copy_name(name: &str) -> String {
    match name.rfind('.') {
        Some(dot) if dot > 0 => format!("{} (Working Copy){}", &name[..dot], &name[dot..]),
        _ => format!("{name} (Working Copy)"),
    }
}
