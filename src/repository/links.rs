//! Secondary children: nodes that more than one folder holds (wire reference, nodes, section 14).

use super::{
    Repository, Tree,
    access::{Caller, Right},
    change::Change,
    create::require_container,
    dictionary,
    node::{NodeId, unversioned},
};
use crate::error::{Error, Result};

/// A link to a child, as a client states it.
#[derive(Clone, Debug, Default)]
pub(crate) struct SecondaryChild {
    pub(crate) child_id: Option<String>,
    pub(crate) assoc_type: Option<String>,
}

/// The child association of that name.
pub(crate) fn assoc_type(stated: &str) -> Result<&'static str> {
    let invalid = |text: String| Error::InvalidArgument(text.into());
    let name = dictionary::prefixed(stated).map_err(|unknown| invalid(unknown.to_string()))?;
    let found = dictionary::child_association(&name);
    let found = found.ok_or_else(|| invalid(format!("Unknown assocType: {stated}")))?;
    if found.starts_with("sys:") {
        return Err(invalid(format!("Invalid assocType: {stated}")));
    }
    Ok(found)
}

impl Repository {
    /// Links nodes below another, all or none.
    pub(crate) fn add_secondary_children(
        &self,
        caller: &Caller,
        parent: &str,
        children: &[SecondaryChild],
    ) -> Result<()> {
        self.change(caller, |change| {
            let parent = change.tree.look_up(parent)?.id;
            children.iter().try_for_each(|child| change.add_secondary_child(parent, child))
        })
    }

    /// Takes links away; the child stays where else it is.
    pub(crate) fn remove_secondary_child(
        &self,
        caller: &Caller,
        parent: &str,
        child: &str,
        stated_type: Option<&str>,
    ) -> Result<()> {
        self.change(caller, |change| change.remove_secondary_child(parent, child, stated_type))
    }
}

impl Change<'_> {
    pub(super) fn add_secondary_child(&mut self, parent: NodeId, stated: &SecondaryChild) -> Result<()> {
        let missing = |what: &'static str| Error::InvalidArgument(what.into());
        let child = stated.child_id.as_deref().ok_or(missing("Missing childId"))?;
        let named = stated.assoc_type.as_deref().filter(|name| !name.is_empty());
        let assoc_type = assoc_type(named.ok_or(missing("Missing assocType"))?)?;
        let child = self.tree.look_up(child)?;
        let (child, name) = (child.id, child.name.clone());
        self.require(child, Right::Read)?;
        self.require(parent, Right::AddChildren)?;
        if self.tree.is_linked(parent, child, assoc_type) {
            return Err(Error::ConflictWithoutText);
        }
        if self.is_taken(parent, &name, Some(child)) {
            return Err(Error::Conflict(format!("Duplicate child name not allowed: {name}").into()));
        }
        require_container(self.node(parent)?, assoc_type)?;
        if self.tree.is_at_or_below(parent, &[child]) {
            return Err(Error::Cyclic);
        }
        self.link(parent, child, assoc_type);
        Ok(())
    }

    fn remove_secondary_child(&mut self, parent: &str, child: &str, stated_type: Option<&str>) -> Result<()> {
        let (asked_parent, asked_child) = (unversioned(parent), unversioned(child));
        let (parent, child) = (self.tree.look_up(parent)?.id, self.tree.look_up(child)?.id);
        let named = stated_type.filter(|name| !name.is_empty());
        let assoc_type = named.map(assoc_type).transpose()?;
        let shown = |named: Option<&str>| format!("{asked_parent},{},{asked_child}", named.unwrap_or("null"));
        self.require(parent, Right::AddChildren)?;
        let is_primary = self.node(child)?.parent == Some(parent);
        let links = || self.tree.find(child).into_iter().flat_map(|node| &node.secondary_parents);
        let is_meant = |of: &str| assoc_type.is_none_or(|meant| meant == of);
        if !links().any(|link| link.parent == parent && is_meant(link.assoc_type)) {
            if is_primary && named.is_some() {
                return Err(Error::InvalidArgument(
                    format!("Cannot use secondary-children to delete primary assoc: {}", shown(named)).into(),
                ));
            }
            return Err(Error::EntityNotFound(shown(named)));
        }
        self.tree.unlink(parent, child, assoc_type);
        self.touch(parent);
        Ok(())
    }
}

impl Tree {
    /// Whether a link of that type binds the two, primary or secondary.
    fn is_linked(&self, parent: NodeId, child: NodeId, assoc_type: &str) -> bool {
        let Some(node) = self.find(child) else { return false };
        let is_primary = || node.parent == Some(parent) && self.primary_type(node) == assoc_type;
        node.secondary_parents.iter().any(|link| link.parent == parent && link.assoc_type == assoc_type) || is_primary()
    }
}
