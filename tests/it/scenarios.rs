//! The life of a download: section 3 of the wire reference, and the numbers of its appendix B.
//!
//! A job is placed exactly without sleeping. Its first publication comes within milliseconds, the next ones seconds or
//! minutes apart, so that the clock can be stopped after the first; from then on, moving the clock is what lets the job
//! go on.

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::{Config, Progress, Status, Timestamp};
use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, CHUNK, OwnFixtures, Summary, TestMock, archive, error_body, mask, node_id, path_id,
    progress,
};

/// Slow enough that there is time to stop the clock before the second publication, two seconds after the first.
const PACE: u64 = 10_000;

/// Files of 13 bytes, 25,000,000 bytes (three publications), 5,000,000 bytes (one), and none.
const FILES: &str = r#"{"nodes": [
    {"path": "small.txt", "sizeInBytes": 13},
    {"path": "other.txt", "sizeInBytes": 13},
    {"path": "large.bin", "sizeInBytes": 25000000, "compressibility": 100},
    {"path": "medium.bin", "sizeInBytes": 5000000, "compressibility": 100},
    {"path": "empty.txt", "sizeInBytes": 0},
    {"path": "nothing/empty.txt", "sizeInBytes": 0},
    {"path": "nothing/folder", "nodeType": "cm:folder"}
]}"#;

fn mock() -> OwnFixtures {
    OwnFixtures::start(&[], FILES)
}

impl TestMock {
    fn create(&self, paths: &[&str]) -> String {
        let ids: Vec<_> = paths.iter().map(|path| path_id(path)).collect();
        self.create_download(ADMIN, &ids.iter().map(String::as_str).collect::<Vec<_>>())
    }

    /// A job that has published once, and waits for a clock that stands still.
    #[track_caller]
    fn stopped_after_first_publication(&self, paths: &[&str]) -> String {
        self.change_downloads(|settings| settings.pace = NonZeroU64::new(PACE));
        let id = self.create(paths);
        self.reached(&id, |progress| progress.status == Status::InProgress);
        self.clock().freeze();
        id
    }

    #[track_caller]
    fn reached(&self, id: &str, condition: impl Fn(&Progress) -> bool + Send + Sync) -> Progress {
        self.wait_for(id, condition).expect("the download is there")
    }

    fn cancel(&self, id: &str) {
        let response = self.delete(&format!("{BASE}/downloads/{id}"), ADMIN);
        assert_eq!((response.status, response.text()), (202, ""));
    }

    /// What a client sees, which must be what an embedding test sees.
    #[track_caller]
    fn polled(&self, id: &str) -> Progress {
        let body = self.get(&format!("{BASE}/downloads/{id}"), ADMIN).json();
        let entry = &body["entry"];
        let now = self.reached(id, |_| true);
        let number = |key: &str| entry[key].as_u64().expect("a number");
        assert_eq!(entry["status"], json!(now.status.as_str()));
        assert_eq!(number("filesAdded"), now.files_added);
        assert_eq!(number("bytesAdded"), now.bytes_added);
        assert_eq!(number("totalFiles"), now.total_files);
        assert_eq!(number("totalBytes"), now.total_bytes);
        now
    }
}

fn pass(mock: &TestMock, seconds: u64) {
    mock.clock().advance(Duration::from_secs(seconds));
}

// Appendix B

