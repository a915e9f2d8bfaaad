//! `GET /nodes/{id}/content`: section 5 of the wire reference, row by row.
//!
//! One deviation is ours: where the real server announces more bytes than it sends, and the client waits until the
//! connection times out, `Content-Length` says how many bytes follow.

mod ranges;

use std::{
    num::NonZeroU64,
    time::{Duration, UNIX_EPOCH},
};

use alfresco_downloads_mock::{Status, Timestamp};
use serde_json::json;

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, Response, Summary, TestMock, error_body, json_head, mask, node_id,
    path_id, resource_error_head,
};

/// The beginning of every head, after the status line.
const FRAME: &str = "\nX-Frame-Options: SAMEORIGIN";

/// The three headers against caching.
const NO_CACHE: &str = "\nCache-Control: no-cache\nExpires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache";

/// The end of every head.
const DATE: &str = "\nDate: <date>";

/// What the headers say of a zip between its disposition and its length.
const ZIP_TYPE: &str = "\nContent-Type: application/octet-stream;charset=UTF-8\nContent-Language: en";

const DISPOSITION: &str =
    "\nContent-Disposition: attachment; filename=\"docTest1.txt.zip\"; filename*=UTF-8''docTest1.txt.zip";

/// A mock with one file of 100 bytes, one of none, and one to make the reference's example of.
fn mock() -> OwnFixtures {
    let hundred = hundred();
    OwnFixtures::start(&[("hundred.txt", &hundred), ("empty.txt", ""), ("docTest1.txt", "dummy content")], "")
}

/// A hundred bytes, each unlike its neighbours.
fn hundred() -> String {
    (0..100).map(|number| char::from(b'!' + number % 90)).collect()
}

fn content_of(id: &str) -> String {
    format!("{BASE}/nodes/{id}/content")
}

fn http_date(time: Timestamp) -> String {
    let millis = u64::try_from(time.as_millis()).expect("a time after 1970");
    httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(millis / 1000))
}

