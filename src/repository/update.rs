//! Changing nodes: names, properties, types, permissions, contents (wire reference, nodes, sections 11 and 12).

use super::{
    Repository,
    access::{Caller, Right},
    change::Change,
    create::received_data,
    description::Description,
    dictionary, naming,
    node::{Node, NodeId, NodeType},
    permissions,
    versions::{self, Wish},
};
use crate::{
    content::intake::Received,
    error::{Error, Result},
};

/// What a client wants a node to be; none for what is to stay.
#[derive(Clone, Debug, Default)]
pub(crate) struct Update {
    pub(crate) name: Option<String>,
    pub(crate) node_type: Option<String>,
    pub(crate) description: Description,
    pub(crate) permissions: Option<permissions::Stated>,
    pub(crate) parent: Option<String>,
}

/// A new content for a file.
#[derive(Clone, Debug)]
pub(crate) struct Replacement {
    pub(crate) content: Received,
    pub(crate) name: Option<String>,
    pub(crate) version: Wish,
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

impl Repository {
    /// Changes what is stated of a node.
    pub(crate) fn update(&self, caller: &Caller, id: &str, update: &Update) -> Result<NodeId> {
        self.change(caller, |change| change.update(id, update))
    }

    /// Replaces a file's content. Archives and readers of the old one keep it.
    pub(crate) fn update_content(&self, caller: &Caller, id: &str, replacement: Replacement) -> Result<NodeId> {
        self.change(caller, |change| change.update_content(id, replacement))
    }

    /// What refuses a new content before its bytes are read.
    pub(crate) fn check_content_update(&self, caller: &Caller, id: &str) -> Result<()> {
        let tree = self.read();
        let node = tree.look_up(id)?;
        require_file(node)?;
        if tree.may(caller, node.id, Right::Write) { Ok(()) } else { Err(Error::PermissionDenied) }
    }
}

fn require_file(node: &Node) -> Result<()> {
    if node.node_type.is_file() {
        return Ok(());
    }
    Err(invalid(format!("NodeId of content is expected: {}", node.id)))
}

impl Change<'_> {
    fn update(&mut self, asked: &str, update: &Update) -> Result<NodeId> {
        let description = update.description.check()?;
        let node = self.tree.look_up_alias(self.caller, asked)?;
        let id = node.id;
        let node_type = match update.node_type.as_deref().filter(|name| !name.is_empty()) {
            Some(name) => specialised(node.node_type, name)?,
            None => node.node_type,
        };
        if let Some(stated) = &update.parent {
            let parent = node.parent.ok_or(Error::PermissionDenied)?;
            if NodeId::stated(stated) != Some(parent) {
                return Err(invalid(format!(
                    "Cannot update parentId of {asked} via PUT /nodes/{{nodeId}}. Please use explicit POST \
                     /nodes/{{nodeId}}/move operation instead"
                )));
            }
        }
        let (mut extras, permissions) = (node.extras.clone(), node.permissions.clone());
        let was_versioned = versions::is_versioned(extras.as_deref());
        let owner = description.owner(self.people)?;
        self.require(id, Right::Write)?;
        self.require_unlocked(id)?;
        let stated_name = update.description.properties.get("cm:name").and_then(serde_json::Value::as_str);
        let name = update.name.as_deref().filter(|name| !name.is_empty()).or(stated_name);
        let name = name.map(|name| self.free_name(id, name)).transpose()?.flatten();
        description.replace_in(&mut extras, owner)?;
        if !was_versioned && versions::is_versioned(extras.as_deref()) {
            versions::step(extras.get_or_insert_default(), versions::Step::Major);
        }
        let permissions = match &update.permissions {
            Some(stated) => {
                self.require(id, Right::ChangePermissions)?;
                self.with_permissions(&permissions, stated)?
            }
            None => permissions,
        };
        if let Some(name) = name {
            self.rename(id, &name);
        }
        if let Some(node) = self.tree.find_mut(id) {
            node.node_type = node_type;
            node.extras = extras;
            node.permissions = permissions;
        }
        self.touch(id);
        Ok(id)
    }

    /// The name that the node is to get, if it is another one, and free.
    pub(super) fn free_name(&self, id: NodeId, name: &str) -> Result<Option<String>> {
        let node = self.node(id)?;
        if *node.name == *name {
            return Ok(None);
        }
        if self.tree.parents(id).into_iter().any(|parent| self.is_taken(parent, name, Some(id))) {
            return Err(Error::Conflict(format!("Name already exists in target parent: {name}").into()));
        }
        if !naming::is_valid(name) {
            return Err(naming::violation(node, name));
        }
        Ok(Some(name.to_owned()))
    }

    /// Gives a node a name that is free, which changes its parent too.
    pub(super) fn rename(&mut self, id: NodeId, name: &str) {
        self.tree.rename(id, name);
        if let Some(parent) = self.tree.find(id).and_then(|node| node.parent) {
            self.touch(parent);
        }
    }

    fn update_content(&mut self, asked: &str, replacement: Replacement) -> Result<NodeId> {
        let node = self.tree.look_up(asked)?;
        require_file(node)?;
        let id = node.id;
        if let Some(copy) = self.working_copy_of(id)? {
            return self.check_in(copy, replacement);
        }
        self.require(id, Right::Write)?;
        self.require_unlocked(id)?;
        if let Some(name) = replacement.name.as_deref().map(|name| self.free_name(id, name)).transpose()?.flatten() {
            self.rename(id, &name);
        }
        self.replace_content(id, replacement.content, replacement.version)?;
        Ok(id)
    }

    /// Gives a file other bytes, and counts its version.
    pub(super) fn replace_content(&mut self, id: NodeId, content: Received, version: Wish) -> Result<()> {
        self.require(id, Right::Write)?;
        self.require_unlocked(id)?;
        if let Some(node) = self.tree.find_mut(id) {
            node.content = Some(received_data(content, &node.name));
            if let Some(step) = version.next(node.extras.as_deref()) {
                versions::step(node.extras.get_or_insert_default(), step);
            }
        }
        self.touch(id);
        Ok(())
    }
}

/// The type that a node is to get: its own, or one below it.
fn specialised(now: NodeType, stated: &str) -> Result<NodeType> {
    let name = dictionary::prefixed(stated).map_err(|unknown| invalid(unknown.to_string()))?;
    let wanted = NodeType::named(&name).filter(|wanted| wanted.is(now.name()));
    let wanted = wanted.filter(|wanted| *wanted == now || !wanted.is("cm:systemfolder"));
    wanted.ok_or_else(|| {
        invalid(format!(
            "Failed to change (specialise) node type - from {} to {}",
            now.qualified(),
            dictionary::qualified(&name)
        ))
    })
}
