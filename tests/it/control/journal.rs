//! What was asked and answered, and what a client did with a download.

use std::{thread, time::Duration};

use alfresco_downloads_mock::{
    Condition, Deletion, Expectations, Fault, JobMatch, JournalFilter, Operation, Outcome, WaitError,
};
use serde_json::{Value, json};

use super::{PATIENCE, mock};
use crate::support::{ADMIN, ALICE, Auth, BASE, TestMock, node_id, path_id};

#[test]
fn a_request_is_written_down_with_what_became_of_it() {
    let mock = TestMock::start();
    mock.admin_json("POST", "/clock/freeze", "", 200);
    mock.admin_json("PUT", "/clock", r#"{"now":"2026-06-22T09:15:02.456Z"}"#, 200);
    let body = json!({ "nodeIds": [node_id("TestDownloads/docTest1.txt")] }).to_string();
    let created = mock.post_json(&format!("{BASE}/downloads"), ALICE, &body);
    let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
    mock.wait_until_done(&id);
    let zip = mock.content(ALICE, &id);
    mock.get(&format!("{BASE}/downloads/nosuch"), ADMIN);
    mock.request("POST", &format!("{BASE}/downloads/{id}?alf_method=DELETE"), ALICE, &[], None);

    let page = mock.admin_json("GET", "/journal", "", 200);
    assert_eq!((&page["count"], &page["dropped"]), (&json!(4), &json!(0)));
    let entry = |number: usize| page["entries"][number - 1].clone();
    let time = "2026-06-22T09:15:02.456+0000";
    assert_eq!(
        entry(1),
        json!({
            "number": 1, "time": time, "user": "alice", "method": "POST", "path": format!("{BASE}/downloads"),
            "operation": "createDownload", "download": id, "status": 202, "durationMs": 0,
            "bytes": created.body.len(), "isComplete": true,
        })
    );
    assert_eq!(
        entry(2),
        json!({
            "number": 2, "time": time, "user": "alice", "method": "GET", "path": format!("{BASE}/nodes/{id}/content"),
            "operation": "getNodeContent", "node": id, "download": id, "status": 200, "durationMs": 0,
            "bytes": zip.len(), "isComplete": true,
        })
    );
    assert_eq!(
        entry(3)["decision"],
        json!({ "by": "check", "name": "EntityNotFound", "text": "The entity with id: nosuch was not found" })
    );
    assert_eq!(entry(4)["operation"], "cancelDownload", "what it stands for");
    assert_eq!(entry(4)["method"], "POST", "what it was");
}

#[test]
fn why_it_failed_is_written_down() {
    let mock = mock();
    let fault = mock.control().inject(Fault::on(Operation::GetNode).named("flaky proxy").error(503).times(1)).unwrap();
    mock.get(&format!("{BASE}/nodes/-root-"), ADMIN);
    mock.get(&format!("{BASE}/nodes/-root-"), Auth::None);
    mock.get(&format!("{BASE}/nodes/-root-"), ADMIN);
    let decisions: Vec<_> = mock.control().journal(&JournalFilter::default()).entries;
    let names: Vec<_> = decisions
        .iter()
        .map(|entry| entry.decision.as_ref().map(|decision| (decision.name.as_str(), decision.fault)))
        .collect();
    assert_eq!(names, [Some(("flaky proxy", Some(fault.id()))), Some(("Unauthenticated", None)), None]);
}

#[test]
fn it_is_queried_counted_and_cleared() {
    let mock = TestMock::start();
    for auth in [ADMIN, ALICE, ALICE] {
        mock.get(&format!("{BASE}/nodes/-root-"), auth);
    }
    mock.get(&format!("{BASE}/downloads/nosuch"), ALICE);
    for (query, count) in [
        ("", 4),
        ("operation=getNode", 3),
        ("user=Alice", 3),
        ("user=alice&operation=getNode", 2),
        ("status=404", 1),
        ("method=get", 4),
        ("path=/downloads/", 1),
        ("after=3", 1),
        ("limit=1", 4),
        ("download=x", 0),
    ] {
        let page = mock.admin_json("GET", &format!("/journal?{query}"), "", 200);
        assert_eq!(page["count"], count, "{query}");
    }
    let page = mock.control().journal(&JournalFilter { limit: Some(2), ..JournalFilter::default() });
    assert_eq!(page.entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 4], "the youngest");
    let of_alice = JournalFilter { user: Some("alice".to_owned()), ..JournalFilter::default() };
    assert_eq!(mock.control().count_requests(&of_alice), 3);
    mock.admin_json("DELETE", "/journal", "", 204);
    assert_eq!(mock.control().count_requests(&JournalFilter::default()), 0);
    mock.admin_json("GET", "/journal?operation=explode", "", 400);
}

#[test]
fn it_is_bounded_and_counts_what_it_drops() {
    let mock = TestMock::with(|config| config.control.journal_size = 3);
    for _ in 0..5 {
        mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    }
    let page = mock.admin_json("GET", "/journal", "", 200);
    assert_eq!((&page["count"], &page["dropped"], &page["entries"][0]["number"]), (&json!(3), &json!(2), &json!(3)));
    let file = node_id("TestDownloads/docTest1.txt");
    let ids: Vec<_> = (0..5).map(|_| mock.finished_download(ADMIN, &[&file])).collect();
    let remembered: Vec<_> = mock.control().downloads().into_iter().map(|view| view.id).collect();
    assert_eq!(remembered, ids[2..]);
    assert!(mock.control().download(&ids[0]).is_some(), "what is still there is found all the same");
}

