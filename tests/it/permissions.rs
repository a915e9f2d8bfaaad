//! Who may do what, and how that is changed (wire reference, nodes, section 10).

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, Response, TestMock, archive, node_id,
    seeding::{assert_denied, assert_refused, entry_of, id_of},
};

fn put(mock: &TestMock, auth: Auth<'_>, id: &str, body: &Value) -> Response {
    mock.json("PUT", &format!("/nodes/{id}"), auth, body)
}

/// A folder of the administrator's that inherits nothing, in which Bob has that role, with a file in it.
fn folder_for_bob(mock: &TestMock, role: &str) -> (String, String) {
    let grants = match role {
        "" => json!([]),
        role => json!([{ "authorityId": "bob", "name": role }]),
    };
    let permissions = json!({ "isInheritanceEnabled": false, "locallySet": grants });
    let body = json!({ "name": format!("for-bob-{role}"), "nodeType": "cm:folder", "permissions": permissions });
    let folder = id_of(&mock.create_node(ADMIN, "-root-", &body));
    let file = mock.upload(ADMIN, &folder, "a.txt", b"text");
    (folder, file)
}

#[test]
fn roles_decide_what_others_may() {
    let mock = TestMock::start();
    // read, add children, write, delete, change permissions
    let rows = [
        ("", [false, false, false, false, false]),
        ("Consumer", [true, false, false, false, false]),
        ("Contributor", [true, true, false, false, false]),
        ("Editor", [true, false, true, false, false]),
        ("Collaborator", [true, true, true, false, false]),
        ("Coordinator", [true, true, true, true, true]),
    ];
    for (role, [read, add, write, delete, change]) in rows {
        let (folder, file) = folder_for_bob(&mock, role);
        let allowed = |response: &Response| match response.status {
            403 => false,
            200 | 201 | 204 => true,
            other => panic!("{role}: {other} {}", response.text()),
        };
        let file_path = format!("{BASE}/nodes/{file}");
        assert_eq!(allowed(&mock.get(&file_path, BOB)), read, "{role} reads");
        assert_eq!(allowed(&mock.get(&format!("{file_path}/content"), BOB)), read, "{role} reads bytes");
        assert_eq!(allowed(&mock.get(&format!("{BASE}/nodes/{folder}/children"), BOB)), read, "{role} lists");
        let download = mock.post_json(&format!("{BASE}/downloads"), BOB, &json!({ "nodeIds": [file] }).to_string());
        assert_eq!(download.status, if read { 202 } else { 403 }, "{role} downloads");
        let body = json!({ "name": "new", "nodeType": "cm:content" });
        assert_eq!(allowed(&mock.create_with(BOB, &folder, "", &body)), add, "{role} adds");
        assert_eq!(
            allowed(&put(&mock, BOB, &file, &json!({ "properties": { "cm:title": "t" } }))),
            write,
            "{role} writes"
        );
        assert_eq!(allowed(&mock.put_content(BOB, &file, "", b"new")), write, "{role} writes bytes");
        let grant = json!({ "permissions": { "isInheritanceEnabled": true } });
        assert_eq!(allowed(&put(&mock, BOB, &file, &grant)), change, "{role} changes permissions");
        let mut expected = Vec::new();
        expected.extend(delete.then_some("delete"));
        expected.extend(write.then_some("update"));
        expected.extend(change.then_some("updatePermissions"));
        if read {
            let operations = &mock.node_entry(BOB, &file, "?include=allowableOperations")["allowableOperations"];
            let shown = if expected.is_empty() { Value::Null } else { json!(expected) };
            assert_eq!(operations, &shown, "{role}");
        }
        assert_eq!(allowed(&mock.delete(&file_path, BOB)), delete, "{role} deletes");
    }
}

