//! `GET /nodes/{id}/children` (wire reference, nodes, section 5).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, BASE, BOB, OwnFixtures, Response, Summary, TestMock, error_body, mask, node_id, path_id,
    seeding::{assert_denied, assert_not_found, assert_refused, entry_of, id_of},
};

fn get(mock: &TestMock, id: &str, query: &str) -> Response {
    mock.get(&format!("{BASE}/nodes/{id}/children{query}"), ADMIN)
}

#[test]
fn a_page_of_company_home_has_these_bytes() {
    let mock = OwnFixtures::start(&[], "");
    let response = get(&mock, "-root-", "?skipCount=4&maxItems=2");
    let home = path_id("");
    let entry = |name: &str, node_type: &str| {
        let system = r#"{"id":"System","displayName":"System"}"#;
        format!(
            r#"{{"entry":{{"createdAt":"<date>","isFolder":true,"isFile":false,"createdByUser":{system},"modifiedAt":"<date>","modifiedByUser":{system},"name":"{name}","id":"{}","nodeType":"{node_type}","parentId":"{home}"}}}}"#,
            path_id(name)
        )
    };
    assert_eq!(
        mask(response.text()),
        format!(
            r#"{{"list":{{"pagination":{{"count":2,"hasMoreItems":true,"totalItems":7,"skipCount":4,"maxItems":2}},"entries":[{},{}]}}}}"#,
            entry("Shared", "cm:folder"),
            entry("Sites", "st:sites")
        )
    );
    assert_eq!(
        mock.names(ADMIN, "-root-", ""),
        ["Data Dictionary", "Guest Home", "Imap Attachments", "IMAP Home", "Shared", "Sites", "User Homes"]
    );
}

