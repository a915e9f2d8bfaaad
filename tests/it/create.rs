//! `POST /nodes/{id}/children` with JSON (wire reference, nodes, section 6): what is made, and what is refused, in order.

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, BASE, BOB, TestMock, is_uuid, json_head, mask, node_id,
    seeding::{assert_denied, assert_not_found, assert_refused, assert_refused_below, entry_of, id_of},
};

#[test]
fn a_folder_answers_with_these_bytes() {
    let mock = TestMock::start();
    let body =
        json!({ "name": "f1", "nodeType": "cm:folder", "properties": { "cm:title": "First", "cm:description": "" } });
    let response = mock.create_with(ALICE, "-my-", "", &body);
    let entry = entry_of(&response, 201);
    let (id, parent) = (id_of(&entry), id_of(&mock.node_entry(ALICE, "-my-", "")));
    assert!(is_uuid(&id));
    assert_eq!(entry["createdAt"], entry["modifiedAt"]);
    let alice = r#"{"id":"alice","displayName":"Alice Adams"}"#;
    let alice = alice.replace("Alice Adams", entry["createdByUser"]["displayName"].as_str().unwrap());
    assert_eq!(
        mask(response.text()),
        format!(
            r#"{{"entry":{{"aspectNames":["cm:titled","cm:auditable"],"createdAt":"<date>","isFolder":true,"isFile":false,"createdByUser":{alice},"modifiedAt":"<date>","modifiedByUser":{alice},"name":"f1","id":"{id}","nodeType":"cm:folder","properties":{{"cm:title":"First"}},"parentId":"{parent}"}}}}"#
        )
    );
    assert_eq!(mock.node_entry(ALICE, &id, ""), entry);
}

#[test]
fn an_empty_file_has_a_content_of_nothing() {
    let mock = TestMock::start();
    let content = |name: &str| {
        mock.create_node(ADMIN, "-my-", &json!({ "name": name, "nodeType": "cm:content" }))["content"].to_string()
    };
    assert_eq!(
        content("a.txt"),
        r#"{"mimeType":"text/plain","mimeTypeName":"Plain Text","sizeInBytes":0,"encoding":"UTF-8"}"#
    );
    assert_eq!(
        content("a"),
        r#"{"mimeType":"application/octet-stream","mimeTypeName":"Binary File (Octet Stream)","sizeInBytes":0,"encoding":"UTF-8"}"#
    );
    assert_eq!(
        mock.create_node(ADMIN, "-my-", &json!({ "name": "f", "nodeType": "cm:folder" }))["content"],
        Value::Null
    );
}

#[test]
fn several_nodes_are_made_at_once_or_not_at_all() {
    let mock = TestMock::start();
    let folder = mock.folder(ADMIN, "-my-", "several");
    let node = |name: &str| json!({ "name": name, "nodeType": "cm:folder", "relativePath": "deep/er" });
    let response = mock.create_with(ADMIN, &folder, "", &json!([node("b"), node("a")]));
    assert_eq!((response.status, response.head()), (201, json_head(201)), "{}", response.text());
    let list = &response.json()["list"];
    assert_eq!(
        list["pagination"].to_string(),
        r#"{"count":2,"hasMoreItems":false,"totalItems":2,"skipCount":0,"maxItems":2}"#
    );
    assert_eq!(
        (&list["entries"][0]["entry"]["name"], &list["entries"][1]["entry"]["name"]),
        (&json!("b"), &json!("a"))
    );
    assert!(list["entries"][0]["entry"]["aspectNames"].is_array(), "the full form");

    let one = mock.create_with(ADMIN, &folder, "", &json!([{ "name": "single", "nodeType": "cm:folder" }]));
    entry_of(&one, 201);

    let before = mock.nodes();
    let modified = mock.node_entry(ADMIN, &folder, "")["modifiedAt"].clone();
    let other = |name: &str| json!({ "name": name, "nodeType": "cm:folder", "relativePath": "other/path" });
    let refused = mock.create_with(ADMIN, &folder, "", &json!([other("x"), other("y"), other("X")]));
    assert_refused("the last is refused", &refused, 409, "Duplicate child name not allowed: X");
    assert_eq!(mock.nodes(), before);
    assert_eq!(mock.names(ADMIN, &folder, ""), ["deep", "single"]);
    assert_eq!(mock.node_entry(ADMIN, &folder, "")["modifiedAt"], modified);
}

