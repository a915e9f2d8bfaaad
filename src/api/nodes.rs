//! Nodes: `getNode`, `updateNode`, `deleteNode`, `copyNode`, `moveNode`, for ordinary nodes and, as far as they go, for
//! downloads (wire reference, downloads, section 6; nodes, sections 2, 4, 8, 11 and 13).

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value};

use super::{
    envelope::{self, Entry},
    extract::{Id, JsonBody, Parameters, Query},
    jackson::{self, Bean, Json, Kind, Object},
    node_entry::Shown,
};
use crate::{
    downloads::Found,
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, Right},
        description::Description,
        links::SecondaryChild,
        node::{Node, NodeId},
        permissions::{Stated, StatedGrant},
        update::Update,
    },
};

/// A node as an answer.
pub(super) type NodeEntry = Entry<Map<String, Value>>;

const PERMISSION: Bean = Bean {
    class: "org.alfresco.rest.api.model.NodePermissions$NodePermission",
    properties: &[
        ("name", Kind::Text),
        ("authorityId", Kind::Text),
        ("accessStatus", Kind::Text),
        ("authorityDisplayName", Kind::Text),
    ],
    allows_array: true,
};

const PERMISSIONS: Bean = Bean {
    class: "org.alfresco.rest.api.model.NodePermissions",
    properties: &[
        ("isInheritanceEnabled", Kind::Boolean),
        ("inherited", Kind::Beans(&PERMISSION)),
        ("locallySet", Kind::Beans(&PERMISSION)),
        ("settable", Kind::Texts),
    ],
    allows_array: false,
};

const ASSOCIATION: Bean = Bean {
    class: "org.alfresco.rest.api.model.AssocChild",
    properties: &[("assocType", Kind::Text), ("isPrimary", Kind::Boolean), ("childId", Kind::Text)],
    allows_array: true,
};

/// A node in a body. What only answers have is read and ignored.
pub(super) const NODE: Bean = Bean {
    class: "org.alfresco.rest.api.model.Node",
    properties: &[
        ("id", Kind::Text),
        ("name", Kind::Text),
        ("nodeType", Kind::Text),
        ("properties", Kind::Map),
        ("aspectNames", Kind::Texts),
        ("relativePath", Kind::Text),
        ("association", Kind::Bean(&ASSOCIATION)),
        ("permissions", Kind::Bean(&PERMISSIONS)),
        ("secondaryChildren", Kind::Beans(&ASSOCIATION)),
        ("targets", Kind::Ignored),
        ("parentId", Kind::Text),
        ("isFolder", Kind::Boolean),
        ("isFile", Kind::Boolean),
        ("isLink", Kind::Boolean),
        ("isLocked", Kind::Boolean),
        ("isFavorite", Kind::Boolean),
        ("content", Kind::Ignored),
        ("path", Kind::Ignored),
        ("definition", Kind::Ignored),
        ("search", Kind::Ignored),
        ("allowableOperations", Kind::Texts),
        ("createdAt", Kind::Ignored),
        ("modifiedAt", Kind::Ignored),
        ("archivedAt", Kind::Ignored),
        ("createdByUser", Kind::Ignored),
        ("modifiedByUser", Kind::Ignored),
        ("archivedByUser", Kind::Ignored),
        ("versionLabel", Kind::Text),
        ("versionComment", Kind::Text),
        ("location", Kind::Text),
        ("nodeId", Kind::Text),
        ("title", Kind::Text),
        ("description", Kind::Text),
        ("guid", Kind::Text),
    ],
    allows_array: true,
};

const TARGET: Bean = Bean {
    class: "org.alfresco.rest.api.model.NodeTarget",
    properties: &[("targetParentId", Kind::Text), ("name", Kind::Text)],
    allows_array: false,
};

/// What a body says of aspects and properties.
pub(super) fn description(body: &Object) -> Description {
    Description {
        aspects: body.texts("aspectNames").map(|names| names.iter().flatten().cloned().collect()),
        properties: body.map("properties").cloned().unwrap_or_default(),
    }
}

/// What a body says of permissions.
pub(super) fn permissions(body: &Object) -> Option<Stated> {
    let stated = body.bean("permissions")?;
    let grant = |grant: &Object| StatedGrant {
        authority: grant.owned("authorityId"),
        name: grant.owned("name"),
        access_status: grant.owned("accessStatus"),
    };
    Some(Stated {
        has_inherited: stated.beans("inherited").is_some_and(|inherited| !inherited.is_empty()),
        is_inheritance_enabled: stated.boolean("isInheritanceEnabled"),
        locally_set: stated.beans("locallySet").map(|grants| grants.iter().map(grant).collect()),
    })
}

/// What a body says of secondary children.
pub(super) fn secondary_children(bodies: &[Object]) -> Vec<SecondaryChild> {
    let child = |body: &Object| SecondaryChild { child_id: body.owned("childId"), assoc_type: body.owned("assocType") };
    bodies.iter().map(child).collect()
}

/// The associations in a body.
pub(super) fn associations(body: &Json) -> Result<Vec<SecondaryChild>> {
    let bodies = several(&ASSOCIATION, body)?;
    Ok(secondary_children(&bodies))
}

