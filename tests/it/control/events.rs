//! What happens in a network, as server-sent events and in Rust; and what was said, word for word.

use std::collections::VecDeque;

use alfresco_downloads_mock::{Event, Fault, JobMatch, Operation, Point};
use serde_json::{Value, json};

use super::mock;
use crate::support::{ADMIN, ALICE, Auth, BASE, Connection, TICKETS, TestMock, node_id, path_id};

/// One event as it was sent.
#[derive(Debug)]
struct Sent {
    id: String,
    name: String,
    data: Value,
}

/// A stream of events that is being read.
struct Stream {
    connection: Connection,
    text: String,
    events: VecDeque<Sent>,
}

impl Stream {
    fn open(mock: &TestMock, query: &str, last: Option<&str>) -> Self {
        let mut connection = mock.connect();
        let last = last.map(|id| format!("Last-Event-ID: {id}\r\n")).unwrap_or_default();
        connection
            .send(format!("GET /__admin/events{query} HTTP/1.1\r\nHost: {}\r\n{last}\r\n", mock.address()).as_bytes());
        let (status, headers) = connection.receive_begin();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
        let kind = headers.iter().find(|(name, _)| name == "Content-Type").map(|(_, value)| value.as_slice());
        assert_eq!(kind, Some(&b"text/event-stream"[..]));
        Self { connection, text: String::new(), events: VecDeque::new() }
    }

    /// The next event; none when the stream has ended.
    fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some(event) = self.events.pop_front() {
                return Some(event);
            }
            self.text.push_str(std::str::from_utf8(&self.connection.next_chunk()?).unwrap());
            while let Some((event, rest)) = self.text.split_once("\n\n") {
                let field = |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::to_owned);
                let read = field("event: ").map(|name| Sent {
                    id: field("id: ").unwrap(),
                    name,
                    data: serde_json::from_str(&field("data: ").unwrap()).unwrap(),
                });
                let rest = rest.to_owned();
                self.events.extend(read);
                self.text = rest;
            }
        }
    }

    /// The first event from here on that is wanted.
    #[track_caller]
    fn until(&mut self, wanted: impl Fn(&Sent) -> bool) -> Sent {
        loop {
            let event = self.next().expect("the stream goes on");
            if wanted(&event) {
                return event;
            }
        }
    }

    #[track_caller]
    fn until_named(&mut self, name: &str) -> Sent {
        self.until(|event| event.name == name)
    }
}