#[test]
fn the_fixtures_of_the_real_tests_give_their_numbers() {
    let mock = TestMock::start();
    let id_of = |path: &str| node_id(&format!("TestDownloads/{path}"));
    for (requested, files, bytes, names) in [
        (&["docTest1.txt"][..], 1, 13, &["docTest1.txt"][..]),
        (&["docTest1.txt", "docTest2.txt"], 2, 26, &["docTest1.txt", "docTest2.txt"]),
        (
            &["folder1", "docTest3.txt"],
            3,
            39,
            &[
                "folder1/",
                "folder1/docTest3.txt",
                "folder1/subFolder1/",
                "folder1/subFolder1/docTest4.txt",
                "docTest3.txt",
            ],
        ),
        (&["docTest1.txt", "folder3"], 2, 26, &["docTest1.txt", "folder3/", "folder3/docTest1.txt"]),
        (
            &["folder1", "folder1/subFolder1", "folder1/subFolder1/docTest4.txt"],
            4,
            52,
            &[
                "folder1/",
                "folder1/docTest3.txt",
                "folder1/subFolder1/",
                "folder1/subFolder1/docTest4.txt",
                "subFolder1/",
                "subFolder1/docTest4.txt",
                "docTest4.txt",
            ],
        ),
    ] {
        let ids: Vec<_> = requested.iter().map(|path| id_of(path)).collect();
        let id = mock.create_download(ALICE, &ids.iter().map(String::as_str).collect::<Vec<_>>());
        mock.wait_until_done(&id);
        let expected = progress(Status::Done, (files, files), (bytes, bytes));
        assert_eq!(mock.polled(&id), expected, "{requested:?}");
        assert_eq!(archive::names(&mock.content(ALICE, &id)), names, "{requested:?}");
    }
}

/// As their test does it: DELETE right after POST, in six tries.
#[test]
fn with_default_settings_a_download_can_be_cancelled_right_away() {
    let mock = TestMock::with(|config| config.download_start_delay = Config::default().download_start_delay);
    let ids = [node_id("TestDownloads/docTest1.txt"), node_id("TestDownloads/docTest2.txt")];
    let cancelled = (0..6).find_map(|_| {
        let id = mock.create_download(ADMIN, &[&ids[0], &ids[1]]);
        mock.cancel(&id);
        Some(mock.ended(&id)).filter(|progress| progress.status == Status::Cancelled)
    });
    let cancelled = cancelled.expect("CANCELLED in one of six tries");
    assert!(0 < cancelled.bytes_added && cancelled.bytes_added <= cancelled.total_bytes, "{cancelled:?}");
    assert!(cancelled.files_added < cancelled.total_files, "{cancelled:?}");
}

// 3 The state machine

#[test]
fn chunks_1_501_and_1001_of_each_file_are_published() {
    let mock = mock();
    let total = 13 + 25_000_000;
    let id = mock.stopped_after_first_publication(&["small.txt", "large.bin"]);
    assert_eq!(mock.polled(&id), progress(Status::InProgress, (0, 2), (13, total)), "chunk 1 of the first file");
    // 500 chunks take 1024 seconds.
    for (row, seconds, bytes) in [
        ("chunk 1 of the second file", 3, 13 + CHUNK),
        ("chunk 501", 1024, 13 + 501 * CHUNK),
        ("chunk 1001", 1024, 13 + 1001 * CHUNK),
    ] {
        let before = mock.polled(&id).bytes_added;
        pass(&mock, seconds);
        let expected = progress(Status::InProgress, (1, 2), (bytes, total));
        assert_eq!(mock.reached(&id, |progress| progress.bytes_added > before), expected, "{row}");
        assert_eq!(mock.polled(&id), expected, "{row}");
    }
    pass(&mock, 3000);
    assert_eq!(mock.wait_until_done(&id), progress(Status::Done, (2, 2), (total, total)));
}

#[test]
fn nothing_is_published_before_the_first_byte() {
    let mock = mock();
    mock.clock().freeze();
    mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(1));
    let id = mock.create(&["small.txt"]);
    assert_eq!(mock.polled(&id), Progress::default(), "all zeros");
    pass(&mock, 1);
    assert_eq!(mock.wait_until_done(&id), progress(Status::Done, (1, 1), (13, 13)));
}

#[test]
fn folders_and_empty_files_publish_nothing() {
    let mock = mock();
    // Whatever is published would be seen: at this pace, each byte takes a second of a clock that stands still.
    mock.clock().freeze();
    mock.change_downloads(|settings| settings.pace = NonZeroU64::new(1));
    let id = mock.create(&["nothing", "empty.txt"]);
    assert_eq!(mock.wait_until_done(&id), progress(Status::Done, (2, 2), (0, 0)));
    let id = mock.create(&["nothing/folder"]);
    assert_eq!(mock.wait_until_done(&id), progress(Status::Done, (0, 0), (0, 0)));
    let names = archive::names(&mock.content(ADMIN, &id));
    assert_eq!(names, ["folder/"]);
}

