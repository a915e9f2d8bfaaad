//! A soak: the real program under the load of more than a thousand clients in many networks, which poll, fetch, cancel, delete,
//! upload, break off, and see their downloads expire and their networks reset. Nobody may get a wrong answer; and whenever
//! all pause, the program must be as it was: no descriptor, task, thread, file or memory more.
//!
//! `tests/soak/run` runs it; `cargo test` alone leaves it out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![allow(clippy::print_stdout, reason = "somebody waits for minutes")]
#![allow(clippy::disallowed_methods, reason = "it lasts for real time, which its environment says")]

#[path = "../it/support.rs"]
#[allow(dead_code, unused_imports, reason = "this test needs a part of what the others need")]
mod support;

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    path::Path,
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::support::{Auth, Connection, archive, node_id, process::Server};

/// Threads that play clients, and how many connections each has open at once.
const THREADS: usize = 40;
const CONNECTIONS: usize = 30;

/// Networks that they share.
const NETWORKS: usize = 25;

/// How long they go on between two pauses.
const ROUND: Duration = Duration::from_secs(12);

/// How much more memory than after the first rounds there may be, in KiB. Journals and allocators fill up at first.
const GROWTH_KIB: u64 = 64 << 10;

const BASIC: &str = "Authorization: Basic YWRtaW46YWRtaW4=\r\n";

/// What is counted while it runs.
#[derive(Default)]
struct Counters {
    answers: AtomicU64,
    downloads: AtomicU64,
    zips: AtomicU64,
    broken_off: AtomicU64,
}

#[test]
fn nothing_is_wrong_and_nothing_is_left_after_a_long_time_under_load() {
    let time = soak_time();
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().to_str().unwrap().to_owned();
    let server = Server::start_logging(
        "error",
        &["--temp-dir", &temporary, "--upload-memory", "1000", "--journal-size", "200", "--deflated-memory", "1000000"],
    );
    let counters = Counters::default();
    let (is_over, is_pausing) = (AtomicBool::new(false), AtomicBool::new(false));
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let started = Instant::now();
    let before = Measure::of(&server, folder.path());
    let mut flat: Option<Measure> = None;
    let result = thread::scope(|scope| {
        let clients: Vec<_> = (0..THREADS)
            .map(|number| {
                let barrier = barrier.clone();
                let (counters, is_over, is_pausing) = (&counters, &is_over, &is_pausing);
                let address = server.address;
                scope.spawn(move || {
                    let mut client = Client::new(number, address, counters);
                    loop {
                        // A panic would leave the others waiting.
                        let round = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
                            while !is_pausing.load(Ordering::Acquire) {
                                client.turn();
                            }
                            client.leave();
                        }));
                        barrier.wait();
                        barrier.wait();
                        if round.is_err() || is_over.load(Ordering::Acquire) {
                            // Who is wrong stays in the dance until it is over.
                            while !is_over.load(Ordering::Acquire) {
                                barrier.wait();
                                barrier.wait();
                            }
                            return round.is_ok();
                        }
                    }
                })
            })
            .collect();
        let mut rounds = 0;
        let mut leak = None;
        loop {
            thread::park_timeout(ROUND.min(time.saturating_sub(started.elapsed())));
            if started.elapsed() < time.min(ROUND * (rounds + 1)) {
                continue;
            }
            is_pausing.store(true, Ordering::Release);
            barrier.wait();
            rounds += 1;
            reset(&server);
            let quiet = Measure::when_quiet(&server, folder.path(), &before);
            println!(
                "{:>5} s: {quiet:?}, {} answers, {} downloads, {} zips, {} broken off",
                started.elapsed().as_secs(),
                counters.answers.load(Ordering::Relaxed),
                counters.downloads.load(Ordering::Relaxed),
                counters.zips.load(Ordering::Relaxed),
                counters.broken_off.load(Ordering::Relaxed),
            );
            leak = leak.or_else(|| quiet.leak(&before, flat.as_ref()));
            if rounds == 2 {
                flat = Some(quiet);
            }
            let ends = started.elapsed() >= time || leak.is_some();
            is_over.store(ends, Ordering::Release);
            is_pausing.store(false, Ordering::Release);
            barrier.wait();
            if ends {
                break;
            }
        }
        let wrong = clients.into_iter().map(thread::ScopedJoinHandle::join).filter(|end| !matches!(end, Ok(true)));
        (wrong.count(), leak)
    });
    assert_eq!(result.0, 0, "so many clients got a wrong answer");
    assert_eq!(result.1, None);
    assert!(counters.zips.load(Ordering::Relaxed) > 10, "hardly anything happened");
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn soak_time() -> Duration {
    let text = env::var("SOAK_TIME").unwrap_or_else(|_| "10m".to_owned());
    humantime::parse_duration(&text).expect("a time such as 1m")
}

