//! Addresses as the servlet container and the dispatcher read them: decoded, cut into segments, the network taken out.

use std::borrow::Cow;

use axum::http::{Method, Uri, request::Parts};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::extract::Query;
use crate::network::DEFAULT;

const API: &str = "/alfresco/api";

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Address {
    /// Below the API.
    Api(ApiAddress),
    /// Too short to hold a network.
    Short,
    /// Outside the API.
    Elsewhere,
    /// Refused by the container.
    Malformed,
}

/// An address below the API.
#[derive(Debug)]
pub(super) struct ApiAddress {
    /// The network as it is spelled.
    pub(super) network: String,
    /// What is behind the network, decoded.
    pub(super) segments: Vec<String>,
    /// Whether it is in the one form that the routes know.
    is_raw: bool,
}

impl Address {
    pub(super) fn of(uri: &Uri) -> Self {
        let Some(path) = decoded(uri.path()) else { return Self::Malformed };
        let Some(below) = path.strip_prefix(API).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            return Self::Elsewhere;
        };
        let mut segments: Vec<String> = below.trim_end_matches('/').split('/').skip(1).map(str::to_owned).collect();
        let network = match segments.first().map(String::as_str) {
            Some("discovery") => DEFAULT.to_owned(),
            Some(_) if below.len() >= 6 => segments.remove(0),
            _ => return Self::Short,
        };
        let is_raw = path == uri.path() && !path.ends_with('/');
        Self::Api(ApiAddress { network, segments, is_raw })
    }

    pub(super) fn network(&self) -> &str {
        match self {
            Self::Api(address) => &address.network,
            _ => DEFAULT,
        }
    }

    /// What is behind the network, decoded; nothing outside the API.
    pub(super) fn segments(&self) -> &[String] {
        match self {
            Self::Api(address) => &address.segments,
            _ => &[],
        }
    }
}

impl ApiAddress {
    /// Writes the address in the one form that the routes know.
    pub(super) fn canonicalize(&self, uri: &mut Uri) {
        const KEPT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');
        if self.is_raw {
            return;
        }
        let network = Some(self.network.as_str()).filter(|_| self.segments != ["discovery"]);
        let mut path = String::from(API);
        for segment in network.into_iter().chain(self.segments.iter().map(String::as_str)) {
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
}

/// The method that a request stands for: a POST may stand for another, by a header, else by a parameter.
pub(super) fn method(parts: &Parts) -> Method {
    if parts.method != Method::POST {
        return parts.method.clone();
    }
    let in_header = parts.headers.get("x-http-method-override").and_then(|method| method.to_str().ok());
    let query = Query::of(parts);
    let method = in_header.or_else(|| query.get("alf_method")).filter(|method| !method.is_empty());
    method.and_then(|method| method.parse().ok()).unwrap_or(Method::POST)
}

/// The path as the dispatcher sees it: decoded, `+` for a space. None for what the container refuses.
pub(super) fn decoded(path: &str) -> Option<Cow<'_, str>> {
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
