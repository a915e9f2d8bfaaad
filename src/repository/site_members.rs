//! Members of sites: who may make whom one, and what they are (wire reference, nodes, section 18).

use super::{
    Repository, Tree,
    access::{Caller, Right},
    change::Change,
    groups::is_group,
    node::UserName,
    sites::{ROLES, Site, role_group},
};
use crate::error::{Error, Result};

/// Somebody in a site.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) user: UserName,
    pub(crate) role: &'static str,
    /// Whether he is one because a group of his is.
    pub(crate) is_by_group: bool,
}

impl Tree {
    /// The members of a site: those who are it themselves, and then those whose groups are.
    pub(crate) fn members(&self, site: Site<'_>) -> Vec<Member> {
        let mut members: Vec<Member> = Vec::new();
        for is_by_group in [false, true] {
            for role in ROLES {
                let mut found = Vec::new();
                self.collect_people(&role_group(site.id(), role), is_by_group, &mut found);
                for user in found {
                    if !members.iter().any(|member| member.user == user) {
                        members.push(Member { user, role, is_by_group });
                    }
                }
            }
        }
        members
    }

    /// The people in a group, with those in groups of it or without.
    fn collect_people(&self, group: &str, goes_deep: bool, found: &mut Vec<UserName>) {
        let Some(group) = self.groups.find(group) else { return };
        found.extend(group.members().filter(|member| !is_group(member.as_str())).cloned());
        for inner in group.groups().filter(|_| goes_deep) {
            self.collect_people(inner.as_str(), goes_deep, found);
        }
    }
}

impl Repository {
    /// Makes people members of a site, all or none.
    pub(crate) fn add_site_members(
        &self,
        caller: &Caller,
        site: &str,
        new: &[(UserName, Option<String>)],
    ) -> Result<()> {
        self.change(caller, |change| {
            new.iter().try_for_each(|(user, role)| change.add_site_member(site, user, role.as_deref()))
        })
    }

    /// Gives a member of a site another role.
    pub(crate) fn update_site_member(
        &self,
        caller: &Caller,
        site: &str,
        user: &UserName,
        role: Option<&str>,
    ) -> Result<()> {
        self.change(caller, |change| {
            let site = change.find_site(site)?.id().to_owned();
            let role = required(role)?;
            let is_no_member = || Error::InvalidArgument("User is not a member of the site".into());
            let current = change.tree.site_role(&site, user).ok_or_else(is_no_member)?;
            if current == role {
                return Ok(());
            }
            if !change.can_add(&site, user, role) {
                return Err(Error::Unprocessable(
                    format!(
                        "The current user does not have permissions to modify the membership details of the site {site}."
                    )
                    .into(),
                ));
            }
            if change.is_last_manager(&site, current) {
                return Err(Error::Unprocessable(
                    format!(
                        "A site requires at least one site manager.  You cannot change the role of {user}, because they \
                         are currently the only site manager."
                    )
                    .into(),
                ));
            }
            change.set_role(&site, user, Some(current), role)
        })
    }

    /// Makes somebody no member of a site any more.
    pub(crate) fn remove_site_member(&self, caller: &Caller, site: &str, user: &UserName) -> Result<()> {
        self.change(caller, |change| {
            let unrelated = || Error::RelationshipNotFound { entity: user.to_string(), relation: site.to_owned() };
            let found = change.tree.site(change.caller, site).ok_or_else(unrelated)?;
            let (id, site) = (found.node.id, found.id().to_owned());
            let current = change.tree.site_role(&site, user).ok_or(Error::InvalidArgumentWithoutText)?;
            if change.is_last_manager(&site, current) {
                return Err(Error::InvalidArgument(format!("Can't remove last manager of site {site}").into()));
            }
            let may_change = change.tree.may(change.caller, id, Right::ChangePermissions);
            if !may_change && change.caller.user != *user && !change.tree.is_site_administrator(change.caller) {
                return Err(Error::Unprocessable(
                    format!(
                        "The current user does not have sufficient permissions to delete membership details of the site \
                         {site}."
                    )
                    .into(),
                ));
            }
            change.tree.groups.take_out(&role_group(&site, current), user);
            Ok(())
        })
    }
}

fn required(role: Option<&str>) -> Result<&str> {
    role.ok_or(Error::InvalidArgument("Must provide a role".into()))
}

impl Change<'_> {
    fn add_site_member(&mut self, site: &str, user: &UserName, role: Option<&str>) -> Result<()> {
        let site = self.find_site(site)?.id().to_owned();
        let role = required(role)?;
        if self.tree.site_role(&site, user).is_some() {
            return Err(Error::Conflict(format!("{user} is already a member of site {site}").into()));
        }
        if !self.can_add(&site, user, role) {
            return Err(Error::PermissionDenied);
        }
        self.set_role(&site, user, None, role)
    }

    /// Managers add anybody; to a public site everybody may add himself, as a mere consumer.
    fn can_add(&self, site: &str, user: &UserName, role: &str) -> bool {
        let Some(found) = self.tree.site(self.caller, site) else { return false };
        let joins = || {
            found.visibility() == "PUBLIC"
                && role == "SiteConsumer"
                && self.caller.user == *user
                && self.tree.site_role(site, user).is_none()
        };
        self.tree.may(self.caller, found.node.id, Right::ChangePermissions)
            || self.tree.is_site_administrator(self.caller)
            || joins()
    }

    /// Whether only one has that role, and it is the manager's.
    fn is_last_manager(&self, site: &str, role: &str) -> bool {
        let managers = self.tree.groups.find(&role_group(site, ROLES[0]));
        role == ROLES[0] && managers.is_none_or(|managers| managers.members().count() <= 1)
    }

    fn set_role(&mut self, site: &str, user: &UserName, current: Option<&str>, role: &str) -> Result<()> {
        if !ROLES.contains(&role) {
            return Err(Error::InvalidArgument(format!("Unknown role '{role}'").into()));
        }
        if let Some(current) = current {
            self.tree.groups.take_out(&role_group(site, current), user);
        }
        self.tree.groups.add(&role_group(site, role), user);
        Ok(())
    }
}
