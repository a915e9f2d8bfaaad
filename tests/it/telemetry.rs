//! What is told to those who watch the server: `/metrics`, and a line per request in the log.

use crate::support::{ADMIN, Auth, BASE, TestMock, node_id, process::Server};

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

#[test]
fn metrics_go_where_control_goes() {
    let off = Server::start(&["--admin", "off"]);
    assert_eq!(off.get("/metrics", Auth::None).status, 404);
    let guarded = Server::start(&["--admin-token", "a-token"]);
    assert_eq!(guarded.get("/metrics", Auth::None).status, 401);
    assert_eq!(guarded.get("/metrics", Auth::Raw("Bearer a-token")).status, 200);
}
