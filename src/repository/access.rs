//! Who may do what to a node.
//!
//! Administrators may do everything, owners everything to what is theirs; others have what was granted to them or to
//! everyone, at the node or above it, until a node that does not inherit (wire reference, nodes, section 10.1).

use super::{
    Tree,
    node::{NodeId, UserName},
};

/// The authority that everybody belongs to.
pub(crate) const EVERYONE: &str = "GROUP_EVERYONE";

/// Who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Caller {
    pub(crate) user: UserName,
    pub(crate) is_admin: bool,
}

/// What somebody may want to do to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Right {
    Read,
    AddChildren,
    Write,
    Delete,
    ChangePermissions,
}

/// A set of rights with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Role {
    pub(crate) name: &'static str,
    rights: &'static [Right],
}

const READER: &[Right] = &[Right::Read];
const CONTRIBUTOR: &[Right] = &[Right::Read, Right::AddChildren];
const EDITOR: &[Right] = &[Right::Read, Right::Write];
const COLLABORATOR: &[Right] = &[Right::Read, Right::AddChildren, Right::Write];
const ALL: &[Right] = &[Right::Read, Right::AddChildren, Right::Write, Right::Delete, Right::ChangePermissions];

const ROLES: &[Role] = &[
    Role { name: "Consumer", rights: READER },
    Role { name: "SiteConsumer", rights: READER },
    Role { name: "Contributor", rights: CONTRIBUTOR },
    Role { name: "SiteContributor", rights: CONTRIBUTOR },
    Role { name: "Editor", rights: EDITOR },
    Role { name: "Collaborator", rights: COLLABORATOR },
    Role { name: "SiteCollaborator", rights: COLLABORATOR },
    Role { name: "Coordinator", rights: ALL },
    Role { name: "SiteManager", rights: ALL },
    Role { name: "All", rights: ALL },
];

impl Role {
    pub(crate) const CONSUMER: Self = ROLES[0];
    pub(crate) const CONTRIBUTOR: Self = ROLES[2];
    pub(crate) const ALL: Self = ROLES[9];
    pub(crate) const SITE_CONSUMER: Self = ROLES[1];
    /// What sites grant to everybody, so that all can find out whether they are members. Nobody can set it.
    pub(crate) const READ_PERMISSIONS: Self = Self { name: "ReadPermissions", rights: &[] };

    pub(crate) fn named(name: &str) -> Option<Self> {
        ROLES.iter().find(|role| role.name == name).copied()
    }

    /// The names of all roles, for messages.
    pub(crate) fn names() -> String {
        ROLES.iter().map(|role| role.name).collect::<Vec<_>>().join(", ")
    }
}

/// What is granted or denied to an authority: a user, a group, `GROUP_EVERYONE`, or `ROLE_OWNER`.
#[derive(Clone, Debug)]
pub(crate) struct Grant {
    pub(crate) authority: UserName,
    pub(crate) role: Role,
    pub(crate) is_denied: bool,
}

/// The permissions set at a node.
#[derive(Clone, Debug)]
pub(crate) struct Permissions {
    pub(crate) inherits: bool,
    pub(crate) local: Vec<Grant>,
}

impl Default for Permissions {
    fn default() -> Self {
        Self { inherits: true, local: Vec::new() }
    }
}

impl Grant {
    pub(crate) fn allow(authority: &str, role: Role) -> Self {
        Self { authority: authority.into(), role, is_denied: false }
    }

    fn concerns(&self, tree: &Tree, caller: &Caller) -> bool {
        let authority = self.authority.as_str();
        authority == EVERYONE
            || self.authority == caller.user
            || (authority.starts_with("GROUP_") && tree.groups.has(authority, &caller.user))
    }
}

impl Tree {
    /// Whether `caller` may do that to the node; nobody may do anything to a node that is not there.
    pub(crate) fn may(&self, caller: &Caller, id: NodeId, right: Right) -> bool {
        let Some(node) = self.find(id) else { return false };
        if caller.is_admin || node.owner() == &caller.user {
            return true;
        }
        let mut level = Some(node);
        while let Some(node) = level {
            let grants = node
                .permissions
                .local
                .iter()
                .filter(|grant| grant.role.rights.contains(&right) && grant.concerns(self, caller));
            // At one node, what is denied wins over what is allowed.
            match grants.map(|grant| grant.is_denied).max() {
                Some(is_denied) => return !is_denied,
                None if node.permissions.inherits => level = node.parent.and_then(|parent| self.find(parent)),
                None => return false,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::bootstrap;

    fn caller(user: &str) -> Caller {
        Caller { user: user.into(), is_admin: false }
    }

    fn tree_with(grants: Vec<Grant>, inherits: bool) -> (Tree, NodeId) {
        let mut tree = bootstrap::tree(crate::clock::Timestamp::from_millis(0));
        let root = tree.root();
        let mut node = bootstrap::folder("/Private", "Private", root, crate::clock::Timestamp::from_millis(0));
        node.creator = "alice".into();
        node.permissions = Permissions { inherits, local: grants };
        let id = node.id;
        tree.insert(node);
        (tree, id)
    }

    #[test]
    fn everyone_reads_company_home_and_writes_nothing() {
        let (tree, id) = tree_with(vec![], true);
        assert!(tree.may(&caller("bob"), id, Right::Read));
        assert!(!tree.may(&caller("bob"), id, Right::Write));
        assert!(tree.may(&caller("alice"), id, Right::Delete), "the owner may do everything");
    }

    #[test]
    fn a_node_that_does_not_inherit_is_its_owners_and_the_administrators() {
        let (tree, id) = tree_with(vec![], false);
        assert!(!tree.may(&caller("bob"), id, Right::Read));
        assert!(tree.may(&Caller { is_admin: true, ..caller("bob") }, id, Right::ChangePermissions));
    }

    #[test]
    fn grants_are_for_the_named_and_denials_win() {
        let collaborator = Role::named("Collaborator").unwrap();
        let (tree, id) = tree_with(vec![Grant::allow("bob", collaborator)], false);
        assert!(tree.may(&caller("bob"), id, Right::Write));
        assert!(!tree.may(&caller("bob"), id, Right::Delete));
        assert!(!tree.may(&caller("carol"), id, Right::Read));
        let denied = Grant { is_denied: true, ..Grant::allow("bob", Role::CONSUMER) };
        let (tree, id) = tree_with(vec![Grant::allow(EVERYONE, Role::CONSUMER), denied], false);
        assert!(!tree.may(&caller("bob"), id, Right::Read));
        assert!(tree.may(&caller("carol"), id, Right::Read));
    }
}
