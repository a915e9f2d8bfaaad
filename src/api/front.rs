//! In front of the operations: what the servlet container and the script dispatcher do with every request.
//!
//! The order is the real server's (wire reference, section 1): method override, address, network, then the operation or
//! a refusal. On the way back refusals get their bodies, and every response its reason phrase, which is empty.

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version,
        header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, TRANSFER_ENCODING, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http_body::Body as _;
use hyper::ext::ReasonPhrase;
use serde_json::json;
use tracing::info;

use super::{
    Services,
    address::{self, Address},
    authentication::{Claimed, authenticate, claimed_user},
    body,
    call::Call,
    cors::{Admission, Cors},
    envelope::{self, Refused},
    extract::{OVERLOADED, Parameters},
    headers::{Dates, Headers},
    path::{self, Resolution},
    patience::Patient,
};
use crate::{
    admin::{self, Admin},
    config::Config,
    content::intake::Intake,
    error::Error,
    journal::Arrival,
    layers::{Visit, body::Watched},
    line::Line,
    network::Network,
    networks::Networks,
    operation::Operation,
    page, panics,
    spelling::Spelling,
    telemetry::{Meter, Subject},
};

/// Answers requests. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    networks: Networks,
    services: Arc<Services>,
    admin: Option<Admin>,
    cors: Cors,
    /// Which pages may control, which is another matter.
    admin_cors: Cors,
    spelling: Spelling,
    dates: Dates,
    basic_challenge: bool,
    limits: Limits,
    /// How many requests are under way.
    under_way: AtomicUsize,
}

/// How much is taken.
#[derive(Debug)]
struct Limits {
    requests: usize,
    head: u64,
    headers: usize,
    json: u64,
    /// How long the next part of a body is waited for.
    body: Duration,
}

