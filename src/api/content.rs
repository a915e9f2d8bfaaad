//! The bytes of a node: `getNodeContent`, `updateNodeContent`, `getDeletedNodeContent` (wire reference, section 5).

use std::time::UNIX_EPOCH;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{
            ACCEPT_RANGES, CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_RANGE,
            CONTENT_TYPE, ETAG, EXPIRES, IF_MODIFIED_SINCE, LAST_MODIFIED, PRAGMA, RANGE, USER_AGENT,
        },
    },
    response::{IntoResponse, Response},
};
use futures_util::StreamExt as _;
use http_body_util::{BodyExt as _, BodyStream, StreamBody};

use super::{
    Services,
    call::Call,
    disposition,
    extract::{Id, Parameters, Query},
    headers::{Headers, LONG_AGO, NO_CACHE},
    nodes::{NodeEntry, refuse_download, shown},
    ranges::{Range, Ranges},
    upload,
};
use crate::{
    clock::Timestamp,
    content::{Content, body::ContentBody},
    downloads::{Found, download::Download},
    error::{Error, Result},
    layers::{self, Told},
    network::Network,
    repository::{
        access::{Caller, Right},
        mimetype,
        node::{Node, NodeId},
        update::Replacement,
        versions::Wish,
    },
};

const BYTES: HeaderValue = HeaderValue::from_static("bytes");
/// What the real server shows is the locale of its machine.
const LANGUAGE: HeaderValue = HeaderValue::from_static("en");
const REVALIDATE: HeaderValue = HeaderValue::from_static(" max-age=0,  must-revalidate");
const MULTIPART: HeaderValue =
    HeaderValue::from_static("multipart/byteranges; boundary=<ALF4558907921887235966L>;charset=UTF-8");
const UNSATISFIABLE: HeaderValue = HeaderValue::from_static("\"*\"");

/// A content with what its headers say.
struct Sent {
    name: Box<str>,
    modified: Timestamp,
    mimetype: Box<str>,
    encoding: Box<str>,
    content: Option<Content>,
    is_archived: bool,
}

