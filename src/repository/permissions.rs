//! Permissions as a client sets them (wire reference, nodes, section 10.2).

use std::collections::HashSet;

use super::{
    access::{EVERYONE, Grant, Permissions, Role},
    change::Change,
};
use crate::error::{Error, Result};

/// The roles that may be given to somebody.
pub(crate) const SETTABLE: [&str; 5] = ["Contributor", "Collaborator", "Coordinator", "Editor", "Consumer"];

/// Those that may be given in a site only.
const SETTABLE_IN_SITES: [&str; 4] = ["SiteManager", "SiteCollaborator", "SiteContributor", "SiteConsumer"];

/// Permissions as a client states them; none for what he does not speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Stated {
    pub(crate) has_inherited: bool,
    pub(crate) is_inheritance_enabled: Option<bool>,
    pub(crate) locally_set: Option<Vec<StatedGrant>>,
}

/// One permission as a client states it.
#[derive(Clone, Debug, Default)]
pub(crate) struct StatedGrant {
    pub(crate) authority: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) access_status: Option<String>,
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

impl Change<'_> {
    /// The permissions that a node has when the stated ones are set.
    pub(super) fn with_permissions(&self, now: &Permissions, stated: &Stated) -> Result<Permissions> {
        if stated.has_inherited {
            return Err(invalid("Cannot set *inherited* permissions on this node"));
        }
        let mut permissions = now.clone();
        permissions.inherits = stated.is_inheritance_enabled.unwrap_or(now.inherits);
        let Some(grants) = &stated.locally_set else { return Ok(permissions) };
        let mut seen = HashSet::new();
        if !grants.iter().all(|grant| seen.insert((&grant.authority, &grant.name))) {
            return Err(invalid(
                "Duplicate node permissions, there is more than one permission with the same authority and name!",
            ));
        }
        permissions.local = grants.iter().map(|grant| self.grant(now, grant)).collect::<Result<_>>()?;
        Ok(permissions)
    }

    fn grant(&self, now: &Permissions, stated: &StatedGrant) -> Result<Grant> {
        let is_denied = match stated.access_status.as_deref() {
            None | Some("ALLOWED") => false,
            Some("DENIED") => true,
            Some(other) => {
                return Err(invalid(format!(
                    "No enum constant org.alfresco.service.cmr.security.AccessStatus.{other}"
                )));
            }
        };
        let filled = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        let authority = filled(&stated.authority).ok_or_else(|| invalid("Authority Id is expected."))?;
        let name = filled(&stated.name).ok_or_else(|| invalid("Permission name is expected."))?;
        let is_known = authority == EVERYONE
            || self.tree.groups.find(&authority).is_some()
            || self.people.find(&authority).is_some();
        // What is there already is not looked at again.
        let existing = now.local.iter().find(|grant| grant.authority.as_str() == authority && grant.role.name == name);
        if !is_known && existing.is_none_or(|grant| grant.authority.as_str() != "ROLE_OWNER") {
            return Err(invalid(format!("Cannot set permissions on this node - unknown authority: {authority}")));
        }
        let is_settable = SETTABLE.contains(&name.as_str()) || SETTABLE_IN_SITES.contains(&name.as_str());
        let role = existing.map(|grant| grant.role).or_else(|| Role::named(&name).filter(|_| is_settable));
        let unknown = || invalid(format!("Cannot set permissions on this node - unknown access level: {name}"));
        Ok(Grant { authority: authority.as_str().into(), role: role.ok_or_else(unknown)?, is_denied })
    }
}