/// One of the requests that are under way.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Front {
    /// `admin` is what answers below `/__admin`, if anything does here.
    pub(crate) fn new(
        networks: Networks,
        config: &Config,
        intake: Intake,
        spelling: Spelling,
        admin: Option<Admin>,
    ) -> Self {
        let services = Arc::new(Services { intake, is_discovery_off: config.discovery_off });
        let (cors, admin_cors) = (Cors::new(config), Cors::of_control(config));
        let limits = Limits {
            requests: config.limits.max_requests,
            head: config.limits.max_head_size,
            headers: config.limits.max_headers,
            json: config.limits.max_json_size,
            body: config.limits.body_timeout,
        };
        Self(Arc::new(Inner {
            networks,
            services,
            admin,
            cors,
            admin_cors,
            spelling,
            dates: Dates::default(),
            basic_challenge: config.basic_auth_scheme,
            limits,
            under_way: AtomicUsize::new(0),
        }))
    }

    /// The response to a request, as it goes on the wire.
    pub(crate) async fn answer(
        &self,
        request: hyper::Request<hyper::body::Incoming>,
        line: &Line,
    ) -> Response<Watched> {
        let (parts, body) = request.into_parts();
        let body = if body.is_end_stream() { Body::empty() } else { Body::new(Patient::new(body, self.0.limits.body)) };
        if let Some(admin) = self.0.admin.as_ref().filter(|_| admin::is_admin(parts.uri.path())) {
            // In a box, as all that is seldom needed, so that the rest has less to carry around.
            return Box::pin(self.control(admin, parts, body)).await;
        }
        if page::is_for_page(&parts) {
            return self.unasked(Subject::Page, &parts, page::answer(&parts));
        }
        if !self.takes(&parts) {
            let refusal = container_error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            return self.unasked(Subject::Api(None), &parts, refusal);
        }
        let asked = Asked::of(&parts);
        let uri = parts.uri.clone();
        let path = address::decoded(uri.path());
        let address = Address::of(path.as_deref());
        let call = Call::of(&parts, &address, &self.0.networks, &self.0.services);
        let method = parts.method.clone();
        let user = claimed_user(&call);
        let user = user.as_ref().map(Claimed::as_str);
        let is_of_page = parts.headers.contains_key(&page::MARK);
        let arrival = call.arrival(method.as_str(), path.as_deref(), &address, user, is_of_page);
        let mut visit = Visit::begin(call.network.clone(), line.clone(), &arrival, &parts.headers);
        let body = visit.overhear(body);
        let cors = &self.0.cors;
        let admission = cors.admit(&parts);
        let page = (admission == Admission::Foreign).then(|| parts.clone());
        let mut response = match admission {
            Admission::Refused => Cors::refusal(),
            Admission::Preflight => Box::pin(cors.preflight(&parts)).await,
            Admission::Same | Admission::Foreign => {
                self.serve(parts, body, &address, &call, &arrival, &mut visit).await
            }
        };
        if let Some(page) = page {
            response = Box::pin(cors.through_layer(&page, response)).await;
        }
        let may_have_body = self.complete(asked, &call.network, &mut response);
        visit.after(response, may_have_body, call.told())
    }

    /// The answer to a request for control.
    async fn control(&self, admin: &Admin, parts: Parts, body: Body) -> Response<Watched> {
        let (asked, path) = (Asked::of(&parts), parts.uri.path());
        let mut meter = Meter::begin(self.0.networks.telemetry(), Subject::Control, parts.method.as_str(), path);
        let cors = &self.0.admin_cors;
        let mut response = match cors.admit_to_control(&parts) {
            Admission::Refused => Cors::refusal(),
            Admission::Preflight => cors.preflight(&parts).await,
            Admission::Same => admin.answer(parts, body).await,
            Admission::Foreign => cors.through_layer(&parts, admin.answer(parts.clone(), body).await).await,
        };
        self.complete(asked, &self.0.networks.default(), &mut response);
        meter.answered(response.status().as_u16());
        response.map(|body| Watched::metered(body, meter))
    }

    /// An answer for which no network was asked, as it goes on the wire.
    fn unasked(&self, subject: Subject, parts: &Parts, mut response: Response) -> Response<Watched> {
        let mut meter = Meter::begin(self.0.networks.telemetry(), subject, parts.method.as_str(), parts.uri.path());
        self.complete(Asked::of(parts), &self.0.networks.default(), &mut response);
        meter.answered(response.status().as_u16());
        response.map(|body| Watched::metered(body, meter))
    }

    /// Adds what the servlet container adds last: how the body is framed, the date, and what becomes of the connection.
    /// Says whether there may be a body.
    fn complete(&self, asked: Asked, network: &Network, response: &mut Response) -> bool {
        let may_have_body =
            !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !asked.is_head;
        let length = response.body().size_hint().exact();
        let date = self.0.dates.of(network.clock().now());
        if may_have_body && length == Some(0) {
            *response.body_mut() = body::empty();
        }
        let headers = response.headers_mut();
        if may_have_body && !headers.contains_key(CONTENT_LENGTH) {
            match length {
                Some(length) => headers.append(CONTENT_LENGTH, length.into()),
                None if asked.version == Version::HTTP_11 => headers.append(TRANSFER_ENCODING, CHUNKED),
                // The end of the connection, or the stream, is the end of the body.
                None => false,
            };
        }
        if let Some(date) = date {
            headers.append(DATE, date);
        }
        if asked.keeps_alive {
            headers.append(KEEP_ALIVE, HeaderValue::from_static("timeout=20"));
            headers.append(CONNECTION, HeaderValue::from_static("keep-alive"));
        }
        let is_misspelt = headers.contains_key(ETAG) || headers.contains_key(WWW_AUTHENTICATE);
        let extensions = response.extensions_mut();
        if is_misspelt {
            self.0.spelling.apply(extensions);
        }
        // The real server sends no reason: `HTTP/1.1 202 `.
        extensions.insert(ReasonPhrase::from_static(b""));
        may_have_body
    }

    /// What goes wrong by order comes before the API is asked.
    async fn serve(
        &self,
        parts: Parts,
        body: Body,
        address: &Address<'_>,
        call: &Call,
        arrival: &Arrival<'_>,
        visit: &mut Visit,
    ) -> Response {
        let Some(_place) = self.place() else {
            let refused = Error::NotReady(OVERLOADED).into_response();
            return envelope::render(refused, call, self.0.basic_challenge);
        };
        let memory = self.0.networks.memory();
        let is_to_make = call.operation.is_some_and(Operation::makes_something);
        if is_to_make && !memory.has_room() {
            return envelope::render(Error::InsufficientStorage.into_response(), call, self.0.basic_challenge);
        }
        let (body, read) = if visit.wants_body() {
            Box::pin(body::read_ahead(body, self.0.limits.json)).await
        } else {
            (body, Bytes::new())
        };
        let response = match visit.before(arrival, &read).await {
            Some(response) => response,
            None => panics::caught(pin!(dispatch(parts, body, address, call)))
                .await
                .unwrap_or_else(|panicked| Error::Internal(panicked.into()).into_response()),
        };
        if is_to_make && !response.status().is_success() {
            memory.freed(1);
        }
        envelope::render(response, call, self.0.basic_challenge)
    }

    /// How many headers a request may have.
    pub(crate) fn most_headers(&self) -> usize {
        self.0.limits.headers
    }

    /// The answer when a bug has kept a request from one of its own.
    pub(crate) fn failed(&self) -> Response<Watched> {
        let (nothing, ()) = Request::new(()).into_parts();
        self.unasked(Subject::Api(None), &nothing, container_error(StatusCode::INTERNAL_SERVER_ERROR))
    }

    /// What goes on the wire when what came is no request that is read.
    pub(crate) fn refusal(&self, status: StatusCode) -> Bytes {
        let page = container_page(status);
        let date = self.0.dates.of(self.0.networks.default().clock().now());
        let date = date.as_ref().and_then(|date| date.to_str().ok()).unwrap_or_default();
        let head = format!(
            "HTTP/1.1 {} \r\nContent-Type: {HTML}\r\nContent-Length: {}\r\nDate: {date}\r\nConnection: close\r\n\r\n",
            status.as_u16(),
            page.len()
        );
        (head + &page).into()
    }

    /// Whether a request's head is no longer than any that is looked at.
    fn takes(&self, parts: &Parts) -> bool {
        let target = parts.uri.path().len() + parts.uri.query().map_or(0, str::len);
        let length = parts.headers.iter().fold(target, |sum, (name, value)| sum + name.as_str().len() + value.len());
        length as u64 <= self.0.limits.head && parts.headers.len() <= self.0.limits.headers
    }

    /// A place among the requests under way, if there is one left.
    fn place(&self) -> Option<Place<'_>> {
        let place = Place(&self.0.under_way);
        (place.0.fetch_add(1, Ordering::Relaxed) < self.0.limits.requests).then_some(place)
    }
}