#[test]
fn pages_are_cut_out_of_the_whole() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    for name in ["a", "b", "c"] {
        mock.folder(ADMIN, &parent, name);
    }
    let rows = [
        ("", r#"{"count":3,"hasMoreItems":false,"totalItems":3,"skipCount":0,"maxItems":100}"#),
        ("?maxItems=2", r#"{"count":2,"hasMoreItems":true,"totalItems":3,"skipCount":0,"maxItems":2}"#),
        ("?skipCount=2&maxItems=2", r#"{"count":1,"hasMoreItems":false,"totalItems":3,"skipCount":2,"maxItems":2}"#),
        ("?skipCount=9", r#"{"count":0,"hasMoreItems":false,"totalItems":3,"skipCount":9,"maxItems":100}"#),
    ];
    for (query, pagination) in rows {
        assert_eq!(mock.list(ADMIN, &parent, query)["pagination"].to_string(), pagination, "{query}");
    }
}

#[test]
fn paging_and_orders_that_cannot_be_read() {
    let mock = TestMock::start();
    let rows = [
        ("skipCount=-1", "Negative values not supported for skipCount."),
        ("maxItems=0", "Only positive values supported for maxItems."),
        ("maxItems=-1", "Only positive values supported for maxItems."),
        ("maxItems=abc", "Invalid paging parameter maxItems:abc"),
        ("skipCount=abc", "Invalid paging parameter skipCount:abc"),
        ("skipCount=x&maxItems=y", "Invalid paging parameters skipCount: x, maxItems:y"),
        ("orderBy=name+up", "Unknown sort order direction 'UP', expected asc or desc"),
        (
            "orderBy=name+asc+desc",
            "Unknown sort order definition 'name asc desc', expected 'field1,field2' or 'field1 asc,field2 desc' or similar",
        ),
        ("orderBy=x:y", "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI"),
        ("include=x:y", "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI"),
    ];
    for (query, text) in rows {
        assert_refused(query, &get(&mock, "-root-", &format!("?{query}")), 400, text);
    }
}

#[test]
fn orders() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    let make = |name: &str, bytes: &[u8]| {
        mock.clock().advance(Duration::from_millis(10));
        mock.upload(ADMIN, &parent, name, bytes)
    };
    make("b.txt", b"22");
    let large = make("A.txt", b"4444");
    make("_c.pdf", b"333");
    mock.clock().advance(Duration::from_millis(10));
    mock.folder(ADMIN, &parent, "z");
    mock.folder(ADMIN, &parent, "y");
    mock.clock().advance(Duration::from_millis(10));
    entry_of(&mock.json("PUT", &format!("/nodes/{large}"), ADMIN, &json!({ "properties": { "cm:title": "t" } })), 200);
    let rows = [
        ("", "y z _c.pdf A.txt b.txt"),
        ("?orderBy=name", "_c.pdf A.txt b.txt y z"),
        ("?orderBy=name%20DESC", "z y b.txt A.txt _c.pdf"),
        ("?orderBy=isFolder+desc%2Cname+asc", "y z _c.pdf A.txt b.txt"),
        ("?orderBy=isFolder,name", "_c.pdf A.txt b.txt y z"),
        ("?orderBy=createdAt", "b.txt A.txt _c.pdf z y"),
        ("?orderBy=createdAt+desc", "y z _c.pdf A.txt b.txt"),
        ("?orderBy=modifiedAt+desc", "A.txt y z _c.pdf b.txt"),
        ("?orderBy=sizeInBytes+desc", "A.txt _c.pdf b.txt y z"),
        ("?orderBy=mimeType,name", "y z _c.pdf A.txt b.txt"),
        ("?orderBy=nodeType,name", "_c.pdf A.txt b.txt y z"),
        ("?orderBy=createdByUser,name", "_c.pdf A.txt b.txt y z"),
        ("?orderBy=modifiedByUser,name+desc", "z y b.txt A.txt _c.pdf"),
        ("?orderBy=cm:title+desc,name", "A.txt _c.pdf b.txt y z"),
        ("?orderBy=nothing,name", "_c.pdf A.txt b.txt y z"),
        ("?orderBy=createdByUser,modifiedByUser,name,sizeInBytes+desc", "_c.pdf A.txt b.txt y z"),
    ];
    for (query, expected) in rows {
        assert_eq!(mock.names(ADMIN, &parent, query).join(" "), expected, "{query}");
    }
}

#[test]
fn filters() {
    let mock = TestMock::start();
    let parent = mock.folder(ADMIN, "-my-", "parent");
    mock.upload(ADMIN, &parent, "file", b"1");
    mock.folder(ADMIN, &parent, "folder");
    let typed = [
        ("glossary", "app:glossary"),
        ("thumbnail", "cm:thumbnail"),
        ("link", "cm:link"),
        ("post", "fm:post"),
        ("forum", "fm:forum"),
    ];
    for (name, node_type) in typed {
        mock.create_node(ADMIN, &parent, &json!({ "name": name, "nodeType": node_type }));
    }
    let elsewhere = mock.upload(ADMIN, "-my-", "secondary", b"2");
    let link = json!({ "childId": elsewhere, "assocType": "cm:contains" });
    entry_of(&mock.json("POST", &format!("/nodes/{parent}/secondary-children"), ADMIN, &link), 201);
    let rows = [
        ("", "folder glossary file link secondary thumbnail"),
        ("(isFolder=true)", "folder glossary"),
        ("(isFile=true)", "file secondary thumbnail"),
        ("(isFile=false)", "folder glossary link"),
        ("(isFolder=false)", "file link secondary thumbnail"),
        ("(isFolder=false AND isFile=false)", "link"),
        ("(nodeType='cm:content')", "file secondary"),
        ("(nodeType='cm:content INCLUDESUBTYPES')", "file secondary thumbnail"),
        ("(nodeType='cm:folder includesubtypes')", "folder glossary"),
        ("(nodeType='app:glossary')", "glossary"),
        ("(isPrimary=false)", "secondary"),
        ("(isPrimary=true and isFile=true)", "file thumbnail"),
        ("(assocType='cm:contains')", "folder glossary file link secondary thumbnail"),
    ];
    for (filter, expected) in rows {
        let query = if filter.is_empty() { String::new() } else { format!("?where={}", filter.replace(' ', "+")) };
        assert_eq!(mock.names(ADMIN, &parent, &query).join(" "), expected, "{filter}");
    }
}

#[test]
fn filters_that_cannot_be_read() {
    let mock = TestMock::start();
    let both = "Invalid filter (isFile=true and isFolder=true) - a node cannot be both a file and a folder";
    let rows = [
        ("(isFile=true AND isFolder=true)", both),
        (
            "(nodeType='cm:folder' AND isFile=false)",
            "Invalid filter - nodeType and isFile/isFolder are mutually exclusive",
        ),
        ("(nodeType='cm:nothing')", "Unknown filter nodeType: cm:nothing"),
        ("(assocType='cm:nothing')", "Unknown assocType: cm:nothing"),
        ("(NOT isFile=true)", "Cannot use NOT for EQUALS comparison."),
    ];
    let refused = |filter: &str| get(&mock, "-root-", &format!("?where={}", filter.replace(' ', "+")));
    for (filter, text) in rows {
        assert_refused(filter, &refused(filter), 400, text);
    }
    let property = "The property 'name' with value 'a' isn't supported for EQUALS comparison";
    let expected = error_body(400, Some("framework.exception.InvalidProperty"), Summary::Numbered(property));
    assert_eq!(mask(refused("(name='a')").text()), expected);
    for broken in ["(isFile", "isFile=true", "(isFile=true OR isFile=false)", "(EXISTS(isFile))"] {
        let error = &refused(broken).json()["error"];
        assert_eq!(
            (&error["statusCode"], &error["errorKey"]),
            (&json!(400), &json!("framework.exception.InvalidQuery")),
            "{broken}"
        );
        assert!(error["briefSummary"].as_str().unwrap().contains("An invalid WHERE query was received. "), "{broken}");
    }
}

#[test]
fn what_can_be_included() {
    let mock = TestMock::start();
    let (parent, child) = (node_id("Reports"), node_id("Reports/2026/Q1 results.txt"));
    let entries = |id: &str, query: &str| {
        let list = mock.list(ADMIN, id, query);
        let entries = list["entries"].as_array().unwrap().iter().map(|item| item["entry"].clone());
        entries.collect::<Vec<_>>()
    };
    let first = |query: &str| entries(&parent, query).remove(0);
    assert_eq!(first("")["aspectNames"], Value::Null);
    assert_eq!(first("")["properties"], Value::Null);
    assert!(first("?include=aspectNames")["aspectNames"].is_array());
    assert_eq!(first("?include=association")["association"], json!({ "isPrimary": true, "assocType": "cm:contains" }));
    assert_eq!(first("?include=path")["path"]["relativePath"], Value::Null, "directly below");
    let below = entries(&parent, "?relativePath=2026&include=path&where=(isFile=true)");
    let found = below.iter().find(|entry| entry["id"] == json!(child)).unwrap();
    let keys: Vec<_> = found["path"].as_object().unwrap().keys().collect();
    assert_eq!(keys, ["name", "isComplete", "relativePath", "elements"]);
    assert_eq!(found["path"]["relativePath"], json!("/2026"));
    let operations = first("?include=allowableOperations%2Cpermissions,isLink,isLocked,isFavorite");
    assert_eq!(operations["allowableOperations"], json!(["delete", "update", "create", "updatePermissions"]));
    for key in ["isLink", "isLocked", "isFavorite"] {
        assert_eq!(operations[key], json!(false), "{key}");
    }
    assert!(operations["permissions"]["settable"].is_array());

    entry_of(
        &mock.json(
            "PUT",
            &format!("/nodes/{child}"),
            ADMIN,
            &json!({ "properties": { "cm:title": "T", "cm:description": "D" } }),
        ),
        200,
    );
    let titled = |query: &str| {
        entries(&parent, query).into_iter().find(|entry| entry["id"] == json!(child)).unwrap()["properties"].clone()
    };
    assert_eq!(titled("?relativePath=2026&include=properties"), json!({ "cm:title": "T", "cm:description": "D" }));
    assert_eq!(titled("?relativePath=2026&include=cm:title"), json!({ "cm:title": "T" }));
    assert_eq!(titled("?relativePath=2026&include=cm:author"), Value::Null);
    let fields = first("?fields=name,id&include=isLocked");
    let keys: std::collections::BTreeSet<_> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["id", "isLocked", "name"].into());
}

#[test]
fn the_source_comes_in_full_when_asked_for() {
    let mock = TestMock::start();
    let id = node_id("Reports");
    let list = mock.list(ADMIN, &id, "?includeSource=true&fields=name&include=isLink&maxItems=1");
    let keys: Vec<_> = list.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["pagination", "entries", "source"]);
    assert_eq!(list["source"], mock.node_entry(ADMIN, &id, ""));
    assert_eq!(mock.list(ADMIN, &id, "?includeSource=no").get("source"), None);
}