#[test]
fn a_second_user_in_somebodys_home_and_in_shared() {
    let mock = TestMock::start();
    let home = id_of(&mock.node_entry(ALICE, "-my-", ""));
    assert_denied("her home by id", &mock.get(&format!("{BASE}/nodes/{home}"), BOB));
    assert_denied("its list", &mock.get(&format!("{BASE}/nodes/{home}/children"), BOB));
    let by_path = mock.get(&format!("{BASE}/nodes/-root-?relativePath=User%20Homes/alice"), BOB);
    assert_refused("by path", &by_path, 404, "The entity with relativePath: User Homes/alice was not found.");
    let folder = json!({ "name": "f", "nodeType": "cm:folder" });
    assert_denied("in Company Home", &mock.create_with(BOB, "-root-", "", &folder));
    let hers = mock.folder(ALICE, "-shared-", "hers");
    assert_eq!(mock.node_entry(BOB, &hers, "?include=allowableOperations")["allowableOperations"], json!(["create"]));
    assert_denied("rename", &put(&mock, BOB, &hers, &json!({ "name": "his" })));
    assert_denied("delete", &mock.delete(&format!("{BASE}/nodes/{hers}"), BOB));
    let his = mock.upload(BOB, &hers, "his.txt", b"x");
    assert_eq!(mock.node_entry(BOB, &his, "?include=permissions")["permissions"]["isInheritanceEnabled"], json!(true));
    assert_eq!(mock.node_entry(BOB, &hers, "?include=permissions").get("permissions"), None, "not his to see");
}

#[test]
fn an_owner_may_do_everything_until_another_is_named() {
    let mock = TestMock::start();
    let file = mock.upload(ALICE, "-shared-", "a.txt", b"x");
    let entry = entry_of(&put(&mock, ALICE, &file, &json!({ "properties": { "cm:owner": "bob" } })), 200);
    assert_eq!(entry["properties"]["cm:owner"]["id"], json!("bob"));
    assert!(entry["aspectNames"].as_array().unwrap().contains(&json!("cm:ownable")));
    assert_denied("the creator", &mock.delete(&format!("{BASE}/nodes/{file}"), ALICE));
    let text = format!("Non-owner/non-admin cannot permanently delete: {file}");
    let permanent = format!("{BASE}/nodes/{file}?permanent=TRUE");
    assert_refused("the creator, for good", &mock.delete(&permanent, ALICE), 403, &text);
    assert_eq!(mock.delete(&permanent, BOB).status, 204);
}

#[test]
fn permissions_are_set_shown_and_replaced() {
    let mock = TestMock::start();
    let folder = mock.folder(ADMIN, "-root-", "folder");
    let set = |body: Value| {
        entry_of(&put(&mock, ADMIN, &format!("{folder}?include=permissions"), &json!({ "permissions": body })), 200)["permissions"].clone()
    };
    let shown = set(json!({ "locallySet": [
        { "authorityId": "bob", "name": "Editor", "accessStatus": "ALLOWED" },
        { "authorityId": "alice", "name": "Consumer", "accessStatus": "DENIED" },
        { "authorityId": "GROUP_EVERYONE", "name": "Contributor" },
    ] }));
    assert_eq!(
        shown.to_string(),
        r#"{"inherited":[{"authorityId":"GROUP_EVERYONE","name":"Consumer","accessStatus":"ALLOWED","authorityDisplayName":"GROUP_EVERYONE"}],"locallySet":[{"authorityId":"bob","name":"Editor","accessStatus":"ALLOWED","authorityDisplayName":"bob"},{"authorityId":"alice","name":"Consumer","accessStatus":"DENIED","authorityDisplayName":"alice"},{"authorityId":"GROUP_EVERYONE","name":"Contributor","accessStatus":"ALLOWED","authorityDisplayName":"GROUP_EVERYONE"}],"settable":["Contributor","Collaborator","Coordinator","Editor","Consumer"],"isInheritanceEnabled":true}"#
    );
    assert_denied("a denial wins", &mock.get(&format!("{BASE}/nodes/{folder}"), ALICE));
    let alone = set(json!({ "isInheritanceEnabled": false, "locallySet": [] }));
    assert_eq!(alone, json!({ "settable": shown["settable"], "isInheritanceEnabled": false }));
    assert_denied("nobody else", &mock.get(&format!("{BASE}/nodes/{folder}"), BOB));
    let back = set(json!({ "isInheritanceEnabled": true }));
    assert_eq!(back["inherited"], shown["inherited"]);
}

