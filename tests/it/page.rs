//! The page at `/`: what is served, and how it is protected. What it does is tested in a browser, by `tests/page`.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alfresco_downloads_mock::{JournalFilter, Switch};

use crate::support::{Auth, TestMock};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src/page")
}

/// The files of the page, by their addresses below `/__page/`.
fn files() -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for within in ["", "vendor/"] {
        for entry in fs::read_dir(folder().join(within)).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_file() && name != "README.md" && name != "index.html" {
                files.push((format!("{within}{name}"), fs::read(&path).unwrap()));
            }
        }
    }
    assert!(files.len() > 10, "the files were not found");
    files
}

#[test]
fn each_file_is_served_as_what_it_is() {
    let mock = TestMock::start();
    for (name, bytes) in files() {
        let response = mock.get(&format!("/__page/{name}"), Auth::None);
        let kind = match name.rsplit('.').next() {
            Some("js") => "text/javascript; charset=utf-8",
            Some("css") => "text/css; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => "text/plain; charset=utf-8",
        };
        assert_eq!((response.status, response.header("Content-Type")), (200, Some(kind)), "{name}");
        assert_eq!(response.body, bytes, "{name}");
    }
    let index = mock.get("/", Auth::None);
    assert_eq!(index.header("Content-Type"), Some("text/html; charset=utf-8"));
    assert_eq!(index.body, fs::read(folder().join("index.html")).unwrap());
    assert_eq!(mock.get("/?network=mine", Auth::None).body, index.body);
    for nowhere in ["/__page/", "/__page/nosuch.js", "/__page/../app.js", "/__page/vendor"] {
        assert_eq!(mock.get(nowhere, Auth::None).status, 404, "{nowhere}");
    }
    assert_eq!(mock.request("POST", "/", Auth::None, &[], Some(b"")).status, 404, "as the container answers");
    assert_eq!(
        mock.control().count_requests(&JournalFilter::default()),
        1,
        "the page itself is no request of a client"
    );
}

#[test]
fn browsers_are_told_to_trust_nothing_else() {
    let mock = TestMock::start();
    for path in ["/", "/__page/app.js", "/__page/nosuch.js"] {
        let response = mock.get(path, Auth::None);
        let policy = response.header("Content-Security-Policy").unwrap();
        for part in ["default-src 'none'", "script-src 'self'", "connect-src 'self'", "frame-ancestors 'none'"] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        assert!(!policy.contains("unsafe") && !policy.contains("http"), "{path}: {policy}");
        assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"), "{path}");
        assert_eq!(response.header("X-Frame-Options"), Some("DENY"), "{path}");
        assert_eq!(response.header("Referrer-Policy"), Some("no-referrer"), "{path}");
    }
}

#[test]
fn what_a_browser_has_is_not_sent_again() {
    let mock = TestMock::start();
    let first = mock.get("/__page/app.js", Auth::None);
    assert_eq!(first.header("Cache-Control"), Some("no-cache"));
    let tag = first.header("ETag").unwrap();
    let again = mock.request("GET", "/__page/app.js", Auth::None, &[("If-None-Match", tag)], None);
    assert_eq!((again.status, again.body.len()), (304, 0));
    let other = mock.request("GET", "/__page/live.js", Auth::None, &[("If-None-Match", tag)], None);
    assert_eq!(other.status, 200);
    let head = mock.request("HEAD", "/", Auth::None, &[], None);
    assert_eq!((head.status, head.body.len()), (200, 0));
}

#[test]
fn it_is_there_where_control_is_not() {
    let mock = TestMock::with(|config| config.control.admin = Switch::Off);
    assert_eq!(mock.get("/", Auth::None).status, 200);
    assert_eq!(mock.get("/__admin/events", Auth::None).status, 404, "by which it knows");
}

#[test]
fn it_writes_no_markup_and_knows_no_other_origin() {
    for (name, bytes) in files() {
        if name.starts_with("vendor/") || !matches!(name.rsplit('.').next(), Some("js" | "css")) {
            continue;
        }
        let text = String::from_utf8(bytes).unwrap();
        for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://", "localStorage"] {
            assert!(!text.contains(word), "src/page/{name}: {word}");
        }
    }
}