#[test]
fn refusals_come_in_this_order() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let file = mock.upload(ADMIN, &parent, "there.txt", b"x");
    let content = "{http://www.alfresco.org/model/content/1.0}";
    // Each body has the mistakes of all later rows, too.
    let mut body = json!({
        "id": "1", "aspectNames": ["cm:nothing"], "properties": { "cm:nothing": 1 }, "nodeType": "x:y",
        "relativePath": "there.txt", "association": { "assocType": "cm:nothing" }
    });
    let rows: &[(&str, Value, &str, u16, &str)] = &[
        ("1", Value::Null, "unexpected id", 400, "Unexpected id when trying to create a new node: 1"),
        ("id", Value::Null, "unknown aspect", 400, "Unknown aspect: cm:nothing"),
        (
            "aspectNames",
            json!(["sys:referenceable"]),
            "system aspect",
            400,
            "NameSpace cannot be used by API: sys:referenceable",
        ),
        ("aspectNames", Value::Null, "unknown property", 400, "Unknown property: cm:nothing"),
        (
            "properties",
            json!({ "sys:node-uuid": 1 }),
            "system property",
            400,
            "NameSpace cannot be used by API: sys:node-uuid",
        ),
        ("properties", json!({ "cm:creator": "x" }), "audited property", 400, "Cannot be used by API: cm:creator"),
    ];
    for (key, value, row, status, text) in rows {
        change(&mut body, key, value);
        assert_refused(row, &mock.create_with(ADMIN, "no-such-parent", "", &body), *status, text);
    }
    change(&mut body, "properties", &json!({ "exif:pixelXDimension": "my text", "cm:owner": "nobody" }));
    assert_not_found("no parent", &mock.create_with(ADMIN, "no-such-parent", "", &body), "no-such-parent");
    let types = format!("Invalid type: {content}person - expected (sub-)type of cm:cmobject");
    let system = format!("Invalid type: {content}systemfolder - cannot be (sub-)type of cm:systemfolder");
    let rows: &[(&str, Value, &str, u16, &str)] = &[
        ("name", Value::Null, "no name", 400, &format!("Node name is expected: {parent}")),
        ("name", json!(""), "empty name", 400, &format!("Node name is expected: {parent}")),
        (
            "name",
            json!("there.txt"),
            "unknown prefix",
            400,
            "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI",
        ),
        ("nodeType", Value::Null, "no type", 400, &format!("Node type is expected: {parent},there.txt")),
        ("nodeType", json!("cm:person"), "not a cmobject", 400, &types),
        ("nodeType", json!("cm:systemfolder"), "system folder", 400, &system),
        (
            "nodeType",
            json!("cm:content"),
            "a file in the path",
            409,
            "Name [there.txt] already exists in the target parent: parent",
        ),
        ("relativePath", Value::Null, "unknown association", 400, "Unknown assocType: cm:nothing"),
        ("association", Value::Null, "unknown owner", 400, "Unknown owner: nobody"),
    ];
    for (key, value, row, status, text) in rows {
        change(&mut body, key, value);
        assert_refused(row, &mock.create_with(ADMIN, &parent, "", &body), *status, text);
    }
    change(&mut body, "properties", &json!({ "exif:pixelXDimension": "my text" }));
    assert_denied("no right", &mock.create_with(ALICE, &parent, "", &body));
    assert_refused(
        "taken",
        &mock.create_with(ADMIN, &parent, "", &body),
        409,
        "Duplicate child name not allowed: there.txt",
    );
    change(&mut body, "name", &json!("a?"));
    assert_eq!(mock.create_with(ADMIN, &parent, "", &body).status, 422, "bad name before bad value");
    change(&mut body, "name", &json!("a"));
    assert_eq!(mock.create_with(ADMIN, &file, "", &body).status, 422, "a file has no children");
    assert_eq!(mock.create_with(ADMIN, &parent, "", &body).status, 400, "a value that does not convert");
    change(&mut body, "properties", &Value::Null);
    change(&mut body, "permissions", &json!({ "locallySet": [{ "authorityId": "nobody", "name": "Editor" }] }));
    let unknown = "Cannot set permissions on this node - unknown authority: nobody";
    assert_refused("permissions last", &mock.create_with(ADMIN, &parent, "", &body), 400, unknown);
    assert_eq!(mock.names(ADMIN, &parent, ""), ["there.txt"], "nothing was made");
}

fn change(body: &mut Value, key: &str, value: &Value) {
    let members = body.as_object_mut().unwrap();
    match value {
        Value::Null => drop(members.remove(key)),
        value => drop(members.insert(key.to_owned(), value.clone())),
    }
}

