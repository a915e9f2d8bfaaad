//! Gates: a job is held at each point, and shows there what the real server shows (wire reference, section 3).

use alfresco_downloads_mock::{Condition, JobError, JobMatch, Point, Progress, Status, Step};
use serde_json::{Value, json};

use super::{CHUNK, mock, progress};
use crate::support::{ADMIN, ALICE, BASE, TestMock, path_id};

const TOTAL: u64 = 25_000_026;

/// Three files: 13 bytes, 25,000,000 (published at chunk 1, 501 and 1001), 13.
const REQUESTED: [&str; 3] = ["small.txt", "large.bin", "other.txt"];

/// Each point, as JSON, and what shows there.
fn points() -> Vec<(Point, Value, Progress)> {
    let in_progress = |files: u64, bytes: u64| progress(Status::InProgress, (files, 3), (bytes, TOTAL));
    vec![
        (Point::Pending, json!("pending"), Progress::default()),
        (Point::BeforeFile(1), json!({ "before-file": 1 }), Progress::default()),
        (Point::AfterUpdates(1), json!({ "after-updates": 1 }), in_progress(0, 13)),
        (Point::BeforeFile(2), json!({ "before-file": 2 }), in_progress(0, 13)),
        (Point::AfterUpdates(2), json!({ "after-updates": 2 }), in_progress(1, 13 + CHUNK)),
        (Point::AtBytes(1_000_000), json!({ "at-bytes": 1_000_000 }), in_progress(1, 13 + CHUNK)),
        (Point::AtPercent(50), json!({ "at-percent": 50 }), in_progress(1, 13 + 501 * CHUNK)),
        (Point::AfterUpdates(4), json!({ "after-updates": 4 }), in_progress(1, 13 + 1001 * CHUNK)),
        (Point::BeforeFile(3), json!({ "before-file": 3 }), in_progress(1, 13 + 1001 * CHUNK)),
        (Point::AtPercent(100), json!({ "at-percent": 100 }), in_progress(2, TOTAL)),
        (Point::BeforeDone, json!("before-done"), in_progress(2, TOTAL)),
    ]
}

/// What a client is told while a job is held: the counters, and no content.
#[track_caller]
fn assert_held_at(mock: &TestMock, id: &str, expected: Progress, row: &str) {
    assert_eq!(mock.held(id), expected, "{row}");
    let content = mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN);
    assert_eq!(content.status, 404, "{row}");
    assert!(content.text().contains("Unable to locate content for node ref"), "{row}");
    let node = mock.get(&format!("{BASE}/nodes/{id}"), ADMIN).json();
    let properties = &node["entry"]["properties"];
    assert_eq!(properties["download:status"], json!(expected.status.as_str()), "{row}");
    assert_eq!(node["entry"]["content"], Value::Null, "{row}");
}

#[test]
fn every_point_holds_a_job_and_the_zip_is_the_same() {
    let mock = mock();
    let plain = mock.ask_for(&REQUESTED);
    let done = progress(Status::Done, (3, 3), (TOTAL, TOTAL));
    assert_eq!(mock.at_the_end(&plain), done);
    let expected = mock.content(ADMIN, &plain);
    for (point, json, shown) in points() {
        let row = format!("{point:?}");
        let gate = mock.control().hold(point, JobMatch::next()).unwrap();
        let id = mock.ask_for(&REQUESTED);
        assert_held_at(&mock, &id, shown, &row);
        drop(gate);
        assert_eq!(mock.at_the_end(&id), done, "{row}");
        assert!(mock.content(ADMIN, &id) == expected, "{row}: the zip is another");

        let rule = mock.admin_json("POST", "/gates", &json!({ "at": json, "jobs": { "times": 1 } }).to_string(), 201);
        assert_eq!(rule["at"], json, "{row}");
        let id = mock.ask_for(&REQUESTED);
        let view = mock.admin_json("GET", &format!("/wait?download={id}&isHeld=true&timeout=60s"), "", 200);
        assert_eq!((&view["gate"], &view["isHeld"]), (&json, &json!(true)), "{row}");
        assert_held_at(&mock, &id, shown, &row);
        mock.admin_json("DELETE", &format!("/downloads/{id}/gate"), "", 204);
        assert_eq!(mock.at_the_end(&id), done, "{row}");
        assert!(mock.content(ADMIN, &id) == expected, "{row}: the zip is another");
    }
}

