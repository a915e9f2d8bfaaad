//! Secrets: compared without telling where they differ, and kept out of what is written down.

use std::borrow::Cow;

use subtle::ConstantTimeEq as _;

use crate::operation::Operation;

/// What stands in the place of a secret.
const HIDDEN: &str = "***";

/// What a ticket begins with when it was not tampered with.
const TICKET: &str = "TICKET_";

/// Parameters that are credentials: the real server's, and the one that its JavaScript client sends beside cookies.
const PARAMETERS: [&str; 2] = ["alf_ticket", "ticket"];

/// Compares in a time that depends on the lengths alone.
pub(crate) fn is_same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
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

fn hidden_in_text(text: &str) -> String {
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
    fn a_refusal_shows_neither_tickets_nor_passwords() {
        let unreadable = "Could not read content from HTTP request body: Unrecognized token 'secret'";
        let of = |operation| hidden_in_refusal(operation, unreadable);
        assert_eq!(of(Some(Operation::CreateTicket)), "Could not read content from HTTP request body");
        assert_eq!(of(Some(Operation::CreateDownload)), unreadable);
        assert_eq!(hidden_in_refusal(Some(Operation::ValidateTicket), "XX12 was not found"), "*** was not found");
        assert_eq!(hidden_in_refusal(None, "TICKET_12 and TICKET_"), "TICKET_*** and TICKET_");
    }
}
