//! Limits: what is too much is refused, in Alfresco's words where it has any, and nothing else suffers.

mod slow;

use std::time::Duration;

use alfresco_downloads_mock::{Config, Effect, Fault, JournalFilter, NetworkError, Operation, Status};
use serde_json::json;

use crate::support::{
    ADMIN, Auth, BASE, CHALLENGE, OwnFixtures, Response, TestMock, literal_error_body, mask, node_id, path_id,
    seeding::Part::{Field, File},
};

const PATIENCE: Duration = Duration::from_secs(60);

const OVERLOADED: &str = "More is asked for at once than this server takes";

/// A mock with one limit changed.
fn limited(change: impl FnOnce(&mut alfresco_downloads_mock::LimitsConfig)) -> TestMock {
    TestMock::with(|config: &mut Config| change(&mut config.limits))
}

#[track_caller]
fn assert_full(response: &Response) {
    let body = mask(response.text());
    assert_eq!(response.status, 507, "{body}");
    assert!(body.contains(r#""errorKey":"framework.exception.InsufficientStorage","statusCode":507"#), "{body}");
}

#[track_caller]
fn assert_too_large(response: &Response) {
    let body = mask(response.text());
    assert_eq!(response.status, 413, "{body}");
    assert!(body.contains(r#""errorKey":"framework.exception.RequestEntityTooLarge","statusCode":413"#), "{body}");
}

// Heads

#[test]
fn a_head_that_is_too_long_is_refused() {
    let mock = limited(|limits| limits.max_head_size = 1000);
    let probe = format!("{BASE}/probes/-live-");
    let ask = |header: usize, query: usize| {
        let (value, path) = ("x".repeat(header), format!("{probe}?{}", "y".repeat(query)));
        mock.request("GET", &path, Auth::None, &[("X-Long", &value)], None)
    };
    assert_eq!(ask(500, 100).status, 200);
    for refused in [ask(1000, 0), ask(0, 1000), ask(500, 500)] {
        assert_eq!(refused.status, 431);
        assert_eq!(refused.header("Content-Type"), Some("text/html;charset=utf-8"));
        assert!(refused.text().contains("HTTP Status 431"), "{}", refused.text());
    }
}

#[test]
fn the_usual_limit_of_a_head_holds_however_long_it_is() {
    let mock = TestMock::start();
    for length in [65_536, 300_000, 3_000_000] {
        let value = "x".repeat(length);
        let mut connection = mock.connect();
        connection
            .try_send(format!("GET {BASE}/probes/-live- HTTP/1.1\r\nHost: a\r\nX-Long: {value}\r\n\r\n").as_bytes());
        assert_eq!(connection.receive("GET").status, 431, "{length}");
    }
    assert_eq!(mock.get(&format!("{BASE}/probes/-live-"), Auth::None).status, 200);
}

#[test]
fn too_many_headers_are_refused() {
    let ask = |mock: &TestMock, count: usize| {
        let names: Vec<_> = (0..count).map(|number| format!("X-{number}")).collect();
        let headers: Vec<_> = names.iter().map(|name| (name.as_str(), "x")).collect();
        // One more is `Host`.
        mock.request("GET", &format!("{BASE}/probes/-live-"), Auth::None, &headers, None).status
    };
    let usual = TestMock::start();
    assert_eq!([ask(&usual, 99), ask(&usual, 100), ask(&usual, 500)], [200, 431, 431]);
    let few = limited(|limits| limits.max_headers = 5);
    assert_eq!([ask(&few, 4), ask(&few, 5), ask(&few, 500)], [200, 431, 431]);
    let many = limited(|limits| limits.max_headers = 300);
    assert_eq!([ask(&many, 299), ask(&many, 300), ask(&many, 500)], [200, 431, 431]);
}

/// The page of a refusal, and its head but for the date.
#[track_caller]
fn assert_page(response: &Response, status: u16, title: &str) {
    let title = format!("HTTP Status {status} \u{2013} {title}");
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    );
    let head = format!(
        "HTTP/1.1 {status} \nContent-Type: text/html;charset=utf-8\nContent-Length: {}\nDate: <date>\nConnection: close",
        page.len()
    );
    response.expect(&title, &head, &page);
}

#[test]
fn what_is_not_even_read_is_refused_with_the_containers_page_too() {
    let mock = TestMock::start();
    let probe = format!("GET {BASE}/probes/-live- HTTP/1.1\r\nHost: a\r\n");
    let too_many = format!("{probe}{}\r\n", "X: x\r\n".repeat(100));
    let too_long = format!("{probe}X: {}\r\n\r\n", "x".repeat(1_000_000));
    let refusals = [
        (too_many.as_str(), 431, "Request Header Fields Too Large"),
        (too_long.as_str(), 431, "Request Header Fields Too Large"),
        ("what is this\r\n\r\n", 400, "Bad Request"),
        ("GET / HTTP/1.1\r\nHost a\r\n\r\n", 400, "Bad Request"),
    ];
    for (request, status, title) in refusals {
        // As the first request of a connection, and behind others.
        for before in 0..3 {
            let mut connection = mock.connect();
            for _ in 0..before {
                connection.send(format!("{probe}\r\n").as_bytes());
                assert_eq!(connection.receive("GET").status, 200);
            }
            connection.try_send(request.as_bytes());
            assert_page(&connection.receive("GET"), status, title);
            connection.finish();
        }
    }
}

// Requests

#[test]
fn beyond_the_requests_that_may_be_under_way_others_wait_for_nothing() {
    let mock = limited(|limits| limits.max_requests = 1);
    let fault = mock.control().inject(Fault::on(Operation::GetNode).with(Effect::Hang)).unwrap();
    let mut hanging = mock.connect();
    hanging.send(format!("GET {BASE}/nodes/-root- HTTP/1.1\r\nHost: a\r\n\r\n").as_bytes());
    let filter = JournalFilter { operation: Some(Operation::GetNode), ..JournalFilter::default() };
    mock.control().wait_for_requests_blocking(1, &filter, PATIENCE).unwrap();
    let refused = mock.get(&format!("{BASE}/probes/-live-"), Auth::None);
    assert_eq!(refused.status, 503);
    assert_eq!(mask(refused.text()), literal_error_body(503, OVERLOADED));
    assert_eq!(mock.get("/__admin/clock", Auth::None).status, 200, "control is exempt");
    drop(fault);
    drop(hanging);
    let network = mock.get("/__admin/networks", Auth::None);
    assert_eq!(network.status, 200);
}

// Bodies

#[test]
fn json_that_is_too_long_is_refused_whether_it_says_so_or_not() {
    let mock = limited(|limits| limits.max_json_size = 100);
    let path = format!("{BASE}/downloads");
    let body = |length: usize| format!(r#"{{"nodeIds":["{}"]}}"#, "x".repeat(length - 16));
    let statuses = |length: usize| {
        let body = body(length);
        let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
        let head = format!("POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n");
        let chunked = mock.send("POST", format!("{head}Transfer-Encoding: chunked\r\n\r\n{chunked}").as_bytes());
        [mock.post_json(&path, ADMIN, &body), chunked]
    };
    assert_eq!(statuses(100).map(|response| response.status), [404, 404]);
    for refused in statuses(101) {
        assert_too_large(&refused);
    }
}

#[test]
fn json_that_is_too_deep_is_refused() {
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for most in [1000, 5] {
        let mock = limited(|limits| limits.max_json_depth = most);
        // The array of bodies, the body and its properties are three of the levels.
        let create = |levels: usize| {
            let body = format!(
                r#"[{{"name":"f","nodeType":"cm:folder","properties":{{"cm:title":{}}}}}]"#,
                nested(levels - 3)
            );
            let response = mock.post_json(&format!("{BASE}/nodes/-my-/children"), ADMIN, &body);
            (response.status, mask(response.text()))
        };
        let (status, text) = create(most);
        assert!(!text.contains("nesting depth"), "{status}: {text}");
        let told = format!(
            "Could not read content from HTTP request body: Document nesting depth ({}) exceeds the maximum allowed \
             ({most}, from `StreamReadConstraints.getMaxNestingDepth()`) (through reference chain: \
             java.util.ArrayList[0]->org.alfresco.rest.api.model.Node[\"properties\"]->java.util.LinkedHashMap[\"cm:title\"])",
            most + 1
        );
        assert_eq!(create(most + 1), (400, literal_error_body(400, &told)));
        assert_eq!(create(400_000).0, 400, "and it is not read to its end");
        assert_eq!(mock.get(&format!("{BASE}/nodes/-root-"), ADMIN).status, 200);
    }
    let shallow = limited(|limits| limits.max_json_depth = 1);
    let refused = shallow.post_json(&format!("{BASE}/downloads"), ADMIN, r#"{"nodeIds":["a"]}"#);
    assert!(
        refused.text().contains("Document nesting depth (2) exceeds the maximum allowed (1, "),
        "{}",
        refused.text()
    );
    assert_eq!(shallow.post_json(&format!("{BASE}/downloads"), ADMIN, r#"{"nodeIds":"a"}"#).status, 404);
}

#[test]
fn json_that_there_is_no_memory_for_is_refused_and_the_memory_comes_back() {
    let mock = limited(|limits| limits.max_upload_memory = 100_000);
    let path = format!("{BASE}/downloads");
    let body = |length: usize| format!(r#"{{"nodeIds":["{}"]}}"#, "x".repeat(length));
    for _ in 0..3 {
        let refused = mock.post_json(&path, ADMIN, &body(200_000));
        assert_eq!(mask(refused.text()), literal_error_body(503, OVERLOADED));
        assert_eq!(mock.post_json(&path, ADMIN, &body(90_000)).status, 404);
    }
}

#[test]
fn a_form_with_too_many_fields_is_refused() {
    let mock = limited(|limits| limits.max_form_fields = 3);
    let file = File("filedata", "a.txt", b"x");
    let field = Field("cm:title", "t");
    assert_eq!(mock.upload_form(ADMIN, "-my-", &[file, field, Field("name", "b.txt")]).status, 201);
    assert_too_large(&mock.upload_form(ADMIN, "-my-", &[file, field, field, field]));
}

#[test]
fn the_head_of_a_part_that_never_ends_is_not_read_to_its_end() {
    let mock = TestMock::start();
    let mut body = b"--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"a.txt\"\r\n".to_vec();
    while body.len() < 20 << 20 {
        body.extend_from_slice(b"X-Header: and one more, and one more, and one more, and one more\r\n");
    }
    let path = format!("{BASE}/nodes/-my-/children");
    let mut connection = mock.connect();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: a\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n\
         Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    connection.send(head.as_bytes());
    connection.try_send(&body);
    let refused = connection.receive("POST");
    assert_eq!(refused.status, 400);
    assert!(refused.text().contains("a part's header section has more than 65536 bytes"), "{}", refused.text());
}

#[test]
fn a_content_that_is_too_large_is_refused() {
    let mock = limited(|limits| limits.max_upload_size = 1000);
    let upload = |size: usize| mock.upload_form(ADMIN, "-my-", &[File("filedata", "a.txt", &vec![b'x'; size])]);
    // What is around the content counts for what the body says of itself, as on the real server.
    assert_too_large(&upload(1001));
    let file = upload(700).json()["entry"]["id"].as_str().unwrap().to_owned();
    let path = format!("{BASE}/nodes/{file}/content");
    let put = |size: usize| mock.request("PUT", &path, ADMIN, &[], Some(&vec![b'y'; size]));
    assert_eq!(put(1000).status, 200);
    assert_too_large(&put(1001));
    assert_eq!(mock.content(ADMIN, &file), [b'y'; 1000]);
}

#[test]
fn beyond_the_room_in_the_temporary_folder_uploads_are_refused_and_the_room_comes_back() {
    let mock = TestMock::with(|config| {
        config.limits.max_spool_size = 1_000_000;
        config.upload_memory = 1000;
    });
    let upload = |size: usize| mock.upload_form(ADMIN, "-my-", &[File("filedata", "a.bin", &vec![b'x'; size])]);
    for _ in 0..3 {
        assert_full(&upload(1_100_000));
        let kept = upload(800_000);
        assert_eq!(kept.status, 201, "{}", kept.text());
        let id = kept.json()["entry"]["id"].as_str().unwrap().to_owned();
        assert_full(&upload(300_000));
        assert_eq!(mock.content(ADMIN, &id).len(), 800_000);
        assert_eq!(mock.delete(&format!("{BASE}/nodes/{id}?permanent=true"), ADMIN).status, 204);
    }
}

#[test]
fn small_contents_beyond_the_memory_there_is_are_kept_elsewhere() {
    let mock = limited(|limits| limits.max_upload_memory = 5000);
    let ids: Vec<_> =
        (0..20_u8).map(|number| mock.upload(ADMIN, "-my-", &format!("{number}.bin"), &[number; 1000])).collect();
    for (number, id) in (0..20_u8).zip(&ids) {
        assert_eq!(mock.content(ADMIN, id), [number; 1000]);
    }
}

// What there may be

#[test]
fn beyond_the_nodes_that_there_may_be_nothing_is_made() {
    let most = TestMock::start().nodes() + 2;
    let mock = limited(|limits| limits.max_nodes = most);
    let path = format!("{BASE}/nodes/-my-/children");
    let folder = |name: &str| json!({ "name": name, "nodeType": "cm:folder" });
    let create = |body: serde_json::Value| mock.post_json(&path, ADMIN, &body.to_string());
    let one = create(folder("one")).json()["entry"]["id"].as_str().unwrap().to_owned();
    assert_full(&create(json!([folder("two"), folder("three")])));
    let two = create(folder("two"));
    assert_eq!(two.status, 201, "nothing of what was refused is there");
    let two = two.json()["entry"]["id"].as_str().unwrap().to_owned();
    assert_full(&create(folder("three")));
    assert_full(&mock.upload_form(ADMIN, "-my-", &[File("filedata", "a.txt", b"x")]));
    let reports = node_id("Reports");
    let copy = json!({ "targetParentId": one }).to_string();
    assert_full(&mock.post_json(&format!("{BASE}/nodes/{reports}/copy"), ADMIN, &copy));
    assert_eq!(mock.nodes(), most);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{two}"), ADMIN).status, 204);
    assert_full(&create(folder("three")));
    assert_eq!(mock.request("POST", &format!("{BASE}/deleted-nodes/{two}/restore"), ADMIN, &[], None).status, 200);
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{two}?permanent=true"), ADMIN).status, 204);
    assert_eq!(create(folder("three")).status, 201);
}

#[test]
fn beyond_the_downloads_that_there_may_be_none_is_made() {
    let mock = limited(|limits| limits.max_downloads = 2);
    let file = node_id("TestDownloads/docTest1.txt");
    let body = json!({ "nodeIds": [file] }).to_string();
    let create = || mock.post_json(&format!("{BASE}/downloads"), ADMIN, &body);
    let (first, _) = (mock.finished_download(ADMIN, &[&file]), mock.finished_download(ADMIN, &[&file]));
    assert_full(&create());
    assert_eq!(mock.delete(&format!("{BASE}/nodes/{first}"), ADMIN).status, 204);
    assert_eq!(create().status, 202);
    assert_full(&create());
}

#[test]
fn a_download_of_too_many_files_and_folders_ends_as_too_large() {
    let files = r#"{"nodes": [{"path": "f/a", "sizeInBytes": 5}, {"path": "f/b", "sizeInBytes": 6}]}"#;
    for (most, status) in [(3, Status::Done), (2, Status::MaxContentSizeExceeded)] {
        let mock = OwnFixtures::with(&[], files, |config| config.limits.max_download_entries = most);
        let id = mock.create_download(ADMIN, &[&path_id("f")]);
        assert_eq!(mock.ended(&id).status, status, "{most}");
    }
}

#[test]
fn folders_that_are_linked_in_each_other_over_and_over_do_not_fill_the_memory() {
    // Each folder has the next one twice, so that there are 2^60 ways to the last.
    let mut nodes = vec![json!({ "path": "f60", "nodeType": "cm:folder" })];
    for number in (0..60).rev() {
        let next = format!("f{}", number + 1);
        nodes.push(json!({ "path": format!("f{number}"), "nodeType": "cm:folder", "secondaryChildren": [next] }));
        let twin = json!({ "path": format!("g{number}"), "nodeType": "cm:folder", "secondaryChildren": [next] });
        nodes.push(twin);
        if number > 0 {
            nodes.push(json!({ "path": format!("f{}/again", number - 1), "nodeType": "cm:folder",
                "secondaryChildren": [format!("f{number}")] }));
        }
    }
    let mock = OwnFixtures::with(&[], &json!({ "nodes": nodes }).to_string(), |config| {
        config.limits.max_download_entries = 100_000;
    });
    let id = mock.create_download(ADMIN, &[&path_id("f0")]);
    assert_eq!(mock.ended(&id).status, Status::MaxContentSizeExceeded);
}

#[test]
fn beyond_the_networks_that_there_may_be_a_new_name_is_unknown() {
    let mock = limited(|limits| limits.max_networks = 2);
    let of =
        |network: &str| mock.get(&format!("/alfresco/api/{network}/public/alfresco/versions/1/nodes/-root-"), ADMIN);
    assert_eq!([of("-default-").status, of("one").status], [200, 200]);
    let refused = of("two");
    assert_eq!(refused.status, 401);
    assert_eq!(refused.header("WWW-Authenticate"), Some(CHALLENGE.replace("-default-", "two").as_str()));
    assert_eq!(mock.control().network("two").err(), Some(NetworkError::TooMany));
    let put = mock.request("PUT", "/__admin/networks/two", Auth::None, &[], None);
    assert_eq!(put.status, 507, "{}", put.text());
    assert!(put.text().contains("--max-networks"));
    assert_eq!(mock.request("DELETE", "/__admin/networks/one", Auth::None, &[], None).status, 204);
    assert_eq!(of("two").status, 200);
}