#[track_caller]
fn assert_missing(row: &str, response: &Response, id: &str) {
    let text = format!(
        "Unable to locate content for node ref workspace://SpacesStore/{id} (property: {{http://www.alfresco.org/model/content/1.0}}content)"
    );
    let expected = error_body(404, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
    assert_eq!(mask(response.text()), expected, "{row}");
    // Unlike other errors of a resource, it carries the headers against caching.
    assert_eq!(response.head(), json_head(404), "{row}");
}

#[track_caller]
fn assert_error(row: &str, response: &Response, status: u16, key: &str, text: &str) {
    assert_eq!(mask(response.text()), error_body(status, Some(key), Summary::Numbered(text)), "{row}");
    assert_eq!(response.head(), resource_error_head(status), "{row}");
}

// 5.1 Order of checks

#[test]
fn what_is_not_there_is_not_found() {
    let mock = mock();
    let missing = "5c0f6a52-8f5e-4f0a-9a4b-0f6c0b6d1e11";
    for id in [missing, "nosuch", "-root-", "-my-", "-shared-", "Reports"] {
        let response = mock.get(&content_of(id), ADMIN);
        let text = format!("The entity with id: {id} was not found");
        assert_error(id, &response, 404, "framework.exception.EntityNotFound", &text);
    }
}

#[test]
fn a_version_label_is_dropped() {
    let mock = mock();
    let id = path_id("hundred.txt");
    for label in [";1.0", ";", ";nonsense"] {
        let response = mock.get(&content_of(&format!("{id}{label}")), ADMIN);
        assert_eq!((response.status, response.text()), (200, hundred().as_str()), "{label}");
    }
    let response = mock.get(&content_of(&format!("{id};pwc")), ADMIN);
    let text = format!("The entity with id: {id} was not found");
    assert_error(";pwc", &response, 404, "framework.exception.EntityNotFound", &text);
}

#[test]
fn a_folder_has_no_content_whoever_asks() {
    let mock = TestMock::start();
    let company_home = mock.get(&format!("{BASE}/nodes/-root-"), ADMIN).json()["entry"]["id"].clone();
    let alices_home = mock.get(&format!("{BASE}/nodes/-my-"), ALICE).json()["entry"]["id"].clone();
    assert_ne!(company_home, alices_home);
    for (row, id, auth) in [
        ("a folder that everyone may read", &company_home, BOB),
        ("a folder that its owner may read", &alices_home, ALICE),
        ("a folder that the caller may not read", &alices_home, BOB),
    ] {
        let id = id.as_str().unwrap();
        let response = mock.request("GET", &content_of(id), auth, &[("Range", "bytes=0-9")], None);
        let text = format!("NodeId of content is expected: {id}");
        assert_error(row, &response, 400, &text, &text);
    }
}

#[test]
fn who_may_not_read_gets_403_before_anything_is_said_of_the_content() {
    let mock = TestMock::start();
    let finished = mock.finished_download(ALICE, &[&node_id("TestDownloads/docTest1.txt")]);
    mock.clock().freeze();
    mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(3600));
    let pending = mock.create_download(ALICE, &[&node_id("TestDownloads/docTest1.txt")]);
    let tomorrow = http_date(mock.clock().now() + Duration::from_secs(86_400));
    for (row, id) in [("finished", &finished), ("pending", &pending)] {
        for headers in [&[][..], &[("If-Modified-Since", tomorrow.as_str())], &[("Range", "bytes=0-9")]] {
            let response = mock.request("GET", &content_of(id), BOB, headers, None);
            let key = "framework.exception.PermissionDenied";
            assert_error(row, &response, 403, key, "Permission was denied");
        }
    }
    for auth in [ALICE, ADMIN] {
        assert_eq!(mock.get(&content_of(&finished), auth).status, 200, "{auth:?}");
    }
}

#[test]
fn there_is_no_content_before_done_and_none_without() {
    let mock = OwnFixtures::start(&[("one.txt", "1"), ("thousand.txt", &"x".repeat(1000))], "");
    let ids = [path_id("one.txt"), path_id("thousand.txt")];
    let create = || mock.create_download(ADMIN, &[&ids[0], &ids[1]]);

    // The first byte is through in a moment, the next 999 take twenty seconds: time enough to stop the clock.
    mock.change_downloads(|settings| settings.pace = NonZeroU64::new(50));
    let in_progress = create();
    mock.wait_for(&in_progress, |progress| progress.status == Status::InProgress);
    mock.clock().freeze();
    let too_big = mock.download_too_big(create);
    mock.change_downloads(|settings| settings.start_delay = Duration::from_millis(1));
    let cancelled = create();
    mock.delete(&format!("{BASE}/downloads/{cancelled}"), ADMIN);
    mock.clock().resume();
    mock.wait_for(&cancelled, |progress| progress.status == Status::Cancelled);
    mock.clock().freeze();
    let pending = create();

    let tomorrow = http_date(mock.clock().now() + Duration::from_secs(86_400));
    for (status, id) in [
        ("PENDING", &pending),
        ("IN_PROGRESS", &in_progress),
        ("CANCELLED", &cancelled),
        ("MAX_CONTENT_SIZE_EXCEEDED", &too_big),
    ] {
        let entry = mock.get(&format!("{BASE}/downloads/{id}"), ADMIN).json();
        assert_eq!(entry["entry"]["status"], json!(status));
        assert_missing(status, &mock.get(&content_of(id), ADMIN), id);
        let range = mock.request("GET", &content_of(id), ADMIN, &[("Range", "bytes=999-")], None);
        assert_missing(&format!("{status}, with a range"), &range, id);
        let condition = [("If-Modified-Since", tomorrow.as_str())];
        let conditional = mock.request("GET", &content_of(id), ADMIN, &condition, None);
        assert_eq!(conditional.head(), format!("HTTP/1.1 304 {FRAME}{NO_CACHE}{DATE}"), "{status}, with a condition");
    }
}

