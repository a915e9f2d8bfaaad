//! Settings that change while the server runs.

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::{Condition, JobMatch, Point, ProgressStyle, SettingsPatch, Status, Step};
use serde_json::json;

use super::{CHUNK, mock, progress};

#[test]
fn all_are_read_and_patched() {
    let mock = mock();
    assert_eq!(
        mock.admin_json("GET", "/settings", "", 200),
        json!({
            "downloadMaxContentSize": 2_152_852_358_u64,
            "downloadCleanerMaxAge": "1h",
            "downloadStartDelay": "0ms",
            "downloadPace": null,
            "downloadWorkers": 8,
            "downloadArchiveCheckLimit": 500,
            "downloadFailLargeEntries": false,
            "downloadProgress": "alfresco",
        })
    );
    let patch = json!({
        "downloadMaxContentSize": null,
        "downloadCleanerMaxAge": "90s",
        "downloadStartDelay": "5ms",
        "downloadPace": 1000,
        "downloadWorkers": 3,
        "downloadArchiveCheckLimit": null,
        "downloadFailLargeEntries": true,
        "downloadProgress": "smooth",
    });
    assert_eq!(mock.admin_json("PATCH", "/settings", &patch.to_string(), 200), patch);
    assert_eq!(mock.admin_json("PATCH", "/settings", "{}", 200), patch, "what is not stated stays");
    let settings = mock.control().settings();
    assert_eq!(settings, mock.settings().downloads(), "they are the same settings");
    assert_eq!((settings.max_content_size, settings.pace), (None, NonZeroU64::new(1000)));
    assert_eq!((settings.cleaner_max_age, settings.progress), (Duration::from_secs(90), ProgressStyle::Smooth));
    let patch = SettingsPatch { download_pace: Some(None), ..SettingsPatch::default() };
    assert_eq!(mock.control().change_settings(&patch).unwrap().download_pace, None);
}

#[test]
fn all_of_a_patch_or_nothing_of_it() {
    let mock = mock();
    let before = mock.admin_json("GET", "/settings", "", 200);
    let patch = r#"{"downloadPace":0,"downloadWorkers":0,"downloadMaxContentSize":0,"downloadStartDelay":"1s"}"#;
    let problem = mock.admin_json("PATCH", "/settings", patch, 400);
    assert_eq!(problem["errors"].as_array().map(Vec::len), Some(3), "{problem}");
    for patch in [r#"{"downloadWorkers":1025}"#, r#"{"downloadSpeed":1}"#, r#"{"downloadStartDelay":5}"#, "[]"] {
        mock.admin_json("PATCH", "/settings", patch, 400);
    }
    assert_eq!(mock.admin_json("GET", "/settings", "", 200), before);
    let mut settings = mock.control().settings();
    settings.workers = 0;
    assert!(mock.control().set_settings(settings).is_err());
}

#[test]
fn workers_come_and_go_while_jobs_run() {
    let mock = mock();
    mock.admin_json("PATCH", "/settings", r#"{"downloadWorkers":1}"#, 200);
    let gate = mock.control().hold(Point::BeforeFile(1), JobMatch::every()).unwrap();
    let first = mock.ask_for(&["small.txt"]);
    mock.held(&first);
    let second = mock.ask_for(&["small.txt"]);
    mock.admin_json("PATCH", "/settings", r#"{"downloadWorkers":2}"#, 200);
    mock.until(&second, Condition::held());
    mock.admin_json("PATCH", "/settings", r#"{"downloadWorkers":1}"#, 200);
    let third = mock.ask_for(&["small.txt"]);
    mock.control().release(&first).unwrap();
    assert_eq!(mock.at_the_end(&first).status, Status::Done);
    // Two were at work; with the first gone there is as many as there may be, and the second has it.
    assert!(!mock.control().download(&third).unwrap().is_held);
    mock.control().release(&second).unwrap();
    mock.until(&third, Condition::held());
    drop(gate);
    assert_eq!(mock.at_the_end(&third).status, Status::Done);
}

#[test]
fn smooth_progress_shows_every_chunk_and_every_file() {
    let mock = mock();
    mock.admin_json("PATCH", "/settings", r#"{"downloadProgress":"smooth"}"#, 200);
    let gate = mock.control().hold(Point::Pending, JobMatch::next()).unwrap();
    let id = mock.ask_for(&["small.txt", "large.bin"]);
    let total = 25_000_013;
    let in_progress = |files: u64, bytes: u64| progress(Status::InProgress, (files, 2), (bytes, total));
    // A thousandth of the whole is less than two chunks.
    for expected in [
        in_progress(0, 13),
        in_progress(1, 13),
        in_progress(1, 13 + CHUNK),
        in_progress(1, 13 + 3 * CHUNK),
        in_progress(1, 13 + 5 * CHUNK),
    ] {
        mock.held(&id);
        mock.control().step(&id, Step::Update).unwrap();
        assert_eq!(mock.held(&id), expected);
    }
    mock.control().hold_download(&id, Point::BeforeDone).unwrap();
    mock.until(&id, Condition { files_added: Some(2), is_held: Some(true), ..Condition::default() });
    assert_eq!(mock.shown(&id), in_progress(2, total));
    drop(gate);
    mock.control().release(&id).unwrap();
    assert_eq!(mock.at_the_end(&id), progress(Status::Done, (2, 2), (total, total)));
}
