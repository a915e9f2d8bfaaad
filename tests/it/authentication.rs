//! Who asks: every form of credentials, every refusal, and tickets (wire reference, downloads, section 9).

use std::time::Duration;

use alfresco_downloads_mock::NetworkStyle;
use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};

use crate::support::{
    ADMIN, ALICE, Auth, BASE, BOB, CHALLENGE, OwnFixtures, Response, Summary, TICKETS, TestMock, challenge_head,
    error_body, json_head, literal_error_body, mask, node_id, resource_error_head, routing_error_head,
};

const MINUTE: Duration = Duration::from_secs(60);

/// A ticket of nobody's.
const DEAD: &str = "TICKET_0123456789abcdef0123456789abcdef01234567";

fn basic(scheme: &str, credentials: &str) -> String {
    format!("{scheme} {}", BASE64.encode(credentials))
}

fn unauthenticated(script: &str) -> String {
    let text = format!("Authentication failed for Web Script org/alfresco/api/{script}");
    error_body(401, Some("framework.exception.ApiDefault"), Summary::Numbered(&text))
}

fn guest_refused(script: &str) -> String {
    let text = format!(
        "Web Script org/alfresco/api/{script} requires user authentication; however, a guest has attempted access."
    );
    error_body(401, Some("framework.exception.ApiDefault"), Summary::Numbered(&text))
}

/// A download of Alice's, which tells Alice (200) from Bob (403) from nobody (401).
fn alices_download(mock: &TestMock) -> String {
    format!("{BASE}/downloads/{}", mock.create_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]))
}

impl TestMock {
    fn post_ticket(&self, body: &str) -> Response {
        self.post_json(TICKETS, Auth::None, body)
    }

    fn get_ticket(&self, query: &str, auth: Auth<'_>) -> Response {
        self.get(&format!("{TICKETS}/-me-{query}"), auth)
    }

    fn delete_ticket(&self, query: &str, auth: Auth<'_>) -> Response {
        self.delete(&format!("{TICKETS}/-me-{query}"), auth)
    }
}

// 9.1