fn reset(server: &Server) {
    let reset = server.request("POST", "/__admin/reset", Auth::None, &[], Some(b""));
    assert!(reset.status < 300, "{}", reset.text());
}

/// What a process has.
#[derive(Clone, Debug, PartialEq)]
struct Measure {
    descriptors: usize,
    threads: usize,
    temporary_files: usize,
    spooled_bytes: u64,
    resident_kib: u64,
}

impl Measure {
    fn of(server: &Server, folder: &Path) -> Self {
        let process = format!("/proc/{}", server.id());
        let open = fs::read_dir(format!("{process}/fd")).unwrap().filter_map(Result::ok);
        let links: Vec<_> = open.filter_map(|file| fs::metadata(file.path()).ok()).collect();
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self {
            descriptors: links.len(),
            threads: usize::try_from(field("Threads:")).unwrap(),
            temporary_files: fs::read_dir(folder).unwrap().count(),
            spooled_bytes: links.iter().filter(|file| file.is_file()).map(fs::Metadata::len).sum(),
            resident_kib: field("VmRSS:"),
        }
    }

    /// As soon as it is as it was before, or after some seconds in which it has not become so.
    fn when_quiet(server: &Server, folder: &Path, before: &Self) -> Self {
        let mut now = Self::of(server, folder);
        for _ in 0..100 {
            if now.descriptors <= before.descriptors && now.spooled_bytes <= before.spooled_bytes {
                break;
            }
            thread::park_timeout(Duration::from_millis(100));
            now = Self::of(server, folder);
        }
        now
    }

    /// What there is more of than there was.
    fn leak(&self, before: &Self, flat: Option<&Self>) -> Option<String> {
        // Threads that block come with the work, up to a limit, and go when there is none for a while.
        let is_leak = self.descriptors > before.descriptors
            || self.temporary_files > 0
            || self.spooled_bytes > before.spooled_bytes
            || self.threads > before.threads + 16
            || flat.is_some_and(|flat| self.resident_kib > flat.resident_kib + GROWTH_KIB);
        is_leak.then(|| format!("{self:?}, and before {before:?}, after the first rounds {flat:?}"))
    }
}

/// A sequence of numbers that looks like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// One thread with many connections, each of which is a client.
struct Client<'a> {
    address: SocketAddr,
    counters: &'a Counters,
    chance: Chance,
    number: usize,
    connections: Vec<Connection>,
    /// Downloads of its own: network, id, files added.
    downloads: Vec<(usize, String, u64)>,
}

impl<'a> Client<'a> {
    fn new(number: usize, address: SocketAddr, counters: &'a Counters) -> Self {
        let chance = Chance(number as u64 * 7919 + 13);
        Self { address, counters, chance, number, connections: Vec::new(), downloads: Vec::new() }
    }

    /// Closes everything. What it has asked for is gone with the reset that follows.
    fn leave(&mut self) {
        self.connections.clear();
        self.downloads.clear();
    }

