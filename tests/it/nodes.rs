//! `GET` and `DELETE /nodes/{id}`: the download as a node (wire reference, downloads, section 6) and ordinary nodes
//! (nodes, sections 2 to 4, 8 and 10.3).

mod deleted;
mod download;

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, Response, Summary, TestMock, error_body, json_head, literal_error_body,
    mask, node_id, path_id, resource_error_head,
};

fn get(mock: &TestMock, id: &str, auth: Auth<'_>) -> Response {
    mock.get(&format!("{BASE}/nodes/{id}"), auth)
}

fn delete(mock: &TestMock, id: &str, auth: Auth<'_>) -> Response {
    mock.delete(&format!("{BASE}/nodes/{id}"), auth)
}

#[track_caller]
fn entry(mock: &TestMock, id: &str, auth: Auth<'_>) -> Value {
    let response = get(mock, id, auth);
    assert_eq!((response.status, response.head()), (200, json_head(200)), "{}", response.text());
    response.json()["entry"].clone()
}

#[track_caller]
fn assert_refused(row: &str, response: &Response, status: u16, body: &str) {
    assert_eq!(mask(response.text()), body, "{row}");
    assert_eq!(response.head(), resource_error_head(status), "{row}");
}

fn not_found(id: &str) -> String {
    let text = format!("The entity with id: {id} was not found");
    error_body(404, Some("framework.exception.EntityNotFound"), Summary::Numbered(&text))
}

