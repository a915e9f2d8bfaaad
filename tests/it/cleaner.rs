//! The cleaner: section 10 of the wire reference. Ours does not wait for the full hour.

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::Status;

use crate::support::{
    ADMIN, BASE, OwnFixtures, Summary, TestMock, error_body, mask, node_id, path_id, process::Server,
};

const MINUTE: Duration = Duration::from_secs(60);
const MILLISECOND: Duration = Duration::from_millis(1);

/// Bytes per second: a file of one byte is through in a moment, and nothing more before it comes of age.
const SEVEN_MINUTES_A_CHUNK: NonZeroU64 = NonZeroU64::new(50).unwrap();

#[track_caller]
fn assert_gone(mock: &TestMock, id: &str) {
    let text = format!("The entity with id: {id} was not found");
    let expected = error_body(404, Some("framework.exception.EntityNotFound"), Summary::Numbered(&text));
    for (method, path) in [
        ("GET", format!("{BASE}/downloads/{id}")),
        ("DELETE", format!("{BASE}/downloads/{id}")),
        ("GET", format!("{BASE}/nodes/{id}/content")),
        ("GET", format!("{BASE}/nodes/{id}")),
        ("DELETE", format!("{BASE}/nodes/{id}")),
    ] {
        let response = mock.request(method, &path, ADMIN, &[], None);
        assert_eq!((response.status, mask(response.text())), (404, expected.clone()), "{method} {path}");
    }
}

#[track_caller]
fn assert_there(mock: &TestMock, id: &str) {
    assert_eq!(mock.get(&format!("{BASE}/downloads/{id}"), ADMIN).status, 200);
}

#[test]
fn a_download_lives_for_an_hour() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let id = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    mock.clock().advance(60 * MINUTE);
    assert_there(&mock, &id);
    mock.clock().advance(MILLISECOND);
    assert_eq!(mock.wait_for(&id, |_| false), None);
    assert_gone(&mock, &id);
    assert_eq!(mock.get(&format!("{BASE}/nodes/{}", node_id("TestDownloads/docTest1.txt")), ADMIN).status, 200);
}

#[test]
fn its_age_counts_from_the_last_change() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let changed = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    let unchanged = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest2.txt")]);
    mock.clock().advance(30 * MINUTE);
    // Too late to cancel anything, but it is a change.
    assert_eq!(mock.delete(&format!("{BASE}/downloads/{changed}"), ADMIN).status, 202);
    let younger = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest3.txt")]);
    mock.clock().advance(30 * MINUTE + MILLISECOND);
    assert_eq!(mock.wait_for(&unchanged, |_| false), None);
    assert_gone(&mock, &unchanged);
    assert_there(&mock, &changed);
    assert_there(&mock, &younger);
    mock.clock().advance(30 * MINUTE);
    for id in [&changed, &younger] {
        assert_eq!(mock.wait_for(id, |_| false), None);
        assert_gone(&mock, id);
    }
}

#[test]
fn the_state_does_not_matter() {
    let mock = OwnFixtures::start(&[("one.txt", "1"), ("more.txt", &"x".repeat(30_000))], "");
    let ids = [path_id("one.txt"), path_id("more.txt")];
    let create = || mock.create_download(ADMIN, &[&ids[0], &ids[1]]);
    mock.change_downloads(|settings| {
        settings.pace = Some(SEVEN_MINUTES_A_CHUNK);
        settings.cleaner_max_age = 5 * MINUTE;
    });
    let in_progress = create();
    mock.wait_for(&in_progress, |progress| progress.status == Status::InProgress);
    mock.clock().freeze();
    let too_big = mock.download_too_big(create);
    mock.change_downloads(|settings| settings.start_delay = 60 * MINUTE);
    let pending = create();
    mock.clock().advance(5 * MINUTE + MILLISECOND);
    for (row, id) in [("IN_PROGRESS", &in_progress), ("MAX_CONTENT_SIZE_EXCEEDED", &too_big), ("PENDING", &pending)] {
        assert_eq!(mock.wait_for(id, |_| false), None, "{row}");
        assert_gone(&mock, id);
    }
}

#[test]
fn a_running_job_ends_with_its_download() {
    let files = [("one.txt", "1"), ("more.txt", &"x".repeat(30_000)), ("empty.txt", "")];
    let mock = OwnFixtures::with(&files, "", |config| config.download_workers = 1);
    mock.change_downloads(|settings| {
        settings.pace = Some(SEVEN_MINUTES_A_CHUNK);
        settings.cleaner_max_age = MINUTE;
    });
    let running = mock.create_download(ADMIN, &[&path_id("one.txt"), &path_id("more.txt")]);
    mock.wait_for(&running, |progress| progress.status == Status::InProgress);
    mock.clock().freeze();
    mock.clock().advance(MINUTE / 2);
    let next = mock.create_download(ADMIN, &[&path_id("empty.txt")]);
    mock.clock().advance(MINUTE / 2 + MILLISECOND);
    assert_eq!(mock.wait_for(&running, |_| false), None);
    // The one worker is free again.
    mock.wait_until_done(&next);
}

#[test]
fn a_shorter_life_begins_at_once() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let id = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    mock.clock().advance(5 * MINUTE);
    mock.change_downloads(|settings| settings.cleaner_max_age = 6 * MINUTE);
    assert_there(&mock, &id);
    mock.change_downloads(|settings| settings.cleaner_max_age = 4 * MINUTE);
    assert_eq!(mock.wait_for(&id, |_| false), None);
    assert_gone(&mock, &id);
}

#[test]
fn the_cleaner_works_in_real_time_too() {
    let mock = TestMock::with(|config| config.download_cleaner_max_age = Duration::from_millis(300));
    let id = mock.create_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    assert_eq!(mock.wait_for(&id, |_| false), None);
    assert_gone(&mock, &id);
}

#[test]
fn a_process_cleans_up_as_it_is_told() {
    let mut server = Server::start(&["--download-cleaner-max-age", "2s"]);
    let id = server.create_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    assert_eq!(server.get(&format!("{BASE}/downloads/{id}"), ADMIN).status, 200);
    server.wait_for_log(&format!("deleted download {id}"));
    assert_eq!(server.get(&format!("{BASE}/downloads/{id}"), ADMIN).status, 404);
    server.wait_for_log("nothing is kept deflated");
}
