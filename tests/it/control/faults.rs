//! Faults of requests, and outages.

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::TcpStream,
    num::NonZeroU64,
    thread,
    time::Duration,
};

use alfresco_downloads_mock::{
    Condition, DecidedBy, Effect, Fault, InjectedError, JournalFilter, Operation, OutageKind, OutageOrder,
};
use serde_json::{Value, json};

use super::{PATIENCE, mock};
use crate::support::{ADMIN, ALICE, Auth, BASE, BOB, Summary, TestMock, error_body, mask, path_id};

/// What came over a connection until its end, and how it ended.
pub(super) struct Came {
    pub(super) bytes: Vec<u8>,
    pub(super) is_reset: bool,
}

impl Came {
    /// What came of the body; none when not even the head came whole.
    pub(super) fn body(&self) -> Option<&[u8]> {
        let end = self.bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        Some(&self.bytes[end + 4..])
    }

    pub(super) fn head(&self) -> String {
        String::from_utf8_lossy(&self.bytes).split("\r\n\r\n").next().unwrap_or_default().to_owned()
    }
}

impl TestMock {
    pub(super) fn ask(&self, path: &str) -> TcpStream {
        self.ask_with(path, "")
    }

    pub(super) fn ask_with(&self, path: &str, headers: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let auth = "Authorization: Basic YWRtaW46YWRtaW4=";
        stream.write_all(format!("GET {path} HTTP/1.1\r\nHost: mock\r\n{auth}\r\n{headers}\r\n").as_bytes()).unwrap();
        stream
    }

    /// Asks over a connection of its own, and reads until that is over.
    pub(super) fn came(&self, path: &str) -> Came {
        read_to_end(self.ask(path))
    }
}

pub(super) fn read_to_end(mut stream: TcpStream) -> Came {
    let mut bytes = Vec::new();
    let is_reset = match stream.read_to_end(&mut bytes) {
        Ok(_) => false,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => true,
        Err(error) => panic!("{error} after {} bytes", bytes.len()),
    };
    Came { bytes, is_reset }
}

fn content_of(id: &str) -> String {
    format!("{BASE}/nodes/{id}/content")
}

// Where and how often

#[test]
fn a_fault_applies_where_and_as_often_as_it_says() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&crate::support::node_id("TestDownloads/docTest1.txt")]);
    let statuses = |fault: Value| {
        let rule = mock.admin_json("POST", "/faults", &fault.to_string(), 201);
        let seen = [
            mock.get(&format!("{BASE}/downloads/{id}"), ALICE),
            mock.get(&format!("{BASE}/nodes/{id}"), ALICE),
            mock.get(&format!("{BASE}/downloads/{id}"), ADMIN),
            mock.get(&format!("{BASE}/probes/-live-"), Auth::None),
            mock.get(&format!("{BASE}/downloads/{id}"), ALICE),
        ]
        .map(|response| response.status);
        mock.admin_json("DELETE", &format!("/faults/{}", rule["id"]), "", 204);
        seen
    };
    let fault = |rest: Value| {
        let mut fault = json!({ "effect": { "status": 599 } });
        fault.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        fault
    };
    for (rest, expected) in [
        (json!({}), [599; 5]),
        (json!({ "operation": "getDownload" }), [599, 200, 599, 200, 599]),
        (json!({ "path": "*/nodes/*" }), [200, 599, 200, 200, 200]),
        (json!({ "node": id }), [599, 599, 599, 200, 599]),
        (json!({ "user": "ALICE" }), [599, 599, 200, 200, 599]),
        (json!({ "operation": "getDownload", "user": "alice" }), [599, 200, 200, 200, 599]),
        (json!({ "times": 2 }), [599, 599, 200, 200, 200]),
        (json!({ "nth": 2 }), [200, 599, 599, 599, 599]),
        (json!({ "nth": 2, "times": 1, "operation": "getDownload" }), [200, 200, 599, 200, 200]),
        (json!({ "probability": 0.0 }), [200; 5]),
        (json!({ "probability": 1.0 }), [599; 5]),
    ] {
        assert_eq!(statuses(fault(rest.clone())), expected, "{rest}");
    }
    assert_eq!(statuses(fault(json!({}))), [599; 5]);
}

#[test]
fn a_create_is_found_by_a_node_among_those_it_asks_for() {
    let mock = mock();
    let fault = Fault::on(Operation::CreateDownload).of_node(&path_id("small.txt")).error(403);
    let _fault = mock.control().inject(fault).unwrap();
    let post = |path: &str| {
        let body = json!({ "nodeIds": [path_id(path)] }).to_string();
        mock.post_json(&format!("{BASE}/downloads"), ADMIN, &body).status
    };
    assert_eq!([post("other.txt"), post("small.txt")], [202, 403]);
}

