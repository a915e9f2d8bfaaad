//! People: `listPeople`, `createPerson`, `getPerson`, `updatePerson` (wire reference, nodes, section 17).

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{
    envelope::{Entry, List},
    extract::{Id, JsonBody, Parameters},
    jackson::{Bean, Kind, Object},
    node_entry::{Members, in_wire_order},
    nodes::{description, one},
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{
        access::Caller,
        accounts::{Passwords, Statement},
        people::{Person, SortBy},
    },
};

/// A person as an answer.
pub(super) type PersonEntry = Entry<Map<String, Value>>;

/// What is known of a company, in the order in which it is shown.
const COMPANY_MEMBERS: [&str; 8] =
    ["organization", "address1", "address2", "address3", "postcode", "telephone", "fax", "email"];

const COMPANY: Bean = Bean {
    class: "org.alfresco.rest.api.model.Company",
    properties: &[
        ("organization", Kind::Text),
        ("address1", Kind::Text),
        ("address2", Kind::Text),
        ("address3", Kind::Text),
        ("postcode", Kind::Text),
        ("telephone", Kind::Text),
        ("fax", Kind::Text),
        ("email", Kind::Text),
    ],
    allows_array: false,
};

const PERSON: Bean = Bean {
    class: "org.alfresco.rest.api.model.Person",
    properties: &[
        ("id", Kind::Text),
        ("enabled", Kind::Boolean),
        ("avatarId", Kind::Ignored),
        ("firstName", Kind::Text),
        ("lastName", Kind::Text),
        ("displayName", Kind::Ignored),
        ("jobTitle", Kind::Text),
        ("location", Kind::Text),
        ("telephone", Kind::Text),
        ("mobile", Kind::Text),
        ("email", Kind::Text),
        ("skypeId", Kind::Text),
        ("instantMessageId", Kind::Text),
        ("userStatus", Kind::Text),
        ("statusUpdatedAt", Kind::Ignored),
        ("googleId", Kind::Text),
        ("quota", Kind::Ignored),
        ("quotaUsed", Kind::Ignored),
        ("emailNotificationsEnabled", Kind::Boolean),
        ("description", Kind::Text),
        ("company", Kind::Bean(&COMPANY)),
        ("password", Kind::Text),
        ("oldPassword", Kind::Text),
        ("properties", Kind::Map),
        ("aspectNames", Kind::Texts),
        ("capabilities", Kind::Ignored),
    ],
    allows_array: false,
};

/// Texts that a person may have besides those that everybody has.
const DETAILS: [&str; 9] = [
    "jobTitle",
    "location",
    "telephone",
    "mobile",
    "skypeId",
    "instantMessageId",
    "userStatus",
    "googleId",
    "description",
];

/// What one person alone is always shown with, and several on request.
pub(super) const INCLUDED: [&str; 3] = ["aspectNames", "properties", "capabilities"];

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

/// The person of an id, or of the alias `-me-`.
pub(super) fn find(network: &Network, caller: &Caller, id: &str) -> Result<Arc<Person>> {
    let name = if id.eq_ignore_ascii_case("-me-") { caller.user.as_str() } else { id };
    network.people().find(name).ok_or_else(|| Error::EntityNotFound(id.to_owned()))
}

/// A person as the caller sees him.
pub(super) fn shown(caller: &Caller, person: &Person, include: &[&str]) -> Map<String, Value> {
    let text = |name: &str| person.details.get(name).and_then(Value::as_str);
    let mut members: Members = vec![("id", json!(person.id.as_str())), ("enabled", json!(person.is_enabled))];
    let names = [
        ("firstName", person.first_name.clone()),
        ("lastName", person.last_name.clone()),
        ("displayName", person.display_name()),
        ("email", person.email.clone()),
    ];
    let details = DETAILS.iter().filter_map(|name| Some((*name, text(name)?.to_owned())));
    let texts = names.into_iter().chain(details).filter(|(_, text)| !text.trim().is_empty());
    members.extend(texts.map(|(name, text)| (name, text.into())));
    members.push(("emailNotificationsEnabled", json!(person.has_email_notifications)));
    let company = person.details.get("company");
    let company = COMPANY_MEMBERS.iter().filter_map(|name| Some(((*name).to_owned(), company?.get(*name)?.clone())));
    members.push(("company", company.collect::<Map<_, _>>().into()));
    for name in include.iter().filter_map(|name| INCLUDED.iter().find(|known| *known == name)) {
        if *name == "capabilities" {
            members.push((name, capabilities(caller, person)));
        } else if let Some(value) = person.details.get(*name).filter(|value| !is_empty(value)) {
            members.push((name, value.clone()));
        }
    }
    in_wire_order(members)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty) || value.as_array().is_some_and(Vec::is_empty)
}

