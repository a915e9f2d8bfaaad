//! Waiting for a download instead of sleeping.

use std::{thread, time::Duration};

use alfresco_downloads_mock::{Condition, JobMatch, Point, Status, Step, WaitError};
use serde_json::json;

use super::{CHUNK, PATIENCE, mock, progress};
use crate::support::{ADMIN, BASE};

#[test]
fn what_is_so_already_is_answered_at_once() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    for wanted in ["status=DONE", "isFinal=true", "filesAdded=1", "bytesAdded=13", "isHeld=false", "isDeleted=false"] {
        let view = mock.admin_json("GET", &format!("/wait?download={id}&{wanted}&timeout=0s"), "", 200);
        assert_eq!((&view["id"], &view["status"]), (&json!(id), &json!("DONE")), "{wanted}");
    }
    let view = mock.control().wait_blocking(Some(&id), Condition::ended(), Duration::ZERO).unwrap();
    assert_eq!(view.progress(), progress(Status::Done, (1, 1), (13, 13)));
}

#[test]
fn what_comes_is_answered_when_it_comes() {
    let mock = mock();
    let _gate = mock.control().hold(Point::Pending, JobMatch::next()).unwrap();
    let id = mock.ask_for(&["small.txt", "large.bin"]);
    let wait = |wanted: &str| mock.admin("GET", &format!("/wait?download={id}&{wanted}&timeout=60s"), "");
    thread::scope(|scope| {
        let status = scope.spawn(|| wait("status=IN_PROGRESS"));
        let files = scope.spawn(|| wait("filesAdded=1"));
        let bytes = scope.spawn(|| wait("bytesAdded=20493"));
        let end = scope.spawn(|| wait("isFinal=true"));
        mock.held(&id);
        mock.control().step(&id, Step::Update).unwrap();
        assert_eq!(status.join().unwrap().status, 200);
        mock.held(&id);
        mock.control().step(&id, Step::Update).unwrap();
        for waiting in [files, bytes] {
            let view = waiting.join().unwrap().json();
            assert_eq!((&view["filesAdded"], &view["bytesAdded"]), (&json!(1), &json!(13 + CHUNK)));
        }
        mock.control().release(&id).unwrap();
        assert_eq!(end.join().unwrap().json()["status"], "DONE");
    });
}

#[test]
fn what_a_client_does_can_be_waited_for() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    let wait = |wanted: &str| mock.admin("GET", &format!("/wait?download={id}&{wanted}&timeout=60s"), "");
    thread::scope(|scope| {
        let polled = scope.spawn(|| wait("polls=3"));
        let fetched = scope.spawn(|| wait("isFetched=true"));
        let deleted = scope.spawn(|| wait("isDeleted=true"));
        for _ in 0..3 {
            mock.poll(&id);
        }
        assert_eq!(polled.join().unwrap().json()["polls"], 3);
        let half = [("Range", "bytes=0-99")];
        let path = format!("{BASE}/nodes/{id}/content");
        assert_eq!(mock.request("GET", &path, ADMIN, &half, None).status, 206);
        assert!(!mock.control().download(&id).unwrap().is_fetched, "a part is not the whole");
        let rest = [("Range", "bytes=100-")];
        assert_eq!(mock.request("GET", &path, ADMIN, &rest, None).status, 206);
        assert_eq!(fetched.join().unwrap().json()["isFetched"], true);
        assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN).status, 204);
        assert_eq!(deleted.join().unwrap().json()["isDeleted"], true);
    });
    let again = mock.control().wait_blocking(Some(&id), Condition::deleted(), Duration::ZERO).unwrap();
    assert_eq!(again.status, Status::Done, "what it was in the end");
}

#[test]
fn any_download_will_do_without_an_id() {
    let mock = mock();
    thread::scope(|scope| {
        let waiting = scope.spawn(|| mock.admin("GET", "/wait?isFinal=true&timeout=60s", ""));
        let id = mock.ask_for(&["small.txt"]);
        assert_eq!(waiting.join().unwrap().json()["id"], json!(id));
    });
}

#[test]
fn a_wait_in_vain_says_how_it_is() {
    let mock = mock();
    let gate = mock.control().hold(Point::AfterUpdates(1), JobMatch::next()).unwrap();
    let id = mock.ask_for(&["small.txt", "other.txt"]);
    mock.held(&id);
    let response = mock.admin("GET", &format!("/wait?download={id}&status=DONE&timeout=1ms"), "");
    assert_eq!(response.status, 408);
    let problem = response.json();
    assert_eq!(problem["current"]["status"], "IN_PROGRESS");
    assert_eq!(problem["current"]["bytesAdded"], 13);
    let error = mock.control().wait_blocking(Some(&id), Condition::ended(), Duration::ZERO).unwrap_err();
    assert!(matches!(error, WaitError::Timeout(Some(view)) if view.is_held && view.bytes_added == 13));
    let response = mock.admin("GET", "/wait?isDeleted=true&timeout=1ms", "");
    assert_eq!((response.status, &response.json()["current"]), (408, &json!(null)));
    drop(gate);

    let unknown = "00000000-0000-4000-8000-00000000dead";
    assert_eq!(mock.admin("GET", &format!("/wait?download={unknown}&isFinal=true"), "").status, 404);
    let error = mock.control().wait_blocking(Some("nosuch"), Condition::ended(), PATIENCE).unwrap_err();
    assert_eq!(error, WaitError::Unknown);
}

#[test]
fn a_wait_ends_with_its_download_and_with_its_network() {
    let mock = mock();
    let gate = mock.control().hold(Point::Pending, JobMatch::every()).unwrap();
    let deleted = mock.ask_for(&["small.txt"]);
    let reset = mock.ask_for(&["small.txt"]);
    let wait = |id: &str| mock.admin("GET", &format!("/wait?download={id}&status=DONE&timeout=60s"), "");
    thread::scope(|scope| {
        let (one, two) = (scope.spawn(|| wait(&deleted)), scope.spawn(|| wait(&reset)));
        mock.held(&deleted);
        assert_eq!(mock.delete(&format!("{BASE}/nodes/{deleted}"), ADMIN).status, 204);
        assert_eq!(one.join().unwrap().json()["current"]["isDeleted"], true);
        mock.control().reset();
        assert!(matches!(two.join().unwrap().status, 404 | 409), "waiting when it ended, or not yet");
    });
    drop(gate);
}

#[tokio::test]
async fn in_rust_a_wait_is_a_future_for_any_executor() {
    let mock = mock();
    let control = mock.control();
    let id = mock.ask_for(&["small.txt"]);
    let view = control.wait(Some(&id), Condition::status(Status::Done), PATIENCE).await.unwrap();
    assert_eq!(view.files_added, 1);
    let other = mock.ask_for(&["other.txt"]);
    let view = futures_util::FutureExt::boxed(control.wait(Some(&other), Condition::ended(), PATIENCE)).await.unwrap();
    assert_eq!(view.id, other);
}
