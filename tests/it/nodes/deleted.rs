//! `DELETE /nodes/{id}` (nodes, section 10.3).

use serde_json::json;

use super::{assert_refused, delete, entry, get, not_found, permission_denied};
use crate::support::{
    ADMIN, ALICE, Auth, BOB, OwnFixtures, json_head, literal_error_body, path_id, resource_error_head,
};

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
