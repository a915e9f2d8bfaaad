//! Sites: `listSites`, `createSite`, `getSite`, `updateSite`, `deleteSite`, `listSiteContainers`, `getSiteContainer` (wire
//! reference, nodes, section 18).

use axum::{http::StatusCode, response::Response};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters, Query, Related},
    jackson::{Bean, Kind, Object},
    node_entry::{Members, in_wire_order},
    nodes::one,
    where_clause::Equals,
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, Right},
        collation::SortKey,
        node::{Node, UserName},
        sites::{Site, Statement},
    },
};

/// A site as an answer.
type SiteEntry = Entry<Map<String, Value>>;

const VISIBILITIES: [&str; 3] = ["PUBLIC", "MODERATED", "PRIVATE"];

const SITE: Bean = Bean {
    class: "org.alfresco.rest.api.model.Site",
    properties: &[
        ("id", Kind::Text),
        ("guid", Kind::Text),
        ("title", Kind::Text),
        ("description", Kind::Text),
        ("visibility", Kind::Enum { class: "org.alfresco.service.cmr.site.SiteVisibility", names: &VISIBILITIES }),
        ("preset", Kind::Text),
        ("role", Kind::Text),
    ],
    allows_array: false,
};

const LONGEST_TITLE: usize = 256;
const LONGEST_ID: usize = 72;
const LONGEST_DESCRIPTION: usize = 512;

/// A part of a site as an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ContainerEntry {
    id: String,
    folder_id: String,
}

impl From<&Node> for ContainerEntry {
    fn from(node: &Node) -> Self {
        let folder_id = node.property("st:componentId").and_then(Value::as_str).unwrap_or(&node.name);
        Self { id: node.id.to_string(), folder_id: folder_id.to_owned() }
    }
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

/// A site with what `user` is in it.
pub(super) fn shown(tree: &Tree, user: &UserName, site: Site<'_>) -> Map<String, Value> {
    let mut members: Members = vec![("id", site.id().into()), ("guid", site.node.id.to_string().into())];
    let texts = [
        ("title", site.title()),
        ("description", site.description()),
        ("visibility", site.visibility()),
        ("preset", site.preset()),
        ("role", tree.site_role(site.id(), user).unwrap_or_default()),
    ];
    members
        .extend(texts.into_iter().filter(|(_, text)| !text.trim().is_empty()).map(|(name, text)| (name, text.into())));
    in_wire_order(members)
}

fn alone(network: &Network, caller: &Caller, parameters: Parameters, id: &str) -> Result<SiteEntry> {
    let tree = network.repository().read();
    let site = tree.site(caller, id).ok_or_else(|| Error::EntityNotFound(id.to_owned()))?;
    Ok(Entry::new(shown(&tree, &caller.user, site), parameters.fields))
}

/// Keeps those sites that the query asks for.
pub(super) fn filtered<'a>(sites: Vec<Site<'a>>, parameters: &Parameters) -> Result<Vec<Site<'a>>> {
    let asked = Equals::of(&parameters.predicates, &["visibility", "preset"])?;
    let filled = |name: &str| asked.get(name).filter(|value| !value.is_empty());
    let visibility = filled("visibility");
    if visibility.is_some_and(|visibility| !VISIBILITIES.contains(&visibility)) {
        return Err(invalid("Site visibility is invalid (expected eg. PUBLIC, PRIVATE, MODERATED)"));
    }
    let preset = filled("preset");
    let is_asked = |site: &Site<'_>| {
        visibility.is_none_or(|visibility| visibility == site.visibility())
            && preset.is_none_or(|preset| preset == site.preset())
    };
    Ok(sites.into_iter().filter(is_asked).collect())
}

/// Lists the sites that the caller may see.
pub(super) async fn list_sites(
    network: Network,
    caller: Caller,
    parameters: Parameters,
) -> Result<List<Map<String, Value>>> {
    let tree = network.repository().read();
    let mut order = parameters.order.clone();
    if order.is_empty() {
        order.push(("title".to_owned(), false));
    }
    if let Some((unknown, _)) = order.iter().find(|(name, _)| !["title", "id", "description"].contains(&name.as_str()))
    {
        return Err(invalid(format!("Invalid sort field: {unknown}")));
    }
    let mut sites = filtered(tree.sites(&caller), &parameters)?;
    for (name, is_descending) in order.iter().rev() {
        let key = |site: &Site<'_>| match name.as_str() {
            "title" => SortKey::of(site.title()),
            "id" => SortKey::of(site.id()),
            _ => SortKey::of(site.description()),
        };
        sites.sort_by(|one, other| {
            let ordering = key(one).cmp(&key(other));
            if *is_descending { ordering.reverse() } else { ordering }
        });
    }
    let (skip, max) = parameters.paging;
    let entries = sites.iter().skip(skip).take(max).map(|site| shown(&tree, &caller.user, *site)).collect();
    Ok(List::page(entries, parameters.paging, sites.len(), parameters.fields))
}