#[test]
fn all_forms_of_credentials() {
    let mock = TestMock::start();
    let path = alices_download(&mock);
    let (alices, bobs) = (mock.log_in("alice", "alice"), mock.log_in("bob", "bob"));
    let digits = &alices["TICKET_".len()..];
    let alice = basic("Basic", "alice:alice");
    let bob = basic("Basic", "bob:bob");
    for (row, query, header, status) in [
        ("alf_ticket", format!("?alf_ticket={alices}"), None, 200),
        ("another user's alf_ticket", format!("?alf_ticket={bobs}"), None, 403),
        ("alf_ticket among others", format!("?x=1&alf_ticket={alices}&y=2"), None, 200),
        ("alf_ticket before another user's header", format!("?alf_ticket={alices}"), Some(bob.clone()), 200),
        ("another user's alf_ticket before a header", format!("?alf_ticket={bobs}"), Some(alice.clone()), 403),
        ("alf_ticket before a wrong header", format!("?alf_ticket={alices}"), Some(basic("Basic", "alice:x")), 200),
        (
            "alf_ticket before a scheme that is not supported",
            format!("?alf_ticket={alices}"),
            Some("Bearer x".into()),
            200,
        ),
        ("a dead alf_ticket, then a header", format!("?alf_ticket={DEAD}"), Some(alice.clone()), 200),
        ("no ticket at all in alf_ticket, then a header", "?alf_ticket=x".into(), Some(alice.clone()), 200),
        ("an empty alf_ticket, then a header", "?alf_ticket=".into(), Some(alice.clone()), 200),
        ("a dead alf_ticket alone", format!("?alf_ticket={DEAD}"), None, 401),
        ("a dead alf_ticket, then a wrong header", format!("?alf_ticket={DEAD}"), Some(basic("Basic", "alice:x")), 401),
        ("user and password", String::new(), Some(alice), 200),
        ("another user", String::new(), Some(bob), 403),
        ("the scheme in lower case", String::new(), Some(basic("basic", "alice:alice")), 200),
        ("the scheme in upper case", String::new(), Some(basic("BASIC", "alice:alice")), 200),
        ("the scheme in any case", String::new(), Some(basic("bAsIC", "alice:alice")), 200),
        ("a wrong password", String::new(), Some(basic("Basic", "alice:x")), 401),
        ("an empty password", String::new(), Some(basic("Basic", "alice:")), 401),
        ("an unknown user", String::new(), Some(basic("Basic", "nobody:nobody")), 401),
        ("a ticket", String::new(), Some(basic("Basic", &alices)), 200),
        ("a ticket behind a colon", String::new(), Some(basic("Basic", &format!(":{alices}"))), 200),
        ("ROLE_TICKET", String::new(), Some(basic("Basic", &format!("ROLE_TICKET:{alices}"))), 200),
        ("role_ticket", String::new(), Some(basic("Basic", &format!("role_ticket:{alices}"))), 200),
        ("Role_Ticket, another user's", String::new(), Some(basic("Basic", &format!("Role_Ticket:{bobs}"))), 403),
        ("a dead ticket", String::new(), Some(basic("Basic", DEAD)), 401),
        ("a dead ticket behind a colon", String::new(), Some(basic("Basic", &format!(":{DEAD}"))), 401),
        ("ROLE_TICKET with a dead ticket", String::new(), Some(basic("Basic", &format!("ROLE_TICKET:{DEAD}"))), 401),
        ("a ticket as the user", String::new(), Some(basic("Basic", &format!("{alices}:"))), 401),
        ("a ticket with another beginning", format!("?alf_ticket=XXXXXXX{digits}"), None, 200),
        ("the same in a header", String::new(), Some(basic("Basic", &format!("XXXXXXX{digits}"))), 200),
        ("a ticket without its beginning", format!("?alf_ticket={digits}"), None, 401),
        ("none", String::new(), None, 401),
    ] {
        let auth = header.as_deref().map_or(Auth::None, Auth::Raw);
        let response = mock.get(&format!("{path}{query}"), auth);
        assert_eq!(response.status, status, "{row}: {}", response.text());
    }
}

#[test]
fn passwords_may_hold_colons_and_any_character() {
    let mock = OwnFixtures::start(&[], r#"{"people":[{"id":"zoe","password":"a:b \u00e4"}]}"#);
    assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), Auth::Basic("zoe", "a:b \u{e4}")).status, 200);
    assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), Auth::Basic("zoe", "a")).status, 401);
}

