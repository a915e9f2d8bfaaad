//! Nodes as clients see them: in full alone, in short in lists (wire reference, nodes, section 2).

use serde_json::{Map, Value, json};

use super::extract::Parameters;
use crate::{
    clock::Timestamp,
    downloads::download::Download,
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, EVERYONE, Grant, Right},
        children::Child,
        dictionary, mimetype,
        node::{Node, NodeId, UserName},
        permissions::SETTABLE,
        trash::Deletion,
    },
};

/// The members of an entry, by name.
pub(super) type Members = Vec<(&'static str, Value)>;

/// How nodes are shown to a caller.
pub(super) struct Shown<'a> {
    network: &'a Network,
    caller: &'a Caller,
    include: &'a [String],
    /// Whether aspects and properties come without being asked for.
    is_full: bool,
    now: Timestamp,
}

impl<'a> Shown<'a> {
    /// One node by itself, in full.
    pub(super) fn alone(network: &'a Network, caller: &'a Caller, parameters: &'a Parameters) -> Self {
        Self { network, caller, include: &parameters.include, is_full: true, now: network.clock().now() }
    }

    /// One of many, in short.
    pub(super) fn in_list(network: &'a Network, caller: &'a Caller, parameters: &'a Parameters) -> Self {
        Self { is_full: false, ..Self::alone(network, caller, parameters) }
    }

    /// The folder that a list is of, in full, whatever else was asked for.
    pub(super) fn as_source(network: &'a Network, caller: &'a Caller) -> Self {
        Self { network, caller, include: &[], is_full: true, now: network.clock().now() }
    }

    fn includes(&self, name: &str) -> bool {
        self.include.iter().any(|included| included == name)
    }

    /// Refuses properties to be included whose prefix nobody knows.
    pub(super) fn check(&self) -> Result<()> {
        let mut names = self.include.iter().filter(|name| name.contains(':'));
        let unknown = names.find_map(|name| dictionary::prefixed(name).err());
        unknown.map_or(Ok(()), |unknown| Err(Error::InvalidArgument(unknown.to_string().into())))
    }

    fn user(&self, user: &UserName) -> Value {
        json!({ "id": user.as_str(), "displayName": self.network.people().display_name(user) })
    }

    /// A node in the tree.
    pub(super) fn node(&self, tree: &Tree, node: &Node) -> Map<String, Value> {
        let association = || (node.parent.is_some()).then(|| (true, tree.primary_type(node)));
        in_wire_order(self.members(tree, node, association))
    }

    /// A node as one of the children of `folder`, linked as `child` says. `asked` is the folder that was asked for, from
    /// which `folder` may have been found by a path.
    pub(super) fn child(&self, tree: &Tree, child: Child, asked: NodeId) -> Option<Map<String, Value>> {
        let node = tree.find(child.id)?;
        let mut members = self.members(tree, node, || Some((child.is_primary, child.assoc_type)));
        let path = members.iter_mut().find(|(name, _)| *name == "path");
        if let Some((_, path)) = path
            && let Some(between) = names_between(tree, asked, node.id)
        {
            insert_relative_path(path, &between);
        }
        Some(in_wire_order(members))
    }

    /// A node that is linked to another, parent or child; how is always told.
    pub(super) fn associated(&self, tree: &Tree, link: Child) -> Option<Map<String, Value>> {
        let node = tree.find(link.id)?;
        let mut members = self.members(tree, node, || None);
        members.push(("association", json!({ "isPrimary": link.is_primary, "assocType": link.assoc_type })));
        Some(in_wire_order(members))
    }

    /// A node in the trash can.
    pub(super) fn deleted(&self, tree: &Tree, node: &Node, deletion: &Deletion) -> Map<String, Value> {
        let mut members = self.members(tree, node, || None);
        members.retain(|(name, _)| *name != "parentId" && *name != "path");
        members.push(("archivedAt", json!(deletion.archived.to_string())));
        members.push(("archivedByUser", self.user(&deletion.archiver)));
        if let Some(parent) = node.parent.filter(|parent| self.includes("path") && tree.find(*parent).is_some()) {
            let mut above = tree.ancestors(parent);
            above.extend(tree.find(parent));
            members.push(("path", self.path(tree, &above)));
        }
        in_wire_order(members)
    }

