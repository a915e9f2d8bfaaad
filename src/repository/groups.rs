//! Groups: authorities that stand for several people (wire reference, nodes, sections 10, 17 and 18).

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::node::UserName;

/// The group of all administrators.
pub(crate) const ADMINISTRATORS: &str = "GROUP_ALFRESCO_ADMINISTRATORS";

/// The groups that exist. Clones share them until one is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Groups(Arc<BTreeMap<Box<str>, Group>>);

/// What people call a group, and who belongs to it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Group {
    pub(crate) display_name: Box<str>,
    members: BTreeSet<UserName>,
}

impl Groups {
    pub(crate) fn find(&self, id: &str) -> Option<&Group> {
        self.0.get(id)
    }

    /// Makes a group that has nobody in it; what is there already stays.
    pub(crate) fn create(&mut self, id: &str, display_name: &str) {
        let group = || Group { display_name: display_name.into(), members: BTreeSet::new() };
        Arc::make_mut(&mut self.0).entry(id.into()).or_insert_with(group);
    }

    /// Removes a group.
    pub(crate) fn remove(&mut self, id: &str) {
        Arc::make_mut(&mut self.0).remove(id);
    }

    /// Puts somebody into a group, which must exist.
    pub(crate) fn add(&mut self, id: &str, member: &UserName) {
        if let Some(group) = Arc::make_mut(&mut self.0).get_mut(id) {
            group.members.insert(member.clone());
        }
    }

    /// Takes somebody out of a group.
    pub(crate) fn take_out(&mut self, id: &str, member: &UserName) {
        if let Some(group) = Arc::make_mut(&mut self.0).get_mut(id) {
            group.members.remove(member);
        }
    }

    pub(crate) fn has(&self, id: &str, member: &UserName) -> bool {
        self.find(id).is_some_and(|group| group.members.contains(member))
    }

    /// The groups that somebody belongs to, in the order of their ids.
    pub(crate) fn of(&self, member: &UserName) -> impl Iterator<Item = (&str, &Group)> {
        self.0.iter().filter(move |(_, group)| group.members.contains(member)).map(|(id, group)| (&**id, group))
    }
}

impl Group {
    pub(crate) fn members(&self) -> impl Iterator<Item = &UserName> {
        self.members.iter()
    }
}
