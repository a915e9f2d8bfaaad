//! Copying and moving nodes (wire reference, nodes, section 13).

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Repository,
    access::{Caller, Permissions, Right},
    change::Change,
    naming,
    node::{Extras, Node, NodeId},
    tree::CONTAINS,
    versions,
};
use crate::error::{Error, Result};

impl Repository {
    /// Copies a node and what the caller may read below it; the id of the copy.
    pub(crate) fn copy(
        &self,
        caller: &Caller,
        source: &str,
        target: Option<&str>,
        name: Option<&str>,
    ) -> Result<NodeId> {
        self.change(caller, |change| change.copy(source, target, name))
    }

    /// Moves a node below another primary parent.
    pub(crate) fn move_to(
        &self,
        caller: &Caller,
        source: &str,
        target: Option<&str>,
        name: Option<&str>,
    ) -> Result<NodeId> {
        self.change(caller, |change| change.relocate(source, target, name))
    }
}

/// The two ends of a copy or a move.
struct Ends {
    source: NodeId,
    target: NodeId,
    /// The name that it gets there.
    name: String,
    /// Whether it is there under that name already.
    is_same: bool,
}

fn name_exists(name: Option<&str>) -> Error {
    Error::Conflict(format!("Name already exists in target parent: {}", name.unwrap_or("null")).into())
}

impl Change<'_> {
    /// Looks both ends up, the target first.
    fn ends(&self, source: &str, target: Option<&str>, name: Option<&str>) -> Result<Ends> {
        let target = target.filter(|target| !target.is_empty());
        let target = target.ok_or(Error::InvalidArgument("Missing targetParentId".into()))?;
        let target = self.tree.look_up_alias(self.caller, target)?;
        let node = self.tree.look_up_alias(self.caller, source)?;
        let name = name.filter(|name| !name.is_empty()).unwrap_or(&node.name).to_owned();
        let is_same = node.parent == Some(target.id) && *node.name == *name;
        Ok(Ends { source: node.id, target: target.id, name, is_same })
    }

    /// Whether the target may hold the node.
    fn check_target(&self, ends: &Ends, name: Option<&str>) -> Result<()> {
        let target = self.node(ends.target)?;
        if !target.node_type.is_folder() {
            return Err(Error::InvalidArgument(format!("Invalid type of target parent: {}", ends.target).into()));
        }
        if self.tree.is_at_or_below(ends.target, &[ends.source]) {
            return Err(Error::Cyclic);
        }
        if self.is_taken(ends.target, &ends.name, None) && !ends.is_same {
            return Err(name_exists(name));
        }
        if !naming::is_valid(&ends.name) {
            return Err(naming::violation(self.node(ends.source)?, &ends.name));
        }
        Ok(())
    }

    fn relocate(&mut self, source: &str, target: Option<&str>, name: Option<&str>) -> Result<NodeId> {
        let ends = self.ends(source, target, name)?;
        let (id, node) = (ends.source, self.node(ends.source)?);
        let old = node.parent;
        if id != ends.target && self.tree.is_special(node) {
            return Err(Error::Forbidden(format!("Cannot move: {id}").into()));
        }
        self.require(id, Right::Delete)?;
        self.require(ends.target, Right::AddChildren)?;
        self.require_unlocked(id)?;
        // A change of case alone collides with nobody but the node itself.
        if old == Some(ends.target) {
            if let Some(name) = self.free_name(id, &ends.name)? {
                self.rename(id, &name);
            }
            return Ok(id);
        }
        self.check_target(&ends, name)?;
        // Folders that it is a secondary child of see it under its new name, too.
        let others = self.tree.parents(id).into_iter().filter(|parent| Some(*parent) != old);
        if others.into_iter().any(|parent| self.is_taken(parent, &ends.name, Some(id))) {
            return Err(name_exists(name));
        }
        self.tree.relocate(id, ends.target);
        self.tree.rename(id, &ends.name);
        self.touch(ends.target);
        if let Some(old) = old {
            self.touch(old);
        }
        Ok(id)
    }

    fn copy(&mut self, source: &str, target: Option<&str>, name: Option<&str>) -> Result<NodeId> {
        let ends = self.ends(source, target, name)?;
        self.require(ends.source, Right::Read)?;
        self.require(ends.target, Right::AddChildren)?;
        if ends.is_same {
            return Err(name_exists(name));
        }
        let node = self.node(ends.source)?;
        if node.node_type.is_site() || node.has_aspect("st:siteContainer") {
            return Err(Error::Unprocessable(
                format!("The node {} belongs to a site, and cannot be copied.", ends.source).into(),
            ));
        }
        self.check_target(&ends, name)?;
        let id = self.copy_node(ends.source, ends.target, &ends.name, CONTAINS)?;
        let mut copies = HashMap::from([(ends.source, id)]);
        let mut left: Vec<_> = vec![ends.source];
        while let Some(original) = left.pop() {
            let Some(copy) = copies.get(&original).copied() else { continue };
            let children: Vec<_> = self.node(original)?.children.iter().collect();
            for child in children.into_iter().filter(|child| child.id != id) {
                let Some(node) = self.tree.find(child.id).filter(|_| self.tree.may(self.caller, child.id, Right::Read))
                else {
                    continue;
                };
                if child.is_primary {
                    let name = node.name.to_string();
                    let below = self.copy_node(child.id, copy, &name, child.assoc_type)?;
                    copies.insert(child.id, below);
                    left.push(child.id);
                } else {
                    self.link(copy, child.id, child.assoc_type);
                }
            }
        }
        Ok(id)
    }

    /// Copies one node without its children.
    fn copy_node(&mut self, id: NodeId, parent: NodeId, name: &str, assoc_type: &'static str) -> Result<NodeId> {
        let may_read_permissions = self.tree.may(self.caller, id, Right::ChangePermissions);
        let node = self.node(id)?;
        let copy = Node {
            content: node.content.clone(),
            permissions: if may_read_permissions { node.permissions.clone() } else { Permissions::default() },
            extras: Some(Box::new(copied(node.extras.as_deref()))),
            ..self.blank_node(node.node_type, name, Some(parent))
        };
        let copied = copy.id;
        self.insert(copy, assoc_type);
        Ok(copied)
    }
}

/// Aspects and properties of a copy: those of the original, but its versions begin anew.
fn copied(original: Option<&Extras>) -> Extras {
    let mut extras = original.cloned().unwrap_or_default();
    extras.owner = None;
    extras.properties.remove("cm:versionLabel");
    let is_automatic = extras.properties.get("cm:autoVersion") != Some(&Value::Bool(false));
    if versions::is_versioned(Some(&extras)) && is_automatic {
        versions::step(&mut extras, versions::Step::Major);
    }
    extras.add_aspect("cm:copiedfrom");
    extras
}