    fn members(&self, tree: &Tree, node: &Node, association: impl FnOnce() -> Option<(bool, &'static str)>) -> Members {
        let mut members = vec![
            ("isFile", json!(node.node_type.is_file())),
            ("isFolder", json!(node.node_type.is_folder())),
            ("createdByUser", self.user(&node.creator)),
            ("modifiedByUser", self.user(&node.modifier)),
            ("createdAt", json!(node.created.to_string())),
            ("modifiedAt", json!(node.modified.to_string())),
            ("nodeType", json!(node.node_type.name())),
            ("name", json!(node.name)),
            ("id", json!(node.id.to_string())),
        ];
        if self.is_full || self.includes("aspectNames") {
            members.push(("aspectNames", json!(self.aspects(node))));
        }
        if let Some(data) = node.content.as_ref().filter(|_| node.node_type.is_file()) {
            members.push(("content", content(&data.mimetype, data.size, &data.encoding)));
        }
        let properties = self.properties(node);
        if !properties.is_empty() {
            members.push(("properties", properties.into()));
        }
        members.extend(node.parent.map(|parent| ("parentId", json!(parent.to_string()))));
        if self.includes("path") {
            members.push(("path", self.path(tree, &tree.ancestors(node.id))));
        }
        if self.includes("permissions") && tree.may(self.caller, node.id, Right::ChangePermissions) {
            members.push(("permissions", permissions(tree, node)));
        }
        if self.includes("allowableOperations") {
            let operations = self.allowable_operations(tree, node);
            if !operations.is_empty() {
                members.push(("allowableOperations", json!(operations)));
            }
        }
        if self.includes("association")
            && let Some((is_primary, assoc_type)) = association()
        {
            members.push(("association", json!({ "isPrimary": is_primary, "assocType": assoc_type })));
        }
        if self.includes("isLink") {
            members.push(("isLink", json!(node.node_type.is_link())));
        }
        self.add_flags(&mut members, node.lock_in_force(self.now).is_some());
        members
    }

    /// A download as a node.
    pub(super) fn download(&self, download: &Download) -> Map<String, Value> {
        let state = download.state();
        let progress = state.progress;
        let owner = self.user(&download.creator.user);
        let mut members = vec![
            ("isFile", json!(true)),
            ("isFolder", json!(false)),
            ("createdByUser", owner.clone()),
            ("modifiedByUser", owner),
            ("createdAt", json!(download.created.to_string())),
            ("modifiedAt", json!(state.modified.to_string())),
            ("nodeType", json!("download:download")),
            ("name", json!(download.name)),
            ("id", json!(download.id.to_string())),
            ("aspectNames", json!(["cm:auditable", "cm:indexControl"])),
        ];
        if let Some(archive) = &state.content {
            members.push(("content", content(mimetype::BINARY, archive.size(), "UTF-8")));
        }
        members.extend([
            ("parentId", json!(NodeId::DOWNLOADS_CONTAINER.to_string())),
            (
                "properties",
                json!({
                    "download:done": progress.bytes_added,
                    "download:totalFiles": progress.total_files,
                    "download:cancelled": state.is_cancel_requested,
                    "download:total": progress.total_bytes,
                    "download:sequenceNumber": 0,
                    "cm:isContentIndexed": false,
                    "download:filesAdded": progress.files_added,
                    "cm:isIndexed": false,
                    "download:recursive": true,
                    "download:status": progress.status.as_str(),
                }),
            ),
        ]);
        if self.includes("path") {
            // The container lies outside Company Home, and nobody but the system may read it.
            members.push(("path", json!({ "name": "", "isComplete": false })));
        }
        if self.includes("permissions") {
            members.push(("permissions", json!({ "settable": SETTABLE, "isInheritanceEnabled": true })));
        }
        if self.includes("allowableOperations") {
            members.push(("allowableOperations", json!(["delete", "update", "updatePermissions"])));
        }
        if self.includes("isLink") {
            members.push(("isLink", json!(false)));
        }
        self.add_flags(&mut members, false);
        in_wire_order(members)
    }

    fn add_flags(&self, members: &mut Vec<(&'static str, Value)>, is_locked: bool) {
        if self.includes("isLocked") {
            members.push(("isLocked", json!(is_locked)));
        }
        if self.includes("isFavorite") {
            members.push(("isFavorite", json!(false)));
        }
    }

    /// The properties that are wanted: all, or those that are named.
    fn properties(&self, node: &Node) -> Map<String, Value> {
        let is_all = self.is_full || self.includes("properties");
        if !is_all && !self.include.iter().any(|name| name.contains(':')) {
            return Map::new();
        }
        let mut properties = node.extras.as_ref().map(|extras| extras.properties.clone()).unwrap_or_default();
        properties.retain(|name, value| {
            let is_hidden =
                ["cm:initialVersion", "cm:autoVersion", "cm:autoVersionOnUpdateProps"].contains(&name.as_str());
            !is_hidden && !value.is_null() && value != ""
        });
        if let Some(owner) = node.extras.as_ref().and_then(|extras| extras.owner.as_ref()) {
            properties.insert("cm:owner".to_owned(), self.user(owner));
        }
        if let Some(lock) = node.lock_in_force(self.now) {
            let lock_type = if lock.is_full || lock.is_checked_out { "READ_ONLY_LOCK" } else { "WRITE_LOCK" };
            let lifetime = if lock.is_ephemeral { "EPHEMERAL" } else { "PERSISTENT" };
            properties.insert("cm:lockOwner".to_owned(), self.user(&lock.owner));
            properties.insert("cm:lockType".to_owned(), json!(lock_type));
            properties.insert("cm:lockLifetime".to_owned(), json!(lifetime));
            let expires = lock.expires.map(|expires| ("cm:expiryDate".to_owned(), json!(expires.to_string())));
            properties.extend(expires);
        }
        if let Some(copy) = &node.working_copy {
            properties.insert("cm:workingCopyOwner".to_owned(), self.user(&copy.owner));
        }
        if !is_all {
            let is_named = |name: &str| {
                self.include.iter().any(|named| named.strip_prefix("properties/").unwrap_or(named) == name)
            };
            properties.retain(|name, _| is_named(name));
        }
        let capacity = properties.len().next_power_of_two();
        by_bucket(properties.into_iter().collect(), capacity)
    }

    /// The folders from Company Home to the parent; they start behind the first that the caller cannot read.
    fn path(&self, tree: &Tree, ancestors: &[&Node]) -> Value {
        let readable = |node: &&Node| tree.may(self.caller, node.id, Right::Read);
        let hidden = ancestors.iter().rposition(|node| !readable(node)).map_or(0, |last| last + 1);
        let shown = &ancestors[hidden..];
        let name: String = shown.iter().flat_map(|node| ["/", &node.name]).collect();
        let elements: Vec<_> = shown
            .iter()
            .map(|node| {
                json!({
                    "id": node.id.to_string(),
                    "name": node.name,
                    "nodeType": node.node_type.name(),
                    "aspectNames": self.aspects(node),
                })
            })
            .collect();
        let mut path = json!({ "name": name, "isComplete": hidden == 0 });
        if !elements.is_empty() {
            path["elements"] = elements.into();
        }
        path
    }

    fn allowable_operations(&self, tree: &Tree, node: &Node) -> Vec<&'static str> {
        let may = |right| tree.may(self.caller, node.id, right);
        let operations = [
            ("delete", may(Right::Delete) && !tree.is_special(node)),
            ("update", may(Right::Write)),
            ("create", may(Right::AddChildren) && !node.node_type.is_file()),
            ("updatePermissions", may(Right::ChangePermissions)),
        ];
        operations.into_iter().filter(|(_, allowed)| *allowed).map(|(name, _)| name).collect()
    }

    fn aspects<'n>(&self, node: &'n Node) -> Vec<&'n str> {
        let extras = node.extras.as_ref();
        let mut aspects: Vec<&str> =
            extras.map(|extras| extras.aspects.iter().map(String::as_str).collect()).unwrap_or_default();
        aspects.extend(extras.and_then(|extras| extras.owner.as_ref()).map(|_| "cm:ownable"));
        if let Some(lock) = node.lock_in_force(self.now) {
            aspects.push("cm:lockable");
            aspects.extend(lock.is_checked_out.then_some("cm:checkedOut"));
        }
        aspects.extend(node.working_copy.as_ref().map(|_| "cm:workingcopy"));
        aspects.push("cm:auditable");
        let mut seen = Vec::with_capacity(aspects.len());
        aspects.retain(|aspect| {
            let is_new = !seen.contains(aspect);
            seen.push(*aspect);
            is_new
        });
        aspects
    }
}

