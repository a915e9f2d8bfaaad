//! The trash can (wire reference, nodes, section 16).

use serde_json::{Value, json};

use crate::support::{ADMIN, ALICE, Auth, BASE, BOB, Summary, TestMock, json_head};

fn get(mock: &TestMock, path: &str, auth: Auth<'_>) -> crate::support::Response {
    mock.get(&format!("{BASE}/{path}"), auth)
}

/// The answer of a restore with that body, or without one.
fn restore(mock: &TestMock, id: &str, auth: Auth<'_>, body: Option<&Value>) -> crate::support::Response {
    let path = format!("{BASE}/deleted-nodes/{id}/restore");
    let body = body.map(Value::to_string);
    mock.request("POST", &path, auth, &[("Content-Type", "application/json")], body.as_deref().map(str::as_bytes))
}

#[track_caller]
fn restored(mock: &TestMock, id: &str, auth: Auth<'_>) {
    let response = restore(mock, id, auth, None);
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(response.json()["entry"]["id"], json!(id));
}

#[test]
fn a_deleted_file_reads_as_it_was_with_who_deleted_it_and_when() {
    let mock = TestMock::start();
    let id = mock.file(ALICE, "-my-", "letter.txt", "Dear Bob");
    let parent = mock.entry(&format!("nodes/{id}"), ALICE)["parentId"].as_str().unwrap().to_owned();
    mock.removed(&format!("nodes/{id}"), ALICE);
    let alice = r#"{"id":"alice","displayName":"Alice Smith"}"#;
    let response = get(&mock, &format!("deleted-nodes/{id}"), ALICE);
    let expected = format!(
        r#"{{"entry":{{"isFile":true,"createdByUser":{alice},"modifiedAt":"<date>","nodeType":"cm:content","content":{{"mimeType":"text/plain","mimeTypeName":"Plain Text","sizeInBytes":8,"encoding":"ISO-8859-1"}},"aspectNames":["cm:auditable"],"createdAt":"<date>","archivedAt":"<date>","isFolder":false,"modifiedByUser":{alice},"name":"letter.txt","id":"{id}","archivedByUser":{alice}}}}}"#
    );
    response.expect("the entry", &json_head(200), &expected);
    let listed = get(&mock, "deleted-nodes", ALICE);
    let entry = format!(
        r#"{{"entry":{{"createdAt":"<date>","archivedAt":"<date>","isFolder":false,"isFile":true,"createdByUser":{alice},"modifiedAt":"<date>","modifiedByUser":{alice},"name":"letter.txt","id":"{id}","archivedByUser":{alice},"nodeType":"cm:content","content":{{"mimeType":"text/plain","mimeTypeName":"Plain Text","sizeInBytes":8,"encoding":"ISO-8859-1"}}}}}}"#
    );
    let pagination = r#""pagination":{"count":1,"hasMoreItems":false,"totalItems":1,"skipCount":0,"maxItems":100}"#;
    let expected = format!(r#"{{"list":{{{pagination},"entries":[{entry}]}}}}"#);
    listed.expect("the list", &json_head(200), &expected);
    let with_path = mock.entry(&format!("deleted-nodes/{id}?include=path"), ALICE)["path"].clone();
    assert_eq!(with_path["name"], json!("/Company Home/User Homes/alice"));
    assert_eq!(with_path["elements"].as_array().unwrap().last().unwrap()["id"], json!(parent));
}

#[test]
fn the_former_path_is_left_out_once_the_parent_is_gone() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    let file = mock.file(ALICE, &folder, "file.txt", "1");
    mock.removed(&format!("nodes/{file}"), ALICE);
    let path = || mock.entry(&format!("deleted-nodes/{file}?include=path"), ALICE).get("path").cloned();
    assert_eq!(path().unwrap()["name"], json!("/Company Home/User Homes/alice/folder"));
    mock.removed(&format!("nodes/{folder}"), ALICE);
    assert_eq!(path(), None);
}

