//! Other people's readers: Python's zipfile, Info-ZIP's unzip and Java's `ZipInputStream` find in our archives what is in
//! them; and the README's examples for curl and Python work. They must be installed, so `cargo test` leaves these out;
//! `tests/readers/run` installs them and runs this.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]

mod day;
#[path = "../it/support.rs"]
#[allow(dead_code, unused_imports, reason = "these tests need a part of what the others need")]
mod support;

use std::{
    fmt::Write as _,
    fs,
    io::Write as _,
    path::Path,
    process::{Command, Output},
};

use crc32fast::Hasher;
use tempfile::NamedTempFile;

use crate::support::{
    ADMIN, BASE, OwnFixtures, TestMock, archive, archive::Directory, node_id, path_id, process::text, readme,
};

/// Runs another program, which these tests are about.
#[track_caller]
fn run_tool(command: &mut Command, package: &str) -> Output {
    command.output().unwrap_or_else(|error| {
        let name = command.get_program().display();
        panic!("these tests need `{name}`, which did not start ({error}): install it with `apt-get install {package}`")
    })
}

fn reader(file: &str) -> String {
    format!("{}/tests/readers/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// What a reader prints, which must succeed.
#[track_caller]
fn output_of(command: &mut Command, package: &str) -> String {
    let output = run_tool(command.env("LC_ALL", "C.UTF-8"), package);
    assert!(output.status.success(), "{command:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout).to_owned()
}

fn read_by_python(zip: &Path) -> String {
    output_of(Command::new("python3").arg(reader("check_zip.py")).arg(zip), "python3")
}

fn read_by_java(zip: &Path) -> String {
    output_of(Command::new("java").arg(reader("CheckZip.java")).arg(zip), "default-jdk-headless")
}

fn listed_by_unzip(zip: &Path) -> String {
    output_of(Command::new("unzip").arg("-Z1").arg(zip), "unzip")
}

fn tested_by_unzip(zip: &Path) {
    output_of(Command::new("unzip").arg("-tqq").arg(zip), "unzip");
}

fn in_a_file(zip: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(zip).unwrap();
    file
}

#[test]
fn python_unzip_and_java_read_the_same() {
    let text = "All work and no play makes Jack a dull boy.\n".repeat(5000);
    let files = [
        ("f/one byte", "1"),
        ("f/empty.txt", ""),
        ("f/text.txt", text.as_str()),
        ("f/文档/年度报告 2026.txt", "报告"),
        ("f/naïve/e\u{301}.txt", "combined"),
        ("f/emoji 😀.txt", "😀"),
        ("f/empty folder/", ""),
    ];
    // Larger than a block, and both kinds of content: what deflates well, and what does not at all.
    let json = r#"{"nodes": [{"path": "f/random.bin", "sizeInBytes": 1500001, "compressibility": 1}, {"path": "f/easy.bin", "sizeInBytes": 2500001, "compressibility": 50},
            {"path": "g", "nodeType": "cm:folder", "secondaryChildren": ["f/one byte"]}]}"#;
    let mock = OwnFixtures::start(&files, json);
    let id = mock.finished_download(ADMIN, &[&path_id("f"), &path_id("f/one byte"), &path_id("g")]);
    let zip = mock.content(ADMIN, &id);
    let entries = archive::parse(&zip);
    let mut expected = String::new();
    let mut names = String::new();
    for entry in &entries {
        writeln!(expected, "{} {} {:08x}", entry.name, entry.content.len(), entry.crc).unwrap();
        writeln!(names, "{}", entry.name).unwrap();
    }
    assert_eq!(entries.len(), 15);
    let content_of = |name: &str| &entries.iter().find(|entry| entry.name == name).expect("an entry").content;
    for (path, content) in files.iter().filter(|(path, _)| !path.ends_with('/')) {
        assert_eq!(content_of(path), content.as_bytes(), "{path}");
    }
    for name in ["f/random.bin", "f/easy.bin"] {
        assert_eq!(content_of(name), &mock.content(ADMIN, &path_id(name)), "{name}");
    }
    let file = in_a_file(&zip);
    assert_eq!(read_by_python(file.path()), expected, "Python's zipfile");
    assert_eq!(read_by_java(file.path()), expected, "Java's ZipInputStream");
    assert_eq!(listed_by_unzip(file.path()), names, "unzip");
    tested_by_unzip(file.path());
}

/// A line per entry of the directory, as the readers print it.
fn listed(directory: &Directory) -> String {
    directory.entries.iter().fold(String::new(), |mut lines, entry| {
        writeln!(lines, "{} {} {:08x}", entry.name, entry.size, entry.crc).unwrap();
        lines
    })
}

#[test]
fn they_find_the_built_in_files() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let paths = ["Reports/2026/Q1 results.txt", "文档/年度报告 2026.txt"];
    let line = |path: &str| {
        let bytes = fs::read(fixtures.join(path)).unwrap();
        let mut crc = Hasher::new();
        crc.update(&bytes);
        format!("{} {} {:08x}\n", path.rsplit('/').next().unwrap(), bytes.len(), crc.finalize())
    };
    let mock = TestMock::start();
    let id = mock.finished_download(ADMIN, &paths.map(node_id).each_ref().map(String::as_str));
    let expected = paths.map(line).concat();
    let file = in_a_file(&mock.content(ADMIN, &id));
    assert_eq!(read_by_python(file.path()), expected, "Python's zipfile");
    assert_eq!(read_by_java(file.path()), expected, "Java's ZipInputStream");
    tested_by_unzip(file.path());
}

