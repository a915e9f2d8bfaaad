//! Groups: `listGroups`, `createGroup`, `getGroup`, `updateGroup`, `deleteGroup`, and `listGroupMembershipsForPerson` (wire
//! reference, nodes, section 17).

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value, json};

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters, Query},
    jackson::{Bean, Kind},
    node_entry::{Members, in_wire_order},
    nodes::one,
    people,
    where_clause::Equals,
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, EVERYONE},
        authorities::NewGroup,
        collation::SortKey,
        groups::is_group,
    },
};

/// A group as an answer.
type GroupEntry = Entry<Map<String, Value>>;

const GROUP: Bean = Bean {
    class: "org.alfresco.rest.api.model.Group",
    properties: &[
        ("id", Kind::Text),
        ("displayName", Kind::Text),
        ("description", Kind::Text),
        ("isRoot", Kind::Boolean),
        ("hasSubgroups", Kind::Boolean),
        ("parentIds", Kind::Texts),
        ("zones", Kind::Texts),
    ],
    allows_array: false,
};

pub(super) fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

/// Whether there is such a group; everybody is one too.
pub(super) fn require(tree: &Tree, id: &str) -> Result<()> {
    if id == EVERYONE || tree.groups.find(id).is_some() { Ok(()) } else { Err(Error::EntityNotFound(id.to_owned())) }
}

/// A group as everybody sees it.
fn shown(tree: &Tree, id: &str, include: &[String]) -> Map<String, Value> {
    let includes = |name: &str| include.iter().any(|included| included == name);
    let group = tree.groups.find(id);
    let mut members: Members = vec![("id", id.into()), ("isRoot", tree.groups.is_root(id).into())];
    members.extend(group.map(|group| ("displayName", group.called(id).into())));
    if includes("description") {
        let description = group.and_then(|group| group.description.as_deref());
        members.extend(description.map(|description| ("description", description.into())));
    }
    if includes("parentIds") {
        members.push(("parentIds", json!(tree.groups.parents(&id.into()).collect::<Vec<_>>())));
    }
    if includes("zones") {
        members.push(("zones", json!(group.map(|group| group.zones().to_vec()).unwrap_or_default())));
    }
    if includes("hasSubgroups") {
        members.push(("hasSubgroups", group.is_some_and(|group| group.groups().next().is_some()).into()));
    }
    in_wire_order(members)
}

/// Sorts authorities, of which the first text is the id and the second the name, as the query asks: by name if it does
/// not. Those without a name have their id instead.
pub(super) fn sort(authorities: &mut [(String, String)], parameters: &Parameters) -> Result<()> {
    let (by_id, is_descending) = match &parameters.order[..] {
        [] => (false, false),
        [(name, is_descending)] if name == "id" => (true, *is_descending),
        [(name, is_descending)] if name == "displayName" => (false, *is_descending),
        [(name, _)] => return Err(invalid(format!("Invalid sort field: {name}"))),
        _ => return Err(invalid("Multiple sort fields not allowed.")),
    };
    authorities.sort_by_cached_key(|(id, name)| SortKey::of(if by_id || name.is_empty() { id } else { name }));
    if is_descending {
        authorities.reverse();
    }
    Ok(())
}

fn list(tree: &Tree, parameters: Parameters, ids: impl Iterator<Item = String>) -> Result<List<Map<String, Value>>> {
    let asked = Equals::of(&parameters.predicates, &["isRoot"])?;
    let is_root = asked.truth("isRoot")?;
    let ids = ids.filter(|id| is_root.is_none_or(|is_root| tree.groups.is_root(id) == is_root));
    let name = |id: &str| tree.groups.find(id).map(|group| group.display_name.to_string()).unwrap_or_default();
    let mut groups: Vec<_> = ids.map(|id| (name(&id), id)).map(|(name, id)| (id, name)).collect();
    sort(&mut groups, &parameters)?;
    let (skip, max) = parameters.paging;
    let page = groups.iter().skip(skip).take(max);
    let entries = page.map(|(id, _)| shown(tree, id, &parameters.include)).collect();
    Ok(List::page(entries, parameters.paging, groups.len(), parameters.fields))
}

/// Lists all groups.
pub(super) async fn list_groups(
    network: Network,
    _: Caller,
    parameters: Parameters,
) -> Result<List<Map<String, Value>>> {
    let tree = network.repository().read();
    // A quirk of the real server's: who asks for descriptions gets the groups that belong to no other.
    let only_roots = parameters.include.iter().any(|name| name == "description");
    let ids = tree.groups.iter().map(|(id, _)| id.to_owned());
    let ids: Vec<_> = ids.filter(|id| !only_roots || tree.groups.is_root(id)).collect();
    list(&tree, parameters, ids.into_iter())
}

/// Lists the groups that somebody belongs to, be it through others; everybody belongs to one.
pub(super) async fn list_group_memberships_for_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<List<Map<String, Value>>> {
    let person = people::find(&network, &caller, &id)?;
    if !caller.is_admin && caller.user != person.id {
        return Err(Error::PermissionDenied);
    }
    let tree = network.repository().read();
    let ids: Vec<_> = tree.groups.of(&person.id).map(|(id, _)| id.to_owned()).collect();
    list(&tree, parameters, ids.into_iter().chain([EVERYONE.to_owned()]))
}

/// Tells about a group.
pub(super) async fn get_group(network: Network, _: Caller, parameters: Parameters, Id(id): Id) -> Result<GroupEntry> {
    alone(&network, parameters, &id)
}

fn alone(network: &Network, parameters: Parameters, id: &str) -> Result<GroupEntry> {
    let tree = network.repository().read();
    require(&tree, id)?;
    Ok(Entry::new(shown(&tree, id, &parameters.include), parameters.fields))
}

/// Makes a group.
pub(super) async fn create_group(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<GroupEntry> {
    let body = one(&GROUP, &body)?;
    let new = NewGroup {
        id: body.owned("id").ok_or_else(|| invalid("groupId is null or empty"))?,
        display_name: body.owned("displayName"),
        description: body.owned("description"),
        parents: body.texts("parentIds").into_iter().flatten().flatten().cloned().collect(),
    };
    let id = network.repository().create_group(&caller, &new)?;
    Ok(alone(&network, parameters, &id)?.with_status(StatusCode::CREATED))
}

/// Changes what a group is called.
pub(super) async fn update_group(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<GroupEntry> {
    let body = one(&GROUP, &body)?;
    require(&network.repository().read(), &id)?;
    let fixed = ["id", "isRoot", "parentIds", "zones", "hasSubgroups"];
    if let Some(name) = fixed.into_iter().find(|name| body.states(name)) {
        return Err(invalid(format!("Group update does not support field: {name}")));
    }
    network.repository().update_group(&caller, &id, body.text("displayName"), body.text("description"))?;
    alone(&network, parameters, &id)
}

/// Removes a group.
pub(super) async fn delete_group(
    network: Network,
    caller: Caller,
    _: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<Response> {
    if !is_group(&id) {
        return Err(invalid(format!("Invalid group id: {id}")));
    }
    network.repository().delete_group(&caller, &id, query.is_true("cascade"))?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}
