//! What is a race on a real server, placed exactly: `DELETE` at each point of a job, and what else may happen to a job
//! that is held.

use std::time::Duration;

use alfresco_downloads_mock::{Condition, Deletion, JobMatch, Point, Progress, Status, WaitError};

use super::{CHUNK, PATIENCE, mock, progress};
use crate::support::{ADMIN, ALICE, BASE, OwnFixtures, TestMock, archive, node_id, path_id};

const TOTAL: u64 = 25_000_026;

/// 13 bytes, 25,000,000, 13.
const REQUESTED: [&str; 3] = ["small.txt", "large.bin", "other.txt"];

/// Holds a job at a point, lets something happen to it there, and lets it go on.
fn happens_at(mock: &TestMock, point: Point, event: impl FnOnce(&str)) -> String {
    let gate = mock.control().hold(point, JobMatch::next()).unwrap();
    let id = mock.ask_for(&REQUESTED);
    let before = mock.held(&id);
    event(&id);
    if mock.control().download(&id).is_some_and(|view| !view.is_deleted) {
        assert_eq!(mock.shown(&id), before, "{point:?}: nothing changes at once");
    }
    drop(gate);
    id
}

fn cancel(mock: &TestMock, id: &str) {
    let response = mock.delete(&format!("{BASE}/downloads/{id}"), ADMIN);
    assert_eq!((response.status, response.text()), (202, ""));
}

#[test]
fn delete_at_each_point() {
    let cancelled = |files: u64, bytes: u64| progress(Status::Cancelled, (files, 3), (bytes, TOTAL));
    let done = progress(Status::Done, (3, 3), (TOTAL, TOTAL));
    for (row, point, expected) in [
        ("while PENDING", Point::Pending, cancelled(0, 13)),
        ("before the second file", Point::BeforeFile(2), cancelled(1, 13 + CHUNK)),
        ("mid-file, before another look", Point::AtBytes(1_000_000), cancelled(1, 13 + 501 * CHUNK)),
        ("mid-file, before the next file", Point::AfterUpdates(4), cancelled(2, TOTAL)),
        ("after the last file, before DONE", Point::BeforeDone, done),
    ] {
        let mock = mock();
        let id = happens_at(&mock, point, |id| cancel(&mock, id));
        assert_eq!(mock.at_the_end(&id), expected, "{row}");
        let content = mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN);
        assert_eq!(content.status == 200, expected == done, "{row}");
    }
    let mock = mock();
    let id = mock.ask_for(&REQUESTED);
    assert_eq!(mock.at_the_end(&id), done);
    cancel(&mock, &id);
    assert_eq!(mock.shown(&id), done, "after DONE nothing changes");
    assert_eq!(mock.get(&format!("{BASE}/nodes/{id}/content"), ADMIN).status, 200);
}

#[test]
fn too_big_while_pending_ignores_a_cancel() {
    let mock = mock();
    mock.change_downloads(|settings| settings.max_content_size = std::num::NonZeroU64::new(100));
    let id = happens_at(&mock, Point::Pending, |id| cancel(&mock, id));
    assert_eq!(mock.at_the_end(&id), progress(Status::MaxContentSizeExceeded, (0, 3), (100, TOTAL)));
}

#[test]
fn the_download_node_is_deleted_while_its_job_is_held() {
    for point in [Point::Pending, Point::BeforeFile(2), Point::AtBytes(1_000_000), Point::BeforeDone] {
        let mock = OwnFixtures::with(&[], super::FILES, |config| config.download_workers = 1);
        let id = happens_at(&mock, point, |id| {
            assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN).status, 204);
        });
        assert_eq!(mock.poll(&id).status, 404, "{point:?}");
        assert_eq!(mock.control().report(&id).unwrap().deleted_by, Some(Deletion::Client));
        let in_vain = mock.control().wait_blocking(Some(&id), Condition::ended(), PATIENCE);
        assert!(matches!(in_vain, Err(WaitError::Deleted(_))), "{point:?}: {in_vain:?}");
        // Its worker is free.
        let next = mock.ask_for(&["small.txt"]);
        assert_eq!(mock.at_the_end(&next).status, Status::Done, "{point:?}");
    }
}