// 5.2 Headers of 200

#[test]
fn a_finished_download_has_the_real_servers_headers_in_their_order() {
    let mock = mock();
    mock.clock().freeze();
    let id = mock.finished_download(ADMIN, &[&path_id("docTest1.txt")]);
    let modified = mock.clock().now();
    mock.clock().advance(Duration::from_secs(60));
    let response = mock.get(&content_of(&id), ADMIN);
    let len = response.body.len();
    let expected = format!(
        "HTTP/1.1 200 {FRAME}\nCache-Control:  max-age=0,  must-revalidate\
         \nExpires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache{DISPOSITION}\nAccept-Ranges: bytes\
         \nContent-Range: bytes 0-{}/{len}\nETag: \"{}\"\nLast-Modified: {}{ZIP_TYPE}\nContent-Length: {len}{DATE}",
        len - 1,
        modified.as_millis(),
        http_date(modified),
    );
    assert_eq!(response.head(), expected);
    assert!(response.body.starts_with(b"PK\x03\x04"));
    let shown = mock.get(&format!("{}?attachment=false", content_of(&id)), ADMIN);
    assert_eq!(shown.head(), expected.replace(DISPOSITION, ""), "attachment=false");
}

#[test]
fn a_file_has_its_own_type_and_date() {
    let mock = mock();
    for (name, text, content_range) in
        [("hundred.txt", hundred(), "bytes 0-99/100"), ("empty.txt", String::new(), "bytes 0--1/0")]
    {
        let id = path_id(name);
        let entry = mock.get(&format!("{BASE}/nodes/{id}"), ADMIN).json();
        let modified = millis_of(entry["entry"]["modifiedAt"].as_str().unwrap());
        let response = mock.get(&content_of(&id), ADMIN);
        let expected = format!(
            "HTTP/1.1 200 {FRAME}\nCache-Control:  max-age=0,  must-revalidate\
             \nExpires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache\
             \nContent-Disposition: attachment; filename=\"{name}\"; filename*=UTF-8''{name}\nAccept-Ranges: bytes\
             \nContent-Range: {content_range}\nETag: \"{}\"\nLast-Modified: {}\
             \nContent-Type: text/plain;charset=UTF-8\nContent-Language: en\nContent-Length: {}{DATE}",
            modified.as_millis(),
            http_date(modified),
            text.len(),
        );
        assert_eq!(response.head(), expected);
        assert_eq!(response.text(), text);
    }
}

fn millis_of(date: &str) -> Timestamp {
    let date: jiff::Timestamp = date.replace("+0000", "Z").parse().expect("a date");
    Timestamp::from_millis(date.as_millisecond())
}

// 5.3 Content-Disposition

