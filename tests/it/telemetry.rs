//! What is told to those who watch the server: `/metrics`, and a line per request in the log.

use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::Value;

use crate::support::{
    ADMIN, Auth, BASE, TestMock, node_id,
    process::{Server, text},
};

/// The value of a sample, which must be there.
#[track_caller]
fn sample(page: &str, name: &str) -> f64 {
    let value = page.lines().find_map(|line| line.strip_prefix(&format!("alfresco_mock_{name} ")));
    value.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("no sample {name} in\n{page}"))
}

fn metrics(mock: &TestMock) -> String {
    let response = mock.get("/metrics", Auth::None);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("Content-Type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    response.text().to_owned()
}

#[track_caller]
fn assert_samples(page: &str, expected: &[(&str, u32)]) {
    for (name, value) in expected {
        assert!((sample(page, name) - f64::from(*value)).abs() < f64::EPSILON, "{name} is not {value} in\n{page}");
    }
}

#[test]
fn a_download_leaves_its_traces() {
    let mock = TestMock::start();
    let before = metrics(&mock);
    assert_samples(&before, &[("networks", 1), ("jobs_started_total", 0), ("served_bytes_total", 0)]);
    let id = mock.finished_download(ADMIN, &[&node_id("Reports")]);
    let zip = mock.content(ADMIN, &id);
    let progress = mock.control().download(&id).expect("the download");
    mock.get(&format!("{BASE}/nodes/nowhere"), ADMIN);
    mock.get("/elsewhere", ADMIN);
    let page = metrics(&mock);
    let count = |operation: &str, status: &str| {
        let labels = format!("{{operation=\"{operation}\",status=\"{status}\"}}");
        sample(&page, &format!("request_duration_seconds_count{labels}"))
    };
    for (operation, status) in
        [("createDownload", "202"), ("getNodeContent", "200"), ("getNode", "404"), ("none", "404"), ("control", "200")]
    {
        assert!((count(operation, status) - 1.0).abs() < f64::EPSILON, "{operation} {status}\n{page}");
        let labels = format!("operation=\"{operation}\",status=\"{status}\"");
        assert_samples(&page, &[(&format!("request_duration_seconds_bucket{{{labels},le=\"+Inf\"}}"), 1)]);
        assert!(sample(&page, &format!("request_duration_seconds_sum{{{labels}}}")) >= 0.0);
    }
    let files = u32::try_from(progress.files_added).unwrap();
    let bytes = u32::try_from(progress.bytes_added).unwrap();
    assert!(files > 0 && bytes > 0);
    assert_samples(
        &page,
        &[
            ("jobs_started_total", 1),
            ("jobs_ended_total{status=\"DONE\"}", 1),
            ("jobs_ended_total{status=\"CANCELLED\"}", 0),
            ("zipped_files_total", files),
            ("zipped_bytes_total", bytes),
            ("downloads{status=\"DONE\"}", 1),
            ("downloads{status=\"PENDING\"}", 0),
            ("journal_dropped", 0),
            ("nodes", u32::try_from(mock.nodes()).unwrap()),
        ],
    );
    assert!(sample(&page, "served_bytes_total") > f64::from(u32::try_from(zip.len()).unwrap()));
    assert!(sample(&page, "cache_deflated_total") >= 1.0 && sample(&page, "cache_memory_bytes") > 0.0);

    mock.get("/alfresco/api/other/public/alfresco/versions/1/nodes/-root-", ADMIN);
    let page = metrics(&mock);
    assert!(sample(&page, "tasks") > sample(&before, "tasks"), "another network is looked after");
    assert_samples(&page, &[("networks", 2), ("nodes", 2 * u32::try_from(mock.nodes()).unwrap())]);
}

#[test]
fn warm_fixtures_are_deflated_before_anybody_asks_and_kept() {
    let mock = TestMock::with(|config| config.deflate.warm = true);
    let warmed = sample(&metrics(&mock), "cache_deflated_total");
    assert!(warmed > 10.0, "{warmed}");
    for _ in 0..2 {
        let id = mock.finished_download(ADMIN, &[&node_id("Reports")]);
        mock.delete(&format!("{BASE}/nodes/{id}"), ADMIN);
    }
    let page = metrics(&mock);
    assert!((sample(&page, "cache_deflated_total") - warmed).abs() < f64::EPSILON, "deflated again\n{page}");
    let cold = metrics(&TestMock::start());
    assert_samples(&cold, &[("cache_deflated_total", 0)]);
}

#[test]
fn every_sample_has_a_family_and_every_family_is_there_once() {
    let mock = TestMock::start();
    mock.finished_download(ADMIN, &[&node_id("Reports")]);
    let page = metrics(&mock);
    let mut families = Vec::new();
    for line in page.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a type");
            assert!(matches!(kind, "counter" | "gauge" | "histogram"), "{line}");
            assert!(!families.contains(&name), "{name} is there twice");
            families.push(name);
        } else if !line.starts_with("# HELP ") {
            let name = line.split(['{', ' ']).next().unwrap();
            let family = families.last().expect("a family");
            let is_of_it =
                name.strip_prefix(family).is_some_and(|rest| matches!(rest, "" | "_bucket" | "_sum" | "_count"));
            assert!(is_of_it, "{line} stands below {family}");
            assert!(line.rsplit(' ').next().is_some_and(|value| value.parse::<f64>().is_ok()), "{line}");
        }
    }
    assert!(families.len() > 10, "{families:?}");
    assert!(page.ends_with('\n'));
}

