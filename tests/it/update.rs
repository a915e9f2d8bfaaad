//! `PUT /nodes/{id}` and `PUT /nodes/{id}/content` (wire reference, nodes, sections 11 and 12).

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, Response, TestMock, node_id,
    seeding::{assert_denied, assert_not_found, assert_refused, assert_refused_below, entry_of, id_of},
};

fn put(mock: &TestMock, auth: Auth<'_>, id: &str, body: &Value) -> Response {
    mock.json("PUT", &format!("/nodes/{id}"), auth, body)
}

#[track_caller]
fn updated(mock: &TestMock, id: &str, body: &Value) -> Value {
    entry_of(&put(mock, ADMIN, id, body), 200)
}

fn aspects(entry: &Value) -> Vec<&str> {
    entry["aspectNames"].as_array().unwrap().iter().map(|aspect| aspect.as_str().unwrap()).collect()
}

#[test]
fn names_change_and_nothing_else() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let id = mock.upload(ADMIN, &parent, "a.txt", b"text");
    mock.upload(ADMIN, &parent, "b.txt", b"other");
    let before = mock.node_entry(ADMIN, &id, "");
    let after = updated(&mock, &id, &json!({ "name": "A.pdf" }));
    assert_eq!((&after["name"], &after["content"]), (&json!("A.pdf"), &before["content"]));
    assert_eq!(updated(&mock, &id, &json!({ "name": "a.PDF" }))["name"], json!("a.PDF"), "another case");
    assert_eq!(updated(&mock, &id, &json!({ "properties": { "cm:name": "c.txt" } }))["name"], json!("c.txt"));
    assert_eq!(updated(&mock, &id, &json!({ "name": "" }))["name"], json!("c.txt"), "an empty name is none");
    let taken = put(&mock, ADMIN, &id, &json!({ "name": "B.txt" }));
    assert_refused("taken", &taken, 409, "Name already exists in target parent: B.txt");
    assert_eq!(put(&mock, ADMIN, &id, &json!({ "name": "a/b" })).status, 422);
    assert_eq!(mock.names(ADMIN, &parent, ""), ["b.txt", "c.txt"]);
}

#[test]
fn a_secondary_child_is_renamed_where_it_is_linked_too() {
    let mock = TestMock::start();
    let (one, other) = (mock.folder(ADMIN, "-my-", "one"), mock.folder(ADMIN, "-my-", "other"));
    let id = mock.upload(ADMIN, &one, "a.txt", b"text");
    let link = json!({ "childId": id, "assocType": "cm:contains" });
    entry_of(&mock.json("POST", &format!("/nodes/{other}/secondary-children"), ADMIN, &link), 201);
    mock.upload(ADMIN, &other, "taken.txt", b"x");
    assert_eq!(put(&mock, ADMIN, &id, &json!({ "name": "Taken.txt" })).status, 409);
    updated(&mock, &id, &json!({ "name": "b.txt" }));
    assert_eq!(mock.names(ADMIN, &other, ""), ["b.txt", "taken.txt"]);
    assert_eq!(mock.create_with(ADMIN, &other, "", &json!({ "name": "B.TXT", "nodeType": "cm:content" })).status, 409);
}

#[test]
fn properties_are_merged() {
    let mock = TestMock::start();
    let id = mock.folder(ADMIN, "-my-", "parent");
    let properties = |body: Value| updated(&mock, &id, &json!({ "properties": body }))["properties"].clone();
    let first = json!({ "cm:title": "t", "exif:pixelXDimension": "123", "cm:from": "2026-01-30T10:00:00.000+0000" });
    let stored = json!({ "cm:title": "t", "exif:pixelXDimension": 123, "cm:from": "2026-01-30T10:00:00.000+0000" });
    assert_eq!(properties(first), stored);
    assert_eq!(properties(json!({ "cm:description": "d", "cm:from": null }))["cm:from"], Value::Null);
    let merged = properties(json!({ "cm:title": "" }));
    assert_eq!(merged, json!({ "cm:description": "d", "exif:pixelXDimension": 123 }));
    let entry = mock.node_entry(ADMIN, &id, "");
    for aspect in ["cm:titled", "exif:exif", "cm:effectivity", "cm:auditable"] {
        assert!(aspects(&entry).contains(&aspect), "{aspect}");
    }
    let rows = [
        (json!({ "cm:nothing": 1 }), "Unknown property: cm:nothing"),
        (json!({ "rn:x": 1 }), "Unknown property: rn:x"),
        (json!({ "sys:x": 1 }), "NameSpace cannot be used by API: sys:x"),
        (json!({ "cm:modified": 1 }), "Cannot be used by API: cm:modified"),
        (json!({ "x:y": 1 }), "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI"),
        (json!({ "cm:owner": "nobody" }), "Unknown owner: nobody"),
    ];
    for (properties, text) in rows {
        assert_refused(text, &put(&mock, ADMIN, &id, &json!({ "properties": properties })), 400, text);
    }
    for wrong in [json!({ "exif:pixelXDimension": "my text" }), json!({ "cm:from": "25-11-2016" })] {
        assert_eq!(put(&mock, ADMIN, &id, &json!({ "name": "other", "properties": wrong })).status, 400);
    }
    assert_eq!(mock.node_entry(ADMIN, &id, ""), entry, "what is refused changes nothing");
}

