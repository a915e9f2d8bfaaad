//! What every test needs: a mock to ask, a client that hides nothing, and the ids of the fixtures.

// The paths are spelled out for the other test program, which borrows this module.
#[path = "support/archive.rs"]
pub(crate) mod archive;
#[path = "support/http.rs"]
mod http;
#[path = "support/process.rs"]
pub(crate) mod process;
#[path = "support/readme.rs"]
pub(crate) mod readme;
#[path = "support/seeding.rs"]
pub(crate) mod seeding;
#[path = "support/steps.rs"]
mod steps;
#[path = "support/wire.rs"]
mod wire;

use std::{
    collections::BTreeSet,
    fs,
    num::NonZeroU64,
    ops::Deref,
    path::Path,
    sync::{
        Mutex,
        mpsc::{self, RecvTimeoutError},
    },
    thread,
    time::Duration,
};

use alfresco_downloads_mock::{Config, DownloadSettings, Mock, NodeId, Progress, Status};
use serde_json::Value;
use tempfile::TempDir;

pub(crate) use self::{
    http::{Auth, Connection, Response},
    wire::{
        CHALLENGE, STACK_TRACE, Summary, challenge_head, error_body, is_uuid, json_head, literal_error_body, mask,
        resource_error_head, routing_error_head,
    },
};

/// The address of the core API.
pub(crate) const BASE: &str = "/alfresco/api/-default-/public/alfresco/versions/1";

/// The address of the tickets.
pub(crate) const TICKETS: &str = "/alfresco/api/-default-/public/authentication/versions/1/tickets";

pub(crate) const ADMIN: Auth<'static> = Auth::Basic("admin", "admin");
pub(crate) const ALICE: Auth<'static> = Auth::Basic("alice", "alice");
pub(crate) const BOB: Auth<'static> = Auth::Basic("bob", "bob");

/// What the real server copies at once.
pub(crate) const CHUNK: u64 = 20_480;

/// A running mock, and what it has answered.
///
/// When it is dropped, the test fails if a 500 was answered that was not [expected](Self::expect_500).
#[derive(Debug)]
pub(crate) struct TestMock {
    mock: Mock,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    statuses: BTreeSet<u16>,
    is_500_expected: bool,
}

impl TestMock {
    /// The built-in fixtures, a free port, ids from a seed, and jobs that begin at once.
    pub(crate) fn start() -> Self {
        Self::with(|_| ())
    }

