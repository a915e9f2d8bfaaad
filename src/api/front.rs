//! In front of the operations: what the servlet container and the script dispatcher do with every request.
//!
//! The order is the real server's (wire reference, section 1): method override, address, network, then the operation or
//! a refusal. On the way back refusals get their bodies, and every response its reason phrase, which is empty.

use std::{
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
        header::{
            ACCEPT_LANGUAGE, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, TRANSFER_ENCODING, WWW_AUTHENTICATE,
        },
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
    address::{self, Address, ApiAddress},
    authentication::{authenticate, claimed_user},
    body,
    cors::{Admission, Cors},
    envelope::{self, Call, Refused},
    extract::{OVERLOADED, Origin, Parameters, Query},
    headers::{Dates, Headers},
    path::{self, Resolution},
    patience::Patient,
};
use crate::{
    admin::{self, Admin},
    config::Config,
    content::intake::Intake,
    error::Error,
    layers::{Arrival, Visit, body::Watched},
    line::Line,
    network::{self, Network},
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
    services: Services,
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
        let services = Services { intake, is_discovery_off: config.discovery_off };
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
    pub(crate) async fn answer(&self, request: hyper::Request<hyper::body::Incoming>, line: Line) -> Response<Watched> {
        let (parts, body) = request.into_parts();
        let body = if body.is_end_stream() { Body::empty() } else { Body::new(Patient::new(body, self.0.limits.body)) };
        let asked = Asked::of(&parts);
        if let Some(admin) = self.0.admin.as_ref().filter(|_| admin::is_admin(parts.uri.path())) {
            let path = parts.uri.path();
            let mut meter = Meter::begin(self.0.networks.telemetry(), Subject::Control, parts.method.as_str(), path);
            let admitted = self.0.admin_cors.admit_to_control(&parts).await;
            let mut response =
                self.through(&self.0.admin_cors, admitted, parts, |parts| admin.answer(parts, body)).await;
            self.complete(asked, &self.0.networks.default(), &mut response);
            meter.answered(response.status().as_u16());
            return response.map(|body| Watched::metered(body, meter));
        }
        if page::is_for_page(&parts) {
            return self.unasked(Subject::Page, asked, &parts, page::answer(&parts));
        }
        if !self.takes(&parts) {
            let refusal = container_error(StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE);
            return self.unasked(Subject::Api(None), asked, &parts, refusal);
        }
        let uri = parts.uri.clone();
        let path = address::decoded(uri.path());
        let address = Address::of(path.as_deref());
        let found = self.0.networks.at(address.network());
        let is_known = found.is_some();
        let network = found.unwrap_or_else(|| self.0.networks.default());
        let method = address::method(&parts);
        let call = Call {
            operation: Operation::of(method.as_str(), address.segments()),
            network: &network,
            method: &method,
            path: uri.path(),
            languages: parts.headers.get(ACCEPT_LANGUAGE).cloned(),
        };
        let mut visit =
            Visit::begin(network.clone(), line, arrival(&parts, path.as_deref(), &address, &call), &parts.headers);
        let body = visit.overhear(body);
        let admitted = self.0.cors.admit(&parts).await;
        let serve = |parts| self.serve(parts, body, (&address, is_known), &call, &mut visit);
        let mut response = self.through(&self.0.cors, admitted, parts, serve).await;
        let may_have_body = self.complete(asked, &network, &mut response);
        visit.after(response, may_have_body)
    }

    /// An answer for which no network was asked, as it goes on the wire.
    fn unasked(&self, subject: Subject, asked: Asked, parts: &Parts, mut response: Response) -> Response<Watched> {
        let mut meter = Meter::begin(self.0.networks.telemetry(), subject, parts.method.as_str(), parts.uri.path());
        self.complete(asked, &self.0.networks.default(), &mut response);
        meter.answered(response.status().as_u16());
        response.map(|body| Watched::metered(body, meter))
    }

    /// Answers with `answer`, if the page may call, and with the headers that its browser wants to see.
    async fn through<F: Future<Output = Response>>(
        &self,
        cors: &Cors,
        admitted: Admission,
        parts: Parts,
        answer: impl FnOnce(Parts) -> F,
    ) -> Response {
        match admitted {
            Admission::Answered(response) => response,
            Admission::Same => answer(parts).await,
            Admission::Foreign => {
                let asked = parts.clone();
                let response = answer(parts).await;
                cors.through_layer(&asked, response).await
            }
        }
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
        headers.extend(date.map(|date| (DATE, date)));
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
        (address, is_known): (&Address<'_>, bool),
        call: &Call<'_>,
        visit: &mut Visit,
    ) -> Response {
        let Some(_place) = self.place() else {
            let refused = Error::NotReady(OVERLOADED).into_response();
            return envelope::render(refused, call, self.0.basic_challenge);
        };
        let (body, read) =
            if visit.wants_body() { body::read_ahead(body, self.0.limits.json).await } else { (body, Bytes::new()) };
        let response = match visit.before(&read).await {
            Some(response) => response,
            None => panics::caught(self.dispatch(parts, body, (address, is_known), call))
                .await
                .unwrap_or_else(|panicked| Error::Internal(panicked.into()).into_response()),
        };
        envelope::render(response, call, self.0.basic_challenge)
    }

    /// How many headers a request may have.
    pub(crate) fn most_headers(&self) -> usize {
        self.0.limits.headers
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

    /// An answer, or a refusal that is still to be rendered.
    async fn dispatch(
        &self,
        mut parts: Parts,
        body: Body,
        (address, is_known): (&Address<'_>, bool),
        call: &Call<'_>,
    ) -> Response {
        let address = match address {
            Address::Api(address) => address,
            Address::Malformed => return container_error(StatusCode::BAD_REQUEST),
            Address::Elsewhere => return container_error(StatusCode::NOT_FOUND),
            // The real server cuts the network out of a text that is too short for it.
            Address::Short => return Error::Java("begin 0, end -1, length 0").into_response(),
        };
        parts.method = call.method.clone();
        let origin = origin(address, is_known, call);
        let resolution = path::resolve(call.method, &address.segments);
        if !matches!(resolution, Resolution::Operation) && path::is_absent(&address.segments) {
            info!("{} {} exists in the product, but is not mocked", call.method, call.path);
        }
        match resolution {
            Resolution::Operation => {
                let Some(operation) = call.operation else {
                    return Error::Internal("an operation has no name".into()).into_response();
                };
                parts.extensions.insert(origin);
                super::answer(operation, Request::from_parts(parts, body), self.0.services.clone()).await
            }
            Resolution::Refused(error) => Refused::in_routing(error),
            Resolution::RefusedToCaller(error) => authenticate(&parts, &origin)
                .and_then(|_| Parameters::read(&Query::of(&parts)))
                .map_or_else(IntoResponse::into_response, |_| error.into_response()),
            Resolution::Described(resource) => {
                authenticate(&parts, &origin).map_or_else(IntoResponse::into_response, |_| describe(&resource))
            }
        }
    }
}

/// What handlers are told of where the request has come to.
fn origin(address: &ApiAddress<'_>, is_known: bool, call: &Call<'_>) -> Origin {
    let network_name = match address.network {
        network::DEFAULT => network::DEFAULT.into(),
        other => other.to_owned().into(),
    };
    let segment = |place: usize| address.segments.get(place).map_or_else(String::new, |&segment| segment.to_owned());
    Origin { network: call.network.clone(), network_name, is_known, id: segment(5), related: segment(7) }
}

/// What testers want to know of a request.
fn arrival(parts: &Parts, decoded: Option<&str>, address: &Address<'_>, call: &Call<'_>) -> Arrival {
    let node = match address.segments() {
        [_, _, _, _, collection, id, ..] if ["downloads", "nodes", "deleted-nodes"].contains(collection) => Some(*id),
        _ => None,
    };
    Arrival {
        method: parts.method.to_string(),
        target: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        path: decoded.unwrap_or_default().to_owned(),
        operation: call.operation,
        node: node.map(str::to_owned),
        user: claimed_user(parts, call.network),
        is_of_page: parts.headers.contains_key(page::MARK),
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
    let title = format!("HTTP Status {} \u{2013} {}", status.as_u16(), status.canonical_reason().unwrap_or_default());
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    );
    let html = HeaderValue::from_static("text/html;charset=utf-8");
    (status, Headers::none().with(CONTENT_TYPE, html).into_map(), page).into_response()
}