/// An answer, or a refusal that is still to be rendered.
async fn dispatch(mut parts: Parts, body: Body, address: &Address<'_>, call: &Call) -> Response {
    let address = match address {
        Address::Api(address) => address,
        Address::Malformed => return container_error(StatusCode::BAD_REQUEST),
        Address::Elsewhere => return container_error(StatusCode::NOT_FOUND),
        // The real server cuts the network out of a text that is too short for it.
        Address::Short => return Error::Java("begin 0, end -1, length 0").into_response(),
    };
    if let Some(operation) = call.operation {
        parts.method = call.method.clone();
        return super::answer(operation, Request::from_parts(parts, body), call.clone()).await;
    }
    if path::is_absent(&address.segments) {
        info!("{} {} exists in the product, but is not mocked", call.method, call.path());
    }
    match path::resolve(&call.method, &address.segments) {
        Resolution::Operation => Error::Internal("an operation has no name".into()).into_response(),
        Resolution::Refused(error) => Refused::in_routing(error),
        Resolution::RefusedToCaller(error) => authenticate(call)
            .and_then(|_| Parameters::read(&call.query))
            .map_or_else(IntoResponse::into_response, |_| error.into_response()),
        Resolution::Described(resource) => {
            authenticate(call).map_or_else(IntoResponse::into_response, |_| describe(&resource))
        }
    }
}

const KEEP_ALIVE: HeaderName = HeaderName::from_static("keep-alive");

const CHUNKED: HeaderValue = HeaderValue::from_static("chunked");

/// What of a request decides how its answer is framed.
#[derive(Clone, Copy)]
struct Asked {
    version: Version,
    is_head: bool,
    keeps_alive: bool,
}

impl Asked {
    fn of(parts: &Parts) -> Self {
        Self {
            version: parts.version,
            is_head: parts.method == Method::HEAD,
            // From HTTP/2 on, nobody asks.
            keeps_alive: parts.version <= Version::HTTP_11 && asks_to_keep_alive(&parts.headers),
        }
    }
}

/// Tomcat tells how long it keeps a connection, but only clients that ask for keeping it.
fn asks_to_keep_alive(headers: &HeaderMap) -> bool {
    let mut values = headers.get_all(CONNECTION).iter().filter_map(|value| value.to_str().ok());
    values.any(|value| value.split(',').any(|option| option.trim().eq_ignore_ascii_case("keep-alive")))
}

/// What a known caller of `OPTIONS` gets: the resource in words, with neither `Content-Type` nor `Allow`.
fn describe(resource: &str) -> Response {
    let description = json!({
        "list": {
            "pagination": { "count": 1, "hasMoreItems": false, "totalItems": 1, "skipCount": 0, "maxItems": 100 },
            "entries": [{ "entry": { "metaData": { "uniqueId": resource } } }],
        }
    });
    let headers = Headers::framed().uncached().into_map();
    (StatusCode::OK, headers, body::chunked(description.to_string().into_bytes())).into_response()
}

/// An error that the servlet container answers itself, in HTML (section 7.4).
fn container_error(status: StatusCode) -> Response {
    let html = HeaderValue::from_static(HTML);
    (status, Headers::none().with(CONTENT_TYPE, html).into_map(), container_page(status)).into_response()
}

const HTML: &str = "text/html;charset=utf-8";

fn container_page(status: StatusCode) -> String {
    let title = format!("HTTP Status {} \u{2013} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    format!("<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1></body></html>")
}
