//! A day at the office: two people, a private site each, and everything that can happen around a download.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{in_a_file, read_by_python};
use crate::support::{ADMIN, Auth, BASE, Response, process::Server};

const CAROL: Auth<'static> = Auth::Basic("carol", "carol");
/// As Basic authentication has it.
const CAROLS_PASSWORD: &str = "Y2Fyb2w6Y2Fyb2w=";
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

    /// Carol uploads a file of lines by a form, piece by piece.
    #[track_caller]
    fn upload_large(&self, parent: &str) -> String {
        let line = b"All work and no play makes the minutes of this meeting long.\n";
        let piece: Vec<u8> = line.iter().copied().cycle().take(1 << 20).collect();
        let before = "--b\r\nContent-Disposition: form-data; name=\"filedata\"; filename=\"minutes.txt\"\r\n\r\n";
        let after = "\r\n--b--\r\n";
        let length = before.len() + LARGE + after.len();
        let head = format!(
            "POST {BASE}/nodes/{parent}/children HTTP/1.1\r\nHost: mock\r\nAuthorization: Basic {CAROLS_PASSWORD}\r\n\
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

    /// What Python finds in a download once it is done: a name and a size per line, sorted.
    #[track_caller]
    fn zipped(&self, auth: Auth<'_>, id: &str) -> Vec<String> {
        self.until(auth, id, |entry| entry["status"] == json!("DONE"));
        let response = self.server.get(&format!("{BASE}/nodes/{id}/content"), auth);
        assert_eq!(response.status, 200);
        let file = in_a_file(&response.body);
        let read = read_by_python(file.path());
        let mut lines: Vec<_> = read.lines().map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect();
        lines.sort();
        lines
    }
}

#[track_caller]
fn id_of(entry: &Value) -> String {
    entry["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_day_at_the_office() {
    let spool = TempDir::new().unwrap();
    let temp_dir = format!("--temp-dir={}", spool.path().display());
    let day = Day { server: Server::start(&["--download-pace=200000000", &temp_dir]) };

    // Two people come, each with a home and a private site.
    for name in ["carol", "dave"] {
        let person = json!({ "id": name, "firstName": name, "email": format!("{name}@example.org"), "password": name });
        day.expect(201, "POST", "/people", ADMIN, &person);
        assert_eq!(day.get("/people/-me-", Auth::Basic(name, name))["id"], json!(name));
    }
    let (hers, his) = (day.site(CAROL, "carols"), day.site(DAVE, "daves"));
    assert_eq!(day.ask("GET", "/sites/carols", DAVE, None).status, 404);
    assert_eq!(day.ask("GET", &format!("/nodes/{hers}"), DAVE, None).status, 403);
    assert_eq!(day.ask("POST", "/downloads", DAVE, Some(&json!({ "nodeIds": [hers] }))).status, 403);

    // She makes nested folders, and files in them.
    let folder = |parent: &str, name: &str, path: &str| {
        day.create(CAROL, parent, &json!({ "name": name, "nodeType": "cm:folder", "relativePath": path }))
    };
    let plans = folder(&hers, "plans", "2026/autumn");
    let drafts = folder(&plans, "drafts", "");
    let letter = day.file(CAROL, &drafts, "letter.txt", "Dear Dave");
    let list = day.file(CAROL, &plans, "list.txt", "1. Tea");
    let minutes = day.upload_large(&plans);
    assert!(day.server.peak_memory_kib() < MEMORY_KIB, "{} KiB", day.server.peak_memory_kib());

    // A second place for the list, and a letter that is being written.
    let board = folder(&hers, "board", "");
    let link = json!({ "childId": list, "assocType": "cm:contains" });
    day.expect(201, "POST", &format!("/nodes/{board}/secondary-children"), CAROL, &link);
    let copy = id_of(&day.expect(200, "POST", &format!("/nodes/{letter}/check-out"), CAROL, &Value::Null));
    assert_eq!(
        day.zipped(CAROL, &day.download(CAROL, &[&board, &drafts])),
        ["board/ 0", "board/list.txt 6", "drafts/ 0", "drafts/letter (Working Copy).txt 9",]
    );
    assert_eq!(day.zipped(ADMIN, &day.download(ADMIN, &[&drafts])), ["drafts/ 0", "drafts/letter.txt 9"]);

    // While a download runs, the letter comes in, and the drafts move: the download has seen the repository before.
    let running = day.download(CAROL, &[&plans]);
    day.until(CAROL, &running, |entry| entry["bytesAdded"] != json!(0));
    day.put(CAROL, &copy, "Dear Dave, and Erin");
    day.expect(200, "POST", &format!("/nodes/{drafts}/move"), CAROL, &json!({ "targetParentId": board }));
    let under_way = day.get(&format!("/downloads/{running}"), CAROL);
    assert_eq!(under_way["status"], json!("IN_PROGRESS"), "a job of 1.5 seconds is not that quick: {under_way}");
    assert_eq!(
        day.zipped(CAROL, &running),
        [
            "plans/ 0".to_owned(),
            "plans/drafts/ 0".to_owned(),
            "plans/drafts/letter (Working Copy).txt 9".to_owned(),
            "plans/list.txt 6".to_owned(),
            format!("plans/minutes.txt {LARGE}"),
        ]
    );
    let after = day.download(CAROL, &[&board]);
    assert_eq!(
        day.zipped(CAROL, &after),
        ["board/ 0", "board/drafts/ 0", "board/drafts/letter.txt 19", "board/list.txt 6"]
    );

    // What is deleted before the fetch is in the zip all the same; the trash can gives it back, and it zips again.
    let before_fetch = day.download(CAROL, &[&drafts]);
    day.until(CAROL, &before_fetch, |entry| entry["status"] == json!("DONE"));
    day.expect(204, "DELETE", &format!("/nodes/{drafts}"), CAROL, &Value::Null);
    assert_eq!(day.zipped(CAROL, &before_fetch), ["drafts/ 0", "drafts/letter.txt 19"]);
    assert_eq!(day.ask("POST", "/downloads", CAROL, Some(&json!({ "nodeIds": [drafts] }))).status, 404);
    assert_eq!(day.ask("POST", &format!("/deleted-nodes/{drafts}/restore"), DAVE, None).status, 403);
    day.expect(200, "POST", &format!("/deleted-nodes/{drafts}/restore"), CAROL, &Value::Null);
    assert_eq!(day.zipped(CAROL, &day.download(CAROL, &[&drafts])), ["drafts/ 0", "drafts/letter.txt 19"]);

    // He becomes a member of her site, reads, and may not write. His own he shares with nobody.
    day.expect(201, "POST", "/sites/carols/members", CAROL, &json!({ "id": "dave", "role": "SiteConsumer" }));
    assert_eq!(day.zipped(DAVE, &day.download(DAVE, &[&board])).len(), 4);
    assert_eq!(day.ask("PUT", &format!("/nodes/{list}"), DAVE, Some(&json!({ "name": "his.txt" }))).status, 403);
    assert_eq!(day.ask("GET", &format!("/nodes/{his}/children"), CAROL, None).status, 403);

    // In the evening everything is tidied up.
    for id in [&running, &after, &before_fetch] {
        day.expect(204, "DELETE", &format!("/nodes/{id}"), CAROL, &Value::Null);
        assert_eq!(day.ask("GET", &format!("/downloads/{id}"), CAROL, None).status, 404);
    }
    day.expect(204, "DELETE", &format!("/nodes/{minutes}?permanent=true"), CAROL, &Value::Null);
    assert_eq!(fs::read_dir(spool.path()).unwrap().count(), 0, "nothing has a name in the temporary folder");
    assert!(day.server.peak_memory_kib() < MEMORY_KIB, "{} KiB", day.server.peak_memory_kib());
}
