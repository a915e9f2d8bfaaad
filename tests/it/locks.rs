//! Locks and check-outs (wire reference, nodes, section 15), and what they change in a download.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, Response, TestMock, archive, node_id,
    seeding::{assert_denied, assert_not_found, assert_refused, assert_refused_below, entry_of, id_of},
};

fn post(mock: &TestMock, auth: Auth<'_>, id: &str, operation: &str, body: &Value) -> Response {
    mock.json("POST", &format!("/nodes/{id}/{operation}"), auth, body)
}

fn bare(mock: &TestMock, auth: Auth<'_>, id: &str, operation: &str) -> Response {
    mock.request("POST", &format!("{BASE}/nodes/{id}/{operation}"), auth, &[], None)
}

/// A folder in which both may write, and a file of Alice's in it.
fn shared_file(mock: &TestMock) -> (String, String) {
    let folder = mock.folder(ALICE, "-shared-", "both");
    let both = json!({ "permissions": { "locallySet": [{ "authorityId": "bob", "name": "Coordinator" }] } });
    entry_of(&mock.json("PUT", &format!("/nodes/{folder}"), ALICE, &both), 200);
    let file = mock.upload(ALICE, &folder, "a.txt", b"text");
    (folder, file)
}

fn rename(mock: &TestMock, auth: Auth<'_>, id: &str) -> u16 {
    let name = mock.node_entry(ADMIN, id, "")["name"].as_str().unwrap().to_owned();
    mock.json("PUT", &format!("/nodes/{id}"), auth, &json!({ "name": format!("x{name}") })).status
}

#[test]
fn locks_show_and_bind() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let locked = entry_of(&post(&mock, ALICE, &file, "lock?include=isLocked", &json!({})), 200);
    let user = locked["createdByUser"].clone();
    let properties = &locked["properties"];
    assert_eq!(properties["cm:lockOwner"], user);
    assert_eq!(
        (&properties["cm:lockType"], &properties["cm:lockLifetime"]),
        (&json!("WRITE_LOCK"), &json!("PERSISTENT"))
    );
    assert_eq!((&properties["cm:expiryDate"], &locked["isLocked"]), (&Value::Null, &json!(true)));
    assert!(locked["aspectNames"].as_array().unwrap().contains(&json!("cm:lockable")));
    assert_eq!((rename(&mock, ALICE, &file), rename(&mock, BOB, &file)), (200, 409));
    let text = format!("Cannot perform operation since the node (id:{file}) is locked.");
    assert_refused_below("delete", &mock.delete(&format!("{BASE}/nodes/{file}"), BOB), 409, &text);
    assert_refused_below("delete the folder", &mock.delete(&format!("{BASE}/nodes/{folder}"), BOB), 409, &text);

    let full = entry_of(&post(&mock, ALICE, &file, "lock", &json!({ "type": "FULL", "lifetime": "EPHEMERAL" })), 200);
    let properties = &full["properties"];
    assert_eq!(
        (&properties["cm:lockType"], &properties["cm:lockLifetime"]),
        (&json!("READ_ONLY_LOCK"), &json!("EPHEMERAL"))
    );
    assert_eq!((rename(&mock, ALICE, &file), rename(&mock, ADMIN, &file)), (409, 409));
    let unlocked = entry_of(&bare(&mock, ALICE, &file, "unlock"), 200);
    assert_eq!(unlocked["properties"]["cm:lockOwner"], Value::Null);
    assert_eq!(rename(&mock, BOB, &file), 200);
}

#[test]
fn locks_end_by_themselves() {
    let mock = TestMock::start();
    let (_, file) = shared_file(&mock);
    mock.clock().freeze();
    let locked = entry_of(&post(&mock, ALICE, &file, "lock", &json!({ "timeToExpire": 20 })), 200);
    assert!(locked["properties"]["cm:expiryDate"].is_string());
    mock.clock().advance(Duration::from_millis(19_999));
    assert_eq!(rename(&mock, BOB, &file), 409);
    mock.clock().advance(Duration::from_millis(1));
    assert_eq!(mock.node_entry(BOB, &file, "?include=isLocked")["isLocked"], json!(false));
    assert_eq!(rename(&mock, BOB, &file), 200);
    entry_of(&post(&mock, ALICE, &file, "lock", &json!({ "timeToExpire": -5 })), 200);
    mock.clock().advance(Duration::from_secs(1_000_000));
    assert_eq!(rename(&mock, BOB, &file), 409, "never");
}

