//! One clock for everything, moved from outside.

use std::time::Duration;

use alfresco_downloads_mock::{Condition, DownloadSettings, JournalFilter, Status, Timestamp};
use serde_json::json;

use super::mock;
use crate::support::{ADMIN, ALICE, Auth, BASE, TICKETS, TestMock, node_id};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn it_is_frozen_advanced_set_and_resumed() {
    let mock = mock();
    let running = mock.admin_json("GET", "/clock", "", 200);
    assert_eq!(running["isRunning"], true);
    let frozen = mock.admin_json("POST", "/clock/freeze", "", 200);
    assert_eq!((&frozen["isRunning"], &frozen), (&json!(false), &mock.admin_json("GET", "/clock", "", 200)));
    let set = mock.admin_json("PUT", "/clock", r#"{"now":"2026-06-22T09:15:02.456Z"}"#, 200);
    assert_eq!(set, json!({ "now": "2026-06-22T09:15:02.456+0000", "isRunning": false }));
    let advanced = mock.admin_json("POST", "/clock/advance", r#"{"by":"61m"}"#, 200);
    assert_eq!(advanced["now"], "2026-06-22T10:16:02.456+0000");
    assert_eq!(mock.clock().now(), "2026-06-22T10:16:02.456Z".parse::<Timestamp>().unwrap(), "it is the same clock");
    mock.admin_json("PUT", "/clock", r#"{"now":"2030-01-01T00:00:00+01:00","isRunning":true}"#, 200);
    assert!(mock.control().time().is_running);
    mock.admin_json("PUT", "/clock", r#"{"now":"2030-01-01T00:00:00Z","isRunning":false}"#, 200);
    assert!(!mock.control().time().is_running);
    let resumed = mock.admin_json("POST", "/clock/resume", "", 200);
    assert_eq!(resumed["isRunning"], true);
    mock.control().freeze();
    mock.control().set_time(Timestamp::from_millis(0));
    mock.control().advance(MINUTE);
    assert_eq!(mock.control().time().now, Timestamp::from_millis(60_000));
    mock.control().resume();
    assert!(mock.control().time().now >= Timestamp::from_millis(60_000));
    for body in [r#"{"by":"61"}"#, r#"{"by":"-1s"}"#, r#"{"by":61}"#, "{}"] {
        mock.admin_json("POST", "/clock/advance", body, 400);
    }
    mock.admin_json("PUT", "/clock", r#"{"now":"tomorrow"}"#, 400);
}

#[test]
fn advance_runs_the_cleaner_before_it_answers() {
    let mock = mock();
    mock.admin_json("POST", "/clock/freeze", "", 200);
    for in_rust in [false, true] {
        let ids: Vec<_> = (0..100).map(|_| mock.ask_for(&["small.txt"])).collect();
        for id in &ids {
            mock.wait_until_done(id);
        }
        if in_rust {
            mock.control().advance(61 * MINUTE);
        } else {
            mock.admin_json("POST", "/clock/advance", r#"{"by":"61m"}"#, 200);
        }
        for id in &ids {
            assert_eq!(mock.poll(id).status, 404);
        }
    }
}

/// Their jobs wait for a start that the same move brings about.
#[test]
fn what_is_too_old_goes_even_when_its_job_begins_by_the_same_move() {
    let mock = mock();
    let mut settings = mock.control().settings();
    settings.start_delay = Duration::from_millis(50);
    mock.control().set_settings(settings).unwrap();
    mock.control().freeze();
    let ids: Vec<_> = (0..500).map(|_| mock.ask_for(&["small.txt"])).collect();
    mock.control().advance(61 * MINUTE);
    let left = ids.iter().filter(|id| mock.poll(id).status != 404).count();
    assert_eq!(left, 0);
}

#[test]
fn it_moves_dates_tickets_delays_pace_and_journal() {
    let mock = mock();
    mock.control().freeze();
    mock.control().set_time("2026-06-22T09:15:02.456Z".parse().unwrap());
    let response = mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    assert_eq!(response.header("Date"), Some("Mon, 22 Jun 2026 09:15:02 GMT"), "dates");
    let ticket = mock.log_in("admin", "admin");
    let is_valid = || mock.get(&format!("{TICKETS}/-me-"), Auth::Ticket(&ticket)).status == 200;
    assert!(is_valid());
    mock.control().advance(60 * MINUTE);
    assert!(!is_valid(), "tickets");

    let settings = |start_delay: Duration, pace: Option<u64>| {
        let mut settings: DownloadSettings = mock.control().settings();
        (settings.start_delay, settings.pace) = (start_delay, pace.and_then(std::num::NonZeroU64::new));
        mock.control().set_settings(settings).unwrap();
    };
    settings(MINUTE, None);
    let id = mock.ask_for(&["small.txt"]);
    assert_eq!(mock.shown(&id).status, Status::Pending);
    mock.control().advance(MINUTE);
    mock.until(&id, Condition::status(Status::Done));
    settings(Duration::ZERO, Some(1));
    let id = mock.ask_for(&["small.txt", "other.txt"]);
    mock.control().advance(Duration::from_secs(13));
    mock.until(&id, Condition::status(Status::InProgress));
    mock.control().advance(Duration::from_secs(13));
    mock.until(&id, Condition::status(Status::Done));

    let times: Vec<_> =
        mock.control().journal(&JournalFilter::default()).entries.into_iter().map(|entry| entry.time).collect();
    assert_eq!(times[0].to_string(), "2026-06-22T09:15:02.456+0000", "the journal");
    assert!(times.is_sorted());
}

/// All that a client sees of a small session: heads, bodies, a zip.
fn session() -> Vec<u8> {
    let mock = TestMock::start();
    mock.admin_json("POST", "/clock/freeze", "", 200);
    mock.admin_json("PUT", "/clock", r#"{"now":"2026-06-22T09:15:02.456Z"}"#, 200);
    let mut seen = Vec::new();
    let mut see = |response: crate::support::Response| {
        seen.extend_from_slice(format!("{}\n{:?}\n", response.status_line, response.headers).as_bytes());
        seen.extend_from_slice(&response.body);
        response
    };
    let body = json!({ "nodeIds": [node_id("TestDownloads")] }).to_string();
    let created = see(mock.post_json(&format!("{BASE}/downloads"), ALICE, &body));
    let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
    mock.wait_until_done(&id);
    see(mock.get(&format!("{BASE}/downloads/{id}"), ALICE));
    see(mock.get(&format!("{BASE}/nodes/{id}"), ALICE));
    see(mock.get(&format!("{BASE}/nodes/{id}/content"), ALICE));
    see(mock.get(&format!("{BASE}/downloads/nosuch"), ALICE));
    see(mock.post_json(TICKETS, Auth::None, r#"{"userId":"alice","password":"alice"}"#));
    see(mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN));
    seen
}

#[test]
fn with_a_seed_and_a_frozen_clock_two_runs_are_byte_identical() {
    let (one, two) = (session(), session());
    assert!(one.len() > 2000);
    assert!(one == two, "{}\n\n{}", String::from_utf8_lossy(&one), String::from_utf8_lossy(&two));
}
