//! A client: one thread with many connections, each of which is a client of its own to the server.

use std::{
    io::{Read as _, Write as _},
    mem,
    net::{SocketAddr, TcpStream},
    sync::atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};

use crate::support::{
    Connection, archive, node_id,
    seeding::{Part::File, form},
};

/// Networks that all clients share.
const NETWORKS: usize = 25;

const FORM: &str = "Content-Type: multipart/form-data; boundary=----boundary\r\n";

const BASIC: &str = "Authorization: Basic YWRtaW46YWRtaW4=\r\n";

/// What is counted while it runs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    Answer,
    Download,
    Zip,
    Cancel,
    Delete,
    Upload,
    Expiry,
    Reset,
    Rush,
    BrokenHead,
    BrokenBody,
    BrokenUpload,
    BrokenAnswer,
}

pub(crate) const EVENTS: [Event; 13] = [
    Event::Answer,
    Event::Download,
    Event::Zip,
    Event::Cancel,
    Event::Delete,
    Event::Upload,
    Event::Expiry,
    Event::Reset,
    Event::Rush,
    Event::BrokenHead,
    Event::BrokenBody,
    Event::BrokenUpload,
    Event::BrokenAnswer,
];

/// How often each has happened.
#[derive(Debug, Default)]
pub(crate) struct Counters([AtomicU64; EVENTS.len()]);

