//! The mock inside a test program: started, controlled and dropped from any kind of test.

use std::{num::NonZeroU64, time::Duration};

use alfresco_downloads_mock::{Condition, JobMatch, Mock, Point, ProgressStyle, Status, WaitError};
use serde_json::json;

use super::PATIENCE;
use crate::support::{BASE, Connection, node_id};

fn built() -> Mock {
    Mock::builder()
        .seed(7)
        .start_delay(Duration::ZERO)
        .workers(2)
        .progress(ProgressStyle::Smooth)
        .start()
        .expect("the mock starts")
}

/// Asks for a download over real HTTP; its id.
fn create(mock: &Mock) -> String {
    let body = json!({ "nodeIds": [node_id("TestDownloads/docTest1.txt")] }).to_string();
    let mut connection = Connection::to(mock.address());
    let request = format!(
        "POST {BASE}/downloads HTTP/1.1\r\nHost: mock\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.send(request.as_bytes());
    connection.receive("POST").json()["entry"]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn in_a_plain_test() {
    let mock = built();
    let settings = mock.control().settings();
    assert_eq!((settings.workers, settings.progress), (2, ProgressStyle::Smooth));
    let id = create(&mock);
    let done = mock.control().wait_blocking(Some(&id), Condition::ended(), PATIENCE).unwrap();
    assert_eq!(done.status, Status::Done);
}

#[tokio::test]
async fn in_an_async_test_on_one_thread() {
    let mock = built();
    let control = mock.control();
    let gate = control.hold(Point::BeforeDone, JobMatch::next()).unwrap();
    // A blocking client on the only thread there is.
    let id = create(&mock);
    let held = control.wait(Some(&id), Condition::held(), PATIENCE).await.unwrap();
    assert_eq!(held.status, Status::InProgress);
    drop(gate);
    let done = control.wait(Some(&id), Condition::ended(), PATIENCE).await.unwrap();
    assert_eq!(done.status, Status::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn in_an_async_test_on_many_threads() {
    let mock = built();
    let id = create(&mock);
    let done = mock.control().wait(Some(&id), Condition::ended(), PATIENCE).await.unwrap();
    assert_eq!(done.status, Status::Done);
    // A wait that blocks may be used here too.
    assert!(mock.control().wait_blocking(Some(&id), Condition::ended(), PATIENCE).is_ok());
}

#[test]
fn several_side_by_side_share_nothing() {
    let mocks: Vec<_> = (0..4).map(|_| built()).collect();
    mocks[0].control().freeze();
    let ids: Vec<_> = mocks.iter().map(create).collect();
    assert!(ids.iter().all(|id| *id == ids[0]), "the same seed");
    for (mock, id) in mocks.iter().zip(&ids) {
        mock.control().wait_blocking(Some(id), Condition::ended(), PATIENCE).unwrap();
        assert_eq!(mock.control().downloads().len(), 1);
    }
    assert!(mocks[1..].iter().all(|mock| mock.control().time().is_running));
}

#[test]
fn what_is_left_of_a_dropped_mock_says_so() {
    let mock = built();
    let control = mock.control();
    let gate = control.hold(Point::AtBytes(1), JobMatch::every()).unwrap();
    create(&mock);
    drop(mock);
    let gone = control.wait_blocking(None, Condition::deleted(), PATIENCE);
    assert_eq!(gone, Err(WaitError::Ended));
    assert!(control.network("other").is_ok(), "and harms nobody");
    drop(gate);
}

#[test]
fn how_downloads_behave_is_said_in_types() {
    let (age, delay) = (Duration::from_secs(5), Duration::from_secs(3600));
    let builder = Mock::builder().max_content_size(1000).cleaner_max_age(age).start_delay(delay).pace(20_480);
    let mock = builder.clone().start().unwrap();
    let settings = mock.control().settings();
    assert_eq!((settings.max_content_size, settings.pace), (NonZeroU64::new(1000), NonZeroU64::new(20_480)));
    assert_eq!((settings.cleaner_max_age, settings.start_delay), (age, delay));
    let unlimited = builder.max_content_size(0).pace(0).start().unwrap().control().settings();
    assert_eq!((unlimited.max_content_size, unlimited.pace), (None, None));
    assert!(Mock::builder().port(mock.address().port()).start().is_err(), "the port is taken");
}

#[test]
fn what_is_configured_is_said_in_types() {
    let folder = crate::support::fixtures_folder(&[("only.txt", "only")], "");
    let mock = Mock::builder()
        .fixtures(folder.path())
        .admin_token("s3cret")
        .journal_size(10)
        .strict_networks()
        .configure(|config| config.discovery_off = true)
        .start()
        .unwrap();
    let get = |path: &str, auth: &str| {
        let mut connection = Connection::to(mock.address());
        connection.send(format!("GET {path} HTTP/1.1\r\nHost: mock\r\nAuthorization: {auth}\r\n\r\n").as_bytes());
        connection.receive("GET").status
    };
    assert_eq!(get("/__admin/gates", "Bearer s3cret"), 200);
    assert_eq!(get("/__admin/gates", "Bearer other"), 401);
    let basic = "Basic YWRtaW46YWRtaW4=";
    assert_eq!(get("/alfresco/api/discovery", basic), 501);
    assert_eq!(get(&format!("{BASE}/nodes/-root-?relativePath=only.txt"), basic), 200);
    assert_eq!(get(&BASE.replace("-default-", "other"), basic), 404, "before anybody is asked who he is");
    assert_eq!(get(&format!("{}/nodes/-root-", BASE.replace("-default-", "other")), basic), 401);
    assert!(Mock::builder().fixtures("/nowhere/at/all").start().is_err());
}