#[test]
fn faults_are_listed_replaced_and_removed() {
    let mock = mock();
    let first = mock.admin_json("POST", "/faults", r#"{"effect":"hang","operation":"getNode"}"#, 201);
    let expected =
        json!({ "id": first["id"], "fault": { "operation": "getNode", "effect": "hang" }, "matched": 0, "applied": 0 });
    assert_eq!(first, expected);
    assert_eq!(mock.admin_json("GET", "/faults", "", 200), json!([expected]));
    let both = r#"[{"effect":{"status":500}},{"delay":"5ms"}]"#;
    let replaced = mock.admin_json("PUT", "/faults", both, 200);
    assert_eq!(replaced.as_array().map(Vec::len), Some(2));
    for wrong in [r#"[{"effect":{"status":500}},{}]"#, r#"[{"effect":"explode"}]"#, "{}"] {
        mock.admin_json("PUT", "/faults", wrong, 400);
        assert_eq!(mock.admin_json("GET", "/faults", "", 200), replaced, "{wrong}");
    }
    mock.admin_json("DELETE", &format!("/faults/{}", first["id"]), "", 404);
    mock.admin_json("DELETE", &format!("/faults/{}", replaced[0]["id"]), "", 204);
    assert_eq!(mock.control().faults().len(), 1);
    mock.admin_json("DELETE", "/faults", "", 204);
    assert_eq!(mock.control().faults(), []);
}

#[test]
fn a_guard_takes_its_fault_away() {
    let mock = mock();
    let outage = mock.control().inject(Fault::on(Operation::GetProbe).answer(503).times(2)).unwrap();
    let live = || mock.get(&format!("{BASE}/probes/-live-"), Auth::None).status;
    assert_eq!([live(), live(), live()], [503, 503, 200]);
    assert_eq!(outage.applied(), 2);
    let second = mock.control().inject(Fault::on_all().answer(502)).unwrap();
    assert_eq!(live(), 502);
    drop(second);
    drop(outage);
    assert_eq!((live(), mock.control().faults().len()), (200, 0));
}

// What

#[test]
fn an_error_comes_in_the_real_envelope() {
    let mock = mock();
    mock.expect_500();
    let get = || mock.get(&format!("{BASE}/downloads/x"), ADMIN);
    for (status, key, text) in [
        (
            401,
            "framework.exception.ApiDefault",
            "Authentication failed for Web Script org/alfresco/api/ResourceWebScript.get",
        ),
        (403, "framework.exception.PermissionDenied", "Permission was denied"),
        (404, "framework.exception.EntityNotFound", "The entity with id: x was not found"),
        (409, "framework.exception.ApiDefault", "Cannot perform operation since the node (id:x) is locked."),
        (412, "framework.exception.ArchivedContent", "One or more nodes' content is archived and not accessible."),
        (500, "framework.exception.ApiDefault", "An unexpected error occurred"),
        (503, "readyProbe: Failure - Tested", "readyProbe: Failure - Tested"),
    ] {
        let _fault = mock.control().inject(Fault::on_all().error(status)).unwrap();
        let response = get();
        assert_eq!(response.status, status);
        assert_eq!(mask(response.text()), error_body(status, Some(key), Summary::Numbered(text)), "{status}");
        assert_eq!(response.header("WWW-Authenticate").is_some(), status == 401);
    }
    let own = json!({ "effect": { "error": { "statusCode": 418, "errorKey": "teapot", "text": "Short and stout" } } });
    mock.admin_json("POST", "/faults", &own.to_string(), 201);
    let response = get();
    assert_eq!(mask(response.text()), error_body(418, Some("teapot"), Summary::Numbered("Short and stout")));
    let _second = mock
        .control()
        .inject(Fault::on_all().with(Effect::Error(InjectedError { status_code: 400, ..InjectedError::default() })));
    assert_eq!(get().status, 418, "the first in the list decides");
}

#[test]
fn a_delay_takes_time_of_the_networks_clock() {
    let mock = mock();
    mock.control().freeze();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    for delay in [json!("10s"), json!({ "from": "10s", "to": "10s" })] {
        let fault = json!({ "operation": "getDownload", "delay": delay, "times": 1 });
        mock.admin_json("PUT", "/faults", &json!([fault]).to_string(), 200);
        thread::scope(|scope| {
            let delayed = scope.spawn(|| mock.poll(&id));
            let fault = mock.control().faults()[0].id;
            mock.admin_json("GET", &format!("/journal/wait?fault={fault}&timeout=60s"), "", 200);
            mock.control().advance(Duration::from_secs(9));
            assert!(!delayed.is_finished(), "one second is missing");
            mock.control().advance(Duration::from_secs(1));
            assert_eq!(delayed.join().unwrap().json()["entry"]["status"], "DONE");
        });
    }
    let last = mock.control().journal(&JournalFilter { limit: Some(1), ..JournalFilter::default() });
    let entry = &last.entries[0];
    assert_eq!(entry.decision.as_ref().map(|decision| decision.name.as_str()), Some("delay"));
}

#[test]
fn a_connection_is_reset_before_or_behind_the_head() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    for path in [content_of(&id), format!("{BASE}/downloads/{id}")] {
        let before = mock.control().inject(Fault::on_all().with(Effect::ResetBeforeHead)).unwrap();
        let came = mock.came(&path);
        assert!(came.is_reset && came.bytes.is_empty(), "{path}");
        drop(before);
        let _behind = mock.control().inject(Fault::on_all().with(Effect::ResetAfterHead)).unwrap();
        let came = mock.came(&path);
        assert!(came.is_reset, "{path}");
        assert_eq!(came.body(), Some(&b""[..]), "{path}: {}", came.head());
        assert!(came.head().starts_with("HTTP/1.1 200 "), "{path}");
    }
    let _empty = mock.control().inject(Fault::on_all().with(Effect::ResetAfterHead)).unwrap();
    let unmodified = mock.came(&format!("{BASE}/nodes/{}/content", path_id("empty.txt")));
    assert!(unmodified.is_reset && unmodified.body() == Some(b""), "a body that is empty anyway");
}