#[test]
fn everything_that_happens_is_told() {
    let mock = mock();
    let mut stream = Stream::open(&mock, "", None);
    let beginning: Vec<_> = (0..7).map(|_| stream.next().unwrap().name).collect();
    assert_eq!(beginning, ["reset", "clock", "settings", "faults", "outage", "orders", "journal"]);

    mock.control().freeze();
    assert_eq!(stream.until_named("clock").data["isRunning"], false);
    mock.admin_json("PATCH", "/settings", r#"{"downloadWorkers":3}"#, 200);
    assert_eq!(stream.until_named("settings").data["downloadWorkers"], 3);
    mock.admin_json("POST", "/gates", r#"{"at":"before-done"}"#, 201);
    assert_eq!(stream.until_named("orders").data["gates"][0]["at"], "before-done");

    let id = mock.ask_for(&["small.txt"]);
    let request = stream.until(|event| event.name == "request" && event.data["isComplete"] == true).data;
    assert_eq!((&request["operation"], &request["download"]), (&json!("createDownload"), &json!(id)));
    let held = stream.until(|event| event.name == "download" && event.data["isHeld"] == true).data;
    assert_eq!((&held["id"], &held["status"], &held["bytesAdded"]), (&json!(id), &json!("IN_PROGRESS"), &json!(13)));
    assert_eq!(held["nodeIds"], json!([path_id("small.txt")]));
    mock.admin_json("DELETE", "/gates", "", 204);
    stream.until(|event| event.name == "download" && event.data["status"] == "DONE");

    let guard = mock.control().inject(Fault::on(Operation::GetNode).error(503).times(1)).unwrap();
    assert_eq!(stream.until_named("faults").data[0]["applied"], 0);
    mock.get(&format!("{BASE}/nodes/-root-"), ADMIN);
    stream.until(|event| event.name == "faults" && event.data[0]["applied"] == 1);
    drop(guard);
    stream.until(|event| event.name == "faults" && event.data == json!([]));

    mock.admin_json("PUT", "/outage", r#"{"kind":"refuse","requests":1}"#, 200);
    assert_eq!(stream.until_named("outage").data["kind"], "refuse");
    mock.admin_json("DELETE", "/outage", "", 204);
    assert_eq!(stream.until_named("outage").data, Value::Null);

    mock.admin_json("DELETE", "/journal", "", 204);
    assert_eq!(stream.until_named("journal").data, json!({ "first": 3 }));
}

#[test]
fn jobs_for_which_nothing_is_ordered_tell_nothing_of_orders() {
    let mock = mock();
    let mut stream = Stream::open(&mock, "", None);
    stream.until_named("journal");
    mock.ask_for(&["small.txt"]);
    let is_done = |event: &Sent| event.name == "download" && event.data["status"] == "DONE";
    let told = stream.until(|event| event.name == "orders" || is_done(event));
    assert_eq!(told.name, "download");
}

#[test]
fn whoever_comes_back_is_told_what_he_has_missed() {
    let mock = mock();
    let mut stream = Stream::open(&mock, "", None);
    let id = stream.until_named("journal").id;
    drop(stream);
    mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    let mut stream = Stream::open(&mock, "", Some(&id));
    let first = stream.next().unwrap();
    assert_eq!(first.name, "clock", "no reset");
    assert_eq!(stream.until_named("request").data["operation"], "getProbe");
    assert_eq!(Stream::open(&mock, "", Some("7f-3")).next().unwrap().name, "reset", "of another time");
}

#[test]
fn a_stream_ends_with_its_network() {
    let mock = mock();
    let mut mine = Stream::open(&mock, "?network=mine", None);
    let mut other = Stream::open(&mock, "", None);
    let id = mine.until_named("journal").id;
    mock.admin_json("POST", "/networks/mine/reset", "", 204);
    assert!(mine.next().is_none());
    assert_eq!(Stream::open(&mock, "?network=mine", Some(&id)).next().unwrap().name, "reset");
    other.until_named("journal");
    mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    assert_eq!(other.until_named("request").data["number"], 1, "another network's go on");
}

#[test]
fn a_stop_waits_for_no_stream() {
    let mock = mock();
    let mut stream = Stream::open(&mock, "", None);
    stream.until_named("journal");
    drop(mock);
    assert!(stream.next().is_none(), "it ends as it should, and is not cut");
}

#[test]
fn a_slow_reader_is_told_the_latest_and_holds_up_nobody() {
    let mock = mock();
    mock.control().freeze();
    let mut stream = Stream::open(&mock, "", None);
    let _gate = mock.control().hold(Point::Pending, JobMatch::next()).unwrap();
    let id = mock.ask_for(&["small.txt"]);
    let mut connection = mock.connect();
    let poll = mock.request_bytes("GET", &format!("{BASE}/downloads/{id}"), ADMIN);
    for _ in 0..20_000 {
        connection.send(&poll);
        assert_eq!(connection.receive("GET").status, 200);
    }
    // More happened than sockets and the log have room for, so either he sees it, or he is told to look anew.
    let event = stream.until(|event| match event.name.as_str() {
        "download" => event.data["polls"] == 20_000,
        "reset" => event.id.rsplit('-').next() != Some("0"),
        _ => false,
    });
    assert_eq!(mock.control().download(&id).unwrap().polls, 20_000, "{event:?}");
}

#[test]
fn it_is_watched_in_rust_too() {
    let mock = mock();
    let mut watch = mock.control().watch(None);
    let mut names = Vec::new();
    let mut last = String::new();
    while let Some(next) = watch.ready() {
        names.push(next.event.name());
        last = next.id;
    }
    assert_eq!(names, ["reset", "clock", "settings", "faults", "outage", "orders", "journal"]);
    drop(watch);
    let id = mock.ask_for(&["small.txt"]);
    mock.wait_until_done(&id);
    let runtime = tokio_free_block_on(async {
        let mut watch = mock.control().watch(Some(&last));
        loop {
            let next = watch.next().await.expect("the network goes on");
            if let Event::Download(download) = next.event
                && download.status.is_final()
            {
                return download.id;
            }
        }
    });
    assert_eq!(runtime, id);
}

/// Runs a future without any runtime.
fn tokio_free_block_on<T>(future: impl Future<Output = T>) -> T {
    use std::{
        pin::pin,
        sync::Arc,
        task::{Context, Poll, Wake, Waker},
        thread::{self, Thread},
    };
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(value) => return value,
            Poll::Pending => thread::park(),
        }
    }
}

// What was said

/// The exchange of that number.
#[track_caller]
fn exchange(mock: &TestMock, number: u64) -> Value {
    mock.admin_json("GET", &format!("/journal/{number}"), "", 200)
}

/// The value of a header of a message.
fn header<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    let headers = message["headers"].as_array()?;
    headers.iter().find(|header| header["name"] == name)?["value"].as_str()
}

