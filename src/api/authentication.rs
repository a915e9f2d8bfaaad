//! Who is asking (wire reference, section 9.1).

use axum::http::{HeaderValue, Method};
use base64::Engine as _;

use super::call::Call;
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{access::Caller, node::UserName},
};

/// What the `Authorization` of a request says.
#[derive(Debug, Default)]
pub(super) struct Credentials {
    header: Option<HeaderValue>,
    /// What its second word says when its first is `Basic`.
    basic: Option<String>,
}

impl Credentials {
    /// Reads the header's value. One that is empty is none.
    pub(super) fn of(value: Option<&HeaderValue>) -> Self {
        let Some((value, text)) = value.and_then(|value| Some((value, text(value)?))) else { return Self::default() };
        let mut words = text.split(' ');
        let is_basic = words.next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"));
        let basic = words.next().filter(|_| is_basic).map(decoded);
        Self { header: Some(value.clone()), basic }
    }

    fn header(&self) -> Option<&str> {
        text(self.header.as_ref()?)
    }

    fn basic(&self) -> Option<Basic<'_>> {
        self.basic.as_deref().map(basic)
    }
}

/// The text of a header that says something.
fn text(value: &HeaderValue) -> Option<&str> {
    value.to_str().ok().map(str::trim_end).filter(|text| !text.is_empty())
}

/// The caller of a request. A valid `alf_ticket` wins; an invalid one falls through to the header.
pub(super) fn authenticate(call: &Call) -> Result<Caller> {
    if call.query.get("guest").is_some_and(|guest| guest.eq_ignore_ascii_case("true")) {
        return Err(Error::GuestRefused(script(call)));
    }
    let unauthenticated = || Error::Unauthenticated { script: script(call), network: call.network_name.to_string() };
    let by_ticket = call.query.get("alf_ticket").and_then(|ticket| with_ticket(&call.network, ticket));
    let caller = match by_ticket {
        Some(caller) => caller,
        None => with_header(call)?.ok_or_else(unauthenticated)?,
    };
    if call.is_known { Ok(caller) } else { Err(unauthenticated()) }
}

/// Who a request says to come from, by its ticket or its header, right or wrong.
pub(super) fn claimed_user(call: &Call) -> Option<Claimed<'_>> {
    let of_ticket = |ticket: &str| call.network.tickets().peek(ticket).map(Claimed::ByTicket);
    call.query.get("alf_ticket").and_then(of_ticket).or_else(|| match call.credentials.basic()? {
        Basic::Ticket(ticket) => of_ticket(ticket),
        Basic::Password { user, .. } => Some(Claimed::ByName(user)),
    })
}

/// A user as a request names him.
pub(super) enum Claimed<'a> {
    ByName(&'a str),
    ByTicket(UserName),
}

impl Claimed<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::ByName(name) => name,
            Self::ByTicket(user) => user.as_str(),
        }
    }
}

/// The ticket in a request: in the query, else in the header.
pub(super) fn ticket_of(call: &Call) -> Option<String> {
    let in_query = call.query.get("alf_ticket").filter(|ticket| !ticket.is_empty()).map(str::to_owned);
    in_query.or_else(|| match basic(&decoded(call.credentials.header()?.split_once(' ')?.1.trim())) {
        Basic::Ticket(ticket) => Some(ticket.to_owned()),
        Basic::Password { .. } => None,
    })
}

fn with_ticket(network: &Network, ticket: &str) -> Option<Caller> {
    let user = network.tickets().user_of(ticket)?;
    network.people().caller(user.as_str())
}

/// The guest needs no password, and is let nowhere.
fn with_header(call: &Call) -> Result<Option<Caller>> {
    let Some(header) = call.credentials.header() else { return Ok(None) };
    let network = || call.network_name.to_string();
    let scheme = header.split(' ').next().unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("basic") {
        return Err(Error::UnsupportedAuthorization { scheme: scheme.to_owned(), network: network() });
    }
    Ok(match call.credentials.basic() {
        None => return Err(Error::EmptyAuthorization { network: network() }),
        Some(Basic::Ticket(ticket)) => with_ticket(&call.network, ticket),
        Some(Basic::Password { user, .. }) if user.eq_ignore_ascii_case("guest") => {
            return Err(Error::GuestRefused(script(call)));
        }
        Some(Basic::Password { user, password }) => call.network.people().log_in(user, password),
    })
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
fn script(call: &Call) -> &'static str {
    if call.path() == "/alfresco/api/discovery" {
        return "org/alfresco/api/DiscoveryApiWebscript.get";
    }
    match call.method {
        Method::POST => "org/alfresco/api/ResourceWebScript.post",
        Method::PUT => "org/alfresco/api/ResourceWebScript.put",
        Method::DELETE => "org/alfresco/api/ResourceWebScript.delete",
        Method::OPTIONS => "org/alfresco/api/MetaDataWebScript.options",
        _ => "org/alfresco/api/ResourceWebScript.get",
    }
}
