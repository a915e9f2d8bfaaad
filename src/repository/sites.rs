//! Sites: folders below Sites, each with a document library and a group for each role (wire reference, nodes, section 18).
//!
//! Who is a member is decided by the groups alone, and what members may by what the site grants to its groups.

use serde_json::{Map, Value};

use super::{
    Repository, Tree,
    access::{Caller, EVERYONE, Grant, Permissions, Right, Role},
    change::Change,
    groups::{Group, PREFIX, SITE_ADMINISTRATORS},
    node::{Extras, Node, NodeId, NodeType, UserName},
    tree::CONTAINS,
};
use crate::error::{Error, Result};

/// The roles of members, the mightiest first.
pub(crate) const ROLES: [&str; 4] = ["SiteManager", "SiteCollaborator", "SiteContributor", "SiteConsumer"];

/// The one preset that sites are made with.
const PRESET: &str = "site-dashboard";

const DOCUMENT_LIBRARY: &str = "documentLibrary";

/// What a client says of a site; none for what he does not speak of.
#[derive(Clone, Debug, Default)]
pub(crate) struct Statement {
    pub(crate) title: Option<String>,
    pub(crate) description: Option<String>,
    /// `PUBLIC`, `MODERATED` or `PRIVATE`.
    pub(crate) visibility: Option<String>,
}

/// A site, as those see it who may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a> {
    pub(crate) node: &'a Node,
}

impl<'a> Site<'a> {
    pub(crate) fn id(self) -> &'a str {
        &self.node.name
    }

    fn text(self, property: &str) -> &'a str {
        self.node.property(property).and_then(Value::as_str).unwrap_or_default()
    }

    pub(crate) fn title(self) -> &'a str {
        self.text("cm:title")
    }

    pub(crate) fn description(self) -> &'a str {
        self.text("cm:description")
    }

    pub(crate) fn preset(self) -> &'a str {
        self.text("st:sitePreset")
    }

    /// A site of which nothing is said is for everybody.
    pub(crate) fn visibility(self) -> &'a str {
        match self.text("st:siteVisibility") {
            "" => "PUBLIC",
            visibility => visibility,
        }
    }
}

/// The group of a site, to which those of its roles belong.
fn site_group(site: &str) -> String {
    format!("{PREFIX}site_{site}")
}

/// The group of those who have a role in a site.
pub(super) fn role_group(site: &str, role: &str) -> String {
    format!("{PREFIX}site_{site}_{role}")
}

impl Tree {
    fn sites_folder(&self) -> Option<&Node> {
        self.find(NodeId::of_path("/Sites"))
    }

    /// The site of that id, for those who may see it: nobody else learns that there is one.
    pub(crate) fn site(&self, caller: &Caller, id: &str) -> Option<Site<'_>> {
        let node = self.child_named(self.sites_folder()?.id, id).filter(|node| node.node_type.name() == "st:site")?;
        self.may_see(caller, node).then_some(Site { node })
    }

    /// All sites that the caller may see.
    pub(crate) fn sites(&self, caller: &Caller) -> Vec<Site<'_>> {
        let children = self.sites_folder().into_iter().flat_map(|sites| sites.children.iter());
        let nodes = children.filter(|child| child.is_primary).filter_map(|child| self.find(child.id));
        let nodes = nodes.filter(|node| node.node_type.name() == "st:site" && self.may_see(caller, node));
        nodes.map(|node| Site { node }).collect()
    }

    fn may_see(&self, caller: &Caller, site: &Node) -> bool {
        self.may(caller, site.id, Right::Read) || self.is_site_administrator(caller)
    }

    pub(super) fn is_site_administrator(&self, caller: &Caller) -> bool {
        caller.is_admin || self.groups.has(SITE_ADMINISTRATORS, &caller.user)
    }

    /// What somebody is in a site: of several roles the mightiest that is his own, else the mightiest of his groups'.
    pub(crate) fn site_role(&self, site: &str, user: &UserName) -> Option<&'static str> {
        let group = |role: &&str| self.groups.find(&role_group(site, role));
        let own = ROLES.into_iter().find(|role| group(role).is_some_and(|group| group.has_directly(user)));
        own.or_else(|| ROLES.into_iter().find(|role| self.groups.has(&role_group(site, role), user)))
    }

    /// The folders of a site that stand for parts of it, such as its document library.
    pub(crate) fn containers(&self, site: Site<'_>) -> Vec<&Node> {
        let children = site.node.children.iter().filter_map(|child| self.find(child.id));
        children.filter(|node| node.has_aspect("st:siteContainer")).collect()
    }
}

impl Repository {
    /// Makes a site, of which the caller is the manager; its id.
    pub(crate) fn create_site(&self, caller: &Caller, id: &str, statement: &Statement) -> Result<NodeId> {
        self.change(caller, |change| change.create_site(id, statement))
    }

    /// Changes what is stated of a site.
    pub(crate) fn update_site(&self, caller: &Caller, id: &str, statement: &Statement) -> Result<()> {
        self.change(caller, |change| change.update_site(id, statement))
    }

    /// Deletes a site with all that is in it, into the trash can or for good.
    pub(crate) fn delete_site(&self, caller: &Caller, id: &str, permanent: bool) -> Result<()> {
        self.change(caller, |change| {
            let node = change.find_site(id)?.node;
            let (id, name) = (node.id, node.name.clone());
            if !change.tree.is_site_administrator(change.caller) {
                change.require(id, Right::Delete)?;
            }
            change.remove(id, permanent);
            if permanent {
                change.forget_site(&name);
            }
            Ok(())
        })
    }
}

