//! The zip: what is in it, in which order, byte by byte, and whether other people's readers agree (wire reference,
//! downloads, section 4).

use alfresco_downloads_mock::{Progress, Status};
use serde_json::json;

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, OwnFixtures, TestMock, archive, archive::Directory, node_id, path_id,
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
        nodes: PRIVATE,
        asker: BOB,
        requested: &["f"],
        entries: &["f/", "f/private/", "f/private/b.txt"],
    },
    Walk {
        rule: "administrators read everything",
        nodes: PRIVATE,
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

/// A folder that only bob may read.
const PRIVATE: &str = r#"{"path": "f/private", "nodeType": "cm:folder", "createdByUser": "bob", "permissions": {"isInheritanceEnabled": false}},
    {"path": "f/private/b.txt", "sizeInBytes": 1, "createdByUser": "bob"}"#;

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
}
