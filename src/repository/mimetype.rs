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
}
