//! What wraps a result, and what a refusal looks like: the only place where an [`Error`] becomes a response.
//!
//! A refusal is answered in two steps. Where it happens, the response only carries the error; in front of everything,
//! where the network is known, [`render`] gives it its log number, its log id and the caller's language.

use std::sync::Arc;

use axum::{
    http::{HeaderValue, StatusCode, header::WWW_AUTHENTICATE},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::Value;
use tracing::{debug, error};

use super::{body, call::Call, extract::Fields, headers::Headers};
use crate::{error::Error, layers::Told, network::Network, secret};

/// One result: `{"entry":{…}}`, with only the asked fields.
#[derive(Debug)]
pub(super) struct Entry<T> {
    status: StatusCode,
    headers: Headers,
    value: T,
    fields: Fields,
}

impl<T: Serialize> Entry<T> {
    pub(super) fn new(value: T, fields: Fields) -> Self {
        Self { status: StatusCode::OK, headers: Headers::none().of_json(), value, fields }
    }

    pub(super) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    pub(super) fn with_headers(self, headers: Headers) -> Self {
        Self { headers, ..self }
    }

    fn write(&self) -> serde_json::Result<Vec<u8>> {
        // Room for a download, which is asked for more often than anything else.
        let mut json = Vec::with_capacity(256);
        if self.fields.is_all() {
            serde_json::to_writer(&mut json, &Wrapped { entry: &self.value })?;
        } else {
            serde_json::to_writer(&mut json, &Wrapped { entry: picked(&self.value, &self.fields)? })?;
        }
        Ok(json)
    }
}

impl<T: Serialize> IntoResponse for Entry<T> {
    fn into_response(self) -> Response {
        match self.write() {
            Ok(json) => answer(self.status, self.headers, json),
            Err(failure) => Error::Internal(failure.into()).into_response(),
        }
    }
}

/// Several results: `{"list":{"pagination":{…},"entries":[{"entry":{…}},…]}}`, with only the asked fields of each.
#[derive(Debug)]
pub(super) struct List<T> {
    status: StatusCode,
    entries: Vec<T>,
    paging: (usize, usize),
    total: usize,
    source: Option<Value>,
    fields: Fields,
}

impl<T: Serialize> List<T> {
    /// A page of a longer list.
    pub(super) fn page(entries: Vec<T>, paging: (usize, usize), total: usize, fields: Fields) -> Self {
        Self { status: StatusCode::OK, entries, paging, total, source: None, fields }
    }

    /// The page that `paging` cuts out of all there is.
    pub(super) fn cut(all: impl IntoIterator<Item = T>, paging: (usize, usize), fields: Fields) -> Self {
        let (skip, max) = paging;
        let mut total = 0;
        let entries = all.into_iter().inspect(|_| total += 1).enumerate();
        let entries: Vec<T> = entries
            .filter(|(number, _)| (skip..skip.saturating_add(max)).contains(number))
            .map(|(_, entry)| entry)
            .collect();
        Self::page(entries, paging, total, fields)
    }

    /// What several items in one body made.
    pub(super) fn created(entries: Vec<T>, fields: Fields) -> Self {
        let total = entries.len();
        Self { status: StatusCode::CREATED, ..Self::page(entries, (0, total), total, fields) }
    }

    /// With what the list is of.
    pub(super) fn with_source(self, source: Option<Value>) -> Self {
        Self { source, ..self }
    }

    fn write(&self) -> serde_json::Result<Vec<u8>> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Pagination {
            count: usize,
            has_more_items: bool,
            total_items: usize,
            skip_count: usize,
            max_items: usize,
        }
        #[derive(Serialize)]
        struct Listed<'a, T> {
            pagination: Pagination,
            entries: Vec<Wrapped<T>>,
            #[serde(skip_serializing_if = "Option::is_none")]
            source: Option<&'a Value>,
        }
        #[derive(Serialize)]
        struct Outer<T> {
            list: T,
        }
        let (skip_count, max_items) = self.paging;
        let count = self.entries.len();
        let pagination = Pagination {
            count,
            has_more_items: skip_count.saturating_add(count) < self.total,
            total_items: self.total,
            skip_count,
            max_items,
        };
        let source = self.source.as_ref();
        if self.fields.is_all() {
            let entries = self.entries.iter().map(|entry| Wrapped { entry }).collect();
            return serde_json::to_vec(&Outer { list: Listed { pagination, entries, source } });
        }
        let picked = |entry| picked(entry, &self.fields).map(|entry| Wrapped { entry });
        let entries = self.entries.iter().map(picked).collect::<serde_json::Result<_>>()?;
        serde_json::to_vec(&Outer { list: Listed { pagination, entries, source } })
    }
}