#[test]
fn empty_files_count_once_they_are_passed() {
    let mock = mock();
    let id = mock.stopped_after_first_publication(&["empty.txt", "nothing", "small.txt", "large.bin"]);
    assert_eq!(mock.polled(&id), progress(Status::InProgress, (2, 4), (13, 25_000_013)));
}

#[test]
fn too_big_has_odd_numbers() {
    let mock = mock();
    mock.change_downloads(|settings| settings.max_content_size = NonZeroU64::new(100));
    let id = mock.create(&["small.txt", "empty.txt", "medium.bin", "nothing"]);
    // The limit as the bytes added, the estimate as the total, no file added, all files in total.
    let expected = progress(Status::MaxContentSizeExceeded, (0, 4), (100, 5_000_013));
    assert_eq!(mock.ended(&id), expected);
    assert_eq!(mock.polled(&id), expected);
    let node = mock.get(&format!("{BASE}/nodes/{id}"), ADMIN).json();
    assert_eq!(node["entry"]["content"], Value::Null);
}

#[test]
fn the_limit_itself_is_not_too_big() {
    let mock = mock();
    for (limit, status) in [
        (Some(25), Status::MaxContentSizeExceeded),
        (Some(26), Status::Done),
        (Some(27), Status::Done),
        (None, Status::Done),
    ] {
        mock.change_downloads(|settings| settings.max_content_size = limit.and_then(NonZeroU64::new));
        let id = mock.create(&["small.txt", "other.txt"]);
        assert_eq!(mock.ended(&id).status, status, "{limit:?}");
    }
}

#[test]
fn the_default_limit_is_the_real_servers() {
    let json = r#"{"nodes": [{"path": "fits.bin", "sizeInBytes": 2152852358}, {"path": "one.txt", "sizeInBytes": 1}]}"#;
    let mock = OwnFixtures::start(&[], json);
    let id = mock.create(&["fits.bin", "one.txt"]);
    let expected = progress(Status::MaxContentSizeExceeded, (0, 2), (2_152_852_358, 2_152_852_359));
    assert_eq!(mock.ended(&id), expected);
    let id = mock.create(&["fits.bin"]);
    assert_eq!(mock.wait_until_done(&id), progress(Status::Done, (1, 1), (2_152_852_358, 2_152_852_358)));
}

#[test]
fn jobs_wait_for_a_worker() {
    let mock = OwnFixtures::with(&[], FILES, |config| config.download_workers = 1);
    let first = mock.stopped_after_first_publication(&["small.txt", "large.bin"]);
    let second = mock.create(&["small.txt"]);
    pass(&mock, 3);
    mock.reached(&first, |progress| progress.bytes_added > 13);
    assert_eq!(mock.polled(&second), Progress::default(), "it has not begun");
    pass(&mock, 3000);
    mock.wait_until_done(&first);
    mock.clock().resume();
    mock.wait_until_done(&second);
}

#[test]
fn as_many_jobs_run_as_there_are_workers() {
    let mock = OwnFixtures::with(&[], FILES, |config| config.download_workers = 2);
    let first = mock.stopped_after_first_publication(&["small.txt", "large.bin"]);
    mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(1));
    let second = mock.create(&["empty.txt"]);
    pass(&mock, 1);
    mock.wait_until_done(&second);
    assert_eq!(mock.polled(&first).status, Status::InProgress);
}

// 3.1 Cancel