/// Sends the bytes of a file or of a finished download.
pub(super) async fn get_node_content(
    call: Call,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response> {
    let network = &call.network;
    let (id, sent) = match network.downloads().look_up(&id)? {
        Found::Download(download) => (download.id, of_download(&caller, &download)?),
        Found::Node(node) => {
            let tree = network.repository().read();
            let found = tree.find(node).ok_or_else(|| Error::EntityNotFound(id.clone()))?;
            (node, of_node(found, || tree.may(&caller, node, Right::Read))?)
        }
    };
    send(&call, id, &sent, &headers)
}

/// Sends the bytes of a file in the trash can.
pub(super) async fn get_deleted_node_content(
    call: Call,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
    headers: HeaderMap,
) -> Result<Response> {
    let (id, sent) = {
        let tree = call.network.repository().read();
        let (node, _) = tree.deleted(&caller, &id)?;
        (node.id, of_node(node, || true)?)
    };
    send(&call, id, &sent, &headers)
}

fn send(call: &Call, id: NodeId, sent: &Sent, headers: &HeaderMap) -> Result<Response> {
    if is_unmodified(headers, sent.modified) {
        return Ok((StatusCode::NOT_MODIFIED, Headers::framed().uncached().into_map()).into_response());
    }
    if sent.is_archived {
        return Err(Error::ContentArchived);
    }
    let content = sent.content.clone().ok_or_else(|| Error::ContentMissing(id.to_string()))?;
    let disposition = disposition(&call.query, headers, sent);
    let header = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    let range = header(CONTENT_RANGE).or_else(|| header(RANGE));
    let size = content.size();
    let ranges = range.map_or(Ranges::Ignored, |value| Ranges::read(value, size, header(USER_AGENT)));
    let told = told(sent, &content, &ranges);
    call.tell(Told { sent: Some(told), ..Told::default() });
    Ok(match ranges {
        Ranges::Ignored => whole(sent, content, disposition),
        Ranges::One(range) => {
            let headers = partial(sent, disposition, Some(content_range(range, size)), None, range.length(size));
            (StatusCode::PARTIAL_CONTENT, headers, part(content, range)).into_response()
        }
        Ranges::Several(ranges) => {
            let length = ranges.iter().map(|range| range.length(size)).sum();
            let headers = partial(sent, disposition, None, Some(MULTIPART), length);
            (StatusCode::PARTIAL_CONTENT, headers, several(content, ranges)).into_response()
        }
        Ranges::Unsatisfiable => {
            let headers = partial(sent, disposition, Some(UNSATISFIABLE), None, 0);
            (StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response()
        }
    })
}

/// What is sent, and what the real server would announce (section 5.5).
fn told(sent: &Sent, content: &Content, ranges: &Ranges) -> layers::Sent {
    let size = content.size();
    let (part, announced) = match ranges {
        Ranges::Ignored => (Some((0, size)), None),
        Ranges::One(range) => {
            let announced = range.last.saturating_add(1).saturating_sub(range.first);
            (Some(range.within(size)), (announced > range.length(size)).then_some(announced))
        }
        Ranges::Several(ranges) => {
            let framed = |range: &Range| {
                let header = format!(
                    "\r\n--<ALF4558907921887235966L>\r\nContent-Type: {};charset={}\r\nContent-Range: bytes {}-{}/{size}\r\n\r\n",
                    sent.mimetype, sent.encoding, range.first, range.last
                );
                header.len() as u64 + range.length(size)
            };
            let end = "\r\n--<ALF4558907921887235966L>--".len() as u64;
            (None, Some(ranges.iter().map(framed).sum::<u64>() + end))
        }
        Ranges::Unsatisfiable => (None, Some(size)),
    };
    layers::Sent { content: content.clone(), part, announced }
}

/// Replaces the bytes of a file.
pub(super) async fn update_node_content(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
    State(services): State<Services>,
    request: Request,
) -> Result<NodeEntry> {
    check_media_type(request.headers())?;
    refuse_download(&network, &id)?;
    network.repository().check_content_update(&caller, &id)?;
    let content = upload::read_content(request, &services.intake).await?;
    let replacement = Replacement {
        content,
        name: query.get("name").map(str::to_owned),
        version: Wish {
            is_major: query.get("majorVersion").map(|_| query.is_true("majorVersion")),
            has_comment: query.get("comment").is_some(),
        },
    };
    let id = network.repository().update_content(&caller, &id, replacement)?;
    shown(&network, &caller, parameters, id)
}

/// A content may be said to be of any type but a form's; what it is said to be is not used.
fn check_media_type(headers: &HeaderMap) -> Result<()> {
    let Some(stated) = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()) else { return Ok(()) };
    let essence = stated.split(';').next().unwrap_or_default().trim();
    let unsupported = |text: String| Err(Error::UnsupportedMediaType(text.into()));
    if essence.to_ascii_lowercase().starts_with("multipart") {
        return unsupported(format!("Cannot update using {essence}"));
    }
    let is_token = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/');
    match essence.split_once('/') {
        Some((kind, subtype)) if is_token(kind) && is_token(subtype) => Ok(()),
        _ => unsupported(format!("Invalid mime type \"{stated}\": does not contain '/'")),
    }
}

fn of_download(caller: &Caller, download: &Download) -> Result<Sent> {
    if !download.is_of(caller) {
        return Err(Error::PermissionDenied);
    }
    let state = download.state();
    Ok(Sent {
        name: download.name.clone(),
        modified: state.modified,
        // The job states no mimetype, so it is not application/zip.
        mimetype: mimetype::BINARY.into(),
        encoding: "UTF-8".into(),
        content: state.content,
        is_archived: false,
    })
}

fn of_node(node: &Node, may_read: impl FnOnce() -> bool) -> Result<Sent> {
    if !node.node_type.is_file() {
        return Err(Error::InvalidArgument(format!("NodeId of content is expected: {}", node.id).into()));
    }
    if !may_read() {
        return Err(Error::PermissionDenied);
    }
    let data = node.content.as_ref();
    Ok(Sent {
        name: node.name.clone(),
        modified: node.modified,
        mimetype: data.map_or(mimetype::BINARY, |data| &data.mimetype).into(),
        encoding: data.map_or("UTF-8", |data| &data.encoding).into(),
        content: data.and_then(|data| data.content.clone()),
        is_archived: data.is_some_and(|data| data.is_archived),
    })
}

/// Whether the client has it already, to the second. A date at or before 1970, or none, is ignored.
fn is_unmodified(headers: &HeaderMap, modified: Timestamp) -> bool {
    let since = headers.get(IF_MODIFIED_SINCE).and_then(|value| httpdate::parse_http_date(value.to_str().ok()?).ok());
    let since = since.and_then(|since| since.duration_since(UNIX_EPOCH).ok()).filter(|since| !since.is_zero());
    since.is_some_and(|since| {
        modified.as_millis().div_euclid(1000) <= i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
    })
}

/// None when the client may show it in place, and asks for that.
fn disposition(query: &Query, headers: &HeaderMap, sent: &Sent) -> Option<HeaderValue> {
    let inline = query.get("attachment").is_some_and(|attachment| !attachment.eq_ignore_ascii_case("true"));
    if inline && mimetype::may_be_shown_inline(&sent.mimetype) {
        return None;
    }
    let user_agent = headers.get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    Some(disposition::attachment(&sent.name, user_agent))
}

fn whole(sent: &Sent, content: Content, disposition: Option<HeaderValue>) -> Response {
    let size = content.size();
    let millis = sent.modified.as_millis();
    let last_modified = httpdate::fmt_http_date(sent.modified.to_system());
    // An empty file has no last byte, which the real server shows as minus one.
    let last = i128::from(size) - 1;
    let mut headers = Headers::framed().with(CACHE_CONTROL, REVALIDATE).with(EXPIRES, LONG_AGO).with(PRAGMA, NO_CACHE);
    if let Some(disposition) = disposition {
        headers = headers.with(CONTENT_DISPOSITION, disposition);
    }
    let headers = headers
        .with(ACCEPT_RANGES, BYTES)
        .with(CONTENT_RANGE, text(&format!("bytes 0-{last}/{size}")))
        .with(ETAG, text(&format!("\"{millis}\"")))
        .with(LAST_MODIFIED, text(&last_modified))
        .with(CONTENT_TYPE, content_type(sent))
        .with(CONTENT_LANGUAGE, LANGUAGE)
        .with(CONTENT_LENGTH, size.into());
    (headers.into_map(), Body::new(ContentBody::new(content, 0, size))).into_response()
}

fn partial(
    sent: &Sent,
    disposition: Option<HeaderValue>,
    content_range: Option<HeaderValue>,
    content_type: Option<HeaderValue>,
    length: u64,
) -> HeaderMap {
    let mut headers = Headers::framed().uncached();
    if let Some(disposition) = disposition {
        headers = headers.with(CONTENT_DISPOSITION, disposition);
    }
    headers = headers.with(ACCEPT_RANGES, BYTES);
    if let Some(content_range) = content_range {
        headers = headers.with(CONTENT_RANGE, content_range);
    }
    let headers = headers
        .with(CONTENT_TYPE, content_type.unwrap_or_else(|| self::content_type(sent)))
        .with(CONTENT_LANGUAGE, LANGUAGE)
        .with(CONTENT_LENGTH, length.into());
    headers.into_map()
}

fn content_type(sent: &Sent) -> HeaderValue {
    text(&format!("{};charset={}", sent.mimetype, sent.encoding))
}

fn content_range(range: Range, size: u64) -> HeaderValue {
    text(&format!("bytes {}-{}/{size}", range.first, range.last))
}

fn part(content: Content, range: Range) -> Body {
    let (start, end) = range.within(content.size());
    Body::new(ContentBody::new(content, start, end))
}

/// The bytes of several ranges, one after the other: the real server writes neither boundaries nor part headers.
fn several(content: Content, ranges: Vec<Range>) -> Body {
    let size = content.size();
    let parts = futures_util::stream::iter(ranges).flat_map(move |range| {
        let (start, end) = range.within(size);
        BodyStream::new(ContentBody::new(content.clone(), start, end))
    });
    Body::new(StreamBody::new(parts).boxed_unsync())
}

/// A header value of our own making; only a mimetype from the fixtures could be refused, and those are checked.
fn text(value: &str) -> HeaderValue {
    HeaderValue::from_str(value).unwrap_or(const { HeaderValue::from_static("application/octet-stream") })
}
