//! A panic, which is a bug: it ends one request or one job, and touches nothing else.
//!
//! No way to panic is built in. Here the log panics, at lines that only mocks with these limits write.

use std::{fmt, sync::Once};

use serde_json::json;
use tracing::{Event, Level, Metadata, Subscriber, field::Visit, span};

use crate::support::{
    ADMIN, Auth, BASE, OwnFixtures, Summary, TestMock, error_body, mask, path_id, seeding::Part::File,
};

/// How many there may be where a panic is wanted.
const ODD: usize = 1713;

/// A log that panics.
struct Trap;

impl Subscriber for Trap {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() == Level::WARN && metadata.target().starts_with("alfresco_downloads_mock")
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Look);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Look;

impl Visit for Look {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn fmt::Debug) {
        assert!(!format!("{value:?}").contains(&format!(" {ODD} ")), "the log panics");
    }
}

fn set_trap() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing::subscriber::set_global_default(Trap).expect("no other log in this process"));
}

#[track_caller]
fn assert_internal(response: &crate::support::Response) {
    assert_eq!(response.status, 500);
    let text = Summary::Plain("An unexpected error occurred");
    assert_eq!(mask(response.text()), error_body(500, Some("framework.exception.ApiDefault"), text));
}

#[test]
fn a_panic_in_a_handler_is_one_500_and_what_it_had_changed_is_undone() {
    set_trap();
    let mock = TestMock::with(|config| config.limits.max_nodes = ODD - 1);
    mock.expect_500();
    let folders = |from: usize, to: usize| {
        let folders: Vec<_> =
            (from..to).map(|number| json!({ "name": number.to_string(), "nodeType": "cm:folder" })).collect();
        mock.post_json(&format!("{BASE}/nodes/-my-/children"), ADMIN, &json!(folders).to_string())
    };
    let before = mock.nodes();
    let mut connection = mock.connect();
    let probe = format!("GET {BASE}/probes/-live- HTTP/1.1\r\nHost: a\r\n\r\n");
    connection.send(probe.as_bytes());
    assert_eq!(connection.receive("GET").status, 200);
    assert_internal(&folders(0, ODD - before));
    assert_eq!(mock.nodes(), before, "nothing of it is there");
    assert_internal(&folders(0, ODD - before));
    assert_eq!(folders(0, ODD - 1 - before).status, 201);
    assert_internal(&mock.upload_form(ADMIN, "-my-", &[File("filedata", "a.txt", b"x")]));
    assert_eq!(mock.nodes(), ODD - 1);
    connection.send(probe.as_bytes());
    assert_eq!(connection.receive("GET").status, 200, "other connections are as they were");
}

#[test]
fn a_panic_in_a_call_of_control_is_one_500_as_a_problem() {
    set_trap();
    let mock = TestMock::with(|config| config.limits.max_networks = ODD);
    mock.expect_500();
    for number in 1..ODD {
        mock.control().network(&format!("n{number}")).unwrap();
    }
    let put = |name: &str| mock.request("PUT", &format!("/__admin/networks/{name}"), Auth::None, &[], None);
    let probe = |network: &str| {
        let path = format!("/alfresco/api/{network}/public/alfresco/versions/1/probes/-live-");
        mock.get(&path, Auth::None)
    };
    for _ in 0..2 {
        let failed = put("more");
        assert_eq!((failed.status, failed.header("Content-Type")), (500, Some("application/problem+json")));
        assert_eq!(failed.json()["title"], "Internal Server Error", "{}", failed.text());
        assert!(failed.text().contains("a bug of the mock; its log says more"), "{}", failed.text());
        // Before any operation is known there is no envelope, only the container's page.
        let failed = probe("another");
        assert_eq!((failed.status, failed.header("Content-Type")), (500, Some("text/html;charset=utf-8")));
        assert!(failed.text().contains("HTTP Status 500 \u{2013} Internal Server Error"), "{}", failed.text());
    }
    assert_eq!([put("n7").status / 100, probe("n7").status / 100, probe("-default-").status / 100], [2; 3]);
    assert_eq!(mock.request("DELETE", "/__admin/networks/n8", Auth::None, &[], None).status, 204);
    assert_eq!(put("more").status, 200, "nothing is in disorder");
}

#[test]
fn a_panic_in_a_job_kills_the_job_and_nothing_else() {
    set_trap();
    let files: Vec<_> = (0..ODD).map(|number| json!({ "path": format!("f/{number}"), "sizeInBytes": 1 })).collect();
    let fixtures = json!({ "nodes": files }).to_string();
    let mock = OwnFixtures::with(&[], &fixtures, |config| config.limits.max_download_entries = ODD);
    let (dead, alive) = (mock.create_download(ADMIN, &[&path_id("f")]), path_id("f/1"));
    let dies = format!("/__admin/wait?download={dead}&isJobOver=true&timeout=60s");
    assert_eq!(mock.get(&dies, Auth::None).status, 200);
    let shown = mock.get(&format!("{BASE}/downloads/{dead}"), ADMIN).json();
    assert_eq!(shown["entry"]["status"], "PENDING", "as the real server leaves it");
    let done = mock.finished_download(ADMIN, &[&alive]);
    assert_eq!(mock.get(&format!("{BASE}/nodes/{done}/content"), ADMIN).status, 200);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{dead}"), ADMIN).status, 204);
    let metrics = mock.get("/metrics", Auth::None);
    let count = |name: &str| -> f64 {
        let lines = metrics.text().lines().filter(|line| line.contains(name) && !line.starts_with('#'));
        lines.map(|line| line.rsplit(' ').next().unwrap().parse::<f64>().unwrap()).sum()
    };
    assert!(count("jobs_started_total") > 1.5);
    assert!((count("jobs_started_total") - count("jobs_ended_total")).abs() < 0.5, "{}", metrics.text());
}
