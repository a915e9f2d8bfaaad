//! createDownload, getDownload and cancelDownload: what they answer, what they check, and in which order (wire
//! reference, downloads, section 2).

mod bodies;
mod ids;

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::Status;

use self::bodies::expect_unreadable;
use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, Response, Summary, TestMock, error_body, is_uuid, json_head,
    literal_error_body, node_id, path_id, resource_error_head,
};

/// The head of the answer to a cancelled download.
const CANCELLED_HEAD: &str = "HTTP/1.1 202 \nX-Frame-Options: SAMEORIGIN\nCache-Control: no-cache\n\
    Expires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache\nContent-Type: application/json;charset=UTF-8\n\
    Content-Length: 0\nDate: <date>";

/// A second, in which the slow jobs of these tests proceed by one file of 13 bytes.
const SECOND: Duration = Duration::from_secs(1);

/// A file that Bob may read, and Alice may not.
const BOBS_FILE: &str = "/Private/salaries.csv";

fn file(number: u8) -> String {
    node_id(&format!("/TestDownloads/docTest{number}.txt"))
}

fn entry(id: &str, files_added: u64, bytes_added: u64, total_bytes: u64, total_files: u64, status: &str) -> String {
    format!(
        r#"{{"entry":{{"filesAdded":{files_added},"bytesAdded":{bytes_added},"totalBytes":{total_bytes},"id":"{id}","totalFiles":{total_files},"status":"{status}"}}}}"#
    )
}

fn not_found(id: &str) -> String {
    let text = format!("The entity with id: {id} was not found");
    error_body(404, Some("framework.exception.EntityNotFound"), Summary::Numbered(&text))
}

fn denied() -> String {
    error_body(403, Some("framework.exception.PermissionDenied"), Summary::Numbered("Permission was denied"))
}

impl TestMock {
    fn post_download(&self, auth: Auth<'_>, body: &str) -> Response {
        self.post_json(&format!("{BASE}/downloads"), auth, body)
    }

    fn get_download(&self, auth: Auth<'_>, id: &str) -> Response {
        self.get(&format!("{BASE}/downloads/{id}"), auth)
    }

    fn cancel_download(&self, auth: Auth<'_>, id: &str) -> Response {
        self.delete(&format!("{BASE}/downloads/{id}"), auth)
    }

    /// Jobs that never begin, as long as the clock stands still.
    fn whose_jobs_wait() -> Self {
        let mock = Self::with(|config| config.download_start_delay = Duration::from_secs(3600));
        mock.clock().freeze();
        mock
    }

    /// Jobs that take a second of the mock's clock, which stands still, for a file of 13 bytes.
    fn whose_jobs_are_slow() -> Self {
        let mock = Self::with(|config| config.download_pace = NonZeroU64::new(13));
        mock.clock().freeze();
        mock
    }

    #[track_caller]
    fn wait_until(&self, id: &str, status: Status) {
        let progress = self.wait_for(id, |progress| progress.status == status);
        assert_eq!(progress.expect("the download is there").status, status);
    }

    /// A download of three files that is `IN_PROGRESS` and stays so as long as the clock stands still.
    fn download_in_progress(&self) -> String {
        let (one, two, three) = (file(1), file(2), file(3));
        let id = self.create_download(ALICE, &[&one, &two, &three]);
        self.clock().advance(SECOND);
        self.wait_until(&id, Status::InProgress);
        id
    }
}

// 2.1