/// Makes a site. Its configuration for Share, which `skipConfiguration` leaves out, no client of this API ever sees.
pub(super) async fn create_site(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<SiteEntry> {
    let body = one(&SITE, &body)?;
    let statement = statement(&body);
    check_title(&statement)?;
    if statement.visibility.is_none() {
        let title = statement.title.unwrap_or_default();
        return Err(invalid(format!("Site visibility is expected: {title} (eg. PUBLIC, PRIVATE, MODERATED)")));
    }
    let stated = body.owned("id");
    let id = stated.unwrap_or_else(|| id_of_title(statement.title.as_deref().unwrap_or_default()));
    if id.is_empty() || !id.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-') {
        return Err(invalid("Invalid site id - should consist of alphanumeric/dash characters"));
    }
    check_lengths(&id, &statement)?;
    if body.text("preset").is_some() {
        return Err(invalid("Site preset should not be set"));
    }
    network.repository().create_site(&caller, &id, &statement)?;
    Ok(alone(&network, &caller, parameters, &id)?.with_status(StatusCode::CREATED))
}

fn statement(body: &Object) -> Statement {
    Statement {
        title: body.owned("title"),
        description: body.states("description").then(|| body.owned("description").unwrap_or_default()),
        visibility: body.owned("visibility"),
    }
}

/// The lengths are counted in UTF-16, as Java does.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn check_title(statement: &Statement) -> Result<()> {
    match &statement.title {
        None => Err(invalid("Site title is expected: null")),
        Some(title) if length(title) > LONGEST_TITLE => {
            Err(invalid(format!("Site title exceeds max length of {LONGEST_TITLE} characters")))
        }
        Some(_) => Ok(()),
    }
}

fn check_lengths(id: &str, statement: &Statement) -> Result<()> {
    if length(id) > LONGEST_ID {
        return Err(invalid(format!("Site id exceeds max length of {LONGEST_ID} characters")));
    }
    if statement.description.as_deref().is_some_and(|description| length(description) > LONGEST_DESCRIPTION) {
        return Err(invalid(format!("Site description exceeds max length of {LONGEST_DESCRIPTION} characters")));
    }
    Ok(())
}

/// The id of a site that states none.
fn id_of_title(title: &str) -> String {
    let kept = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | ' ');
    let title: String = title.trim().chars().filter(kept).collect();
    let mut id = String::new();
    let mut was_space = false;
    for letter in title.chars() {
        if letter != ' ' || !was_space {
            id.push(if letter == ' ' { '-' } else { letter.to_ascii_lowercase() });
        }
        was_space = letter == ' ';
    }
    id
}

/// Tells about a site.
pub(super) async fn get_site(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<SiteEntry> {
    alone(&network, &caller, parameters, &id)
}

/// Changes what is stated of a site.
pub(super) async fn update_site(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<SiteEntry> {
    let body = one(&SITE, &body)?;
    if let Some(name) = ["id", "guid", "role", "preset"].into_iter().find(|name| body.states(name)) {
        return Err(invalid(format!("Site update does not support field: {name}")));
    }
    let statement = statement(&body);
    let title = {
        let tree = network.repository().read();
        let site = tree.site(&caller, &id).ok_or_else(|| Error::EntityNotFound(id.clone()))?;
        if body.states("title") { statement.title.clone() } else { Some(site.title().to_owned()) }
    };
    let title = title.filter(|title| !title.is_empty());
    check_title(&Statement { title: title.clone(), ..Statement::default() })?;
    if body.states("visibility") && statement.visibility.is_none() {
        let title = title.unwrap_or_default();
        return Err(invalid(format!("Site visibility is expected: {title} (eg. PUBLIC, PRIVATE, MODERATED)")));
    }
    check_lengths(&id, &statement)?;
    network.repository().update_site(&caller, &id, &statement)?;
    alone(&network, &caller, parameters, &id)
}

/// Deletes a site.
pub(super) async fn delete_site(
    network: Network,
    caller: Caller,
    _: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<Response> {
    network.repository().delete_site(&caller, &id, query.is_true("permanent"))?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// Lists the parts of a site that the caller may see.
pub(super) async fn list_site_containers(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<List<ContainerEntry>> {
    let tree = network.repository().read();
    let site = tree.site(&caller, &id).ok_or_else(|| Error::EntityNotFound(id.clone()))?;
    let containers = tree.containers(site).into_iter().filter(|node| tree.may(&caller, node.id, Right::Read));
    Ok(List::cut(containers.map(ContainerEntry::from), parameters.paging, parameters.fields))
}

/// Tells about a part of a site.
pub(super) async fn get_site_container(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<Entry<ContainerEntry>> {
    let tree = network.repository().read();
    let unrelated = || Error::RelationshipNotFound { entity: id.clone(), relation: related.clone() };
    let site = tree.site(&caller, &id).ok_or_else(unrelated)?;
    let container = tree.containers(site).into_iter().find(|node| node.name.eq_ignore_ascii_case(&related));
    let container = container.ok_or_else(unrelated)?;
    if !tree.may(&caller, container.id, Right::Read) {
        return Err(Error::PermissionDenied);
    }
    Ok(Entry::new(container.into(), parameters.fields))
}
