//! Who is asking (wire reference, section 9.1).

use axum::{
    extract::FromRequestParts,
    http::{Method, header::AUTHORIZATION, request::Parts},
};
use base64::Engine as _;

use super::extract::{Origin, Query};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::access::Caller,
};

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self> {
        let origin = parts.extensions.get().ok_or_else(|| Error::Internal("a request came past the front".into()))?;
        authenticate(parts, origin)
    }
}

/// The caller of a request. A valid `alf_ticket` wins; an invalid one falls through to the header.
pub(super) fn authenticate(parts: &Parts, origin: &Origin) -> Result<Caller> {
    let Origin { network, network_name: name, is_known, .. } = origin;
    let script = script(parts);
    let query = Query::of(parts);
    if query.get("guest").is_some_and(|guest| guest.eq_ignore_ascii_case("true")) {
        return Err(Error::GuestRefused(script));
    }
    let unauthenticated = || Error::Unauthenticated { script, network: name.to_string() };
    let by_ticket = query.get("alf_ticket").and_then(|ticket| with_ticket(network, ticket));
    let caller = match by_ticket {
        Some(caller) => caller,
        None => with_header(parts, network, (name, script))?.ok_or_else(unauthenticated)?,
    };
    if *is_known { Ok(caller) } else { Err(unauthenticated()) }
}

/// Who a request says to come from, by its ticket or its header, right or wrong.
pub(super) fn claimed_user(parts: &Parts, network: &Network) -> Option<String> {
    let of_ticket = |ticket: &str| network.tickets().peek(ticket).map(|user| user.to_string());
    Query::of(parts).get("alf_ticket").and_then(of_ticket).or_else(|| {
        let (scheme, credentials) = header(parts)?.split_once(' ')?;
        match basic(&decoded(credentials)) {
            _ if !scheme.eq_ignore_ascii_case("basic") => None,
            Basic::Ticket(ticket) => of_ticket(ticket),
            Basic::Password { user, .. } => Some(user.to_owned()),
        }
    })
}

/// The ticket in a request: in the query, else in the header.
pub(super) fn ticket_of(parts: &Parts) -> Option<String> {
    let in_query = Query::of(parts).get("alf_ticket").filter(|ticket| !ticket.is_empty()).map(str::to_owned);
    in_query.or_else(|| match basic(&decoded(header(parts)?.split_once(' ')?.1.trim())) {
        Basic::Ticket(ticket) => Some(ticket.to_owned()),
        Basic::Password { .. } => None,
    })
}

fn with_ticket(network: &Network, ticket: &str) -> Option<Caller> {
    let user = network.tickets().user_of(ticket)?;
    network.people().caller(user.as_str())
}

/// The guest needs no password, and is let nowhere.
fn with_header(parts: &Parts, network: &Network, (name, script): (&str, &'static str)) -> Result<Option<Caller>> {
    let Some(header) = header(parts) else { return Ok(None) };
    let mut words = header.split(' ');
    let scheme = words.next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Error::UnsupportedAuthorization { scheme: scheme.to_owned(), network: name.to_owned() });
    }
    let Some(credentials) = words.next() else {
        return Err(Error::EmptyAuthorization { network: name.to_owned() });
    };
    Ok(match basic(&decoded(credentials)) {
        Basic::Ticket(ticket) => with_ticket(network, ticket),
        Basic::Password { user, .. } if user.eq_ignore_ascii_case("guest") => return Err(Error::GuestRefused(script)),
        Basic::Password { user, password } => network.people().log_in(user, password),
    })
}

fn header(parts: &Parts) -> Option<&str> {
    let value = parts.headers.get(AUTHORIZATION)?.to_str().ok()?.trim_end();
    Some(value).filter(|value| !value.is_empty())
}

enum Basic<'a> {
    Password { user: &'a str, password: &'a str },
    Ticket(&'a str),
}

/// What Basic credentials say, as UTF-8 if they are, else as Latin-1.
fn decoded(credentials: &str) -> String {
    use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
    const LENIENT: &GeneralPurpose = &GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_padding_mode(DecodePaddingMode::Indifferent)
            .with_decode_allow_trailing_bits(true),
    );
    let decoded = LENIENT.decode(credentials).unwrap_or_default();
    String::from_utf8(decoded).unwrap_or_else(|latin1| latin1.into_bytes().into_iter().map(char::from).collect())
}

/// A ticket has no colon, or no user before it, or a role instead of the user.
fn basic(decoded: &str) -> Basic<'_> {
    match decoded.split_once(':') {
        None => Basic::Ticket(decoded),
        Some((user, ticket)) if user.is_empty() || user.eq_ignore_ascii_case("ROLE_TICKET") => Basic::Ticket(ticket),
        Some((user, password)) => Basic::Password { user, password },
    }
}

/// The real server's name for what answers a request.
fn script(parts: &Parts) -> &'static str {
    if parts.uri.path() == "/alfresco/api/discovery" {
        return "org/alfresco/api/DiscoveryApiWebscript.get";
    }
    match parts.method {
        Method::POST => "org/alfresco/api/ResourceWebScript.post",
        Method::PUT => "org/alfresco/api/ResourceWebScript.put",
        Method::DELETE => "org/alfresco/api/ResourceWebScript.delete",
        Method::OPTIONS => "org/alfresco/api/MetaDataWebScript.options",
        _ => "org/alfresco/api/ResourceWebScript.get",
    }
}
