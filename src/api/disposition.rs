//! The `Content-Disposition` header, as the real server builds it (wire reference, section 5.3).

use axum::http::HeaderValue;

/// The header for a file of that name. Old browsers get a name without its closing quote.
pub(super) fn attachment(name: &str, user_agent: &str) -> HeaderValue {
    let encoded = encoded(name);
    let mut value = b"attachment; filename=\"".to_vec();
    if user_agent.contains("MSIE 7") || user_agent.contains("MSIE 8") {
        value.extend_from_slice(encoded.as_bytes());
    } else {
        value.extend(name.encode_utf16().map(quoted));
        value.extend_from_slice(b"\"; filename*=UTF-8''");
        value.extend_from_slice(encoded.as_bytes());
    }
    HeaderValue::from_bytes(&value).unwrap_or(const { HeaderValue::from_static("attachment") })
}

/// A UTF-16 unit as a byte of ISO-8859-1; what that cannot show, or must not, is a space.
fn quoted(unit: u16) -> u8 {
    match u8::try_from(unit) {
        Ok(byte) if byte >= 32 && byte != 127 && byte != b'"' => byte,
        _ => b' ',
    }
}

/// The name in UTF-8, with everything that RFC 5987 does not let stand as `%xx` in lower case.
fn encoded(name: &str) -> String {
    use std::fmt::Write as _;
    name.bytes().fold(String::with_capacity(name.len()), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"!#$&+-.^_`|~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02x}");
        }
        encoded
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &[u8]) {
        assert_eq!(attachment(name, "").as_bytes(), expected, "for {name}");
    }

    #[test]
    fn names_are_quoted_in_latin_1_and_encoded_in_utf_8() {
        check(
            "Test Download (1).txt",
            b"attachment; filename=\"Test Download (1).txt\"; filename*=UTF-8''Test%20Download%20%281%29.txt",
        );
        check(
            "na\u{ef}ve \u{6587}.zip",
            b"attachment; filename=\"na\xEFve  .zip\"; filename*=UTF-8''na%c3%afve%20%e6%96%87.zip",
        );
        check("\u{1F600}", b"attachment; filename=\"  \"; filename*=UTF-8''%f0%9f%98%80");
        check("a\r\nb\"", b"attachment; filename=\"a  b \"; filename*=UTF-8''a%0d%0ab%22");
    }

    #[test]
    fn old_browsers_get_no_closing_quote() {
        assert_eq!(attachment("a b.zip", "Mozilla/4.0 (MSIE 8.0)"), "attachment; filename=\"a%20b.zip");
    }
}
