//! `GET` and `DELETE /nodes/{id}`: the download as a node (wire reference, downloads, section 6) and ordinary nodes
//! (nodes, sections 2 to 4, 8 and 10.3).

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::Status;
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

// The download as a node

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

// DELETE

#[test]
fn a_deleted_folder_takes_all_with_it() {
    let json = r#"{"nodes": [
        {"path": "f/g/a.txt", "sizeInBytes": 1},
        {"path": "other", "nodeType": "cm:folder", "secondaryChildren": ["f/g/a.txt", "f/g"]},
        {"path": "other/b.txt", "sizeInBytes": 1},
        {"path": "f", "nodeType": "cm:folder", "secondaryChildren": ["other/b.txt"]}
    ]}"#;
    let mock = OwnFixtures::start(&[], json);
    let response = delete(&mock, &path_id("f"), ADMIN);
    assert_eq!(response.head(), json_head(204).replace("\nTransfer-Encoding: chunked", ""));
    for path in ["f", "f/g", "f/g/a.txt"] {
        let id = path_id(path);
        assert_refused(path, &get(&mock, &id, ADMIN), 404, &not_found(&id));
        assert_refused(path, &delete(&mock, &id, ADMIN), 404, &not_found(&id));
    }
    assert_eq!(get(&mock, &path_id("other/b.txt"), ADMIN).status, 200, "a secondary child stays");
    for name in ["a.txt", "g"] {
        let link = get(&mock, &format!("{}?relativePath={name}", path_id("other")), ADMIN);
        assert_eq!(link.status, 404, "the link to {name} is gone");
    }
    let id = mock.finished_download(ADMIN, &[&path_id("other")]);
    assert_eq!(crate::support::archive::names(&mock.content(ADMIN, &id)), ["other/", "other/b.txt"]);
}

#[test]
fn a_finished_download_outlives_its_nodes() {
    let mock = OwnFixtures::start(&[("a.txt", "some text")], "");
    let id = mock.finished_download(ADMIN, &[&path_id("a.txt")]);
    let zip = mock.content(ADMIN, &id);
    assert_eq!(delete(&mock, &path_id("a.txt"), ADMIN).status, 204);
    assert_eq!(mock.content(ADMIN, &id), zip);
}

#[test]
fn deleting_is_refused_in_the_real_servers_words() {
    let json = r#"{"people": [{"id": "alice"}, {"id": "bob"}], "nodes": [
        {"path": "Sites/site", "nodeType": "st:site"},
        {"path": "Shared/hers.txt", "sizeInBytes": 1, "createdByUser": "alice"},
        {"path": "Shared/given.txt", "sizeInBytes": 1, "createdByUser": "alice", "owner": "bob"},
        {"path": "kept.txt", "sizeInBytes": 1, "permissions": {"locallySet": [{"authorityId": "bob", "name": "Coordinator"}]}},
        {"path": "locked.txt", "sizeInBytes": 1, "createdByUser": "alice", "lock": {"owner": "alice"},
            "permissions": {"locallySet": [{"authorityId": "bob", "name": "Coordinator"}]}},
        {"path": "full.txt", "sizeInBytes": 1, "createdByUser": "alice", "lock": {"owner": "alice", "type": "FULL"}},
        {"path": "holder/locked.txt", "sizeInBytes": 1, "createdByUser": "alice", "lock": {"owner": "alice", "type": "FULL"}}
    ]}"#;
    let mock = OwnFixtures::start(&[], json);
    let by_path =
        |path: &str| entry(&mock, &format!("-root-?relativePath={path}"), ADMIN)["id"].as_str().unwrap().to_owned();
    let root = entry(&mock, "-root-", ADMIN)["id"].as_str().unwrap().to_owned();
    for id in ["-root-", &root, &by_path("Sites"), &by_path("Sites/site"), &by_path("Data%20Dictionary"), "-my-"] {
        for query in ["", "?permanent=true"] {
            let text = format!("Cannot delete: {id}");
            let response = delete(&mock, &format!("{id}{query}"), ADMIN);
            assert_refused(id, &response, 403, &literal_error_body(403, &text));
        }
    }
    // As for reading, the pages disagree.
    let denied = permission_denied();
    let (hers, given, kept) = (path_id("Shared/hers.txt"), path_id("Shared/given.txt"), path_id("kept.txt"));
    for (row, id, auth) in [
        ("a reader", &hers, BOB),
        ("the creator of what has another owner", &given, ALICE),
        ("a user, what is the system's", &by_path("Guest%20Home"), BOB),
    ] {
        assert_refused(row, &delete(&mock, id, auth), 403, &denied);
        assert_refused(row, &delete(&mock, &format!("{id}?permanent=false"), auth), 403, &denied);
        let text = format!("Non-owner/non-admin cannot permanently delete: {id}");
        for query in ["?permanent=true", "?permanent=TRUE"] {
            let response = delete(&mock, &format!("{id}{query}"), auth);
            assert_refused(row, &response, 403, &literal_error_body(403, &text));
        }
    }
    let text = format!("Non-owner/non-admin cannot permanently delete: {kept}");
    let response = delete(&mock, &format!("{kept}?permanent=true"), BOB);
    assert_refused("a coordinator, for good", &response, 403, &literal_error_body(403, &text));
    for (row, path, auth) in [
        ("locked by another", "locked.txt", BOB),
        ("locked in full, the lock's owner", "full.txt", ALICE),
        ("a folder with a locked node", "holder", ADMIN),
    ] {
        let response = delete(&mock, &path_id(path), auth);
        assert_eq!((response.status, response.head()), (409, resource_error_head(409)), "{row}");
        assert_eq!(response.json()["error"]["errorKey"], json!("framework.exception.ApiDefault"), "{row}");
        assert_eq!(get(&mock, &path_id(path), ADMIN).status, 200, "{row}");
    }
    for (row, id, auth) in [
        ("its owner", &hers, ALICE),
        ("the owner that is not the creator", &format!("{given}?permanent=true"), BOB),
        ("a coordinator", &kept, BOB),
        ("the lock's owner", &path_id("locked.txt"), ALICE),
    ] {
        assert_eq!(delete(&mock, id, auth).status, 204, "{row}");
    }
    assert_refused("unknown", &delete(&mock, "nosuch", ADMIN), 404, &not_found("nosuch"));
    assert_eq!(delete(&mock, &path_id("full.txt"), Auth::None).status, 401);
}