    /// The same, changed.
    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Config::default();
        config.port = 0;
        config.seed = Some(7);
        config.download_start_delay = Duration::ZERO;
        change(&mut config);
        Self { mock: Mock::start_with(config).expect("the mock starts"), seen: Mutex::default() }
    }

    /// The fixtures of that folder instead of the built-in ones.
    pub(crate) fn with_fixtures(folder: &Path) -> Self {
        Self::with(|config| config.fixtures = Some(folder.to_owned()))
    }

    /// Lets a 500 be answered: the real server stumbles here, and so must the mock.
    pub(crate) fn expect_500(&self) {
        self.seen.lock().unwrap().is_500_expected = true;
    }

    /// A connection of its own, for requests that are not well-formed, or several in a row.
    pub(crate) fn connect(&self) -> Connection {
        Connection::to(self.mock.address())
    }

    /// Sends exactly these bytes over a new connection and reads the one answer; nothing may follow it.
    pub(crate) fn send(&self, method: &str, request: &[u8]) -> Response {
        let mut connection = self.connect();
        connection.send(request);
        let response = connection.receive(method);
        connection.finish();
        self.seen.lock().unwrap().statuses.insert(response.status);
        response
    }

    /// A request with these headers besides `Host`, `Authorization` and, when there is a body, `Content-Length`.
    pub(crate) fn request(
        &self,
        method: &str,
        path: &str,
        auth: Auth<'_>,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        self.send(method, &http::request(method, path, self.mock.address(), auth, headers, body))
    }

    pub(crate) fn get(&self, path: &str, auth: Auth<'_>) -> Response {
        self.request("GET", path, auth, &[], None)
    }

    pub(crate) fn delete(&self, path: &str, auth: Auth<'_>) -> Response {
        self.request("DELETE", path, auth, &[], None)
    }

    pub(crate) fn post_json(&self, path: &str, auth: Auth<'_>, body: &str) -> Response {
        self.request("POST", path, auth, &[("Content-Type", "application/json")], Some(body.as_bytes()))
    }

    /// Asks for a download of these nodes, which must be accepted; its id.
    pub(crate) fn create_download(&self, auth: Auth<'_>, node_ids: &[&str]) -> String {
        let body = serde_json::json!({ "nodeIds": node_ids }).to_string();
        let response = self.post_json(&format!("{BASE}/downloads"), auth, &body);
        assert_eq!(response.status, 202, "{}", response.text());
        response.json()["entry"]["id"].as_str().expect("an id").to_owned()
    }

    /// Changes the settings of downloads. A job that was asked for before may see it or not, unless it was waited for.
    pub(crate) fn change_downloads(&self, change: impl FnOnce(&mut DownloadSettings)) {
        let mut settings = self.mock.settings().downloads();
        change(&mut settings);
        self.mock.settings().set_downloads(settings);
    }

    /// Waits until the download has come to an end.
    #[track_caller]
    pub(crate) fn ended(&self, id: &str) -> Progress {
        self.wait_for(id, |progress| progress.status.is_final()).expect("the download is there")
    }

    /// The bytes of a node's content, which must be there.
    #[track_caller]
    pub(crate) fn content(&self, auth: Auth<'_>, id: &str) -> Vec<u8> {
        let response = self.get(&format!("{BASE}/nodes/{id}/content"), auth);
        assert_eq!(response.status, 200, "{}", String::from_utf8_lossy(&response.body));
        response.body
    }

    /// Waits until the download has come to its end, which must be `DONE`.
    #[track_caller]
    pub(crate) fn wait_until_done(&self, id: &str) -> Progress {
        let progress = self.ended(id);
        assert_eq!(progress.status, Status::Done);
        progress
    }

    /// Asks for a download of these nodes and waits until it is `DONE`; its id.
    #[track_caller]
    pub(crate) fn finished_download(&self, auth: Auth<'_>, node_ids: &[&str]) -> String {
        let id = self.create_download(auth, node_ids);
        self.wait_until_done(&id);
        id
    }

    /// What `create` asks for, which must be more than a thousand bytes, ended as too big. Then there is no limit any more.
    #[track_caller]
    pub(crate) fn download_too_big(&self, create: impl Fn() -> String) -> String {
        self.change_downloads(|settings| settings.max_content_size = NonZeroU64::new(1000));
        let id = create();
        assert_eq!(self.ended(&id).status, Status::MaxContentSizeExceeded);
        self.change_downloads(|settings| settings.max_content_size = None);
        id
    }

    /// Logs somebody in; the ticket.
    pub(crate) fn log_in(&self, user: &str, password: &str) -> String {
        let body = serde_json::json!({ "userId": user, "password": password }).to_string();
        let response = self.post_json(TICKETS, Auth::None, &body);
        assert_eq!(response.status, 201, "{}", response.text());
        response.json()["entry"]["id"].as_str().expect("a ticket").to_owned()
    }
}

impl Deref for TestMock {
    type Target = Mock;

    fn deref(&self) -> &Mock {
        &self.mock
    }
}

impl Drop for TestMock {
    fn drop(&mut self) {
        if !thread::panicking() {
            let seen = self.seen.lock().unwrap();
            assert!(seen.is_500_expected || !seen.statuses.contains(&500), "a 500 was answered");
        }
    }
}