#[test]
fn what_was_said_is_kept_word_for_word() {
    let mock = TestMock::start();
    let body = json!({ "nodeIds": [node_id("TestDownloads/docTest1.txt")] }).to_string();
    let created = mock.post_json(&format!("{BASE}/downloads"), ALICE, &body);
    let shown = exchange(&mock, 1);
    assert_eq!(shown["entry"]["operation"], "createDownload");
    let (request, answer) = (&shown["request"], &shown["answer"]);
    assert_eq!((&request["body"], &request["bodyBytes"]), (&json!(body), &json!(body.len())));
    assert_eq!(header(request, "content-type"), Some("application/json"));
    assert_eq!(header(request, "authorization"), Some("Basic ***"));
    assert_eq!((&answer["body"], &answer["isBodyWhole"]), (&json!(created.text()), &json!(true)));
    assert_eq!(header(answer, "content-type"), created.header("Content-Type"));

    let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
    mock.wait_until_done(&id);
    let zip = mock.content(ALICE, &id);
    let answer = &exchange(&mock, 2)["answer"];
    assert_eq!((&answer["body"], &answer["bodyBytes"]), (&Value::Null, &json!(zip.len())), "not for people to read");
    assert_eq!(answer["isBodyWhole"], false);

    mock.admin_json("GET", "/journal/3", "", 404);
    mock.admin_json("GET", "/journal/x", "", 400);
    mock.admin_json("DELETE", "/journal", "", 204);
    mock.admin_json("GET", "/journal/1", "", 404);
}