#[test]
fn permissions_that_cannot_be_set() {
    let mock = TestMock::start();
    let folder = mock.folder(ADMIN, "-root-", "folder");
    let grant = |authority: &str, name: &str| json!({ "authorityId": authority, "name": name });
    let rows = [
        (json!({ "inherited": [grant("bob", "Editor")] }), "Cannot set *inherited* permissions on this node"),
        (
            json!({ "locallySet": [grant("bob", "Editor"), grant("bob", "Editor")] }),
            "Duplicate node permissions, there is more than one permission with the same authority and name!",
        ),
        (json!({ "locallySet": [{ "name": "Editor" }] }), "Authority Id is expected."),
        (json!({ "locallySet": [grant("", "Editor")] }), "Authority Id is expected."),
        (json!({ "locallySet": [grant("bob", "")] }), "Permission name is expected."),
        (
            json!({ "locallySet": [grant("nobody", "Editor")] }),
            "Cannot set permissions on this node - unknown authority: nobody",
        ),
        (
            json!({ "locallySet": [grant("GROUP_none", "Editor")] }),
            "Cannot set permissions on this node - unknown authority: GROUP_none",
        ),
        (
            json!({ "locallySet": [grant("bob", "Boss")] }),
            "Cannot set permissions on this node - unknown access level: Boss",
        ),
    ];
    for (permissions, text) in rows {
        assert_refused(text, &put(&mock, ADMIN, &folder, &json!({ "permissions": permissions })), 400, text);
    }
    let status = json!({ "locallySet": [{ "authorityId": "bob", "name": "Editor", "accessStatus": "MAYBE" }] });
    assert_eq!(put(&mock, ADMIN, &folder, &json!({ "permissions": status })).status, 400);
    let hers = mock.upload(ALICE, "-shared-", "a.txt", b"x");
    let editor = json!({ "locallySet": [grant("bob", "Editor")] });
    entry_of(&put(&mock, ALICE, &hers, &json!({ "permissions": editor })), 200);
    entry_of(&put(&mock, BOB, &hers, &json!({ "name": "b.txt" })), 200);
    assert_denied(
        "an editor",
        &put(&mock, BOB, &hers, &json!({ "name": "c.txt", "permissions": { "locallySet": [] } })),
    );
    assert_eq!(mock.node_entry(BOB, &hers, "")["name"], json!("b.txt"), "all or nothing");
}

#[test]
fn what_is_set_already_may_stay_and_cannot_be_set_anew() {
    let mock = TestMock::start();
    let home = id_of(&mock.node_entry(ALICE, "-my-", ""));
    let grant = |authority: &str, name: &str| json!({ "authorityId": authority, "name": name });
    let set = |grants: Value| put(&mock, ALICE, &home, &json!({ "permissions": { "locallySet": grants } }));
    let own = [grant("alice", "All"), grant("ROLE_OWNER", "All")];
    entry_of(&set(json!([own[0], own[1], grant("bob", "Consumer")])), 200);
    let unknown = |what: &str| format!("Cannot set permissions on this node - unknown {what}");
    let level = unknown("access level: All");
    assert_refused("All for another", &set(json!([own[0], own[1], grant("bob", "All")])), 400, &level);
    let authority = unknown("authority: ROLE_OWNER");
    assert_refused("another role", &set(json!([own[0], grant("ROLE_OWNER", "Consumer")])), 400, &authority);
    entry_of(&set(json!([own[0]])), 200);
    assert_refused("once it is gone", &set(json!(own)), 400, &authority);
}

#[test]
fn special_nodes_are_never_deleted() {
    let mock = TestMock::start();
    let rows =
        [("Sites", node_id("Sites")), ("Data Dictionary", node_id("Data Dictionary")), ("root", "-root-".to_owned())];
    for (row, id) in rows {
        let text = format!("Cannot delete: {id}");
        assert_refused(row, &mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN), 403, &text);
        let operations = &mock.node_entry(ADMIN, &id, "?include=allowableOperations")["allowableOperations"];
        assert_eq!(operations, &json!(["update", "create", "updatePermissions"]), "{row}");
    }
}

#[test]
fn a_zip_holds_what_its_owner_may_read() {
    let mock = TestMock::start();
    let folder = mock.folder(ALICE, "-shared-", "mixed");
    mock.upload(ALICE, &folder, "open.txt", b"x");
    let hidden = mock.upload(ALICE, &folder, "hidden.txt", b"y");
    entry_of(&put(&mock, ALICE, &hidden, &json!({ "permissions": { "isInheritanceEnabled": false } })), 200);
    let zipped = |auth| archive::names(&mock.content(auth, &mock.finished_download(auth, &[&folder])));
    assert_eq!(zipped(BOB), ["mixed/", "mixed/open.txt"]);
    assert_eq!(zipped(ALICE), ["mixed/", "mixed/open.txt", "mixed/hidden.txt"]);
}
