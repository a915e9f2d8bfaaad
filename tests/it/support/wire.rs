//! What answers have in common: the error envelope, the headers against caching, and what differs from run to run.

use serde_json::json;

/// The sentence in place of a stack trace (wire reference, downloads, section 7.1).
pub(crate) const STACK_TRACE: &str =
    "For security reasons the stack trace is no longer displayed, but the property is kept for previous versions";

/// The three headers against caching, in wire order, as [`Response::head`](super::Response::head) shows them.
const NO_CACHE: &str = "\nCache-Control: no-cache\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache";

/// What follows in every answer with a JSON body.
const CHUNKED_JSON: &str = "\nContent-Type: application/json;charset=UTF-8\nTransfer-Encoding: chunked\nDate: <date>";

/// The head of an accepted request's answer with a JSON body (wire reference, downloads, section 8).
pub(crate) fn json_head(status: u16) -> String {
    format!("HTTP/1.1 {status} \nX-Frame-Options: SAMEORIGIN{NO_CACHE}{CHUNKED_JSON}")
}

/// The head of a refusal by a resource: it may be cached.
pub(crate) fn resource_error_head(status: u16) -> String {
    format!("HTTP/1.1 {status} \nX-Frame-Options: SAMEORIGIN{CHUNKED_JSON}")
}

/// The head of a refusal before any resource was reached.
pub(crate) fn routing_error_head(status: u16) -> String {
    json_head(status)
}

/// The head of a challenge to log in.
pub(crate) fn challenge_head(challenge: &str) -> String {
    let authenticate = format!("\nWWW-Authenticate: {challenge}");
    format!("HTTP/1.1 401 \nX-Frame-Options: SAMEORIGIN{authenticate}{NO_CACHE}{CHUNKED_JSON}")
}

/// The challenge of the network that everybody uses.
pub(crate) const CHALLENGE: &str = r#"AlfTicket realm="Alfresco -default- tenant""#;

/// The `briefSummary` of an error.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Summary<'a> {
    /// A log number, a space, and this.
    Numbered(&'a str),
    /// This alone: plain Java exceptions have no log number.
    Plain(&'a str),
    /// No such member.
    Absent,
}

/// The exact text of an error's body, [masked](mask). A key that is `None` is left out.
pub(crate) fn error_body(status: u16, key: Option<&str>, summary: Summary<'_>) -> String {
    let key = key.map(|key| format!(r#""errorKey":{},"#, json!(key))).unwrap_or_default();
    let summary = match summary {
        Summary::Numbered(text) => format!(r#""briefSummary":{},"#, json!(format!("<log> {text}"))),
        Summary::Plain(text) => format!(r#""briefSummary":{},"#, json!(text)),
        Summary::Absent => String::new(),
    };
    format!(
        r#"{{"error":{{{key}"statusCode":{status},{summary}"stackTrace":"{STACK_TRACE}","descriptionURL":"https://api-explorer.alfresco.com","logId":"<logId>"}}}}"#
    )
}

/// The exact text of the body of an error whose key is its text, [masked](mask).
pub(crate) fn literal_error_body(status: u16, text: &str) -> String {
    error_body(status, Some(text), Summary::Numbered(text))
}

/// Replaces what differs from run to run: the log number at the beginning of a `briefSummary`, the `logId`, and dates
/// such as `2026-06-22T09:15:02.456+0000`. Anything that only looks similar stays and shows.
pub(crate) fn mask(body: &str) -> String {
    let mut masked = String::with_capacity(body.len());
    let mut rest = body;
    while let Some(first) = rest.chars().next() {
        let replaced = after_log_number(rest)
            .map(|after| (r#""briefSummary":"<log> "#, after))
            .or_else(|| after_log_id(rest).map(|after| (r#""logId":"<logId>""#, after)))
            .or_else(|| after_date(rest).map(|after| ("<date>", after)));
        if let Some((replacement, after)) = replaced {
            masked.push_str(replacement);
            rest = after;
        } else {
            masked.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    masked
}

fn after_log_number(text: &str) -> Option<&str> {
    let number = text.strip_prefix(r#""briefSummary":""#)?;
    let after = number.trim_start_matches(|digit: char| digit.is_ascii_digit());
    (number.len() - after.len() >= 8).then_some(after)?.strip_prefix(' ')
}

fn after_log_id(text: &str) -> Option<&str> {
    let (id, after) = text.strip_prefix(r#""logId":""#)?.split_once('"')?;
    is_uuid(id).then_some(after)
}

fn after_date(text: &str) -> Option<&str> {
    let date = text.get(..28)?;
    has_shape(date, "0000-00-00T00:00:00.000+0000").then(|| &text[28..])
}

/// Whether `text` is a UUID in lower case.
pub(crate) fn is_uuid(text: &str) -> bool {
    let shape = "00000000-0000-0000-0000-000000000000";
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
            _ => byte == shape,
        })
}

/// Whether `text` is `shape`, with any digit for each `0`.
fn has_shape(text: &str, shape: &str) -> bool {
    text.len() == shape.len()
        && text.bytes().zip(shape.bytes()).all(|(byte, shape)| match shape {
            b'0' => byte.is_ascii_digit(),
            _ => byte == shape,
        })
}

/// `<date>` for the value of a well-formed `Date` header; any other value as it is.
pub(super) fn mask_date_header<'a>(name: &str, value: &'a str) -> &'a str {
    if name == "Date" && value.len() == 29 && httpdate::parse_http_date(value).is_ok() { "<date>" } else { value }
}