impl<T: Serialize> IntoResponse for List<T> {
    fn into_response(self) -> Response {
        match self.write() {
            Ok(json) => answer(self.status, Headers::none().of_json(), json),
            Err(failure) => Error::Internal(failure.into()).into_response(),
        }
    }
}

#[derive(Serialize)]
struct Wrapped<T> {
    entry: T,
}

/// An entry with only the asked fields.
fn picked(entry: &impl Serialize, fields: &Fields) -> serde_json::Result<Value> {
    let mut entry = serde_json::to_value(entry)?;
    if let Some(members) = entry.as_object_mut() {
        members.retain(|name, _| fields.has(name));
    }
    Ok(entry)
}

/// JSON under these headers: as they are, for a tuple's would be copied one by one.
pub(super) fn answer(status: StatusCode, headers: Headers, json: Vec<u8>) -> Response {
    let mut response = Response::new(body::chunked(json));
    *response.status_mut() = status;
    *response.headers_mut() = headers.into_map();
    response
}

/// An empty answer of a JSON resource.
pub(super) fn nothing(status: StatusCode) -> Response {
    (status, Headers::none().of_json().into_map()).into_response()
}

/// An error on its way to [`render`].
#[derive(Clone, Debug)]
pub(super) struct Refused {
    error: Arc<Error>,
    /// Whether the resource had not been reached yet: then the headers against caching are there.
    in_routing: bool,
}

impl Refused {
    pub(super) fn in_routing(error: Error) -> Response {
        Self { error: Arc::new(error), in_routing: true }.into_response()
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = Response::default();
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let in_routing = matches!(
            self,
            Self::ScriptMethod { .. }
                | Self::ScriptUrl(_)
                | Self::Unauthenticated { .. }
                | Self::GuestRefused(_)
                | Self::UnsupportedAuthorization { .. }
                | Self::EmptyAuthorization { .. }
                | Self::ContentMissing(_)
        );
        Refused { error: Arc::new(self), in_routing }.into_response()
    }
}

/// How an error shows: status, `errorKey`, and whether the text carries a log number.
struct Shown {
    status: StatusCode,
    key: Key,
    numbered: bool,
}

