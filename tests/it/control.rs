//! Control: what a tester may order, over HTTP and in Rust. Each area is shown both ways.

mod admin;
mod clock;
mod embedding;
mod events;
mod faults;
mod fixtures;
mod gates;
mod journal;
mod networks;
mod outcomes;
mod parallel;
mod placed;
mod settings;
mod wait;
mod zip_faults;

use std::time::Duration;

use alfresco_downloads_mock::{Condition, DownloadView, Progress};
use serde_json::Value;

use crate::support::{ADMIN, Auth, BASE, CHUNK, OwnFixtures, Response, TestMock, path_id, progress};

/// Longer than any wait takes that is not in vain.
const PATIENCE: Duration = Duration::from_secs(60);

/// Files of 13, 13, 25,000,000 (three publications) and no bytes.
const FILES: &str = r#"{"nodes": [
    {"path": "small.txt", "sizeInBytes": 13},
    {"path": "other.txt", "sizeInBytes": 13},
    {"path": "large.bin", "sizeInBytes": 25000000, "compressibility": 100},
    {"path": "empty.txt", "sizeInBytes": 0},
    {"path": "folder/inner.txt", "sizeInBytes": 13}
]}"#;

fn mock() -> OwnFixtures {
    OwnFixtures::start(&[], FILES)
}

impl TestMock {
    /// A call of control over HTTP.
    fn admin(&self, method: &str, path: &str, body: &str) -> Response {
        let body = Some(body.as_bytes()).filter(|body| !body.is_empty());
        self.request(method, &format!("/__admin{path}"), Auth::None, &[], body)
    }

    /// The same, which must be answered with that status; the JSON, or null when there is none.
    #[track_caller]
    fn admin_json(&self, method: &str, path: &str, body: &str, status: u16) -> Value {
        let response = self.admin(method, path, body);
        assert_eq!(response.status, status, "{method} {path}: {}", response.text());
        if response.body.is_empty() { Value::Null } else { response.json() }
    }

    /// Asks for a download of the files at these paths; its id.
    fn ask_for(&self, paths: &[&str]) -> String {
        let ids: Vec<_> = paths.iter().map(|path| path_id(path)).collect();
        self.create_download(ADMIN, &ids.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn poll(&self, id: &str) -> Response {
        self.get(&format!("{BASE}/downloads/{id}"), ADMIN)
    }

    /// What a client sees now.
    #[track_caller]
    fn shown(&self, id: &str) -> Progress {
        let response = self.poll(id);
        assert_eq!(response.status, 200, "{}", response.text());
        let entry = &response.json()["entry"];
        let number = |key: &str| entry[key].as_u64().expect("a number");
        Progress {
            status: serde_json::from_value(entry["status"].clone()).expect("a status"),
            files_added: number("filesAdded"),
            bytes_added: number("bytesAdded"),
            total_files: number("totalFiles"),
            total_bytes: number("totalBytes"),
        }
    }

    /// Waits, through the door in Rust, and must not wait in vain.
    #[track_caller]
    fn until(&self, id: &str, condition: Condition) -> DownloadView {
        self.control().wait_blocking(Some(id), condition, PATIENCE).expect("what is waited for comes")
    }

    /// Waits until the job is held, and looks at what a client sees.
    #[track_caller]
    fn held(&self, id: &str) -> Progress {
        self.until(id, Condition::held());
        self.shown(id)
    }

    /// Waits for the end, and looks at what a client sees.
    #[track_caller]
    fn at_the_end(&self, id: &str) -> Progress {
        self.until(id, Condition::ended());
        self.shown(id)
    }
}
