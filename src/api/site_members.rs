//! Members of sites, seen from either end: `listSiteMemberships`, `createSiteMembership`, `getSiteMembership`,
//! `updateSiteMembership`, `deleteSiteMembership`, `listSiteMembershipsForPerson`, `getSiteMembershipForPerson`,
//! `deleteSiteMembershipForPerson` (wire reference, nodes, section 18).

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde_json::{Map, Value};

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters, Related},
    jackson::{Bean, Kind, Object},
    node_entry::{Members, in_wire_order},
    nodes::{one, several},
    people, sites,
    where_clause::Equals,
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{access::Caller, collation::SortKey, node::UserName, site_members::Member, sites::Site},
};

/// A member, or a membership, as an answer.
type MemberEntry = Entry<Map<String, Value>>;

const MEMBER: Bean = Bean {
    class: "org.alfresco.rest.api.model.SiteMember",
    properties: &[
        ("id", Kind::Text),
        ("role", Kind::Text),
        ("isMemberOfGroup", Kind::Boolean),
        ("memberOfGroup", Kind::Boolean),
    ],
    allows_array: true,
};

/// A member of a site, with all that is known of the person. The id is shown as it was asked for.
fn member(network: &Network, caller: &Caller, id: &str, role: &str, is_by_group: bool) -> Map<String, Value> {
    let mut members: Members = vec![("id", id.into()), ("role", role.into()), ("isMemberOfGroup", is_by_group.into())];
    if let Ok(person) = people::find(network, caller, id) {
        members.push(("person", people::shown(caller, &person, &people::INCLUDED).into()));
    }
    in_wire_order(members)
}

fn unrelated(entity: &str, relation: &str) -> Error {
    Error::RelationshipNotFound { entity: entity.to_owned(), relation: relation.to_owned() }
}

