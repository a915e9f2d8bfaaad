//! The error envelope to the byte, and the headers of every kind of answer (wire reference, downloads, sections 7 and 8).

use std::time::Duration;

use crate::support::{
    ALICE, Auth, BASE, BOB, CHALLENGE, STACK_TRACE, Summary, TICKETS, TestMock, challenge_head, error_body, is_uuid,
    json_head, literal_error_body, mask, node_id, resource_error_head, routing_error_head,
};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A refusal whose summary is `<log> The entity with id: nosuch was not found`.
fn refused(mock: &TestMock) -> String {
    mock.get(&format!("{BASE}/downloads/nosuch"), ALICE).text().to_owned()
}

/// The log number at the beginning of the summary in `body`.
fn log_number(body: &str) -> &str {
    let (_, summary) = body.split_once(r#""briefSummary":""#).expect("a summary");
    summary.split_once(' ').expect("a log number").0
}

/// The `logId` in `body`.
fn log_id(body: &str) -> &str {
    let (_, id) = body.split_once(r#""logId":""#).expect("a log id");
    id.split_once('"').expect("a log id").0
}

// 7.1

#[test]
fn the_envelope_is_the_real_servers_to_the_byte() {
    let mock = TestMock::start();
    let body = refused(&mock);
    let (number, id) = (log_number(&body), log_id(&body));
    assert_eq!(
        body,
        format!(
            r#"{{"error":{{"errorKey":"framework.exception.EntityNotFound","statusCode":404,"briefSummary":"{number} The entity with id: nosuch was not found","stackTrace":"For security reasons the stack trace is no longer displayed, but the property is kept for previous versions","descriptionURL":"https://api-explorer.alfresco.com","logId":"{id}"}}}}"#
        )
    );
}

#[test]
fn every_error_has_a_log_id_of_its_own() {
    let mock = TestMock::start();
    let (one, other) = (refused(&mock), refused(&mock));
    assert!(is_uuid(log_id(&one)), "{one}");
    assert!(is_uuid(log_id(&other)), "{other}");
    assert_ne!(log_id(&one), log_id(&other));
}

#[test]
fn what_is_null_or_empty_is_left_out() {
    let mock = TestMock::start();
    mock.expect_500();
    let id = node_id("/TestDownloads/docTest1.txt");
    let twice = format!(r#"{{"nodeIds":["{id}","{id};1.0"]}}"#);
    let body = mock.post_json(&format!("{BASE}/downloads"), ALICE, &twice).text().to_owned();
    let expected = format!(
        r#"{{"error":{{"errorKey":"framework.exception.ApiDefault","statusCode":500,"stackTrace":"{STACK_TRACE}","descriptionURL":"https://api-explorer.alfresco.com","logId":"{}"}}}}"#,
        log_id(&body)
    );
    assert_eq!(body, expected, "no summary");
    let body = mock.get(&format!("{BASE}/foos"), ALICE).text().to_owned();
    let expected = format!(
        r#"{{"error":{{"statusCode":404,"briefSummary":"{} ","stackTrace":"{STACK_TRACE}","descriptionURL":"https://api-explorer.alfresco.com","logId":"{}"}}}}"#,
        log_number(&body),
        log_id(&body)
    );
    assert_eq!(body, expected, "no key");
}

// 7.2

/// The address of the content of a download that never begins.
fn missing_content(mock: &TestMock) -> (String, String) {
    let id = mock.create_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]);
    let text = format!(
        "Unable to locate content for node ref workspace://SpacesStore/{id} (property: \
         {{http://www.alfresco.org/model/content/1.0}}content)"
    );
    let body = error_body(404, Some("framework.exception.ApiDefault"), Summary::Numbered(&text));
    (format!("{BASE}/nodes/{id}/content"), body)
}

#[test]
fn statuses_and_keys() {
    let mock = TestMock::with(|config| {
        config.discovery_off = true;
        config.download_start_delay = DAY;
    });
    mock.expect_500();
    let downloads = format!("{BASE}/downloads");
    let (content, content_missing) = missing_content(&mock);
    let alices = mock.create_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]);
    let post = |body: &str| mock.post_json(&downloads, ALICE, body);
    let default =
        |status, text: &str| error_body(status, Some("framework.exception.ApiDefault"), Summary::Numbered(text));
    let key = |status, key: &str, text: &str| {
        error_body(status, Some(&format!("framework.exception.{key}")), Summary::Numbered(text))
    };
    let unauthenticated = "Authentication failed for Web Script org/alfresco/api/ResourceWebScript.get";
    let null_pointer = "Cannot invoke \"java.util.List.size()\" because the return value of \
        \"org.alfresco.rest.api.model.Download.getNodeIds()\" is null";
    for (row, response, expected) in [
        (
            "400, invalid argument",
            post(r#"{"nodeIds":[]}"#),
            literal_error_body(400, "Cannot create an archive with 0 entries."),
        ),
        (
            "400, wrong node type",
            mock.get(&format!("{downloads}/{}", node_id("/")), ALICE),
            literal_error_body(400, "Please specify the nodeId of a download node."),
        ),
        (
            "400, bad paging",
            mock.get(&format!("{downloads}/x?maxItems=0"), ALICE),
            literal_error_body(400, "Only positive values supported for maxItems."),
        ),
        (
            "400, bad include",
            mock.get(&format!("{downloads}/x?include="), ALICE),
            key(400, "InvalidSelect", "An invalid INCLUDE query was received. "),
        ),
        (
            "400, bad probe name",
            mock.get(&format!("{BASE}/probes/other"), Auth::None),
            literal_error_body(400, "Bad probe name"),
        ),
        (
            "400, missing login details",
            mock.post_json(TICKETS, Auth::None, "{}"),
            literal_error_body(400, "Invalid login details."),
        ),
        ("401", mock.get(&format!("{downloads}/x"), Auth::None), default(401, unauthenticated)),
        (
            "403, no permission",
            mock.get(&format!("{downloads}/{alices}"), BOB),
            key(403, "PermissionDenied", "Permission was denied"),
        ),
        (
            "403, login",
            mock.post_json(TICKETS, Auth::None, r#"{"userId":"alice","password":"x"}"#),
            literal_error_body(403, "Login failed"),
        ),
        (
            "404, entity",
            mock.get(&format!("{downloads}/x"), ALICE),
            key(404, "EntityNotFound", "The entity with id: x was not found"),
        ),
        (
            "404, version",
            mock.get("/alfresco/api/-default-/public/alfresco/versions/2/downloads", ALICE),
            key(404, "NotFound", "{0} was not found"),
        ),
        ("404, missing content", mock.get(&content, ALICE), content_missing),
        (
            "404, unknown ticket",
            mock.get(&format!("{TICKETS}/-me-?alf_ticket=TICKET_x"), ALICE),
            key(404, "NotFound", "TICKET_x was not found"),
        ),
        (
            "405, unsupported",
            mock.get(&downloads, ALICE),
            key(405, "UnsupportedResourceOperation", "The operation is unsupported"),
        ),
        ("405, array", post("[]"), literal_error_body(405, "Only 1 entity is supported in the HTTP request body")),
        (
            "405, method",
            mock.request("PATCH", &downloads, ALICE, &[], None),
            default(405, "Script url /public/alfresco/versions/1/downloads does not support the method PATCH"),
        ),
        ("500", post("{}"), error_body(500, Some("framework.exception.ApiDefault"), Summary::Plain(null_pointer))),
        ("501", mock.get("/alfresco/api/discovery", ALICE), literal_error_body(501, "Not Implemented")),
    ] {
        let status: u16 = row[..3].parse().unwrap();
        assert_eq!(response.status, status, "{row}");
        assert_eq!(mask(response.text()), expected, "{row}");
    }
}

#[test]
fn the_two_german_texts() {
    let mock = TestMock::with(|config| config.download_start_delay = DAY);
    let alices = mock.create_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]);
    let (english_missing, german_missing) =
        ("The entity with id: x was not found", "Die Entity mit der ID x wurde nicht gefunden");
    let (english_denied, german_denied) = ("Permission was denied", "Berechtigung verweigert");
    for (languages, missing, denied) in [
        ("de", german_missing, german_denied),
        ("de-DE", german_missing, german_denied),
        ("de-DE,de;q=0.9,en;q=0.8", german_missing, german_denied),
        ("de,en", german_missing, german_denied),
        ("en", english_missing, english_denied),
        ("en,de", english_missing, english_denied),
        ("en-GB,de;q=0.9", english_missing, english_denied),
    ] {
        let get = |id: &str, auth| {
            mock.request("GET", &format!("{BASE}/downloads/{id}"), auth, &[("Accept-Language", languages)], None)
        };
        let expected = error_body(404, Some("framework.exception.EntityNotFound"), Summary::Numbered(missing));
        get("x", ALICE).expect(languages, &resource_error_head(404), &expected);
        let expected = error_body(403, Some("framework.exception.PermissionDenied"), Summary::Numbered(denied));
        get(&alices, BOB).expect(languages, &resource_error_head(403), &expected);
    }
}

