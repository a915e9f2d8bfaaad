//! Deleting nodes, and bringing them back (wire reference, nodes, sections 8 and 16).

use std::collections::HashSet;

use super::{
    Repository, Tree,
    access::{Caller, Right},
    change::Change,
    links,
    node::{Node, NodeId, ParentLink},
    trash::Deletion,
    tree::CONTAINS,
};
use crate::error::{Error, Result};

impl Repository {
    /// Deletes a node and all below it, into the trash can or for good.
    pub(crate) fn delete(&self, caller: &Caller, asked: &str, permanent: bool) -> Result<()> {
        self.change(caller, |change| change.delete(asked, permanent))
    }

    /// Brings a deleted node back, with all that was deleted with it, below its old parent or another.
    pub(crate) fn restore(
        &self,
        caller: &Caller,
        id: &str,
        target: Option<&str>,
        assoc_type: Option<&str>,
    ) -> Result<NodeId> {
        self.change(caller, |change| change.restore(id, target, assoc_type))
    }

    /// Removes a deleted node for good.
    pub(crate) fn purge(&self, caller: &Caller, id: &str) -> Result<()> {
        self.change(caller, |change| {
            let id = change.deleted(id)?;
            change.tree.trash.take(id);
            Ok(())
        })
    }
}

impl Change<'_> {
    fn delete(&mut self, asked: &str, permanent: bool) -> Result<()> {
        let node = self.tree.look_up_alias(self.caller, asked)?;
        let id = node.id;
        if self.tree.is_special(node) {
            return Err(Error::Forbidden(format!("Cannot delete: {asked}").into()));
        }
        if permanent && !self.caller.is_admin && node.owner() != &self.caller.user {
            self.require(id, Right::Read)?;
            return Err(Error::Forbidden(format!("Non-owner/non-admin cannot permanently delete: {asked}").into()));
        }
        self.require(id, Right::Delete)?;
        for below in self.tree.descendants(id) {
            self.require_unlocked(below)?;
        }
        self.remove(id, permanent);
        Ok(())
    }

    /// Removes a node that may be removed.
    pub(super) fn remove(&mut self, id: NodeId, permanent: bool) {
        let parents = self.tree.parents(id);
        let removed = self.tree.remove(id);
        for original in removed.iter().filter_map(|node| node.working_copy.as_ref()).map(|copy| copy.original) {
            // Without its working copy nothing is checked out.
            if let Some(original) = self.tree.find_mut(original) {
                original.lock = None;
            }
        }
        for parent in parents {
            self.touch(parent);
        }
        if !permanent {
            let deletion = Deletion { id, archived: self.now, archiver: self.caller.user.clone() };
            self.tree.trash.add(deletion, removed);
        }
    }

    /// The node of that id in the trash can, if it is the caller's business.
    fn deleted(&self, asked: &str) -> Result<NodeId> {
        let found = NodeId::stated(asked).and_then(|id| self.tree.trash.find(id));
        let (node, deletion) = found.ok_or_else(|| Error::EntityNotFound(asked.to_owned()))?;
        if deletion.is_of(self.caller) { Ok(node.id) } else { Err(Error::PermissionDenied) }
    }

    fn restore(&mut self, asked: &str, target: Option<&str>, assoc_type: Option<&str>) -> Result<NodeId> {
        let id = self.deleted(asked)?;
        let (node, _) = self.tree.trash.find(id).ok_or_else(|| Error::EntityNotFound(asked.to_owned()))?;
        let (parent, assoc_type) = match target {
            Some(target) => {
                let assoc_type = assoc_type.filter(|name| !name.is_empty());
                let missing = || Error::InvalidArgument("Missing assocType".into());
                let assoc_type = links::assoc_type(assoc_type.ok_or_else(missing)?)?;
                (self.tree.look_up_alias(self.caller, target)?.id, assoc_type)
            }
            None => {
                let parent = node.parent.filter(|parent| self.tree.find(*parent).is_some());
                (parent.ok_or_else(|| Error::NoSuch("The original parent no longer exists".to_owned()))?, CONTAINS)
            }
        };
        let name = node.name.clone();
        self.require(parent, Right::AddChildren)?;
        if self.is_taken(parent, &name, None) {
            return Err(Error::Conflict("Name already exists in target".into()));
        }
        let mut nodes = self.tree.trash.take(id);
        if let Some(top) = nodes.first_mut() {
            top.parent = Some(parent);
        }
        self.tree.bring_back(nodes, assoc_type);
        self.touch(parent);
        Ok(id)
    }
}

impl Tree {
    /// Adds nodes that were removed together, their top first, with those of their links whose other end is there.
    fn bring_back(&mut self, nodes: Vec<Node>, assoc_type: &'static str) {
        let ids: HashSet<NodeId> = nodes.iter().map(|node| node.id).collect();
        for (index, mut node) in nodes.into_iter().enumerate() {
            let is_here = |tree: &Self, id: &NodeId| ids.contains(id) || tree.find(*id).is_some();
            node.secondary_parents.retain(|link| is_here(self, &link.parent));
            let secondary: Vec<_> = node.children.iter().filter(|child| !child.is_primary).collect();
            for child in secondary {
                if ids.contains(&child.id) {
                    continue;
                }
                let Some(there) = self.find_mut(child.id) else {
                    node.children.forget(child.id);
                    continue;
                };
                there.secondary_parents.push(ParentLink { parent: node.id, assoc_type: child.assoc_type });
            }
            let links = node.secondary_parents.clone();
            let (id, name) = (node.id, node.name.clone());
            if index == 0 {
                self.insert_as(node, assoc_type);
            } else {
                self.put(node);
            }
            for link in links.iter().filter(|link| !ids.contains(&link.parent)) {
                self.add_secondary(link.parent, id, &name, link.assoc_type);
            }
        }
    }
}