    /// A network of its own kind: some are reset while they are used, and nothing can be said of what is in them.
    fn network(&mut self) -> usize {
        usize::try_from(self.chance.below(NETWORKS as u64)).unwrap()
    }

    fn turn(&mut self) {
        let which = usize::try_from(self.chance.below(1000)).unwrap().checked_rem(self.downloads.len());
        match (self.chance.below(40), which) {
            (0..=3, _) | (_, None) => self.create(),
            (4, Some(which)) => {
                let (network, id, _) = self.downloads.swap_remove(which);
                self.expect("DELETE", network, &format!("/downloads/{id}"), None, &[202, 404]);
            }
            (5, Some(which)) => {
                let (network, id, _) = self.downloads.swap_remove(which);
                self.expect("DELETE", network, &format!("/nodes/{id}"), None, &[204, 404]);
                self.expect("GET", network, &format!("/downloads/{id}"), None, &[404]);
            }
            (6 | 7, Some(which)) => self.fetch(which),
            (8, _) => self.upload(),
            (9, Some(which)) => self.break_off(which),
            (10, _) => self.disturb(),
            (_, Some(which)) => drop(self.poll(which)),
        }
    }

    /// Whether a network may be reset, or its time be moved, while it is used.
    fn is_restless(network: usize) -> bool {
        network < NETWORKS / 5
    }

    fn expect(&mut self, method: &str, network: usize, path: &str, body: Option<&[u8]>, statuses: &[u16]) -> Value {
        let target = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1{path}");
        let (status, body) = self.ask(method, &target, body);
        let is_right = statuses.contains(&status);
        assert!(is_right, "{method} {target}: {status}, not {statuses:?}: {}", String::from_utf8_lossy(&body));
        serde_json::from_slice(&body).unwrap_or_default()
    }

    /// One of the open connections, or a new one.
    fn connection(&mut self) -> Connection {
        if self.connections.len() < CONNECTIONS {
            return Connection::to(self.address);
        }
        let which = usize::try_from(self.chance.below(CONNECTIONS as u64)).unwrap();
        self.connections.swap_remove(which)
    }

    fn ask(&mut self, method: &str, target: &str, body: Option<&[u8]>) -> (u16, Vec<u8>) {
        let mut connection = self.connection();
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: soak\r\n{BASIC}").into_bytes();
        if let Some(body) = body {
            request.extend_from_slice(format!("Content-Length: {}\r\n", body.len()).as_bytes());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body.unwrap_or_default());
        connection.send(&request);
        let response = connection.receive(method);
        self.connections.push(connection);
        self.counters.answers.fetch_add(1, Ordering::Relaxed);
        (response.status, response.body)
    }

    fn create(&mut self) {
        if self.downloads.len() > 40 {
            self.downloads.swap_remove(0);
        }
        let network = self.network();
        let nodes = ["Reports", "TestDownloads", "Contracts", "TestDownloads/docTest1.txt"];
        let node = node_id(nodes[usize::try_from(self.chance.below(4)).unwrap()]);
        let body = json!({ "nodeIds": [node] }).to_string();
        let created = self.expect("POST", network, "/downloads", Some(body.as_bytes()), &[202]);
        self.counters.downloads.fetch_add(1, Ordering::Relaxed);
        self.downloads.push((network, created["entry"]["id"].as_str().unwrap().to_owned(), 0));
    }

    /// The status; none when it is gone, which it may be where somebody resets.
    fn poll(&mut self, which: usize) -> Option<String> {
        let (network, id, seen) = self.downloads[which].clone();
        let statuses: &[u16] = if Self::is_restless(network) { &[200, 404] } else { &[200] };
        let shown = self.expect("GET", network, &format!("/downloads/{id}"), None, statuses);
        let Some(entry) = shown.get("entry") else {
            self.downloads.swap_remove(which);
            return None;
        };
        let added = entry["filesAdded"].as_u64().unwrap();
        assert!(added >= seen && added <= entry["totalFiles"].as_u64().unwrap(), "{entry}");
        assert_eq!(entry["id"], *id);
        self.downloads[which].2 = added;
        entry["status"].as_str().map(str::to_owned)
    }