#[test]
fn everybody_sees_his_own_deletions_and_administrators_all_the_youngest_first() {
    let mock = TestMock::start();
    let files = [(ALICE, "a.txt"), (BOB, "b.txt"), (ALICE, "c.txt")];
    let ids = files.map(|(auth, name)| mock.file(auth, "-my-", name, "1"));
    for ((auth, _), id) in files.iter().zip(&ids) {
        mock.removed(&format!("nodes/{id}"), *auth);
    }
    let names = |auth, query: &str| mock.listed(&format!("deleted-nodes{query}"), auth, "name");
    assert_eq!(names(ALICE, ""), ["c.txt", "a.txt"]);
    assert_eq!(names(BOB, ""), ["b.txt"]);
    assert_eq!(names(ADMIN, ""), ["c.txt", "b.txt", "a.txt"]);
    assert_eq!(names(ADMIN, "?skipCount=1&maxItems=1"), ["b.txt"]);
    let page = get(&mock, "deleted-nodes?skipCount=1&maxItems=1", ADMIN).json()["list"]["pagination"].clone();
    let expected = json!({"count": 1, "hasMoreItems": true, "totalItems": 3, "skipCount": 1, "maxItems": 1});
    assert_eq!(page, expected);
    let theirs = &ids[1];
    get(&mock, &format!("deleted-nodes/{theirs}"), ALICE).denied("reading");
    get(&mock, &format!("deleted-nodes/{theirs}/content"), ALICE).denied("its content");
    restore(&mock, theirs, ALICE, None).denied("restoring");
    mock.delete(&format!("{BASE}/deleted-nodes/{theirs}"), ALICE).denied("purging");
    mock.entry(&format!("deleted-nodes/{theirs}"), ADMIN);
    restored(&mock, theirs, ADMIN);
}

#[test]
fn only_the_top_of_a_deleted_tree_is_listed_and_the_rest_answers_by_id() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    let inner = mock.folder(ALICE, &folder, "inner");
    let file = mock.file(ALICE, &inner, "file.txt", "bytes");
    mock.removed(&format!("nodes/{folder}"), ALICE);
    assert_eq!(mock.listed("deleted-nodes", ALICE, "id"), [folder.as_str()]);
    for id in [&folder, &inner, &file] {
        get(&mock, &format!("nodes/{id}"), ALICE).not_found("as a node", id);
        assert_eq!(mock.entry(&format!("deleted-nodes/{id}"), ALICE)["archivedByUser"]["id"], json!("alice"));
    }
    restored(&mock, &folder, ALICE);
    assert_eq!(mock.listed("deleted-nodes", ALICE, "id"), Vec::<String>::new());
    assert_eq!(mock.listed(&format!("nodes/{inner}/children"), ALICE, "id"), [file.as_str()]);
    assert_eq!(mock.content(ALICE, &file), b"bytes");
    get(&mock, &format!("deleted-nodes/{file}"), ALICE).not_found("in the trash can", &file);
}

#[test]
fn what_was_never_deleted_is_not_in_the_trash_can() {
    let mock = TestMock::start();
    let live = mock.file(ALICE, "-my-", "live.txt", "1");
    let kept = mock.file(ALICE, "-my-", "gone.txt", "1");
    mock.removed(&format!("nodes/{kept}?permanent=true"), ALICE);
    for id in [&live, &kept, "iddontexist", "-my-", "-root-"] {
        get(&mock, &format!("deleted-nodes/{id}"), ALICE).not_found("GET", id);
        get(&mock, &format!("deleted-nodes/{id}/content"), ALICE).not_found("its content", id);
        restore(&mock, id, ALICE, None).not_found("restore", id);
        mock.delete(&format!("{BASE}/deleted-nodes/{id}"), ALICE).not_found("DELETE", id);
    }
    assert_eq!(mock.listed("deleted-nodes", ADMIN, "id"), Vec::<String>::new());
}

#[test]
fn the_content_of_a_deleted_file_is_sent_as_that_of_a_live_one() {
    let mock = TestMock::start();
    let id = mock.file(ALICE, "-my-", "alphabet.txt", "abcdefghijklmnopqrstuvwxyz");
    let folder = mock.folder(ALICE, "-my-", "folder");
    let live = |headers: &[(&str, &str)], query: &str| {
        mock.request("GET", &format!("{BASE}/nodes/{id}/content{query}"), ALICE, headers, None)
    };
    let asked: [(&[(&str, &str)], &str); 5] = [
        (&[], ""),
        (&[], "?attachment=false"),
        (&[("Range", "bytes=2-5")], ""),
        (&[("Range", "bytes=90-")], ""),
        (&[("If-Modified-Since", "Fri, 01 Jan 2100 00:00:00 GMT")], ""),
    ];
    let before = asked.map(|(headers, query)| live(headers, query));
    mock.removed(&format!("nodes/{id}"), ALICE);
    mock.removed(&format!("nodes/{folder}"), ALICE);
    for ((headers, query), before) in asked.iter().zip(before) {
        let path = format!("{BASE}/deleted-nodes/{id}/content{query}");
        let after = mock.request("GET", &path, ALICE, headers, None);
        assert_eq!((after.head(), after.body), (before.head(), before.body), "{headers:?} {query}");
    }
    let text = format!("NodeId of content is expected: {folder}");
    get(&mock, &format!("deleted-nodes/{folder}/content"), ALICE).refused("a folder", 400, &text);
}

