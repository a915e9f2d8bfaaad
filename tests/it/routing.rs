//! How a request finds its operation, and what is refused before (wire reference, downloads, section 1).

mod parameters;

use alfresco_downloads_mock::NetworkStyle;

use crate::support::{
    ADMIN, ALICE, Auth, BASE, CHALLENGE, Summary, TICKETS, TestMock, challenge_head, error_body, json_head,
    literal_error_body, node_id, process::Server, resource_error_head, routing_error_head,
};

/// Everything below the network.
const PUBLIC: &str = "/alfresco/api/-default-/public";

fn no_such_collection(status: u16) -> String {
    error_body(status, None, Summary::Numbered(""))
}

fn unsupported() -> String {
    error_body(
        405,
        Some("framework.exception.UnsupportedResourceOperation"),
        Summary::Numbered("The operation is unsupported"),
    )
}

fn unauthenticated(script: &str) -> String {
    let text = format!("Authentication failed for Web Script org/alfresco/api/{script}");
    error_body(401, Some("framework.exception.ApiDefault"), Summary::Numbered(&text))
}

fn not_found(text: &str) -> String {
    error_body(404, Some("framework.exception.EntityNotFound"), Summary::Numbered(text))
}

/// A finished download of Alice's.
fn finished(mock: &TestMock) -> String {
    mock.finished_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")])
}

#[test]
fn the_scope_has_no_case_and_the_version_is_a_number() {
    let mock = TestMock::start();
    let usual = mock.get(&format!("{BASE}/people/admin"), ADMIN);
    for spelled in ["Public/alfresco/versions/1", "PUBLIC/alfresco/versions/01", "public/alfresco/versions/+1"] {
        let path = format!("/alfresco/api/-default-/{}/people/admin", spelled.replace('+', "%2B"));
        let answer = mock.get(&path, ADMIN);
        assert_eq!((answer.status, answer.text()), (200, usual.text()), "{spelled}");
    }
}

// Steps

