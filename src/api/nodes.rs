//! Nodes: `getNode`, `deleteNode`, for ordinary nodes and for downloads (wire reference, downloads, section 6; nodes,
//! sections 2, 4 and 8).

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value, json};

use super::{
    envelope::{self, Entry},
    extract::{Id, Parameters, Query},
};
use crate::{
    downloads::{Found, download::Download},
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, Grant, Right},
        bootstrap, mimetype,
        node::{Node, NodeId, UserName},
    },
};

/// Tells about a node.
pub(super) async fn get_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<Entry<Map<String, Value>>> {
    let shown = Shown { network: &network, caller: &caller, include: &parameters.include };
    let relative_path = query.get("relativePath");
    let members = match resolve(&network, &caller, &id)? {
        Found::Download(download) => {
            if relative_path.is_some() {
                return Err(not_a_folder(download.id));
            }
            if !download.is_of(&caller) {
                return Err(Error::PermissionDenied);
            }
            shown.download(&download)
        }
        Found::Node(node) => {
            let tree = network.repository().read();
            let node = match relative_path {
                Some(path) => at_path(&tree, &caller, node, path)?,
                None => tree.find(node).ok_or_else(|| Error::EntityNotFound(id.clone()))?,
            };
            if !tree.may(&caller, node.id, Right::Read) {
                return Err(Error::PermissionDenied);
            }
            shown.node(&tree, node)
        }
    };
    Ok(Entry::new(members, parameters.fields))
}

/// Deletes a node: a download at once and for good, an ordinary one with all below it.
pub(super) async fn delete_node(
    network: Network,
    caller: Caller,
    _: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<Response> {
    let permanent = query.get("permanent").is_some_and(|permanent| permanent.eq_ignore_ascii_case("true"));
    match resolve(&network, &caller, &id)? {
        Found::Download(download) => network.downloads().delete(&caller, &download)?,
        Found::Node(node) => network.repository().delete(&caller, node, &id, permanent)?,
    }
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// The node of an id or of an alias, which only some operations know.
fn resolve(network: &Network, caller: &Caller, id: &str) -> Result<Found> {
    let tree = network.repository().read();
    let root = tree.root();
    let alias = match id {
        "-root-" => root,
        "-my-" => bootstrap::home_of(&caller.user, root),
        "-shared-" => bootstrap::shared(),
        _ => {
            drop(tree);
            return network.downloads().look_up(id);
        }
    };
    tree.find(alias).map(|node| Found::Node(node.id)).ok_or_else(|| Error::EntityNotFound(id.to_owned()))
}

/// The node at a path of names below another; what cannot be read is as if it were not there.
fn at_path<'a>(tree: &'a Tree, caller: &Caller, start: NodeId, path: &str) -> Result<&'a Node> {
    let not_found = || Error::NoSuch(format!("The entity with relativePath: {path} was not found."));
    let mut node = tree.find(start).ok_or_else(not_found)?;
    if !node.node_type.is_folder() {
        return Err(not_a_folder(start));
    }
    for name in path.split('/').map(str::trim).filter(|name| !name.is_empty()) {
        node = tree
            .child_named(node.id, name)
            .filter(|child| tree.may(caller, child.id, Right::Read))
            .ok_or_else(not_found)?;
    }
    Ok(node)
}

fn not_a_folder(id: NodeId) -> Error {
    Error::InvalidArgument(format!("NodeId of folder is expected: {id}").into())
}

/// How a node is shown to a caller.
struct Shown<'a> {
    network: &'a Network,
    caller: &'a Caller,
    include: &'a [String],
}