impl Counters {
    fn count(&self, event: Event) {
        self.0[event as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn of(&self, event: Event) -> u64 {
        self.0[event as usize].load(Ordering::Relaxed)
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

/// One thread, and what it has asked for.
pub(crate) struct Client<'a> {
    address: SocketAddr,
    counters: &'a Counters,
    chance: Chance,
    number: usize,
    /// How many connections it has open at once.
    most: usize,
    connections: Vec<Connection>,
    /// Downloads of its own: network, id, files added.
    downloads: Vec<(usize, String, u64)>,
}

impl<'a> Client<'a> {
    pub(crate) fn new(number: usize, address: SocketAddr, most: usize, counters: &'a Counters) -> Self {
        let chance = Chance(number as u64 * 7919 + 13);
        Self { address, counters, chance, number, most, connections: Vec::new(), downloads: Vec::new() }
    }

    /// Closes everything. What it has asked for is gone with the reset that follows.
    pub(crate) fn leave(&mut self) {
        self.connections.clear();
        self.downloads.clear();
    }

    /// A network of its own kind: some are reset while they are used, and nothing can be said of what is in them.
    fn network(&mut self) -> usize {
        usize::try_from(self.chance.below(NETWORKS as u64)).unwrap()
    }

    pub(crate) fn turn(&mut self) {
        let which = usize::try_from(self.chance.below(1000)).unwrap().checked_rem(self.downloads.len());
        match (self.chance.below(40), which) {
            (0..=3, _) | (_, None) => self.create(),
            (4, Some(which)) => {
                let (network, id, _) = self.downloads.swap_remove(which);
                self.expect("DELETE", network, &format!("/downloads/{id}"), None, Self::there(network, &[202, 404]));
                self.expect("GET", network, &format!("/downloads/{id}"), None, Self::there(network, &[200, 404]));
                self.counters.count(Event::Cancel);
            }
            (5, Some(which)) => {
                let (network, id, _) = self.downloads.swap_remove(which);
                self.expect("DELETE", network, &format!("/nodes/{id}"), None, Self::there(network, &[204, 404]));
                self.expect("GET", network, &format!("/downloads/{id}"), None, &[404]);
                self.counters.count(Event::Delete);
            }
            (6 | 7, Some(which)) => self.fetch(which),
            (8, _) => self.upload(),
            (9, Some(which)) => self.break_off(which),
            (10, _) => self.disturb(),
            (11, _) if self.chance.below(20) == 0 => self.rush(),
            (_, Some(which)) => drop(self.poll(which)),
        }
    }

    /// Whether a network may be reset, or its time be moved, while it is used.
    fn is_restless(network: usize) -> bool {
        network < NETWORKS / 5
    }

    /// Those of the statuses, of which the last says that something is gone, that a network may answer with.
    fn there(network: usize, statuses: &[u16]) -> &[u16] {
        if Self::is_restless(network) { statuses } else { &statuses[..statuses.len() - 1] }
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
        if self.connections.len() < self.most {
            return Connection::to(self.address);
        }
        let which = usize::try_from(self.chance.below(self.most as u64)).unwrap();
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
        self.counters.count(Event::Answer);
        (response.status, response.body)
    }

    fn create(&mut self) {
        if self.downloads.len() > 40 {
            self.downloads.swap_remove(0);
        }
        let network = self.network();
        let id = self.create_in(network);
        self.downloads.push((network, id, 0));
    }

    fn create_in(&mut self, network: usize) -> String {
        let nodes = ["Reports", "TestDownloads", "Contracts", "TestDownloads/docTest1.txt"];
        let node = node_id(nodes[usize::try_from(self.chance.below(4)).unwrap()]);
        let body = json!({ "nodeIds": [node] }).to_string();
        let created = self.expect("POST", network, "/downloads", Some(body.as_bytes()), &[202]);
        self.counters.count(Event::Download);
        created["entry"]["id"].as_str().unwrap().to_owned()
    }

    /// The status; none when it is gone, which it may be where somebody resets.
    fn poll(&mut self, which: usize) -> Option<String> {
        let (network, id, seen) = self.downloads[which].clone();
        let shown = self.expect("GET", network, &format!("/downloads/{id}"), None, Self::there(network, &[200, 404]));
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
        self.counters.count(Event::Zip);
    }

    /// Uploads, reads back, deletes for good.
    fn upload(&mut self) {
        let network = self.network();
        let size = usize::try_from(self.chance.below(40_000)).unwrap();
        let name = format!("{}-{}.bin", self.number, self.chance.below(1 << 31));
        let body = form(&[File("filedata", &name, &vec![b'x'; size])]);
        let target = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1/nodes/-my-/children");
        let mut connection = self.connection();
        let head =
            format!("POST {target} HTTP/1.1\r\nHost: soak\r\n{BASIC}{FORM}Content-Length: {}\r\n\r\n", body.len());
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
        self.expect("DELETE", network, &format!("/nodes/{id}?permanent=true"), None, Self::there(network, &[204, 404]));
        self.counters.count(Event::Upload);
    }

    /// Goes in the middle: of a request's head, of its body, of an upload, or of an answer.
    fn break_off(&mut self, which: usize) {
        let kind = self.chance.below(8);
        let (network, id, _) = &self.downloads[which];
        let base = format!("/alfresco/api/soak-{network}/public/alfresco/versions/1");
        let video = node_id("Big/video.bin");
        let get = |node: &str| format!("GET {base}/nodes/{node}/content HTTP/1.1\r\nHost: a\r\n{BASIC}\r\n");
        let (event, request) = match kind {
            0 => (Event::BrokenHead, format!("GET {base}/downl")),
            1 | 2 => {
                let head = format!("POST {base}/downloads HTTP/1.1\r\nHost: a\r\n{BASIC}Content-Length: 100\r\n\r\n");
                (Event::BrokenBody, format!("{head}{{\"nodeIds\""))
            }
            3 | 4 => {
                // More than stays in memory, and then no more.
                let part = form(&[File("filedata", "half.bin", &[b'x'; 20_000])]);
                let part = String::from_utf8_lossy(&part[..15_000]).into_owned();
                let head = format!("POST {base}/nodes/-my-/children HTTP/1.1\r\nHost: a\r\n{BASIC}{FORM}");
                (Event::BrokenUpload, format!("{head}Content-Length: 20100\r\n\r\n{part}"))
            }
            5 => (Event::BrokenAnswer, get(&video)),
            _ => (Event::BrokenAnswer, get(id)),
        };
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        if matches!(event, Event::BrokenAnswer) {
            // Some of the answer, and no more.
            let _ = stream.read(&mut [0; 1000]);
        }
        self.counters.count(event);
    }

    /// Moves the time, or resets, where that is expected: whatever there was is gone then.
    fn disturb(&mut self) {
        let network = usize::try_from(self.chance.below(NETWORKS as u64 / 5)).unwrap();
        let id = self.create_in(network);
        // A job that still runs would make its download young again. One that is gone meanwhile need not be waited for.
        self.ask(
            "GET",
            &format!("/__admin/wait?network=soak-{network}&download={id}&isJobOver=true&timeout=10s"),
            None,
        );
        let (event, target, body) = match self.chance.below(2) {
            0 => (Event::Reset, format!("/__admin/networks/soak-{network}/reset"), ""),
            _ => (Event::Expiry, format!("/__admin/clock/advance?network=soak-{network}"), r#"{"by":"61m"}"#),
        };
        let (status, body) = self.ask("POST", &target, Some(body.as_bytes()));
        assert!(status < 300, "{target}: {status} {}", String::from_utf8_lossy(&body));
        self.expect("GET", network, &format!("/downloads/{id}"), None, &[404]);
        self.counters.count(event);
    }

    /// Asks over all connections before it reads the first answer.
    pub(crate) fn rush(&mut self) {
        let mut connections = mem::take(&mut self.connections);
        connections.resize_with(self.most, || Connection::to(self.address));
        let file = node_id("TestDownloads/docTest1.txt");
        for (number, connection) in connections.iter_mut().enumerate() {
            let base = format!("/alfresco/api/soak-{}/public/alfresco/versions/1", number % NETWORKS);
            let get = format!("GET {base}/nodes/{file}/content HTTP/1.1\r\nHost: soak\r\n{BASIC}\r\n");
            connection.send(get.as_bytes());
        }
        for connection in &mut connections {
            let response = connection.receive("GET");
            assert_eq!((response.status, response.body.len()), (200, 13), "{}", response.text());
            self.counters.count(Event::Answer);
        }
        self.connections = connections;
        self.counters.count(Event::Rush);
    }
}