#[test]
fn they_read_seventy_thousand_entries() {
    let nodes: Vec<_> =
        (0..70_000).map(|number| format!(r#"{{"path":"many/{number:05}","sizeInBytes":{}}}"#, number % 10)).collect();
    let mock = OwnFixtures::start(&[], &format!(r#"{{"nodes":[{}]}}"#, nodes.join(",")));
    let id = mock.create_download(ADMIN, &[&path_id("many")]);
    mock.ended(&id);
    let zip = mock.content(ADMIN, &id);
    let directory = Directory::read(zip.len() as u64, |offset, len| {
        let offset = usize::try_from(offset).unwrap();
        zip[offset..offset + len].to_vec()
    });
    let lines = listed(&directory);
    assert_eq!(lines.lines().count(), 70_001);
    let file = in_a_file(&zip);
    assert!(read_by_python(file.path()) == lines, "Python's zipfile");
    assert!(read_by_java(file.path()) == lines, "Java's ZipInputStream");
    tested_by_unzip(file.path());
}

#[test]
fn python_lists_six_gigabytes_through_ranges() {
    let json = r#"{"nodes": [{"path": "f/large.bin", "sizeInBytes": 6000000000, "compressibility": 1, "seed": 2},
        {"path": "f/small.txt", "sizeInBytes": 2000, "seed": 3}]}"#;
    let mock = OwnFixtures::start(&[], json);
    mock.change_downloads(|settings| settings.max_content_size = None);
    let id = mock.create_download(ADMIN, &[&path_id("f")]);
    mock.wait_until_done(&id);
    let url = format!("{}{BASE}/nodes/{id}/content", mock.url());
    let mut python = Command::new("python3");
    python.args([&reader("check_zip.py"), "--list", &url, "admin:admin"]).env("no_proxy", "*");
    let listed = output_of(&mut python, "python3");
    let rows: Vec<_> = listed.lines().map(|line| line.rsplit_once(' ').unwrap().0).collect();
    assert_eq!(rows, ["f/ 0", "f/large.bin 6000000000", "f/small.txt 2000"]);
}

/// Runs an example of the README against a mock of its own, in a folder of its own; what it leaves there as
/// `reports.zip` must hold what the folder Reports does.
fn run_example(language: &str, program: &str, package: &str) {
    let example = readme::examples(&readme::section("Make a download"), language).concat();
    let mock = TestMock::start();
    let folder = tempfile::tempdir().unwrap();
    let example = example.replace("http://127.0.0.1:8080", mock.url());
    assert!(example.contains(mock.url()), "the example asks another server");
    let mut command = Command::new(program);
    output_of(command.args(["-c", &example]).current_dir(folder.path()).env("no_proxy", "*"), package);
    let names = listed_by_unzip(&folder.path().join("reports.zip"));
    let expected = ["Reports/", "Reports/2026/Q1 results.txt", "Reports/empty.txt", "Reports/Board pack/summary.pdf"];
    for name in expected {
        assert!(names.lines().any(|line| line == name), "{name} is not among {names}");
    }
}

#[test]
fn the_example_for_curl_works() {
    run_example("sh", "sh", "curl");
}

#[test]
fn the_example_for_python_works() {
    run_example("python", "python3", "python3");
}