#[test]
fn a_request_that_was_never_answered_is_kept_too() {
    let mock = TestMock::start();
    mock.admin_json("PUT", "/outage", r#"{"kind":"refuse","requests":1}"#, 200);
    assert_eq!(mock.came(&format!("{BASE}/probes/-live-")).bytes, b"");
    let shown = mock.until_kept(1);
    assert_eq!((&shown["entry"]["decision"]["by"], &shown["answer"]), (&json!("outage"), &Value::Null));
    assert!(header(&shown["request"], "host").is_some());
}

#[test]
fn no_secret_is_shown() {
    let mock = TestMock::start();
    let ticket = mock.log_in("alice", "alice");
    mock.get(&format!("{BASE}/nodes/-root-?alf_ticket={ticket}"), Auth::None);
    mock.request("GET", &format!("{TICKETS}/-me-"), Auth::Ticket(&ticket), &[("Cookie", "a=secret")], None);
    let person = r#"{"id":"carol","firstName":"Carol","email":"c@example.org","password":"secret"}"#;
    assert_eq!(mock.post_json(&format!("{BASE}/people"), ADMIN, person).status, 201);
    let change = r#"{"oldPassword":"secret","password":"secret2"}"#;
    let carol = Auth::Basic("carol", "secret");
    mock.request("PUT", &format!("{BASE}/people/carol"), carol, &[], Some(change.as_bytes()));
    mock.post_json(TICKETS, Auth::None, r#"{"userId":"alice","password":secret}"#);
    for number in 1..=6 {
        let shown = exchange(&mock, number).to_string();
        for secret in ["secret", &ticket, "\"alice\",\"password\":\"alice\"", "YWxpY2U6"] {
            assert!(!shown.contains(secret), "{secret}: {shown}");
        }
    }
    let log_in = exchange(&mock, 1);
    assert_eq!(log_in["request"]["body"], r#"{"userId":"alice","password":"***"}"#);
    assert!(log_in["answer"]["body"].as_str().unwrap().contains(r#""id":"TICKET_***""#));
}

#[test]
fn what_is_kept_of_exchanges_is_bounded() {
    let mock = TestMock::with(|config| config.control.journal_exchanges = 100_000);
    let long = "x".repeat(200_000);
    mock.post_json(&format!("{BASE}/downloads"), ADMIN, &json!({ "nodeIds": [long] }).to_string());
    let request = &exchange(&mock, 1)["request"];
    assert_eq!(request["body"].as_str().map(str::len), Some(16 << 10));
    assert_eq!((&request["bodyBytes"], &request["isBodyWhole"]), (&json!(200_016), &json!(false)));
    for _ in 0..500 {
        mock.get(&format!("{BASE}/nodes/-root-"), ADMIN);
    }
    assert!(exchange(&mock, 1).get("request").is_none(), "there was no room for it any more");
    assert_eq!(exchange(&mock, 1)["entry"]["number"], 1);
    assert!(exchange(&mock, 501).get("request").is_some());

    let mock = TestMock::with(|config| config.control.journal_exchanges = 0);
    mock.get(&format!("{BASE}/nodes/-root-"), ADMIN);
    assert!(exchange(&mock, 1).get("request").is_none());
}

// What became of downloads

#[test]
fn a_held_job_is_ended_in_any_way() {
    let mock = mock();
    let held = |at: Point| {
        let gate = mock.control().hold(at, JobMatch::next()).unwrap();
        let id = mock.ask_for(&["small.txt"]);
        mock.held(&id);
        (gate, id)
    };
    let (gate, id) = held(Point::Pending);
    let path = format!("/downloads/{id}/outcome");
    mock.admin_json("PUT", &path, r#"{"outcome":"max-content-size-exceeded"}"#, 200);
    drop(gate);
    assert_eq!(mock.at_the_end(&id).status.as_str(), "MAX_CONTENT_SIZE_EXCEEDED");
    mock.admin_json("PUT", &path, r#"{"outcome":"max-content-size-exceeded"}"#, 409);

    let (gate, id) = held(Point::BeforeDone);
    let path = format!("/downloads/{id}/outcome");
    mock.admin_json("PUT", &path, r#"{"outcome":"max-content-size-exceeded"}"#, 409);
    mock.admin_json("PUT", &path, r#"{"outcome":{"dies":"pending"}}"#, 409);
    mock.admin_json("PUT", &path, r#"{"outcome":{"dies":{"before-file":0}}}"#, 400);
    mock.admin_json("PUT", &path, r#"{"outcome":{"dies":"before-done"}}"#, 200);
    drop(gate);
    mock.until(&id, alfresco_downloads_mock::Condition::job_over());
    assert_eq!(mock.shown(&id).status.as_str(), "IN_PROGRESS", "dead");
    mock.admin_json("PUT", "/downloads/nosuch/outcome", r#"{"outcome":"max-content-size-exceeded"}"#, 404);
}

#[test]
fn the_entries_of_a_zip_are_listed() {
    let mock = mock();
    let id = mock.ask_for(&["folder", "small.txt"]);
    mock.wait_until_done(&id);
    let entries = mock.admin_json("GET", &format!("/downloads/{id}/entries"), "", 200);
    let names: Vec<_> = entries["entries"].as_array().unwrap().iter().map(|entry| &entry["name"]).collect();
    assert_eq!(names, ["folder/", "folder/inner.txt", "small.txt"]);
    assert_eq!((&entries["count"], &entries["bytes"]), (&json!(3), &json!(mock.content(ADMIN, &id).len())));
    let entry = &entries["entries"][1];
    assert_eq!((&entry["bytes"], &entry["isFolder"]), (&json!(13), &json!(false)));
    let rest = mock.admin_json("GET", &format!("/downloads/{id}/entries?skip=2&limit=5"), "", 200);
    assert_eq!(rest["entries"].as_array().map(Vec::len), Some(1));
    mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN);
    mock.admin_json("GET", &format!("/downloads/{id}/entries"), "", 404);
}

impl TestMock {
    /// Waits until the request of that number has come to its end, one way or the other; what was said.
    fn until_kept(&self, number: u64) -> Value {
        let mut stream = Stream::open(self, "", None);
        loop {
            let shown = exchange(self, number);
            if shown.get("request").is_some() {
                return shown;
            }
            stream.until_named("request");
        }
    }
}