/// What somebody is, and whether the caller may change him.
fn capabilities(caller: &Caller, person: &Person) -> Value {
    let is_guest = person.id.as_str() == "guest";
    let is_mutable = !is_guest && (caller.is_admin || caller.user == person.id);
    json!({ "isGuest": is_guest, "isAdmin": person.is_admin, "isMutable": is_mutable })
}

fn alone(caller: &Caller, person: &Person, parameters: Parameters) -> PersonEntry {
    Entry::new(shown(caller, person, &INCLUDED), parameters.fields)
}

/// Lists everybody.
pub(super) async fn list_people(
    network: Network,
    caller: Caller,
    parameters: Parameters,
) -> Result<List<Map<String, Value>>> {
    let sort_by = |name: &str| match name {
        "id" => Ok(SortBy::Id),
        "firstName" => Ok(SortBy::FirstName),
        "lastName" => Ok(SortBy::LastName),
        other => Err(invalid(format!("Invalid sort field: {other}"))),
    };
    let order = parameters.order.iter().map(|(name, is_descending)| Ok((sort_by(name)?, *is_descending)));
    let people = network.people().sorted(&order.collect::<Result<Vec<_>>>()?);
    let include: Vec<&str> = parameters.include.iter().map(String::as_str).collect();
    let (skip, max) = parameters.paging;
    let entries = people.iter().skip(skip).take(max).map(|person| shown(&caller, person, &include)).collect();
    Ok(List::page(entries, parameters.paging, people.len(), parameters.fields))
}

/// Tells about a person.
pub(super) async fn get_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<PersonEntry> {
    let person = find(&network, &caller, &id)?;
    Ok(alone(&caller, &person, parameters))
}

/// Adds a person, with a home folder.
pub(super) async fn create_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<PersonEntry> {
    let body = one(&PERSON, &body)?;
    refuse_derived(&body)?;
    let required =
        |name: &str| body.text(name).ok_or_else(|| invalid(format!("Field '{name}' is null, but is required.")));
    let id = required("id")?;
    for name in ["firstName", "email", "password"] {
        required(name)?;
    }
    network.repository().create_person(&caller, id, &statement(&body))?;
    let person = find(&network, &caller, id)?;
    Ok(alone(&caller, &person, parameters).with_status(StatusCode::CREATED))
}

/// Changes a person, or the password.
pub(super) async fn update_person(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<PersonEntry> {
    let body = one(&PERSON, &body)?;
    if body.states("id") {
        return Err(invalid("Unsupported field: id"));
    }
    refuse_derived(&body)?;
    let id = find(&network, &caller, &id)?.id.clone();
    check_update(&body)?;
    network.repository().update_person(&caller, &id, &statement(&body))?;
    let person = find(&network, &caller, id.as_str())?;
    Ok(alone(&caller, &person, parameters))
}

/// What the server itself keeps cannot be set.
fn refuse_derived(body: &Object) -> Result<()> {
    let derived = ["statusUpdatedAt", "avatarId", "quota", "quotaUsed"];
    let stated = derived.into_iter().find(|name| body.states(name));
    stated.map_or(Ok(()), |name| Err(invalid(format!("Unsupported field: {name}"))))
}

fn statement(body: &Object) -> Statement {
    let text_or_nothing = |name: &str| body.states(name).then(|| body.owned(name).unwrap_or_default());
    let mut details = Map::new();
    for name in DETAILS.into_iter().filter(|name| body.states(name)) {
        details.insert(name.to_owned(), body.text(name).map_or(Value::Null, Value::from));
    }
    if body.states("company") {
        let company = body.bean("company");
        let member = |name: &str, company: &Object| company.text(name).map_or(Value::Null, Value::from);
        let stated = COMPANY_MEMBERS.into_iter().filter_map(|name| {
            let company = company.filter(|company| company.states(name))?;
            Some((name.to_owned(), member(name, company)))
        });
        details.insert("company".to_owned(), stated.collect::<Map<_, _>>().into());
    }
    Statement {
        first_name: body.owned("firstName"),
        last_name: text_or_nothing("lastName"),
        email: body.owned("email"),
        passwords: (body.states("password") || body.states("oldPassword")).then(|| Passwords {
            new: body.owned("password"),
            old: body.owned("oldPassword"),
            states_old: body.states("oldPassword"),
        }),
        is_enabled: body.boolean("enabled"),
        has_email_notifications: body.boolean("emailNotificationsEnabled"),
        details,
        extras: description(body),
    }
}

/// What may be changed, but not taken away.
fn check_update(body: &Object) -> Result<()> {
    for name in ["firstName", "email"] {
        if body.states(name) && body.text(name).is_none() {
            return Err(invalid(format!("Field '{name}' is null, but is required.")));
        }
    }
    for name in ["enabled", "emailNotificationsEnabled"] {
        if body.states(name) && body.boolean(name).is_none() {
            return Err(Error::IllegalArgument(format!("'{name}' field cannot be empty.").into()));
        }
    }
    Ok(())
}