#[test]
fn a_pending_download_is_cancelled_with_its_first_chunk() {
    for (row, paths, expected) in [
        ("a small file", &["small.txt", "other.txt"][..], progress(Status::Cancelled, (0, 2), (13, 26))),
        ("a large file", &["medium.bin"], progress(Status::Cancelled, (0, 1), (CHUNK, 5_000_000))),
        (
            "after empty files",
            &["empty.txt", "nothing", "small.txt", "medium.bin"],
            progress(Status::Cancelled, (2, 4), (13, 5_000_013)),
        ),
        ("only folders and empty files", &["nothing", "empty.txt"], progress(Status::Done, (2, 2), (0, 0))),
        ("too big", &["large.bin"], progress(Status::MaxContentSizeExceeded, (0, 1), (20_000_000, 25_000_000))),
    ] {
        let mock = mock();
        mock.clock().freeze();
        mock.change_downloads(|settings| {
            settings.start_delay = Duration::from_secs(1);
            settings.max_content_size = NonZeroU64::new(20_000_000);
        });
        let id = mock.create(paths);
        mock.cancel(&id);
        assert_eq!(mock.polled(&id), Progress::default(), "{row}: still PENDING");
        mock.cancel(&id);
        pass(&mock, 1);
        assert_eq!(mock.ended(&id), expected, "{row}");
        assert_eq!(mock.polled(&id), expected, "{row}");
        let content = mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN);
        assert_eq!(content.status == 200, expected.status == Status::Done, "{row}: content");
    }
}

#[test]
fn a_download_in_progress_is_cancelled_at_the_next_look() {
    for (row, paths, seconds_before, expected) in [
        (
            "at the next file",
            &["small.txt", "large.bin"][..],
            0,
            progress(Status::Cancelled, (1, 2), (13 + CHUNK, 25_000_013)),
        ),
        (
            "at the next ten megabytes",
            &["small.txt", "large.bin"],
            3,
            progress(Status::Cancelled, (1, 2), (13 + 501 * CHUNK, 25_000_013)),
        ),
        (
            "never, when there is none",
            &["small.txt", "medium.bin"],
            3,
            progress(Status::Done, (2, 2), (5_000_013, 5_000_013)),
        ),
    ] {
        let mock = mock();
        let id = mock.stopped_after_first_publication(paths);
        if seconds_before > 0 {
            pass(&mock, seconds_before);
            mock.reached(&id, |progress| progress.bytes_added > 13);
        }
        let before = mock.polled(&id);
        mock.cancel(&id);
        assert_eq!(mock.polled(&id), before, "{row}: nothing changes at once");
        pass(&mock, 3000);
        assert_eq!(mock.ended(&id), expected, "{row}");
        assert_eq!(mock.polled(&id), expected, "{row}");
    }
}

#[test]
fn cancelling_what_has_ended_only_moves_its_date() {
    let mock = mock();
    mock.clock().freeze();
    let done = mock.create(&["small.txt"]);
    mock.wait_until_done(&done);
    mock.change_downloads(|settings| settings.max_content_size = NonZeroU64::new(20));
    let too_big = mock.create(&["small.txt", "other.txt"]);
    mock.ended(&too_big);
    mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(1));
    let cancelled = mock.create(&["small.txt"]);
    mock.cancel(&cancelled);
    pass(&mock, 1);
    assert_eq!(mock.ended(&cancelled).status, Status::Cancelled);

    for id in [&done, &too_big, &cancelled] {
        let before = mock.polled(id);
        pass(&mock, 60);
        mock.cancel(id);
        assert_eq!(mock.polled(id), before);
        let now = mock.clock().now();
        let node = mock.get(&format!("{BASE}/nodes/{id}"), ADMIN).json();
        assert_eq!(node["entry"]["modifiedAt"], json!(now.to_string()));
        assert_eq!(node["entry"]["properties"]["download:cancelled"], json!(true));
    }
    pass(&mock, 60);
    let etag = |mock: &TestMock| {
        let response = mock.get(&format!("{BASE}/nodes/{done}/content"), ADMIN);
        assert_eq!(response.status, 200);
        (response.header("ETag").unwrap().to_owned(), response.header("Last-Modified").unwrap().to_owned())
    };
    let before = etag(&mock);
    mock.cancel(&done);
    let after = etag(&mock);
    assert_ne!(before, after);
    assert_eq!(after, dates(mock.clock().now()));
}