impl Change<'_> {
    pub(super) fn find_site(&self, id: &str) -> Result<Site<'_>> {
        self.tree.site(self.caller, id).ok_or_else(|| Error::EntityNotFound(id.to_owned()))
    }

    fn create_site(&mut self, id: &str, statement: &Statement) -> Result<NodeId> {
        let sites = NodeId::of_path("/Sites");
        // As long as a deleted site can be restored, its groups are there, and so its name is taken.
        if self.is_taken(sites, id, None) || self.tree.groups.find(&site_group(id)).is_some() {
            return Err(Error::Conflict(
                format!(
                    "Unable to create site because the site short name {id} is already in use.  Site short names must be \
                     unique."
                )
                .into(),
            ));
        }
        let visibility = statement.visibility.as_deref().unwrap_or("PUBLIC");
        self.make_groups(id);
        let mut site = self.blank_node(NodeType::FOLDER, id, Some(sites));
        site.node_type = NodeType::named("st:site").unwrap_or(NodeType::FOLDER);
        let texts = [
            ("cm:title", statement.title.as_deref().unwrap_or_default()),
            ("cm:description", statement.description.as_deref().unwrap_or_default()),
            ("st:sitePreset", PRESET),
            ("st:siteVisibility", visibility),
        ];
        site.extras = Some(Box::new(extras(&["cm:titled", "cm:tagscope"], &texts)));
        let mut local = role_grants(id);
        local.extend(everyone(visibility));
        local.push(Grant::allow(EVERYONE, Role::READ_PERMISSIONS));
        site.permissions = Permissions { inherits: false, local };
        let site_id = site.id;
        // Making a site does not count as a change of the folder of all sites.
        self.tree.insert(site);
        let mut library = self.blank_node(NodeType::FOLDER, DOCUMENT_LIBRARY, Some(site_id));
        library.extras =
            Some(Box::new(extras(&["st:siteContainer", "cm:tagscope"], &[("st:componentId", DOCUMENT_LIBRARY)])));
        library.permissions = container_permissions(id, visibility, &Permissions::default());
        self.insert(library, CONTAINS);
        Ok(site_id)
    }

    /// Makes the groups of a site, with the caller as its manager.
    fn make_groups(&mut self, site: &str) {
        let all = site_group(site);
        let ids = ROLES.iter().map(|role| role_group(site, role));
        for id in std::iter::once(all.clone()).chain(ids) {
            let display_name = id.strip_prefix(PREFIX).unwrap_or(&id).into();
            self.tree.groups.put(&id, Group { display_name, is_of_site: true, ..Group::default() });
            if id != all {
                self.tree.groups.add(&all, &id.as_str().into());
            }
        }
        self.tree.groups.add(&role_group(site, ROLES[0]), &self.caller.user);
    }

    /// Removes the groups of a site that is gone for good.
    pub(super) fn forget_site(&mut self, site: &str) {
        for role in ROLES {
            self.forget_group(&role_group(site, role));
        }
        self.forget_group(&site_group(site));
    }

    fn update_site(&mut self, asked: &str, statement: &Statement) -> Result<()> {
        let site = self.find_site(asked)?;
        let (id, name, before) = (site.node.id, site.node.name.clone(), site.visibility().to_owned());
        let containers: Vec<NodeId> = self.tree.containers(site).iter().map(|node| node.id).collect();
        self.require(id, Right::Write)?;
        let after = statement.visibility.as_deref().filter(|after| *after != before);
        if after.is_some() {
            self.require(id, Right::ChangePermissions)?;
        }
        if let Some(node) = self.tree.find_mut(id) {
            let properties = &mut node.extras.get_or_insert_default().properties;
            for (property, stated) in [
                ("cm:title", &statement.title),
                ("cm:description", &statement.description),
                ("st:siteVisibility", &statement.visibility),
            ] {
                properties.extend(stated.iter().map(|text| (property.to_owned(), Value::from(text.as_str()))));
            }
            if let Some(after) = after {
                let local = &mut node.permissions.local;
                local.retain(|grant| grant.authority.as_str() != EVERYONE || grant.role != Role::SITE_CONSUMER);
                local.extend(everyone(after));
            }
        }
        for container in after.map(|_| containers).unwrap_or_default() {
            if let Some(node) = self.tree.find_mut(container) {
                node.permissions = container_permissions(&name, after.unwrap_or_default(), &node.permissions);
            }
        }
        self.touch(id);
        Ok(())
    }
}

fn extras(aspects: &[&str], texts: &[(&str, &str)]) -> Extras {
    Extras {
        owner: None,
        aspects: aspects.iter().map(|aspect| (*aspect).to_owned()).collect(),
        properties: texts.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text))).collect::<Map<_, _>>(),
    }
}

/// What a site grants to its groups.
fn role_grants(site: &str) -> Vec<Grant> {
    let grant = |role: &str| Some(Grant::allow(&role_group(site, role), Role::named(role)?));
    ROLES.iter().filter_map(|role| grant(role)).collect()
}

/// What a site grants to everybody: also a moderated one, if not to look into it.
fn everyone(visibility: &str) -> Option<Grant> {
    (visibility != "PRIVATE").then(|| Grant::allow(EVERYONE, Role::SITE_CONSUMER))
}

/// A public site's containers inherit what it grants; others grant to the members by themselves.
fn container_permissions(site: &str, visibility: &str, now: &Permissions) -> Permissions {
    let inherits = visibility == "PUBLIC";
    let mut local = now.local.clone();
    let is_there = |local: &[Grant], new: &Grant| local.iter().any(|grant| grant.authority == new.authority);
    for grant in role_grants(site).into_iter().filter(|_| !inherits) {
        if !is_there(&local, &grant) {
            local.push(grant);
        }
    }
    Permissions { inherits, local }
}
