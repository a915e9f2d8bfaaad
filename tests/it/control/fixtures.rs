//! Fixtures that are loaded while it runs: all of an archive or, when anything is wrong, nothing.

use std::io::{Cursor, Read as _, Write as _};

use alfresco_downloads_mock::{Condition, FixturesView, JobMatch, Point, Status};
use serde_json::{Value, json};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

use super::{PATIENCE, faults::read_to_end, mock};
use crate::support::{ADMIN, Auth, BASE, Response, TestMock, node_id, path_id, process::Server};

/// What every Alfresco has, and the home of carol.
const NODES_OF_AN_EMPTY_ONE: u64 = 9;

/// A zip of these files.
fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    zip_by(CompressionMethod::Deflated, files)
}

fn zip_by(method: CompressionMethod, files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        zip.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        zip.write_all(content).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

/// A file, and somebody who may see it.
fn good() -> Vec<u8> {
    zip(&[
        ("new/one.txt", b"one"),
        (
            "fixtures.json",
            br#"{"people": [{"id": "carol", "password": "secret"}], "nodes": [{"path": "new", "owner": "carol"}]}"#,
        ),
    ])
}

fn put(mock: &TestMock, query: &str, archive: &[u8]) -> Response {
    mock.request("PUT", &format!("/__admin/fixtures{query}"), Auth::None, &[], Some(archive))
}

/// The status of a node by its path, in a network.
fn status_of(mock: &TestMock, network: &str, path: &str) -> u16 {
    let path = format!("{}/nodes/{}", BASE.replace("-default-", network), path_id(path));
    mock.get(&path, ADMIN).status
}

#[test]
fn they_replace_all_that_there_was() {
    let mock = TestMock::start();
    mock.control().network("other").unwrap();
    let response = put(&mock, "", &good());
    assert_eq!(response.status, 200, "{}", response.text());
    assert_eq!(
        response.json(),
        json!({ "nodes": NODES_OF_AN_EMPTY_ONE + 2, "people": 3 }),
        "admin and guest are always there"
    );
    assert_eq!(mock.control().network_names(), ["-default-"]);
    for network in ["-default-", "other"] {
        assert_eq!(status_of(&mock, network, "new/one.txt"), 200, "{network}");
        let old = format!("{}/nodes/{}", BASE.replace("-default-", network), node_id("TestDownloads/docTest1.txt"));
        assert_eq!(mock.get(&old, ADMIN).status, 404, "{network}");
    }
    let id = mock.finished_download(Auth::Basic("carol", "secret"), &[&path_id("new")]);
    assert!(!mock.content(Auth::Basic("carol", "secret"), &id).is_empty());
    let over_http = || {
        mock.admin_json("POST", "/reset", "", 204);
    };
    let resets: [&dyn Fn(); 3] = [&|| mock.control().reset(), &|| mock.control().reset_all(), &over_http];
    for reset in resets {
        assert_eq!(mock.delete(&format!("{BASE}/nodes/{}", path_id("new/one.txt")), ADMIN).status, 204);
        reset();
        assert_eq!(status_of(&mock, "-default-", "new/one.txt"), 200, "a reset leads back to them");
        assert_eq!(mock.control().downloads(), []);
    }
}

#[test]
fn one_network_may_have_its_own() {
    let mock = TestMock::start();
    let of = |network: &str| {
        let path = format!("{}/nodes/-root-?relativePath=TestDownloads", BASE.replace("-default-", network));
        (mock.get(&path, ADMIN).status, status_of(&mock, network, "new"))
    };
    assert_eq!(of("one"), (200, 404));
    assert_eq!(put(&mock, "?network=ONE", &good()).status, 200);
    assert_eq!([of("one"), of("two"), of("-default-")], [(404, 200), (200, 404), (200, 404)]);
    mock.control().network("one").unwrap().reset();
    assert_eq!(of("one"), (404, 200));
    // Whatever is loaded for all does away with it, as it does with all networks.
    assert_eq!(put(&mock, "", &zip(&[("third.txt", b"3")])).status, 200);
    assert_eq!([of("one"), of("two")], [(404, 404), (404, 404)]);
    // A network that is dropped springs up as all others do.
    assert_eq!(put(&mock, "?network=one", &good()).status, 200);
    mock.admin_json("DELETE", "/networks/one", "", 204);
    assert_eq!((of("one"), status_of(&mock, "one", "third.txt")), ((404, 404), 200));
    // That of the default network outlives the others.
    assert_eq!(put(&mock, "?network=-default-", &good()).status, 200);
    mock.control().reset_all();
    assert_eq!((of("-default-"), of("two")), ((404, 200), (404, 404)));
}

#[test]
fn it_is_the_same_in_rust() {
    let mock = TestMock::start();
    let one = mock.control().network("one").unwrap();
    let view = FixturesView { nodes: NODES_OF_AN_EMPTY_ONE + 2, people: 3 };
    assert_eq!(one.load_fixtures(good()), Ok(view));
    assert_eq!([status_of(&mock, "one", "new"), status_of(&mock, "-default-", "new")], [200, 404]);
    assert_eq!(mock.control().load_fixtures_everywhere(good()), Ok(view));
    assert_eq!([status_of(&mock, "two", "new"), status_of(&mock, "-default-", "new")], [200, 200]);
    let mistake = one.load_fixtures("no zip").unwrap_err().to_string();
    assert!(mistake.starts_with("archive: expected a zip of a folder: "), "{mistake}");
}

#[test]
fn what_is_wrong_changes_nothing() {
    let mock = mock();
    let control = mock.control();
    let _gate = control.hold(Point::Pending, JobMatch::every()).unwrap();
    let held = mock.ask_for(&["small.txt"]);
    mock.held(&held);
    let mut cut = good();
    cut.truncate(cut.len() - 30);
    let undeclared = br#"{"nodes": [
        {"path": "there.txt"},
        {"path": "nowhere.txt"}
    ]}"#;
    let undeclared = zip(&[("f/fixtures.json", undeclared), ("f/there.txt", b"there")]);
    let outside = zip(&[("../evil.txt", b"evil"), ("a:b.txt", b"colon")]);
    let not_json = zip(&[("fixtures.json", b"{\n oops")]);
    for (row, archive, mistakes) in [
        ("empty", vec![], vec!["archive: expected a zip of a folder: "]),
        ("no zip", b"no zip".to_vec(), vec!["archive: expected a zip of a folder: "]),
        ("cut off", cut, vec!["archive: expected a zip of a folder: "]),
        (
            "undeclared",
            undeclared,
            vec![r#"archive/f/fixtures.json:3: node "nowhere.txt": no such file, and no "sizeInBytes" to declare one"#],
        ),
        (
            "names",
            outside,
            vec![
                r#"archive: zip entry "../evil.txt": the name leads out of the zip"#,
                r#"archive: zip entry "a:b.txt": "#,
            ],
        ),
        ("not JSON", not_json, vec!["archive/fixtures.json:2: "]),
    ] {
        for query in ["", "?network=-default-", "?network=other"] {
            let refused = put(&mock, query, &archive);
            assert_eq!(refused.status, 400, "{row}: {}", refused.text());
            assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
            let problem = refused.json();
            assert_eq!(problem["detail"], "the fixtures cannot be used; nothing was changed");
            let errors: Vec<_> = problem["errors"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
            assert_eq!(errors.len(), mistakes.len(), "{row}: {errors:?}");
            for (error, mistake) in errors.iter().zip(&mistakes) {
                assert!(error.starts_with(mistake), "{row}: {error}");
            }
        }
    }
    assert!(control.download(&held).unwrap().is_held, "a job that waits does not hear of it");
    control.reset();
    assert_eq!(status_of(&mock, "-default-", "small.txt"), 200);
}

#[test]
fn what_works_with_the_old_ones_ends_well() {
    let mock = mock();
    let done = mock.ask_for(&["large.bin"]);
    mock.wait_until_done(&done);
    let archive = mock.content(ADMIN, &done);
    let _gate = mock.control().hold(Point::AtBytes(1_000_000), JobMatch::every()).unwrap();
    let held = mock.ask_for(&["large.bin"]);
    mock.held(&held);
    let mut under_way = mock.ask_with(&format!("{BASE}/nodes/{done}/content"), "Connection: close\r\n");
    under_way.read_exact(&mut [0; 12]).unwrap();
    let control = mock.control();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| control.wait_blocking(Some(&held), Condition::ended(), PATIENCE));
        assert_eq!(put(&mock, "", &good()).status, 200);
        let error = waiting.join().unwrap().unwrap_err().to_string();
        assert!(["the network has ended", "there is no download of that id"].contains(&error.as_str()), "{error}");
    });
    assert_eq!(mock.poll(&held).status, 404);
    assert!(read_to_end(under_way).bytes.ends_with(&archive), "a body that was under way is sent to its end");
    let id = mock.ask_for(&["new"]);
    assert_eq!(mock.at_the_end(&id).status, Status::Done);
}