enum Key {
    None,
    /// An id of the real server's message bundle.
    Id(&'static str),
    /// As a tester has ordered.
    Ordered(String),
    /// The text itself.
    Text,
}

const API_DEFAULT: Key = Key::Id("framework.exception.ApiDefault");

/// Section 7.2 of the wire reference.
fn shown(error: &Error) -> Shown {
    let show = |status, key| Shown { status, key, numbered: true };
    match error {
        Error::EntityNotFound(_) => show(StatusCode::NOT_FOUND, Key::Id("framework.exception.EntityNotFound")),
        Error::NotFound(_) => show(StatusCode::NOT_FOUND, Key::Id("framework.exception.NotFound")),
        Error::NoSuch(_) => show(StatusCode::NOT_FOUND, Key::Text),
        Error::NoSuchCollection => show(StatusCode::NOT_FOUND, Key::None),
        Error::ContentMissing(_) | Error::ScriptUrl(_) | Error::UnknownAuthority(_) => {
            show(StatusCode::NOT_FOUND, API_DEFAULT)
        }
        Error::PermissionDenied => show(StatusCode::FORBIDDEN, Key::Id("framework.exception.PermissionDenied")),
        Error::Forbidden(_) => show(StatusCode::FORBIDDEN, Key::Text),
        Error::InvalidArgument(_) => show(StatusCode::BAD_REQUEST, Key::Text),
        Error::InvalidArgumentWithoutText => {
            show(StatusCode::BAD_REQUEST, Key::Id("framework.exception.InvalidArgument"))
        }
        Error::IllegalArgument(_) => Shown { numbered: false, ..show(StatusCode::BAD_REQUEST, API_DEFAULT) },
        Error::InvalidInclude(_) => show(StatusCode::BAD_REQUEST, Key::Id("framework.exception.InvalidSelect")),
        Error::InvalidWhere(_) => show(StatusCode::BAD_REQUEST, Key::Id("framework.exception.InvalidQuery")),
        Error::InvalidProperty { .. } => show(StatusCode::BAD_REQUEST, Key::Id("framework.exception.InvalidProperty")),
        Error::Cyclic => show(StatusCode::BAD_REQUEST, API_DEFAULT),
        Error::RelationshipNotFound { .. } => {
            show(StatusCode::NOT_FOUND, Key::Id("framework.exception.RelationshipNotFound"))
        }
        Error::UnsupportedOperation => {
            show(StatusCode::METHOD_NOT_ALLOWED, Key::Id("framework.exception.UnsupportedResourceOperation"))
        }
        Error::MethodNotAllowed(_) => show(StatusCode::METHOD_NOT_ALLOWED, Key::Text),
        Error::ScriptMethod { .. } => show(StatusCode::METHOD_NOT_ALLOWED, API_DEFAULT),
        Error::Unauthenticated { .. } | Error::GuestRefused(_) | Error::UnsupportedAuthorization { .. } => {
            show(StatusCode::UNAUTHORIZED, API_DEFAULT)
        }
        Error::ContentArchived => show(StatusCode::PRECONDITION_FAILED, Key::Id("framework.exception.ArchivedContent")),
        Error::NodeLocked(_) => show(StatusCode::CONFLICT, API_DEFAULT),
        Error::Conflict(_) => show(StatusCode::CONFLICT, Key::Text),
        Error::ConflictWithoutText => show(StatusCode::CONFLICT, Key::None),
        Error::Unprocessable(_) | Error::Violation { .. } => show(StatusCode::UNPROCESSABLE_ENTITY, API_DEFAULT),
        Error::UnsupportedMediaType(_) => show(StatusCode::UNSUPPORTED_MEDIA_TYPE, Key::Text),
        Error::TooLarge => show(StatusCode::PAYLOAD_TOO_LARGE, Key::Id("framework.exception.RequestEntityTooLarge")),
        Error::InsufficientStorage => {
            show(StatusCode::INSUFFICIENT_STORAGE, Key::Id("framework.exception.InsufficientStorage"))
        }
        Error::NotImplemented => show(StatusCode::NOT_IMPLEMENTED, Key::Text),
        Error::NotReady(_) => show(StatusCode::SERVICE_UNAVAILABLE, Key::Text),
        Error::Injected { status, key, .. } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            show(status, key.clone().map_or_else(|| injected_key(status), Key::Ordered))
        }
        Error::EmptyAuthorization { .. } | Error::Java(_) | Error::JavaWithoutText | Error::Internal(_) => {
            Shown { numbered: false, ..show(StatusCode::INTERNAL_SERVER_ERROR, API_DEFAULT) }
        }
    }
}

/// The key that the real server most often sends with a status.
fn injected_key(status: StatusCode) -> Key {
    match status {
        StatusCode::BAD_REQUEST | StatusCode::NOT_IMPLEMENTED | StatusCode::SERVICE_UNAVAILABLE => Key::Text,
        StatusCode::FORBIDDEN => Key::Id("framework.exception.PermissionDenied"),
        StatusCode::NOT_FOUND => Key::Id("framework.exception.EntityNotFound"),
        StatusCode::METHOD_NOT_ALLOWED => Key::Id("framework.exception.UnsupportedResourceOperation"),
        StatusCode::PRECONDITION_FAILED => Key::Id("framework.exception.ArchivedContent"),
        StatusCode::PAYLOAD_TOO_LARGE => Key::Id("framework.exception.RequestEntityTooLarge"),
        _ => API_DEFAULT,
    }
}