#[test]
fn literal_texts_are_never_translated() {
    let mock = TestMock::start();
    let headers = [("Accept-Language", "de"), ("Content-Type", "application/json")];
    let body = br#"{"nodeIds":[]}"#;
    mock.request("POST", &format!("{BASE}/downloads"), ALICE, &headers, Some(body)).expect(
        "no nodes",
        &resource_error_head(400),
        &literal_error_body(400, "Cannot create an archive with 0 entries."),
    );
}

// 7.3

/// The first four digits of log numbers at the moment that `mock` shows: the month, counted from zero, and the day.
fn month_and_day(mock: &TestMock) -> String {
    let date = mock.clock().now().to_string();
    let month: u8 = date[5..7].parse().unwrap();
    format!("{:02}{}", month - 1, &date[8..10])
}

#[test]
fn log_numbers_begin_with_the_month_from_zero_and_the_day() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let mut seen = Vec::new();
    // A year and a day of months, whichever the first is.
    for _ in 0..13 {
        let body = refused(&mock);
        let number = log_number(&body);
        assert_eq!(number.len(), 8, "{number}");
        assert_eq!(number[..4], month_and_day(&mock), "at {}", mock.clock().now());
        seen.push(number[..2].to_owned());
        mock.clock().advance(DAY * 28);
    }
    assert!(seen.contains(&"00".to_owned()), "January is 00: {seen:?}");
    assert!(!seen.contains(&"12".to_owned()), "December is 11: {seen:?}");
}