#[test]
fn bodies_that_are_no_nodes_are_refused() {
    let mock = TestMock::start();
    let post = |body: &str| mock.post_json(&format!("{BASE}/nodes/-my-/children"), ADMIN, body);
    assert_refused("empty list", &post("[]"), 400, "Could not read content from HTTP request body, the list is empty");
    let unknown = post(r#"{"name":"a","nodetype":"cm:folder"}"#);
    let text = unknown.json()["error"]["errorKey"].as_str().unwrap().to_owned();
    assert_eq!(unknown.status, 400);
    assert!(
        text.starts_with("Could not read content from HTTP request body: Unrecognized field \"nodetype\""),
        "{text}"
    );
    for body in ["{", "[{]", "{\"properties\":[]}", "{\"permissions\":{\"locallySet\":[1]}}", "1"] {
        assert_eq!(post(body).status, 400, "{body}");
    }
}

#[test]
fn names_that_are_not_valid_are_unprocessable() {
    let mock = TestMock::start();
    for name in ["a\"", "a*", "a\\", "a>", "a<", "a?", "a/b", "a:b", "a|b", "a.", "a "] {
        let refused = mock.create_with(ADMIN, "-my-", "", &json!({ "name": name, "nodeType": "cm:folder" }));
        let error = &refused.json()["error"];
        assert_eq!((refused.status, &error["errorKey"]), (422, &json!("framework.exception.ApiDefault")), "{name}");
        let summary = error["briefSummary"].as_str().unwrap();
        let (number, text) = summary.split_once(' ').unwrap();
        assert!(number.len() >= 8 && number.bytes().all(|digit| digit.is_ascii_digit()), "{summary}");
        assert!(text.starts_with("Found 1 integrity violations:\nInvalid property value: "), "{summary}");
        let constraint = text.lines().last().unwrap();
        let (before, after) = constraint.split_once(" Value ").unwrap();
        let inner = before.strip_prefix("   Constraint: ").unwrap();
        assert!(inner.len() >= 8 && inner.bytes().all(|digit| digit.is_ascii_digit()), "{constraint}");
        assert_eq!(after, format!("'{name}' is not valid as a file name. This property must be a valid file name."));
    }
    for name in [".a", " a", "a.b", "100%", "a&b#c+d", "文書", "{number}"] {
        mock.folder(ADMIN, "-my-", name);
    }
}

#[test]
fn names_are_unique_whatever_their_case() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    mock.folder(ADMIN, &parent, "Ärger");
    let again = mock.create_with(ADMIN, &parent, "", &json!({ "name": "äRGER", "nodeType": "cm:content" }));
    assert_refused("same name", &again, 409, "Duplicate child name not allowed: äRGER");
}

#[test]
fn taken_names_are_numbered_when_asked() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let create = |name: &str| {
        let body = json!({ "name": name, "nodeType": "cm:content" });
        entry_of(&mock.create_with(ADMIN, &parent, "?autoRename=TRUE", &body), 201)["name"].as_str().unwrap().to_owned()
    };
    for expected in ["a.txt", "a-1.txt", "a-2.txt"] {
        assert_eq!(create("a.txt"), expected);
    }
    for (name, second) in
        [("f1", "f1-1"), (".txt", "1.txt"), ("quick-2.txt", "quick-2-1.txt"), ("archive.tar.gz", "archive.tar-1.gz")]
    {
        assert_eq!((create(name), create(name)), (name.to_owned(), second.to_owned()));
    }
}

#[test]
fn versions_begin_as_the_query_says() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let rows = [
        ("", None),
        ("?versioningEnabled=TRUE", Some(("1.0", "MAJOR"))),
        ("?versioningEnabled=true&majorVersion=false", Some(("0.1", "MINOR"))),
        ("?majorVersion=true", Some(("1.0", "MAJOR"))),
        ("?majorVersion=false", Some(("0.1", "MINOR"))),
        ("?comment=c", Some(("1.0", "MAJOR"))),
        ("?versioningEnabled=false&majorVersion=true", None),
        ("?versioningEnabled=false&majorVersion=true&comment=c", Some(("1.0", "MAJOR"))),
        ("?versioningenabled=true", None),
    ];
    for (number, (query, version)) in rows.into_iter().enumerate() {
        let body = json!({ "name": format!("{number}.txt"), "nodeType": "cm:content" });
        let entry = entry_of(&mock.create_with(ADMIN, &parent, query, &body), 201);
        let properties = &entry["properties"];
        let is_versionable = entry["aspectNames"].as_array().unwrap().contains(&json!("cm:versionable"));
        assert_eq!(is_versionable, version.is_some(), "{query}");
        let expected =
            version.map_or(Value::Null, |(label, kind)| json!({ "cm:versionLabel": label, "cm:versionType": kind }));
        assert_eq!(properties, &expected, "{query}");
    }
    let body = json!({ "name": "stated.txt", "nodeType": "cm:content", "aspectNames": ["cm:versionable"] });
    let entry = mock.create_node(ADMIN, &parent, &body);
    assert_eq!(entry["properties"], json!({ "cm:versionLabel": "1.0", "cm:versionType": "MAJOR" }), "by its aspect");
}