#[test]
fn locks_that_are_refused() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let lock = |auth, id: &str, body: &Value| post(&mock, auth, id, "lock", body);
    let text = format!("Node of type cm:content or a subtype is expected: {folder}");
    assert_refused("a folder", &lock(ALICE, &folder, &json!({})), 400, &text);
    let special = "Current user doesn't have permission to lock node -root-";
    assert_refused("special", &lock(ADMIN, "-root-", &json!({})), 403, special);
    assert_not_found("unknown", &lock(ADMIN, "none", &json!({})), "none");
    for body in
        [json!({ "type": "NO" }), json!({ "lifetime": "NO" }), json!({ "no": 1 }), json!({ "timeToExpire": "no" })]
    {
        assert_eq!(lock(ALICE, &file, &body).status, 400, "{body}");
    }
    let private = mock.upload(ALICE, "-shared-", "private.txt", b"x");
    assert_denied("no right to write", &lock(BOB, &private, &json!({})));
    entry_of(&lock(ALICE, &file, &json!({})), 200);
    let text = format!("The node (id: {file}) could not be locked since it is already locked by another user.");
    assert_refused_below("by another", &lock(BOB, &file, &json!({})), 422, &text);
    assert_denied("unlock by another", &bare(&mock, BOB, &file, "unlock"));
    entry_of(&bare(&mock, ADMIN, &file, "unlock"), 200);
    let text = format!("Can't unlock node {file} because it isn't locked");
    assert_refused_below("not locked", &bare(&mock, ALICE, &file, "unlock"), 422, &text);
    let special = "Current user doesn't have permission to unlock node -root-";
    assert_refused("special", &bare(&mock, ADMIN, "-root-", "unlock"), 403, special);
}

#[test]
fn a_check_out_makes_a_working_copy_and_a_cancel_drops_it() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let copy = entry_of(&bare(&mock, BOB, &file, "check-out"), 200);
    assert_eq!((&copy["name"], &copy["parentId"]), (&json!("a (Working Copy).txt"), &json!(folder)));
    assert!(copy["aspectNames"].as_array().unwrap().contains(&json!("cm:workingcopy")));
    assert_eq!(copy["properties"]["cm:workingCopyOwner"]["id"], json!("bob"));
    let original = mock.node_entry(ALICE, &file, "?include=isLocked");
    assert!(original["aspectNames"].as_array().unwrap().contains(&json!("cm:checkedOut")));
    assert_eq!((&original["isLocked"], &original["properties"]["cm:lockOwner"]["id"]), (&json!(true), &json!("bob")));
    assert_eq!((rename(&mock, ALICE, &file), rename(&mock, BOB, &file)), (409, 409));

    // The owner of the check-out zips the working copy, everybody else the original.
    let zipped = |auth| archive::names(&mock.content(auth, &mock.finished_download(auth, &[&folder])));
    assert_eq!(zipped(BOB), ["both/", "both/a (Working Copy).txt"]);
    assert_eq!(zipped(ALICE), ["both/", "both/a.txt"]);

    let again =
        format!("Checkout failed for nodeId workspace://SpacesStore/{file} due to This node is already checked out.");
    assert_refused("again", &bare(&mock, BOB, &file, "check-out"), 409, &again);
    let id = id_of(&copy);
    let copies =
        format!("Checkout failed for nodeId workspace://SpacesStore/{id} due to A working copy cannot be checked out.");
    assert_refused("of a copy", &bare(&mock, BOB, &id, "check-out"), 409, &copies);
    assert_denied("cancelled by another", &bare(&mock, ALICE, &file, "cancel-check-out"));
    let cancel = |addressed: &str| {
        let back = entry_of(&bare(&mock, BOB, addressed, "cancel-check-out"), 200);
        assert_eq!((&back["id"], &back["properties"]["cm:lockOwner"]), (&json!(file), &Value::Null));
        assert_eq!(mock.names(ALICE, &folder, ""), ["a.txt"]);
    };
    cancel(&file);
    cancel(&id_of(&entry_of(&bare(&mock, BOB, &file, "check-out"), 200)));
    let text = format!("Can't cancel checkout for node {file} because it isn't checked out or locked");
    assert_refused_below("nothing to cancel", &bare(&mock, BOB, &file, "cancel-check-out"), 422, &text);
    entry_of(&post(&mock, BOB, &file, "lock", &json!({})), 200);
    entry_of(&bare(&mock, BOB, &file, "cancel-check-out"), 200);
    assert_eq!(mock.node_entry(BOB, &file, "?include=isLocked")["isLocked"], json!(false), "only locked: unlocked");
}

