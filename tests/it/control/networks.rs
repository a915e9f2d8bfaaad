//! A world per network, and the way back to the start.

use std::{io::Read as _, time::Duration};

use alfresco_downloads_mock::{
    Condition, Fault, JobMatch, NetworkError, NetworkStyle, OutageKind, OutageOrder, Point, Status,
};
use serde_json::json;

use super::{FILES, PATIENCE, faults::read_to_end, mock};
use crate::support::{ADMIN, Auth, BASE, OwnFixtures, TICKETS, TestMock, node_id, path_id};

/// The address of the core API of a network.
fn base(network: &str) -> String {
    format!("/alfresco/api/{network}/public/alfresco/versions/1")
}

#[test]
fn a_network_springs_up_as_the_image_of_the_start() {
    let mock = TestMock::start();
    let file = node_id("TestDownloads/docTest1.txt");
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{file}"), ADMIN).status, 204);
    let of = |network: &str| mock.get(&format!("{}/nodes/{file}", base(network)), ADMIN).status;
    assert_eq!([of("-default-"), of("other"), of("OTHER")], [404, 200, 200]);
    assert_eq!(mock.admin_json("GET", "/networks", "", 200), json!(["-default-", "other"]), "names have no case");
    assert_eq!(mock.delete(&format!("{}/nodes/{file}", base("other")), ADMIN).status, 204);
    assert_eq!([of("other"), of("third")], [404, 200]);
    assert_eq!(of("-system-"), 404, "which is the default one");
    assert_eq!(mock.control().network_names(), ["-default-", "other", "third"]);
}