#[test]
fn folders_that_cannot_be_listed() {
    let mock = TestMock::start();
    assert_not_found("unknown", &get(&mock, "none", ""), "none");
    let file = node_id("Reports/empty.txt");
    assert_eq!(mock.list(ADMIN, &file, "")["pagination"]["totalItems"], json!(0));
    let text = format!("NodeId of folder is expected: {file}");
    assert_refused("a path below a file", &get(&mock, &file, "?relativePath=x"), 400, &text);
    let missing = "The entity with relativePath: no/such was not found.";
    assert_refused("no such path", &get(&mock, "-root-", "?relativePath=no/such"), 404, missing);
    let private = node_id("Private");
    assert_denied("by id", &mock.get(&format!("{BASE}/nodes/{private}/children"), ALICE));
    let hidden = "The entity with relativePath: Private was not found.";
    assert_refused(
        "by path",
        &mock.get(&format!("{BASE}/nodes/-root-/children?relativePath=Private"), ALICE),
        404,
        hidden,
    );
    let download = mock.finished_download(BOB, &[&node_id("Private")]);
    assert_eq!(mock.list(BOB, &download, "")["pagination"]["totalItems"], json!(0), "a download is a file");
    assert_denied("somebody's download", &mock.get(&format!("{BASE}/nodes/{download}/children"), ALICE));
}