/// The id of a built-in node, by its path below Company Home: the one that fixtures.json states, else the path's own.
pub(crate) fn node_id(path: &str) -> String {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/fixtures.json");
    let fixtures: Value = serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap();
    let nodes = fixtures["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
    let same =
        |node: &&Value| node["path"].as_str().is_some_and(|stated| stated.trim_matches('/') == path.trim_matches('/'));
    let stated = nodes.iter().find(same).and_then(|node| node["id"].as_str()).map(str::to_owned);
    stated.unwrap_or_else(|| NodeId::of_path(&format!("/{}", path.trim_matches('/'))).to_string())
}

/// A progress: what of it is added, and the totals.
pub(crate) fn progress(
    status: Status,
    (files_added, total_files): (u64, u64),
    (bytes_added, total_bytes): (u64, u64),
) -> Progress {
    Progress { status, files_added, bytes_added, total_files, total_bytes }
}

/// A fixtures folder of these files, by their paths (those that end with `/` are folders), and this fixtures.json,
/// unless it is empty. It is deleted when it is dropped.
pub(crate) fn fixtures_folder(files: &[(&str, &str)], fixtures_json: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (path, content) in files {
        let file = folder.path().join(path);
        if path.ends_with('/') {
            fs::create_dir_all(file).unwrap();
        } else {
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(file, content).unwrap();
        }
    }
    if !fixtures_json.is_empty() {
        fs::write(folder.path().join("fixtures.json"), fixtures_json).unwrap();
    }
    folder
}

/// A mock with fixtures of its own, and the folder that it reads them from.
#[derive(Debug)]
pub(crate) struct OwnFixtures {
    mock: TestMock,
    _folder: TempDir,
}

impl OwnFixtures {
    /// These files and this fixtures.json, as for [`fixtures_folder`].
    pub(crate) fn start(files: &[(&str, &str)], fixtures_json: &str) -> Self {
        Self::with(files, fixtures_json, |_| ())
    }

    /// The same, with a changed configuration.
    pub(crate) fn with(files: &[(&str, &str)], fixtures_json: &str, change: impl FnOnce(&mut Config)) -> Self {
        let folder = fixtures_folder(files, fixtures_json);
        let mock = TestMock::with(|config| {
            config.fixtures = Some(folder.path().to_owned());
            change(config);
        });
        Self { mock, _folder: folder }
    }
}

impl Deref for OwnFixtures {
    type Target = TestMock;

    fn deref(&self) -> &TestMock {
        &self.mock
    }
}

/// The id of a node of one's own fixtures that states none, by its path below Company Home.
pub(crate) fn path_id(path: &str) -> String {
    NodeId::of_path(&format!("/{path}")).to_string()
}

impl TestMock {
    /// [`Mock::wait_for`], but not for ever: a wait in vain fails the test instead of hanging it.
    #[track_caller]
    pub(crate) fn wait_for(&self, id: &str, condition: impl Fn(&Progress) -> bool + Send + Sync) -> Option<Progress> {
        const PATIENCE: Duration = Duration::from_secs(60);
        let (progress, in_vain) = thread::scope(|scope| {
            let (waiting, waited) = mpsc::channel::<()>();
            let guard = scope.spawn(move || {
                let in_vain = waited.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout);
                // Which ends the wait.
                in_vain.then(|| self.delete(&format!("{BASE}/nodes/{id}"), ADMIN)).is_some()
            });
            let progress = self.mock.wait_for(id, condition);
            drop(waiting);
            (progress, guard.join().unwrap())
        });
        assert!(!in_vain, "the download did not get there within {PATIENCE:?}");
        progress
    }
}

impl TestMock {
    /// The bytes of a request without a body, to be sent over a connection of its own.
    pub(crate) fn request_bytes(&self, method: &str, path: &str, auth: Auth<'_>) -> Vec<u8> {
        http::request(method, path, self.mock.address(), auth, &[], None)
    }
}