#[test]
fn names_are_stated_twice() {
    const ROWS: &[(&str, &[u8])] = &[
        ("plain.txt", b"filename=\"plain.txt\"; filename*=UTF-8''plain.txt"),
        (
            "Test Download (1).txt",
            b"filename=\"Test Download (1).txt\"; filename*=UTF-8''Test%20Download%20%281%29.txt",
        ),
        ("na\u{ef}ve \u{6587}.zip", b"filename=\"na\xEFve  .zip\"; filename*=UTF-8''na%c3%afve%20%e6%96%87.zip"),
        ("\u{e9}\u{ff}.txt", b"filename=\"\xE9\xFF.txt\"; filename*=UTF-8''%c3%a9%c3%bf.txt"),
        ("\u{100}.txt", b"filename=\" .txt\"; filename*=UTF-8''%c4%80.txt"),
        ("a\u{1f600}b.txt", b"filename=\"a  b.txt\"; filename*=UTF-8''a%f0%9f%98%80b.txt"),
        ("a\u{7f}b.txt", b"filename=\"a b.txt\"; filename*=UTF-8''a%7fb.txt"),
        ("a\tb.txt", b"filename=\"a b.txt\"; filename*=UTF-8''a%09b.txt"),
        ("!#$&+-.^_`~.txt", b"filename=\"!#$&+-.^_`~.txt\"; filename*=UTF-8''!#$&+-.^_`~.txt"),
        (
            "it's [2]{3}%,;=@.txt",
            b"filename=\"it's [2]{3}%,;=@.txt\"; filename*=UTF-8''it%27s%20%5b2%5d%7b3%7d%25%2c%3b%3d%40.txt",
        ),
    ];
    let files: Vec<_> = ROWS.iter().map(|(name, _)| (*name, "")).collect();
    let mock = OwnFixtures::start(&files, "");
    for (name, expected) in ROWS {
        let response = mock.get(&content_of(&path_id(name)), ADMIN);
        let expected = [b"attachment; ", *expected].concat();
        assert_eq!(disposition(&response), Some(latin1(&expected)), "{name}");
    }
    let id = mock.finished_download(ADMIN, &[&path_id("na\u{ef}ve \u{6587}.zip")]);
    let expected = b"attachment; filename=\"na\xEFve  .zip.zip\"; filename*=UTF-8''na%c3%afve%20%e6%96%87.zip.zip";
    assert_eq!(disposition(&mock.get(&content_of(&id), ADMIN)), Some(latin1(expected)), "a download of that file");
}

#[test]
fn old_browsers_get_an_open_quote() {
    let mock = OwnFixtures::start(&[("Test Download (1).txt", "")], "");
    let new = "attachment; filename=\"Test Download (1).txt\"; filename*=UTF-8''Test%20Download%20%281%29.txt";
    let old = "attachment; filename=\"Test%20Download%20%281%29.txt";
    for (browser, expected) in [
        ("Mozilla/4.0 (compatible; MSIE 7.0; Windows NT 5.1)", old),
        ("Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 6.1)", old),
        ("Mozilla/4.0 (compatible; MSIE 6.0; Windows NT 5.1)", new),
        ("Mozilla/5.0 (compatible; MSIE 9.0; Windows NT 6.1)", new),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", new),
    ] {
        let headers = [("User-Agent", browser)];
        let response = mock.request("GET", &content_of(&path_id("Test Download (1).txt")), ADMIN, &headers, None);
        assert_eq!(disposition(&response).as_deref(), Some(expected), "{browser}");
    }
}

#[test]
fn only_what_a_browser_may_show_goes_without_disposition() {
    let files = [
        ("a.txt", ""),
        ("a.pdf", ""),
        ("a.jpg", ""),
        ("a.gif", ""),
        ("a.png", ""),
        ("a.tiff", ""),
        ("a.bmp", ""),
        ("a.bin", ""),
        ("a.html", ""),
        ("a.zip", ""),
        ("a.docx", ""),
    ];
    let mock = OwnFixtures::start(&files, "");
    let download = mock.finished_download(ADMIN, &[&path_id("a.txt")]);
    let may_be_shown = |name: &str| !["a.txt", "a.html", "a.zip", "a.docx"].contains(&name);
    let mut rows: Vec<_> = files.iter().map(|(name, _)| (*name, path_id(name))).collect();
    rows.push(("a finished download", download));
    for (name, id) in rows {
        for (query, is_attachment) in [
            ("", true),
            ("?attachment=true", true),
            ("?attachment=TRUE", true),
            ("?attachment=false", false),
            ("?attachment=FALSE", false),
            ("?attachment=no", false),
            ("?attachment=", false),
        ] {
            let response = mock.get(&format!("{}{query}", content_of(&id)), ADMIN);
            assert_eq!(response.status, 200);
            let expected = is_attachment || !may_be_shown(name);
            assert_eq!(disposition(&response).is_some(), expected, "{name}{query}");
        }
    }
}

