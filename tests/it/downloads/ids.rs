//! Ids of nodes, in bodies and in paths (wire reference, downloads, section 2.4).

use std::time::Duration;

use super::{CANCELLED_HEAD, entry, file, not_found};
use crate::support::{
    ADMIN, ALICE, BASE, OwnFixtures, Summary, TestMock, error_body, json_head, node_id, path_id, resource_error_head,
};

#[test]
fn ids_that_are_accepted() {
    let mock = OwnFixtures::start(
        &[("a.txt", "a"), ("folder/b.txt", "b")],
        r#"{"nodes":[
            {"path":"Sites/site","nodeType":"st:site"},
            {"path":"missing.txt","sizeInBytes":5,"missing":true},
            {"path":"neither","nodeType":"cm:cmobject"}
        ]}"#,
    );
    let node = path_id("a.txt");
    let finished = mock.finished_download(ADMIN, &[&node]);
    mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(3600));
    let pending = mock.create_download(ADMIN, &[&node]);
    for (row, id) in [
        ("a file", node.clone()),
        ("a label behind it", format!("{node};1.0")),
        ("any label", format!("{node};nonsense;pwc")),
        ("an empty label", format!("{node};")),
        ("a folder", path_id("folder")),
        ("a site", path_id("Sites/site")),
        ("Company Home", node_id("/")),
        ("a finished download", finished.clone()),
        ("a finished download with a label", format!("{finished};1.0")),
        ("a node without content", path_id("neither")),
        ("a node without content, a download", pending),
        ("a node whose content is missing", path_id("missing.txt")),
    ] {
        let response = mock.post_download(ADMIN, &format!(r#"{{"nodeIds":["{id}"]}}"#));
        assert_eq!(response.status, 202, "{row}: {}", response.text());
    }
}

#[test]
fn a_label_means_the_live_node() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&format!("{};1.0", file(1))]);
    mock.get_download(ALICE, &id).expect("getDownload", &json_head(200), &entry(&id, 1, 13, 13, 1, "DONE"));
    let node = mock.get(&format!("{BASE}/nodes/{id}"), ALICE).json();
    assert_eq!(node["entry"]["name"], "docTest1.txt.zip");
}

#[test]
fn a_file_beside_its_own_folder_is_downloaded_twice() {
    let mock = TestMock::start();
    let nested = node_id("/TestDownloads/folder1/docTest3.txt");
    let id = mock.finished_download(ALICE, &[&node_id("/TestDownloads/folder1"), &nested]);
    mock.get_download(ALICE, &id).expect("getDownload", &json_head(200), &entry(&id, 3, 39, 39, 3, "DONE"));
}

#[test]
fn ids_that_are_no_nodes() {
    let mock = TestMock::start();
    let node = file(1);
    let trashed = node_id("/TestDownloads/docTest2.txt");
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{trashed}"), ADMIN).status, 204);
    for (row, id, echoed) in [
        ("the working copy", format!("{node};pwc"), node.clone()),
        ("-root-", "-root-".to_owned(), "-root-".to_owned()),
        ("-my-", "-my-".to_owned(), "-my-".to_owned()),
        ("-shared-", "-shared-".to_owned(), "-shared-".to_owned()),
        ("a node ref", format!("workspace://SpacesStore/{node}"), format!("workspace://SpacesStore/{node}")),
        ("in the trashcan", trashed.clone(), trashed),
        ("a space before it", format!(" {node}"), format!(" {node}")),
        ("a space behind it", format!("{node} "), format!("{node} ")),
        ("a space", " ".to_owned(), " ".to_owned()),
        ("half of one", node[..18].to_owned(), node[..18].to_owned()),
        ("nonsense", "a\u{e4}\\\"b".to_owned(), "a\u{e4}\\\"b".to_owned()),
    ] {
        let body = serde_json::json!({ "nodeIds": [id] }).to_string();
        mock.post_download(ADMIN, &body).expect(row, &resource_error_head(404), &not_found(&echoed));
    }
}

#[test]
fn a_node_under_two_labels_makes_the_server_stumble() {
    let mock = TestMock::start();
    mock.expect_500();
    let expected = error_body(500, Some("framework.exception.ApiDefault"), Summary::Absent);
    let id = file(1);
    for node_ids in [format!(r#""{id}","{id};1.0""#), format!(r#""{id};1.0","{id};1.1""#)] {
        let response = mock.post_download(ALICE, &format!(r#"{{"nodeIds":[{node_ids}]}}"#));
        response.expect(&node_ids, &resource_error_head(500), &expected);
    }
}

#[test]
fn the_same_holds_for_ids_in_the_path() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&file(1)]);
    let done = entry(&id, 1, 13, 13, 1, "DONE");
    for label in [";1.0", ";anything", ";"] {
        let labelled = format!("{id}{label}");
        mock.get_download(ALICE, &labelled).expect(label, &json_head(200), &done);
        mock.cancel_download(ALICE, &labelled).expect(label, CANCELLED_HEAD, "");
    }
    for (path, echoed) in [
        (format!("{id};pwc"), id.as_str()),
        (format!("{id}%3Bpwc"), &id),
        ("-root-".to_owned(), "-root-"),
        ("-my-".to_owned(), "-my-"),
        ("-shared-".to_owned(), "-shared-"),
        (format!("%20{id}"), &format!(" {id}")),
        ("nosuch".to_owned(), "nosuch"),
    ] {
        for response in [mock.get_download(ALICE, &path), mock.cancel_download(ALICE, &path)] {
            response.expect(&path, &resource_error_head(404), &not_found(echoed));
        }
    }
}
