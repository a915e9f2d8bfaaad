//! Where and how control is reached over HTTP.

use alfresco_downloads_mock::{Config, Mock, Origins, Switch};
use serde_json::json;

use crate::support::{Auth, BASE, TestMock, process::Server};

#[test]
fn it_speaks_json_and_describes_itself() {
    let mock = TestMock::start();
    let response = mock.admin("GET", "/openapi.json", "");
    assert_eq!((response.status, response.header("Content-Type")), (200, Some("application/json")));
    let document = response.json();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.1")));
    assert_eq!(document["servers"], json!([{ "url": "/__admin" }]));
    for (path, method) in [
        ("/gates", "post"),
        ("/outcomes", "post"),
        ("/downloads/{id}/step", "post"),
        ("/wait", "get"),
        ("/clock/advance", "post"),
        ("/settings", "patch"),
        ("/faults", "put"),
        ("/outage", "put"),
        ("/journal", "get"),
        ("/journal/{id}", "get"),
        ("/events", "get"),
        ("/downloads/{id}/entries", "get"),
        ("/downloads/{id}/outcome", "put"),
        ("/downloads/{id}/verify", "post"),
        ("/networks/{id}/reset", "post"),
        ("/reset", "post"),
    ] {
        let operation = &document["paths"][path][method];
        assert!(operation["operationId"].is_string(), "{method} {path}: {operation}");
        assert!(operation["responses"]["400"].is_object(), "{method} {path}");
    }
}

