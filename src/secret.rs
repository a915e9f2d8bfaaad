//! Secrets: compared without telling where they differ, and kept out of what is written down.

use std::borrow::Cow;

use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::operation::Operation;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// What a ticket begins with when it was not tampered with.
const TICKET: &str = "TICKET_";

/// Parameters that are credentials: the real server's, and the one that its JavaScript client sends beside cookies.
const PARAMETERS: [&str; 2] = ["alf_ticket", "ticket"];

/// Compares in a time that depends on the lengths alone.
pub(crate) fn is_same(one: impl AsRef<[u8]>, other: impl AsRef<[u8]>) -> bool {
    one.as_ref().ct_eq(other.as_ref()).into()
}

/// The target of a request, path and query, without the tickets in it.
pub(crate) fn hidden_in_target(target: &str) -> String {
    let Some((path, query)) = target.split_once('?') else { return hidden_in_text(target) };
    let pairs = query.split('&').map(|pair| {
        let name = form_urlencoded::parse(pair.as_bytes()).next().map(|(name, _)| name).unwrap_or_default();
        match pair.split_once('=') {
            Some((stated, _)) if PARAMETERS.contains(&&*name) => Cow::Owned(format!("{stated}={HIDDEN}")),
            _ => Cow::Borrowed(pair),
        }
    });
    let query = pairs.collect::<Vec<_>>().join("&");
    hidden_in_text(&format!("{path}?{query}"))
}

/// The text of a refusal, without what it repeats of a ticket or of a body that holds a password.
pub(crate) fn hidden_in_refusal(operation: Option<Operation>, text: &str) -> String {
    const UNREADABLE: &str = "Could not read content from HTTP request body";
    match operation {
        Some(Operation::CreateTicket | Operation::CreatePerson | Operation::UpdatePerson)
            if text.starts_with(UNREADABLE) =>
        {
            UNREADABLE.to_owned()
        }
        Some(Operation::ValidateTicket | Operation::DeleteTicket) if text.ends_with(" was not found") => {
            format!("{HIDDEN} was not found")
        }
        _ => hidden_in_text(text),
    }
}

/// The value of a header, without the credentials in it: only how they are stated is shown.
pub(crate) fn hidden_in_header(name: &str, value: &str) -> String {
    match name {
        "authorization" | "proxy-authorization" => match value.split_once(' ') {
            Some((scheme, _)) => format!("{scheme} {HIDDEN}"),
            None => HIDDEN.to_owned(),
        },
        "cookie" | "set-cookie" => HIDDEN.to_owned(),
        _ if name.contains("token") || name.contains("secret") || name.contains("api-key") => HIDDEN.to_owned(),
        // An address, perhaps.
        _ => hidden_in_target(value),
    }
}

/// The body of a request, or of its answer, which has a status, without the tickets and passwords in it; none when it
/// cannot be told where they are.
pub(crate) fn hidden_in_body(operation: Option<Operation>, status: Option<u16>, body: &str) -> Option<String> {
    let has_password =
        matches!(operation, Some(Operation::CreateTicket | Operation::CreatePerson | Operation::UpdatePerson));
    let has_ticket = matches!(operation, Some(Operation::ValidateTicket | Operation::DeleteTicket));
    let is_refused = status.is_none_or(|status| status >= 400);
    match status {
        // What was not understood is repeated in the refusal.
        Some(_) if is_refused && (has_password || has_ticket) => None,
        None if has_password => {
            let mut value = serde_json::from_str(body).ok()?;
            hide_passwords(&mut value);
            Some(hidden_in_text(&value.to_string()))
        }
        _ => Some(hidden_in_text(body)),
    }
}

fn hide_passwords(value: &mut Value) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                if name.to_ascii_lowercase().contains("password") {
                    *value = HIDDEN.into();
                } else {
                    hide_passwords(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide_passwords),
        _ => (),
    }
}