#[test]
fn other_schemes_are_not_supported() {
    let mock = TestMock::start();
    for (header, scheme) in [
        ("Bearer x", "Bearer"),
        ("bearer x", "bearer"),
        ("junk x", "junk"),
        ("Digest username=\"alice\", realm=\"x\"", "Digest"),
        ("Negotiate", "Negotiate"),
        ("YWxpY2U6YWxpY2U=", "YWxpY2U6YWxpY2U="),
    ] {
        let text = format!("Authorization '{scheme}' not supported.");
        let body = error_body(401, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
        for query in [String::new(), format!("?alf_ticket={DEAD}")] {
            let response = mock.get(&format!("{BASE}/downloads/x{query}"), Auth::Raw(header));
            response.expect(&format!("{header}{query}"), &challenge_head(CHALLENGE), &body);
        }
    }
}

#[test]
fn basic_with_nothing_after_it_makes_the_server_stumble() {
    let mock = TestMock::start();
    mock.expect_500();
    let response = mock.get(&format!("{BASE}/downloads/x"), Auth::Raw("Basic"));
    assert_eq!(response.head(), challenge_head(CHALLENGE).replace("401", "500"));
    assert_eq!(response.json()["error"]["errorKey"], "framework.exception.ApiDefault");
    assert_eq!(response.json()["error"]["statusCode"], 500);
}

#[test]
fn guests_are_refused_without_a_challenge() {
    let mock = TestMock::start();
    let downloads = format!("{BASE}/downloads");
    for (method, path, script) in [
        ("GET", format!("{downloads}/x?guest=true"), "ResourceWebScript.get"),
        ("POST", format!("{downloads}?guest=true"), "ResourceWebScript.post"),
        ("DELETE", format!("{downloads}/x?guest=true"), "ResourceWebScript.delete"),
        ("GET", format!("{BASE}/nodes/-root-?guest=true"), "ResourceWebScript.get"),
        ("GET", format!("{TICKETS}/-me-?guest=true"), "ResourceWebScript.get"),
    ] {
        let response = mock.request(method, &path, Auth::None, &[], None);
        response.expect(&format!("{method} {path}"), &routing_error_head(401), &guest_refused(script));
    }
    for password in ["guest", "", "x"] {
        let response = mock.get(&format!("{downloads}/x"), Auth::Basic("guest", password));
        let row = format!("the user guest, with the password {password:?}");
        response.expect(&row, &routing_error_head(401), &guest_refused("ResourceWebScript.get"));
    }
    let live = mock.get(&format!("{BASE}/probes/-live-?guest=true"), Auth::None);
    assert_eq!(live.status, 200, "an endpoint that needs no user");
    let response = mock.get(&format!("{downloads}/x?guest=false"), Auth::None);
    response.expect("guest=false", &challenge_head(CHALLENGE), &unauthenticated("ResourceWebScript.get"));
}

// 9.2

#[test]
fn every_script_challenges_in_its_own_name() {
    let mock = TestMock::start();
    for (method, path, script) in [
        ("GET", format!("{BASE}/downloads/x"), "ResourceWebScript.get"),
        ("POST", format!("{BASE}/downloads"), "ResourceWebScript.post"),
        ("PUT", format!("{BASE}/downloads/x"), "ResourceWebScript.put"),
        ("DELETE", format!("{BASE}/downloads/x"), "ResourceWebScript.delete"),
        ("OPTIONS", format!("{BASE}/downloads"), "MetaDataWebScript.options"),
        ("GET", format!("{BASE}/nodes/x/content"), "ResourceWebScript.get"),
        ("GET", format!("{BASE}/probes"), "ResourceWebScript.get"),
        ("GET", format!("{TICKETS}/-me-"), "ResourceWebScript.get"),
        ("DELETE", format!("{TICKETS}/-me-"), "ResourceWebScript.delete"),
        ("GET", "/alfresco/api/discovery".to_owned(), "DiscoveryApiWebscript.get"),
    ] {
        let response = mock.request(method, &path, Auth::None, &[], None);
        let row = format!("{method} {path}");
        if path.ends_with("/discovery") {
            assert_eq!((response.status, mask(response.text())), (401, unauthenticated(script)), "{row}");
        } else {
            response.expect(&row, &challenge_head(CHALLENGE), &unauthenticated(script));
        }
    }
}

#[test]
fn all_who_are_refused_are_told_the_same() {
    let mock = TestMock::with(|config| config.control.networks = NetworkStyle::Strict);
    let dead = basic("Basic", DEAD);
    let body = unauthenticated("ResourceWebScript.get");
    for (row, network, query, auth) in [
        ("no credentials", "-default-", String::new(), Auth::None),
        ("a wrong password", "-default-", String::new(), Auth::Basic("alice", "x")),
        ("an unknown user", "-default-", String::new(), Auth::Basic("nobody", "x")),
        ("a dead ticket", "-default-", String::new(), Auth::Raw(&dead)),
        ("a dead ticket in the query", "-default-", format!("?alf_ticket={DEAD}"), Auth::None),
        ("an unknown network", "nosuch", String::new(), ALICE),
        ("an unknown network, for an administrator", "nosuch", String::new(), ADMIN),
    ] {
        let path = format!("/alfresco/api/{network}/public/alfresco/versions/1/downloads/x{query}");
        let head = challenge_head(&format!(r#"AlfTicket realm="Alfresco {network} tenant""#));
        mock.get(&path, auth).expect(row, &head, &body);
    }
}

#[test]
fn the_challenge_may_be_basic() {
    let mock = TestMock::with(|config| {
        config.basic_auth_scheme = true;
        config.control.networks = NetworkStyle::Strict;
    });
    mock.get(&format!("{BASE}/downloads/x"), Auth::None).expect(
        "basicAuthScheme",
        &challenge_head(r#"Basic realm="Alfresco -default- tenant""#),
        &unauthenticated("ResourceWebScript.get"),
    );
    mock.get("/alfresco/api/nosuch/public/alfresco/versions/1/downloads/x", ALICE).expect(
        "basicAuthScheme, unknown network",
        &challenge_head(r#"Basic realm="Alfresco nosuch tenant""#),
        &unauthenticated("ResourceWebScript.get"),
    );
}

#[test]
fn ten_failures_close_the_door_for_six_seconds() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let path = format!("{BASE}/nodes/-root-");
    let login = r#"{"userId":"alice","password":"alice"}"#;
    let fail = |times: u8| {
        for _ in 0..times {
            assert_eq!(mock.get(&path, Auth::Basic("alice", "x")).status, 401);
        }
    };
    fail(9);
    assert_eq!(mock.get(&path, ALICE).status, 200, "after nine failures");
    fail(10);
    let refused = mock.get(&path, ALICE);
    refused.expect("after ten", &challenge_head(CHALLENGE), &unauthenticated("ResourceWebScript.get"));
    mock.post_ticket(login).expect("logging in", &resource_error_head(403), &literal_error_body(403, "Login failed"));
    assert_eq!(mock.get(&path, BOB).status, 200, "another user");
    mock.clock().advance(Duration::from_millis(5999));
    assert_eq!(mock.get(&path, ALICE).status, 401, "after nearly six seconds");
    mock.clock().advance(Duration::from_secs(6));
    assert_eq!(mock.get(&path, ALICE).status, 200, "after six seconds");
    assert_eq!(mock.post_ticket(login).status, 201, "logging in, after six seconds");
}

#[test]
fn failed_logins_close_the_door_too() {
    let mock = TestMock::start();
    mock.clock().freeze();
    for _ in 0..10 {
        assert_eq!(mock.post_ticket(r#"{"userId":"alice","password":"x"}"#).status, 403);
    }
    assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), ALICE).status, 401);
    mock.clock().advance(Duration::from_secs(6));
    assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), ALICE).status, 200);
}