fn permissions(tree: &Tree, node: &Node) -> Value {
    let shown = |grant: &Grant| permission(tree, grant);
    let mut inherited: Vec<Value> = Vec::new();
    let mut level = node;
    while level.permissions.inherits
        && let Some(parent) = level.parent.and_then(|parent| tree.find(parent))
    {
        inherited.extend(parent.permissions.local.iter().map(shown));
        level = parent;
    }
    let local: Vec<_> = node.permissions.local.iter().map(shown).collect();
    let mut permissions = Map::new();
    if !inherited.is_empty() {
        permissions.insert("inherited".to_owned(), inherited.into());
    }
    if !local.is_empty() {
        permissions.insert("locallySet".to_owned(), local.into());
    }
    permissions.insert("settable".to_owned(), json!(SETTABLE));
    permissions.insert("isInheritanceEnabled".to_owned(), node.permissions.inherits.into());
    permissions.into()
}

/// One permission.
fn permission(tree: &Tree, grant: &Grant) -> Value {
    let authority = grant.authority.as_str();
    let group = tree.groups.find(authority).map(|group| &*group.display_name).filter(|name| !name.is_empty());
    let name = match authority {
        EVERYONE => EVERYONE,
        _ => group.or(authority.strip_prefix("GROUP_")).or(authority.strip_prefix("ROLE_")).unwrap_or(authority),
    };
    json!({
        "authorityId": authority,
        "name": grant.role.name,
        "accessStatus": if grant.is_denied { "DENIED" } else { "ALLOWED" },
        "authorityDisplayName": name,
    })
}