#[test]
fn a_restored_node_is_shown_in_full_and_has_its_id() {
    let mock = TestMock::start();
    let body = json!({"name": "titled", "nodeType": "cm:folder", "properties": {"cm:title": "A title"}});
    let made = mock.made("nodes/-my-/children", ALICE, &body);
    let id = made["id"].as_str().unwrap();
    mock.removed(&format!("nodes/{id}"), ALICE);
    let response = restore(&mock, id, ALICE, None);
    assert_eq!(response.head(), json_head(200));
    assert_eq!(response.json()["entry"], made);
    mock.removed(&format!("nodes/{id}"), ALICE);
    let path = format!("{BASE}/deleted-nodes/{id}/restore?fields=id,name&include=path");
    let fields = mock.request("POST", &path, ALICE, &[], None);
    assert_eq!(fields.json()["entry"], json!({"id": id, "name": "titled"}));
    get(&mock, &format!("deleted-nodes/{id}"), ALICE).not_found("in the trash can", id);
}

#[test]
fn a_restore_can_be_refused() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    let file = mock.file(ALICE, &folder, "file.txt", "old");
    mock.removed(&format!("nodes/{file}"), ALICE);
    let newer = mock.file(ALICE, &folder, "FILE.txt", "new");
    restore(&mock, &file, ALICE, None).refused("the name is taken", 409, "Name already exists in target");
    mock.removed(&format!("nodes/{newer}"), ALICE);
    mock.removed(&format!("nodes/{folder}"), ALICE);
    restore(&mock, &file, ALICE, None).refused("the parent is gone", 404, "Invalid parent id null");
    let elsewhere = mock.folder(ALICE, "-my-", "elsewhere");
    let to = |parent: &str| json!({ "targetParentId": parent, "assocType": "cm:contains" });
    let refused = |body: &Value| restore(&mock, &file, ALICE, Some(body));
    refused(&json!({"targetParentId": elsewhere})).refused("no type", 400, "Missing assocType");
    refused(&json!({"targetParentId": elsewhere, "assocType": ""})).refused("an empty type", 400, "Missing assocType");
    refused(&json!({"targetParentId": elsewhere, "assocType": "cm:nosuch"})).refused(
        "an unknown type",
        400,
        "Unknown assocType: cm:nosuch",
    );
    refused(&json!({})).refused_below("no target", 400, Summary::Plain("Node id may not be null"));
    let text = "Invalid parent id workspace://SpacesStore/nosuch";
    refused(&to("nosuch")).refused("an unknown target", 404, text);
    let bobs = mock.folder(BOB, "-my-", "bobs");
    refused(&to(&bobs)).denied("somebody else's folder");
    assert_eq!(restore(&mock, &file, ALICE, Some(&to(&elsewhere))).status, 200);
    assert_eq!(mock.listed(&format!("nodes/{elsewhere}/children"), ALICE, "id"), [file.as_str()]);
    assert_eq!(mock.content(ALICE, &file), b"old");
}

#[test]
fn a_node_comes_back_out_of_a_deleted_folder_and_not_twice() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    let files = ["one.txt", "two.txt", "three.txt"].map(|name| mock.file(ALICE, &folder, name, name));
    mock.removed(&format!("nodes/{folder}"), ALICE);
    let target = json!({"targetParentId": mock.entry("nodes/-my-", ALICE)["id"], "assocType": "cm:contains"});
    assert_eq!(restore(&mock, &files[0], ALICE, Some(&target)).status, 200);
    mock.removed(&format!("deleted-nodes/{}", files[1]), ALICE);
    restored(&mock, &folder, ALICE);
    assert_eq!(mock.listed(&format!("nodes/{folder}/children"), ALICE, "name"), ["three.txt"]);
    assert_eq!(mock.entry(&format!("nodes/{}", files[0]), ALICE)["name"], json!("one.txt"));
}