fn permission_denied() -> String {
    error_body(403, Some("framework.exception.PermissionDenied"), Summary::Numbered("Permission was denied"))
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

// Ordinary nodes

#[test]
fn aliases_stand_for_nodes() {
    let mock = TestMock::start();
    let name = |alias: &str, auth| entry(&mock, alias, auth)["name"].clone();
    for (alias, auth, expected) in [
        ("-root-", ADMIN, "Company Home"),
        ("-root-", ALICE, "Company Home"),
        ("-shared-", BOB, "Shared"),
        ("-my-", ALICE, "alice"),
        ("-my-", BOB, "bob"),
        ("-my-", ADMIN, "Company Home"),
    ] {
        assert_eq!(name(alias, auth), json!(expected), "{alias} of {auth:?}");
    }
    for unknown in ["-ROOT-", "-My-", "-nosuch-", "-me-"] {
        assert_refused(unknown, &get(&mock, unknown, ADMIN), 404, &not_found(unknown));
    }
}

#[test]
fn company_home_reads_as_the_real_one() {
    let mock = TestMock::start();
    let body = mask(get(&mock, "-root-", ALICE).text());
    let id = entry(&mock, "-root-", ADMIN)["id"].as_str().unwrap().to_owned();
    let system = r#"{"id":"System","displayName":"System"}"#;
    let expected = format!(
        r#"{{"entry":{{"aspectNames":["cm:titled","cm:auditable","app:uifacets"],"createdAt":"<date>","isFolder":true,"isFile":false,"createdByUser":{system},"modifiedAt":"<date>","modifiedByUser":{system},"name":"Company Home","id":"{id}","nodeType":"cm:folder","properties":{{"cm:title":"Company Home","cm:description":"The company root space","app:icon":"space-icon-default"}}}}}}"#
    );
    assert_eq!(in_one_order(&body), in_one_order(&expected));
}

/// A body whose `aspectNames` and `properties`, sets both, are in alphabetical order.
fn in_one_order(body: &str) -> String {
    let mut body: Value = serde_json::from_str(body).expect("JSON");
    if let Some(aspects) = body["entry"]["aspectNames"].as_array_mut() {
        aspects.sort_by_key(Value::to_string);
    }
    if let Some(properties) = body["entry"]["properties"].as_object_mut() {
        let mut sorted: Vec<_> = std::mem::take(properties).into_iter().collect();
        sorted.sort_by(|(one, _), (other, _)| one.cmp(other));
        properties.extend(sorted);
    }
    body.to_string()
}

#[test]
fn a_file_is_shown_field_by_field() {
    let mock = TestMock::start();
    let id = node_id("Reports/2026/Q1 results.txt");
    let node = entry(&mock, &id, BOB);
    // Thirteen keys.
    let order = [
        "isFile",
        "createdByUser",
        "modifiedAt",
        "nodeType",
        "content",
        "parentId",
        "aspectNames",
        "createdAt",
        "isFolder",
        "modifiedByUser",
        "name",
        "id",
        "properties",
    ];
    assert_eq!(keys(&node), order);
    assert_eq!(node["createdAt"], json!("2026-04-07T08:30:00.000+0000"));
    assert_eq!(node["modifiedAt"], json!("2026-04-09T14:12:31.250+0000"));
    assert_eq!(node["createdByUser"], json!({"id": "alice", "displayName": "Alice Smith"}));
    assert_eq!(node["modifiedByUser"], json!({"id": "bob", "displayName": "Bob Jones"}));
    assert_eq!((&node["isFile"], &node["isFolder"]), (&json!(true), &json!(false)));
    assert_eq!(
        (&node["nodeType"], &node["name"], &node["id"]),
        (&json!("cm:content"), &json!("Q1 results.txt"), &json!(id))
    );
    let size = mock.content(BOB, &id).len();
    let content =
        format!(r#"{{"mimeType":"text/plain","mimeTypeName":"Plain Text","sizeInBytes":{size},"encoding":"UTF-8"}}"#);
    assert_eq!(node["content"].to_string(), content);
    let expected = json!({"cm:title": "First quarter 2026", "cm:description": "Provisional figures"});
    assert_eq!(node["properties"], expected);
    let mut aspects: Vec<_> = node["aspectNames"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    aspects.sort_unstable();
    assert_eq!(aspects, ["cm:auditable", "cm:titled", "cm:versionable"]);
    let parent = entry(&mock, node["parentId"].as_str().unwrap(), BOB);
    assert_eq!(parent["name"], json!("2026"));
}

#[test]
fn empty_files_and_folders_have_what_they_have() {
    let mock = OwnFixtures::start(&[("empty.pdf", ""), ("folder/", "")], "");
    let file = entry(&mock, &path_id("empty.pdf"), ADMIN);
    let content =
        r#"{"mimeType":"application/pdf","mimeTypeName":"Adobe PDF Document","sizeInBytes":0,"encoding":"UTF-8"}"#;
    assert_eq!(file["content"].to_string(), content);
    assert_eq!(file.get("properties"), None);
    let folder = entry(&mock, &path_id("folder"), ADMIN);
    // Eleven keys.
    let order = [
        "aspectNames",
        "createdAt",
        "isFolder",
        "isFile",
        "createdByUser",
        "modifiedAt",
        "modifiedByUser",
        "name",
        "id",
        "nodeType",
        "parentId",
    ];
    assert_eq!(keys(&folder), order);
    assert_eq!(folder["aspectNames"], json!(["cm:auditable"]));
    assert_eq!(folder["parentId"], entry(&mock, "-root-", ADMIN)["id"]);
}

#[test]
fn nodes_are_found_by_relative_path() {
    let mock = TestMock::start();
    let (reports, file) = (node_id("Reports"), node_id("Reports/2026/Q1 results.txt"));
    let encoded = |path: &str| path.replace(' ', "%20");
    for (start, path) in [
        ("-root-", "Reports/2026/Q1 results.txt"),
        ("-root-", "/Reports/2026/Q1 results.txt/"),
        ("-root-", "rEPORTS/2026/q1 RESULTS.TXT"),
        ("-root-", " Reports / 2026 /Q1 results.txt "),
        (reports.as_str(), "2026/Q1 results.txt"),
        (&format!("{reports};1.0"), "2026/Q1 results.txt"),
    ] {
        let node = entry(&mock, &format!("{start}?relativePath={}", encoded(path)), ALICE);
        assert_eq!(node["id"], json!(file), "{path}");
    }
    for path in ["", "/"] {
        let node = entry(&mock, &format!("{reports}?relativePath={path}"), ALICE);
        assert_eq!(node["id"], json!(reports), "{path:?} is the node itself");
    }
    // What a `+` in a query is.
    let node = entry(&mock, "-root-?relativePath=Reports/2026/Q1+results.txt", ALICE);
    assert_eq!(node["id"], json!(file));
    let secondary = entry(&mock, "-root-?relativePath=Reports/Board%20pack/summary.pdf", ALICE);
    assert_eq!(secondary["name"], json!("summary.pdf"));
    assert_eq!(secondary["parentId"], json!(node_id("Reports/2026")), "the primary parent, whichever the way");

    for (row, path, auth) in [
        ("missing", "Reports/2031", ADMIN),
        ("missing below a file", "Reports/empty.txt/a", ADMIN),
        ("not readable", "Private", ALICE),
        ("below what is not readable", "Private/salaries.csv", ALICE),
        ("somebody else's home", "User Homes/bob", ALICE),
    ] {
        let response = get(&mock, &format!("-root-?relativePath={}", encoded(path)), auth);
        let text = format!("The entity with relativePath: {path} was not found.");
        assert_refused(row, &response, 404, &literal_error_body(404, &text));
    }
    let response = get(&mock, &format!("{file}?relativePath=a"), ALICE);
    let text = format!("NodeId of folder is expected: {file}");
    assert_refused("below a file by id", &response, 400, &literal_error_body(400, &text));
}

#[test]
fn nodes_are_refused_in_the_real_servers_words() {
    let mock = TestMock::start();
    let unknown = "5c0f6a52-8f5e-4f0a-9a4b-0f6c0b6d1e11";
    for id in [unknown, "nosuch"] {
        assert_refused(id, &get(&mock, id, ADMIN), 404, &not_found(id));
    }
    let file = node_id("Reports/2026/Q1 results.txt");
    assert_eq!(entry(&mock, &format!("{file};1.0"), ADMIN)["id"], json!(file), "a version is the live node");
    assert_refused("a working copy's label", &get(&mock, &format!("{file};pwc"), ADMIN), 404, &not_found(&file));
    // The pages disagree (nodes, section 4, against downloads, section 7.2); the latter is the law.
    for id in [node_id("Private"), node_id("Private/salaries.csv")] {
        assert_refused("not readable", &get(&mock, &id, ALICE), 403, &permission_denied());
        assert_eq!(get(&mock, &id, BOB).status, 200, "its owner");
        assert_eq!(get(&mock, &id, ADMIN).status, 200);
    }
    assert_eq!(get(&mock, &file, Auth::None).status, 401);
}

#[test]
fn fields_and_includes_are_chosen() {
    let mock = TestMock::start();
    let id = node_id("Reports");
    let body = |query: &str| get(&mock, &format!("{id}{query}"), ALICE);
    assert_eq!(body("?fields=name,id").text(), format!(r#"{{"entry":{{"name":"Reports","id":"{id}"}}}}"#));
    assert_eq!(keys(&body("?fields=id&include=path").json()["entry"]), ["path", "id"]);
    let text = "An invalid INCLUDE query was received. ";
    let expected = error_body(400, Some("framework.exception.InvalidSelect"), Summary::Numbered(text));
    assert_eq!(mask(body("?include=").text()).replace("received.\"", "received. \""), expected);
    let plain = keys(&entry(&mock, &id, ALICE)).len();
    for (include, key, value) in [
        ("isLocked", "isLocked", json!(false)),
        ("isLink", "isLink", json!(false)),
        ("isFavorite", "isFavorite", json!(false)),
        ("association", "association", json!({"isPrimary": true, "assocType": "cm:contains"})),
    ] {
        let node = entry(&mock, &format!("{id}?include={include}"), ALICE);
        assert_eq!((keys(&node).len(), &node[key]), (plain + 1, &value), "{include}");
    }
    let path = entry(&mock, &format!("{}?include=path", node_id("Reports/2026/Q1 results.txt")), ALICE)["path"].clone();
    assert_eq!(keys(&path), ["name", "isComplete", "elements"]);
    assert_eq!((&path["name"], &path["isComplete"]), (&json!("/Company Home/Reports/2026"), &json!(true)));
    let elements = path["elements"].as_array().unwrap();
    let names: Vec<_> = elements.iter().map(|element| element["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Company Home", "Reports", "2026"]);
    assert_eq!(keys(&elements[1]), ["id", "name", "nodeType", "aspectNames"]);
    assert_eq!((&elements[1]["id"], &elements[1]["nodeType"]), (&json!(id), &json!("cm:folder")));
}

/// The example of section 4, whose fourteen keys come in the order of section 2.
#[test]
fn a_home_shows_its_path_and_permissions() {
    let mock = TestMock::start();
    let node = entry(&mock, "-my-?include=path,allowableOperations,permissions", ALICE);
    let order = [
        "isFile",
        "createdByUser",
        "modifiedAt",
        "nodeType",
        "parentId",
        "aspectNames",
        "createdAt",
        "path",
        "isFolder",
        "permissions",
        "modifiedByUser",
        "name",
        "id",
        "allowableOperations",
    ];
    assert_eq!(keys(&node), order);
    assert_eq!(node["path"]["name"], json!("/Company Home/User Homes"));
    assert_eq!(node["createdByUser"]["id"], json!("alice"));
    assert_eq!(node["allowableOperations"], json!(["delete", "update", "create", "updatePermissions"]));
    let permissions = &node["permissions"];
    assert_eq!(keys(permissions), ["locallySet", "settable", "isInheritanceEnabled"], "nothing is inherited");
    assert_eq!(permissions["settable"], json!(["Contributor", "Collaborator", "Coordinator", "Editor", "Consumer"]));
    assert_eq!(permissions["isInheritanceEnabled"], json!(false));
    let mut set: Vec<_> = permissions["locallySet"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| [&item["authorityId"], &item["name"], &item["accessStatus"]].map(|value| value.as_str().unwrap()))
        .collect();
    set.sort_unstable();
    assert_eq!(set, [["ROLE_OWNER", "All", "ALLOWED"], ["alice", "All", "ALLOWED"]]);
}

#[test]
fn a_path_starts_behind_what_cannot_be_read() {
    let json = r#"{"people": [{"id": "alice"}], "nodes": [
        {"path": "hidden", "nodeType": "cm:folder", "permissions": {"isInheritanceEnabled": false}},
        {"path": "hidden/shown", "nodeType": "cm:folder", "permissions": {"isInheritanceEnabled": false,
            "locallySet": [{"authorityId": "alice", "name": "Consumer"}]}},
        {"path": "hidden/shown/file.txt", "sizeInBytes": 1}
    ]}"#;
    let mock = OwnFixtures::start(&[], json);
    let id = format!("{}?include=path", path_id("hidden/shown/file.txt"));
    let path = entry(&mock, &id, ALICE)["path"].clone();
    assert_eq!(path["isComplete"], json!(false));
    let names: Vec<_> = path["elements"].as_array().unwrap().iter().map(|element| element["name"].clone()).collect();
    assert_eq!(names, [json!("shown")]);
    assert_eq!(entry(&mock, &id, ADMIN)["path"]["isComplete"], json!(true));
}

#[test]
fn allowable_operations_depend_on_who_asks() {
    let all = json!(["delete", "update", "create", "updatePermissions"]);
    let file = json!(["delete", "update", "updatePermissions"]);
    let special = json!(["update", "create", "updatePermissions"]);
    let json = r#"{"people": [{"id": "alice"}, {"id": "bob"}], "nodes": [
        {"path": "Shared/hers", "nodeType": "cm:folder", "createdByUser": "alice"},
        {"path": "Shared/hers.txt", "sizeInBytes": 1, "createdByUser": "alice"},
        {"path": "Sites/site", "nodeType": "st:site"},
        {"path": "edited.txt", "sizeInBytes": 1, "permissions": {"locallySet": [{"authorityId": "bob", "name": "Editor"}]}},
        {"path": "kept", "nodeType": "cm:folder", "permissions": {"locallySet": [{"authorityId": "bob", "name": "Coordinator"}]}}
    ]}"#;
    let mock = OwnFixtures::start(&[], json);
    let (hers, her_file) = (path_id("Shared/hers"), path_id("Shared/hers.txt"));
    let by_path =
        |path: &str| entry(&mock, &format!("-root-?relativePath={path}"), ADMIN)["id"].as_str().unwrap().to_owned();
    let (sites, site, dictionary) = (by_path("Sites"), by_path("Sites/site"), by_path("Data%20Dictionary"));
    for (row, id, auth, expected) in [
        ("Company Home, administrator", "-root-", ADMIN, Some(&special)),
        ("Company Home, user", "-root-", BOB, None),
        ("Shared, administrator", "-shared-", ADMIN, Some(&all)),
        ("Shared, user", "-shared-", BOB, Some(&json!(["create"]))),
        ("own folder", &hers, ALICE, Some(&all)),
        ("own folder, administrator", &hers, ADMIN, Some(&all)),
        ("another's folder in Shared", &hers, BOB, Some(&json!(["create"]))),
        ("own file", &her_file, ALICE, Some(&file)),
        ("own file, administrator", &her_file, ADMIN, Some(&file)),
        ("another's file in Shared", &her_file, BOB, None),
        ("Sites, administrator", &sites, ADMIN, Some(&special)),
        ("a site, administrator", &site, ADMIN, Some(&special)),
        ("Data Dictionary, administrator", &dictionary, ADMIN, Some(&special)),
        ("an editor", &path_id("edited.txt"), BOB, Some(&json!(["update"]))),
        ("a coordinator", &path_id("kept"), BOB, Some(&all)),
    ] {
        let node = entry(&mock, &format!("{id}?include=allowableOperations"), auth);
        assert_eq!(node.get("allowableOperations"), expected, "{row}");
    }
    for (row, id, auth, is_shown) in [
        ("administrator", "-root-", ADMIN, true),
        ("user", "-root-", BOB, false),
        ("user on Sites", &sites, BOB, false),
        ("owner", &hers, ALICE, true),
    ] {
        let node = entry(&mock, &format!("{id}?include=permissions"), auth);
        assert_eq!(node.get("permissions").is_some(), is_shown, "permissions for {row}");
    }
}

#[test]
fn locks_are_shown_to_everybody() {
    let mock = TestMock::start();
    for (path, is_locked) in [
        ("Contracts/supply agreement.pdf", true),
        ("Contracts/lease.txt", true),
        ("Contracts/lease (Working Copy).txt", false),
        ("TestDownloads/docTest1.txt", false),
    ] {
        for auth in [ADMIN, ALICE, BOB] {
            let node = entry(&mock, &format!("{}?include=isLocked", node_id(path)), auth);
            assert_eq!(node["isLocked"], json!(is_locked), "{path}, {auth:?}");
        }
    }
    let alice = json!({"id": "alice", "displayName": "Alice Smith"});
    let locked = entry(&mock, &node_id("Contracts/supply agreement.pdf"), BOB);
    assert_eq!(locked["properties"]["cm:lockOwner"], alice);
    assert_eq!(locked["properties"]["cm:lockType"], json!("WRITE_LOCK"));
    assert_eq!(locked["properties"]["cm:lockLifetime"], json!("PERSISTENT"));
    assert!(locked["aspectNames"].as_array().unwrap().contains(&json!("cm:lockable")));
    let original = entry(&mock, &node_id("Contracts/lease.txt"), BOB);
    assert!(original["aspectNames"].as_array().unwrap().contains(&json!("cm:checkedOut")));
    let copy = entry(&mock, &node_id("Contracts/lease (Working Copy).txt"), BOB);
    assert!(copy["aspectNames"].as_array().unwrap().contains(&json!("cm:workingcopy")));
    assert_eq!(copy["properties"]["cm:workingCopyOwner"], alice);
}