/// The names of the folders between two nodes; none when one is not below the other, or directly below it.
fn names_between(tree: &Tree, above: NodeId, below: NodeId) -> Option<String> {
    let ancestors = tree.ancestors(below);
    let place = ancestors.iter().position(|node| node.id == above)?;
    let between: String = ancestors[place + 1..].iter().flat_map(|node| ["/", &node.name]).collect();
    Some(between).filter(|between| !between.is_empty())
}

/// It stands between the names that every path has and the elements.
fn insert_relative_path(path: &mut Value, between: &str) {
    let Some(members) = path.as_object_mut() else { return };
    let elements = members.remove("elements");
    members.insert("relativePath".to_owned(), between.into());
    members.extend(elements.map(|elements| ("elements".to_owned(), elements)));
}

fn content(mimetype: &str, size: u64, encoding: &str) -> Value {
    json!({
        "mimeType": mimetype,
        "mimeTypeName": mimetype::display_name(mimetype),
        "sizeInBytes": size,
        "encoding": encoding,
    })
}

/// The order in which a Java hash map gives its members (wire reference, nodes, section 2). It begins with sixteen buckets.
pub(super) fn in_wire_order(members: Members) -> Map<String, Value> {
    by_bucket(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(), 16)
}

/// Members by bucket, and within one in the order in which they came. A Java hash map doubles its buckets when it is three
/// quarters full.
fn by_bucket(mut members: Vec<(String, Value)>, mut buckets: usize) -> Map<String, Value> {
    while members.len() * 4 > buckets * 3 {
        buckets *= 2;
    }
    members.sort_by_key(|(name, _)| {
        let units = name.encode_utf16();
        let hash = units.fold(0_u32, |hash, unit| hash.wrapping_mul(31).wrapping_add(unit.into()));
        (hash ^ (hash >> 16)) as usize % buckets
    });
    members.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_members_depends_on_their_number() {
        let names = |members: &[&'static str]| {
            let members = members.iter().map(|name| (*name, Value::Null)).collect();
            in_wire_order(members).keys().cloned().collect::<Vec<_>>().join(", ")
        };
        let twelve = [
            "isFile",
            "isFolder",
            "createdByUser",
            "modifiedByUser",
            "createdAt",
            "modifiedAt",
            "nodeType",
            "aspectNames",
            "name",
            "id",
            "parentId",
            "properties",
        ];
        assert_eq!(
            names(&twelve),
            "aspectNames, createdAt, isFolder, isFile, createdByUser, modifiedAt, modifiedByUser, name, id, nodeType, \
             parentId, properties"
        );
        assert_eq!(
            names(&[&["content"], &twelve[..]].concat()),
            "isFile, createdByUser, modifiedAt, nodeType, content, parentId, aspectNames, createdAt, isFolder, \
             modifiedByUser, name, id, properties"
        );
    }
}
