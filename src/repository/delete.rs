//! Deleting nodes, and bringing them back (wire reference, nodes, sections 8 and 16).

use std::collections::{HashMap, HashSet};

use super::{
    Repository, Tree,
    access::{Caller, Right},
    change::Change,
    create::require_container,
    links,
    node::{Lock, Node, NodeId, ParentLink, WorkingCopy, unversioned},
    trash::Deletion,
    tree::CONTAINS,
};
use crate::error::{Error, Result};

impl Repository {
    /// Deletes a node and all below it, into the trash can or for good.
    pub(crate) fn delete(&self, caller: &Caller, asked: &str, permanent: bool) -> Result<()> {
        self.change(caller, |change| change.delete(asked, permanent))
    }

    /// Brings a deleted node back, with all that was deleted with it, below its old parent or, by an association of
    /// that type, below another.
    pub(crate) fn restore(&self, caller: &Caller, id: &str, target: Option<(&str, Option<&str>)>) -> Result<NodeId> {
        self.change(caller, |change| change.restore(id, target))
    }

    /// Removes a deleted node for good.
    pub(crate) fn purge(&self, caller: &Caller, id: &str) -> Result<()> {
        self.change(caller, |change| {
            let id = change.deleted(id)?;
            let sites = change.tree.trash.take(id).into_iter().filter(|node| node.node_type.name() == "st:site");
            sites.for_each(|site| change.forget_site(&site.name));
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
        let assoc_type = self.tree.find(id).map_or(CONTAINS, |node| self.tree.primary_type(node));
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
            let deletion = Deletion { id, archived: self.now, archiver: self.caller.user.clone(), assoc_type };
            self.tree.trash.add(deletion, removed);
        }
    }

    /// The node of that id in the trash can, if it is the caller's business.
    fn deleted(&self, asked: &str) -> Result<NodeId> {
        self.tree.deleted(self.caller, asked).map(|(node, _)| node.id)
    }

    fn restore(&mut self, asked: &str, target: Option<(&str, Option<&str>)>) -> Result<NodeId> {
        let (node, deletion) = self.tree.look_up_deleted(asked)?;
        let (id, name, parent, original_type) = (node.id, node.name.clone(), node.parent, deletion.assoc_type);
        let wanted = match target {
            Some((target, assoc_type)) => {
                let missing = || Error::InvalidArgument("Missing assocType".into());
                let assoc_type = assoc_type.filter(|name| !name.is_empty()).ok_or_else(missing)?;
                Some((target, links::assoc_type(assoc_type)?))
            }
            None => None,
        };
        self.deleted(asked)?;
        let gone = |parent: Option<&str>| {
            let parent = parent.map_or("null".to_owned(), |parent| format!("workspace://SpacesStore/{parent}"));
            Error::NoSuch(format!("Invalid parent id {parent}"))
        };
        let is_there = |parent: &NodeId| self.tree.find(*parent).is_some();
        let (parent, assoc_type) = if let Some((target, assoc_type)) = wanted {
            // The id is taken as it is: an alias or a version means nothing here.
            let parent = target.parse().ok().filter(is_there);
            (parent.ok_or_else(|| gone(Some(target)))?, assoc_type)
        } else {
            (parent.filter(is_there).ok_or_else(|| gone(None))?, original_type)
        };
        self.require(parent, Right::AddChildren)?;
        if self.is_taken(parent, &name, None) || self.tree.would_clash(&self.tree.trash.tree(id)) {
            return Err(Error::Conflict("Name already exists in target".into()));
        }
        require_container(self.node(parent)?, assoc_type)?;
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
    /// The node of an id as a client states it, in the trash can.
    fn look_up_deleted(&self, asked: &str) -> Result<(&Node, &Deletion)> {
        let found = NodeId::stated(asked).and_then(|id| self.trash.find(id));
        found.ok_or_else(|| Error::EntityNotFound(unversioned(asked).to_owned()))
    }

    /// The same, for those whose business it is.
    pub(crate) fn deleted(&self, caller: &Caller, asked: &str) -> Result<(&Node, &Deletion)> {
        let found = self.look_up_deleted(asked)?;
        if found.1.is_of(caller) { Ok(found) } else { Err(Error::PermissionDenied) }
    }

    /// Whether two children of one folder would have the same name if these nodes came back, links included: names may
    /// have changed, and been given away, since they were removed.
    fn would_clash(&self, nodes: &[&Node]) -> bool {
        let coming: HashMap<NodeId, &Node> = nodes.iter().map(|node| (node.id, *node)).collect();
        let is_taken = |node: &Node| {
            let others = node.secondary_parents.iter().filter(|link| !coming.contains_key(&link.parent));
            others.filter_map(|link| self.find(link.parent)).any(|parent| parent.children.named(&node.name).is_some())
        };
        let has_namesakes = |node: &Node| {
            let mut seen = HashMap::new();
            let children = node.children.iter().map(|child| child.id);
            let mut there = children.filter_map(|id| coming.get(&id).copied().or_else(|| self.find(id)));
            there.any(|child| seen.insert(child.name.to_lowercase(), child.id).is_some_and(|other| other != child.id))
        };
        let has_links = |node: &Node| node.children.iter().any(|child| !child.is_primary);
        nodes.iter().any(|node| is_taken(node) || (has_links(node) && has_namesakes(node)))
    }

    /// Adds nodes that were removed together, their top first, with those of their links whose other end is there.
    fn bring_back(&mut self, nodes: Vec<Node>, assoc_type: &'static str) {
        let ids: HashSet<NodeId> = nodes.iter().map(|node| node.id).collect();
        for (index, mut node) in nodes.into_iter().enumerate() {
            let is_here = |tree: &Self, id: &NodeId| ids.contains(id) || tree.find(*id).is_some();
            node.secondary_parents.retain(|link| is_here(self, &link.parent));
            let secondary: Vec<_> = node.children.iter().filter(|child| !child.is_primary).collect();
            let mut renamed = HashMap::new();
            for child in secondary {
                if ids.contains(&child.id) {
                    continue;
                }
                let Some(there) = self.find_mut(child.id) else {
                    node.children.forget(child.id);
                    continue;
                };
                there.secondary_parents.push(ParentLink { parent: node.id, assoc_type: child.assoc_type });
                if node.children.named(&there.name) != Some(child.id) {
                    renamed.insert(child.id, there.name.clone());
                }
            }
            node.children.rename_all(&renamed);
            if let Some(WorkingCopy { owner, original }) = node.working_copy.as_deref()
                && let Some(original) = self.find_mut(*original)
            {
                // With its working copy it is checked out again, whatever has become of it (real server, WorkingCopyAspect).
                original.lock = Some(Box::new(Lock::of_check_out(owner.clone())));
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
