//! One hundred tests at once, each in a network of its own.

use std::{thread, time::Duration};

use alfresco_downloads_mock::{
    Condition, Control, Expectations, Fault, JobMatch, Operation, Outcome, Point, Status, Timestamp,
};
use serde_json::json;

use super::{CHUNK, PATIENCE, mock};
use crate::support::{ADMIN, TestMock, path_id};

const NETWORKS: u64 = 100;

/// What one test does in its network, which differs with its number. Nothing in it may be seen in another.
fn test(mock: &TestMock, number: u64) {
    let name = format!("test-{number}");
    let control: Control = mock.control().network(&name).unwrap();
    let base = format!("/alfresco/api/{name}/public/alfresco/versions/1");
    control.freeze();
    let start = Timestamp::from_millis(1_800_000_000_000 + i64::try_from(number).unwrap() * 86_400_000);
    control.set_time(start);
    let point = if number.is_multiple_of(2) { Point::AfterUpdates(1) } else { Point::BeforeFile(2) };
    let gate = control.hold(point, JobMatch::next()).unwrap();
    let fault =
        Fault::on(Operation::GetDownload).answer(501 + u16::try_from(number % 90).unwrap()).times(number % 3 + 1);
    let fault = control.inject(fault).unwrap();

    let ids = [path_id("small.txt"), path_id("large.bin")];
    let created = mock.post_json(&format!("{base}/downloads"), ADMIN, &json!({ "nodeIds": ids }).to_string());
    let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
    let view = control.wait_blocking(Some(&id), Condition::held(), PATIENCE).unwrap();
    assert_eq!((view.bytes_added, view.created_at), (13, start), "{name}");
    let poll = || mock.get(&format!("{base}/downloads/{id}"), ADMIN);
    for _ in 0..=number % 3 {
        assert_eq!(u64::from(poll().status), 501 + number % 90, "{name}");
    }
    assert_eq!(fault.applied(), number % 3 + 1, "{name}");
    assert_eq!(poll().json()["entry"]["bytesAdded"], 13, "{name}");
    if number.is_multiple_of(5) {
        assert_eq!(mock.delete(&format!("{base}/downloads/{id}"), ADMIN).status, 202);
    }
    drop(gate);
    let end = control.wait_blocking(Some(&id), Condition::ended(), PATIENCE).unwrap();
    let expected = if number.is_multiple_of(5) { (Status::Cancelled, 13 + CHUNK) } else { (Status::Done, 25_000_013) };
    assert_eq!((end.status, end.bytes_added), expected, "{name}");
    assert_eq!(control.time().now, start, "{name}: nobody else moves this clock");
    control.advance(Duration::from_secs(number));
    poll();
    let report = control.report(&id).unwrap();
    report.assert(&Expectations {
        min_polls: Some(number % 3 + 3),
        max_polls: Some(number % 3 + 3),
        never_polled_after_final: Some(true),
        ..Expectations::default()
    });
    assert_eq!(control.downloads().len(), 1, "{name}");

    let _order = control.order(Outcome::Dies(Point::Pending), JobMatch::next()).unwrap();
    let dead = mock.post_json(&format!("{base}/downloads"), ADMIN, &json!({ "nodeIds": ids }).to_string());
    let dead = dead.json()["entry"]["id"].as_str().unwrap().to_owned();
    let dead = control.wait_blocking(Some(&dead), Condition::job_over(), PATIENCE).unwrap();
    assert_eq!(dead.status, Status::Pending, "{name}");
    control.advance(Duration::from_secs(61 * 60));
    assert_eq!(poll().status, 404, "{name}");
    control.drop_network().unwrap();
}

#[test]
fn a_hundred_networks_share_nothing() {
    let mock = mock();
    thread::scope(|scope| {
        for number in 0..NETWORKS {
            let mock = &mock;
            scope.spawn(move || test(mock, number));
        }
    });
    assert_eq!(mock.control().network_names(), ["-default-"]);
}