#[test]
fn networks_share_nothing() {
    let mock = TestMock::start();
    let (one, two) = (mock.control().network("one").unwrap(), mock.control().network("two").unwrap());
    one.freeze();
    one.set_time("2030-01-01T00:00:00Z".parse().unwrap());
    let _gate = one.hold(Point::Pending, JobMatch::every()).unwrap();
    let _fault = one.inject(Fault::on(alfresco_downloads_mock::Operation::GetNode).error(403)).unwrap();
    mock.admin_json("PATCH", "/settings?network=one", r#"{"downloadWorkers":1}"#, 200);
    let file = node_id("TestDownloads/docTest1.txt");
    let body = json!({ "nodeIds": [file] }).to_string();
    let create = |network: &str| {
        let response = mock.post_json(&format!("{}/downloads", base(network)), ADMIN, &body);
        response.json()["entry"]["id"].as_str().unwrap().to_owned()
    };
    let (in_one, in_two) = (create("one"), create("two"));
    assert_ne!(in_one, in_two, "ids differ, though both come from a seed");
    assert!(one.wait_blocking(Some(&in_one), Condition::held(), PATIENCE).is_ok());
    assert!(two.wait_blocking(Some(&in_two), Condition::status(Status::Done), PATIENCE).is_ok());
    let of = |network: &str, path: &str| mock.get(&format!("{}{path}", base(network)), ADMIN);
    assert_eq!([of("one", "/nodes/-root-").status, of("two", "/nodes/-root-").status], [403, 200]);
    assert_eq!(of("two", &format!("/downloads/{in_one}")).status, 404);
    assert_eq!(of("one", "/probes/-live-").header("Date"), Some("Tue, 01 Jan 2030 00:00:00 GMT"));
    assert_ne!(of("two", "/probes/-live-").header("Date"), Some("Tue, 01 Jan 2030 00:00:00 GMT"));
    assert_eq!(two.settings().workers, 8);
    assert_eq!(mock.admin_json("GET", "/gates?network=two", "", 200), json!([]));
    assert_eq!(mock.admin_json("GET", "/journal?network=one", "", 200)["count"], 3);
    let ticket = mock.log_in("admin", "admin");
    let there = TICKETS.replace("-default-", "two");
    assert_eq!(mock.get(&format!("{there}/-me-"), Auth::Ticket(&ticket)).status, 401, "a ticket is of one network");
}

#[test]
fn networks_are_created_looked_at_and_dropped() {
    let mock = mock();
    mock.admin_json("GET", "/networks/one", "", 404);
    let created = mock.admin_json("PUT", "/networks/One", "", 200);
    assert_eq!((&created["id"], &created["downloads"]), (&json!("one"), &json!(0)));
    assert_eq!(mock.admin_json("GET", "/networks/one", "", 200)["clock"]["isRunning"], true);
    let node = format!("{}/nodes/{}", base("one"), path_id("small.txt"));
    assert_eq!(mock.delete(&node, ADMIN).status, 204);
    mock.admin_json("PUT", "/networks/one", "", 200);
    assert_eq!(mock.get(&node, ADMIN).status, 404, "one that is there stays as it is");
    mock.admin_json("DELETE", "/networks/one", "", 204);
    mock.admin_json("DELETE", "/networks/one", "", 404);
    assert_eq!(mock.get(&node, ADMIN).status, 200, "it is a new one");
    mock.admin_json("DELETE", "/networks/-default-", "", 409);
    assert_eq!(mock.control().drop_network(), Err(NetworkError::Default));
    let one = mock.control().network("one").unwrap();
    one.drop_network().unwrap();
    assert_eq!(one.drop_network(), Err(NetworkError::Unknown));
    assert_eq!(mock.control().network("a b").unwrap_err(), NetworkError::Name);
}

#[test]
fn strict_networks_are_those_that_were_created() {
    let mock = TestMock::with(|config| config.control.networks = NetworkStyle::Strict);
    let path = format!("{}/nodes/-root-", base("one"));
    let refused = mock.get(&path, ADMIN);
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("WWW-Authenticate"), Some(r#"AlfTicket realm="Alfresco one tenant""#));
    mock.admin_json("GET", "/gates?network=one", "", 404);
    mock.admin_json("POST", "/networks/one/reset", "", 404);
    mock.admin_json("PUT", "/networks/one", "", 200);
    assert_eq!(mock.get(&path, ADMIN).status, 200);
    mock.admin_json("GET", "/gates?network=one", "", 200);
}

#[test]
fn a_network_that_nobody_uses_is_dropped() {
    let mock = TestMock::with(|config| config.control.network_max_idle = Duration::from_millis(50));
    let one = mock.control().network("one").unwrap();
    // A wait in it ends when it is dropped.
    let ended = one.wait_blocking(None, Condition::deleted(), PATIENCE);
    assert_eq!(ended.unwrap_err().to_string(), "the network has ended");
    assert_eq!(mock.control().network_names(), ["-default-"]);
}

/// Changes all that can be changed.
fn change_everything(mock: &TestMock) -> String {
    let control = mock.control();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{}", path_id("other.txt")), ADMIN).status, 204);
    control.freeze();
    control.set_time("2030-01-01T00:00:00Z".parse().unwrap());
    mock.admin_json("PATCH", "/settings", r#"{"downloadPace":1,"downloadWorkers":1}"#, 200);
    mock.admin_json("POST", "/gates", r#"{"at":"pending"}"#, 201);
    mock.admin_json("POST", "/outcomes", r#"{"outcome":{"dies":"pending"}}"#, 201);
    mock.admin_json("POST", "/faults", r#"{"operation":"getProbe","effect":"hang"}"#, 201);
    control.begin_outage(OutageOrder { kind: OutageKind::Reset, requests: None, duration: None }).unwrap();
    id
}

#[test]
fn a_reset_leads_back_to_the_start() {
    for over_http in [true, false] {
        let mock = OwnFixtures::with(&[], FILES, |config| config.seed = Some(3));
        let ticket = mock.log_in("admin", "admin");
        let clock = mock.clock();
        let first = change_everything(&mock);
        if over_http {
            mock.admin_json("POST", "/networks/-default-/reset", "", 204);
        } else {
            mock.control().reset();
        }
        assert_eq!(mock.control().downloads(), []);
        assert_eq!(mock.admin_json("GET", "/journal", "", 200)["count"], 0);
        for list in ["/gates", "/outcomes", "/faults"] {
            assert_eq!(mock.admin_json("GET", list, "", 200), json!([]), "{list}");
        }
        mock.admin_json("GET", "/outage", "", 404);
        let settings = mock.control().settings();
        assert_eq!((settings.pace, settings.workers), (None, 8));
        assert!(clock.is_running(), "a handle to the clock stays good");
        assert!(clock.now() < "2029-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(mock.get(&format!("{BASE}/nodes/{}", path_id("other.txt")), ADMIN).status, 200);
        assert_eq!(mock.get(&format!("{TICKETS}/-me-"), Auth::Ticket(&ticket)).status, 401);
        let after_the_same = {
            mock.control().reset();
            mock.log_in("admin", "admin");
            mock.ask_for(&["small.txt"])
        };
        assert_eq!(after_the_same, first, "ids begin again");
    }
}

#[test]
fn a_reset_of_all_drops_the_others() {
    let mock = mock();
    mock.control().network("one").unwrap();
    change_everything(&mock);
    mock.admin_json("POST", "/reset", "", 204);
    assert_eq!(mock.control().network_names(), ["-default-"]);
    assert_eq!(mock.control().downloads(), []);
    mock.control().network("one").unwrap();
    mock.control().reset_all();
    assert_eq!(mock.admin_json("GET", "/networks", "", 200), json!(["-default-"]));
}

#[test]
fn a_reset_ends_jobs_and_lets_bodies_go_on() {
    let mock = mock();
    let done = mock.ask_for(&["large.bin"]);
    mock.wait_until_done(&done);
    let zip = mock.content(ADMIN, &done);
    let _gate = mock.control().hold(Point::AtBytes(1_000_000), JobMatch::every()).unwrap();
    let held = mock.ask_for(&["large.bin"]);
    mock.held(&held);
    let mut plain = mock.ask_with(&format!("{BASE}/nodes/{done}/content"), "Connection: close\r\n");
    plain.read_exact(&mut [0; 12]).unwrap();
    mock.control().reset();
    assert_eq!(mock.poll(&held).status, 404);
    assert!(read_to_end(plain).bytes.ends_with(&zip), "a body that was under way is sent to its end");
    let again = mock.ask_for(&["large.bin"]);
    assert_eq!(mock.at_the_end(&again).status, Status::Done);
}

/// How long a reset takes, with so many nodes, a job that is held and a body under way.
fn time_of_reset(mock: &OwnFixtures, network: &str) -> Duration {
    let control = mock.control().network(network).unwrap();
    let _gate = control.hold(Point::AtBytes(1_000_000), JobMatch::every()).unwrap();
    let body = json!({ "nodeIds": [path_id("large.bin")] }).to_string();
    mock.post_json(&format!("{}/downloads", base(network)), ADMIN, &body);
    control.wait_blocking(None, Condition::held(), PATIENCE).unwrap();
    let path = format!("{}/nodes/{}/content", base(network), path_id("large.bin"));
    let mut under_way = mock.ask_with(&path, "Connection: close\r\n");
    under_way.read_exact(&mut [0; 12]).unwrap();
    let start = now();
    control.reset();
    let took = now() - start;
    assert_eq!(control.downloads(), []);
    read_to_end(under_way);
    took
}

#[expect(clippy::disallowed_methods, reason = "real time is what is measured")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

/// One of a few tries must be quick enough: the other tests are at work on the same cores.
#[test]
fn a_reset_takes_no_time_however_large_the_fixtures_are() {
    const NODES: usize = 50_000;
    let nodes: Vec<_> = (0..NODES).map(|n| json!({ "path": format!("many/{n}.txt"), "sizeInBytes": 1 })).collect();
    let people: Vec<_> = (0..20_000).map(|n| json!({ "id": format!("person{n}"), "password": "secret" })).collect();
    let mut fixtures = json!({ "nodes": nodes, "people": people });
    let large = json!({ "path": "large.bin", "sizeInBytes": 25_000_000 });
    fixtures["nodes"].as_array_mut().unwrap().push(large);
    let mock = OwnFixtures::start(&[], &fixtures.to_string());
    for network in ["-default-", "other"] {
        let is_quick = (0..8).any(|_| time_of_reset(&mock, network) < Duration::from_millis(5));
        assert!(is_quick, "{network}");
    }
    assert!(mock.nodes() > NODES);
}