#[test]
fn the_log_has_a_line_per_request_when_asked() {
    let mut server = Server::start_logging("debug", &[]);
    server.get(&format!("{BASE}/probes/-live-?alf_ticket=TICKET_secret"), Auth::None);
    let line = server.wait_for_log("/probes/-live- 200");
    assert!(line.contains(&format!("GET {BASE}/probes/-live- 200")), "{line}");
    assert!(!line.contains("TICKET_secret"), "a ticket is no one's business: {line}");
    server.get("/__admin/clock", Auth::None);
    server.wait_for_log("GET /__admin/clock 200");
}

/// The message of a line of the JSON log, which must be one object with the fields that every line has.
#[track_caller]
fn message(line: &str) -> (String, Value) {
    let value: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    let object = value.as_object().unwrap_or_else(|| panic!("no object: {line}"));
    let names: Vec<_> = object.keys().map(String::as_str).collect();
    assert_eq!(names, ["timestamp", "level", "fields", "target"], "{line}");
    assert!(value["timestamp"].as_str().is_some_and(|time| time.parse::<Timestamp>().is_ok()), "{line}");
    assert!(
        ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&value["level"].as_str().unwrap_or_default()),
        "{line}"
    );
    assert!(value["target"].as_str().is_some_and(|target| !target.is_empty()), "{line}");
    let message = value["fields"]["message"].as_str().unwrap_or_else(|| panic!("no message: {line}"));
    (message.to_owned(), value["fields"].clone())
}

#[test]
fn each_line_of_the_json_log_is_one_object_with_the_same_fields() {
    let server = Server::start_logging("trace", &["--log-format", "json"]);
    let id = server.create_download(ADMIN, &[&node_id("Reports")]);
    server.get(&format!("/__admin/wait?download={id}&isFinal=true&timeout=30s"), Auth::None);
    server.get(&format!("{BASE}/nodes/a%0Ab%22"), ADMIN);
    server.get("/alfresco/s/api/\u{e9}\"", Auth::None);
    server.get("/alfresco/api/other/public/alfresco/versions/1/nodes/-root-", Auth::Basic("no\nbody", "\"{"));
    let mut half = server.connect();
    half.send(b"POST /half HTTP/1.1\r\n");
    server.get(&format!("{BASE}/probes/-live-"), Auth::None);
    let url = format!("http://{}", server.address);
    let (status, log) = server.terminate();
    assert_eq!(status.code(), Some(0));
    let lines: Vec<_> = log.lines().map(message).collect();
    let find = |wanted: &str| {
        let found = lines.iter().find(|(message, _)| message.contains(wanted));
        &found.unwrap_or_else(|| panic!("nothing logged of {wanted}: {log}")).1
    };
    assert_eq!(find("ready on")["server.url"], url.as_str());
    assert_eq!(find(&format!("created download {id}"))["download.id"], id.as_str());
    assert_eq!(find(&format!("download {id} is DONE"))["download.id"], id.as_str());
    let request = find(&format!("GET {BASE}/probes/-live- 200"));
    assert_eq!(request["request.status"], 200);
    assert!(request["request.bytes"].is_u64() && request["request.micros"].is_u64(), "{request}");
    assert!(find("refused GET")["log.id"].is_string());
    find("stopping");
}

#[test]
fn a_panic_is_a_line_of_the_log_too() {
    // The only one that can be had from outside: where hardly any file can be open, there is no runtime.
    let inherited = "exec 3>&- 4>&- 5>&- 6>&- 7>&- 8>&- 9>&-";
    let script = format!("{inherited}; ulimit -n 4 && exec \"$0\" --log-format json --port 0");
    let program = env!("CARGO_BIN_EXE_alfresco-downloads-mock");
    let output = Command::new("sh").args(["-c", &script, program]).env_clear().stdin(Stdio::null()).output().unwrap();
    assert_eq!(output.status.code(), Some(101));
    let log = text(&output.stderr);
    let [(message, _)] = &log.lines().map(message).collect::<Vec<_>>()[..] else { panic!("not one line: {log}") };
    assert!(message.contains("a runtime of one thread needs nothing") && message.contains("main.rs:"), "{message}");
}

#[test]
fn metrics_go_where_control_goes() {
    let off = Server::start(&["--admin", "off"]);
    assert_eq!(off.get("/metrics", Auth::None).status, 404);
    let guarded = Server::start(&["--admin-token", "a-token"]);
    assert_eq!(guarded.get("/metrics", Auth::None).status, 401);
    assert_eq!(guarded.get("/metrics", Auth::Raw("Bearer a-token")).status, 200);
}