#[test]
fn a_working_copy_that_comes_back_from_the_trash_checks_its_original_out_again() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let check_out = || id_of(&entry_of(&bare(&mock, BOB, &file, "check-out"), 200));
    let lock_owner = || mock.node_entry(ALICE, &file, "")["properties"]["cm:lockOwner"]["id"].clone();
    let delete = |id: &str| assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), BOB).status, 204);
    let restored = |id: &str| mock.request("POST", &format!("{BASE}/deleted-nodes/{id}/restore"), BOB, &[], None);
    let first = check_out();
    delete(&first);
    assert_eq!(lock_owner(), Value::Null);
    entry_of(&restored(&first), 200);
    assert_eq!(lock_owner(), json!("bob"));
    assert_eq!(rename(&mock, ALICE, &file), 409);
    let again =
        format!("Checkout failed for nodeId workspace://SpacesStore/{file} due to This node is already checked out.");
    assert_refused("again", &bare(&mock, BOB, &file, "check-out"), 409, &again);

    // With another working copy meanwhile it finds its name taken, and both are there when it does not.
    delete(&first);
    let second = check_out();
    let taken = restored(&first);
    assert_eq!(taken.status, 409, "{}", taken.text());
    assert_eq!(rename(&mock, BOB, &second), 200);
    entry_of(&restored(&first), 200);
    assert_eq!(lock_owner(), json!("bob"));
    for copy in [&second, &first] {
        let back = entry_of(&bare(&mock, BOB, copy, "cancel-check-out"), 200);
        assert_eq!((&back["id"], &back["properties"]["cm:lockOwner"]), (&json!(file), &Value::Null));
    }
    assert_eq!(mock.names(ALICE, &folder, ""), ["a.txt"]);
    assert_eq!(rename(&mock, ALICE, &file), 200);
}

#[test]
fn a_working_copy_without_its_original_stays_what_it_is() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let copy = id_of(&entry_of(&bare(&mock, BOB, &file, "check-out"), 200));
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{copy}"), BOB).status, 204);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{file}?permanent=true"), ALICE).status, 204);
    let restored = mock.request("POST", &format!("{BASE}/deleted-nodes/{copy}/restore"), BOB, &[], None);
    entry_of(&restored, 200);
    let text = "The original node can not be found. Perhaps the copy has been corrupted or the original has been deleted \
        or moved.";
    assert_refused("cancelled", &bare(&mock, BOB, &copy, "cancel-check-out"), 409, text);
    assert_refused("checked in", &mock.put_content(BOB, &copy, "", b"other"), 409, text);
    assert_eq!(mock.names(BOB, &folder, ""), ["a (Working Copy).txt"]);
    assert_eq!(mock.content(BOB, &copy), b"text");
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{copy}?permanent=true"), BOB).status, 204);
}

#[test]
fn check_outs_that_are_refused() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    for operation in ["check-out", "cancel-check-out"] {
        let text = format!("Node of type cm:content or a subtype is expected: {folder}");
        assert_refused(operation, &bare(&mock, ALICE, &folder, operation), 400, &text);
        assert_not_found(operation, &bare(&mock, ALICE, "none", operation), "none");
    }
    let special = "Current user doesn't have permission to checkout node -root-";
    assert_refused("special", &bare(&mock, ADMIN, "-root-", "check-out"), 403, special);
    let special = "Current user doesn't have permission to cancel checkout for node -root-";
    assert_refused("special", &bare(&mock, ADMIN, "-root-", "cancel-check-out"), 403, special);
    assert_denied("no right to write", &bare(&mock, BOB, &node_id("Reports/empty.txt"), "check-out"));
    entry_of(&post(&mock, ALICE, &file, "lock", &json!({})), 200);
    let text = format!("Cannot perform operation since the node (id:{file}) is locked.");
    assert_refused_below("locked", &bare(&mock, BOB, &file, "check-out"), 409, &text);
}

#[test]
fn a_working_copy_needs_a_name_and_is_checked_in_by_its_owner_alone() {
    let mock = TestMock::start();
    let (folder, file) = shared_file(&mock);
    let usurper = mock.upload(BOB, &folder, "a (Working Copy).txt", b"in the way");
    let text = "Duplicate child name not allowed: a (Working Copy).txt";
    assert_refused("the name", &bare(&mock, ALICE, &file, "check-out"), 409, text);
    assert_eq!(mock.node_entry(ALICE, &file, "?include=isLocked")["isLocked"], json!(false), "nothing has happened");
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{usurper}?permanent=true"), BOB).status, 204);

    let copy = id_of(&entry_of(&bare(&mock, ALICE, &file, "check-out"), 200));
    let why = "This user is not the owner of the working copy and cannot check it in.";
    let text = format!("Could not checkin the nodeId workspace://SpacesStore/{copy} because {why}");
    for id in [&file, &copy] {
        assert_refused("somebody else's", &mock.put_content(BOB, id, "", b"his"), 409, &text);
    }
    assert_eq!(mock.content(BOB, &file), b"text");
    let checked_in = entry_of(&mock.put_content(ALICE, &file, "", b"hers"), 200);
    assert_eq!((checked_in["id"].as_str(), mock.content(BOB, &file)), (Some(file.as_str()), b"hers".to_vec()));
    assert_not_found("the copy", &mock.get(&format!("{BASE}/nodes/{copy}"), ALICE), &copy);
}
