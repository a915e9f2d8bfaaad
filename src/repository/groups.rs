//! Groups: authorities that stand for several people (wire reference, nodes, sections 10, 17 and 18).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::node::UserName;

/// The group of all administrators.
pub(crate) const ADMINISTRATORS: &str = "GROUP_ALFRESCO_ADMINISTRATORS";

/// The group of those who may manage every site.
pub(crate) const SITE_ADMINISTRATORS: &str = "GROUP_SITE_ADMINISTRATORS";

/// What the ids of groups begin with.
pub(crate) const PREFIX: &str = "GROUP_";

/// The groups that exist. Clones share them until one is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Arc<BTreeMap<Box<str>, Group>>);

/// What people call a group, and who belongs to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    /// Empty when nobody gave it one.
    pub(crate) display_name: Box<str>,
    pub(crate) description: Option<Box<str>>,
    /// Whether it was made with a site.
    pub(crate) is_of_site: bool,
    /// People and other groups.
    pub(super) members: BTreeSet<UserName>,
}

/// Whether that is the id of a group, and not of a person.
pub(crate) fn is_group(id: &str) -> bool {
    id.starts_with(PREFIX)
}

impl Groups {
    pub(crate) fn find(&self, id: &str) -> Option<&Group> {
        self.0.get(id)
    }

    /// All of them, in the order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Group)> {
        self.0.iter().map(|(id, group)| (&**id, group))
    }

    /// Makes a group that has nobody in it; what is there already stays.
    pub(crate) fn create(&mut self, id: &str, display_name: &str) {
        self.put(id, Group { display_name: display_name.into(), ..Group::default() });
    }

    /// Adds a group; what is there already stays.
    pub(crate) fn put(&mut self, id: &str, group: Group) {
        Arc::make_mut(&mut self.0).entry(id.into()).or_insert(group);
    }

    pub(crate) fn find_mut(&mut self, id: &str) -> Option<&mut Group> {
        Arc::make_mut(&mut self.0).get_mut(id)
    }

    /// Removes a group, from the groups that it belongs to as well.
    pub(crate) fn remove(&mut self, id: &str) {
        let groups = Arc::make_mut(&mut self.0);
        groups.remove(id);
        for group in groups.values_mut() {
            group.members.remove(&UserName::from(id));
        }
    }

    /// Puts a person or a group into a group, which must exist.
    pub(crate) fn add(&mut self, id: &str, member: &UserName) {
        if let Some(group) = self.find_mut(id) {
            group.members.insert(member.clone());
        }
    }

    /// Takes a person or a group out of a group.
    pub(crate) fn take_out(&mut self, id: &str, member: &UserName) {
        if let Some(group) = self.find_mut(id) {
            group.members.remove(member);
        }
    }

    /// Whether somebody belongs to a group, or to a group in it.
    pub(crate) fn has(&self, id: &str, member: &UserName) -> bool {
        self.find(id).is_some_and(|group| {
            group.members.contains(member) || group.groups().any(|inner| self.has(inner.as_str(), member))
        })
    }

    /// Whether a group is another, or lies in it however deep.
    pub(crate) fn is_within(&self, inner: &str, outer: &str) -> bool {
        inner == outer || self.has(outer, &inner.into())
    }

    /// The groups that a person or a group belongs to directly, in the order of their ids.
    pub(crate) fn parents(&self, member: &UserName) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(_, group)| group.members.contains(member)).map(|(id, _)| id)
    }

    /// Whether a group belongs to no other.
    pub(crate) fn is_root(&self, id: &str) -> bool {
        self.find(id).is_some() && self.parents(&id.into()).next().is_none()
    }

    /// The groups that somebody belongs to, be it through others, in the order of their ids.
    pub(crate) fn of(&self, member: &UserName) -> impl Iterator<Item = (&str, &Group)> {
        self.iter().filter(move |(id, _)| self.has(id, member))
    }
}

impl Group {
    /// Who belongs to it directly.
    pub(crate) fn members(&self) -> impl Iterator<Item = &UserName> {
        self.members.iter()
    }

    /// The groups that belong to it directly.
    pub(crate) fn groups(&self) -> impl Iterator<Item = &UserName> {
        self.members().filter(|member| is_group(member.as_str()))
    }

    pub(crate) fn has_directly(&self, member: &UserName) -> bool {
        self.members.contains(member)
    }

    /// What people call it: its name, or its id without what the ids of all groups begin with.
    pub(crate) fn called<'a>(&'a self, id: &'a str) -> &'a str {
        match &*self.display_name {
            "" => id.strip_prefix(PREFIX).unwrap_or(id),
            name => name,
        }
    }

    /// The zones that it is in, which tell groups of sites from others.
    pub(crate) fn zones(&self) -> [&'static str; 2] {
        if self.is_of_site { ["APP.SHARE", "AUTH.ALF"] } else { ["APP.DEFAULT", "AUTH.ALF"] }
    }
}