#[test]
fn a_source_is_deleted_while_the_job_is_held() {
    let delete_other = |mock: &TestMock| {
        let response = mock.delete(&format!("{BASE}/nodes/{}", path_id("other.txt")), ADMIN);
        assert_eq!(response.status, 204);
    };
    let mock = mock();
    let id = happens_at(&mock, Point::Pending, |_| delete_other(&mock));
    assert_eq!(mock.at_the_end(&id), progress(Status::Done, (2, 2), (25_000_013, 25_000_013)), "it is left out");
    assert_eq!(archive::names(&mock.content(ADMIN, &id)), ["small.txt", "large.bin"]);

    let mock = super::mock();
    let id = happens_at(&mock, Point::BeforeFile(1), |_| delete_other(&mock));
    assert_eq!(mock.at_the_end(&id), progress(Status::Done, (3, 3), (TOTAL, TOTAL)), "what was walked is zipped");
}

#[test]
fn a_held_download_expires_like_any_other() {
    let mock = mock();
    mock.control().freeze();
    let id = happens_at(&mock, Point::AtBytes(1_000_000), |id| {
        mock.control().advance(Duration::from_secs(3600));
        assert_eq!(mock.poll(id).status, 200);
        mock.control().advance(Duration::from_millis(1));
    });
    assert_eq!(mock.poll(&id).status, 404);
    assert_eq!(mock.control().report(&id).unwrap().deleted_by, Some(Deletion::Cleaner));
}

#[test]
fn every_status_and_transition_can_be_seen() {
    let mock = mock();
    let gate = mock.control().hold(Point::Pending, JobMatch::every()).unwrap();
    let ids: Vec<_> = (0..3).map(|_| mock.ask_for(&REQUESTED)).collect();
    for id in &ids {
        assert_eq!(mock.held(id), Progress::default(), "PENDING");
    }
    // PENDING to IN_PROGRESS to DONE, PENDING to IN_PROGRESS to CANCELLED, PENDING to MAX_CONTENT_SIZE_EXCEEDED.
    for id in &ids[..2] {
        mock.control().hold_download(id, Point::AfterUpdates(1)).unwrap();
        mock.until(id, Condition::status(Status::InProgress));
    }
    mock.control().release(&ids[0]).unwrap();
    assert_eq!(mock.at_the_end(&ids[0]).status, Status::Done);
    cancel(&mock, &ids[1]);
    mock.control().release(&ids[1]).unwrap();
    assert_eq!(mock.at_the_end(&ids[1]).status, Status::Cancelled);
    mock.change_downloads(|settings| settings.max_content_size = std::num::NonZeroU64::new(1));
    drop(gate);
    assert_eq!(mock.at_the_end(&ids[2]).status, Status::MaxContentSizeExceeded);
    // PENDING to DONE, with nothing to publish.
    mock.change_downloads(|settings| settings.max_content_size = None);
    let empty = mock.ask_for(&["empty.txt"]);
    assert_eq!(mock.at_the_end(&empty), progress(Status::Done, (1, 1), (0, 0)));
}

#[test]
fn a_permission_is_lost_while_the_job_is_held() {
    for (point, names) in
        [(Point::Pending, &["docTest1.txt"][..]), (Point::BeforeFile(1), &["docTest1.txt", "docTest2.txt"])]
    {
        let mock = TestMock::start();
        let [kept, lost] = ["docTest1.txt", "docTest2.txt"].map(|name| node_id(&format!("TestDownloads/{name}")));
        let gate = mock.control().hold(point, JobMatch::next()).unwrap();
        let id = mock.create_download(ALICE, &[&kept, &lost]);
        mock.until(&id, Condition::held());
        let body = br#"{"permissions":{"isInheritanceEnabled":false}}"#;
        let json = [("Content-Type", "application/json")];
        assert_eq!(mock.request("PUT", &format!("{BASE}/nodes/{lost}"), ADMIN, &json, Some(body)).status, 200);
        assert_eq!(mock.get(&format!("{BASE}/nodes/{lost}"), ALICE).status, 403, "{point:?}");
        drop(gate);
        let end = mock.until(&id, Condition::ended());
        let files = names.len() as u64;
        assert_eq!(end.progress(), progress(Status::Done, (files, files), (13 * files, 13 * files)), "{point:?}");
        assert_eq!(archive::names(&mock.content(ALICE, &id)), names, "{point:?}");
    }
}