/// Section 7.1 of the wire reference: the members in their order; what is null or empty is left out.
#[derive(Serialize)]
struct Envelope<'a> {
    error: Members<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Members<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    error_key: Option<&'a str>,
    status_code: u16,
    #[serde(skip_serializing_if = "String::is_empty")]
    brief_summary: String,
    stack_trace: &'static str,
    #[serde(rename = "descriptionURL")]
    description_url: &'static str,
    log_id: String,
}

const STACK_TRACE: &str =
    "For security reasons the stack trace is no longer displayed, but the property is kept for previous versions";

/// Turns a refusal into what the client sees; any other response stays as it is.
pub(super) fn render(mut response: Response, call: &Call, basic_challenge: bool) -> Response {
    let Some(Refused { error, in_routing }) = response.extensions_mut().remove() else { return response };
    let network = &call.network;
    let Shown { status, key, numbered } = shown(&error);
    let text = match &*error {
        Error::Violation { before, after } => format!("{before}{}{after}", log_number(network)),
        error => in_language(error, call).unwrap_or_else(|| error.to_string()),
    };
    let mut headers = Headers::framed();
    if let Some(challenged) = challenged_network(&error) {
        let scheme = if basic_challenge { "Basic" } else { "AlfTicket" };
        let challenge = format!("{scheme} realm=\"Alfresco {challenged} tenant\"");
        if let Ok(challenge) = HeaderValue::from_str(&challenge) {
            headers = headers.with(WWW_AUTHENTICATE, challenge);
        }
    }
    if in_routing {
        headers = headers.uncached();
    }
    let brief_summary = if numbered { format!("{} {text}", log_number(network)) } else { text.clone() };
    let log_id = network.ids().uuid().to_string();
    match &*error {
        Error::Internal(source) => {
            error!(log.id = %log_id, "a bug answered {} {}: {source}", call.method, call.path());
        }
        refused => {
            let refused = secret::hidden_in_refusal(call.operation, &refused.to_string());
            debug!(log.id = %log_id, "refused {} {} with {status}: {refused}", call.method, call.path());
        }
    }
    let error_key = match key {
        Key::None => None,
        Key::Id(id) => Some(id),
        Key::Ordered(ref key) => Some(key.as_str()),
        Key::Text => Some(text.as_str()),
    };
    let members = Members {
        error_key,
        status_code: status.as_u16(),
        brief_summary,
        stack_trace: STACK_TRACE,
        description_url: "https://api-explorer.alfresco.com",
        log_id,
    };
    let json = serde_json::to_vec(&Envelope { error: members }).unwrap_or_default();
    call.tell(Told { refusal: Some((error.name(), text)), ..Told::default() });
    answer(status, headers.json(), json)
}

fn challenged_network(error: &Error) -> Option<&str> {
    match error {
        Error::Unauthenticated { network, .. }
        | Error::UnsupportedAuthorization { network, .. }
        | Error::EmptyAuthorization { network }
        | Error::Injected { status: 401, network, .. } => Some(network),
        _ => None,
    }
}

/// Month, counted from zero, day, and a counter of at least four digits (section 7.3).
fn log_number(network: &Network) -> String {
    let today = network.clock().now().utc();
    format!("{:02}{:02}{:04}", today.month() - 1, today.day(), network.next_error())
}

/// Texts of the message bundle follow the first language that the client accepts. Only those German ones are known here
/// that the wire reference quotes; everything else is English.
fn in_language(error: &Error, call: &Call) -> Option<String> {
    let accepted = call.languages.as_ref()?.to_str().ok()?;
    let first = accepted.split([',', ';']).next()?.trim();
    if !first.split('-').next()?.eq_ignore_ascii_case("de") {
        return None;
    }
    match error {
        Error::EntityNotFound(id) => Some(format!("Die Entity mit der ID {id} wurde nicht gefunden")),
        Error::PermissionDenied => Some("Berechtigung verweigert".to_owned()),
        _ => None,
    }
}