impl Shown<'_> {
    fn includes(&self, name: &str) -> bool {
        self.include.iter().any(|included| included == name)
    }

    fn user(&self, user: &UserName) -> Value {
        json!({ "id": user.as_str(), "displayName": self.network.people().display_name(user) })
    }

    fn node(&self, tree: &Tree, node: &Node) -> Map<String, Value> {
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
            ("aspectNames", json!(aspects(node))),
        ];
        if let Some(data) = node.content.as_ref().filter(|_| node.node_type.is_file()) {
            members.push(("content", content(&data.mimetype, data.size, &data.encoding)));
        }
        let properties = self.properties(node);
        if !properties.is_empty() {
            members.push(("properties", properties.into()));
        }
        members.extend(node.parent.map(|parent| ("parentId", json!(parent.to_string()))));
        if self.includes("path") {
            members.push(("path", self.path(tree, node.id)));
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
        if self.includes("association") && node.parent.is_some() {
            members.push(("association", json!({ "isPrimary": true, "assocType": "cm:contains" })));
        }
        if self.includes("isLink") {
            let is_link = ["cm:link", "app:filelink", "app:folderlink"].contains(&node.node_type.name());
            members.push(("isLink", json!(is_link)));
        }
        self.add_flags(&mut members, node.lock.is_some());
        in_wire_order(members)
    }

    fn download(&self, download: &Download) -> Map<String, Value> {
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

    fn properties(&self, node: &Node) -> Map<String, Value> {
        let mut properties = node.extras.as_ref().map(|extras| extras.properties.clone()).unwrap_or_default();
        properties.retain(|_, value| !value.is_null() && value != "");
        if let Some(owner) = node.extras.as_ref().and_then(|extras| extras.owner.as_ref()) {
            properties.insert("cm:owner".to_owned(), self.user(owner));
        }
        if let Some(lock) = &node.lock {
            let lock_type = if lock.is_full || lock.is_checked_out { "READ_ONLY_LOCK" } else { "WRITE_LOCK" };
            properties.insert("cm:lockOwner".to_owned(), self.user(&lock.owner));
            properties.insert("cm:lockType".to_owned(), json!(lock_type));
            properties.insert("cm:lockLifetime".to_owned(), json!("PERSISTENT"));
        }
        if let Some(copy) = &node.working_copy {
            properties.insert("cm:workingCopyOwner".to_owned(), self.user(&copy.owner));
        }
        properties
    }

    /// The folders from Company Home to the parent; they start behind the first that the caller cannot read.
    fn path(&self, tree: &Tree, id: NodeId) -> Value {
        let ancestors = tree.ancestors(id);
        let readable = |node: &&&Node| tree.may(self.caller, node.id, Right::Read);
        let hidden = ancestors.iter().rposition(|node| !readable(&node)).map_or(0, |last| last + 1);
        let shown = &ancestors[hidden..];
        let name: String = shown.iter().flat_map(|node| ["/", &node.name]).collect();
        let elements: Vec<_> = shown
            .iter()
            .map(|node| {
                json!({
                    "id": node.id.to_string(),
                    "name": node.name,
                    "nodeType": node.node_type.name(),
                    "aspectNames": aspects(node),
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
}

const SETTABLE: [&str; 5] = ["Contributor", "Collaborator", "Coordinator", "Editor", "Consumer"];

fn aspects(node: &Node) -> Vec<&str> {
    let extras = node.extras.as_ref();
    let mut aspects: Vec<&str> =
        extras.map(|extras| extras.aspects.iter().map(String::as_str).collect()).unwrap_or_default();
    aspects.extend(extras.and_then(|extras| extras.owner.as_ref()).map(|_| "cm:ownable"));
    if let Some(lock) = &node.lock {
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

fn content(mimetype: &str, size: u64, encoding: &str) -> Value {
    json!({
        "mimeType": mimetype,
        "mimeTypeName": mimetype::display_name(mimetype),
        "sizeInBytes": size,
        "encoding": encoding,
    })
}

fn permissions(tree: &Tree, node: &Node) -> Value {
    let shown = |grant: &Grant| {
        json!({
            "authorityId": grant.authority.as_str(),
            "name": grant.role.name,
            "accessStatus": if grant.is_denied { "DENIED" } else { "ALLOWED" },
        })
    };
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

/// The order in which a Java hash map gives its members: by bucket, and within one in the order in which they came
/// (wire reference, nodes, section 2). The map doubles when it is three quarters full.
fn in_wire_order(mut members: Vec<(&'static str, Value)>) -> Map<String, Value> {
    let buckets = if members.len() <= 12 { 16 } else { 32 };
    members.sort_by_key(|(name, _)| {
        let hash = name.bytes().fold(0_u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
        (hash ^ (hash >> 16)) % buckets
    });
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
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