#[test]
fn aspects_become_the_whole_set() {
    let mock = TestMock::start();
    let id = mock.upload(ADMIN, "-my-", "a.txt", b"text");
    let body = json!({ "aspectNames": ["cm:titled", "cm:dublincore"], "properties": { "cm:title": "t", "cm:publisher": "p" } });
    let entry = updated(&mock, &id, &body);
    assert_eq!(aspects(&entry), ["cm:titled", "cm:author", "cm:dublincore", "cm:auditable"]);
    assert_eq!(
        entry["properties"],
        json!({ "cm:title": "t", "cm:publisher": "p" }),
        "the versions went with their aspect"
    );
    let entry = updated(&mock, &id, &json!({ "aspectNames": ["cm:titled"] }));
    assert_eq!(
        (aspects(&entry), &entry["properties"]),
        (vec!["cm:titled", "cm:auditable"], &json!({ "cm:title": "t" }))
    );
    let entry = updated(&mock, &id, &json!({ "aspectNames": [] }));
    assert_eq!((aspects(&entry), &entry["properties"]), (vec!["cm:auditable"], &Value::Null));
    let entry = updated(&mock, &id, &json!({ "aspectNames": ["cm:versionable"] }));
    assert_eq!(entry["properties"], json!({ "cm:versionLabel": "1.0", "cm:versionType": "MAJOR" }));
    assert_refused(
        "unknown",
        &put(&mock, ADMIN, &id, &json!({ "aspectNames": ["cm:no"] })),
        400,
        "Unknown aspect: cm:no",
    );
}

#[test]
fn types_become_narrower_only() {
    let mock = TestMock::start();
    let id = mock.folder(ADMIN, "-my-", "parent");
    assert_eq!(updated(&mock, &id, &json!({ "nodeType": "app:glossary" }))["nodeType"], json!("app:glossary"));
    let cm = "{http://www.alfresco.org/model/content/1.0}";
    let text = format!(
        "Failed to change (specialise) node type - from {{http://www.alfresco.org/model/application/1.0}}glossary to {cm}folder"
    );
    assert_refused("wider", &put(&mock, ADMIN, &id, &json!({ "nodeType": "cm:folder" })), 400, &text);
    let other = mock.folder(ADMIN, "-my-", "other");
    let text = format!("Failed to change (specialise) node type - from {cm}folder to {cm}systemfolder");
    assert_refused("system", &put(&mock, ADMIN, &other, &json!({ "nodeType": "cm:systemfolder" })), 400, &text);
    assert_eq!(updated(&mock, &other, &json!({ "nodeType": "cm:folder" }))["nodeType"], json!("cm:folder"));
}

#[test]
fn a_parent_is_not_changed_here() {
    let mock = TestMock::start();
    let id = mock.folder(ADMIN, "-my-", "parent");
    let parent = mock.node_entry(ADMIN, &id, "")["parentId"].clone();
    updated(&mock, &id, &json!({ "parentId": parent, "isFile": true, "isFolder": false, "createdAt": "x" }));
    let text = format!(
        "Cannot update parentId of {id} via PUT /nodes/{{nodeId}}. Please use explicit POST /nodes/{{nodeId}}/move operation instead"
    );
    assert_refused("another parent", &put(&mock, ADMIN, &id, &json!({ "parentId": node_id("Reports") })), 400, &text);
    assert_denied("Company Home", &put(&mock, ADMIN, "-root-", &json!({ "parentId": id })));
    let unknown = put(&mock, ADMIN, &id, &json!({ "parent": id }));
    let text = unknown.json()["error"]["errorKey"].as_str().unwrap().to_owned();
    assert!(text.starts_with("Could not read content from HTTP request body: Unrecognized field \"parent\""), "{text}");
}

#[test]
fn who_may_not_update() {
    let mock = TestMock::start();
    let id = mock.upload(ALICE, "-shared-", "hers.txt", b"text");
    assert_denied("another user", &put(&mock, BOB, &id, &json!({ "name": "his.txt" })));
    assert_not_found("unknown", &put(&mock, ADMIN, "none", &json!({ "name": "a" })), "none");
    entry_of(&mock.json("POST", &format!("/nodes/{id}/lock"), ALICE, &json!({})), 200);
    let locked = format!("Cannot perform operation since the node (id:{id}) is locked.");
    assert_refused_below("locked by another", &put(&mock, ADMIN, &id, &json!({ "name": "b" })), 409, &locked);
    entry_of(&put(&mock, ALICE, &id, &json!({ "name": "b" })), 200);
    assert_eq!(put(&mock, ADMIN, "-shared-", &json!({ "properties": { "cm:title": "S" } })).status, 200, "an alias");
}