#[test]
fn a_point_that_never_comes_holds_nothing() {
    let mock = mock();
    for point in [Point::BeforeFile(2), Point::AfterUpdates(2), Point::AtBytes(14)] {
        let _gate = mock.control().hold(point, JobMatch::next()).unwrap();
        let id = mock.ask_for(&["small.txt"]);
        assert_eq!(mock.at_the_end(&id), progress(Status::Done, (1, 1), (13, 13)), "{point:?}");
    }
}

#[test]
fn folders_and_empty_files_can_be_held_too() {
    let mock = mock();
    for point in [Point::BeforeFile(1), Point::AtBytes(0), Point::AtPercent(100), Point::BeforeDone] {
        let gate = mock.control().hold(point, JobMatch::next()).unwrap();
        let id = mock.ask_for(&["empty.txt"]);
        assert_eq!(mock.held(&id), Progress::default(), "{point:?}");
        drop(gate);
        assert_eq!(mock.at_the_end(&id), progress(Status::Done, (1, 1), (0, 0)), "{point:?}");
    }
}

#[test]
fn a_held_job_goes_on_by_one_update() {
    let mock = mock();
    let _gate = mock.control().hold(Point::Pending, JobMatch::next()).unwrap();
    let id = mock.ask_for(&REQUESTED);
    for (files, bytes) in [(0, 13), (1, 13 + CHUNK), (1, 13 + 501 * CHUNK), (1, 13 + 1001 * CHUNK), (2, TOTAL)] {
        mock.until(&id, Condition::held());
        mock.control().step(&id, Step::Update).unwrap();
        assert_eq!(mock.held(&id), progress(Status::InProgress, (files, 3), (bytes, TOTAL)));
    }
    mock.admin_json("POST", &format!("/downloads/{id}/step"), r#"{"by":"update"}"#, 202);
    assert_eq!(mock.at_the_end(&id), progress(Status::Done, (3, 3), (TOTAL, TOTAL)));
    assert_eq!(mock.control().step(&id, Step::Update), Err(JobError::Ended));
    mock.admin_json("POST", &format!("/downloads/{id}/step"), r#"{"by":"update"}"#, 409);
}

#[test]
fn a_held_job_goes_on_by_one_file() {
    let mock = mock();
    let requested = ["small.txt", "empty.txt", "other.txt"];
    let _gate = mock.control().hold(Point::BeforeFile(1), JobMatch::next()).unwrap();
    let id = mock.ask_for(&requested);
    let in_progress = |files: u64, bytes: u64| progress(Status::InProgress, (files, 3), (bytes, 26));
    assert_eq!(mock.held(&id), Progress::default());
    for (row, shown) in [
        ("the first file is through", in_progress(0, 13)),
        ("an empty file shows nothing", in_progress(0, 13)),
        ("the last file is through", in_progress(2, 26)),
    ] {
        mock.admin_json("POST", &format!("/downloads/{id}/step"), r#"{"by":"file"}"#, 202);
        assert_eq!(mock.held(&id), shown, "{row}");
    }
    mock.control().step(&id, Step::File).unwrap();
    assert_eq!(mock.at_the_end(&id), progress(Status::Done, (3, 3), (26, 26)));
}

#[test]
fn a_gate_is_for_the_next_for_the_nth_or_for_every_job() {
    let mock = mock();
    let is_held = |id: &str| {
        let view = mock.control().wait_blocking(Some(id), Condition::default(), super::PATIENCE).unwrap();
        view.is_held || view.gate.is_some()
    };
    let gate = mock.control().hold(Point::BeforeDone, JobMatch::nth(2)).unwrap();
    let held: Vec<_> = (0..3).map(|_| is_held(&mock.ask_for(&["small.txt"]))).collect();
    assert_eq!(held, [false, true, false]);
    drop(gate);
    let gate = mock.control().hold(Point::Pending, JobMatch::every()).unwrap();
    let ids: Vec<_> = (0..20).map(|_| mock.ask_for(&["small.txt"])).collect();
    for id in &ids {
        assert_eq!(mock.held(id), Progress::default(), "more than there are workers");
    }
    drop(gate);
    for id in &ids {
        assert_eq!(mock.at_the_end(id).status, Status::Done);
    }
}

#[test]
fn a_gate_is_for_jobs_with_a_node_or_of_a_user() {
    let mock = mock();
    let inner = path_id("folder/inner.txt");
    let with_node = json!({ "at": "pending", "jobs": { "node": inner } }).to_string();
    let id = mock.admin_json("POST", "/gates", &with_node, 201)["id"].clone();
    let direct = mock.ask_for(&["folder/inner.txt"]);
    let above = mock.ask_for(&["small.txt", "folder"]);
    let without = mock.ask_for(&["small.txt"]);
    mock.held(&direct);
    mock.held(&above);
    assert_eq!(mock.at_the_end(&without).status, Status::Done);
    let rules = mock.admin_json("GET", "/gates", "", 200);
    assert_eq!((&rules[0]["matched"], &rules[0]["applied"]), (&json!(2), &json!(2)));
    mock.admin_json("DELETE", &format!("/gates/{id}"), "", 204);
    assert_eq!(mock.at_the_end(&direct).status, Status::Done);
    assert_eq!(mock.at_the_end(&above).status, Status::Done);

    let mock = TestMock::start();
    let file = crate::support::node_id("TestDownloads/docTest1.txt");
    let _gate = mock.control().hold(Point::BeforeDone, JobMatch::every().of_user("ALICE")).unwrap();
    let hers = mock.create_download(ALICE, &[&file]);
    let other = mock.create_download(ADMIN, &[&file]);
    mock.until(&hers, Condition::held());
    mock.wait_until_done(&other);
}

#[test]
fn an_existing_download_can_be_held_where_it_has_not_been() {
    let mock = mock();
    let gate = mock.control().hold(Point::AfterUpdates(2), JobMatch::next()).unwrap();
    let id = mock.ask_for(&REQUESTED);
    mock.held(&id);
    for passed in [Point::Pending, Point::BeforeFile(2), Point::AfterUpdates(1), Point::AtBytes(12)] {
        assert_eq!(mock.control().hold_download(&id, passed), Err(JobError::Passed), "{passed:?}");
    }
    let body = r#"{"at":"pending"}"#;
    mock.admin_json("PUT", &format!("/downloads/{id}/gate"), body, 409);
    let body = r#"{"at":"before-done"}"#;
    let view = mock.admin_json("PUT", &format!("/downloads/{id}/gate"), body, 200);
    assert_eq!(view["gate"], json!("before-done"));
    drop(gate);
    mock.control()
        .wait_blocking(
            Some(&id),
            Condition { files_added: Some(2), is_held: Some(true), ..Condition::default() },
            super::PATIENCE,
        )
        .unwrap();
    assert_eq!(mock.shown(&id), progress(Status::InProgress, (2, 3), (TOTAL, TOTAL)));
    mock.control().release(&id).unwrap();
    assert_eq!(mock.at_the_end(&id).status, Status::Done);
    assert_eq!(mock.control().hold_download(&id, Point::BeforeDone), Err(JobError::Ended));
    assert_eq!(mock.control().release("nosuch"), Err(JobError::Unknown));
}