#[test]
fn requests_can_be_waited_for() {
    let mock = mock();
    let wanted = JournalFilter { operation: Some(Operation::GetProbe), ..JournalFilter::default() };
    thread::scope(|scope| {
        let over_http = scope.spawn(|| mock.admin("GET", "/journal/wait?operation=getProbe&count=2&timeout=60s", ""));
        let in_rust = scope.spawn(|| mock.control().wait_for_requests_blocking(2, &wanted, PATIENCE));
        for _ in 0..2 {
            mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
        }
        assert_eq!(over_http.join().unwrap().json()["count"], 2);
        assert_eq!(in_rust.join().unwrap().unwrap().count, 2);
    });
    assert_eq!(mock.admin("GET", "/journal/wait?operation=getProbe&count=3&timeout=1ms", "").status, 408);
    let in_vain = mock.control().wait_for_requests_blocking(3, &wanted, Duration::ZERO);
    assert_eq!(in_vain, Err(WaitError::Timeout(None)));
}

/// A client that behaves: polls twice a second until it is over, fetches, deletes.
fn well_behaved(mock: &TestMock) -> String {
    let id = mock.ask_for(&["small.txt"]);
    mock.until(&id, Condition::job_over());
    mock.poll(&id);
    mock.content(ADMIN, &id);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN).status, 204);
    id
}

#[test]
fn a_report_tells_what_a_client_did() {
    let mock = mock();
    mock.control().freeze();
    mock.control().set_time("2026-06-22T09:15:00Z".parse().unwrap());
    let _order = mock.control().order(Outcome::MaxContentSizeExceeded, JobMatch::next()).unwrap();
    let id = mock.ask_for(&["small.txt"]);
    mock.until(&id, Condition::job_over());
    for pause in [0, 500, 200] {
        mock.control().advance(Duration::from_millis(pause));
        mock.poll(&id);
    }
    mock.get(&format!("{BASE}/downloads/{id}"), Auth::None);
    mock.delete(&format!("{BASE}/downloads/{id}"), ADMIN);
    let report = mock.admin_json("GET", &format!("/downloads/{id}/report"), "", 200);
    assert_eq!(
        report,
        json!({
            "id": id, "createdAt": "2026-06-22T09:15:00.000+0000", "polls": 3,
            "polledAt": ["2026-06-22T09:15:00.000+0000", "2026-06-22T09:15:00.500+0000", "2026-06-22T09:15:00.700+0000"],
            "intervalsMs": [500, 200], "shortestIntervalMs": 200, "sawFinalAt": "2026-06-22T09:15:00.000+0000",
            "pollsAfterFinal": 2, "cancels": 1, "contentRequests": 0,
        })
    );
    let verify = |expected: Value, status: u16| {
        mock.admin_json("POST", &format!("/downloads/{id}/verify"), &expected.to_string(), status)
    };
    for (expected, error) in [
        (json!({ "neverPolledAfterFinal": true }), "it polled 2 times after a final status"),
        (json!({ "deleted": true }), "it did not delete the download"),
        (json!({ "fetched": true }), "it did not fetch the content whole"),
        (json!({ "cancelled": false }), "it asked for a cancel"),
        (json!({ "minPollInterval": "500ms" }), "it polled again after 200 ms"),
        (json!({ "maxPolls": 2 }), "it polled 3 times"),
        (json!({ "minPolls": 4 }), "it polled 3 times"),
    ] {
        assert_eq!(verify(expected.clone(), 409)["errors"], json!([error]), "{expected}");
    }
    verify(json!({}), 204);
    verify(json!({ "cancelled": true, "minPollInterval": "200ms", "maxPolls": 3, "fetched": false }), 204);
    verify(json!({ "everything": true }), 400);
    mock.admin_json("POST", "/downloads/nosuch/verify", "{}", 404);

    let id = well_behaved(&mock);
    let report = mock.control().report(&id).unwrap();
    report.assert_never_polled_after_final();
    report.assert_deleted();
    report.assert_fetched();
    report.assert_polled_no_faster_than(Duration::from_millis(500));
    assert_eq!(report.deleted_by, Some(Deletion::Client));
    let wrong = Expectations { deleted: Some(false), fetched: Some(false), ..Expectations::default() };
    assert_eq!(report.verify(&wrong).unwrap_err().0, ["it deleted the download", "it fetched the content"]);
}

#[test]
#[should_panic(expected = "it polled 1 times after a final status")]
fn an_assertion_in_rust_fails_the_test() {
    let mock = mock();
    let id = mock.create_download(ADMIN, &[&path_id("small.txt")]);
    mock.until(&id, Condition::job_over());
    mock.poll(&id);
    mock.poll(&id);
    mock.control().report(&id).unwrap().assert_never_polled_after_final();
}
