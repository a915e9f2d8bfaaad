//! Mimetypes by file name extension, and their names (wire reference, nodes, section 7.1).

/// A mimetype, what the real server calls it, and the extensions that it is known by.
type Known = (&'static str, &'static str, &'static [&'static str]);

/// The mimetype of what is unknown, a finished download's zip included.
pub(crate) const BINARY: &str = "application/octet-stream";

const KNOWN: &[Known] = &[
    ("text/plain", "Plain Text", &["txt", "log", "sql", "ini", "properties"]),
    ("text/html", "HTML", &["html", "htm"]),
    ("text/xml", "XML", &["xml"]),
    ("text/csv", "Comma Separated Values (CSV)", &["csv"]),
    ("text/css", "Style Sheet", &["css"]),
    ("text/x-markdown", "Markdown", &["md"]),
    ("application/x-javascript", "JavaScript", &["js"]),
    ("application/json", "JSON", &["json"]),
    ("application/pdf", "Adobe PDF Document", &["pdf"]),
    ("application/zip", "ZIP", &["zip"]),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", "Microsoft Word 2007", &["docx"]),
    ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "Microsoft Excel 2007", &["xlsx"]),
    (
        "application/vnd.openxmlformats-officedocument.presentationml.presentation",
        "Microsoft PowerPoint 2007",
        &["pptx"],
    ),
    ("application/msword", "Microsoft Word", &["doc"]),
    ("image/png", "PNG Image", &["png"]),
    ("image/jpeg", "JPEG Image", &["jpg", "jpeg"]),
    ("image/gif", "GIF Image", &["gif"]),
    ("image/tiff", "TIFF Image", &["tif", "tiff"]),
    ("image/bmp", "Bitmap Image", &["bmp"]),
    ("audio/mpeg", "MPEG Audio", &["mp3"]),
    ("video/mp4", "MPEG4 Video", &["mp4"]),
    ("message/rfc822", "EMail", &["eml"]),
    (BINARY, "Binary File (Octet Stream)", &["bin", "exe"]),
];

/// The first bytes of contents that tell what they are.
const SIGNATURES: &[(&[u8], &str)] = &[
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF8", "image/gif"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (b"PK\x03\x04", "application/zip"),
    (b"ID3", "audio/mpeg"),
    (b"<?xml", "text/xml"),
    (b"<!DOCTYPE html", "text/html"),
    (b"<html", "text/html"),
];

/// Mimetype and encoding of a file, by its name and, where that tells nothing, by its first bytes.
pub(crate) fn guess(name: &str, head: &[u8]) -> (&'static str, &'static str) {
    match of_name(name) {
        BINARY => (sniffed(head), "UTF-8"),
        known => (known, if is_text(known) { encoding(head) } else { "UTF-8" }),
    }
}

fn sniffed(head: &[u8]) -> &'static str {
    let signature = SIGNATURES.iter().find(|(signature, _)| head.starts_with(signature));
    match signature {
        Some((_, mimetype)) => mimetype,
        None if !head.is_empty() && looks_like_text(head) => "text/plain",
        None => BINARY,
    }
}

fn looks_like_text(head: &[u8]) -> bool {
    let is_control = |byte: &u8| *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    !head.iter().any(is_control)
}

fn is_text(mimetype: &str) -> bool {
    mimetype.starts_with("text/") || matches!(mimetype, "application/x-javascript" | "application/json")
}

/// Pure ASCII is told apart from nothing by its bytes, and then called Latin 1.
fn encoding(head: &[u8]) -> &'static str {
    match std::str::from_utf8(head) {
        Ok("") => "UTF-8",
        Ok(text) if text.is_ascii() => "ISO-8859-1",
        Ok(_) => "UTF-8",
        // Cut short within a character.
        Err(error) if error.error_len().is_none() && !head[..error.valid_up_to()].is_ascii() => "UTF-8",
        Err(_) => "ISO-8859-1",
    }
}

/// The mimetype that a file name suggests.
pub(crate) fn of_name(name: &str) -> &'static str {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension.to_lowercase()).unwrap_or_default();
    KNOWN.iter().find(|(.., extensions)| extensions.contains(&extension.as_str())).map_or(BINARY, |(name, ..)| name)
}

/// The name of a mimetype; one that is unknown has none of its own.
pub(crate) fn display_name(mimetype: &str) -> &str {
    KNOWN.iter().find(|(known, ..)| *known == mimetype).map_or(mimetype, |(_, name, _)| name)
}

/// Whether the browser may show it in place when asked to (`content.nonAttach.mimetypes`).
pub(crate) fn may_be_shown_inline(mimetype: &str) -> bool {
    ["application/pdf", "image/jpeg", "image/gif", "image/png", "image/tiff", "image/bmp", BINARY].contains(&mimetype)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_decide_without_case() {
        assert_eq!(of_name("a.TXT"), "text/plain");
        assert_eq!(of_name("archive.tar.zip"), "application/zip");
        assert_eq!(of_name("README"), BINARY);
        assert_eq!(display_name("application/pdf"), "Adobe PDF Document");
    }

    #[test]
    fn bytes_decide_where_the_name_does_not() {
        assert_eq!(guess("a", b"%PDF-1.7"), ("application/pdf", "UTF-8"));
        assert_eq!(guess("a", b"{\"a\":1}"), ("text/plain", "UTF-8"));
        assert_eq!(guess("a.bin", &[0, 1, 2]), (BINARY, "UTF-8"));
        assert_eq!(guess("a", b""), (BINARY, "UTF-8"));
        assert_eq!(guess("a.txt", b"plain"), ("text/plain", "ISO-8859-1"));
        assert_eq!(guess("a.txt", "d\u{e9}j\u{e0} \u{6587}".as_bytes()), ("text/plain", "UTF-8"));
        assert_eq!(guess("a.txt", &"\u{6587}\u{6863}".as_bytes()[..5]), ("text/plain", "UTF-8"));
        assert_eq!(guess("a.pdf", b"plain"), ("application/pdf", "UTF-8"));
    }

    #[test]
    fn text_has_blanks_and_no_controls() {
        for text in [&b"a b"[..], b"a\tb\r\n\x0c\x1b", b"\xe9t\xe9"] {
            assert_eq!(sniffed(text), "text/plain", "{text:?}");
        }
        for other in [&b"a\x1fb"[..], b"a\0", b"\x0b"] {
            assert_eq!(sniffed(other), BINARY, "{other:?}");
        }
    }

    #[test]
    fn what_is_not_utf_8_is_latin_1() {
        for (row, head) in [
            ("in the middle", &b"caf\xe9 noir"[..]),
            ("behind what is UTF-8", b"\xc3\xa9\xff"),
            ("the last of the bytes, behind ASCII", b"caf\xc3"),
            ("nothing but the beginning of a character", b"\xe6\x96"),
        ] {
            assert_eq!(encoding(head), "ISO-8859-1", "{row}");
        }
    }

    #[test]
    fn documents_and_pictures_are_shown_in_place_and_what_can_run_is_not() {
        for inline in ["application/pdf", "image/png", "image/jpeg", "image/gif", "image/tiff", "image/bmp", BINARY] {
            assert!(may_be_shown_inline(inline), "{inline}");
        }
        for other in ["text/html", "text/plain", "application/x-javascript", "image/svg+xml", ""] {
            assert!(!may_be_shown_inline(other), "{other}");
        }
    }
}