#[test]
fn errors_are_problem_details() {
    let mock = TestMock::start();
    for (method, path, body, status, detail) in [
        ("GET", "/nowhere", "", 404, "there is nothing at this address"),
        ("GET", "", "", 404, "there is nothing at this address"),
        ("PUT", "/gates", "", 405, "the method does not fit the address"),
        ("POST", "/gates", "{", 400, "the body cannot be used: "),
        ("POST", "/gates", r#"{"at":"pending","when":"now"}"#, 400, "unknown field `when`"),
        ("POST", "/gates", r#"{"at":{"before-file":0}}"#, 400, "files are counted from 1"),
        ("POST", "/gates", r#"{"at":{"at-percent":101}}"#, 400, "from 0 to 100"),
        ("POST", "/outcomes", r#"{"outcome":{"cancelled":{"after-updates":0}}}"#, 400, "updates are counted from 1"),
        ("POST", "/outcomes", r#"{"outcome":{"dies":{"before-file":0}}}"#, 400, "files are counted from 1"),
        ("POST", "/gates", r#"{"at":"pending","jobs":{"node":"x"}}"#, 400, "not a node's id"),
        ("POST", "/gates", r#"{"at":"pending","jobs":{"times":0}}"#, 400, "1 or more"),
        ("DELETE", "/gates/7", "", 404, "no gate of that id"),
        ("DELETE", "/gates/x", "", 400, "an id is a number"),
        ("GET", "/downloads/x", "", 404, "no download of that id"),
        ("GET", "/wait?status=LATE", "", 400, "unknown variant `LATE`"),
        ("GET", "/wait?timeout=10", "", 400, "a unit"),
        ("GET", "/gates?network=a%20b", "", 400, "letters, digits"),
        ("DELETE", "/networks/-default-", "", 409, "always there"),
        ("GET", "/networks/nosuch", "", 404, "no network of that name"),
    ] {
        let response = mock.admin(method, path, body);
        assert_eq!(response.status, status, "{method} {path}: {}", response.text());
        assert_eq!(response.header("Content-Type"), Some("application/problem+json"), "{method} {path}");
        let problem = response.json();
        assert_eq!((&problem["status"], &problem["type"]), (&json!(status), &json!("about:blank")));
        assert!(problem["title"].as_str().is_some_and(|title| !title.is_empty()));
        assert!(problem["detail"].as_str().is_some_and(|text| text.contains(detail)), "{method} {path}: {problem}");
    }
}

#[test]
fn it_can_be_off() {
    let mock = TestMock::with(|config| config.control.admin = Switch::Off);
    assert_eq!(mock.admin("GET", "/gates", "").status, 404);
    assert_eq!(mock.admin_url(), None);
    assert!(mock.control().gates().is_empty(), "in Rust it is always there");
}

#[test]
fn it_can_have_a_port_of_its_own() {
    let mock = TestMock::with(|config| config.control.admin_port = Some(0));
    let url = mock.admin_url().expect("it is on");
    assert!(!url.starts_with(mock.url()), "{url}");
    assert_eq!(mock.admin("GET", "/gates", "").status, 404, "the other port has it not");
    let address = url.strip_prefix("http://").and_then(|rest| rest.strip_suffix("/__admin")).unwrap();
    let mut connection = crate::support::Connection::to(address.parse().unwrap());
    connection.send(format!("GET /__admin/gates HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes());
    let response = connection.receive("GET");
    assert_eq!((response.status, response.text()), (200, "[]"));
}

#[test]
fn it_can_want_a_token() {
    let mock = TestMock::with(|config| config.control.admin_token = Some("s3cret".to_owned()));
    for (authorization, status) in [
        (Auth::None, 401),
        (Auth::Raw("Bearer wrong"), 401),
        (Auth::Basic("admin", "admin"), 401),
        (Auth::Raw("Bearer s3cret"), 200),
    ] {
        let response = mock.request("GET", "/__admin/gates", authorization, &[], None);
        assert_eq!(response.status, status, "{authorization:?}");
        let challenge = (status == 401).then_some("Bearer");
        assert_eq!(response.header("WWW-Authenticate"), challenge, "{authorization:?}");
    }
    assert_eq!(mock.get(&format!("{BASE}/probes/-live-"), Auth::None).status, 200, "the API itself wants none");
}

#[test]
fn no_page_of_a_stranger_controls_it() {
    let mock = TestMock::start();
    let host = mock.address().to_string();
    let own = format!("http://{host}");
    let gate: &[u8] = br#"{"at":"pending"}"#;
    for (row, headers, status) in [
        (
            "a simple request of a foreign page",
            vec![("Origin", "http://evil.example"), ("Content-Type", "text/plain")],
            403,
        ),
        ("a page without an origin", vec![("Origin", "null")], 403),
        ("a foreign form, as the browser says", vec![("Sec-Fetch-Site", "cross-site")], 403),
        ("a page of its own", vec![("Origin", own.as_str()), ("Sec-Fetch-Site", "same-origin")], 201),
        ("no browser", vec![], 201),
    ] {
        let before = mock.control().gates().len();
        let response = mock.request("POST", "/__admin/gates", Auth::None, &headers, Some(gate));
        assert_eq!(response.status, status, "{row}: {}", response.text());
        assert_eq!(response.header("Access-Control-Allow-Origin"), None, "{row}");
        assert_eq!(response.header("X-Content-Type-Options"), Some("nosniff"), "{row}");
        assert_eq!(mock.control().gates().len() - before, usize::from(status == 201), "{row}");
    }
    for (host, status) in [("evil.example", 403), ("mock", 200), ("localhost:1", 200), ("mock.test", 200)] {
        let request = format!("GET /__admin/gates HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        assert_eq!(mock.send("GET", request.as_bytes()).status, status, "{host}");
    }
}

#[test]
fn pages_of_origins_on_the_list_control_it() {
    let listed = "https://tests.example";
    let gate: &[u8] = br#"{"at":"pending"}"#;
    let origins = Origins::These(vec!["https://other.example".to_owned(), listed.to_owned()]);
    let mock = TestMock::with(|config| config.control.admin_cors = origins);
    let own = format!("http://{}", mock.address());
    for (origin, status, shown) in
        [(listed, 201, Some(listed)), ("https://evil.example", 403, None), ("null", 403, None), (&own, 201, None)]
    {
        let response = mock.request("POST", "/__admin/gates", Auth::None, &[("Origin", origin)], Some(gate));
        assert_eq!((response.status, response.header("Access-Control-Allow-Origin")), (status, shown), "{origin}");
    }
    assert_eq!(mock.control().gates().len(), 2);
    for (origin, status, shown) in [(listed, 200, Some(listed)), ("https://evil.example", 403, None)] {
        let headers = [("Origin", origin), ("Access-Control-Request-Method", "DELETE")];
        let response = mock.request("OPTIONS", "/__admin/gates", Auth::None, &headers, None);
        assert_eq!((response.status, response.header("Access-Control-Allow-Origin")), (status, shown), "{origin}");
    }

    let mock = TestMock::with(|config| config.control.admin_cors = Origins::Any);
    let response = mock.request("POST", "/__admin/gates", Auth::None, &[("Origin", listed)], Some(gate));
    assert_eq!((response.status, response.header("Access-Control-Allow-Origin")), (201, Some(listed)), "any");
}

#[test]
fn tickets_are_not_written_down() {
    let mock = TestMock::start();
    let ticket = mock.log_in("alice", "alice");
    mock.get(&format!("{BASE}/nodes/-root-?alf_ticket={ticket}"), Auth::None);
    let journal = mock.admin("GET", "/journal", "");
    assert!(journal.text().contains("?alf_ticket=***"), "{}", journal.text());
    assert!(!journal.text().contains(&ticket[7..]), "{}", journal.text());
}

#[test]
fn a_process_has_it_too() {
    let server = Server::start(&["--admin-token", "t", "--networks", "strict", "--journal-size", "5"]);
    let token = Auth::Raw("Bearer t");
    assert_eq!(server.get("/__admin/networks", token).json(), json!(["-default-"]));
    assert_eq!(server.get("/__admin/gates?network=other", token).status, 404);
    let server = Server::start(&["--admin", "off"]);
    assert_eq!(server.get("/__admin/networks", token).status, 404);
}

#[test]
fn a_port_in_use_is_an_error_at_the_start() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let mut config = Config::default();
    config.port = 0;
    config.control.admin_port = Some(taken.local_addr().unwrap().port());
    let error = Mock::start_with(config).expect_err("the port is in use").to_string();
    assert!(error.contains(&taken.local_addr().unwrap().to_string()), "{error}");
}