#[test]
fn a_body_is_cut_after_so_many_bytes() {
    let mock = mock();
    let id = mock.ask_for(&["large.bin"]);
    mock.wait_until_done(&id);
    let whole = mock.content(ADMIN, &id);
    for bytes in [0, 1, 100, 100_000] {
        mock.admin_json("PUT", "/faults", &json!([{ "effect": { "cut-after": bytes } }]).to_string(), 200);
        let came = mock.came(&content_of(&id));
        assert!(!came.is_reset);
        assert!(came.head().contains(&format!("Content-Length: {}", whole.len())), "{bytes}");
        assert!(came.body() == Some(&whole[..bytes]), "{bytes}: {:?}", came.body().map(<[u8]>::len));
    }
    mock.admin_json("DELETE", "/faults", "", 204);
    let entry = mock.control().journal(&JournalFilter { status: Some(200), ..JournalFilter::default() });
    let entry = entry.entries.last().unwrap();
    assert_eq!((entry.bytes, entry.is_complete), (100_000, false));
    assert!(mock.control().report(&id).unwrap().fetched_at.is_some(), "before, it was fetched whole");
}

#[test]
fn a_body_stalls_at_a_byte() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    let whole = mock.content(ADMIN, &id);
    let _fault = mock.control().inject(Fault::on(Operation::GetNodeContent).with(Effect::StallAt(50))).unwrap();
    let mut stream = mock.ask(&content_of(&id));
    let mut began = [0; 12];
    stream.read_exact(&mut began).unwrap();
    assert_eq!(&began, b"HTTP/1.1 200");
    // The connection is open until the network ends.
    mock.control().reset();
    let came = read_to_end(stream);
    assert!(came.body() == Some(&whole[..50]), "{:?}", came.body().map(<[u8]>::len));
}

#[test]
fn nothing_is_answered_by_a_request_that_hangs() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    let _fault = mock.control().inject(Fault::on(Operation::GetDownload).with(Effect::Hang)).unwrap();
    let stream = mock.ask(&format!("{BASE}/downloads/{id}"));
    mock.until(&id, Condition::polls(1));
    let entries =
        mock.control().journal(&JournalFilter { operation: Some(Operation::GetDownload), ..Default::default() });
    let entry = &entries.entries[0];
    assert_eq!((entry.status, entry.decision.as_ref().map(|decision| decision.by)), (None, Some(DecidedBy::Fault)));
    mock.control().reset();
    assert!(read_to_end(stream).bytes.is_empty());
}

#[test]
fn a_slow_body_takes_time_of_the_networks_clock() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    let whole = mock.content(ADMIN, &id);
    mock.control().freeze();
    let _fault = mock.control().inject(Fault::on(Operation::GetNodeContent).with(Effect::BytesPerSecond(100))).unwrap();
    let mut stream = mock.ask(&content_of(&id));
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.extend(byte);
    }
    let mut came = Vec::new();
    let mut read = |count: usize| {
        let mut bytes = vec![0; count];
        stream.read_exact(&mut bytes).unwrap();
        came.extend(bytes);
        stream.set_nonblocking(true).unwrap();
        let nothing = stream.read(&mut [0]).map_err(|error| error.kind());
        stream.set_nonblocking(false).unwrap();
        assert_eq!(nothing, Err(ErrorKind::WouldBlock), "there is no more for now");
    };
    read(5);
    for _ in 0..2 {
        mock.control().advance(Duration::from_secs(1));
        read(100);
    }
    assert!(whole.starts_with(&came));
}