#[test]
fn a_new_download_is_pending_with_four_zeros() {
    let mock = TestMock::whose_jobs_wait();
    let response = mock.post_download(ALICE, &format!(r#"{{"nodeIds":["{}"]}}"#, file(1)));
    let id = response.json()["entry"]["id"].as_str().unwrap().to_owned();
    assert!(is_uuid(&id), "{id}");
    let pending = entry(&id, 0, 0, 0, 0, "PENDING");
    response.expect("createDownload", &json_head(202), &pending);
    assert_eq!(response.header("Location"), None);
    mock.get_download(ALICE, &id).expect("getDownload", &json_head(200), &pending);
}

#[test]
fn a_seed_repeats_the_ids_of_downloads() {
    let ids = || {
        let mock = TestMock::start();
        [mock.create_download(ALICE, &[&file(1)]), mock.create_download(ALICE, &[&file(1)])]
    };
    let [first, second] = ids();
    assert_ne!(first, second);
    assert_eq!([first, second], ids());
}

#[test]
fn an_entry_has_six_keys_in_one_order_in_every_state() {
    let mock = TestMock::whose_jobs_are_slow();
    let id = mock.download_in_progress();
    let response = mock.get_download(ALICE, &id);
    let shown = &response.json()["entry"];
    let (files, bytes) = (shown["filesAdded"].as_u64().unwrap(), shown["bytesAdded"].as_u64().unwrap());
    response.expect("IN_PROGRESS", &json_head(200), &entry(&id, files, bytes, 39, 3, "IN_PROGRESS"));
    mock.clock().advance(SECOND * 3);
    mock.wait_until(&id, Status::Done);
    mock.get_download(ALICE, &id).expect("DONE", &json_head(200), &entry(&id, 3, 39, 39, 3, "DONE"));
}

#[test]
fn a_download_too_big_shows_the_limit_and_the_estimate() {
    let mock = TestMock::start();
    mock.change_downloads(|settings| settings.max_content_size = NonZeroU64::new(25));
    let id = mock.create_download(ALICE, &[&file(1), &file(2)]);
    mock.wait_until(&id, Status::MaxContentSizeExceeded);
    let body = entry(&id, 0, 25, 26, 2, "MAX_CONTENT_SIZE_EXCEEDED");
    mock.get_download(ALICE, &id).expect("too big", &json_head(200), &body);
}

#[test]
fn deleting_answers_202_without_a_body_in_every_state() {
    let waiting = TestMock::whose_jobs_wait();
    let pending = waiting.create_download(ALICE, &[&file(1)]);
    waiting.cancel_download(ALICE, &pending).expect("PENDING", CANCELLED_HEAD, "");
    let body = entry(&pending, 0, 0, 0, 0, "PENDING");
    waiting.get_download(ALICE, &pending).expect("PENDING, cancelled", &json_head(200), &body);
    waiting.cancel_download(ALICE, &pending).expect("PENDING, cancelled twice", CANCELLED_HEAD, "");

    let mock = TestMock::whose_jobs_are_slow();
    let id = mock.download_in_progress();
    mock.cancel_download(ALICE, &id).expect("IN_PROGRESS", CANCELLED_HEAD, "");
    mock.clock().advance(SECOND * 3);
    mock.wait_until(&id, Status::Cancelled);
    let cancelled = mock.get_download(ALICE, &id).text().to_owned();
    mock.cancel_download(ALICE, &id).expect("CANCELLED", CANCELLED_HEAD, "");
    mock.get_download(ALICE, &id).expect("CANCELLED, cancelled", &json_head(200), &cancelled);

    let mock = TestMock::start();
    let done = mock.finished_download(ALICE, &[&file(1)]);
    mock.cancel_download(ALICE, &done).expect("DONE", CANCELLED_HEAD, "");
    let body = entry(&done, 1, 13, 13, 1, "DONE");
    mock.get_download(ALICE, &done).expect("DONE, cancelled", &json_head(200), &body);

    mock.change_downloads(|settings| settings.max_content_size = NonZeroU64::new(1));
    let too_big = mock.create_download(ALICE, &[&file(1)]);
    mock.wait_until(&too_big, Status::MaxContentSizeExceeded);
    mock.cancel_download(ALICE, &too_big).expect("MAX_CONTENT_SIZE_EXCEEDED", CANCELLED_HEAD, "");
    let body = entry(&too_big, 0, 1, 13, 1, "MAX_CONTENT_SIZE_EXCEEDED");
    mock.get_download(ALICE, &too_big).expect("MAX_CONTENT_SIZE_EXCEEDED, cancelled", &json_head(200), &body);
}

// 2.2

/// The real server's own null pointer.
const NULL_POINTER: &str = "Cannot invoke \"java.util.List.size()\" because the return value of \
    \"org.alfresco.rest.api.model.Download.getNodeIds()\" is null";

#[test]
fn the_first_check_that_fails_answers() {
    let mock = TestMock::start();
    let bobs = node_id(BOBS_FILE);
    let file = file(1);
    let missing = literal_error_body(400, "Missing nodeId");
    let twice = literal_error_body(400, "Cannot specify the same nodeId twice");
    let nosuch = not_found("nosuch");
    for (row, node_ids, status, expected) in [
        ("none", String::new(), 400, literal_error_body(400, "Cannot create an archive with 0 entries.")),
        ("two equal ones", format!(r#""{file}","{file}""#), 400, twice.clone()),
        ("two equal ones that do not exist", r#""nosuch","nosuch""#.to_owned(), 400, twice.clone()),
        ("two equal ones after one that does not exist", format!(r#""nosuch","{file}","{file}""#), 400, twice.clone()),
        ("two equal ones far apart", format!(r#""{file}","nosuch","{file}""#), 400, twice.clone()),
        ("two that are null", "null,null".to_owned(), 400, twice),
        ("null", "null".to_owned(), 400, missing.clone()),
        ("an empty one", r#""""#.to_owned(), 400, missing.clone()),
        ("null after one that exists", format!(r#""{file}",null"#), 400, missing.clone()),
        ("null before one that does not exist", r#"null,"nosuch""#.to_owned(), 400, missing.clone()),
        ("null after one that does not exist", r#""nosuch",null"#.to_owned(), 404, nosuch.clone()),
        ("null after one that may not be read", format!(r#""{bobs}",null"#), 400, missing),
        ("one that does not exist", r#""nosuch""#.to_owned(), 404, nosuch.clone()),
        ("the first that does not exist", r#""nosuch","neither""#.to_owned(), 404, nosuch.clone()),
        ("one that does not exist, after one that exists", format!(r#""{file}","nosuch""#), 404, nosuch.clone()),
        ("one that may not be read", format!(r#""{bobs}""#), 403, denied()),
        ("one that may not be read, after one that may", format!(r#""{file}","{bobs}""#), 403, denied()),
        ("one that may not be read, before one that does not exist", format!(r#""{bobs}","nosuch""#), 404, nosuch),
    ] {
        let response = mock.post_download(ALICE, &format!(r#"{{"nodeIds":[{node_ids}]}}"#));
        response.expect(row, &resource_error_head(status), &expected);
    }
}

#[test]
fn who_may_read_a_node_may_download_it() {
    let mock = TestMock::start();
    let bobs = node_id(BOBS_FILE);
    for (row, auth, status) in
        [("its reader", BOB, 202), ("an administrator", ADMIN, 202), ("another user", ALICE, 403)]
    {
        let response = mock.post_download(auth, &format!(r#"{{"nodeIds":["{bobs}"]}}"#));
        assert_eq!(response.status, status, "{row}: {}", response.text());
    }
}

fn archived() -> String {
    let text = "One or more nodes' content is archived and not accessible.";
    error_body(412, Some("framework.exception.ArchivedContent"), Summary::Numbered(text))
}

#[test]
fn archived_content_is_looked_for_last() {
    let mock = TestMock::start();
    let minutes = node_id("/Archive/minutes 1998.txt");
    for (row, node_ids, status, expected) in [
        ("archived", vec![minutes.clone()], 412, archived()),
        ("archived, after one that is not", vec![file(1), minutes.clone()], 412, archived()),
        ("a folder with archived content", vec![node_id("/Archive")], 412, archived()),
        ("archived, before one that does not exist", vec![minutes.clone(), "nosuch".into()], 404, not_found("nosuch")),
        ("archived, before one that may not be read", vec![minutes, node_id(BOBS_FILE)], 403, denied()),
    ] {
        let response = mock.post_download(ALICE, &serde_json::json!({ "nodeIds": node_ids }).to_string());
        response.expect(row, &resource_error_head(status), &expected);
    }
}

#[test]
fn archived_content_is_looked_for_in_so_many_nodes_and_in_exact_types() {
    let fixtures = r#"{"nodes":[
        {"path":"b.txt","archived":true},
        {"path":"model.xml","nodeType":"cm:dictionaryModel","archived":true},
        {"path":"glossary","nodeType":"app:glossary"},
        {"path":"glossary/c.txt","archived":true}
    ]}"#;
    let files = [("a.txt", "a"), ("b.txt", "b"), ("model.xml", "<x/>"), ("glossary/c.txt", "c")];
    for (limit, paths, status) in [
        (-1, &["a.txt", "b.txt"][..], 412),
        (500, &["a.txt", "b.txt"], 412),
        (2, &["a.txt", "b.txt"], 412),
        (1, &["a.txt", "b.txt"], 202),
        (1, &["b.txt", "a.txt"], 412),
        (-1, &["model.xml", "glossary"], 202),
    ] {
        let mock = OwnFixtures::with(&files, fixtures, |config| config.download_archive_check_limit = limit);
        let node_ids: Vec<_> = paths.iter().map(|path| path_id(path)).collect();
        let response = mock.post_download(ADMIN, &serde_json::json!({ "nodeIds": node_ids }).to_string());
        assert_eq!(response.status, status, "{paths:?}, of which {limit} are looked at: {}", response.text());
    }
}

#[test]
fn without_node_ids_the_server_stumbles() {
    let mock = TestMock::start();
    mock.expect_500();
    let key = Some("framework.exception.ApiDefault");
    let expected = error_body(500, key, Summary::Plain(NULL_POINTER));
    for body in ["{}", r#"{"nodeIds":null}"#, r#"{"id":"x"}"#, r#"{"nodeIds":["nosuch"],"nodeIds":null}"#] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(500), &expected);
    }
}

#[test]
fn the_body_is_read_before_the_node_ids_are_checked() {
    let mock = TestMock::start();
    for (body, beginning) in [
        (r#"{"foo":1}"#, "Unrecognized field \"foo\""),
        (r#"{"nodeIds":[],"foo":1}"#, "Unrecognized field \"foo\""),
        (r#"{"nodeIds":["nosuch","nosuch"],"foo":1}"#, "Unrecognized field \"foo\""),
        (r#"{"nodeIds":["nosuch"]"#, "Unexpected end-of-input: "),
    ] {
        expect_unreadable(body, &mock.post_download(ALICE, body), beginning);
    }
}

// 2.5

#[test]
fn existence_then_type_then_permission() {
    let mock = TestMock::whose_jobs_wait();
    let alices = mock.create_download(ALICE, &[&file(1)]);
    let wrong_type = literal_error_body(400, "Please specify the nodeId of a download node.");
    let bobs = node_id(BOBS_FILE);
    for (row, auth, id, status, expected) in [
        ("no node", BOB, "nosuch", 404, not_found("nosuch")),
        ("a file", BOB, &file(1), 400, wrong_type.clone()),
        ("a folder", BOB, &node_id("/TestDownloads/folder1"), 400, wrong_type.clone()),
        ("Company Home", BOB, &node_id("/"), 400, wrong_type.clone()),
        ("a file that the caller may not read", ALICE, &bobs, 400, wrong_type.clone()),
        ("a file that the administrator may read", ADMIN, &bobs, 400, wrong_type),
        ("another user's download", BOB, &alices, 403, denied()),
    ] {
        for (method, response) in [("GET", mock.get_download(auth, id)), ("DELETE", mock.cancel_download(auth, id))] {
            response.expect(&format!("{method} {row}"), &resource_error_head(status), &expected);
        }
    }
}

#[test]
fn the_creator_and_administrators_may() {
    let mock = TestMock::whose_jobs_wait();
    let alices = mock.create_download(ALICE, &[&file(1)]);
    let admins = mock.create_download(ADMIN, &[&file(1)]);
    for (row, auth, id, get, delete) in [
        ("the creator", ALICE, &alices, 200, 202),
        ("an administrator", ADMIN, &alices, 200, 202),
        ("another user", BOB, &alices, 403, 403),
        ("the administrator, own", ADMIN, &admins, 200, 202),
        ("a user, the administrator's", ALICE, &admins, 403, 403),
    ] {
        assert_eq!(mock.get_download(auth, id).status, get, "GET by {row}");
        assert_eq!(mock.cancel_download(auth, id).status, delete, "DELETE by {row}");
    }
    for path in ["", "/content"] {
        assert_eq!(mock.get(&format!("{BASE}/nodes/{alices}{path}"), BOB).status, 403, "{path}");
    }
}

#[test]
fn who_may_not_cancel_does_not() {
    let mock = TestMock::whose_jobs_are_slow();
    let id = mock.download_in_progress();
    assert_eq!(mock.cancel_download(BOB, &id).status, 403);
    mock.clock().advance(SECOND * 3);
    mock.wait_until(&id, Status::Done);
}

#[test]
fn a_deleted_download_is_not_found() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&file(1)]);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), ALICE).status, 204);
    for response in [mock.get_download(ALICE, &id), mock.cancel_download(ALICE, &id)] {
        response.expect("deleted", &resource_error_head(404), &not_found(&id));
    }
}
