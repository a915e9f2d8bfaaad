//! In front of the operations: what the servlet container and the script dispatcher do with every request.
//!
//! The order is the real server's (wire reference, section 1): method override, address, network, then the operation or
//! a refusal. On the way back refusals get their bodies, and every response its reason phrase, which is empty.

use std::{borrow::Cow, sync::Arc};

use axum::{
    Extension, Router,
    body::Body,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri, Version,
        header::{
            ACCEPT_LANGUAGE, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, DATE, ETAG, TRANSFER_ENCODING, WWW_AUTHENTICATE,
        },
        request::Parts,
    },
    response::{IntoResponse, Response},
};
use http_body::Body as _;
use hyper::ext::ReasonPhrase;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde_json::json;
use tower::ServiceExt as _;
use tracing::info;

use super::{
    authentication::{NetworkName, authenticate},
    body,
    cors::{Admission, Cors},
    discovery::DiscoveryOff,
    envelope::{self, Refused},
    extract::{Parameters, Query},
    headers::Headers,
    path::{self, Resolution},
};
use crate::{config::Config, content::intake::Intake, error::Error, network::Network, spelling::Spelling};

const API: &str = "/alfresco/api";

/// Answers requests. Clones share everything.
#[derive(Clone, Debug)]
pub(crate) struct Front(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    network: Network,
    router: Router,
    cors: Cors,
    spelling: Spelling,
    basic_challenge: bool,
}

impl Front {
    pub(crate) fn new(network: Network, config: &Config, intake: Intake, spelling: Spelling) -> Self {
        let router = super::router().layer(Extension(DiscoveryOff(config.discovery_off))).layer(Extension(intake));
        let cors = Cors::new(config);
        Self(Arc::new(Inner { network, router, cors, spelling, basic_challenge: config.basic_auth_scheme }))
    }

    /// The response to a request, as it goes on the wire.
    pub(crate) async fn answer(&self, request: hyper::Request<hyper::body::Incoming>) -> Response {
        let (parts, body) = request.into_parts();
        let asked = Asked::of(&parts);
        let mut response = match self.0.cors.admit(&parts).await {
            Admission::Answered(response) => response,
            Admission::Same => self.dispatch(parts, Body::new(body)).await,
            Admission::Foreign => {
                let asked = parts.clone();
                let response = self.dispatch(parts, Body::new(body)).await;
                self.0.cors.through_layer(&asked, response).await
            }
        };
        self.complete(asked, &mut response);
        response
    }

    /// Adds what the servlet container adds last: how the body is framed, the date, and what becomes of the connection.
    fn complete(&self, asked: Asked, response: &mut Response) {
        let may_have_body =
            !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) && !asked.is_head;
        let length = response.body().size_hint().exact();
        let date = httpdate::fmt_http_date(self.0.network.clock().now().to_system());
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
        headers.extend(HeaderValue::try_from(date).map(|date| (DATE, date)).ok());
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
    }

    async fn dispatch(&self, mut parts: Parts, body: Body) -> Response {
        override_method(&mut parts);
        let Some(path) = decoded(parts.uri.path()) else { return container_error(StatusCode::BAD_REQUEST) };
        let Some(below) = path.strip_prefix(API).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            return container_error(StatusCode::NOT_FOUND);
        };
        let mut segments: Vec<String> = below.trim_end_matches('/').split('/').skip(1).map(str::to_owned).collect();
        let network = match segments.first().map(String::as_str) {
            Some("discovery") => crate::network::DEFAULT.to_owned(),
            Some(_) if below.len() >= 6 => segments.remove(0),
            // The real server cuts the network out of a text that is too short for it.
            _ => return self.render(Error::Java("begin 0, end -1, length 0").into_response(), &parts),
        };
        let is_raw = path == parts.uri.path() && !path.ends_with('/');
        parts.extensions.insert(self.0.network.clone());
        parts.extensions.insert(NetworkName(network.clone()));
        let resolution = path::resolve(&parts.method, &segments);
        if !matches!(resolution, Resolution::Operation) && path::is_absent(&segments) {
            info!("{} {path} exists in the product, but is not mocked", parts.method);
        }
        match resolution {
            Resolution::Operation => {
                if !is_raw {
                    canonicalize(&mut parts.uri, &network, &segments);
                }
                self.operate(parts, body).await
            }
            Resolution::Refused(error) => self.render(Refused::in_routing(error), &parts),
            Resolution::RefusedToCaller(error) => {
                let refusal = authenticate(&parts, &self.0.network)
                    .and_then(|_| Parameters::read(&Query::of(&parts)))
                    .map_or_else(IntoResponse::into_response, |_| error.into_response());
                self.render(refusal, &parts)
            }
            Resolution::Described(resource) => {
                let description = authenticate(&parts, &self.0.network)
                    .map_or_else(IntoResponse::into_response, |_| describe(&resource));
                self.render(description, &parts)
            }
        }
    }

    async fn operate(&self, parts: Parts, body: Body) -> Response {
        // The few things that a refusal is rendered with, for the request itself is used up.
        let mut asked = Request::new(()).into_parts().0;
        asked.method = parts.method.clone();
        asked.uri = parts.uri.clone();
        asked.headers.extend(parts.headers.get(ACCEPT_LANGUAGE).map(|language| (ACCEPT_LANGUAGE, language.clone())));
        let response = match self.0.router.clone().oneshot(Request::from_parts(parts, body)).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        self.render(response, &asked)
    }

    fn render(&self, response: Response, asked: &Parts) -> Response {
        envelope::render(response, asked, &self.0.network, self.0.basic_challenge)
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

/// A POST may stand for another method: by a header, else by a parameter.
fn override_method(parts: &mut Parts) {
    if parts.method != Method::POST {
        return;
    }
    let in_header = parts.headers.get("x-http-method-override").and_then(|method| method.to_str().ok());
    let query = Query::of(parts);
    let method = in_header.or_else(|| query.get("alf_method")).filter(|method| !method.is_empty());
    if let Some(method) = method.and_then(|method| method.parse().ok()) {
        parts.method = method;
    }
}

/// The path as the dispatcher sees it: decoded, `+` for a space. None for what the container refuses.
fn decoded(path: &str) -> Option<Cow<'_, str>> {
    if !path.contains(['%', '+', '\\']) {
        return Some(path.into());
    }
    let hidden = path.to_ascii_lowercase();
    if hidden.contains("%2f") || hidden.contains("%5c") || hidden.contains("%00") || path.contains('\\') {
        return None;
    }
    let is_escape = |at: usize| path.get(at + 1..at + 3).is_some_and(|digits| u8::from_str_radix(digits, 16).is_ok());
    if !path.match_indices('%').all(|(at, _)| is_escape(at)) {
        return None;
    }
    let spaced = path.replace('+', "%20");
    percent_decode_str(&spaced).decode_utf8().ok().map(|path| path.into_owned().into())
}

/// Writes the address in the one form that the routes know.
fn canonicalize(uri: &mut Uri, network: &str, segments: &[String]) {
    const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
    let network = Some(network).filter(|_| segments != ["discovery"]);
    let mut path = String::from(API);
    for segment in network.into_iter().chain(segments.iter().map(String::as_str)) {
        path.push('/');
        path.extend(utf8_percent_encode(segment, KEPT));
    }
    if let Some(query) = uri.query() {
        path.push('?');
        path.push_str(query);
    }
    if let Ok(canonical) = path.parse() {
        *uri = canonical;
    }
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