/// The `ETag` and the `Last-Modified` of something modified then.
fn dates(modified: Timestamp) -> (String, String) {
    let millis = u64::try_from(modified.as_millis()).unwrap();
    let date = std::time::UNIX_EPOCH + Duration::from_millis(millis);
    (format!("\"{millis}\""), httpdate::fmt_http_date(date))
}

// 3.2 What is deleted meanwhile

#[test]
fn a_node_that_is_deleted_before_the_walk_is_left_out() {
    for (row, deleted, expected, names) in [
        ("one of two", &["small.txt"][..], progress(Status::Done, (1, 1), (13, 13)), &["other.txt"][..]),
        ("both", &["small.txt", "other.txt"], progress(Status::Done, (0, 0), (0, 0)), &[]),
    ] {
        let mock = mock();
        mock.clock().freeze();
        mock.change_downloads(|settings| settings.start_delay = Duration::from_secs(1));
        let id = mock.create(&["small.txt", "other.txt"]);
        for path in deleted {
            assert_eq!(mock.delete(&format!("{BASE}/nodes/{}", path_id(path)), ADMIN).status, 204);
        }
        pass(&mock, 1);
        assert_eq!(mock.ended(&id), expected, "{row}");
        let zip = mock.content(ADMIN, &id);
        assert_eq!(archive::names(&zip), names, "{row}");
        assert_eq!(zip.len() == 22, names.is_empty(), "{row}");
    }
}

#[test]
fn a_download_that_is_deleted_takes_its_job_with_it() {
    let mock = OwnFixtures::with(&[], FILES, |config| config.download_workers = 1);
    let running = mock.stopped_after_first_publication(&["small.txt", "large.bin"]);
    let queued = mock.create(&["small.txt"]);
    let last = mock.create(&["empty.txt"]);
    for id in [&queued, &running] {
        assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN).status, 204);
        assert_eq!(mock.wait_for(id, |_| false), None);
        assert_eq!(mock.get(&format!("{BASE}/downloads/{id}"), ADMIN).status, 404);
    }
    // The one worker is free again.
    mock.wait_until_done(&last);
}

// Archived content

#[test]
fn archived_content_is_refused() {
    let mock = TestMock::start();
    let archived = node_id("Archive/minutes 1998.txt");
    let folder = node_id("Archive");
    let other = node_id("TestDownloads/docTest1.txt");
    let text = "One or more nodes' content is archived and not accessible.";
    let expected = error_body(412, Some("framework.exception.ArchivedContent"), Summary::Numbered(text));
    let post = |ids: &[&str]| {
        let body = json!({ "nodeIds": ids }).to_string();
        mock.post_json(&format!("{BASE}/downloads"), ALICE, &body)
    };
    for (row, ids) in [
        ("a file", &[archived.as_str()][..]),
        ("a folder with such a file", &[&folder]),
        ("beside another", &[&other, &archived]),
    ] {
        let response = post(ids);
        assert_eq!((response.status, mask(response.text())), (412, expected.clone()), "{row}");
    }
    assert_eq!(post(&[&archived, "nosuch"]).status, 404, "what is missing comes first");
    assert_eq!(post(&[&archived, &node_id("Private/salaries.csv")]).status, 403, "and what may not be read");
    // The folder itself is looked at, and nothing else.
    mock.change_downloads(|settings| settings.archive_check_limit = Some(1));
    assert_eq!(post(&[&folder]).status, 202, "beyond the limit nobody looks");
    assert_eq!(post(&[&archived]).status, 412, "within it");
    mock.change_downloads(|settings| settings.archive_check_limit = None);
    assert_eq!(post(&[&folder]).status, 412, "without a limit");
}

/// A walk sees with its creator's eyes, whoever else may read.
#[test]
fn an_administrators_download_is_nobody_elses() {
    let mock = TestMock::start();
    let id = mock.finished_download(ADMIN, &[&node_id("Private")]);
    for (auth, status) in [(ADMIN, 200), (ALICE, 403), (BOB, 403), (Auth::None, 401)] {
        assert_eq!(mock.get(&format!("{BASE}/nodes/{id}/content"), auth).status, status, "{auth:?}");
    }
}