    fn fetch(&mut self, which: usize) {
        let Some(status) = self.poll(which) else { return };
        let (network, id, added) = self.downloads[which].clone();
        if status != "DONE" {
            return;
        }
        let target = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1/nodes/{id}/content");
        let (status, body) = self.ask("GET", &target, None);
        if status == 404 && Self::is_restless(network) {
            return;
        }
        assert_eq!(status, 200, "{target}");
        let files = archive::parse(&body).iter().filter(|entry| !entry.name.ends_with('/')).count();
        assert_eq!(files as u64, added, "{target}");
        self.counters.zips.fetch_add(1, Ordering::Relaxed);
    }

    /// Uploads, reads back, deletes for good.
    fn upload(&mut self) {
        let network = self.network();
        let size = usize::try_from(self.chance.below(40_000)).unwrap();
        let name = format!("{}-{}.bin", self.number, self.chance.below(1 << 31));
        let body = support::seeding::form(&[support::seeding::Part::File("filedata", &name, &vec![b'x'; size])]);
        let target = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1/nodes/-my-/children");
        let mut connection = self.connection();
        let head = format!(
            "POST {target} HTTP/1.1\r\nHost: soak\r\n{BASIC}Content-Type: multipart/form-data; boundary=----boundary\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        connection.send(head.as_bytes());
        connection.send(&body);
        let uploaded = connection.receive("POST");
        self.connections.push(connection);
        assert_eq!(uploaded.status, 201, "{}", uploaded.text());
        let id = uploaded.json()["entry"]["id"].as_str().unwrap().to_owned();
        let target = target.replace("-my-/children", &format!("{id}/content"));
        let (status, content) = self.ask("GET", &target, None);
        if status != 404 || !Self::is_restless(network) {
            assert_eq!((status, content.len()), (200, size), "{target}");
        }
        self.expect("DELETE", network, &format!("/nodes/{id}?permanent=true"), None, &[204, 404]);
    }

    /// Goes in the middle: of a request's head, of its body, or of an answer.
    fn break_off(&mut self, which: usize) {
        let (network, id, _) = &self.downloads[which];
        let base = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1");
        let video = node_id("Big/video.bin");
        let request = match self.chance.0 % 4 {
            0 => format!("GET {base}/downl"),
            1 => {
                format!("POST {base}/downloads HTTP/1.1\r\nHost: a\r\n{BASIC}Content-Length: 100\r\n\r\n{{\"nodeIds\"")
            }
            2 => format!("GET {base}/nodes/{video}/content HTTP/1.1\r\nHost: a\r\n{BASIC}\r\n"),
            _ => format!("GET {base}/nodes/{id}/content HTTP/1.1\r\nHost: a\r\n{BASIC}\r\n"),
        };
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        if request.ends_with("\r\n\r\n") {
            // Some of the answer, and no more.
            let _ = stream.read(&mut [0; 1000]);
        }
        self.counters.broken_off.fetch_add(1, Ordering::Relaxed);
    }

    /// Moves the time, or resets, where that is expected.
    fn disturb(&mut self) {
        let network = usize::try_from(self.chance.below(NETWORKS as u64 / 5)).unwrap();
        let (target, body) = match self.chance.below(2) {
            0 => (format!("/__admin/networks/soak-{network}/reset"), ""),
            _ => (format!("/__admin/clock/advance?network=soak-{network}"), r#"{"by":"61m"}"#),
        };
        let (status, body) = self.ask("POST", &target, Some(body.as_bytes()));
        assert!(status < 300, "{target}: {status} {}", String::from_utf8_lossy(&body));
    }
}
