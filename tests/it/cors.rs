//! Cross-origin requests: section 8 of the wire reference, and our default, which lets every page call.

use alfresco_downloads_mock::{Config, Origins};

use crate::support::{ADMIN, Auth, BASE, Response, TICKETS, TestMock, node_id};

const PAGE: &str = "http://localhost:4200";

/// What the real server lets a page read, and what a page needs besides to fetch a zip.
const EXPOSED: &str = "Access-Control-Allow-Origin,Access-Control-Allow-Credentials,Content-Disposition,Content-Length,\
                       Content-Range,Accept-Ranges,ETag,Last-Modified,WWW-Authenticate";

const METHODS: &str = "GET,POST,HEAD,OPTIONS,PUT,DELETE";

fn preflight(mock: &TestMock, origin: &str, path: &str) -> Response {
    let headers = [
        ("Origin", origin),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ];
    mock.request("OPTIONS", path, Auth::None, &headers, None)
}

/// The names in a header, in lower case and sorted: neither order nor case matters to a browser.
fn names(list: Option<&str>) -> Vec<String> {
    let mut names: Vec<_> = list.unwrap_or_default().split(',').map(|name| name.trim().to_ascii_lowercase()).collect();
    names.sort();
    names
}

fn cors_headers(response: &Response) -> Vec<&str> {
    let names = response.headers.iter().map(|(name, _)| name.as_str());
    names.filter(|name| name.to_ascii_lowercase().starts_with("access-control-")).collect()
}

#[track_caller]
fn assert_open_to(origin: &str, response: &Response) {
    assert_eq!(response.header("Access-Control-Allow-Origin"), Some(origin));
    assert_eq!(response.header("Access-Control-Allow-Credentials"), Some("true"));
}

#[test]
fn by_default_every_page_may_call() {
    let mock = TestMock::start();
    let id = mock.finished_download(ADMIN, &[&node_id("TestDownloads/docTest1.txt")]);
    for origin in [PAGE, "https://intranet.example.com", "null"] {
        for (path, auth, status) in [
            (format!("{BASE}/downloads/{id}"), ADMIN, 200),
            (format!("{BASE}/nodes/{id}/content"), ADMIN, 200),
            ("/alfresco/api/discovery".to_owned(), ADMIN, 200),
            (format!("{BASE}/probes/-live-"), Auth::None, 200),
            // A page has to see what went wrong, too.
            (format!("{BASE}/downloads/{id}"), Auth::None, 401),
            (format!("{BASE}/downloads/nosuch"), ADMIN, 404),
            (format!("{BASE}/foos"), ADMIN, 404),
        ] {
            let response = mock.request("GET", &path, auth, &[("Origin", origin)], None);
            assert_eq!(response.status, status, "{path}");
            assert_open_to(origin, &response);
            assert_eq!(names(response.header("Access-Control-Expose-Headers")), names(Some(EXPOSED)), "{path}");
        }
    }
}

#[test]
fn a_preflight_needs_no_credentials() {
    let mock = TestMock::start();
    for path in [format!("{BASE}/downloads"), format!("{BASE}/nodes/-my-/children"), TICKETS.to_owned()] {
        let response = preflight(&mock, PAGE, &path);
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(response.text(), "", "{path}");
        assert_open_to(PAGE, &response);
        assert_eq!(names(response.header("Access-Control-Allow-Methods")), names(Some(METHODS)), "{path}");
        let allowed = names(response.header("Access-Control-Allow-Headers"));
        for header in ["authorization", "content-type", "range", "if-modified-since", "x-requested-with"] {
            assert!(allowed.iter().any(|name| name == header), "{header} is not in {allowed:?}");
        }
        assert_eq!(response.header("Access-Control-Max-Age"), Some("10"), "{path}");
    }
}

#[test]
fn without_an_origin_nothing_is_said() {
    let mock = TestMock::start();
    for (auth, status) in [(ADMIN, 404), (Auth::None, 401)] {
        let response = mock.get(&format!("{BASE}/downloads/nosuch"), auth);
        assert_eq!((response.status, cors_headers(&response)), (status, vec![]));
        assert_eq!(response.header("Vary"), None);
    }
}

#[test]
fn what_pages_may_do_can_be_chosen() {
    let mock = TestMock::with(|config| {
        config.cors.cors_allowed_methods.0 = vec!["GET".to_owned(), "POST".to_owned()];
        config.cors.cors_allowed_headers.0 = vec!["Authorization".to_owned(), "Content-Type".to_owned()];
        config.cors.cors_exposed_headers.0 = vec!["ETag".to_owned()];
        config.cors.cors_preflight_maxage = std::time::Duration::from_secs(600);
    });
    let response = preflight(&mock, PAGE, &format!("{BASE}/downloads"));
    assert_eq!(names(response.header("Access-Control-Allow-Methods")), ["get", "post"]);
    assert_eq!(names(response.header("Access-Control-Allow-Headers")), ["authorization", "content-type"]);
    assert_eq!(response.header("Access-Control-Max-Age"), Some("600"));
    let response = mock.request("GET", &format!("{BASE}/probes/-live-"), Auth::None, &[("Origin", PAGE)], None);
    assert_eq!(names(response.header("Access-Control-Expose-Headers")), ["etag"]);
}

/// As the real server is, unless it is told otherwise.
#[test]
fn off_knows_of_no_origins() {
    let mock = TestMock::with(|config: &mut Config| config.cors.cors = Origins::Off);
    let response = preflight(&mock, PAGE, &format!("{BASE}/downloads"));
    assert_eq!((response.status, cors_headers(&response)), (401, vec![]));
    assert!(response.header("WWW-Authenticate").is_some(), "an ordinary 401");
    for (auth, status) in [(ADMIN, 404), (Auth::None, 401)] {
        let path = format!("{BASE}/downloads/nosuch");
        let response = mock.request("GET", &path, auth, &[("Origin", PAGE)], None);
        assert_eq!((response.status, cors_headers(&response)), (status, vec![]));
    }
}

#[test]
fn a_list_lets_those_on_it_call_and_refuses_the_rest() {
    let other = "https://intranet.example.com";
    let mock = TestMock::with(|config| config.cors.cors = Origins::These(vec![PAGE.to_owned(), other.to_owned()]));
    let path = format!("{BASE}/downloads/nosuch");
    for origin in [PAGE, other] {
        let response = mock.request("GET", &path, ADMIN, &[("Origin", origin)], None);
        assert_eq!(response.status, 404);
        assert_open_to(origin, &response);
        let response = preflight(&mock, origin, &path);
        assert_eq!(response.status, 200);
        assert_open_to(origin, &response);
    }
    for origin in ["http://localhost:4201", "https://localhost:4200", "http://evil.example.com", "null"] {
        let answers = [
            mock.request("GET", &path, ADMIN, &[("Origin", origin)], None),
            mock.request("GET", &path, Auth::None, &[("Origin", origin)], None),
            mock.request("POST", &format!("{BASE}/downloads"), ADMIN, &[("Origin", origin)], Some(b"{}")),
            preflight(&mock, origin, &path),
        ];
        for response in answers {
            assert_eq!((response.status, response.text()), (403, ""), "{origin}");
            assert_eq!(cors_headers(&response), Vec::<&str>::new(), "{origin}");
        }
    }
    let response = mock.get(&path, ADMIN);
    assert_eq!((response.status, cors_headers(&response)), (404, vec![]), "no origin, no page");
}
