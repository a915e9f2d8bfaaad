//! `POST /nodes/{id}/copy` and `/move` (wire reference, nodes, section 13).

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BOB, Response, TestMock, archive, node_id,
    seeding::{assert_denied, assert_not_found, assert_refused, assert_refused_below, entry_of, id_of},
};

const BOTH: [&str; 2] = ["copy", "move"];

fn post(mock: &TestMock, auth: Auth<'_>, id: &str, operation: &str, body: &Value) -> Response {
    mock.json("POST", &format!("/nodes/{id}/{operation}"), auth, body)
}

#[test]
fn copies_are_new_and_moves_are_not() {
    let mock = TestMock::start();
    let (from, to) = (mock.folder(ADMIN, "-my-", "from"), mock.folder(ADMIN, "-my-", "to"));
    let id = mock.upload(ADMIN, &from, "a.txt", b"text");
    let copy = entry_of(&post(&mock, ADMIN, &id, "copy", &json!({ "targetParentId": to })), 201);
    assert_ne!(copy["id"], json!(id));
    assert_eq!((&copy["name"], &copy["parentId"]), (&json!("a.txt"), &json!(to)));
    assert_eq!(mock.content(ADMIN, &id_of(&copy)), b"text");
    assert!(copy["aspectNames"].as_array().unwrap().contains(&json!("cm:copiedfrom")));
    assert_eq!(copy["properties"]["cm:versionLabel"], json!("1.0"));
    let named = json!({ "targetParentId": from, "name": "b.txt" });
    assert_eq!(entry_of(&post(&mock, ADMIN, &id, "copy", &named), 201)["name"], json!("b.txt"));

    let moved = entry_of(&post(&mock, ADMIN, &id, "move", &json!({ "targetParentId": to, "name": "c.txt" })), 200);
    assert_eq!((&moved["id"], &moved["name"], &moved["parentId"]), (&json!(id), &json!("c.txt"), &json!(to)));
    assert_eq!(mock.names(ADMIN, &from, ""), ["b.txt"]);
    assert_eq!(mock.names(ADMIN, &to, ""), ["a.txt", "c.txt"]);
    let renamed = entry_of(&post(&mock, ADMIN, &id, "move", &json!({ "targetParentId": to, "name": "C.txt" })), 200);
    assert_eq!(renamed["name"], json!("C.txt"), "a move within the folder");
}

#[test]
fn a_folder_is_copied_with_all_that_is_readable_below_it() {
    let mock = TestMock::start();
    let from = mock.folder(ALICE, "-shared-", "from");
    let sub = mock.folder(ALICE, &from, "sub");
    mock.upload(ALICE, &sub, "a.txt", b"text");
    let hidden = mock.upload(ALICE, &sub, "hidden.txt", b"secret");
    let alone = json!({ "permissions": { "isInheritanceEnabled": false } });
    entry_of(&mock.json("PUT", &format!("/nodes/{hidden}"), ALICE, &alone), 200);
    let elsewhere = mock.upload(ALICE, "-shared-", "linked.txt", b"linked");
    let link = json!({ "childId": elsewhere, "assocType": "cm:contains" });
    entry_of(&mock.json("POST", &format!("/nodes/{from}/secondary-children"), ALICE, &link), 201);
    let body = json!({ "targetParentId": "-my-", "name": "copy" });
    let copy = entry_of(&post(&mock, BOB, &from, "copy", &body), 201);
    assert_eq!(copy["createdByUser"]["id"], json!("bob"));
    let download = mock.finished_download(BOB, &[&id_of(&copy)]);
    let names = archive::names(&mock.content(BOB, &download));
    assert_eq!(names, ["copy/", "copy/sub/", "copy/sub/a.txt", "copy/linked.txt"]);
}

#[test]
fn what_neither_takes() {
    let mock = TestMock::start();
    let (from, to) = (mock.folder(ADMIN, "-my-", "from"), mock.folder(ADMIN, "-my-", "to"));
    let id = mock.upload(ADMIN, &from, "a.txt", b"text");
    let other = mock.upload(ADMIN, &to, "A.txt", b"other");
    let inner = mock.folder(ADMIN, &from, "inner");
    for operation in BOTH {
        let refused = |id: &str, body: Value| post(&mock, ADMIN, id, operation, &body);
        assert_refused(operation, &refused(&id, json!({})), 400, "Missing targetParentId");
        assert_not_found(operation, &refused("none", json!({ "targetParentId": "nowhere" })), "nowhere");
        assert_not_found(operation, &refused("none", json!({ "targetParentId": to })), "none");
        let taken = "Name already exists in target parent: null";
        assert_refused(operation, &refused(&id, json!({ "targetParentId": to })), 409, taken);
        let taken = "Name already exists in target parent: a.TXT";
        assert_refused(operation, &refused(&id, json!({ "targetParentId": to, "name": "a.TXT" })), 409, taken);
        let file = format!("Invalid type of target parent: {other}");
        assert_refused(operation, &refused(&id, json!({ "targetParentId": other })), 400, &file);
        for target in [&from, &inner] {
            let cyclic = "Node has been pasted into its own tree.";
            assert_refused_below(
                operation,
                &refused(&from, json!({ "targetParentId": target, "name": "x" })),
                400,
                cyclic,
            );
        }
        assert_eq!(refused(&id, json!({ "targetParentId": to, "name": "a?" })).status, 422, "{operation}");
        let several = "Only 1 entity is supported in the HTTP request body";
        assert_refused(operation, &refused(&id, json!([{ "targetParentId": to }])), 405, several);
        assert_denied(operation, &post(&mock, BOB, &id, operation, &json!({ "targetParentId": to })));
        let hers = mock.upload(ALICE, "-my-", &format!("{operation}.txt"), b"x");
        assert_denied(operation, &post(&mock, ALICE, &hers, operation, &json!({ "targetParentId": to })));
    }
    let same = post(&mock, ADMIN, &id, "copy", &json!({ "targetParentId": from }));
    assert_refused("copy into the same folder", &same, 409, "Name already exists in target parent: null");
    entry_of(&post(&mock, ADMIN, &id, "move", &json!({ "targetParentId": from })), 200);
    assert_eq!(mock.names(ADMIN, &to, ""), ["A.txt"]);
}

#[test]
fn special_nodes_stay_where_they_are() {
    let mock = TestMock::start();
    let to = mock.folder(ADMIN, "-my-", "to");
    for id in [node_id(""), node_id("Sites"), node_id("Data Dictionary")] {
        let refused = post(&mock, ADMIN, &id, "move", &json!({ "targetParentId": to }));
        assert_refused("special", &refused, 403, &format!("Cannot move: {id}"));
    }
    assert_eq!(post(&mock, ADMIN, &node_id("Sites"), "copy", &json!({ "targetParentId": to })).status, 422);
}

#[test]
fn locked_files_are_copied_and_not_moved() {
    let mock = TestMock::start();
    let to = mock.folder(ADMIN, "-my-", "to");
    let id = mock.upload(ADMIN, "-my-", "a.txt", b"text");
    entry_of(&post(&mock, ADMIN, &id, "lock", &json!({ "type": "FULL" })), 200);
    let locked = format!("Cannot perform operation since the node (id:{id}) is locked.");
    assert_refused_below("move", &post(&mock, ADMIN, &id, "move", &json!({ "targetParentId": to })), 409, &locked);
    let copy = entry_of(&post(&mock, ADMIN, &id, "copy?include=isLocked", &json!({ "targetParentId": to })), 201);
    assert_eq!(copy["isLocked"], json!(false));
}
