//! Sites, their members, and what those may (wire reference, nodes, sections 10 and 18).

use serde_json::{Value, json};

use crate::support::{ADMIN, ALICE, Auth, BASE, BOB, Response, Summary, TestMock, archive, json_head};

fn get(mock: &TestMock, path: &str, auth: Auth<'_>) -> Response {
    mock.get(&format!("{BASE}/{path}"), auth)
}

fn put(mock: &TestMock, path: &str, auth: Auth<'_>, body: &Value) -> Response {
    mock.put_json(&format!("{BASE}/{path}"), auth, body)
}

fn delete(mock: &TestMock, path: &str, auth: Auth<'_>) -> Response {
    mock.delete(&format!("{BASE}/{path}"), auth)
}

/// Makes a site of Alice's; its node and its document library.
#[track_caller]
fn site(mock: &TestMock, id: &str, visibility: &str) -> (String, String) {
    let made = mock.made("sites", ALICE, &json!({ "id": id, "title": id, "visibility": visibility }));
    let library = mock.entry(&format!("sites/{id}/containers/documentLibrary"), ALICE);
    (made["guid"].as_str().unwrap().to_owned(), library["id"].as_str().unwrap().to_owned())
}

#[track_caller]
fn member(mock: &TestMock, site: &str, person: &str, role: &str) {
    mock.made(&format!("sites/{site}/members"), ALICE, &json!({ "id": person, "role": role }));
}