// 9.3

#[test]
fn logging_in_answers_a_ticket() {
    let mock = TestMock::start();
    let login = r#"{"userId":"alice","password":"alice"}"#;
    let response = mock.post_ticket(login);
    let ticket = response.json()["entry"]["id"].as_str().unwrap().to_owned();
    let digits = ticket.strip_prefix("TICKET_").expect("the beginning of a ticket");
    assert_eq!(digits.len(), 40, "{ticket}");
    assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{ticket}");
    let body = format!(r#"{{"entry":{{"id":"{ticket}","userId":"alice"}}}}"#);
    response.expect("createTicket", &json_head(201), &body);
    for (row, auth) in [
        ("Bearer", Auth::Raw("Bearer x")),
        ("Basic with nothing after it", Auth::Raw("Basic")),
        ("a wrong password", Auth::Basic("alice", "x")),
        ("another user", BOB),
    ] {
        let response = mock.post_json(TICKETS, auth, login);
        response.expect(&format!("Authorization is ignored: {row}"), &json_head(201), &body);
    }
    mock.post_ticket(&format!("[{login}]")).expect("an array of one", &json_head(201), &body);
    let without_type = mock.request("POST", TICKETS, Auth::None, &[], Some(login.as_bytes()));
    without_type.expect("without a content type", &json_head(201), &body);
}

#[test]
fn logins_that_are_refused() {
    let mock = TestMock::start();
    let details = literal_error_body(400, "Invalid login details.");
    let failed = literal_error_body(403, "Login failed");
    let two = r#"[{"userId":"alice","password":"alice"},{"userId":"bob","password":"bob"}]"#;
    for (body, status, expected) in [
        (r#"{"userId":"alice","password":"x"}"#, 403, failed.clone()),
        (r#"{"userId":"alice","password":"Alice"}"#, 403, failed.clone()),
        (r#"{"userId":"nobody","password":"nobody"}"#, 403, failed),
        ("{}", 400, details.clone()),
        (r#"{"userId":"alice"}"#, 400, details.clone()),
        (r#"{"password":"alice"}"#, 400, details.clone()),
        (r#"{"userId":null,"password":"alice"}"#, 400, details.clone()),
        (r#"{"userId":"alice","password":null}"#, 400, details.clone()),
        (r#"{"userId":"","password":"alice"}"#, 400, details.clone()),
        (r#"{"userId":"alice","password":""}"#, 400, details.clone()),
        ("[{}]", 400, details),
        (two, 400, literal_error_body(400, "Please specify one login request only.")),
        ("[{},{}]", 400, literal_error_body(400, "Please specify one login request only.")),
        ("[]", 400, literal_error_body(400, "Could not read content from HTTP request body, the list is empty")),
    ] {
        mock.post_ticket(body).expect(body, &resource_error_head(status), &expected);
    }
}

#[test]
fn logins_that_cannot_be_read() {
    let mock = TestMock::start();
    for (body, beginning) in [
        (r#"{"userId":"alice","password":"alice","foo":1}"#, "Unrecognized field \"foo\" (class "),
        (r#"{"UserId":"alice","password":"alice"}"#, "Unrecognized field \"UserId\" (class "),
        (r#"[{"foo":1}]"#, "Unrecognized field \"foo\" (class "),
        (r#"{"userId":"alice","password":"alice""#, "Unexpected end-of-input: "),
        ("not json", "Unrecognized token 'not': "),
        (r#"{"userId" "alice"}"#, "Unexpected character "),
        ("", "No content to map due to end-of-input"),
        ("  ", "No content to map due to end-of-input"),
        ("\"text\"", ""),
        ("5", ""),
    ] {
        let response = mock.post_ticket(body);
        let key = response.json()["error"]["errorKey"].as_str().unwrap_or_default().to_owned();
        let expected = format!("Could not read content from HTTP request body: {beginning}");
        assert!(key.starts_with(&expected), "{body}: {key}");
        response.expect(body, &resource_error_head(400), &literal_error_body(400, &key));
    }
}

#[test]
fn a_ticket_is_shown_to_whom_it_logs_in() {
    let mock = TestMock::start();
    let ticket = mock.log_in("alice", "alice");
    let body = format!(r#"{{"entry":{{"id":"{ticket}"}}}}"#);
    let in_query = format!("?alf_ticket={ticket}");
    let headers = [ticket.clone(), format!(":{ticket}"), format!("ROLE_TICKET:{ticket}")];
    mock.get_ticket(&in_query, Auth::None).expect("alf_ticket", &json_head(200), &body);
    for credentials in &headers {
        let header = basic("Basic", credentials);
        mock.get_ticket("", Auth::Raw(&header)).expect(credentials, &json_head(200), &body);
    }
}

#[test]
fn a_password_is_no_ticket() {
    let mock = TestMock::start();
    mock.log_in("alice", "alice");
    let expected = literal_error_body(400, "Ticket base authentication required.");
    mock.get_ticket("", ALICE).expect("GET", &resource_error_head(400), &expected);
    mock.delete_ticket("", ALICE).expect("DELETE", &resource_error_head(400), &expected);
}

#[test]
fn a_dead_ticket_beside_a_password_is_not_found() {
    let mock = TestMock::start();
    let key = Some("framework.exception.NotFound");
    let expected = error_body(404, key, Summary::Numbered(&format!("{DEAD} was not found")));
    let query = format!("?alf_ticket={DEAD}");
    mock.get_ticket(&query, ALICE).expect("GET", &resource_error_head(404), &expected);
    mock.delete_ticket(&query, ALICE).expect("DELETE", &resource_error_head(404), &expected);
}

#[test]
fn tickets_are_called_me() {
    let mock = TestMock::start();
    let ticket = mock.log_in("alice", "alice");
    for name in [ticket.as_str(), "x", "-my-", "alice"] {
        let expected = literal_error_body(400, &format!("Invalid parameter: {name}"));
        for auth in [ALICE, Auth::Ticket(&ticket)] {
            let path = format!("{TICKETS}/{name}");
            mock.get(&path, auth).expect(&format!("GET {name}"), &resource_error_head(400), &expected);
            mock.delete(&path, auth).expect(&format!("DELETE {name}"), &resource_error_head(400), &expected);
        }
    }
    assert_eq!(mock.get_ticket("", Auth::Ticket(&ticket)).status, 200, "nobody was logged out");
}

#[test]
fn a_deleted_ticket_is_dead_for_everyone() {
    let mock = TestMock::start();
    let in_query = |ticket: &str| format!("?alf_ticket={ticket}");
    let head = json_head(204).replace("\nTransfer-Encoding: chunked", "");
    for by_query in [true, false] {
        let ticket = mock.log_in("alice", "alice");
        assert_eq!(mock.log_in("alice", "alice"), ticket, "a second login returns the same ticket");
        let deleted = if by_query {
            mock.delete_ticket(&in_query(&ticket), Auth::None)
        } else {
            mock.delete_ticket("", Auth::Ticket(&ticket))
        };
        deleted.expect("deleteTicket", &head, "");
        let get = unauthenticated("ResourceWebScript.get");
        let challenge = challenge_head(CHALLENGE);
        mock.get_ticket(&in_query(&ticket), Auth::None).expect("GET, alf_ticket", &challenge, &get);
        mock.get_ticket("", Auth::Ticket(&ticket)).expect("GET, header", &challenge, &get);
        let delete = unauthenticated("ResourceWebScript.delete");
        mock.delete_ticket("", Auth::Ticket(&ticket)).expect("DELETE", &challenge, &delete);
        let download = mock.get(&format!("{BASE}/downloads/x"), Auth::Ticket(&ticket));
        download.expect("elsewhere", &challenge, &get);
        assert_ne!(mock.log_in("alice", "alice"), ticket, "a new login returns a new ticket");
        assert_eq!(mock.delete_ticket("", Auth::Ticket(&mock.log_in("alice", "alice"))).status, 204);
    }
}

#[test]
fn tickets_are_not_listed() {
    let mock = TestMock::start();
    let expected = error_body(
        405,
        Some("framework.exception.UnsupportedResourceOperation"),
        Summary::Numbered("The operation is unsupported"),
    );
    mock.get(TICKETS, ALICE).expect("GET /tickets", &resource_error_head(405), &expected);
}

#[test]
fn each_user_has_one_ticket() {
    let mock = TestMock::start();
    let (alices, bobs) = (mock.log_in("alice", "alice"), mock.log_in("bob", "bob"));
    assert_ne!(alices, bobs);
    assert_eq!(mock.log_in("alice", "alice"), alices);
    assert_eq!(mock.delete_ticket("", Auth::Ticket(&bobs)).status, 204);
    assert_eq!(mock.get_ticket("", Auth::Ticket(&alices)).status, 200, "another user's logout");
}

#[test]
fn a_ticket_lives_for_an_hour_of_inactivity() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let ticket = mock.log_in("alice", "alice");
    let path = format!("{BASE}/nodes/-root-?alf_ticket={ticket}");
    for _ in 0..3 {
        mock.clock().advance(MINUTE * 59);
        assert_eq!(mock.get(&path, Auth::None).status, 200, "use keeps it alive");
    }
    mock.clock().advance(MINUTE * 61);
    mock.get(&path, Auth::None).expect(
        "after an hour",
        &challenge_head(CHALLENGE),
        &unauthenticated("ResourceWebScript.get"),
    );
    assert_ne!(mock.log_in("alice", "alice"), ticket, "a new login returns a new ticket");
}

#[test]
fn a_seed_repeats_the_tickets() {
    let ticket = || TestMock::start().log_in("alice", "alice");
    assert_eq!(ticket(), ticket());
}