#[test]
fn lists_hold_what_the_caller_may_read() {
    let mock = TestMock::start();
    assert!(mock.names(BOB, "-root-", "").contains(&"Private".to_owned()));
    assert!(!mock.names(ALICE, "-root-", "").contains(&"Private".to_owned()));
    assert_eq!(mock.names(ALICE, "-root-", "?relativePath=User+Homes"), ["alice"]);
    let totals = [BOB, ALICE].map(|user| mock.list(user, "-root-", "")["pagination"]["totalItems"].as_u64().unwrap());
    assert_eq!(totals[0], totals[1] + 1);
}

#[test]
fn a_child_that_is_linked_twice_is_listed_once() {
    let mock = TestMock::start();
    let body = json!({ "name": "holder", "nodeType": "cm:folder", "aspectNames": ["cm:preferences"] });
    let holder = id_of(&mock.create_node(ADMIN, "-my-", &body));
    let child = mock.upload(ADMIN, &holder, "child", b"x");
    let link = json!({ "childId": child, "assocType": "cm:preferenceImage" });
    entry_of(&mock.json("POST", &format!("/nodes/{holder}/secondary-children"), ADMIN, &link), 201);
    let list = mock.list(ADMIN, &holder, "?include=association");
    assert_eq!(list["pagination"]["totalItems"], json!(1));
    assert_eq!(list["entries"][0]["entry"]["association"]["isPrimary"], json!(true));
    let secondary = mock.list(ADMIN, &holder, "?include=association&where=(isPrimary=false)");
    assert_eq!(secondary["entries"][0]["entry"]["association"]["assocType"], json!("cm:preferenceImage"));
    assert_eq!(secondary["entries"][0]["entry"]["parentId"], json!(holder), "the primary parent");
}

#[test]
fn a_large_folder_stays_true_while_it_changes() {
    let names: Vec<_> = (0..1200).map(|number| format!("big/{number:04}.txt")).collect();
    let files: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
    let mock = OwnFixtures::start(&files, "");
    let folder = path_id("big");
    let page = |query: &str| mock.names(ADMIN, &folder, query).join(" ");
    assert_eq!(page("?maxItems=2"), "0000.txt 0001.txt");
    assert_eq!(page("?skipCount=1199"), "1199.txt");
    mock.upload(ADMIN, &folder, "0000a.txt", b"y");
    assert_eq!(page("?maxItems=2"), "0000.txt 0000a.txt");
    assert_eq!(page("?maxItems=1&orderBy=name+desc"), "1199.txt");
    let first = path_id("big/0000.txt");
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{first}"), ADMIN).status, 204);
    assert_eq!(page("?maxItems=1"), "0000a.txt");
    assert_eq!(mock.list(ADMIN, &folder, "?maxItems=1")["pagination"]["totalItems"], json!(1200));
}
