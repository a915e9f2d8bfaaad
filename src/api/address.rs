//! Addresses as the servlet container and the dispatcher read them: decoded, cut into segments, the network taken out.

use std::borrow::Cow;

use axum::http::{Method, request::Parts};
use memchr::{memchr_iter, memchr3};
use percent_encoding::percent_decode_str;

use super::extract::Query;
use crate::network::DEFAULT;

const API: &str = "/alfresco/api";

/// Where a request goes.
#[derive(Debug)]
pub(super) enum Address<'a> {
    /// Below the API.
    Api(ApiAddress<'a>),
    /// Too short to hold a network.
    Short,
    /// Outside the API.
    Elsewhere,
    /// Refused by the container.
    Malformed,
}

/// An address below the API.
#[derive(Debug)]
pub(super) struct ApiAddress<'a> {
    /// The network as it is spelled.
    pub(super) network: &'a str,
    /// What is behind the network.
    pub(super) segments: Vec<&'a str>,
}

impl<'a> Address<'a> {
    /// The address of a decoded path; none for what the container refuses.
    pub(super) fn of(path: Option<&'a str>) -> Self {
        let Some(path) = path else { return Self::Malformed };
        let Some(below) = path.strip_prefix(API).filter(|rest| rest.is_empty() || rest.starts_with('/')) else {
            return Self::Elsewhere;
        };
        let mut segments = segments(below.trim_end_matches('/'));
        let network = match segments.first() {
            Some(&"discovery") => DEFAULT,
            Some(_) if below.len() >= 6 => segments.remove(0),
            _ => return Self::Short,
        };
        Self::Api(ApiAddress { network, segments })
    }

    pub(super) fn network(&self) -> &'a str {
        match self {
            Self::Api(address) => address.network,
            _ => DEFAULT,
        }
    }

    /// What is behind the network; nothing outside the API.
    pub(super) fn segments(&self) -> &[&'a str] {
        match self {
            Self::Api(address) => &address.segments,
            _ => &[],
        }
    }
}

/// What is behind each slash.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::with_capacity(8);
    let mut start = 1;
    for slash in memchr_iter(b'/', path.as_bytes()).skip(1) {
        segments.push(&path[start..slash]);
        start = slash + 1;
    }
    segments.extend(path.get(start..));
    segments
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
    if memchr3(b'%', b'+', b'\\', path.as_bytes()).is_none() {
        return Some(path.into());
    }
    let hidden = path.to_ascii_lowercase();
    if hidden.contains("%2f") || hidden.contains("%5c") || hidden.contains("%00") || path.contains('\\') {
        return None;
    }
    let is_escape = |at: usize| {
        let digits = path.as_bytes().get(at + 1..at + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    if !path.match_indices('%').all(|(at, _)| is_escape(at)) {
        return None;
    }
    let spaced = path.replace('+', "%20");
    percent_decode_str(&spaced).decode_utf8().ok().map(|path| path.into_owned().into())
}

#[cfg(test)]
mod tests {
    use axum::http::Request;

    use super::*;

    #[track_caller]
    fn check(path: &str, network: &str, segments: &[&str]) {
        let address = Address::of(Some(path));
        assert!(matches!(address, Address::Api(_)), "{path} is {address:?}");
        assert_eq!((address.network(), address.segments()), (network, segments), "{path}");
    }

    #[test]
    fn the_network_is_taken_out_of_an_address() {
        check("/alfresco/api/a.net/public/x/", "a.net", &["public", "x"]);
        check("/alfresco/api/a.net//x", "a.net", &["", "x"]);
        check("/alfresco/api/12345", "12345", &[]);
        check("/alfresco/api/discovery", DEFAULT, &["discovery"]);
        check("/alfresco/api/discovery/x", DEFAULT, &["discovery", "x"]);
    }

    #[test]
    fn other_addresses_have_none() {
        for path in ["/alfresco/api", "/alfresco/api/", "/alfresco/api/1234"] {
            assert!(matches!(Address::of(Some(path)), Address::Short), "{path}");
        }
        for path in ["/", "/alfresco", "/alfresco/apis/a.net/x", "/x/alfresco/api/a.net"] {
            let address = Address::of(Some(path));
            assert!(matches!(address, Address::Elsewhere), "{path}");
            assert_eq!((address.network(), address.segments()), (DEFAULT, &[][..]), "{path}");
        }
        assert!(matches!(Address::of(None), Address::Malformed));
    }

    #[test]
    fn a_path_is_decoded_once_and_what_hides_a_slash_is_refused() {
        for (path, expected) in
            [("/a/b", "/a/b"), ("/a+b", "/a b"), ("/a%2Bb", "/a+b"), ("/%e6%96%87", "/文"), ("/%2541", "/%41")]
        {
            assert_eq!(decoded(path).as_deref(), Some(expected), "{path}");
        }
        for path in
            ["/%2f", "/%2F", "/%5C", "/%5c", "/%00", "/a\\b", "/%", "/%4", "/%4g", "/%+1", "/%-1", "/%ff", "/%é"]
        {
            assert_eq!(decoded(path), None, "{path}");
        }
    }

    #[test]
    fn a_post_may_stand_for_another_method() {
        let method = |request: axum::http::request::Builder| method(&request.body(()).unwrap().into_parts().0);
        let post = || Request::post("/a?alf_method=put");
        assert_eq!(method(Request::post("/a")), Method::POST);
        assert_eq!(method(post()), "put");
        assert_eq!(method(post().header("X-HTTP-Method-Override", "DELETE")), Method::DELETE);
        assert_eq!(method(Request::post("/a").header("X-HTTP-Method-Override", "")), Method::POST);
        assert_eq!(method(Request::get("/a?alf_method=DELETE")), Method::GET);
        assert_eq!(method(Request::put("/a").header("X-HTTP-Method-Override", "DELETE")), Method::PUT);
    }
}
