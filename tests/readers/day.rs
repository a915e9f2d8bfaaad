//! A day at the office: two people, a private site each, and everything that can happen around a download.

use std::path::Path;

use serde_json::{Value, json};

use super::{checked_by_python, support::process::Server};
use crate::support::{ADMIN, Auth, BASE, Response};

const CAROL: Auth<'static> = Auth::Basic("carol", "carol");
const DAVE: Auth<'static> = Auth::Basic("dave", "dave");

/// The size of the large upload.
const LARGE: usize = 300 << 20;

/// What may be resident, at the most, from the first to the last.
const MEMORY_KIB: u64 = 64 << 10;

/// The server, and the answers that it must give.
struct Day {
    server: Server,
}

impl Day {
    fn ask(&self, method: &str, path: &str, auth: Auth<'_>, body: Option<&Value>) -> Response {
        let body = body.map(ToString::to_string);
        let headers = [("Content-Type", "application/json")];
        self.server.request(method, &format!("{BASE}{path}"), auth, &headers, body.as_deref().map(str::as_bytes))
    }

    #[track_caller]
    fn expect(&self, status: u16, method: &str, path: &str, auth: Auth<'_>, body: &Value) -> Value {
        let response = self.ask(method, path, auth, Some(body).filter(|body| !body.is_null()));
        assert_eq!(response.status, status, "{method} {path}: {}", String::from_utf8_lossy(&response.body));
        if response.body.is_empty() { Value::Null } else { response.json()["entry"].clone() }
    }

    #[track_caller]
    fn get(&self, path: &str, auth: Auth<'_>) -> Value {
        self.expect(200, "GET", path, auth, &Value::Null)
    }

    /// Makes a site of one's own; the id of its document library.
    #[track_caller]
    fn site(&self, auth: Auth<'_>, id: &str) -> String {
        let body = json!({ "id": id, "title": id, "visibility": "PRIVATE" });
        assert_eq!(self.expect(201, "POST", "/sites", auth, &body)["role"], json!("SiteManager"));
        id_of(&self.get(&format!("/sites/{id}/containers/documentLibrary"), auth))
    }

    #[track_caller]
    fn create(&self, auth: Auth<'_>, parent: &str, body: &Value) -> String {
        id_of(&self.expect(201, "POST", &format!("/nodes/{parent}/children"), auth, body))
    }

    #[track_caller]
    fn file(&self, auth: Auth<'_>, parent: &str, name: &str, text: &str) -> String {
        let id = self.create(auth, parent, &json!({ "name": name, "nodeType": "cm:content" }));
        self.put(auth, &id, text);
        id
    }

    #[track_caller]
    fn put(&self, auth: Auth<'_>, id: &str, text: &str) {
        let path = format!("{BASE}/nodes/{id}/content");
        let response = self.server.request("PUT", &path, auth, &[], Some(text.as_bytes()));
        assert_eq!(response.status, 200, "{}", response.text());
    }

    /// Uploads a file of lines by a form, piece by piece.
    #[track_caller]
    fn upload_large(&self, auth: Auth<'_>, parent: &str) -> String {
        let line = b"All work and no play makes the minutes of this meeting long.\n";
        let piece: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
        let before = "--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"minutes.txt\"\r\n\r\n";
        let after = "\r\n--b--\r\n";
        let length = before.len() + LARGE + after.len();
        let Auth::Basic(user, password) = auth else { panic!("a password") };
        let credentials = data_encoding(&format!("{user}:{password}"));
        let head = format!(
            "POST {BASE}/nodes/{parent}/children HTTP/1.1\r\nHost: mock\r\nAuthorization: Basic {credentials}\r\n\
             Content-Type: multipart/form-data; boundary=b\r\nContent-Length: {length}\r\n\r\n"
        );
        let mut connection = self.server.connect();
        connection.send(head.as_bytes());
        connection.send(before.as_bytes());
        for _ in 0..LARGE / piece.len() {
            connection.send(&piece);
        }
        connection.send(after.as_bytes());
        let response = connection.receive("POST");
        assert_eq!(response.status, 201, "{}", response.text());
        let entry = response.json()["entry"].clone();
        assert_eq!(entry["content"]["sizeInBytes"], json!(LARGE));
        id_of(&entry)
    }

    #[track_caller]
    fn download(&self, auth: Auth<'_>, nodes: &[&str]) -> String {
        let entry = self.expect(202, "POST", "/downloads", auth, &json!({ "nodeIds": nodes }));
        assert_eq!(entry["status"], json!("PENDING"));
        id_of(&entry)
    }

    /// Asks until the download has come to that; its entry.
    #[track_caller]
    fn until(&self, auth: Auth<'_>, id: &str, is_it: impl Fn(&Value) -> bool) -> Value {
        loop {
            let entry = self.get(&format!("/downloads/{id}"), auth);
            if is_it(&entry) {
                return entry;
            }
            assert!(["PENDING", "IN_PROGRESS"].contains(&entry["status"].as_str().unwrap()), "{entry}");
        }
    }

    /// What Python finds in a finished download: names, sizes and checksums, one line each.
    #[track_caller]
    fn zipped(&self, auth: Auth<'_>, id: &str, folder: &Path) -> Vec<(String, u64)> {
        self.until(auth, id, |entry| entry["status"] == json!("DONE"));
        let response = self.server.get(&format!("{BASE}/nodes/{id}/content"), auth);
        assert_eq!(response.status, 200);
        let zip = folder.join("download.zip");
        std::fs::write(&zip, &response.body).unwrap();
        checked_by_python(&zip)
    }
}