#[test]
fn an_archive_may_be_large_and_has_a_limit() {
    let bytes: Vec<u8> = (0..2_900_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let archive = zip_by(CompressionMethod::Stored, &[("bytes.bin", &bytes)]);
    assert!(archive.len() > 1 << 20, "it goes to the temporary folder");
    let mock = TestMock::with(|config| {
        config.limits.fixtures_max_size = 3_000_000;
        config.limits.max_upload_size = 3_000_000;
    });
    assert_eq!(put(&mock, "", &archive).status, 200);
    assert!(mock.content(ADMIN, &path_id("bytes.bin")) == bytes);
    let unfolded = put(&mock, "", &zip(&[("zeros.bin", &vec![0; 3_000_001])]));
    assert_eq!(unfolded.status, 400);
    assert!(unfolded.text().contains("--fixtures-max-size"), "{}", unfolded.text());
    let folded = put(&mock, "", &vec![b'x'; 3_000_001]);
    assert_eq!(folded.status, 413, "{}", folded.text());
    assert_eq!(status_of(&mock, "-default-", "bytes.bin"), 200);
}

#[test]
fn networks_that_cannot_be_are_refused_first() {
    let server = Server::start(&["--networks", "strict"]);
    let status = |query: &str| {
        let path = format!("/__admin/fixtures{query}");
        server.request("PUT", &path, Auth::None, &[], Some(&good())).status
    };
    assert_eq!([status("?network=unknown"), status("?network=a%20b"), status("?network=-default-")], [404, 400, 200]);
}
