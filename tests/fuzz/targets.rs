//! What is fuzzed: bytes from anybody, as parts of requests and as fixtures.
//!
//! Each target makes one request, or one set of fixtures, of some bytes, and panics when the mock does what it must not:
//! panic, answer with a 5xx that the real server has no reason for, answer with what is no HTTP, or not at all.

use std::{
    fmt::Write as _,
    fs,
    io::{Read, Write as _},
    net::TcpStream,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use alfresco_downloads_mock::{Config, Mock, check};
use tempfile::TempDir;

const BASE: &str = "/alfresco/api/-default-/public/alfresco/versions/1";
const TICKETS: &str = "/alfresco/api/-default-/public/authentication/versions/1/tickets";
const ADMIN: &str = "Authorization: Basic YWRtaW46YWRtaW4=\r\n";

/// A file and a folder of the built-in fixtures.
const FILE: &str = "00000000-0000-4000-8000-000000000002";
const FOLDER: &str = "00000000-0000-4000-8000-000000000001";

/// What is done with some bytes.
type Target = fn(&Bench, &[u8]);

/// The targets by name.
pub(crate) const TARGETS: [(&str, Target); 9] = [
    ("json", Bench::json),
    ("conditions", Bench::conditions),
    ("multipart", Bench::multipart),
    ("path", Bench::path),
    ("authentication", Bench::authentication),
    ("query", Bench::query),
    ("request", Bench::request),
    ("fixtures_json", Bench::fixtures_json),
    ("fixtures_zip", Bench::fixtures_zip),
];

/// A mock, and a folder for fixtures.
pub(crate) struct Bench {
    mock: Mock,
    folder: TempDir,
    requests: AtomicU64,
}

impl Bench {
    /// Starts the mock.
    pub(crate) fn start() -> Self {
        let mut config = Config::default();
        config.port = 0;
        config.seed = Some(7);
        config.limits.max_nodes = 20_000;
        config.limits.max_networks = 50;
        let mock = Mock::start_with(config).expect("the mock starts");
        Self { mock, folder: TempDir::new().expect("a temporary folder"), requests: AtomicU64::new(0) }
    }

    /// Runs the target of that name.
    pub(crate) fn run(&self, target: &str, bytes: &[u8]) {
        let (_, run) = TARGETS.iter().find(|(name, _)| *name == target).expect("a target of that name");
        run(self, bytes);
    }

    /// A JSON body. The first byte says what for.
    fn json(&self, bytes: &[u8]) {
        let [which, body @ ..] = bytes else { return };
        let places = [
            ("POST", format!("{BASE}/downloads")),
            ("POST", format!("{BASE}/nodes/-my-/children")),
            ("PUT", format!("{BASE}/nodes/{FILE}")),
            ("POST", TICKETS.to_owned()),
            ("POST", format!("{BASE}/nodes/{FILE}/copy")),
            ("POST", format!("{BASE}/nodes/{FILE}/lock")),
            ("POST", format!("{BASE}/nodes/{FOLDER}/secondary-children")),
            ("POST", format!("{BASE}/people")),
            ("POST", format!("{BASE}/groups")),
            ("POST", format!("{BASE}/sites")),
            ("PUT", format!("{BASE}/people/alice")),
            ("POST", "/__admin/gates".to_owned()),
            ("PATCH", "/__admin/settings".to_owned()),
            ("POST", "/__admin/outcomes".to_owned()),
        ];
        let (method, path) = &places[usize::from(*which) % places.len()];
        self.ask(&format!("{method} {path} HTTP/1.1\r\n{ADMIN}Content-Type: application/json\r\n"), Some(body));
    }

    /// A range and conditions, one a line.
    fn conditions(&self, bytes: &[u8]) {
        let names =
            ["Range", "If-Range", "If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since", "Range"];
        let mut head = format!("GET {BASE}/nodes/{FILE}/content HTTP/1.1\r\n{ADMIN}").into_bytes();
        for (name, value) in names.iter().zip(bytes.split(|byte| *byte == b'\n')) {
            if !value.is_empty() {
                head.extend_from_slice(format!("{name}: ").as_bytes());
                head.extend(value.iter().filter(|byte| !b"\r\0".contains(byte)));
                head.extend_from_slice(b"\r\n");
            }
        }
        self.ask_with(&head, None);
    }

    /// A form whose boundary is `b`.
    fn multipart(&self, bytes: &[u8]) {
        let head = format!("POST {BASE}/nodes/-my-/children HTTP/1.1\r\n{ADMIN}");
        self.ask(&format!("{head}Content-Type: multipart/form-data; boundary=b\r\n"), Some(bytes));
    }

    /// An address behind the first slash. The first byte says by which method.
    fn path(&self, bytes: &[u8]) {
        let [which, path @ ..] = bytes else { return };
        let methods = ["GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"];
        let mut head = format!("{} /", methods[usize::from(*which) % methods.len()]).into_bytes();
        head.extend(path.iter().filter(|byte| !b" \r\n\0".contains(byte)));
        head.extend_from_slice(format!(" HTTP/1.1\r\n{ADMIN}").as_bytes());
        // Waiting is not what is looked for.
        if !head.windows(4).any(|part| part == b"wait") && !head.windows(6).any(|part| part == b"events") {
            self.ask_with(&head, None);
        }
    }

    /// The value of `Authorization`.
    fn authentication(&self, bytes: &[u8]) {
        let mut head = format!("GET {BASE}/nodes/-my- HTTP/1.1\r\nAuthorization: ").into_bytes();
        head.extend(bytes.iter().filter(|byte| !b"\r\n\0".contains(byte)));
        head.extend_from_slice(b"\r\n");
        self.ask_with(&head, None);
    }

    /// Parameters of a list, one a line, whatever is in them.
    fn query(&self, bytes: &[u8]) {
        let names = ["where", "orderBy", "include", "fields", "skipCount", "maxItems", "relativePath"];
        let mut query = String::new();
        for (name, value) in names.iter().zip(bytes.split(|byte| *byte == b'\n')) {
            query.extend(["&", name, "="]);
            for byte in value {
                let _ = write!(query, "%{byte:02X}");
            }
        }
        for list in [format!("nodes/{FOLDER}/children"), "people".to_owned()] {
            self.ask(&format!("GET {BASE}/{list}?{query} HTTP/1.1\r\n{ADMIN}"), None);
        }
    }

    /// A request, as it is. One that is not whole ends with the connection.
    fn request(&self, bytes: &[u8]) {
        let is_harmless = |word: &[u8]| !bytes.windows(word.len()).any(|part| part == word);
        if !bytes.is_empty() && [&b"wait"[..], b"events", b"faults", b"outage"].into_iter().all(is_harmless) {
            self.exchange(bytes, false);
        }
    }

    /// `fixtures.json` in a folder with two files.
    fn fixtures_json(&self, bytes: &[u8]) {
        let folder = self.folder.path().join("json");
        fs::create_dir_all(folder.join("b")).expect("a folder");
        fs::write(folder.join("a.txt"), "a").expect("a file");
        fs::write(folder.join("b/c.txt"), "c").expect("a file");
        fs::write(folder.join("fixtures.json"), bytes).expect("a file");
        if let Err(error) = check(&folder) {
            assert!(!error.to_string().is_empty());
        }
    }

    /// A zip of fixtures.
    fn fixtures_zip(&self, bytes: &[u8]) {
        let folder = self.folder.path().join("fixtures.zip");
        fs::write(&folder, bytes).expect("a file");
        // Either it is taken, or it is told why not.
        if let Err(error) = check(&folder) {
            assert!(!error.to_string().is_empty());
        }
    }

    fn ask(&self, head: &str, body: Option<&[u8]>) {
        self.ask_with(head.as_bytes(), body);
    }

    fn ask_with(&self, head: &[u8], body: Option<&[u8]>) {
        let mut request = [head, b"Host: localhost\r\nConnection: close\r\n"].concat();
        if let Some(body) = body {
            request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body.unwrap_or_default());
        self.exchange(&request, true);
    }

    /// Sends bytes, and looks at what comes back.
    fn exchange(&self, request: &[u8], is_whole: bool) {
        if self.requests.fetch_add(1, Ordering::Relaxed) % 500 == 499 {
            self.mock.control().reset();
        }
        let mut stream = TcpStream::connect(self.mock.address()).expect("the mock listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout");
        // What is refused early may not be read to its end.
        let _ = stream.write_all(request);
        if !is_whole {
            let _ = stream.shutdown(std::net::Shutdown::Write);
        }
        let mut answer = Vec::new();
        let read = Read::by_ref(&mut stream).take(64 << 20).read_to_end(&mut answer);
        let shown = || format!("{:?} to {:?}", String::from_utf8_lossy(&answer), String::from_utf8_lossy(request));
        if let Err(error) = read {
            assert_eq!(error.kind(), std::io::ErrorKind::ConnectionReset, "no end of {}", shown());
        }
        assert!(answer.len() < 64 << 20, "too long an answer to {:?}", String::from_utf8_lossy(request));
        if answer.is_empty() {
            assert!(!is_whole, "no answer to {:?}", String::from_utf8_lossy(request));
            return;
        }
        assert!(answer.starts_with(b"HTTP/1."), "{}", shown());
        let status: u16 = String::from_utf8_lossy(&answer[9..12.min(answer.len())]).parse().unwrap_or_default();
        assert!((100..600).contains(&status), "{}", shown());
        let text = String::from_utf8_lossy(&answer);
        let is_bug = text.contains("An unexpected error occurred") || text.contains("a bug of the mock");
        // The real server answers 500 where it stumbles over a null, and 501 to what it has not.
        assert!(status < 500 || matches!(status, 500 | 501 | 505), "{}", shown());
        assert!(!is_bug, "{}", shown());
        assert!(self.mock.tasks() < 5000, "tasks pile up");
    }
}
