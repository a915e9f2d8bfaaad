//! Bodies of createDownload: what can be read, and what is said of the rest (wire reference, downloads, section 2.3).

use super::{entry, file, not_found};
use crate::support::{ALICE, BASE, Response, TestMock, is_uuid, json_head, literal_error_body, resource_error_head};

/// What the message begins with when the body cannot be read.
const UNREADABLE: &str = "Could not read content from HTTP request body: ";

/// `M(beginning…)`: key and message are the same text, of which only the beginning is fixed.
#[track_caller]
pub(super) fn expect_unreadable(row: &str, response: &Response, beginning: &str) {
    let key = response.json()["error"]["errorKey"].as_str().unwrap_or_default().to_owned();
    assert!(key.starts_with(&format!("{UNREADABLE}{beginning}")), "the key of: {row}: {key}");
    response.expect(row, &resource_error_head(400), &literal_error_body(400, &key));
}

#[test]
fn bodies_that_are_accepted() {
    let mock = TestMock::whose_jobs_wait();
    let id = file(1);
    for body in [
        format!(r#"{{"nodeIds":["{id}"]}}"#),
        format!("{{\n  \"nodeIds\" : [ \"{id}\" ]\r\n}}\n"),
        format!(r#"  {{"nodeIds":["{id}"]}}"#),
        format!(r#"{{"nodeIds":"{id}"}}"#),
        format!(r#"{{"nodeIds":["\u{:04x}{}"]}}"#, u32::from(id.as_bytes()[0]), &id[1..]),
        format!(r#"{{"id":"x","nodeIds":["{id}"]}}"#),
        format!(
            r#"{{"nodeIds":["{id}"],"status":"DONE","bytesAdded":1,"totalBytes":2,"filesAdded":3,"totalFiles":4}}"#
        ),
        format!(
            r#"{{"nodeIds":["{id}"],"id":null,"status":null,"bytesAdded":0,"totalBytes":0,"filesAdded":0,"totalFiles":0}}"#
        ),
        format!(r#"{{"nodeIds":["{id}"],"status":2}}"#),
        format!(r#"{{"nodeIds":["nosuch"],"nodeIds":["{id}"]}}"#),
        format!(r#"{{"nodeIds":[],"nodeIds":"{id}"}}"#),
        format!(r#"{{"nodeIds":["{id}"]}} and more"#),
        format!(r#"{{"nodeIds":["{id}"]}}}}"#),
        format!(r#"{{"nodeIds":["{id}"]}}{{"foo":1}}"#),
    ] {
        let response = mock.post_download(ALICE, &body);
        assert_eq!(response.status, 202, "{body}: {}", response.text());
        let made = response.json()["entry"]["id"].as_str().unwrap().to_owned();
        assert!(is_uuid(&made), "{body}");
        response.expect(&body, &json_head(202), &entry(&made, 0, 0, 0, 0, "PENDING"));
    }
}

#[test]
fn values_that_are_not_strings_are_read_as_strings() {
    let mock = TestMock::start();
    for (body, id) in [
        (r#"{"nodeIds":5}"#, "5"),
        (r#"{"nodeIds":[1,true]}"#, "1"),
        (r#"{"nodeIds":[true,1]}"#, "true"),
        (r#"{"nodeIds":true}"#, "true"),
        (r#"{"nodeIds":[false]}"#, "false"),
        (r#"{"nodeIds":[-7]}"#, "-7"),
    ] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(404), &not_found(id));
    }
    let twice = literal_error_body(400, "Cannot specify the same nodeId twice");
    for body in [r#"{"nodeIds":[5,"5"]}"#, r#"{"nodeIds":["true",true]}"#] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(400), &twice);
    }
}

#[test]
fn empty_strings_are_read_as_null() {
    let mock = TestMock::start();
    for (body, text) in [
        (r#"{"nodeIds":[""]}"#, "Missing nodeId"),
        (r#"{"nodeIds":""}"#, "Missing nodeId"),
        (r#"{"nodeIds":[null]}"#, "Missing nodeId"),
        (r#"{"nodeIds":["",null]}"#, "Cannot specify the same nodeId twice"),
        (r#"{"nodeIds":[null,""]}"#, "Cannot specify the same nodeId twice"),
        (r#"{"nodeIds":["",""]}"#, "Cannot specify the same nodeId twice"),
    ] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(400), &literal_error_body(400, text));
    }
}

#[test]
fn the_last_of_two_equal_keys_wins() {
    let mock = TestMock::start();
    let body = format!(r#"{{"nodeIds":["{}"],"nodeIds":["nosuch"]}}"#, file(1));
    mock.post_download(ALICE, &body).expect(&body, &resource_error_head(404), &not_found("nosuch"));
}

#[test]
fn bodies_that_cannot_be_read() {
    let mock = TestMock::start();
    let known = " (class org.alfresco.rest.api.model.Download), not marked as ignorable (7 known properties: \"status\", \
        \"totalFiles\", \"bytesAdded\", \"nodeIds\", \"totalBytes\", \"filesAdded\", \"id\"])\n at [Source: ";
    let unknown = |name: &str| format!("Unrecognized field \"{name}\"{known}");
    let object = "Cannot deserialize value of type `java.lang.String` from Object value".to_owned();
    let array = "Cannot deserialize value of type `java.lang.String` from Array value (token `JsonToken.START_ARRAY`)";
    let downloads = "Cannot deserialize value of type `org.alfresco.rest.api.model.Download` from Array value \
        (token `JsonToken.START_ARRAY`)";
    let value = "Cannot deserialize value of type ".to_owned();
    let nothing = "No content to map due to end-of-input".to_owned();
    for (body, beginning) in [
        (r#"{"nodeIds":["a"],"status":"FOO"}"#, value.clone()),
        (r#"{"nodeIds":["a"],"bytesAdded":"x"}"#, value.clone()),
        (r#"{"nodeIds":["a"],"totalFiles":"x"}"#, value),
        (r#"{"nodeIds":["a"],"foo":1}"#, unknown("foo")),
        (r#"{"NodeIds":["a"]}"#, unknown("NodeIds")),
        (r#"{"nodeids":["a"]}"#, unknown("nodeids")),
        (r#"{"":1}"#, unknown("")),
        (r#"{"nodeIds":["a"],}"#, "Unexpected character ".to_owned()),
        (r#"{"nodeIds":[}"#, "Unexpected ".to_owned()),
        (r"{nodeIds:[]}", "Unexpected character ".to_owned()),
        (r#"{"nodeIds" ["a"]}"#, "Unexpected character ".to_owned()),
        ("}", "Unexpected ".to_owned()),
        (r#"{"nodeIds":["a"]"#, "Unexpected end-of-input: ".to_owned()),
        (r#"{"nodeIds":["a"#, "Unexpected end-of-input: ".to_owned()),
        (r#"{"nodeIds":["a""#, "Unexpected end-of-input: ".to_owned()),
        ("{", "Unexpected end-of-input: ".to_owned()),
        ("not json", "Unrecognized token 'not': ".to_owned()),
        (r#"{"nodeIds":[not]}"#, "Unrecognized token 'not': ".to_owned()),
        ("", nothing.clone()),
        (" ", nothing.clone()),
        ("\r\n\t ", nothing),
        (r#""text""#, String::new()),
        ("5", String::new()),
        ("5.5", String::new()),
        ("true", String::new()),
        ("false", String::new()),
        (" []", downloads.to_owned()),
        ("\n[]", downloads.to_owned()),
        ("\t[{\"nodeIds\":[\"a\"]}]", downloads.to_owned()),
        (r#"{"nodeIds":{"a":1}}"#, object.clone()),
        (r#"{"nodeIds":[{"a":1}]}"#, object.clone()),
        (r#"{"nodeIds":["a",{}]}"#, object),
        // Not on line 1, or not in a column that begins with 1.
        ("{\"nodeIds\":[\n[\"a\"]]}", array.to_owned()),
        (r#"{"nodeIds":          [["a"]]}"#, array.to_owned()),
    ] {
        expect_unreadable(body, &mock.post_download(ALICE, body), &beginning);
    }
    let response = mock.request("POST", &format!("{BASE}/downloads"), ALICE, &[], None);
    expect_unreadable("no body, and no length", &response, "No content to map due to end-of-input");
}

#[test]
fn an_unknown_property_is_named_where_it_stands() {
    let mock = TestMock::start();
    let expected = format!(
        "{UNREADABLE}Unrecognized field \"foo\" (class org.alfresco.rest.api.model.Download), not marked as ignorable \
         (7 known properties: \"status\", \"totalFiles\", \"bytesAdded\", \"nodeIds\", \"totalBytes\", \"filesAdded\", \
         \"id\"])\n at [Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: 1, column: \
         25] (through reference chain: org.alfresco.rest.api.model.Download[\"foo\"])"
    );
    // The second: the real parser reads a string only when its value is asked for, and stands behind its first quote.
    for body in [r#"{"nodeIds":["a"],"foo":1}"#, r#"{"nodeIds":["a"],"foo":"b"}"#] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(400), &literal_error_body(400, &expected));
    }
}

#[test]
fn json_null_makes_the_server_stumble() {
    let mock = TestMock::start();
    mock.expect_500();
    let response = mock.post_download(ALICE, "null");
    assert_eq!(response.head(), resource_error_head(500));
    assert_eq!(response.json()["error"]["errorKey"], "framework.exception.ApiDefault");
    assert_eq!(response.json()["error"]["statusCode"], 500);
}

#[test]
fn there_is_no_batch() {
    let mock = TestMock::start();
    let one = format!(r#"[{{"nodeIds":["{}"]}}]"#, file(1));
    let two = format!(r#"[{{"nodeIds":["{}"]}},{{"nodeIds":["{}"]}}]"#, file(1), file(2));
    let expected = literal_error_body(405, "Only 1 entity is supported in the HTTP request body");
    for body in ["[]", "[{}]", "[1", &one, &two, r#"{"nodeIds":[["a"]]}"#, r#"{"nodeIds":[ ["a"]]}"#] {
        mock.post_download(ALICE, body).expect(body, &resource_error_head(405), &expected);
    }
}

#[test]
fn what_type_the_content_claims_to_be_matters_only_twice() {
    let mock = TestMock::whose_jobs_wait();
    mock.expect_500();
    let body = format!(r#"{{"nodeIds":["{}"]}}"#, file(1));
    let post = |headers: &[(&str, &str)]| {
        mock.request("POST", &format!("{BASE}/downloads"), ALICE, headers, Some(body.as_bytes()))
    };
    assert_eq!(post(&[]).status, 202, "none");
    for accepted in
        ["application/json;charset=UTF-8", "text/plain", "application/octet-stream", "application/xml", "nonsense", ""]
    {
        let response = post(&[("Content-Type", accepted)]);
        assert_eq!(response.status, 202, "{accepted}: {}", response.text());
    }
    let form = "application/x-www-form-urlencoded";
    expect_unreadable(form, &post(&[("Content-Type", form)]), "No content to map due to end-of-input");
    for multipart in ["multipart/form-data; boundary=x", "multipart/form-data"] {
        let response = post(&[("Content-Type", multipart)]);
        assert_eq!(response.status, 500, "{multipart}");
        assert_eq!(response.json()["error"]["errorKey"], "framework.exception.ApiDefault", "{multipart}");
    }
}

#[test]
fn a_body_may_come_in_chunks() {
    let mock = TestMock::start();
    let body = format!(r#"{{"nodeIds":["{}"]}}"#, file(1));
    let (one, other) = body.split_at(10);
    let request = format!(
        "POST {BASE}/downloads HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6YWxpY2U=\r\n\
         Transfer-Encoding: chunked\r\n\r\na\r\n{one}\r\n{:x}\r\n{other}\r\n0\r\n\r\n",
        other.len()
    );
    assert_eq!(mock.send("POST", request.as_bytes()).status, 202);
}

#[test]
fn a_body_over_the_limit_is_refused_before_it_is_sent() {
    let mock = TestMock::start();
    let request = format!(
        "POST {BASE}/downloads HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWxpY2U6YWxpY2U=\r\n\
         Content-Length: 5368709121\r\n\r\n"
    );
    let response = mock.send("POST", request.as_bytes());
    assert_eq!(response.status, 413);
    let error = &response.json()["error"];
    assert_eq!(error["statusCode"], 413);
    assert_eq!(error["errorKey"], "framework.exception.RequestEntityTooLarge");
}