/// Lists the members of a site by their names.
pub(super) async fn list_site_memberships(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<List<Map<String, Value>>> {
    let mut members = {
        let tree = network.repository().read();
        let site = tree.site(&caller, &id).ok_or_else(|| Error::EntityNotFound(id.clone()))?;
        tree.members(site)
    };
    let asked = Equals::of(&parameters.predicates, &["isMemberOfGroup"])?;
    if asked.truth("isMemberOfGroup")? == Some(false) {
        members.retain(|member| !member.is_by_group);
    }
    members.sort_by_cached_key(|Member { user, role, .. }| {
        let person = network.people().find(user.as_str());
        let name = |text: Option<&str>| SortKey::of(text.unwrap_or_default());
        let (first, last) = person.as_ref().map(|person| (&*person.first_name, &*person.last_name)).unzip();
        (name(last), name(first), *role, SortKey::of(user.as_str()))
    });
    let entries =
        members.iter().map(|found| member(&network, &caller, found.user.as_str(), found.role, found.is_by_group));
    Ok(List::cut(entries, parameters.paging, parameters.fields))
}

/// Makes somebody a member of a site, or several.
pub(super) async fn create_site_membership(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let bodies = several(&MEMBER, &body)?;
    let new = bodies.iter().map(|body| {
        let asked = body.text("id").ok_or(Error::InvalidArgument("personId is null.".into()))?;
        Ok((people::find(&network, &caller, asked)?.id.clone(), body.owned("role")))
    });
    network.repository().add_site_members(&caller, &id, &new.collect::<Result<Vec<_>>>()?)?;
    let text = |body: &Object, name: &str| body.owned(name).unwrap_or_default();
    let shown = |body: &Object| member(&network, &caller, &text(body, "id"), &text(body, "role"), false);
    let mut entries: Vec<_> = bodies.iter().map(shown).collect();
    Ok(match (entries.len(), entries.pop()) {
        (1, Some(only)) => Entry::new(only, parameters.fields).with_status(StatusCode::CREATED).into_response(),
        (_, last) => List::created(entries.into_iter().chain(last).collect(), parameters.fields).into_response(),
    })
}

/// Tells what somebody is in a site.
pub(super) async fn get_site_membership(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<MemberEntry> {
    let user = people::find(&network, &caller, &related)?.id.clone();
    let role = role(&network, &caller, &id, &user)?;
    Ok(Entry::new(member(&network, &caller, user.as_str(), role, false), parameters.fields))
}

fn role(network: &Network, caller: &Caller, site: &str, user: &UserName) -> Result<&'static str> {
    let tree = network.repository().read();
    let found = tree.site(caller, site).ok_or_else(|| unrelated(user.as_str(), site))?;
    tree.site_role(found.id(), user).ok_or_else(|| unrelated(user.as_str(), found.id()))
}

/// Gives somebody another role in a site.
pub(super) async fn update_site_membership(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    Related(related): Related,
    JsonBody(body): JsonBody,
) -> Result<MemberEntry> {
    let body = one(&Bean { allows_array: false, ..MEMBER }, &body)?;
    let user = people::find(&network, &caller, &related)?.id.clone();
    network.repository().update_site_member(&caller, &id, &user, body.text("role"))?;
    let role = body.text("role").unwrap_or_default();
    Ok(Entry::new(member(&network, &caller, &related, role, false), parameters.fields))
}

/// Makes somebody no member of a site any more.
pub(super) async fn delete_site_membership(
    network: Network,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<Response> {
    remove(&network, &caller, &related, &id)
}

fn remove(network: &Network, caller: &Caller, person: &str, site: &str) -> Result<Response> {
    let user = people::find(network, caller, person)?.id.clone();
    network.repository().remove_site_member(caller, site, &user)?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// Lists the sites that somebody is a member of, as far as the caller may see them.
pub(super) async fn list_site_memberships_for_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<List<Map<String, Value>>> {
    let user = people::find(&network, &caller, &id)?.id.clone();
    let tree = network.repository().read();
    let mut memberships: Vec<(Site<'_>, &str)> = sites::filtered(tree.sites(&caller), &parameters)?
        .into_iter()
        .filter_map(|site| Some((site, tree.site_role(site.id(), &user)?)))
        .collect();
    let mut order = parameters.order.clone();
    if order.is_empty() {
        order.push(("title".to_owned(), false));
    }
    for (name, is_descending) in order.iter().rev() {
        let key: fn(&(Site<'_>, &str)) -> SortKey = match name.as_str() {
            "title" => |(site, _)| SortKey::of(site.title()),
            "id" => |(site, _)| SortKey::of(site.id()),
            "role" => |(_, role)| SortKey::of(role),
            unknown => return Err(Error::InvalidArgument(format!("Invalid sort field: {unknown}").into())),
        };
        memberships.sort_by_cached_key(key);
        if *is_descending {
            memberships.reverse();
        }
    }
    let entries = memberships.into_iter().map(|(site, role)| {
        let shown = sites::shown(&tree, &caller.user, site);
        membership(site, role, shown)
    });
    Ok(List::cut(entries, parameters.paging, parameters.fields))
}

/// What somebody is in a site, with all that is known of the site.
fn membership(site: Site<'_>, role: &str, shown: Map<String, Value>) -> Map<String, Value> {
    let guid = site.node.id.to_string();
    in_wire_order(vec![("site", shown.into()), ("role", role.into()), ("guid", guid.into()), ("id", site.id().into())])
}

/// Tells what somebody is in a site.
pub(super) async fn get_site_membership_for_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<MemberEntry> {
    let user = people::find(&network, &caller, &id)?.id.clone();
    let role = role(&network, &caller, &related, &user)?;
    let tree = network.repository().read();
    let site = tree.site(&caller, &related).ok_or_else(|| unrelated(user.as_str(), &related))?;
    let shown = sites::shown(&tree, &caller.user, site);
    Ok(Entry::new(membership(site, role, shown), parameters.fields))
}

/// Makes somebody no member of a site any more.
pub(super) async fn delete_site_membership_for_person(
    network: Network,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<Response> {
    remove(&network, &caller, &id, &related)
}
