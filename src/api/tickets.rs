//! Tickets: `createTicket`, `validateTicket`, `deleteTicket` (wire reference, section 9.3).

use axum::{http::StatusCode, response::Response};
use serde::Serialize;

use super::{
    authentication::ticket_of,
    call::Call,
    envelope::{self, Entry},
    extract::{Id, JsonBody, Parameters},
    jackson::{self, Bean, Kind},
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::access::Caller,
};

const LOGIN: Bean = Bean {
    class: "org.alfresco.rest.api.model.LoginTicket",
    properties: &[("password", Kind::Text), ("userId", Kind::Text)],
    allows_array: true,
};

/// A ticket; its user is told at the login only.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TicketEntry {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<String>,
}

/// Logs in. Whatever the `Authorization` header says is not looked at: real front ends send rubbish in it.
pub(super) async fn create_ticket(
    network: Network,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<Entry<TicketEntry>> {
    let invalid = |text: &'static str| Error::InvalidArgument(text.into());
    let logins = jackson::read(&LOGIN, &body)?.ok_or(Error::Java(
        "Cannot invoke \"org.alfresco.rest.api.model.LoginTicket.getUserId()\" because \"loginRequest\" is null",
    ))?;
    let login = match &logins[..] {
        [] => return Err(invalid("Could not read content from HTTP request body, the list is empty")),
        [login] => login,
        _ => return Err(invalid("Please specify one login request only.")),
    };
    let (Some(user), Some(password)) = (login.text("userId"), login.text("password")) else {
        return Err(invalid("Invalid login details."));
    };
    let caller = network.people().log_in(user, password).ok_or(Error::Forbidden("Login failed".into()))?;
    let entry = TicketEntry { id: network.tickets().create(&caller.user), user_id: Some(caller.user.to_string()) };
    Ok(Entry::new(entry, parameters.fields).with_status(StatusCode::CREATED))
}

/// Says that the ticket of this request is valid.
pub(super) async fn validate_ticket(
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    call: Call,
) -> Result<Entry<TicketEntry>> {
    let ticket = own_ticket(&call, &caller, &id)?;
    Ok(Entry::new(TicketEntry { id: ticket, user_id: None }, parameters.fields))
}

/// Logs out: the ticket is dead for everyone who has it.
pub(super) async fn delete_ticket(caller: Caller, _: Parameters, Id(id): Id, call: Call) -> Result<Response> {
    let ticket = own_ticket(&call, &caller, &id)?;
    call.network.tickets().delete(&ticket);
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// The ticket in the request, which must be the caller's.
fn own_ticket(call: &Call, caller: &Caller, id: &str) -> Result<String> {
    if id != "-me-" {
        return Err(Error::InvalidArgument(format!("Invalid parameter: {id}").into()));
    }
    let ticket = ticket_of(call).ok_or(Error::InvalidArgument("Ticket base authentication required.".into()))?;
    if call.network.tickets().user_of(&ticket).as_ref() != Some(&caller.user) {
        return Err(Error::NotFound(ticket.into()));
    }
    Ok(ticket)
}
