//! What exists in an empty repository (wire reference, nodes, section 3).

use serde_json::{Map, Value};

use super::{
    Tree,
    access::{EVERYONE, Grant, Permissions, Role},
    children::Children,
    groups::{ADMINISTRATORS, SITE_ADMINISTRATORS},
    node::{Extras, Node, NodeId, NodeType, UserName},
};
use crate::clock::Timestamp;

/// The user that everything at the start belongs to.
pub(crate) const SYSTEM: &str = "System";

/// The folders below Company Home: name, type, what everyone may do there when the folder does not inherit.
const FOLDERS: &[(&str, NodeType, Option<Role>)] = &[
    ("Data Dictionary", NodeType::FOLDER, Some(Role::CONSUMER)),
    ("Guest Home", NodeType::FOLDER, Some(Role::CONSUMER)),
    ("User Homes", NodeType::FOLDER, None),
    ("Shared", NodeType::FOLDER, Some(Role::CONTRIBUTOR)),
    ("Imap Attachments", NodeType::FOLDER, None),
    ("IMAP Home", NodeType::FOLDER, None),
    ("Sites", NodeType::SITES, None),
];

/// The groups, to each of which the administrator belongs.
const GROUPS: [&str; 6] = [
    ADMINISTRATORS,
    "GROUP_ALFRESCO_MODEL_ADMINISTRATORS",
    "GROUP_ALFRESCO_SEARCH_ADMINISTRATORS",
    "GROUP_ALFRESCO_SYSTEM_ADMINISTRATORS",
    "GROUP_EMAIL_CONTRIBUTORS",
    SITE_ADMINISTRATORS,
];

/// Company Home and the folders below it, made at `now`.
pub(crate) fn tree(now: Timestamp) -> Tree {
    let mut home = folder("/", "Company Home", NodeId::of_path("/"), now);
    home.parent = None;
    home.permissions = everyone(Role::CONSUMER);
    home.extras = Some(Box::new(facets("The company root space", "Company Home")));
    let root = home.id;
    let mut tree = Tree::new(home);
    for (name, node_type, role) in FOLDERS {
        let mut node = folder(&format!("/{name}"), name, root, now);
        node.node_type = *node_type;
        node.permissions = role.map(everyone).unwrap_or_default();
        node.extras = Some(Box::new(facets(name, name)));
        tree.insert(node);
    }
    for group in GROUPS {
        tree.groups.create(group, "");
        tree.groups.add(group, &"admin".into());
    }
    tree
}

/// The home folder of a new person, below User Homes.
pub(crate) fn home_folder(user: &UserName, user_homes: NodeId, now: Timestamp) -> Node {
    let mut home = folder(&format!("/User Homes/{user}"), user.as_str(), user_homes, now);
    home.creator = user.clone();
    home.modifier = user.clone();
    home.permissions = Permissions {
        inherits: false,
        local: vec![Grant::allow(user.as_str(), Role::ALL), Grant::allow("ROLE_OWNER", Role::ALL)],
    };
    home
}

/// A plain folder of the system's.
pub(crate) fn folder(path: &str, name: &str, parent: NodeId, now: Timestamp) -> Node {
    Node {
        id: NodeId::of_path(path),
        node_type: NodeType::FOLDER,
        name: name.into(),
        parent: Some(parent),
        secondary_parents: Vec::new(),
        children: Children::default(),
        created: now,
        creator: SYSTEM.into(),
        modified: now,
        modifier: SYSTEM.into(),
        content: None,
        permissions: Permissions::default(),
        lock: None,
        working_copy: None,
        extras: None,
    }
}

pub(crate) fn data_dictionary() -> NodeId {
    NodeId::of_path("/Data Dictionary")
}

/// What the alias `-shared-` stands for.
pub(crate) fn shared() -> NodeId {
    NodeId::of_path("/Shared")
}

/// What the alias `-my-` stands for. The administrator's home is Company Home itself.
pub(crate) fn home_of(user: &UserName, root: NodeId) -> NodeId {
    match user.as_str() {
        "admin" => root,
        "guest" => NodeId::of_path("/Guest Home"),
        name => NodeId::of_path(&format!("/User Homes/{name}")),
    }
}

fn everyone(role: Role) -> Permissions {
    Permissions { inherits: false, local: vec![Grant::allow(EVERYONE, role)] }
}

fn facets(description: &str, title: &str) -> Extras {
    let properties = [("cm:title", title), ("cm:description", description), ("app:icon", "space-icon-default")];
    Extras {
        owner: None,
        aspects: vec!["cm:titled".to_owned(), "app:uifacets".to_owned()],
        properties: properties
            .map(|(name, value)| (name.to_owned(), Value::from(value)))
            .into_iter()
            .collect::<Map<_, _>>(),
    }
}