#[test]
fn paths_are_made_as_needed() {
    let mock = TestMock::start();
    let parent = mock.folder(ALICE, "-my-", "parent");
    let node = |name: &str, path: &str| json!({ "name": name, "nodeType": "cm:folder", "relativePath": path });
    let first = mock.create_node(ALICE, &parent, &node("x", "/ a //b/"));
    let second = mock.create_node(ALICE, &parent, &node("y", "A/B"));
    assert_eq!(first["parentId"], second["parentId"]);
    let path = mock.node_entry(ALICE, &id_of(&second), "?include=path")["path"]["name"].clone();
    assert!(path.as_str().unwrap().ends_with("/parent/a/b"), "{path}");
    assert_denied("somebody else's", &mock.create_with(BOB, &parent, "", &node("z", "c")));
    let bad = mock.create_with(ALICE, &parent, "", &node("z", "ok/b*d"));
    assert_eq!(bad.status, 422);
    assert_eq!(mock.names(ALICE, &parent, ""), ["a"], "nothing of a refused path stays");
}

#[test]
fn links_need_no_more_than_a_destination() {
    let mock = TestMock::start();
    let target = node_id("Reports");
    for node_type in ["app:folderlink", "app:filelink", "cm:link"] {
        let body = json!({ "name": node_type.replace(':', "-"), "nodeType": node_type, "properties": { "cm:destination": target } });
        let entry = entry_of(&mock.create_with(ADMIN, "-my-", "?include=isLink", &body), 201);
        assert_eq!(
            (&entry["isFile"], &entry["isFolder"], &entry["isLink"]),
            (&json!(false), &json!(false), &json!(true))
        );
        assert_eq!(entry["properties"]["cm:destination"], json!(target));
    }
}

#[test]
fn a_parent_is_modified_by_who_adds_to_it() {
    let mock = TestMock::start();
    let parent = mock.create_node(ADMIN, "-shared-", &json!({ "name": "open", "nodeType": "cm:folder" }));
    mock.clock().freeze();
    mock.clock().advance(std::time::Duration::from_secs(5));
    mock.folder(BOB, &id_of(&parent), "mine");
    let after = mock.node_entry(ADMIN, &id_of(&parent), "");
    assert_ne!(after["modifiedAt"], parent["modifiedAt"]);
    assert_eq!(after["modifiedByUser"]["id"], json!("bob"));
    assert_eq!(after["createdAt"], parent["createdAt"]);
}

#[test]
fn secondary_children_can_come_with_a_folder() {
    let mock = TestMock::start();
    let child = mock.upload(ADMIN, "-my-", "child.txt", b"child");
    let with = |child: &str| {
        let children = json!([{ "childId": child, "assocType": "cm:contains" }]);
        json!({ "name": "holder", "nodeType": "cm:folder", "secondaryChildren": children })
    };
    assert_not_found("no child", &mock.create_with(ADMIN, "-my-", "", &with("none")), "none");
    let holder = mock.create_node(ADMIN, "-my-", &with(&child));
    assert_eq!(mock.names(ADMIN, &id_of(&holder), ""), ["child.txt"]);
}

#[test]
fn a_file_has_no_children() {
    let mock = TestMock::start();
    let file = mock.upload(ADMIN, "-my-", "f.txt", b"x");
    let refused = mock.create_with(ADMIN, &file, "", &json!({ "name": "a", "nodeType": "cm:content" }));
    let content = "{http://www.alfresco.org/model/content/1.0}";
    let text = format!(
        "Found 1 integrity violations:\nThe association source type is incorrect: \n   Source Node: \
         workspace://SpacesStore/{file}\n   Association: Association[ class=ClassDef[name={content}folder], \
         name={content}contains, target class={{http://www.alfresco.org/model/system/1.0}}base, source role=null, \
         target role=null]\n   Required Source Type: {content}folder\n   Actual Source Type: {content}content"
    );
    assert_refused_below("a file", &refused, 422, &text);
}
