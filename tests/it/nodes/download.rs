//! The download as a node (wire reference, downloads, section 6).

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::Status;
use serde_json::json;

use super::{assert_refused, delete, entry, get, not_found, permission_denied};
use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, TestMock, json_head, literal_error_body, node_id, path_id,
};

/// The properties of a download, in their order.
fn properties(done: u64, total_files: u64, is_cancelled: bool, total: u64, files_added: u64, status: &str) -> String {
    format!(
        r#"{{"download:done":{done},"download:totalFiles":{total_files},"download:cancelled":{is_cancelled},"download:total":{total},"download:sequenceNumber":0,"cm:isContentIndexed":false,"download:filesAdded":{files_added},"cm:isIndexed":false,"download:recursive":true,"download:status":"{status}"}}"#
    )
}

/// The two aspects of a download, whose order is not fixed, in one order.
fn with_sorted_aspects(body: &str) -> String {
    body.replace(r#"["cm:indexControl","cm:auditable"]"#, r#"["cm:auditable","cm:indexControl"]"#)
}

const ASPECTS: &str = r#"["cm:auditable","cm:indexControl"]"#;
const ADMINISTRATOR: &str = r#"{"id":"admin","displayName":"Administrator"}"#;

/// The body of a download without content: twelve keys.
fn without_content(id: &str, created: &str, modified: &str, properties: &str) -> String {
    format!(
        r#"{{"entry":{{"aspectNames":{ASPECTS},"createdAt":"{created}","isFolder":false,"isFile":true,"createdByUser":{ADMINISTRATOR},"modifiedAt":"{modified}","modifiedByUser":{ADMINISTRATOR},"name":"archive.zip","id":"{id}","nodeType":"download:download","parentId":"downloads_container","properties":{properties}}}}}"#
    )
}

#[test]
fn a_download_has_twelve_keys_and_with_content_thirteen() {
    let mock = OwnFixtures::start(&[("one.txt", "1"), ("thousand.txt", &"x".repeat(1000))], "");
    let ids = [path_id("one.txt"), path_id("thousand.txt")];
    let create = || mock.create_download(ADMIN, &[&ids[0], &ids[1]]);
    let body = |id: &str| with_sorted_aspects(get(&mock, id, ADMIN).text());

    // The first byte is through in a moment, the next 999 take twenty seconds: time enough to stop the clock.
    mock.change_downloads(|settings| settings.pace = NonZeroU64::new(50));
    let in_progress = create();
    mock.wait_for(&in_progress, |progress| progress.status == Status::InProgress);
    mock.clock().freeze();
    let seen = entry(&mock, &in_progress, ADMIN);
    let (created, modified) = (seen["createdAt"].as_str().unwrap(), seen["modifiedAt"].as_str().unwrap());
    assert!(created < modified, "the publication came later");
    let expected = without_content(&in_progress, created, modified, &properties(1, 2, false, 1001, 0, "IN_PROGRESS"));
    assert_eq!(body(&in_progress), expected);

    mock.change_downloads(|settings| {
        settings.pace = None;
        settings.start_delay = Duration::from_secs(1);
    });
    let start = mock.clock().now().to_string();
    let done = create();
    let pending = without_content(&done, &start, &start, &properties(0, 0, false, 0, 0, "PENDING"));
    assert_eq!(body(&done), pending);
    mock.clock().advance(Duration::from_secs(1));
    mock.wait_until_done(&done);
    let end = mock.clock().now().to_string();
    let size = mock.content(ADMIN, &done).len();
    let with_content = |id: &str| {
        let properties = properties(1001, 2, false, 1001, 2, "DONE");
        format!(
            r#"{{"entry":{{"isFile":true,"createdByUser":{ADMINISTRATOR},"modifiedAt":"{end}","nodeType":"download:download","content":{{"mimeType":"application/octet-stream","mimeTypeName":"Binary File (Octet Stream)","sizeInBytes":{size},"encoding":"UTF-8"}},"parentId":"downloads_container","aspectNames":{ASPECTS},"createdAt":"{start}","isFolder":false,"modifiedByUser":{ADMINISTRATOR},"name":"archive.zip","id":"{id}","properties":{properties}}}}}"#
        )
    };
    assert_eq!(body(&done), with_content(&done));
    assert_eq!(get(&mock, &done, ADMIN).head(), json_head(200));

    let cancelled = create();
    mock.delete(&format!("{BASE}/downloads/{cancelled}"), ADMIN);
    let requested = without_content(&cancelled, &end, &end, &properties(0, 0, true, 0, 0, "PENDING"));
    assert_eq!(body(&cancelled), requested, "a cancel that nobody has noticed");
    mock.clock().advance(Duration::from_secs(1));
    mock.ended(&cancelled);
    let now = mock.clock().now().to_string();
    let noticed = without_content(&cancelled, &end, &now, &properties(1, 2, true, 1001, 0, "CANCELLED"));
    assert_eq!(body(&cancelled), noticed);

    mock.change_downloads(|settings| {
        settings.start_delay = Duration::ZERO;
        settings.max_content_size = NonZeroU64::new(1000);
    });
    let too_big = create();
    mock.ended(&too_big);
    let expected =
        without_content(&too_big, &now, &now, &properties(1000, 2, false, 1001, 0, "MAX_CONTENT_SIZE_EXCEEDED"));
    assert_eq!(body(&too_big), expected);
}

#[test]
fn a_download_belongs_to_who_asked_for_it() {
    let mock = TestMock::start();
    let id = mock.create_download(ALICE, &[&node_id("TestDownloads/docTest1.txt")]);
    let alice = json!({"id": "alice", "displayName": "Alice Smith"});
    for auth in [ALICE, ADMIN] {
        let node = entry(&mock, &id, auth);
        assert_eq!((&node["createdByUser"], &node["modifiedByUser"]), (&alice, &alice), "{auth:?}");
        assert_eq!(node["name"], json!("docTest1.txt.zip"));
    }
    assert_refused("GET", &get(&mock, &id, BOB), 403, &permission_denied());
    for query in ["", "?permanent=true", "?permanent=false"] {
        assert_refused(query, &delete(&mock, &format!("{id}{query}"), BOB), 403, &permission_denied());
    }
    assert_eq!(get(&mock, &id, Auth::None).status, 401);
    assert_eq!(delete(&mock, &id, Auth::None).status, 401);
    assert_eq!(get(&mock, &id, ALICE).status, 200, "and it is still there");
}

#[test]
fn a_deleted_download_is_gone_at_once() {
    let mock = TestMock::start();
    for (row, owner, auth, query) in [
        ("the owner", ALICE, ALICE, ""),
        ("the owner, for good", ALICE, ALICE, "?permanent=true"),
        ("the owner, not for good", ALICE, ALICE, "?permanent=false"),
        ("an administrator", ALICE, ADMIN, ""),
        ("an administrator, for good", ALICE, ADMIN, "?permanent=true"),
        ("by a label", ADMIN, ADMIN, ";1.0"),
    ] {
        let id = mock.finished_download(owner, &[&node_id("TestDownloads/docTest1.txt")]);
        let response = delete(&mock, &format!("{id}{query}"), auth);
        // No length, and no chunks: that there is no body says the status.
        let head = json_head(204).replace("\nTransfer-Encoding: chunked", "");
        assert_eq!(response.head(), head, "{row}");
        assert_eq!(mock.wait_for(&id, |_| true), None, "{row}");
        for path in [format!("downloads/{id}"), format!("nodes/{id}"), format!("nodes/{id}/content")] {
            assert_refused(row, &mock.get(&format!("{BASE}/{path}"), owner), 404, &not_found(&id));
        }
        for path in [format!("downloads/{id}"), format!("nodes/{id}")] {
            assert_refused(row, &mock.delete(&format!("{BASE}/{path}"), owner), 404, &not_found(&id));
        }
    }
}

#[test]
fn a_downloads_fields_can_be_chosen() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&node_id("TestDownloads/docTest1.txt")]);
    let body = |query: &str| get(&mock, &format!("{id}{query}"), ALICE);
    let expected = format!(r#"{{"entry":{{"name":"docTest1.txt.zip","id":"{id}"}}}}"#);
    assert_eq!(body("?fields=id,name").text(), expected);
    assert_eq!(body("?fields=nosuch").text(), r#"{"entry":{}}"#);
    let path = body("?include=path").json()["entry"]["path"].clone();
    assert_eq!(path["isComplete"], json!(false), "it lies outside Company Home");
    for include in ["path", "permissions", "allowableOperations", "isLocked,isLink,isFavorite,association", "cm:title"]
    {
        assert_eq!(body(&format!("?include={include}")).status, 200, "{include}");
    }
    let text = format!("NodeId of folder is expected: {id}");
    assert_refused("a path below a file", &body("?relativePath=a"), 400, &literal_error_body(400, &text));
}