#[test]
fn a_site_is_made_with_its_node_and_its_document_library() {
    let mock = TestMock::start();
    let body = json!({"title": "Sales & More  Stuff", "visibility": "PUBLIC", "description": "We sell"});
    let response = mock.post("sites?skipConfiguration=true&skipAddToFavorites=true", ALICE, &body);
    let guid = response.json()["entry"]["guid"].as_str().unwrap().to_owned();
    let expected = format!(
        r#"{{"entry":{{"role":"SiteManager","visibility":"PUBLIC","guid":"{guid}","description":"We sell","id":"sales-more-stuff","preset":"site-dashboard","title":"Sales & More  Stuff"}}}}"#
    );
    response.expect("POST", &json_head(201), &expected);
    get(&mock, "sites/Sales-More-Stuff", ALICE).expect("in another case", &json_head(200), &expected);
    let node = mock.entry("nodes/-root-?relativePath=Sites/sales-more-stuff&include=path", ALICE);
    assert_eq!((&node["id"], &node["nodeType"]), (&json!(guid), &json!("st:site")));
    assert_eq!(node["properties"]["st:siteVisibility"], json!("PUBLIC"));
    let library = mock.entry("sites/sales-more-stuff/containers/documentLibrary", ALICE);
    let id = library["id"].as_str().unwrap();
    let one = format!(r#"{{"entry":{{"id":"{id}","folderId":"documentLibrary"}}}}"#);
    get(&mock, "sites/sales-more-stuff/containers/documentLibrary", BOB).expect("GET", &json_head(200), &one);
    let list = format!(
        r#"{{"list":{{"pagination":{{"count":1,"hasMoreItems":false,"totalItems":1,"skipCount":0,"maxItems":100}},"entries":[{one}]}}}}"#
    );
    get(&mock, "sites/sales-more-stuff/containers", BOB).expect("list", &json_head(200), &list);
    let node = mock.entry(&format!("nodes/{id}"), BOB);
    assert_eq!((&node["name"], &node["nodeType"]), (&json!("documentLibrary"), &json!("cm:folder")));
    assert!(node["aspectNames"].as_array().unwrap().contains(&json!("st:siteContainer")));
    get(&mock, "sites/sales-more-stuff/containers/wiki", BOB).unrelated("no such part", "sales-more-stuff", "wiki");
    get(&mock, "sites/nosuch/containers/wiki", BOB).unrelated("no such site", "nosuch", "wiki");
    get(&mock, "sites/nosuch/containers", BOB).not_found("no such site", "nosuch");
}

#[test]
fn a_site_can_be_refused() {
    let mock = TestMock::start();
    let refused = |body: Value, text: &str| mock.post("sites", ALICE, &body).refused(text, 400, text);
    refused(json!({"visibility": "PUBLIC"}), "Site title is expected: null");
    refused(json!({"title": "", "visibility": "PUBLIC"}), "Site title is expected: null");
    let long = "Site title exceeds max length of 256 characters";
    refused(json!({"title": "x".repeat(257), "visibility": "PUBLIC"}), long);
    let visibility = "Site visibility is expected: Sales (eg. PUBLIC, PRIVATE, MODERATED)";
    refused(json!({"title": "Sales"}), visibility);
    let invalid = "Invalid site id - should consist of alphanumeric/dash characters";
    for id in ["a b", "a_b", "a.b", "ä"] {
        refused(json!({"id": id, "title": "Sales", "visibility": "PUBLIC"}), invalid);
    }
    let long = "Site id exceeds max length of 72 characters";
    refused(json!({"id": "x".repeat(73), "title": "Sales", "visibility": "PUBLIC"}), long);
    refused(json!({"title": "x".repeat(73), "visibility": "PUBLIC"}), long);
    let long = "Site description exceeds max length of 512 characters";
    refused(json!({"title": "Sales", "visibility": "PUBLIC", "description": "x".repeat(513)}), long);
    refused(json!({"title": "Sales", "visibility": "PUBLIC", "preset": "x"}), "Site preset should not be set");
    assert_eq!(mock.post("sites", ALICE, &json!({"title": "Sales", "visibility": "HIDDEN"})).status, 400);
    let one = "Only 1 entity is supported in the HTTP request body";
    mock.post("sites", ALICE, &json!([{"title": "Sales"}])).refused("an array", 405, one);
    assert_eq!(mock.listed("sites", ADMIN, "id"), Vec::<String>::new());

    site(&mock, "sales", "PRIVATE");
    let taken =
        "Unable to create site because the site short name sales is already in use.  Site short names must be unique.";
    let again = json!({"id": "sales", "title": "Other", "visibility": "PUBLIC"});
    mock.post("sites", BOB, &again).refused("taken, if by one he cannot see", 409, taken);
    mock.removed("sites/sales", ALICE);
    mock.post("sites", BOB, &again).refused("taken as long as it is in the trash can", 409, taken);
}

#[test]
fn sites_are_listed_for_those_who_may_see_them() {
    let mock = TestMock::start();
    for (id, title, visibility) in
        [("one", "Zebras", "PUBLIC"), ("two", "Apes", "PRIVATE"), ("three", "Mice", "MODERATED")]
    {
        mock.made("sites", ALICE, &json!({"id": id, "title": title, "visibility": visibility, "description": id}));
    }
    let ids = |query: &str, auth| mock.listed(&format!("sites{query}"), auth, "id");
    for auth in [ALICE, ADMIN] {
        assert_eq!(ids("", auth), ["two", "three", "one"]);
    }
    assert_eq!(ids("", BOB), ["three", "one"]);
    assert_eq!(ids("?orderBy=id", ALICE), ["one", "three", "two"]);
    assert_eq!(ids("?orderBy=description%20DESC", ALICE), ["two", "three", "one"]);
    assert_eq!(ids("?where=(visibility='PUBLIC')", ALICE), ["one"]);
    assert_eq!(ids("?where=(preset='site-dashboard')&skipCount=1&maxItems=1", ALICE), ["three"]);
    let text = "Site visibility is invalid (expected eg. PUBLIC, PRIVATE, MODERATED)";
    get(&mock, "sites?where=(visibility='x')", ALICE).refused("another visibility", 400, text);
    get(&mock, "sites?orderBy=guid", ALICE).refused("another field", 400, "Invalid sort field: guid");
    let roles = get(&mock, "sites?orderBy=id", BOB).json();
    assert_eq!(roles["list"]["entries"][0]["entry"].get("role"), None, "Bob is nothing there");
    assert_eq!(mock.listed("people/-me-/sites", ALICE, "id"), ["two", "three", "one"]);
    assert_eq!(mock.listed("people/alice/sites", BOB, "id"), ["three", "one"]);
    assert_eq!(mock.listed("people/bob/sites", BOB, "id"), Vec::<String>::new());
}

#[test]
fn roles_decide_what_members_may() {
    let mock = TestMock::start();
    let (node, library) = site(&mock, "sales", "PRIVATE");
    let file = mock.file(ALICE, &library, "file.txt", "sold");
    get(&mock, "sites/sales", BOB).not_found("no member", "sales");
    for path in [format!("nodes/{node}"), format!("nodes/{library}"), format!("nodes/{file}")] {
        get(&mock, &path, BOB).denied("a node of it");
    }
    mock.post("downloads", BOB, &json!({ "nodeIds": [library] })).denied("a download of it");
    assert_eq!(mock.listed("nodes/-root-/children?relativePath=Sites", BOB, "name"), Vec::<String>::new());
    mock.entry("sites/sales", ADMIN);

    let child = |name: &str| {
        let body = json!({"name": name, "nodeType": "cm:folder"});
        mock.post(&format!("nodes/{library}/children"), BOB, &body).status
    };
    let rename = || put(&mock, &format!("nodes/{file}"), BOB, &json!({"properties": {"cm:title": "t"}})).status;
    let remove = || {
        let file = mock.file(ALICE, &library, "extra.txt", "1");
        let status = delete(&mock, &format!("nodes/{file}"), BOB).status;
        delete(&mock, &format!("nodes/{file}"), ALICE);
        status
    };
    member(&mock, "sales", "bob", "SiteConsumer");
    for (role, expected) in [
        ("SiteConsumer", [403, 403, 403]),
        ("SiteContributor", [201, 403, 403]),
        ("SiteCollaborator", [201, 200, 403]),
        ("SiteManager", [201, 200, 204]),
    ] {
        let changed = put(&mock, "sites/sales/members/bob", ALICE, &json!({ "role": role }));
        assert_eq!(changed.status, 200, "{}", changed.text());
        assert_eq!(mock.entry("sites/sales", BOB)["role"], json!(role));
        assert_eq!(mock.content(BOB, &file), b"sold", "{role}");
        assert_eq!([child(role), rename(), remove()], expected, "{role}");
    }
    let zip = mock.finished_download(BOB, &[&node]);
    let names = archive::names(&mock.content(BOB, &zip));
    assert!(names.contains(&"sales/documentLibrary/file.txt".to_owned()), "{names:?}");
    mock.removed("sites/sales/members/bob", ALICE);
    get(&mock, &format!("nodes/{library}"), BOB).denied("no member any more");
}

#[test]
fn everybody_reads_a_public_site_and_sees_a_moderated_one() {
    let mock = TestMock::start();
    let (_, public) = site(&mock, "public", "PUBLIC");
    let (node, moderated) = site(&mock, "moderated", "MODERATED");
    assert_eq!(mock.listed(&format!("nodes/{public}/children"), BOB, "id"), Vec::<String>::new());
    let body = json!({"name": "x", "nodeType": "cm:folder"});
    mock.post(&format!("nodes/{public}/children"), BOB, &body).denied("writing");
    mock.entry("sites/moderated", BOB);
    mock.entry(&format!("nodes/{node}"), BOB);
    get(&mock, &format!("nodes/{moderated}"), BOB).denied("what is in it");
    assert_eq!(mock.listed("sites/moderated/containers", BOB, "id"), Vec::<String>::new());

    let visible = |visibility: &str| {
        let changed = put(&mock, "sites/public", ALICE, &json!({ "visibility": visibility }));
        assert_eq!(changed.json()["entry"]["visibility"], json!(visibility));
        [get(&mock, "sites/public", BOB).status, get(&mock, &format!("nodes/{public}"), BOB).status]
    };
    assert_eq!(visible("PRIVATE"), [404, 403]);
    assert_eq!(visible("MODERATED"), [200, 403]);
    assert_eq!(visible("PUBLIC"), [200, 200]);
}

#[test]
fn members_are_added_listed_changed_and_removed() {
    let mock = TestMock::start();
    site(&mock, "sales", "PUBLIC");
    let added = mock.post("sites/sales/members", ALICE, &json!({"id": "bob", "role": "SiteCollaborator"}));
    let bob = get(&mock, "people/bob", ALICE).text().replace(r#"{"entry":"#, "");
    let bob = bob.strip_suffix('}').unwrap();
    let entry =
        |role: &str| format!(r#"{{"entry":{{"role":"{role}","person":{bob},"id":"bob","isMemberOfGroup":false}}}}"#);
    added.expect("POST", &json_head(201), &entry("SiteCollaborator"));
    get(&mock, "sites/sales/members/bob", ALICE).expect("GET", &json_head(200), &entry("SiteCollaborator"));
    let changed = put(&mock, "sites/sales/members/bob", ALICE, &json!({"role": "SiteManager"}));
    changed.expect("PUT", &json_head(200), &entry("SiteManager"));
    assert_eq!(mock.listed("sites/sales/members", BOB, "id"), ["bob", "alice"], "by last name");

    mock.made("groups", ADMIN, &json!({"id": "staff", "parentIds": ["GROUP_site_sales_SiteConsumer"]}));
    mock.made("groups/GROUP_staff/members", ADMIN, &json!({"id": "admin", "memberType": "PERSON"}));
    let listed = get(&mock, "sites/sales/members", BOB).json()["list"]["entries"].clone();
    let of_group = listed.as_array().unwrap().iter().find(|member| member["entry"]["id"] == "admin").unwrap().clone();
    assert_eq!(of_group["entry"]["isMemberOfGroup"], json!(true));
    assert_eq!(mock.listed("sites/sales/members?where=(isMemberOfGroup=false)", BOB, "id"), ["bob", "alice"]);

    let membership = mock.entry("people/-me-/sites/sales", BOB);
    assert_eq!((&membership["role"], &membership["site"]["title"]), (&json!("SiteManager"), &json!("sales")));
    mock.removed("people/bob/sites/sales", BOB);
    get(&mock, "people/bob/sites/sales", BOB).unrelated("no member", "bob", "sales");
    let two = json!([{"id": "bob", "role": "SiteConsumer"}, {"id": "nobody", "role": "SiteConsumer"}]);
    mock.post("sites/sales/members", ALICE, &two).not_found("one of two", "nobody");
    let two = json!([{"id": "bob", "role": "SiteConsumer"}, {"id": "guest", "role": "x"}]);
    mock.post("sites/sales/members", ALICE, &two).refused("one of two", 400, "Unknown role 'x'");
    get(&mock, "sites/sales/members/bob", BOB).unrelated("all or none", "bob", "sales");
}

#[test]
fn a_membership_can_be_refused() {
    let mock = TestMock::start();
    site(&mock, "sales", "PUBLIC");
    site(&mock, "secret", "PRIVATE");
    let post = |site: &str, auth, body: Value| mock.post(&format!("sites/{site}/members"), auth, &body);
    let bob = |role: &str| json!({"id": "bob", "role": role});
    post("sales", ALICE, json!({"role": "SiteConsumer"})).refused("nobody", 400, "personId is null.");
    post("sales", ALICE, json!({"id": "nobody", "role": "SiteConsumer"})).not_found("unknown", "nobody");
    post("nosuch", ALICE, bob("SiteConsumer")).not_found("no such site", "nosuch");
    post("secret", BOB, bob("SiteConsumer")).not_found("one that he cannot see", "secret");
    post("sales", ALICE, json!({"id": "bob"})).refused("no role", 400, "Must provide a role");
    post("sales", ALICE, bob("Consumer")).refused("another role", 400, "Unknown role 'Consumer'");
    post("sales", BOB, bob("SiteManager")).denied("making oneself a manager");
    post("sales", BOB, json!({"id": "admin", "role": "SiteConsumer"})).denied("adding others");
    assert_eq!(post("sales", BOB, bob("SiteConsumer")).status, 201, "joining");
    let text = "bob is already a member of site sales";
    post("sales", ALICE, bob("SiteManager")).refused("again", 409, text);

    let change = |site: &str, person: &str, auth, body: Value| {
        put(&mock, &format!("sites/{site}/members/{person}"), auth, &body)
    };
    let manager = json!({"role": "SiteManager"});
    change("nosuch", "bob", ALICE, manager.clone()).not_found("no such site", "nosuch");
    change("sales", "nobody", ALICE, manager.clone()).not_found("nobody", "nobody");
    change("sales", "bob", ALICE, json!({})).refused("no role", 400, "Must provide a role");
    change("sales", "guest", ALICE, manager.clone()).refused("no member", 400, "User is not a member of the site");
    change("sales", "bob", ALICE, json!({"role": "x"})).refused("another role", 400, "Unknown role 'x'");
    let text = "The current user does not have permissions to modify the membership details of the site sales.";
    change("sales", "bob", BOB, manager).refused_below("a consumer", 422, Summary::Numbered(text));
    let text = "A site requires at least one site manager.  You cannot change the role of alice, because they are currently the only site manager.";
    let consumer = json!({"role": "SiteConsumer"});
    change("sales", "alice", ALICE, consumer).refused_below("the last manager", 422, Summary::Numbered(text));

    let text = "Can't remove last manager of site sales";
    delete(&mock, "sites/sales/members/alice", ALICE).refused("the last manager", 400, text);
    delete(&mock, "sites/nosuch/members/bob", ALICE).unrelated("no such site", "bob", "nosuch");
    delete(&mock, "sites/sales/members/nobody", ALICE).not_found("nobody", "nobody");
    let summary = Summary::Numbered("An invalid argument was received {0}");
    let key = Some("framework.exception.InvalidArgument");
    delete(&mock, "sites/sales/members/guest", ALICE).refused_with("no member", 400, key, summary);
    mock.removed("sites/sales/members/bob", BOB);
    get(&mock, "sites/sales/members/nobody", ALICE).not_found("nobody", "nobody");
    get(&mock, "sites/nosuch/members/bob", ALICE).unrelated("no such site", "bob", "nosuch");
    get(&mock, "sites/secret/members", BOB).not_found("one that he cannot see", "secret");
}

#[test]
fn somebody_who_manages_may_not_remove_others_without_the_right() {
    let mock = TestMock::start();
    site(&mock, "sales", "PUBLIC");
    mock.person("carol");
    member(&mock, "sales", "bob", "SiteConsumer");
    member(&mock, "sales", "carol", "SiteConsumer");
    let text = "The current user does not have sufficient permissions to delete membership details of the site sales.";
    delete(&mock, "sites/sales/members/carol", BOB).refused_below("a consumer", 422, Summary::Numbered(text));
    mock.removed("sites/sales/members/carol", ADMIN);
}

#[test]
fn a_site_is_changed_by_those_who_may_write_to_it() {
    let mock = TestMock::start();
    site(&mock, "sales", "PUBLIC");
    let change = |auth, body: Value| put(&mock, "sites/sales", auth, &body);
    let changed = change(ALICE, json!({"title": "Better sales", "description": "More"})).json()["entry"].clone();
    assert_eq!((&changed["title"], &changed["description"]), (&json!("Better sales"), &json!("More")));
    assert_eq!((&changed["visibility"], &changed["id"]), (&json!("PUBLIC"), &json!("sales")));
    for name in ["id", "guid", "role", "preset"] {
        let text = format!("Site update does not support field: {name}");
        change(ALICE, json!({ name: "x" })).refused(name, 400, &text);
    }
    for nothing in [json!(""), json!(null)] {
        change(ALICE, json!({ "title": nothing })).refused("no title", 400, "Site title is expected: null");
    }
    let long = "Site title exceeds max length of 256 characters";
    change(ALICE, json!({"title": "x".repeat(257)})).refused("a long title", 400, long);
    let long = "Site description exceeds max length of 512 characters";
    change(ALICE, json!({"description": "x".repeat(513)})).refused("a long description", 400, long);
    let text = "Site visibility is expected: Better sales (eg. PUBLIC, PRIVATE, MODERATED)";
    change(ALICE, json!({ "visibility": null })).refused("no visibility", 400, text);
    change(BOB, json!({"title": "Mine"})).denied("no member");
    put(&mock, "sites/nosuch", ALICE, &json!({"title": "x"})).not_found("unknown", "nosuch");
    assert_eq!(change(ALICE, json!({"description": ""})).json()["entry"].get("description"), None);
}

#[test]
fn a_site_is_deleted_restored_and_purged() {
    let mock = TestMock::start();
    let (node, library) = site(&mock, "sales", "PRIVATE");
    let file = mock.file(ALICE, &library, "file.txt", "sold");
    member(&mock, "sales", "bob", "SiteConsumer");
    delete(&mock, "sites/sales", BOB).denied("a consumer");
    delete(&mock, "sites/nosuch", ALICE).not_found("unknown", "nosuch");
    assert_eq!(delete(&mock, &format!("nodes/{node}"), ALICE).status, 403, "as a node");
    site(&mock, "secret", "PRIVATE");
    delete(&mock, "sites/secret", BOB).not_found("one that he cannot see", "secret");

    mock.removed("sites/sales", ALICE);
    get(&mock, "sites/sales", ALICE).not_found("deleted", "sales");
    assert_eq!(mock.listed("deleted-nodes", ALICE, "id"), [node.as_str()]);
    let restored = mock.post(&format!("deleted-nodes/{node}/restore"), ADMIN, &json!(null));
    assert_eq!(restored.status, 200, "{}", restored.text());
    assert_eq!(mock.entry("sites/sales", BOB)["role"], json!("SiteConsumer"));
    assert_eq!(mock.content(BOB, &file), b"sold");

    mock.removed("sites/sales", ALICE);
    mock.entry("groups/GROUP_site_sales_SiteManager", ADMIN);
    mock.removed(&format!("deleted-nodes/{node}"), ALICE);
    for role in ["", "_SiteManager", "_SiteConsumer"] {
        let id = format!("GROUP_site_sales{role}");
        get(&mock, &format!("groups/{id}"), ADMIN).not_found("its groups", &id);
    }
    site(&mock, "sales", "PUBLIC");
    mock.removed("sites/sales?permanent=true", ALICE);
    assert_eq!(mock.listed("deleted-nodes", ADMIN, "id"), Vec::<String>::new());
    site(&mock, "sales", "PUBLIC");
    mock.removed("sites/sales", ADMIN);
}

#[test]
fn what_a_site_grants_can_be_seen_and_kept() {
    let mock = TestMock::start();
    let (node, _) = site(&mock, "sales", "PUBLIC");
    let permissions = mock.entry(&format!("nodes/{node}?include=permissions"), ALICE)["permissions"].clone();
    let local = permissions["locallySet"].as_array().unwrap();
    let granted: Vec<_> = local.iter().map(|grant| (&grant["authorityId"], &grant["name"])).collect();
    for (authority, role) in [
        ("GROUP_site_sales_SiteManager", "SiteManager"),
        ("GROUP_site_sales_SiteCollaborator", "SiteCollaborator"),
        ("GROUP_site_sales_SiteContributor", "SiteContributor"),
        ("GROUP_site_sales_SiteConsumer", "SiteConsumer"),
        ("GROUP_EVERYONE", "SiteConsumer"),
        ("GROUP_EVERYONE", "ReadPermissions"),
    ] {
        assert!(granted.contains(&(&json!(authority), &json!(role))), "{authority} {role}");
    }
    assert_eq!((granted.len(), &permissions["isInheritanceEnabled"]), (6, &json!(false)));
    let stated: Vec<_> = granted.iter().map(|(id, name)| json!({"authorityId": id, "name": name})).collect();
    let same = json!({"permissions": {"locallySet": stated}});
    let kept = put(&mock, &format!("nodes/{node}?include=permissions"), ALICE, &same);
    assert_eq!(kept.json()["entry"]["permissions"]["locallySet"], permissions["locallySet"]);
}
