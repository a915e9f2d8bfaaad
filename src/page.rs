//! The page at `/`, for people.
//!
//! Its files are those of the folder `src/page`, compiled in as they are: nothing builds them. It has no secrets and no
//! powers of its own: what it shows and does, it asks of `/__admin` and of the API, as anybody may.

use axum::{
    body::Body,
    http::{
        HeaderName, HeaderValue, Method, StatusCode,
        header::{
            CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY,
            X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
        },
        request::Parts,
    },
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;

/// The header by which a request says that the page has sent it.
pub(crate) const MARK: HeaderName = HeaderName::from_static("x-mock-page");

/// Where the files lie that the page consists of.
const FOLDER: &str = "/__page/";

/// The page runs and shows its own files alone, talks to its own server alone, and is framed by nobody. `blob:` is for
/// pictures that it was given with credentials.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const PROTECTION: [(HeaderName, HeaderValue); 6] = [
    (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
    // Another build has other files at the same addresses.
    (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
];

/// A file of the page: its name, its type, and its bytes.
type File = (&'static str, &'static str, &'static [u8]);

const HTML: &str = "text/html; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

const INDEX: File = ("", HTML, include_bytes!("page/index.html"));

const FILES: [File; 15] = [
    ("style.css", "text/css; charset=utf-8", include_bytes!("page/style.css")),
    ("icon.svg", "image/svg+xml", include_bytes!("page/icon.svg")),
    ("app.js", SCRIPT, include_bytes!("page/app.js")),
    ("parts.js", SCRIPT, include_bytes!("page/parts.js")),
    ("list.js", SCRIPT, include_bytes!("page/list.js")),
    ("live.js", SCRIPT, include_bytes!("page/live.js")),
    ("server.js", SCRIPT, include_bytes!("page/server.js")),
    ("text.js", SCRIPT, include_bytes!("page/text.js")),
    ("downloads.js", SCRIPT, include_bytes!("page/downloads.js")),
    ("files.js", SCRIPT, include_bytes!("page/files.js")),
    ("requests.js", SCRIPT, include_bytes!("page/requests.js")),
    ("controls.js", SCRIPT, include_bytes!("page/controls.js")),
    ("vendor/preact.js", SCRIPT, include_bytes!("page/vendor/preact.js")),
    ("vendor/LICENSE-preact", "text/plain; charset=utf-8", include_bytes!("page/vendor/LICENSE-preact")),
    ("vendor/LICENSE-htm", "text/plain; charset=utf-8", include_bytes!("page/vendor/LICENSE-htm")),
];

/// Whether a request is for the page.
pub(crate) fn is_for_page(parts: &Parts) -> bool {
    let path = parts.uri.path();
    matches!(parts.method, Method::GET | Method::HEAD) && (path == "/" || path.starts_with(FOLDER))
}

/// Answers a request for the page.
pub(crate) fn answer(parts: &Parts) -> Response {
    let name = parts.uri.path().strip_prefix(FOLDER).unwrap_or_default();
    let file = if parts.uri.path() == "/" { Some(&INDEX) } else { FILES.iter().find(|(known, ..)| *known == name) };
    let mut response = match file {
        None => StatusCode::NOT_FOUND.into_response(),
        Some((_, kind, bytes)) => {
            let tag = format!("\"{:08x}-{}\"", crc32fast::hash(bytes), bytes.len());
            let is_known = parts.headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes());
            let mut response = if is_known {
                StatusCode::NOT_MODIFIED.into_response()
            } else {
                ([(CONTENT_TYPE, *kind)], Body::from(Bytes::from_static(bytes))).into_response()
            };
            response.headers_mut().extend(HeaderValue::try_from(tag).map(|tag| (ETAG, tag)));
            response
        }
    };
    response.headers_mut().extend(PROTECTION);
    response
}