/// The objects of a collection's body, of which there is at least one.
pub(super) fn several(bean: &Bean, body: &Json) -> Result<Vec<Object>> {
    let bodies = jackson::read(bean, body)?.unwrap_or_default();
    if bodies.is_empty() {
        return Err(Error::InvalidArgument("Could not read content from HTTP request body, the list is empty".into()));
    }
    Ok(bodies)
}

/// The one object of an operation's body; nothing stands for an empty one.
pub(super) fn one(bean: &Bean, body: &Json) -> Result<Object> {
    let bodies = jackson::read(bean, body)?.unwrap_or_default();
    Ok(bodies.into_iter().next().unwrap_or_default())
}

/// Shows a node that was just made or changed.
pub(super) fn shown(network: &Network, caller: &Caller, parameters: Parameters, id: NodeId) -> Result<NodeEntry> {
    let tree = network.repository().read();
    let node = tree.find(id).ok_or_else(|| Error::EntityNotFound(id.to_string()))?;
    let members = Shown::alone(network, caller, &parameters).node(&tree, node);
    Ok(Entry::new(members, parameters.fields))
}

/// Tells about a node.
pub(super) async fn get_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<NodeEntry> {
    let shown = Shown::alone(&network, &caller, &parameters);
    let relative_path = query.get("relativePath");
    let members = match network.downloads().look_up_alias(&caller, &id)? {
        Found::Download(download) => {
            if relative_path.is_some() {
                return Err(not_a_folder(download.id));
            }
            if !download.is_of(&caller) {
                return Err(Error::PermissionDenied);
            }
            shown.check()?;
            shown.download(&download)
        }
        Found::Node(node) => {
            let tree = network.repository().read();
            let node = at_path(&tree, &caller, node, relative_path)?;
            if !tree.may(&caller, node.id, Right::Read) {
                return Err(Error::PermissionDenied);
            }
            shown.check()?;
            shown.node(&tree, node)
        }
    };
    Ok(Entry::new(members, parameters.fields))
}

/// Changes a node's name, type, properties, aspects or permissions.
pub(super) async fn update_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<NodeEntry> {
    let body = one(&Bean { allows_array: false, ..NODE }, &body)?;
    refuse_download(&network, &id)?;
    let update = Update {
        name: body.owned("name"),
        node_type: body.owned("nodeType"),
        description: description(&body),
        permissions: permissions(&body),
        parent: body.owned("parentId"),
    };
    let id = network.repository().update(&caller, &id, &update)?;
    shown(&network, &caller, parameters, id)
}

/// Deletes a node: a download at once and for good, an ordinary one with all below it.
pub(super) async fn delete_node(
    network: Network,
    caller: Caller,
    _: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<Response> {
    match network.downloads().look_up_alias(&caller, &id)? {
        Found::Download(download) => network.downloads().delete(&caller, &download)?,
        Found::Node(_) => network.repository().delete(&caller, &id, query.is_true("permanent"))?,
    }
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// Copies a node, with all below it.
pub(super) async fn copy_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<NodeEntry> {
    let target = one(&TARGET, &body)?;
    refuse_download(&network, &id)?;
    let copy = network.repository().copy(&caller, &id, target.text("targetParentId"), target.text("name"))?;
    Ok(shown(&network, &caller, parameters, copy)?.with_status(StatusCode::CREATED))
}

/// Moves a node below another parent.
pub(super) async fn move_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<NodeEntry> {
    let target = one(&TARGET, &body)?;
    refuse_download(&network, &id)?;
    let id = network.repository().move_to(&caller, &id, target.text("targetParentId"), target.text("name"))?;
    shown(&network, &caller, parameters, id)
}

/// Downloads are made, read, cancelled and deleted; that the real server's can be changed too is not mocked.
pub(super) fn refuse_download(network: &Network, id: &str) -> Result<()> {
    match NodeId::stated(id).and_then(|id| network.downloads().get(id)) {
        Some(_) => Err(Error::PermissionDenied),
        None => Ok(()),
    }
}

/// The node at a path of names below another; what cannot be read is as if it were not there.
pub(super) fn at_path<'a>(tree: &'a Tree, caller: &Caller, start: NodeId, path: Option<&str>) -> Result<&'a Node> {
    let mut node = tree.find(start).ok_or_else(|| Error::EntityNotFound(start.to_string()))?;
    let Some(path) = path else { return Ok(node) };
    if !node.node_type.is_folder() {
        return Err(not_a_folder(start));
    }
    for name in path.split('/').map(str::trim).filter(|name| !name.is_empty()) {
        node = tree
            .child_named(node.id, name)
            .filter(|child| tree.may(caller, child.id, Right::Read))
            .ok_or_else(|| Error::NoSuch(format!("The entity with relativePath: {path} was not found.")))?;
    }
    Ok(node)
}

pub(super) fn not_a_folder(id: NodeId) -> Error {
    Error::InvalidArgument(format!("NodeId of folder is expected: {id}").into())
}