#[test]
fn log_numbers_count() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let numbers: Vec<u32> = (0..3).map(|_| log_number(&refused(&mock))[4..].parse().unwrap()).collect();
    assert_eq!(numbers[1], numbers[0] + 1);
    assert_eq!(numbers[2], numbers[0] + 2);
}

#[test]
fn log_numbers_grow_past_four_digits() {
    let mock = TestMock::start();
    mock.clock().freeze();
    let mut connection = mock.connect();
    let request = format!("GET {BASE}/foos HTTP/1.1\r\nHost: x\r\n\r\n");
    let mut numbers = (0..10_002).map(|_| {
        connection.send(request.as_bytes());
        log_number(connection.receive("GET").text()).to_owned()
    });
    let is_long = |number: &String| number.len() > 8;
    let first_long = numbers.find(is_long).expect("one of ten thousand");
    assert_eq!(first_long, format!("{}10000", month_and_day(&mock)));
}

#[test]
fn plain_java_exceptions_have_no_log_number() {
    let mock = TestMock::start();
    mock.expect_500();
    let response = mock.post_json(&format!("{BASE}/downloads"), ALICE, "{}");
    let summary = response.json()["error"]["briefSummary"].as_str().unwrap().to_owned();
    assert!(summary.starts_with("Cannot invoke "), "{summary}");
}

// 7.4

