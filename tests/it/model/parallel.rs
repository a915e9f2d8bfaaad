//! The same from several sides at once. Nobody knows what comes of it, but some things always hold.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use serde_json::json;

use super::number;
use crate::support::{Auth, TestMock, archive, node_id};

const USERS: [&str; 3] = ["admin", "alice", "bob"];

/// A sequence of numbers that looks like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What one client has seen of one download.
struct Seen {
    id: String,
    files_added: u64,
    bytes_added: u64,
    status: String,
    is_cancelled: bool,
}

struct Client<'a> {
    mock: &'a TestMock,
    network: String,
    user: &'static str,
    downloads: Vec<Seen>,
    chance: Chance,
    checks: &'a AtomicU64,
}

impl Client<'_> {
    fn ask(&self, method: &str, path: &str, body: Option<&str>) -> crate::support::Response {
        let path = format!("/alfresco/api/{}/public/alfresco/versions/1{path}", self.network);
        let auth = Auth::Basic(self.user, self.user);
        self.mock.request(method, &path, auth, &[], body.map(str::as_bytes))
    }

    fn step(&mut self) {
        let (what, which) = (self.chance.below(10), self.chance.below(64));
        let which = usize::try_from(which).unwrap().checked_rem(self.downloads.len());
        match (what, which) {
            (0 | 1, _) | (_, None) => self.create(),
            (2, Some(which)) => {
                let id = &self.downloads[which].id;
                assert_eq!(self.ask("DELETE", &format!("/downloads/{id}"), None).status, 202);
                self.downloads[which].is_cancelled = true;
            }
            (3, Some(which)) => {
                let seen = self.downloads.swap_remove(which);
                assert_eq!(self.ask("DELETE", &format!("/nodes/{}", seen.id), None).status, 204);
                assert_eq!(self.ask("GET", &format!("/downloads/{}", seen.id), None).status, 404);
            }
            (4, _) => {
                let name = format!("{}-{}", self.user, self.chance.below(1 << 30));
                let body = json!({ "name": name, "nodeType": "cm:folder" }).to_string();
                assert_eq!(self.ask("POST", "/nodes/-my-/children", Some(&body)).status, 201);
            }
            (5 | 6, Some(which)) => self.fetch(which),
            (_, Some(which)) => self.poll(which),
        }
    }

    fn create(&mut self) {
        let nodes = ["Reports", "TestDownloads", "Contracts", "TestDownloads/folder1"];
        let node = node_id(nodes[usize::try_from(self.chance.below(4)).unwrap()]);
        let created = self.ask("POST", "/downloads", Some(&json!({ "nodeIds": [node] }).to_string()));
        assert_eq!(created.status, 202, "{}", created.text());
        let id = created.json()["entry"]["id"].as_str().unwrap().to_owned();
        let status = "PENDING".to_owned();
        self.downloads.push(Seen { id, files_added: 0, bytes_added: 0, status, is_cancelled: false });
    }

    fn poll(&mut self, which: usize) {
        let response = self.ask("GET", &format!("/downloads/{}", self.downloads[which].id), None);
        assert_eq!(response.status, 200, "{}", response.text());
        let entry = &response.json()["entry"];
        let count = |name: &str| entry[name].as_u64().unwrap();
        let status = entry["status"].as_str().unwrap();
        let before = &mut self.downloads[which];
        assert!(count("filesAdded") >= before.files_added && count("bytesAdded") >= before.bytes_added, "{entry}");
        assert!(count("filesAdded") <= count("totalFiles") && count("bytesAdded") <= count("totalBytes"), "{entry}");
        let rank = |status: &str| ["PENDING", "IN_PROGRESS"].iter().position(|early| *early == status).unwrap_or(2);
        assert!(rank(status) >= rank(&before.status), "{} became {status}", before.status);
        assert!(rank(&before.status) < 2 || status == before.status, "{} became {status}", before.status);
        assert!(status != "CANCELLED" || before.is_cancelled, "nobody asked for that");
        if status == "DONE" {
            assert_eq!(count("filesAdded"), count("totalFiles"));
        }
        (before.files_added, before.bytes_added) = (count("filesAdded"), count("bytesAdded"));
        status.clone_into(&mut before.status);
        self.checks.fetch_add(1, Ordering::Relaxed);
    }

    fn fetch(&mut self, which: usize) {
        self.poll(which);
        let Seen { id, status, files_added, .. } = &self.downloads[which];
        let content = self.ask("GET", &format!("/nodes/{id}/content"), None);
        if status == "DONE" {
            assert_eq!(content.status, 200, "what is DONE can be read");
            let entries = archive::parse(&content.body);
            let files = entries.iter().filter(|entry| !entry.name.ends_with('/')).count() as u64;
            assert_eq!(files, *files_added);
        }
    }
}

#[test]
fn what_always_holds_holds_with_many_clients_at_once() {
    let steps = number("MODEL_STEPS").unwrap_or(40);
    let seed = number("MODEL_SEED").unwrap_or_else(|| std::process::id().into());
    let mock = TestMock::start();
    let idle = mock.tasks();
    let checks = AtomicU64::new(0);
    let networks = ["-default-", "one", "two"];
    thread::scope(|scope| {
        for client in 0..9_usize {
            let (mock, checks) = (&mock, &checks);
            let chance = Chance(seed.wrapping_add(client as u64 * 977));
            let (network, user) = (networks[client / 3].to_owned(), USERS[client % 3]);
            scope.spawn(move || {
                let mut client = Client { mock, network, user, downloads: Vec::new(), chance, checks };
                for _ in 0..steps {
                    client.step();
                }
                let ids: Vec<_> = client.downloads.iter().map(|seen| seen.id.clone()).collect();
                for id in &ids {
                    let over =
                        format!("/__admin/wait?network={}&download={id}&isFinal=true&timeout=60s", client.network);
                    assert_eq!(mock.get(&over, Auth::None).status, 200);
                }
                for which in 0..ids.len() {
                    client.poll(which);
                    client.fetch(which);
                }
            });
        }
    });
    assert!(checks.load(Ordering::Relaxed) > steps, "hardly anything was looked at, with the seed {seed}");
    assert_eq!(mock.request("POST", "/__admin/reset", Auth::None, &[], Some(b"")).status / 100, 2);
    let mut last = usize::MAX;
    for _ in 0..3000 {
        last = mock.tasks();
        if last <= idle {
            break;
        }
        thread::park_timeout(std::time::Duration::from_millis(10));
    }
    assert!(last <= idle, "{last} tasks are left where there were {idle}");
}