#[test]
fn purged_is_gone_for_good() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    let file = mock.file(ALICE, &folder, "file.txt", "1");
    mock.removed(&format!("nodes/{folder}"), ALICE);
    mock.removed(&format!("deleted-nodes/{folder}"), ALICE);
    for id in [&folder, &file] {
        get(&mock, &format!("deleted-nodes/{id}"), ALICE).not_found("in the trash can", id);
        get(&mock, &format!("nodes/{id}"), ALICE).not_found("as a node", id);
        restore(&mock, id, ALICE, None).not_found("restore", id);
    }
    let again = mock.folder(ALICE, "-my-", "folder");
    assert_ne!(again, folder);
}

#[test]
fn links_of_secondary_children_survive() {
    let mock = TestMock::start();
    let (one, other) = (mock.folder(ALICE, "-my-", "one"), mock.folder(ALICE, "-my-", "other"));
    let file = mock.file(ALICE, &one, "file.txt", "linked");
    let link = json!({"childId": file, "assocType": "cm:contains"});
    mock.made(&format!("nodes/{other}/secondary-children"), ALICE, &link);
    let linked = || mock.listed(&format!("nodes/{other}/secondary-children"), ALICE, "id");
    let children = || mock.listed(&format!("nodes/{other}/children"), ALICE, "id");
    for gone in [&file, &one] {
        mock.removed(&format!("nodes/{gone}"), ALICE);
        assert_eq!((linked(), children()), (vec![], vec![]), "without it");
        restored(&mock, gone, ALICE);
        assert_eq!((linked(), children()), (vec![file.clone()], vec![file.clone()]), "with it again");
    }
    mock.removed(&format!("nodes/{other}"), ALICE);
    assert_eq!(mock.listed(&format!("nodes/{file}/parents"), ALICE, "id"), [one.as_str()]);
    restored(&mock, &other, ALICE);
    assert_eq!(linked(), [file.as_str()]);
    assert_eq!(mock.listed(&format!("nodes/{file}/parents"), ALICE, "id"), [one.clone(), other.clone()]);
    // Both are deleted, and come back in either order.
    for (first, second) in [(&other, &one), (&one, &other)] {
        mock.removed(&format!("nodes/{one}"), ALICE);
        mock.removed(&format!("nodes/{other}"), ALICE);
        restored(&mock, first, ALICE);
        restored(&mock, second, ALICE);
        assert_eq!(mock.content(ALICE, &file), b"linked");
    }
}

#[test]
fn a_home_folder_can_be_deleted_and_restored() {
    let mock = TestMock::start();
    let home = mock.entry("nodes/-my-", ALICE)["id"].as_str().unwrap().to_owned();
    let file = mock.file(ALICE, "-my-", "file.txt", "1");
    mock.removed("nodes/-my-", ALICE);
    get(&mock, "nodes/-my-", ALICE).not_found("without a home", "-my-");
    restore(&mock, &home, ALICE, None).denied("nobody but administrators adds to User Homes");
    restored(&mock, &home, ADMIN);
    assert!(mock.listed("nodes/-my-/children", ALICE, "id").contains(&file));
}

#[test]
fn a_download_of_a_deleted_node_is_refused_until_it_is_restored() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-my-", "folder");
    mock.file(ALICE, &folder, "file.txt", "zipped");
    let asked = json!({ "nodeIds": [folder] });
    mock.removed(&format!("nodes/{folder}"), ALICE);
    mock.post("downloads", ALICE, &asked).not_found("in the trash can", &folder);
    restored(&mock, &folder, ALICE);
    let download = mock.finished_download(ALICE, &[&folder]);
    let zip = mock.content(ALICE, &download);
    assert!(zip.windows(15).any(|bytes| bytes == b"folder/file.txt"));
}

#[test]
fn other_methods_are_refused() {
    let mock = TestMock::start();
    let id = mock.file(ALICE, "-my-", "file.txt", "1");
    mock.removed(&format!("nodes/{id}"), ALICE);
    for (method, path) in [
        ("PUT", format!("deleted-nodes/{id}")),
        ("POST", format!("deleted-nodes/{id}/content")),
        ("GET", format!("deleted-nodes/{id}/restore")),
    ] {
        let response = mock.request(method, &format!("{BASE}/{path}"), ALICE, &[], None);
        assert_eq!(response.status, 405, "{method} {path}");
    }
}
