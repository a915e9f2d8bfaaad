//! The zip: what is in it, in which order, byte by byte, and whether other people's readers agree (wire reference,
//! downloads, section 4).

use std::{
    fmt::Write as _,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::Path,
    process::Command,
};

use alfresco_downloads_mock::{Progress, Status};
use crc32fast::Hasher;
use flate2::{Decompress, FlushDecompress, Status as Inflated};
use serde_json::json;
use tempfile::{NamedTempFile, TempDir};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, TestMock, archive,
    archive::Directory,
    fixtures_folder, node_id, path_id,
    process::{Server, text},
    run_tool,
};

/// Alice and Bob, for fixtures of one's own.
const PEOPLE: &str = r#""people": [{"id": "alice"}, {"id": "bob"}]"#;

fn fixtures_json(nodes: &str) -> String {
    format!("{{{PEOPLE}, \"nodes\": [{nodes}]}}")
}

// 4.1 The walk

/// A rule of the walk: of these nodes, whoever asks for those gets these entries.
struct Walk {
    rule: &'static str,
    nodes: &'static str,
    asker: Auth<'static>,
    requested: &'static [&'static str],
    entries: &'static [&'static str],
}

impl Walk {
    #[track_caller]
    fn check(&self) {
        let Self { rule, nodes, asker, requested, entries } = self;
        let mock = OwnFixtures::start(&[], &fixtures_json(nodes));
        let ids: Vec<_> = requested.iter().map(|path| path_id(path)).collect();
        let id = mock.create_download(*asker, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        let progress = mock.wait_until_done(&id);
        assert_eq!(archive::names(&mock.content(*asker, &id)), *entries, "{rule}");
        let files = entries.iter().filter(|name| !name.ends_with('/')).count() as u64;
        assert_eq!((progress.files_added, progress.total_files), (files, files), "{rule}: only files are counted");
    }
}

const WALKS: &[Walk] = &[
    Walk {
        rule: "requested nodes come in the order of nodeIds",
        nodes: r#"{"path": "a.txt", "sizeInBytes": 1}, {"path": "b.txt", "sizeInBytes": 2}, {"path": "c.txt", "sizeInBytes": 3}"#,
        asker: ADMIN,
        requested: &["b.txt", "c.txt", "a.txt"],
        entries: &["b.txt", "c.txt", "a.txt"],
    },
    Walk {
        rule: "more than ten requested nodes keep their order",
        nodes: r#"{"path": "f/l", "sizeInBytes": 1}, {"path": "f/k", "sizeInBytes": 1}, {"path": "f/j", "sizeInBytes": 1},
            {"path": "f/i", "sizeInBytes": 1}, {"path": "f/h", "sizeInBytes": 1}, {"path": "f/g", "sizeInBytes": 1},
            {"path": "f/f", "sizeInBytes": 1}, {"path": "f/e", "sizeInBytes": 1}, {"path": "f/d", "sizeInBytes": 1},
            {"path": "f/c", "sizeInBytes": 1}, {"path": "f/b", "sizeInBytes": 1}, {"path": "f/a", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["f/c", "f/l", "f/a", "f/k", "f/b", "f/j", "f/d", "f/i", "f/e", "f/h", "f/f", "f/g"],
        entries: &["c", "l", "a", "k", "b", "j", "d", "i", "e", "h", "f", "g"],
    },
    Walk {
        rule: "what lies above a requested node never appears",
        nodes: r#"{"path": "a/b/c/d.txt", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["a/b", "a/b/c/d.txt"],
        entries: &["b/", "b/c/", "b/c/d.txt", "d.txt"],
    },
    Walk {
        rule: "depth first, a folder before its children, and those in the order of their creation",
        nodes: r#"{"path": "top/z.txt", "sizeInBytes": 1}, {"path": "top/m/2.txt", "sizeInBytes": 1},
            {"path": "top/m/deep/x.txt", "sizeInBytes": 1}, {"path": "top/m/1.txt", "sizeInBytes": 1},
            {"path": "top/a.txt", "sizeInBytes": 1}, {"path": "top/b", "nodeType": "cm:folder"},
            {"path": "top/B.txt", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["top"],
        entries: &[
            "top/",
            "top/z.txt",
            "top/m/",
            "top/m/2.txt",
            "top/m/deep/",
            "top/m/deep/x.txt",
            "top/m/1.txt",
            "top/a.txt",
            "top/b/",
            "top/B.txt",
        ],
    },
    Walk {
        rule: "empty folders are kept",
        nodes: r#"{"path": "e/f/g", "nodeType": "cm:folder"}, {"path": "e/h", "nodeType": "cm:folder"}"#,
        asker: ADMIN,
        requested: &["e", "e/h"],
        entries: &["e/", "e/f/", "e/f/g/", "e/h/", "h/"],
    },
    Walk {
        rule: "subtypes of folders and files are folders and files",
        nodes: r#"{"path": "s", "nodeType": "st:site"}, {"path": "s/documentLibrary", "nodeType": "cm:systemfolder"},
            {"path": "s/documentLibrary/q", "nodeType": "cm:savedquery", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["s"],
        entries: &["s/", "s/documentLibrary/", "s/documentLibrary/q"],
    },
    Walk {
        rule: "what is neither file nor folder is left out and not counted",
        nodes: r#"{"path": "f/a.txt", "sizeInBytes": 1}, {"path": "f/link", "nodeType": "app:filelink"},
            {"path": "f/object", "nodeType": "cm:cmobject"}, {"path": "f/b.txt", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["f", "f/link"],
        entries: &["f/", "f/a.txt", "f/b.txt"],
    },
    Walk {
        rule: "secondary children come after what was linked before",
        nodes: r#"{"path": "other/second.txt", "sizeInBytes": 1}, {"path": "other/first.txt", "sizeInBytes": 1},
            {"path": "f/z.txt", "sizeInBytes": 1}, {"path": "f/a.txt", "sizeInBytes": 1},
            {"path": "f", "nodeType": "cm:folder", "secondaryChildren": ["other/first.txt", "other/second.txt"]}"#,
        asker: ADMIN,
        requested: &["f"],
        entries: &["f/", "f/z.txt", "f/a.txt", "f/first.txt", "f/second.txt"],
    },
    Walk {
        rule: "a secondary folder brings all that is in it, under the link's parent",
        nodes: r#"{"path": "other/g/h.txt", "sizeInBytes": 1}, {"path": "f", "nodeType": "cm:folder", "secondaryChildren": ["other/g"]}"#,
        asker: ADMIN,
        requested: &["f", "other"],
        entries: &["f/", "f/g/", "f/g/h.txt", "other/", "other/g/", "other/g/h.txt"],
    },
    Walk {
        rule: "the same node by two routes is two entries",
        nodes: r#"{"path": "f/a.txt", "sizeInBytes": 1}, {"path": "g", "nodeType": "cm:folder", "secondaryChildren": ["f/a.txt"]}"#,
        asker: ADMIN,
        requested: &["f/a.txt", "f", "g"],
        entries: &["a.txt", "f/", "f/a.txt", "g/", "g/a.txt"],
    },
    Walk {
        rule: "two requested nodes of one name are two entries of one path",
        nodes: r#"{"path": "f/a.txt", "sizeInBytes": 1}, {"path": "g/a.txt", "sizeInBytes": 2}"#,
        asker: ADMIN,
        requested: &["g/a.txt", "f/a.txt"],
        entries: &["a.txt", "a.txt"],
    },
    Walk {
        rule: "hidden files and odd names go in as they are",
        nodes: r#"{"path": "f/.hidden", "sizeInBytes": 1}, {"path": "f/naïve 文 😀.txt", "sizeInBytes": 1},
            {"path": "f/a'b;c&d%e#f.txt", "sizeInBytes": 1}, {"path": "f/ leading", "sizeInBytes": 1}"#,
        asker: ADMIN,
        requested: &["f"],
        entries: &["f/", "f/.hidden", "f/naïve 文 😀.txt", "f/a'b;c&d%e#f.txt", "f/ leading"],
    },
    Walk {
        rule: "children that the owner of the download cannot read are left out, with all below them",
        nodes: r#"{"path": "f/a.txt", "sizeInBytes": 1},
            {"path": "f/private", "nodeType": "cm:folder", "createdByUser": "bob", "permissions": {"isInheritanceEnabled": false}},
            {"path": "f/private/b.txt", "sizeInBytes": 1, "createdByUser": "bob"},
            {"path": "f/secret.txt", "sizeInBytes": 1, "createdByUser": "bob", "permissions": {"isInheritanceEnabled": false}},
            {"path": "f/z.txt", "sizeInBytes": 1}"#,
        asker: ALICE,
        requested: &["f"],
        entries: &["f/", "f/a.txt", "f/z.txt"],
    },
    Walk {
        rule: "their owner reads them",
        nodes: r#"{"path": "f/private", "nodeType": "cm:folder", "createdByUser": "bob", "permissions": {"isInheritanceEnabled": false}},
            {"path": "f/private/b.txt", "sizeInBytes": 1, "createdByUser": "bob"}"#,
        asker: BOB,
        requested: &["f"],
        entries: &["f/", "f/private/", "f/private/b.txt"],
    },
    Walk {
        rule: "administrators read everything",
        nodes: r#"{"path": "f/private", "nodeType": "cm:folder", "createdByUser": "bob", "permissions": {"isInheritanceEnabled": false}},
            {"path": "f/private/b.txt", "sizeInBytes": 1, "createdByUser": "bob"}"#,
        asker: ADMIN,
        requested: &["f"],
        entries: &["f/", "f/private/", "f/private/b.txt"],
    },
    Walk {
        rule: "what was checked out by the owner of the download is left out, his working copy is not",
        nodes: CHECKED_OUT,
        asker: ALICE,
        requested: &["f"],
        entries: &["f/", "f/doc (Working Copy).txt", "f/z.txt"],
    },
    Walk {
        rule: "what was checked out by somebody else is there, the working copy is not",
        nodes: CHECKED_OUT,
        asker: BOB,
        requested: &["f"],
        entries: &["f/", "f/doc.txt", "f/z.txt"],
    },
    Walk {
        rule: "an administrator is somebody else too",
        nodes: CHECKED_OUT,
        asker: ADMIN,
        requested: &["f"],
        entries: &["f/", "f/doc.txt", "f/z.txt"],
    },
    Walk {
        rule: "what others have locked is there",
        nodes: LOCKED,
        asker: BOB,
        requested: &["f"],
        entries: &["f/", "f/locked.txt", "f/full.txt"],
    },
    Walk {
        rule: "what its owner has locked, and not checked out, is there",
        nodes: LOCKED,
        asker: ALICE,
        requested: &["f"],
        entries: &["f/", "f/locked.txt", "f/full.txt"],
    },
];

const CHECKED_OUT: &str = r#"{"path": "f/doc.txt", "sizeInBytes": 1, "createdByUser": "alice"},
    {"path": "f/doc (Working Copy).txt", "sizeInBytes": 2, "createdByUser": "alice", "workingCopyOf": "f/doc.txt"},
    {"path": "f/z.txt", "sizeInBytes": 1}"#;

const LOCKED: &str = r#"{"path": "f/locked.txt", "sizeInBytes": 1, "lock": {"owner": "alice"}},
    {"path": "f/full.txt", "sizeInBytes": 1, "lock": {"owner": "alice", "type": "FULL"}}"#;

#[test]
fn the_walk_follows_the_real_servers_rules() {
    for walk in WALKS {
        walk.check();
    }
}

#[test]
fn what_is_missing_is_skipped_but_counted() {
    let nodes = r#"{"path": "f/a.txt", "sizeInBytes": 10}, {"path": "f/lost.jpg", "sizeInBytes": 48213, "missing": true},
        {"path": "f/b.txt", "sizeInBytes": 20}"#;
    let mock = OwnFixtures::start(&[], &fixtures_json(nodes));
    for (requested, names, files, bytes) in
        [("f", &["f/", "f/a.txt", "f/b.txt"][..], (2, 3), (30, 48_243)), ("f/lost.jpg", &[], (0, 1), (0, 48_213))]
    {
        let id = mock.create_download(ADMIN, &[&path_id(requested)]);
        let progress = mock.wait_until_done(&id);
        assert_eq!((progress.files_added, progress.total_files), files, "{requested}");
        assert_eq!((progress.bytes_added, progress.total_bytes), bytes, "{requested}");
        assert_eq!(archive::names(&mock.content(ADMIN, &id)), names, "{requested}");
    }
}

#[test]
fn a_finished_download_can_be_zipped_too() {
    let mock = TestMock::start();
    let first = mock.finished_download(ALICE, &[&node_id("TestDownloads/docTest1.txt")]);
    let zip = mock.content(ALICE, &first);
    let second = mock.create_download(ALICE, &[&first]);
    let progress = mock.wait_until_done(&second);
    assert_eq!((progress.total_files, progress.total_bytes), (1, zip.len() as u64));
    let entries = archive::parse(&mock.content(ALICE, &second));
    assert_eq!(entries.iter().map(|entry| entry.name.as_str()).collect::<Vec<_>>(), ["docTest1.txt.zip"]);
    assert_eq!(entries[0].content, zip);
}

// 4.2 The bytes

#[test]
fn the_example_has_267_bytes() {
    let json = fixtures_json(
        r#"{"path": "docTest3.txt", "createdAt": "2026-01-30T10:04:31.412Z", "modifiedAt": "2026-06-22T09:15:03.456Z"}"#,
    );
    let mock = OwnFixtures::start(&[("docTest3.txt", "dummy content")], &json);
    let id = mock.finished_download(ADMIN, &[&path_id("docTest3.txt")]);
    let zip = mock.content(ADMIN, &id);
    assert_eq!(zip.len(), 267);
    let [entry] = &archive::parse(&zip)[..] else { panic!("not one entry") };
    assert_eq!(entry.name, "docTest3.txt");
    assert_eq!(entry.content, b"dummy content");
    assert_eq!(entry.compressed_size, 15);
    assert_eq!(entry.created_ms, 1_769_767_471_412);
    assert_eq!(entry.modified_ms, 1_782_119_703_456);
    assert_eq!(entry.dos, dos((2026, 6, 22), (9, 15, 2)), "in steps of two seconds");

    // Everything around the fifteen deflated bytes, put together from section 4.2 once more.
    let (time, date) = (entry.dos.1.to_le_bytes(), entry.dos.0.to_le_bytes());
    let ticks = |millis: u64| ((millis + 11_644_473_600_000) * 10_000).to_le_bytes();
    let mut ntfs = vec![0x0A, 0, 32, 0, 0, 0, 0, 0, 1, 0, 24, 0];
    ntfs.extend([ticks(1_782_119_703_456), [0; 8], ticks(1_769_767_471_412)].concat());
    let extra = [ntfs, archive::unicode_path("docTest3.txt")].concat();
    assert_eq!(extra.len(), 36 + 9 + 12);
    let crc = entry.crc.to_le_bytes();
    let name = b"docTest3.txt";
    let deflated = &zip[99..114];
    let mut expected = Vec::new();
    expected.extend(b"PK\x03\x04\x14\0\x08\x08\x08\0");
    expected.extend([time, date].concat());
    expected.extend([0; 12]);
    expected.extend([12, 0, 57, 0]);
    expected.extend([name, &extra[..], deflated].concat());
    expected.extend(b"PK\x07\x08");
    expected.extend([crc, [15, 0, 0, 0], [13, 0, 0, 0]].concat());
    let central = expected.len();
    expected.extend(b"PK\x01\x02\x14\0\x14\0\x08\x08\x08\0");
    expected.extend([time, date].concat());
    expected.extend([crc, [15, 0, 0, 0], [13, 0, 0, 0]].concat());
    expected.extend([12, 0, 57, 0]);
    expected.extend([0; 14]);
    expected.extend([name, &extra[..]].concat());
    let end = expected.len();
    expected.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    expected.extend(u32::try_from(end - central).unwrap().to_le_bytes());
    expected.extend(u32::try_from(central).unwrap().to_le_bytes());
    expected.extend([0, 0]);
    assert_eq!(zip, expected);
}

/// A date and a time, as DOS fields hold them.
fn dos((year, month, day): (u16, u16, u16), (hours, minutes, seconds): (u16, u16, u16)) -> (u16, u16) {
    (((year - 1980) << 9) | (month << 5) | day, (hours << 11) | (minutes << 5) | (seconds / 2))
}

#[test]
fn folders_and_empty_files_are_deflated_too() {
    let json = fixtures_json(
        r#"{"path": "f", "createdAt": "2001-02-03T04:05:06.007Z", "modifiedAt": "2026-01-02T03:04:06.000Z"},
            {"path": "f/empty.txt", "createdAt": "2002-02-03T04:05:06.007Z", "modifiedAt": "2026-12-31T23:59:59.999Z"}"#,
    );
    let mock = OwnFixtures::start(&[("f/empty.txt", "")], &json);
    let id = mock.finished_download(ADMIN, &[&path_id("f")]);
    // That each holds the two bytes 03 00 is what the reader looks at.
    let entries = archive::parse(&mock.content(ADMIN, &id));
    let rows: Vec<_> = entries
        .iter()
        .map(|entry| {
            (entry.name.as_str(), entry.compressed_size, entry.crc, entry.modified_ms, entry.created_ms, entry.dos)
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("f/", 2, 0, 1_767_323_046_000, 981_173_106_007, dos((2026, 1, 2), (3, 4, 6))),
            ("f/empty.txt", 2, 0, 1_798_761_599_999, 1_012_709_106_007, dos((2026, 12, 31), (23, 59, 59))),
        ]
    );
}

#[test]
fn an_archive_of_nothing_is_its_end() {
    let mock = OwnFixtures::start(&[], &fixtures_json(r#"{"path": "link", "nodeType": "app:filelink"}"#));
    let id = mock.create_download(ADMIN, &[&path_id("link")]);
    assert_eq!(mock.wait_until_done(&id), Progress { status: Status::Done, ..Progress::default() });
    assert_eq!(mock.content(ADMIN, &id), [b"PK\x05\x06".as_slice(), &[0; 18]].concat());
}

// 4.3 The name of the download

#[test]
fn a_download_is_named_after_the_one_node_or_not_at_all() {
    let mock = OwnFixtures::start(&[("docTest1.txt", "1"), ("folder1/a", "2"), ("naïve 文.zip", "")], "");
    let (file, folder, zip) = (path_id("docTest1.txt"), path_id("folder1"), path_id("naïve 文.zip"));
    let of_file = mock.finished_download(ADMIN, &[&file]);
    for (requested, name) in [
        (&[file.as_str()][..], "docTest1.txt.zip"),
        (&[&folder], "folder1.zip"),
        (&[&zip], "naïve 文.zip.zip"),
        (&[&of_file], "docTest1.txt.zip.zip"),
        (&[&format!("{file};1.0")], "docTest1.txt.zip"),
        (&[&file, &folder], "archive.zip"),
        (&[&folder, &file], "archive.zip"),
        // Names need not be unique.
        (&[&file], "docTest1.txt.zip"),
    ] {
        let id = mock.finished_download(ADMIN, requested);
        let node = mock.get(&format!("{BASE}/nodes/{id}"), ADMIN).json();
        assert_eq!(node["entry"]["name"], json!(name), "{requested:?}");
    }
}

// Other readers

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
    let json = fixtures_json(
        r#"{"path": "f/random.bin", "sizeInBytes": 1500001, "compressibility": 1}, {"path": "f/easy.bin", "sizeInBytes": 2500001, "compressibility": 50},
            {"path": "g", "nodeType": "cm:folder", "secondaryChildren": ["f/one byte"]}"#,
    );
    let mock = OwnFixtures::start(&files, &json);
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

#[test]
fn an_archive_may_have_seventy_thousand_entries() {
    const COUNT: u64 = 70_000;
    let nodes: Vec<_> =
        (0..COUNT).map(|number| format!(r#"{{"path":"many/{number:05}","sizeInBytes":{}}}"#, number % 10)).collect();
    let mock = OwnFixtures::start(&[], &fixtures_json(&nodes.join(",")));
    let id = mock.create_download(ADMIN, &[&path_id("many")]);
    let progress = mock.ended(&id);
    let bytes = COUNT / 10 * 45;
    let expected = Progress {
        status: Status::Done,
        files_added: COUNT,
        bytes_added: bytes,
        total_files: COUNT,
        total_bytes: bytes,
    };
    assert_eq!(progress, expected);
    let zip = mock.content(ADMIN, &id);
    let directory = Directory::read(zip.len() as u64, |offset, len| {
        let offset = usize::try_from(offset).unwrap();
        zip[offset..offset + len].to_vec()
    });
    assert!(directory.is_zip64);
    let names = directory.entries.iter().map(|entry| entry.name.clone());
    let expected_names =
        std::iter::once("many/".to_owned()).chain((0..COUNT).map(|number| format!("many/{number:05}")));
    assert!(names.eq(expected_names), "the names, in their order");
    let lines = directory.entries.iter().map(|entry| format!("{} {} {:08x}\n", entry.name, entry.size, entry.crc));
    let lines: String = lines.collect();
    let file = in_a_file(&zip);
    assert!(read_by_python(file.path()) == lines, "Python's zipfile");
    assert!(read_by_java(file.path()) == lines, "Java's ZipInputStream");
    tested_by_unzip(file.path());
}

// Beyond 4 GiB

const LARGE: u64 = 6_000_000_000;

/// A small file on either side of one that deflate cannot make smaller.
const LARGE_NODES: &str = r#"{"path": "f/before.txt", "sizeInBytes": 1000, "seed": 1},
    {"path": "f/large.bin", "sizeInBytes": 6000000000, "compressibility": 1, "seed": 2},
    {"path": "f/after.txt", "sizeInBytes": 2000, "seed": 3}"#;

/// A part of a node's content, and the size of the whole.
fn part(mock: &TestMock, id: &str, offset: u64, len: u64) -> (Vec<u8>, u64) {
    let range = format!("bytes={offset}-{}", offset + len - 1);
    let response = mock.request("GET", &format!("{BASE}/nodes/{id}/content"), ADMIN, &[("Range", &range)], None);
    assert_eq!((response.status, response.body.len() as u64), (206, len), "{range}");
    let content_range = response.header("Content-Range").expect("a range");
    let (stated, whole) = content_range.split_once('/').expect("a size");
    assert_eq!(stated, format!("bytes {offset}-{}", offset + len - 1));
    let whole = whole.parse().expect("a size");
    (response.body, whole)
}

#[test]
fn a_file_of_six_gigabytes_is_zipped_and_served_in_parts() {
    let mock = OwnFixtures::start(&[], &fixtures_json(LARGE_NODES));
    mock.change_downloads(|settings| settings.max_content_size = None);
    let id = mock.create_download(ADMIN, &[&path_id("f")]);
    let progress = mock.wait_until_done(&id);
    assert_eq!((progress.total_files, progress.total_bytes), (3, LARGE + 3000));

    let (_, size) = part(&mock, &id, 0, 1);
    assert_eq!(announced_length(&mock, &id), size, "Content-Length of the whole");
    let directory = Directory::read(size, |offset, len| part(&mock, &id, offset, len as u64).0);
    assert!(directory.is_zip64);
    let [folder, before, large, after] = &directory.entries[..] else { panic!("{directory:?}") };
    assert_eq!(
        [&folder.name, &before.name, &large.name, &after.name],
        ["f/", "f/before.txt", "f/large.bin", "f/after.txt"]
    );
    assert_eq!([folder.size, before.size, large.size, after.size], [0, 1000, LARGE, 2000]);
    assert!(after.offset > u64::from(u32::MAX) && large.compressed_size > u64::from(u32::MAX));

    // The local header says that the descriptor has sizes of eight bytes, or no streaming reader would know.
    let (header, _) = part(&mock, &id, large.offset, 30 + 11 + 20);
    let mut at = archive::Cursor::new(&header);
    assert_eq!((at.u32(), at.u16(), at.u16(), at.u16()), (0x0403_4B50, 45, 0x0808, 8));
    at.take(4);
    assert_eq!((at.u32(), at.u32(), at.u32()), (0, u32::MAX, u32::MAX));
    let (name_len, extra_len) = (u64::from(at.u16()), u64::from(at.u16()));
    assert_eq!(at.take(11), b"f/large.bin");
    assert_eq!((at.u16(), at.u16(), at.u64(), at.u64()), (1, 16, 0, 0));
    let data = large.offset + 30 + name_len + extra_len;
    let descriptor = data + large.compressed_size;
    assert_eq!(descriptor + 24, after.offset);
    let (bytes, _) = part(&mock, &id, descriptor, 24);
    let mut at = archive::Cursor::new(&bytes);
    assert_eq!((at.u32(), at.u32(), at.u64(), at.u64()), (0x0807_4B50, large.crc, large.compressed_size, LARGE));

    // What lies between is one block, again and again. It inflates to what the node itself serves.
    let (start, _) = part(&mock, &id, data, 2 << 20);
    let period = (1..1 << 20).find(|period| start[*period..] == start[..start.len() - period]).expect("a period");
    let block = inflate_some(&start[..period]);
    let raw = block.len() as u64;
    let large_id = path_id("f/large.bin");
    assert_eq!(part(&mock, &large_id, 0, raw).0, block);
    let repeated = |offset: u64, len: usize| {
        let from = usize::try_from((offset - data) % period as u64).unwrap();
        start[..period].iter().cycle().skip(from).take(len).copied().collect::<Vec<_>>()
    };
    let boundary = 1_u64 << 32;
    for offset in [boundary - 100_000, boundary, boundary - 1, data + large.compressed_size - (1 << 20)] {
        assert!(part(&mock, &id, offset, 200_000).0 == repeated(offset, 200_000), "200,000 bytes from {offset} on");
    }
    // The end: the last whole block begins a multiple of the period away, and is followed by the rest of the file.
    let (blocks, rest) = (LARGE / raw, LARGE % raw);
    let rest_at = data + blocks * period as u64;
    let (deflated_rest, _) = part(&mock, &id, rest_at, descriptor - rest_at);
    assert_eq!(archive::inflate(&deflated_rest), block[..usize::try_from(rest).unwrap()]);
    assert_eq!(part(&mock, &large_id, LARGE - rest, rest).0, block[..usize::try_from(rest).unwrap()]);
    let mut crc = Hasher::new();
    let mut crc_of_block = Hasher::new();
    crc_of_block.update(&block);
    (0..blocks).for_each(|_| crc.combine(&crc_of_block));
    crc.update(&block[..usize::try_from(rest).unwrap()]);
    assert_eq!(crc.finalize(), large.crc);

    let url = format!("{}{BASE}/nodes/{id}/content", mock.url());
    let python = output_of(
        Command::new("python3").args([&reader("check_zip.py"), "--list", &url, "admin:admin"]).env("no_proxy", "*"),
        "python3",
    );
    let lines = directory.entries.iter().map(|entry| format!("{} {} {:08x}\n", entry.name, entry.size, entry.crc));
    assert_eq!(python, lines.collect::<String>());
}

/// Inflates the beginning of a deflated stream, as far as it goes.
fn inflate_some(data: &[u8]) -> Vec<u8> {
    let mut content = Vec::with_capacity(4 << 20);
    let status =
        Decompress::new(false).decompress_vec(data, &mut content, FlushDecompress::Sync).expect("deflated data");
    assert_ne!(status, Inflated::StreamEnd);
    content
}

/// What a GET of the whole says of its length. The connection is dropped instead of read.
fn announced_length(mock: &TestMock, id: &str) -> u64 {
    let stream = TcpStream::connect(mock.address()).unwrap();
    let request =
        format!("GET {BASE}/nodes/{id}/content HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\r\n");
    (&stream).write_all(request.as_bytes()).unwrap();
    read_head(&mut BufReader::new(stream))
}

/// Reads an answer up to its body; the length of that.
fn read_head(answer: &mut BufReader<TcpStream>) -> u64 {
    let mut length = None;
    loop {
        let mut line = String::new();
        answer.read_line(&mut line).unwrap();
        if let Some(value) = line.strip_prefix("Content-Length: ") {
            length = value.trim().parse().ok();
        }
        if line == "\r\n" {
            return length.expect("a length");
        }
    }
}

/// A server process with the large file, and the folder that it was told of.
fn server_with_large_file(arguments: &[&str]) -> (Server, TempDir) {
    let folder = fixtures_folder(&[], &fixtures_json(LARGE_NODES));
    let common = ["--fixtures", folder.path().to_str().unwrap(), "--download-max-content-size", "-1"];
    (Server::start(&[&common, arguments].concat()), folder)
}

#[test]
fn six_gigabytes_take_less_than_64_mib_of_memory() {
    let (mut server, _folder) = server_with_large_file(&["--download-start-delay", "0s"]);
    let id = server.create_download(ADMIN, &[&path_id("f")]);
    server.wait_for_log(&format!("download {id} is DONE"));
    let path = format!("{BASE}/nodes/{id}/content");
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(&server.get_request(&path, ADMIN)).unwrap();
    let mut answer = BufReader::with_capacity(1 << 20, stream);
    let length = read_head(&mut answer);
    assert!(length > LARGE);
    let read = std::io::copy(&mut answer.by_ref().take(400 << 20), &mut std::io::sink()).unwrap();
    assert_eq!(read, 400 << 20);
    for range in
        ["bytes=0-999999".to_owned(), "bytes=4294000000-4295999999".to_owned(), format!("bytes={}-", length - 999_999)]
    {
        let response = server.request("GET", &path, ADMIN, &[("Range", &range)], None);
        assert_eq!(response.status, 206, "{range}");
    }
    let peak = server.peak_memory_kib();
    assert!(peak < 64 << 10, "{peak} KiB");
}

/// Section 3.2: the real server cannot write such an entry, and says so to its log alone.
#[test]
fn a_large_entry_kills_its_job_when_told_to() {
    let (mut server, _folder) =
        server_with_large_file(&["--download-fail-large-entries", "--download-start-delay", "0s"]);
    let id = server.create_download(ADMIN, &[&path_id("f")]);
    server.wait_for_log(&format!("the job of download {id} died"));
    let path = format!("{BASE}/downloads/{id}");
    let entry = server.get(&path, ADMIN).json()["entry"].clone();
    assert_eq!(entry["status"], json!("IN_PROGRESS"));
    assert_eq!((&entry["filesAdded"], &entry["totalFiles"]), (&json!(1), &json!(3)));
    assert_eq!(entry["totalBytes"], json!(LARGE + 3000));
    let added = entry["bytesAdded"].as_u64().unwrap();
    assert!(added > LARGE - 500 * 20_480 && added <= LARGE + 1000, "{added}");
    assert_eq!(server.get(&format!("{BASE}/nodes/{id}/content"), ADMIN).status, 404);
    // Nobody looks at a cancel any more.
    assert_eq!(server.request("DELETE", &path, ADMIN, &[], None).status, 202);
    let other = server.create_download(ADMIN, &[&path_id("f/before.txt")]);
    server.wait_for_log(&format!("download {other} is DONE"));
    assert_eq!(server.get(&path, ADMIN).json()["entry"], entry, "for ever");
}
