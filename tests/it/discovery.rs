//! `/api/discovery` and the probes: section 11 of the wire reference.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, Response, Summary, TestMock, error_body, is_uuid, json_head, literal_error_body, mask,
};

const DISCOVERY: &str = "/alfresco/api/discovery";

fn probe(mock: &TestMock, name: &str) -> Response {
    mock.get(&format!("{BASE}/probes/{name}"), Auth::None)
}

#[track_caller]
fn assert_message(row: &str, response: &Response, message: &str) {
    assert_eq!(response.text(), format!(r#"{{"entry":{{"message":"{message}"}}}}"#), "{row}");
    assert_eq!(response.head(), json_head(200), "{row}");
}

#[test]
fn it_is_live_whoever_asks() {
    let mock = TestMock::start();
    for auth in [Auth::None, ADMIN, Auth::Basic("admin", "wrong"), Auth::Raw("Bearer x"), Auth::Ticket("TICKET_0")] {
        let response = mock.get(&format!("{BASE}/probes/-live-"), auth);
        assert_message(&format!("{auth:?}"), &response, "liveProbe: Success - Tested");
        let response = mock.get(&format!("{BASE}/probes/-ready-"), auth);
        assert_eq!(response.status, 200, "{auth:?}");
    }
    for name in ["-live-", "-LIVE-", "-Live-"] {
        assert_message(name, &probe(&mock, name), "liveProbe: Success - Tested");
    }
}

#[test]
fn the_ready_probe_looks_every_ten_seconds() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let (tested, remembered) = ("readyProbe: Success - Tested", "readyProbe: Success - No test");
    for (row, name, pass, message) in [
        ("the first", "-ready-", 0, tested),
        ("at once", "-ready-", 0, remembered),
        ("whatever the case", "-READY-", 0, remembered),
        ("after nine seconds", "-Ready-", 9, remembered),
        ("after eleven seconds", "-ready-", 2, tested),
        ("at once again", "-ready-", 0, remembered),
        ("an hour later", "-ready-", 3600, tested),
    ] {
        mock.clock().advance(Duration::from_secs(pass));
        assert_message(row, &probe(&mock, name), message);
    }
}

#[test]
fn there_is_no_other_probe() {
    let mock = TestMock::start();
    for name in ["other", "live", "-live", "-alive-"] {
        let response = probe(&mock, name);
        let expected = literal_error_body(400, "Bad probe name");
        assert_eq!((response.status, mask(response.text())), (400, expected), "{name}");
    }
    assert_eq!(mock.get(&format!("{BASE}/probes"), Auth::None).status, 401);
    let response = mock.get(&format!("{BASE}/probes"), ADMIN);
    let key = "framework.exception.UnsupportedResourceOperation";
    let expected = error_body(405, Some(key), Summary::Numbered("The operation is unsupported"));
    assert_eq!((response.status, mask(response.text())), (405, expected));
}

#[test]
fn discovery_describes_the_repository() {
    let mock = TestMock::start();
    let response = mock.get(DISCOVERY, ALICE);
    // The script resets the response, so what the filter had written is gone.
    assert_eq!(response.head(), json_head(200).replace("\nX-Frame-Options: SAMEORIGIN", ""));
    let body = response.json();
    let repository = &body["entry"]["repository"];
    assert_eq!(keys(&body), ["entry"]);
    assert_eq!(keys(&body["entry"]), ["repository"]);
    assert_eq!(
        keys(repository),
        ["id", "edition", "version", "status"],
        "no licence, and no modules when there is none"
    );
    assert!(is_uuid(repository["id"].as_str().unwrap()), "{repository}");
    assert_eq!(repository["edition"], json!("Community"));
    let version = &repository["version"];
    assert_eq!(keys(version), ["major", "minor", "patch", "hotfix", "schema", "label", "display"]);
    let label = version["label"].as_str().unwrap();
    assert!(label.starts_with('r') && label.contains("-b"), "{label}");
    let expected = json!({
        "major": "26", "minor": "3", "patch": "0", "hotfix": "0", "schema": 21_200, "label": label,
        "display": format!("26.3.0.0 ({label}) schema 21200"),
    });
    assert_eq!(version, &expected);
    assert_eq!(
        repository["status"].to_string(),
        r#"{"isReadOnly":false,"isAuditEnabled":true,"isQuickShareEnabled":true,"isThumbnailGenerationEnabled":true,"isDirectAccessUrlEnabled":false}"#
    );
    assert_eq!(mock.get(DISCOVERY, ADMIN).text(), response.text(), "the same for everybody");
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[test]
fn discovery_wants_a_user() {
    let mock = TestMock::start();
    for auth in [Auth::None, Auth::Basic("admin", "wrong"), Auth::Basic("nobody", "x")] {
        let response = mock.get(DISCOVERY, auth);
        let text = "Authentication failed for Web Script org/alfresco/api/DiscoveryApiWebscript.get";
        let expected = error_body(401, Some("framework.exception.ApiDefault"), Summary::Numbered(text));
        assert_eq!((response.status, mask(response.text())), (401, expected), "{auth:?}");
        let challenge = response.header("WWW-Authenticate").expect("a challenge");
        assert!(challenge.starts_with("AlfTicket realm=\"Alfresco "), "{challenge}");
    }
}

#[test]
fn discovery_can_be_disabled() {
    let mock = TestMock::with(|config| config.discovery_off = true);
    let response = mock.get(DISCOVERY, ADMIN);
    let expected = literal_error_body(501, "Not Implemented");
    assert_eq!((response.status, mask(response.text())), (501, expected));
    assert_eq!(mock.get(DISCOVERY, Auth::None).status, 401, "authentication comes first");
}