fn hidden_in_text(text: &str) -> String {
    if !text.contains(TICKET) {
        return text.to_owned();
    }
    let mut parts = text.split(TICKET);
    let mut hidden = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|next: char| !next.is_ascii_alphanumeric()).unwrap_or(part.len());
        hidden.extend([TICKET, if end > 0 { HIDDEN } else { "" }, &part[end..]]);
    }
    hidden
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_the_same_or_not() {
        assert!(is_same("admin", "admin"));
        for (one, other) in [("admin", "Admin"), ("admin", "admi"), ("", "a"), ("a", "")] {
            assert!(!is_same(one, other), "{one} {other}");
        }
    }

    #[test]
    fn a_target_shows_no_ticket() {
        for (target, shown) in [
            ("/a/b", "/a/b"),
            ("/a?alf_ticket=TICKET_12ab", "/a?alf_ticket=***"),
            ("/a?x=1&alf%5Fticket=XXXXXXX12ab&y=2", "/a?x=1&alf%5Fticket=***&y=2"),
            ("/a?attachment=true&ticket=TICKET_1", "/a?attachment=true&ticket=***"),
            ("/a/TICKET_12ab/c?relativePath=TICKET_34", "/a/TICKET_***/c?relativePath=TICKET_***"),
            ("/a?", "/a?"),
            ("/a?alf_ticket", "/a?alf_ticket"),
        ] {
            assert_eq!(hidden_in_target(target), shown);
        }
    }

    #[test]
    fn a_header_shows_no_credentials() {
        for (name, value, shown) in [
            ("authorization", "Basic YWRtaW46YWRtaW4=", "Basic ***"),
            ("authorization", "VElDS0VU", "***"),
            ("cookie", "JSESSIONID=1", "***"),
            ("x-csrf-token", "1", "***"),
            ("referer", "http://a/b?alf_ticket=TICKET_12&c=d", "http://a/b?alf_ticket=***&c=d"),
            ("accept", "application/json; q=1", "application/json; q=1"),
        ] {
            assert_eq!(hidden_in_header(name, value), shown, "{name}");
        }
    }

    #[test]
    fn a_body_shows_neither_tickets_nor_passwords() {
        let of = |operation, status, body: &str| hidden_in_body(Some(operation), status, body);
        let log_in = r#"{"userId":"a","password":"secret"}"#;
        let hidden = r#"{"userId":"a","password":"***"}"#;
        assert_eq!(of(Operation::CreateTicket, None, log_in).as_deref(), Some(hidden));
        assert_eq!(of(Operation::CreateTicket, None, "{password: secret}"), None);
        let change = r#"{"oldPassword":["x"],"a":[{"password":7}]}"#;
        let hidden = r#"{"oldPassword":"***","a":[{"password":"***"}]}"#;
        assert_eq!(of(Operation::UpdatePerson, None, change).as_deref(), Some(hidden));
        assert_eq!(of(Operation::CreatePerson, Some(400), "'secret' is no JSON"), None);
        assert_eq!(of(Operation::DeleteTicket, Some(404), "XX12 was not found"), None);
        let ticket = r#"{"entry":{"id":"TICKET_12","userId":"a"}}"#;
        let hidden = r#"{"entry":{"id":"TICKET_***","userId":"a"}}"#;
        assert_eq!(of(Operation::CreateTicket, Some(201), ticket).as_deref(), Some(hidden));
        assert_eq!(of(Operation::CreateDownload, Some(404), "no secret").as_deref(), Some("no secret"));
        let spaced = "{ \"password\": \"TICKET_1\" }";
        let hidden = "{ \"password\": \"TICKET_***\" }";
        assert_eq!(of(Operation::CreateDownload, None, spaced).as_deref(), Some(hidden), "as it was written");
    }

    #[test]
    fn a_refusal_shows_neither_tickets_nor_passwords() {
        let unreadable = "Could not read content from HTTP request body: Unrecognized token 'secret'";
        let of = |operation| hidden_in_refusal(operation, unreadable);
        assert_eq!(of(Some(Operation::CreateTicket)), "Could not read content from HTTP request body");
        assert_eq!(of(Some(Operation::CreateDownload)), unreadable);
        assert_eq!(hidden_in_refusal(Some(Operation::ValidateTicket), "XX12 was not found"), "*** was not found");
        assert_eq!(hidden_in_refusal(Some(Operation::DeleteTicket), "ticket is not there"), "ticket is not there");
        assert_eq!(hidden_in_refusal(Some(Operation::CreatePerson), "the name is taken"), "the name is taken");
        assert_eq!(hidden_in_refusal(None, "TICKET_12 and TICKET_"), "TICKET_*** and TICKET_");
    }
}