fn disposition(response: &Response) -> Option<String> {
    let header = response.headers.iter().find(|(name, _)| name == "Content-Disposition");
    header.map(|(_, value)| latin1(value))
}

fn latin1(bytes: &[u8]) -> String {
    bytes.iter().copied().map(char::from).collect()
}

// 5.4 Conditional requests

#[test]
fn only_if_modified_since_is_looked_at() {
    let mock = mock();
    mock.clock().freeze();
    let id = mock.finished_download(ADMIN, &[&path_id("docTest1.txt")]);
    let modified = mock.clock().now();
    let at = http_date(modified);
    let before = http_date(modified - Duration::from_secs(1));
    let after = http_date(modified + Duration::from_secs(1));
    let etag = format!("\"{}\"", modified.as_millis());
    let whole = mock.get(&content_of(&id), ADMIN);
    assert_eq!(whole.header("ETag"), Some(etag.as_str()));
    let since = |date| ("If-Modified-Since", date);
    for (row, headers, status) in [
        ("the very second", &[since(at.as_str())][..], 304),
        ("a second later", &[since(&after)], 304),
        ("a second earlier", &[since(&before)], 200),
        ("1970", &[since("Thu, 01 Jan 1970 00:00:00 GMT")], 200),
        ("before 1970", &[since("Wed, 31 Dec 1969 23:59:59 GMT")], 200),
        ("no date", &[since("yesterday")], 200),
        ("nothing", &[since("")], 200),
        ("304 comes before ranges", &[since(&at), ("Range", "bytes=0-9")], 304),
        ("a range, if modified", &[since(&before), ("Range", "bytes=0-9")], 206),
        ("If-None-Match, the same", &[("If-None-Match", &etag)], 200),
        ("If-None-Match, any", &[("If-None-Match", "*")], 200),
        ("If-None-Match beside If-Modified-Since", &[("If-None-Match", "\"other\""), since(&at)], 304),
        ("If-Match, another", &[("If-Match", "\"other\"")], 200),
        ("If-Unmodified-Since, earlier", &[("If-Unmodified-Since", &before)], 200),
        ("If-Range, another", &[("If-Range", "\"other\""), ("Range", "bytes=0-9")], 206),
        ("If-Range, the same", &[("If-Range", &etag), ("Range", "bytes=0-9")], 206),
        ("If-Range, earlier", &[("If-Range", &before), ("Range", "bytes=0-9")], 206),
    ] {
        let response = mock.request("GET", &content_of(&id), ADMIN, headers, None);
        assert_eq!(response.status, status, "{row}");
        match status {
            200 => assert_eq!((response.head(), &response.body), (whole.head(), &whole.body), "{row}"),
            206 => assert_eq!(response.body, whole.body[..10], "{row}"),
            _ => assert_eq!(response.head(), format!("HTTP/1.1 304 {FRAME}{NO_CACHE}{DATE}"), "{row}"),
        }
    }
}

// 5.6 HEAD

#[test]
fn head_is_not_allowed_and_nobody_is_asked_who_he_is() {
    let mock = mock();
    let id = mock.finished_download(ADMIN, &[&path_id("docTest1.txt")]);
    for auth in [Auth::None, ADMIN, Auth::Basic("admin", "wrong")] {
        for id in [id.as_str(), "nosuch"] {
            let response = mock.request("HEAD", &content_of(id), auth, &[], None);
            let head = response.head();
            let framing = ["\nTransfer-Encoding: chunked", "\nContent-Length: 0"];
            let head = framing.iter().fold(head, |head, line| head.replace(line, ""));
            let json = "\nContent-Type: application/json;charset=UTF-8";
            assert_eq!(head, format!("HTTP/1.1 405 {FRAME}{NO_CACHE}{json}{DATE}"), "{auth:?}");
        }
    }
}
