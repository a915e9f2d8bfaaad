//! Who belongs to a group: `listGroupMemberships`, `createGroupMembership`, `deleteGroupMembership`.

use axum::{http::StatusCode, response::Response};
use serde::Serialize;

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters, Related},
    groups::{invalid, require, sort},
    jackson::{Bean, Kind},
    nodes::one,
    where_clause::Equals,
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{
        access::{Caller, EVERYONE},
        groups::{Group, is_group},
        node::UserName,
    },
};

const MEMBER: Bean = Bean {
    class: "org.alfresco.rest.api.model.GroupMember",
    properties: &[("id", Kind::Text), ("displayName", Kind::Text), ("memberType", Kind::Text)],
    allows_array: false,
};

/// A member as an answer; its members have the order of a Java hash map.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct MemberEntry {
    display_name: String,
    id: String,
    member_type: &'static str,
}

fn member(network: &Network, id: &str) -> MemberEntry {
    let display_name = if is_group(id) {
        let tree = network.repository().read();
        tree.groups.find(id).map_or_else(String::new, |group| group.called(id).to_owned())
    } else {
        network.people().display_name(&id.into())
    };
    MemberEntry { display_name, id: id.to_owned(), member_type: member_type(id) }
}

fn member_type(id: &str) -> &'static str {
    if is_group(id) { "GROUP" } else { "PERSON" }
}

/// The type of member of that name, if it is one.
fn stated_type(stated: Option<&str>) -> Result<Option<&'static str>> {
    match stated {
        None | Some("") => Ok(None),
        Some("GROUP") => Ok(Some("GROUP")),
        Some("PERSON") => Ok(Some("PERSON")),
        Some(_) => Err(invalid("MemberType is invalid (expected eg. GROUP, PERSON)")),
    }
}

/// Lists the people and groups that belong to a group directly.
pub(super) async fn list_group_memberships(
    network: Network,
    _: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<List<MemberEntry>> {
    let ids: Vec<String> = {
        let tree = network.repository().read();
        require(&tree, &id)?;
        if id == EVERYONE {
            return Err(Error::UnsupportedOperation);
        }
        let members = tree.groups.find(&id).into_iter().flat_map(Group::members);
        members.map(ToString::to_string).collect()
    };
    let asked = Equals::of(&parameters.predicates, &["memberType"])?;
    let wanted = stated_type(asked.get("memberType"))?;
    let ids = ids.into_iter().filter(|id| wanted.is_none_or(|wanted| wanted == member_type(id)));
    let mut members: Vec<_> = ids.map(|id| (id.clone(), member(&network, &id).display_name)).collect();
    sort(&mut members, &parameters)?;
    let entries = members.iter().map(|(id, _)| member(&network, id));
    Ok(List::cut(entries, parameters.paging, parameters.fields))
}

/// The person or the group of that id, as it is spelled.
fn find(network: &Network, id: &str) -> Result<UserName> {
    let group = || network.repository().read().groups.find(id).map(|_| UserName::from(id));
    let found = network.people().find(id).map(|person| person.id.clone()).or_else(group);
    found.ok_or_else(|| Error::EntityNotFound(id.to_owned()))
}

/// Neither is it the group of everybody, nor unknown.
fn require_changeable(network: &Network, id: &str) -> Result<()> {
    require(&network.repository().read(), id)?;
    if id == EVERYONE { Err(Error::Conflict("Trying to modify a fixed authority".into())) } else { Ok(()) }
}

/// Puts a person or a group into a group.
pub(super) async fn create_group_membership(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<Entry<MemberEntry>> {
    let body = one(&MEMBER, &body)?;
    require_changeable(&network, &id)?;
    let asked = body.text("id").ok_or_else(|| invalid("group member Id is null or empty"))?;
    let stated = body.text("memberType").ok_or_else(|| invalid("group member type is null or empty"))?;
    let wanted = stated_type(Some(stated))?;
    let found = find(&network, asked)?;
    let actual = member_type(found.as_str());
    if wanted != Some(actual) {
        return Err(Error::IllegalArgument(
            format!("Incorrect group member type, {actual} exists with the given id").into(),
        ));
    }
    network.repository().add_member(&caller, &id, &found)?;
    let entry = Entry::new(member(&network, found.as_str()), parameters.fields);
    Ok(entry.with_status(StatusCode::CREATED))
}

/// Takes a person or a group out of a group.
pub(super) async fn delete_group_membership(
    network: Network,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
    Related(related): Related,
) -> Result<Response> {
    require_changeable(&network, &id)?;
    let found = find(&network, &related)?;
    network.repository().remove_member(&caller, &id, &found)?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}
