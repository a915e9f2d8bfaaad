//! Making and changing groups (wire reference, nodes, section 17).

use super::{
    Repository,
    access::{Caller, EVERYONE, Permissions},
    change::Change,
    groups::{ADMINISTRATORS, Group, PREFIX, is_group},
    node::{NodeId, UserName},
    people::Person,
};
use crate::error::{Error, Result};

/// A group as a client wants it.
#[derive(Clone, Debug, Default)]
pub(crate) struct NewGroup {
    pub(crate) id: String,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    /// The groups that it is to belong to.
    pub(crate) parents: Vec<String>,
}

/// The id of a group, whether or not it is stated with what the ids of all groups begin with.
fn full_id(stated: &str) -> String {
    if is_group(stated) { stated.to_owned() } else { format!("{PREFIX}{stated}") }
}

fn fixed() -> Error {
    Error::Conflict("Trying to modify a fixed authority".into())
}

impl Repository {
    /// Makes a group; its id.
    pub(crate) fn create_group(&self, caller: &Caller, new: &NewGroup) -> Result<String> {
        self.change(caller, |change| change.create_group(new))
    }

    /// Changes what a group is called, and its description where one is stated.
    pub(crate) fn update_group(
        &self,
        caller: &Caller,
        id: &str,
        display_name: Option<&str>,
        description: Option<&str>,
    ) -> Result<()> {
        self.change(caller, |change| {
            change.require_administrator()?;
            if id == EVERYONE {
                return Err(fixed());
            }
            let group = change.tree.groups.find_mut(id).ok_or_else(|| Error::EntityNotFound(id.to_owned()))?;
            group.display_name = display_name.unwrap_or_default().into();
            if let Some(description) = description {
                group.description = Some(description.into());
            }
            Ok(())
        })
    }

    /// Removes a group, and with `cascade` the groups in it too.
    pub(crate) fn delete_group(&self, caller: &Caller, id: &str, cascade: bool) -> Result<()> {
        self.change(caller, |change| change.delete_group(id, cascade))
    }

    /// Puts a person or a group into a group.
    pub(crate) fn add_member(&self, caller: &Caller, id: &str, member: &UserName) -> Result<()> {
        self.change(caller, |change| change.add_member(id, member))
    }

    /// Takes a person or a group out of a group.
    pub(crate) fn remove_member(&self, caller: &Caller, id: &str, member: &UserName) -> Result<()> {
        self.change(caller, |change| {
            if !change.tree.groups.find(id).is_some_and(|group| group.has_directly(member)) {
                return Err(Error::NoSuch(format!("{member} is not member of {id}")));
            }
            change.require_administrator()?;
            change.tree.groups.take_out(id, member);
            change.name_administrators();
            Ok(())
        })
    }
}

impl Change<'_> {
    fn require_administrator(&self) -> Result<()> {
        if self.caller.is_admin { Ok(()) } else { Err(Error::PermissionDenied) }
    }

    fn create_group(&mut self, new: &NewGroup) -> Result<String> {
        let id = full_id(&new.id);
        if self.tree.groups.find(&id).is_some() {
            return Err(Error::Conflict(format!("Group '{}' already exists.", new.id).into()));
        }
        self.require_administrator()?;
        if let Some(illegal) = ['/', '\\', '\r', '\n', '"'].into_iter().find(|illegal| id.contains(*illegal)) {
            return Err(Error::IllegalArgument(
                format!("Group name contains characters that are not permitted: {illegal}").into(),
            ));
        }
        if let Some(unknown) = new.parents.iter().find(|parent| self.tree.groups.find(parent).is_none()) {
            return Err(Error::UnknownAuthority(unknown.clone()));
        }
        let group = Group {
            display_name: new.display_name.clone().unwrap_or_default().into(),
            description: new.description.clone().map(Into::into),
            ..Group::default()
        };
        self.tree.groups.put(&id, group);
        for parent in &new.parents {
            self.tree.groups.add(parent, &id.as_str().into());
        }
        Ok(id)
    }

    fn delete_group(&mut self, id: &str, cascade: bool) -> Result<()> {
        self.require_administrator()?;
        if id == EVERYONE {
            return Err(fixed());
        }
        let group = self.tree.groups.find(id).ok_or_else(|| Error::UnknownAuthority(id.to_owned()))?;
        let inner: Vec<UserName> = group.groups().filter(|_| cascade).cloned().collect();
        for inner in inner {
            // Several groups may hold it: then it is gone already.
            if self.tree.groups.find(inner.as_str()).is_some() {
                self.delete_group(inner.as_str(), true)?;
            }
        }
        self.forget_group(id);
        self.name_administrators();
        Ok(())
    }

    /// Removes a group, and what was granted to it.
    pub(super) fn forget_group(&mut self, id: &str) {
        let group = UserName::from(id);
        let has_grant = |permissions: &Permissions| permissions.local.iter().any(|grant| grant.authority == group);
        let granting = self.tree.nodes().filter(|node| has_grant(&node.permissions)).map(|node| node.id);
        for node in granting.collect::<Vec<NodeId>>() {
            if let Some(node) = self.tree.find_mut(node) {
                node.permissions.local.retain(|grant| grant.authority != group);
            }
        }
        self.tree.groups.remove(id);
    }

    fn add_member(&mut self, id: &str, member: &UserName) -> Result<()> {
        self.require_administrator()?;
        let group = self.tree.groups.find(id).ok_or_else(|| Error::EntityNotFound(id.to_owned()))?;
        if group.has_directly(member) {
            return Err(Error::Conflict(format!("Duplicate child name not allowed: {member}").into()));
        }
        if is_group(member.as_str()) && self.tree.groups.is_within(id, member.as_str()) {
            return Err(Error::Cyclic);
        }
        self.tree.groups.add(id, member);
        self.name_administrators();
        Ok(())
    }

    /// Makes those administrators who belong to their group, and nobody else. The first of them always is one.
    fn name_administrators(&mut self) {
        for person in self.people.sorted(&[]) {
            let is_admin = person.id.as_str() == "admin" || self.tree.groups.has(ADMINISTRATORS, &person.id);
            if person.is_admin != is_admin {
                self.people.put(Person { is_admin, ..Person::clone(&person) });
            }
        }
    }
}