#[test]
fn what_the_container_refuses_is_html() {
    let mock = TestMock::start();
    for path in ["/downloads/a%2Fb", "/downloads/a%2fb", "/nodes/x%2Fy/content"] {
        for auth in [Auth::None, ALICE] {
            let response = mock.get(&format!("{BASE}{path}"), auth);
            assert_eq!(response.status, 400, "{path}");
            assert_eq!(response.header("Content-Type"), Some("text/html;charset=utf-8"), "{path}");
        }
    }
    let mut connection = mock.connect();
    connection.send(b"GET / / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(connection.receive("GET").status, 400, "an illegal request line");
}

// 8

/// The head of an answer without a body: the one with a body, with this instead of the chunks.
fn head_without_body(status: u16, length: &str) -> String {
    json_head(status).replace("\nTransfer-Encoding: chunked", length)
}

#[test]
fn heads_of_successes() {
    let mock = TestMock::start();
    let downloads = format!("{BASE}/downloads");
    let file = node_id("/TestDownloads/docTest1.txt");
    let created = mock.post_json(&downloads, ALICE, &format!(r#"{{"nodeIds":["{file}"]}}"#));
    let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
    let ticket = mock.log_in("alice", "alice");
    let ticketed = Auth::Ticket(&ticket);
    for (row, response, head) in [
        ("202 with a body", created, json_head(202)),
        ("200, a download", mock.get(&format!("{downloads}/{id}"), ALICE), json_head(200)),
        ("200, a node", mock.get(&format!("{BASE}/nodes/{id}"), ALICE), json_head(200)),
        ("200, a probe", mock.get(&format!("{BASE}/probes/-live-"), Auth::None), json_head(200)),
        ("200, a ticket", mock.get(&format!("{TICKETS}/-me-"), ticketed), json_head(200)),
        ("201", mock.post_json(TICKETS, Auth::None, r#"{"userId":"bob","password":"bob"}"#), json_head(201)),
        (
            "202 without a body",
            mock.delete(&format!("{downloads}/{id}"), ALICE),
            head_without_body(202, "\nContent-Length: 0"),
        ),
        ("204, a node", mock.delete(&format!("{BASE}/nodes/{id}"), ALICE), head_without_body(204, "")),
        ("204, a ticket", mock.delete(&format!("{TICKETS}/-me-"), ticketed), head_without_body(204, "")),
    ] {
        assert_eq!(response.head(), head, "{row}");
        assert_eq!(response.body.is_empty(), row.ends_with("without a body") || row.starts_with("204"), "{row}");
    }
}

#[test]
fn heads_of_errors() {
    let mock = TestMock::with(|config| config.download_start_delay = DAY);
    mock.expect_500();
    let downloads = format!("{BASE}/downloads");
    let (content, _) = missing_content(&mock);
    let alices = mock.create_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]);
    let post = |body: &str| mock.post_json(&downloads, ALICE, body);
    for (row, response, head) in [
        ("a resource, 400", post("{"), resource_error_head(400)),
        ("a resource, 403", mock.get(&format!("{downloads}/{alices}"), BOB), resource_error_head(403)),
        ("a resource, 404", mock.get(&format!("{downloads}/x"), ALICE), resource_error_head(404)),
        ("a resource, 405", post("[]"), resource_error_head(405)),
        ("a resource, 500", post("{}"), resource_error_head(500)),
        (
            "a resource, 403 of a login",
            mock.post_json(TICKETS, Auth::None, r#"{"userId":"alice","password":"x"}"#),
            resource_error_head(403),
        ),
        (
            "routing, 400",
            mock.get("/alfresco/api/-default-/public/alfresco/versions/0/x", ALICE),
            routing_error_head(400),
        ),
        ("routing, 404", mock.get(&format!("{BASE}/foos"), ALICE), routing_error_head(404)),
        ("routing, 405", mock.request("PATCH", &downloads, ALICE, &[], None), routing_error_head(405)),
        ("authentication", mock.get(&format!("{downloads}/x"), Auth::None), challenge_head(CHALLENGE)),
        ("missing content", mock.get(&content, ALICE), json_head(404)),
    ] {
        assert_eq!(response.head(), head, "{row}");
    }
}

#[test]
fn heads_of_the_content() {
    let mock = TestMock::start();
    let id = mock.finished_download(ALICE, &[&node_id("/TestDownloads/docTest1.txt")]);
    let path = format!("{BASE}/nodes/{id}/content");
    let whole = mock.get(&path, ALICE);
    let [etag, modified, language] =
        ["ETag", "Last-Modified", "Content-Language"].map(|name| whole.header(name).unwrap().to_owned());
    let common = "HTTP/1.1 STATUS \nX-Frame-Options: SAMEORIGIN\nCache-Control: CACHE\n\
        Expires: Thu, 01 Jan 1970 00:00:00 GMT\nPragma: no-cache\n\
        Content-Disposition: attachment; filename=\"docTest1.txt.zip\"; filename*=UTF-8''docTest1.txt.zip\n\
        Accept-Ranges: bytes\nContent-Range: RANGE\nVALIDATORSContent-Type: application/octet-stream;charset=UTF-8\n\
        Content-Language: LANGUAGE\nContent-Length: LENGTH\nDate: <date>"
        .replace("LANGUAGE", &language);
    let head = |status: &str, cache: &str, range: &str, validators: &str, length: &str| {
        let head = common.replace("STATUS", status).replace("CACHE", cache).replace("RANGE", range);
        head.replace("VALIDATORS", validators).replace("LENGTH", length)
    };
    let validators = format!("ETag: {etag}\nLast-Modified: {modified}\n");
    let expected = head("200", " max-age=0,  must-revalidate", "bytes 0-266/267", &validators, "267");
    assert_eq!(whole.head(), expected, "200");
    assert_eq!(whole.body.len(), 267);
    let ranged = mock.request("GET", &path, ALICE, &[("Range", "bytes=0-9")], None);
    assert_eq!(ranged.head(), head("206", "no-cache", "bytes 0-9/267", "", "10"), "206");
    let since = mock.request("GET", &path, ALICE, &[("If-Modified-Since", &modified)], None);
    let expected =
        json_head(304).replace("\nContent-Type: application/json;charset=UTF-8\nTransfer-Encoding: chunked", "");
    assert_eq!(since.head(), expected, "304");
}

#[test]
fn discovery_answers_without_x_frame_options() {
    let mock = TestMock::start();
    let response = mock.get("/alfresco/api/discovery", ALICE);
    assert_eq!(response.status, 200);
    assert_eq!(response.header("X-Frame-Options"), None);
    assert_eq!(response.header("Content-Type"), Some("application/json;charset=UTF-8"));
}

#[test]
fn a_connection_is_kept_and_says_so_only_when_asked() {
    let mock = TestMock::start();
    let kept = "\nKeep-Alive: timeout=20\nConnection: keep-alive";
    let path = format!("{BASE}/probes/-live-");
    let request = |headers: &str| format!("GET {path} HTTP/1.1\r\nHost: x\r\n{headers}\r\n");
    let mut connection = mock.connect();
    for (headers, suffix) in
        [("", ""), ("Connection: keep-alive\r\n", kept), ("", ""), ("connection: Keep-Alive\r\n", kept)]
    {
        connection.send(request(headers).as_bytes());
        assert_eq!(connection.receive("GET").head(), format!("{}{suffix}", json_head(200)), "{headers}");
    }
    connection.send(format!("GET {BASE}/foos HTTP/1.1\r\nHost: x\r\nConnection: keep-alive\r\n\r\n").as_bytes());
    let expected = format!("{}{kept}", routing_error_head(404));
    assert_eq!(connection.receive("GET").head(), expected, "an error");
    connection.finish();
}

#[test]
fn nothing_is_compressed_and_nothing_varies() {
    let mock = TestMock::start();
    let headers = [
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Accept-Language", "en"),
        ("Cookie", "JSESSIONID=x"),
        ("User-Agent", "Mozilla/5.0"),
        ("If-None-Match", "*"),
    ];
    let response = mock.request("GET", &format!("{BASE}/probes/-live-"), Auth::None, &headers, None);
    response.expect("as ever", &json_head(200), r#"{"entry":{"message":"liveProbe: Success - Tested"}}"#);
}

#[test]
fn bodies_are_chunks_or_as_long_as_they_say() {
    let mock = TestMock::start();
    let response = mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    assert!(response.raw_body.ends_with(b"\r\n0\r\n\r\n"), "{:?}", String::from_utf8_lossy(&response.raw_body));
    assert!(response.raw_body.len() > response.body.len());
}
