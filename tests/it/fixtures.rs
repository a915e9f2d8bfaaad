//! Where nodes come from: built in, a folder, or a zip of it; all three give the same.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::NamedTempFile;
use zip::{ZipWriter, write::SimpleFileOptions};

use crate::support::{
    ADMIN, BASE, TestMock, archive, fixtures_folder, path_id,
    process::{run, text},
};

fn built_in() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The paths below `folder`, folders before what is in them, in the order of names.
fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let mut paths = Vec::new();
    for path in names {
        paths.push(path.clone());
        if path.is_dir() {
            paths.extend(self::paths(&path));
        }
    }
    paths
}

/// A zip of what is in `folder`, below a folder of that name in the zip.
fn zipped(folder: &Path, prefix: &str) -> NamedTempFile {
    let file = tempfile::Builder::new().suffix(".zip").tempfile().unwrap();
    let mut zip = ZipWriter::new(file.reopen().unwrap());
    for path in paths(folder) {
        let name = format!("{prefix}{}", path.strip_prefix(folder).unwrap().to_str().unwrap());
        if path.is_dir() {
            zip.add_directory(name, SimpleFileOptions::default()).unwrap();
        } else {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(&fs::read(&path).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
    file
}

fn mock_of(fixtures: &Path) -> TestMock {
    TestMock::with_fixtures(fixtures)
}

/// Everything that a client sees of these nodes, save the dates: a zip keeps those of files in steps of two seconds.
fn seen(mock: &TestMock, paths: &[String]) -> Vec<(String, String, Option<Vec<u8>>)> {
    let by_path = |path: &String| {
        let path = path.replace('%', "%25").replace(' ', "%20").replace('+', "%2B");
        let query = "include=path,permissions,isLocked,allowableOperations";
        let response = mock.get(&format!("{BASE}/nodes/-root-?relativePath={}&{query}", percent_encoded(&path)), ADMIN);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let mut node = response.json()["entry"].take();
        for date in ["createdAt", "modifiedAt"] {
            node[date] = Value::Null;
        }
        let is_file = node["isFile"] == Value::Bool(true);
        let is_small = node["content"]["sizeInBytes"].as_u64().is_some_and(|size| size < 1 << 20);
        let id = node["id"].as_str().unwrap();
        let response = (is_file && is_small).then(|| mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN));
        (path.clone(), node.to_string(), response.map(|response| response.body))
    };
    paths.iter().map(by_path).collect()
}

fn percent_encoded(path: &str) -> String {
    path.bytes()
        .map(|byte| if byte.is_ascii() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect()
}

/// The paths of all nodes of the built-in fixtures: those in the folder, and those that fixtures.json adds.
fn built_in_paths() -> Vec<String> {
    let folder = built_in();
    let below = |path: PathBuf| path.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
    let mut all: Vec<_> = paths(&folder).into_iter().map(below).filter(|path| !path.starts_with("fixtures.")).collect();
    let json: Value = serde_json::from_slice(&fs::read(folder.join("fixtures.json")).unwrap()).unwrap();
    all.extend(json["nodes"].as_array().unwrap().iter().map(|node| node["path"].as_str().unwrap().to_owned()));
    all.sort();
    all.dedup();
    all
}

#[test]
fn built_in_folder_and_zip_are_the_same() {
    let paths = built_in_paths();
    assert!(paths.len() > 20, "{paths:?}");
    let (zip, nested) = (zipped(&built_in(), ""), zipped(&built_in(), "fixtures/"));
    let in_the_program = TestMock::start();
    let expected = seen(&in_the_program, &paths);
    for (row, fixtures) in [
        ("the folder", built_in()),
        ("a zip of it", zip.path().to_owned()),
        ("a zip with it", nested.path().to_owned()),
    ] {
        let mock = mock_of(&fixtures);
        assert_eq!(mock.nodes(), in_the_program.nodes(), "{row}");
        for (expected, seen) in expected.iter().zip(seen(&mock, &paths)) {
            assert_eq!(&seen, expected, "{row}");
        }
    }
}

/// What a walk shows, that single nodes do not: the order of children.
#[test]
fn children_have_the_same_order_wherever_they_come_from() {
    let zip = zipped(&built_in(), "");
    let entries = |mock: &TestMock| {
        let folders = ["Reports", "TestDownloads", "Contracts"];
        let id_of = |path: &str| crate::support::node_id(path);
        let ids: Vec<_> = folders.iter().map(|path| id_of(path)).collect();
        let id = mock.finished_download(ADMIN, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        let entries = archive::parse(&mock.content(ADMIN, &id));
        entries.into_iter().map(|entry| (entry.name, entry.crc)).collect::<Vec<_>>()
    };
    let expected = entries(&TestMock::start());
    assert!(expected.len() > 10);
    for fixtures in [built_in(), zip.path().to_owned()] {
        assert_eq!(entries(&mock_of(&fixtures)), expected, "{}", fixtures.display());
    }
}

#[test]
fn ids_do_not_change_from_start_to_start() {
    let folder = fixtures_folder(&[("a/b.txt", "b"), ("文.txt", "c")], "");
    for seed in [None, Some(1), Some(2)] {
        let mock = TestMock::with(|config| {
            config.seed = seed;
            config.fixtures = Some(folder.path().to_owned());
        });
        for path in ["a", "a/b.txt", "文.txt"] {
            let response = mock.get(&format!("{BASE}/nodes/-root-?relativePath={}", percent_encoded(path)), ADMIN);
            assert_eq!(response.json()["entry"]["id"], Value::from(path_id(path)), "{path} with {seed:?}");
        }
    }
}

#[test]
fn a_seed_repeats_what_is_made_while_running() {
    let ids = |seed| {
        let mock = TestMock::with(|config| config.seed = seed);
        let node = crate::support::node_id("TestDownloads/docTest1.txt");
        (mock.create_download(ADMIN, &[&node]), mock.log_in("alice", "alice"))
    };
    assert_eq!(ids(Some(1)), ids(Some(1)));
    assert_ne!(ids(Some(1)), ids(Some(2)));
    assert_ne!(ids(None), ids(None));
}

#[test]
fn a_mock_without_files_has_what_every_repository_has() {
    let mock = TestMock::with_fixtures(fixtures_folder(&[], "").path());
    for name in
        ["Data%20Dictionary", "Guest%20Home", "User%20Homes", "Shared", "Imap%20Attachments", "IMAP%20Home", "Sites"]
    {
        let response = mock.get(&format!("{BASE}/nodes/-root-?relativePath={name}"), ADMIN);
        assert_eq!(response.status, 200, "{name}");
    }
}

#[test]
fn the_built_in_fixtures_have_no_mistakes() {
    let zip = zipped(&built_in(), "");
    for path in [built_in(), zip.path().to_owned()] {
        let output = run(&["check", path.to_str().unwrap()]);
        assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    }
}

#[test]
fn the_schema_accepts_the_built_in_fixtures() {
    let read = |name| serde_json::from_slice::<Value>(&fs::read(built_in().join(name)).unwrap()).unwrap();
    let schema = jsonschema::validator_for(&read("fixtures.schema.json")).expect("a schema");
    let fixtures = read("fixtures.json");
    let mistakes: Vec<_> = schema.iter_errors(&fixtures).map(|error| error.to_string()).collect();
    assert!(mistakes.is_empty(), "{mistakes:?}");
}