#[test]
fn step_1_a_post_may_stand_for_another_method() {
    let mock = TestMock::start();
    let id = finished(&mock);
    let download = format!("{BASE}/downloads/{id}");
    let post = |query: &str, headers: &[(&str, &str)]| {
        mock.request("POST", &format!("{download}{query}"), ALICE, headers, Some(b""))
    };
    let entry = mock.get(&download, ALICE).text().to_owned();
    let get = ("X-HTTP-Method-Override", "GET");
    post("", &[get]).expect("by header", &json_head(200), &entry);
    post("?alf_method=GET", &[]).expect("by query", &json_head(200), &entry);
    post("?alf_method=DELETE", &[get]).expect("the header comes first", &json_head(200), &entry);
    assert_eq!(post("", &[("X-HTTP-Method-Override", "DELETE")]).status, 202, "DELETE by header");
    assert_eq!(post("?alf_method=DELETE", &[]).status, 202, "DELETE by query");
    post("", &[("X-HTTP-Method-Override", "PUT")]).expect("PUT", &resource_error_head(405), &unsupported());
    let text = format!("Script url /public/alfresco/versions/1/downloads/{id} does not support the method PATCH");
    let body = error_body(405, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
    post("?alf_method=PATCH", &[]).expect("PATCH", &routing_error_head(405), &body);
    let not_a_post = mock.request(
        "GET",
        &format!("{download}?alf_method=DELETE"),
        ALICE,
        &[("X-HTTP-Method-Override", "DELETE")],
        None,
    );
    not_a_post.expect("only a POST", &json_head(200), &entry);
}

#[test]
fn step_2_the_path_is_decoded() {
    let mock = TestMock::start();
    let id = finished(&mock);
    let entry = mock.get(&format!("{BASE}/downloads/{id}"), ALICE).text().to_owned();
    for (row, path) in [
        ("a letter of the collection", format!("{PUBLIC}/alfresco/versions/1/down%6Coads/{id}")),
        ("a letter of the network", format!("/alfresco/api/%2Ddefault-/public/alfresco/versions/1/downloads/{id}")),
        ("a hyphen of the id", format!("{BASE}/downloads/{}", id.replace('-', "%2D"))),
    ] {
        mock.get(&path, ALICE).expect(row, &json_head(200), &entry);
    }
    for (row, path, decoded) in
        [("a plus is a space", "a+b", "a b"), ("so is %20", "a%20b", "a b"), ("UTF-8", "%C3%A4", "\u{e4}")]
    {
        let body = not_found(&format!("The entity with id: {decoded} was not found"));
        mock.get(&format!("{BASE}/downloads/{path}"), ALICE).expect(row, &resource_error_head(404), &body);
    }
}

#[test]
fn step_2_the_first_segment_is_the_network() {
    let mock = TestMock::with(|config| config.control.networks = NetworkStyle::Strict);
    let path = format!("/downloads/{}", finished(&mock));
    let of = |network: &str| format!("/alfresco/api/{network}/public/alfresco/versions/1{path}");
    let body = unauthenticated("ResourceWebScript.get");
    for (row, network, auth) in [
        ("-default-, nobody", "-default-", Auth::None),
        ("-system-, nobody", "-system-", Auth::None),
        ("unknown network, nobody", "nosuch", Auth::None),
        ("unknown network, a user who does not belong to it", "nosuch", ADMIN),
    ] {
        let head = challenge_head(&format!(r#"AlfTicket realm="Alfresco {network} tenant""#));
        mock.get(&of(network), auth).expect(row, &head, &body);
    }
}

#[test]
fn step_2_a_path_too_short_for_a_network_makes_the_server_stumble() {
    let mock = TestMock::start();
    mock.expect_500();
    for path in ["/alfresco/api/a", "/alfresco/api/abcd"] {
        assert_eq!(mock.get(path, ADMIN).status, 500, "{path}");
    }
}

#[test]
fn step_3_a_method_that_no_script_has_is_refused_before_anybody_is_asked_who_he_is() {
    let mock = TestMock::start();
    for (row, auth) in [("nobody", Auth::None), ("a wrong password", Auth::Basic("alice", "x")), ("a user", ALICE)] {
        for path in ["/downloads", "/downloads/x", "/nodes/x/content", "/foos"] {
            let text = format!("Script url /public/alfresco/versions/1{path} does not support the method PATCH");
            let body = error_body(405, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
            let response = mock.request("PATCH", &format!("{BASE}{path}"), auth, &[], Some(b"{}"));
            response.expect(&format!("PATCH {path} by {row}"), &routing_error_head(405), &body);
            let response = mock.request("HEAD", &format!("{BASE}{path}"), auth, &[], None);
            let head = routing_error_head(405).replace("\nTransfer-Encoding: chunked", "");
            response.expect(&format!("HEAD {path} by {row}"), &head, "");
        }
    }
}

#[test]
fn step_4_an_address_of_no_known_shape_is_refused_before_anybody_is_asked_who_he_is() {
    let mock = TestMock::start();
    for (row, auth) in [("nobody", Auth::None), ("a user", ALICE)] {
        for path in ["/public/foo", "/public/alfresco/foo/1/downloads"] {
            let text = format!("Script url {path} does not map to a Web Script.");
            let body = error_body(404, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
            let whole = format!("/alfresco/api/-default-{path}");
            mock.get(&whole, auth).expect(&format!("GET {path} by {row}"), &routing_error_head(404), &body);
            let text = format!("{path} was not found");
            let body = error_body(404, Some("framework.exception.NotFound"), Summary::Numbered(&text));
            for method in ["POST", "PUT", "DELETE", "OPTIONS"] {
                let row = format!("{method} {path} by {row}");
                mock.request(method, &whole, auth, &[], None).expect(&row, &routing_error_head(404), &body);
            }
        }
    }
}

#[test]
fn steps_5_to_7_only_get_and_post_look_for_the_collection_before_they_ask_who_calls() {
    let mock = TestMock::start();
    let path = format!("{BASE}/foos");
    for method in ["GET", "POST"] {
        for (row, auth) in [("nobody", Auth::None), ("a user", ALICE)] {
            let response = mock.request(method, &path, auth, &[], None);
            response.expect(&format!("{method} by {row}"), &routing_error_head(404), &no_such_collection(404));
        }
    }
    for (method, script) in [
        ("PUT", "ResourceWebScript.put"),
        ("DELETE", "ResourceWebScript.delete"),
        ("OPTIONS", "MetaDataWebScript.options"),
    ] {
        let response = mock.request(method, &path, Auth::None, &[], None);
        response.expect(&format!("{method} by nobody"), &challenge_head(CHALLENGE), &unauthenticated(script));
    }
    for method in ["PUT", "DELETE"] {
        let response = mock.request(method, &path, ALICE, &[], None);
        response.expect(&format!("{method} by a user"), &resource_error_head(404), &no_such_collection(404));
    }
    assert_eq!(mock.request("OPTIONS", &path, ALICE, &[], None).status, 404);
}

#[test]
fn steps_6_to_10_caller_then_query_then_body_then_action() {
    let mock = TestMock::start();
    let downloads = format!("{BASE}/downloads");
    let bad_query = format!("{downloads}?maxItems=0");
    mock.post_json(&bad_query, Auth::None, "not json").expect(
        "the caller before the query",
        &challenge_head(CHALLENGE),
        &unauthenticated("ResourceWebScript.post"),
    );
    mock.post_json(&bad_query, ALICE, "not json").expect(
        "the query before the body",
        &resource_error_head(400),
        &literal_error_body(400, "Only positive values supported for maxItems."),
    );
    mock.post_json(&downloads, ALICE, "[]").expect(
        "the body before the action",
        &resource_error_head(405),
        &literal_error_body(405, "Only 1 entity is supported in the HTTP request body"),
    );
    mock.delete(&format!("{downloads}/nosuch?skipCount=-1"), ALICE).expect(
        "the query before the action",
        &resource_error_head(400),
        &literal_error_body(400, "Negative values not supported for skipCount."),
    );
}

#[test]
fn a_trailing_slash_is_accepted_everywhere() {
    let mock = TestMock::start();
    let id = finished(&mock);
    let ticket = mock.log_in("alice", "alice");
    let body = format!(r#"{{"nodeIds":["{}"]}}"#, node_id("/TestDownloads/docTest1.txt"));
    let login = r#"{"userId":"alice","password":"alice"}"#;
    assert_eq!(mock.post_json(&format!("{BASE}/downloads/"), ALICE, &body).status, 202, "createDownload");
    assert_eq!(mock.get(&format!("{BASE}/downloads/{id}/"), ALICE).status, 200, "getDownload");
    assert_eq!(mock.get(&format!("{BASE}/nodes/{id}/"), ALICE).status, 200, "getNode");
    assert_eq!(mock.get(&format!("{BASE}/nodes/{id}/content/"), ALICE).status, 200, "getNodeContent");
    assert_eq!(mock.delete(&format!("{BASE}/downloads/{id}/"), ALICE).status, 202, "cancelDownload");
    assert_eq!(mock.get(&format!("{BASE}/probes/-live-/"), Auth::None).status, 200, "getProbe");
    assert_eq!(mock.post_json(&format!("{TICKETS}/"), Auth::None, login).status, 201, "createTicket");
    assert_eq!(mock.get(&format!("{TICKETS}/-me-/"), Auth::Ticket(&ticket)).status, 200, "validateTicket");
    assert_eq!(mock.delete(&format!("{TICKETS}/-me-/"), Auth::Ticket(&ticket)).status, 204, "deleteTicket");
    mock.get(&format!("{BASE}/foos/"), ALICE).expect("an error", &routing_error_head(404), &no_such_collection(404));
}

#[test]
fn accept_is_never_looked_at() {
    let mock = TestMock::start();
    let path = format!("{BASE}/downloads/{}", finished(&mock));
    let entry = mock.get(&path, ALICE).text().to_owned();
    for accept in ["text/html", "image/png", "application/xml;q=0.9", "nonsense", ""] {
        mock.request("GET", &path, ALICE, &[("Accept", accept)], None).expect(accept, &json_head(200), &entry);
    }
}

// 1.1

#[test]
fn path_errors() {
    let mock = TestMock::start();
    let id = finished(&mock);
    let file = node_id("/TestDownloads/docTest1.txt");
    let unfilled = error_body(404, Some("framework.exception.NotFound"), Summary::Numbered("{0} was not found"));
    let bad_api = |detail: &str| literal_error_body(400, &format!("Invalid API definition:{detail}"));
    let routing = routing_error_head;
    let resource = resource_error_head;
    let scope = "No enum constant org.alfresco.rest.framework.Api.SCOPE.FOO";
    for (method, path, head, body) in [
        ("GET", format!("{PUBLIC}/alfresco/versions/2/downloads"), routing(404), unfilled.clone()),
        ("POST", format!("{PUBLIC}/alfresco/versions/2/downloads"), routing(404), unfilled.clone()),
        ("DELETE", format!("{PUBLIC}/alfresco/versions/2/downloads"), resource(404), unfilled),
        (
            "GET",
            format!("{PUBLIC}/alfresco/versions/0/downloads"),
            routing(400),
            literal_error_body(400, "Version must be a positive integer."),
        ),
        (
            "GET",
            format!("{PUBLIC}/alfresco/versions/abc/downloads"),
            routing(400),
            bad_api("For input string: \"abc\""),
        ),
        ("GET", "/alfresco/api/-default-/foo/alfresco/versions/1/x".to_owned(), routing(400), bad_api(scope)),
        (
            "GET",
            format!("{PUBLIC}/Alfresco/versions/1/x"),
            routing(400),
            literal_error_body(400, "Api name must be lowercase"),
        ),
        ("GET", format!("{BASE}/foos"), routing(404), no_such_collection(404)),
        ("GET", format!("{BASE}/foos/x"), routing(404), no_such_collection(404)),
        ("GET", format!("{BASE}/downloads/{id}/foo"), routing(404), literal_error_body(404, "foo")),
        ("DELETE", format!("{BASE}/downloads/{id}/foo"), resource(404), literal_error_body(404, "foo")),
        ("GET", format!("{BASE}/nodes/{file}/foo"), routing(404), literal_error_body(404, "foo")),
        (
            "GET",
            format!("{BASE}/downloads/{id}/foo/bar"),
            routing(404),
            literal_error_body(404, "Unable to locate resource for: downloads bar"),
        ),
        ("GET", format!("{BASE}/downloads"), resource(405), unsupported()),
        ("PUT", format!("{BASE}/downloads/{id}"), resource(405), unsupported()),
        ("PUT", format!("{BASE}/downloads"), resource(405), unsupported()),
        (
            "POST",
            format!("{BASE}/downloads/{id}"),
            resource(405),
            literal_error_body(405, "POST is executed against a collection URL"),
        ),
        (
            "DELETE",
            format!("{BASE}/downloads"),
            resource(405),
            literal_error_body(405, "DELETE not supported for Actions"),
        ),
    ] {
        mock.request(method, &path, ALICE, &[], None).expect(&format!("{method} {path}"), &head, &body);
    }
}

#[test]
fn path_errors_that_are_found_first_need_no_credentials() {
    let mock = TestMock::start();
    for (path, status) in [
        (format!("{PUBLIC}/alfresco/versions/2/downloads"), 404),
        (format!("{PUBLIC}/alfresco/versions/0/downloads"), 400),
        (format!("{PUBLIC}/alfresco/versions/abc/downloads"), 400),
        ("/alfresco/api/-default-/foo/alfresco/versions/1/x".to_owned(), 400),
        (format!("{PUBLIC}/Alfresco/versions/1/x"), 400),
        (format!("{BASE}/foos"), 404),
        (format!("{BASE}/downloads/x/foo"), 404),
        (format!("{BASE}/downloads/x/foo/bar"), 404),
    ] {
        for method in ["GET", "POST"] {
            let response = mock.request(method, &path, Auth::None, &[], None);
            assert_eq!(response.head(), routing_error_head(status), "{method} {path}");
        }
        let response = mock.delete(&path, Auth::None);
        let expected = (401, Some(CHALLENGE));
        assert_eq!((response.status, response.header("WWW-Authenticate")), expected, "DELETE {path}");
    }
    for (method, path) in [
        ("GET", "/downloads"),
        ("PUT", "/downloads"),
        ("PUT", "/downloads/x"),
        ("POST", "/downloads/x"),
        ("DELETE", "/downloads"),
    ] {
        let response = mock.request(method, &format!("{BASE}{path}"), Auth::None, &[], None);
        assert_eq!(response.status, 401, "{method} {path}");
    }
}

#[test]
fn options_describe_the_resource_to_a_user() {
    let mock = TestMock::start();
    for path in ["/downloads", "/downloads/x", "/nodes/x/content"] {
        let response = mock.request("OPTIONS", &format!("{BASE}{path}"), ALICE, &[], None);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        assert_eq!(response.header("Content-Type"), None, "{path}");
        assert_eq!(response.header("Allow"), None, "{path}");
        assert!(response.json().is_object() || response.json().is_array(), "{path}");
    }
}

#[test]
fn what_the_product_has_and_the_mock_has_not_is_logged() {
    let mut server = Server::start_logging("info", &[]);
    let known = ["nodes/x/versions", "nodes/x/storage-info/cm:content", "categories/x", "people/-me-/favorites"];
    for path in known {
        assert_eq!(server.get(&format!("{BASE}/foos"), ADMIN).status, 404);
        assert_eq!(server.get(&format!("{BASE}/{path}"), ADMIN).status, 404, "{path}");
        let line = server.wait_for_log("is not mocked");
        assert!(line.contains(&format!("GET {BASE}/{path} exists in the product")), "{path}: {line}");
    }
}