// Contents

#[test]
fn contents_are_replaced_and_versions_counted() {
    let mock = TestMock::start();
    let id = mock.upload(ADMIN, "-my-", "a.txt", b"one");
    let rows = [
        ("", "1.1", "MINOR"),
        ("?majorVersion=true", "2.0", "MAJOR"),
        ("?majorVersion=false&comment=c", "2.1", "MINOR"),
        ("?comment=c", "2.2", "MINOR"),
    ];
    for (query, label, kind) in rows {
        let entry = entry_of(&mock.put_content(ADMIN, &id, query, query.as_bytes()), 200);
        assert_eq!(entry["properties"], json!({ "cm:versionLabel": label, "cm:versionType": kind }), "{query}");
        assert_eq!(mock.content(ADMIN, &id), query.as_bytes());
        assert_eq!(entry["content"]["sizeInBytes"], json!(query.len()));
    }
    for (number, (query, version)) in
        [("", None), ("?comment=c", Some(("1.0", "MAJOR"))), ("?majorVersion=false", Some(("0.1", "MINOR")))]
            .into_iter()
            .enumerate()
    {
        let plain =
            mock.create_node(ADMIN, "-my-", &json!({ "name": format!("{number}.txt"), "nodeType": "cm:content" }));
        let entry = entry_of(&mock.put_content(ADMIN, &id_of(&plain), query, b"x"), 200);
        let expected =
            version.map_or(Value::Null, |(label, kind)| json!({ "cm:versionLabel": label, "cm:versionType": kind }));
        assert_eq!(entry["properties"], expected, "{query}");
    }
    let renamed = entry_of(&mock.put_content(ADMIN, &id, "?name=b.html", b"<p>"), 200);
    assert_eq!((&renamed["name"], &renamed["content"]["mimeType"]), (&json!("b.html"), &json!("text/html")));
}

#[test]
fn contents_that_are_refused() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let id = mock.upload(ADMIN, &parent, "a.txt", b"one");
    mock.upload(ADMIN, &parent, "b.txt", b"two");
    let typed = |content_type: &str| {
        let path = format!("{BASE}/nodes/{id}/content");
        mock.request("PUT", &path, ADMIN, &[("Content-Type", content_type)], Some(b"x"))
    };
    assert_refused("a form", &typed("multipart/form-data; boundary=x"), 415, "Cannot update using multipart/form-data");
    assert_eq!(typed("/jpeg").status, 415);
    assert_eq!(typed("image/jpeg").status, 200);
    assert_not_found("unknown", &mock.put_content(ADMIN, "none", "", b"x"), "none");
    assert_not_found("an alias", &mock.put_content(ADMIN, "-my-", "", b"x"), "-my-");
    let folder = format!("NodeId of content is expected: {parent}");
    assert_refused("a folder", &mock.put_content(ADMIN, &parent, "", b"x"), 400, &folder);
    let taken = mock.put_content(ADMIN, &id, "?name=b.txt", b"x");
    assert_refused("taken", &taken, 409, "Name already exists in target parent: b.txt");
    assert_eq!(mock.put_content(ADMIN, &id, "?name=b%3F", b"x").status, 422);
    assert_denied("another user", &mock.put_content(BOB, &id, "", b"x"));
    entry_of(&mock.json("POST", &format!("/nodes/{id}/lock"), ADMIN, &json!({ "type": "FULL" })), 200);
    let locked = format!("Cannot perform operation since the node (id:{id}) is locked.");
    assert_refused_below("locked", &mock.put_content(ADMIN, &id, "", b"x"), 409, &locked);
    assert_eq!(mock.content(ADMIN, &id), b"x");
}

#[test]
fn the_content_of_a_checked_out_document_checks_it_in() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    for address_copy in [false, true] {
        let id = mock.upload(ADMIN, &parent, &format!("{address_copy}.txt"), b"one");
        let copy = entry_of(&mock.json("POST", &format!("/nodes/{id}/check-out"), ADMIN, &Value::Null), 200);
        let addressed = if address_copy { id_of(&copy) } else { id.clone() };
        let entry = entry_of(&mock.put_content(ADMIN, &addressed, "?majorVersion=true", b"two"), 200);
        assert_eq!((&entry["id"], &entry["properties"]["cm:versionLabel"]), (&json!(id), &json!("2.0")));
        assert!(!aspects(&entry).contains(&"cm:checkedOut"));
        assert_eq!(mock.content(ADMIN, &id), b"two");
        assert_not_found("the copy", &mock.get(&format!("{BASE}/nodes/{}", id_of(&copy)), ADMIN), &id_of(&copy));
    }
    assert_eq!(mock.names(ADMIN, &parent, ""), ["false.txt", "true.txt"]);
}