#[test]
fn a_wrong_length_is_announced() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    let whole = mock.content(ADMIN, &id);
    for length in [10, whole.len() as u64 + 10] {
        let fault = Fault::on(Operation::GetNodeContent).with(Effect::ContentLength(length));
        let _fault = mock.control().inject(fault).unwrap();
        let came = read_to_end(mock.ask_with(&content_of(&id), "Connection: close\r\n"));
        assert!(came.head().contains(&format!("Content-Length: {length}")), "{}", came.head());
        let sent = usize::try_from(length).unwrap().min(whole.len());
        assert!(came.body() == Some(&whole[..sent]), "{length}");
    }
    let _fault = mock.control().inject(Fault::on(Operation::GetDownload).with(Effect::ContentLength(3))).unwrap();
    let response = mock.poll(&id);
    assert_eq!((response.header("Content-Length"), response.header("Transfer-Encoding")), (Some("3"), None));
}

// Outages

#[test]
fn an_outage_lasts_for_so_many_requests() {
    let mock = mock();
    let live = format!("{BASE}/probes/-live-");
    for (kind, is_reset) in [("refuse", false), ("reset", true)] {
        let order = json!({ "kind": kind, "requests": 2 }).to_string();
        mock.admin_json("PUT", "/outage", &order, 200);
        for left in [1, 0] {
            let came = mock.came(&live);
            assert_eq!((came.bytes.len(), came.is_reset), (0, is_reset), "{kind}");
            let outage = mock.admin_json("GET", "/outage", "", if left == 0 { 404 } else { 200 });
            assert!(left == 0 || outage["requests"] == left, "{outage}");
        }
        assert_eq!(mock.get(&live, Auth::None).status, 200, "{kind}");
    }
    let decided = mock.control().journal(&JournalFilter::default()).entries;
    assert_eq!(decided[0].decision.as_ref().map(|decision| decision.by), Some(DecidedBy::Outage));
}

#[test]
fn an_outage_lasts_for_so_long_or_until_it_is_ended() {
    let mock = mock();
    mock.control().freeze();
    let live = format!("{BASE}/probes/-live-");
    let is_up = || !mock.came(&live).is_reset;
    let order = OutageOrder { kind: OutageKind::Reset, requests: None, duration: Some(Duration::from_secs(60).into()) };
    mock.control().begin_outage(order).unwrap();
    assert!(!is_up());
    mock.control().advance(Duration::from_secs(59));
    assert!(!is_up());
    mock.control().advance(Duration::from_secs(1));
    assert_eq!(mock.control().outage(), None);
    assert_eq!(mock.get(&live, Auth::None).status, 200);
    mock.admin_json("PUT", "/outage", r#"{"kind":"reset"}"#, 200);
    assert!(!is_up());
    mock.admin_json("DELETE", "/outage", "", 204);
    assert_eq!(mock.get(&live, Auth::None).status, 200);
    mock.admin_json("PUT", "/outage", r#"{"kind":"reset","requests":0}"#, 400);
}

#[test]
fn requests_that_an_outage_lets_hang_end_with_the_network() {
    let mock = mock();
    let id = mock.ask_for(&["small.txt"]);
    let order = OutageOrder { kind: OutageKind::Hang, requests: Some(1), duration: None };
    mock.control().begin_outage(order).unwrap();
    let stream = mock.ask(&format!("{BASE}/downloads/{id}"));
    mock.until(&id, Condition::polls(1));
    mock.control().reset();
    assert!(read_to_end(stream).bytes.is_empty());
}

#[test]
fn faults_of_one_user_are_not_anothers() {
    let mock = TestMock::start();
    let _fault = mock.control().inject(Fault::on_all().of_user("bob").error(503)).unwrap();
    let root = format!("{BASE}/nodes/-root-");
    assert_eq!([ALICE, BOB, ADMIN].map(|auth| mock.get(&root, auth).status), [200, 503, 200]);
    let ticket = mock.log_in("bob", "bob");
    assert_eq!(mock.get(&root, Auth::Ticket(&ticket)).status, 503, "whichever way he shows who he is");
    assert_eq!(NonZeroU64::MIN.get(), mock.control().faults().len() as u64);
}
