//! Ends by order, with counters that the real server would show (wire reference, section 3).

use alfresco_downloads_mock::{Condition, JobMatch, Outcome, Point, Progress, Status};
use serde_json::{Value, json};

use super::{CHUNK, mock, progress};
use crate::support::{ADMIN, ALICE, BASE, TestMock, path_id};

const TOTAL: u64 = 25_000_026;

const REQUESTED: [&str; 3] = ["small.txt", "large.bin", "other.txt"];

/// Each outcome, as JSON, and how a job of the three files shows it. None when it stays like that for ever.
fn outcomes() -> Vec<(Outcome, Value, Progress)> {
    let cancelled = |files: u64, bytes: u64| progress(Status::Cancelled, (files, 3), (bytes, TOTAL));
    let in_progress = |files: u64, bytes: u64| progress(Status::InProgress, (files, 3), (bytes, TOTAL));
    vec![
        (
            Outcome::MaxContentSizeExceeded,
            json!("max-content-size-exceeded"),
            progress(Status::MaxContentSizeExceeded, (0, 3), (TOTAL - 1, TOTAL)),
        ),
        (Outcome::Cancelled(Point::Pending), json!({ "cancelled": "pending" }), cancelled(0, 13)),
        (
            Outcome::Cancelled(Point::AtBytes(1_000_000)),
            json!({ "cancelled": { "at-bytes": 1_000_000 } }),
            cancelled(1, 13 + 501 * CHUNK),
        ),
        (Outcome::Cancelled(Point::BeforeFile(3)), json!({ "cancelled": { "before-file": 3 } }), cancelled(2, TOTAL)),
        (
            Outcome::Cancelled(Point::BeforeDone),
            json!({ "cancelled": "before-done" }),
            progress(Status::Done, (3, 3), (TOTAL, TOTAL)),
        ),
        (Outcome::Dies(Point::Pending), json!({ "dies": "pending" }), Progress::default()),
        (Outcome::Dies(Point::BeforeFile(1)), json!({ "dies": { "before-file": 1 } }), Progress::default()),
        (
            Outcome::Dies(Point::AtBytes(11_000_000)),
            json!({ "dies": { "at-bytes": 11_000_000 } }),
            in_progress(1, 13 + 501 * CHUNK),
        ),
        (Outcome::Dies(Point::BeforeFile(2)), json!({ "dies": { "before-file": 2 } }), in_progress(0, 13)),
        (Outcome::Dies(Point::BeforeDone), json!({ "dies": "before-done" }), in_progress(2, TOTAL)),
    ]
}

#[track_caller]
fn assert_ends_as(mock: &TestMock, id: &str, expected: Progress, row: &str) {
    mock.until(id, Condition::job_over());
    assert_eq!(mock.shown(id), expected, "{row}");
    let content = mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN);
    assert_eq!(content.status == 200, expected.status == Status::Done, "{row}");
}

#[test]
fn every_outcome_has_truthful_counters() {
    let mock = mock();
    for (outcome, json, expected) in outcomes() {
        let row = format!("{outcome:?}");
        let guard = mock.control().order(outcome, JobMatch::next()).unwrap();
        let id = mock.ask_for(&REQUESTED);
        drop(guard);
        assert_ends_as(&mock, &id, expected, &row);

        let order = json!({ "outcome": json, "jobs": { "times": 1 } }).to_string();
        let rule = mock.admin_json("POST", "/outcomes", &order, 201);
        assert_eq!(rule["outcome"], json, "{row}");
        let id = mock.ask_for(&REQUESTED);
        assert_ends_as(&mock, &id, expected, &row);
        mock.admin_json("DELETE", &format!("/outcomes/{}", rule["id"]), "", 204);
    }
    let id = mock.ask_for(&REQUESTED);
    assert_eq!(mock.at_the_end(&id).status, Status::Done, "and then nothing is ordered any more");
}

#[test]
fn the_limit_that_is_exceeded_shows_where_there_is_one() {
    let mock = mock();
    mock.change_downloads(|settings| settings.max_content_size = std::num::NonZeroU64::new(20));
    let _order = mock.control().order(Outcome::MaxContentSizeExceeded, JobMatch::every()).unwrap();
    let within = mock.ask_for(&["small.txt"]);
    assert_eq!(mock.at_the_end(&within), progress(Status::MaxContentSizeExceeded, (0, 1), (12, 13)));
    let beyond = mock.ask_for(&["small.txt", "other.txt"]);
    assert_eq!(mock.at_the_end(&beyond), progress(Status::MaxContentSizeExceeded, (0, 2), (20, 26)));
}

#[test]
fn an_outcome_is_for_the_jobs_that_match() {
    let mock = mock();
    let ends = |order: &str, requests: &[(crate::support::Auth<'static>, &str)]| {
        mock.admin_json("POST", "/outcomes", order, 201);
        let ids: Vec<_> = requests.iter().map(|(auth, path)| mock.create_download(*auth, &[&path_id(path)])).collect();
        let statuses: Vec<_> = ids.iter().map(|id| mock.at_the_end(id).status == Status::Done).collect();
        mock.admin_json("DELETE", "/outcomes", "", 204);
        statuses
    };
    let outcome = r#""outcome":"max-content-size-exceeded""#;
    let [small, other, inner] = ["small.txt", "other.txt", "folder"].map(|path| (ADMIN, path));
    let second = format!(r#"{{{outcome},"jobs":{{"nth":2,"times":1}}}}"#);
    assert_eq!(ends(&second, &[small, small, small]), [true, false, true]);
    assert_eq!(ends(&format!("{{{outcome}}}"), &[small, other]), [false, false]);
    let node = format!(r#"{{{outcome},"jobs":{{"node":"{}"}}}}"#, path_id("folder/inner.txt"));
    assert_eq!(ends(&node, &[small, inner]), [true, false]);

    let mock = TestMock::start();
    let file = crate::support::node_id("TestDownloads/docTest1.txt");
    let _order = mock.control().order(Outcome::Dies(Point::Pending), JobMatch::every().of_user("alice")).unwrap();
    let hers = mock.create_download(ALICE, &[&file]);
    mock.finished_download(ADMIN, &[&file]);
    assert_eq!(mock.control().download(&hers).unwrap().status, Status::Pending);
}

#[test]
fn a_job_that_died_is_the_cleaners() {
    let mock = mock();
    mock.control().freeze();
    let _order = mock.control().order(Outcome::Dies(Point::BeforeFile(2)), JobMatch::next()).unwrap();
    let id = mock.ask_for(&REQUESTED);
    mock.until(&id, Condition::status(Status::InProgress));
    mock.control().advance(std::time::Duration::from_secs(61 * 60));
    assert_eq!(mock.poll(&id).status, 404);
}
