//! Making nodes over HTTP, and what refusals of that look like.

use serde_json::Value;

use super::{Auth, BASE, Response, Summary, TestMock, json_head};

/// The boundary of every form.
const BOUNDARY: &str = "----boundary";

/// A part of a form: a field, or a file with a name and a type of its own.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Part<'a> {
    Field(&'a str, &'a str),
    File(&'a str, &'a str, &'a [u8]),
}

/// The body of a form.
pub(crate) fn form(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for part in parts {
        body.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; ").as_bytes());
        match part {
            Part::Field(name, value) => body.extend_from_slice(format!("name=\"{name}\"\r\n\r\n{value}").as_bytes()),
            Part::File(name, file_name, bytes) => {
                let head =
                    format!("name=\"{name}\"; filename=\"{file_name}\"\r\nContent-Type: application/x-ignored\r\n\r\n");
                body.extend_from_slice(head.as_bytes());
                body.extend_from_slice(bytes);
            }
        }
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

impl TestMock {
    /// A request with a JSON body.
    pub(crate) fn json(&self, method: &str, path: &str, auth: Auth<'_>, body: &Value) -> Response {
        let headers = [("Content-Type", "application/json")];
        self.request(method, &format!("{BASE}{path}"), auth, &headers, Some(body.to_string().as_bytes()))
    }

    /// `POST /nodes/{parent}/children` with this body and query.
    pub(crate) fn create_with(&self, auth: Auth<'_>, parent: &str, query: &str, body: &Value) -> Response {
        self.json("POST", &format!("/nodes/{parent}/children{query}"), auth, body)
    }

    /// The same, which must succeed; the entry.
    #[track_caller]
    pub(crate) fn create_node(&self, auth: Auth<'_>, parent: &str, body: &Value) -> Value {
        entry_of(&self.create_with(auth, parent, "", body), 201)
    }

    /// Sends a form.
    pub(crate) fn upload_form(&self, auth: Auth<'_>, parent: &str, parts: &[Part<'_>]) -> Response {
        let content_type = format!("multipart/form-data; boundary={BOUNDARY}");
        let path = format!("{BASE}/nodes/{parent}/children");
        self.request("POST", &path, auth, &[("Content-Type", &content_type)], Some(&form(parts)))
    }

    /// Uploads a file; its id.
    #[track_caller]
    pub(crate) fn upload(&self, auth: Auth<'_>, parent: &str, name: &str, bytes: &[u8]) -> String {
        id_of(&entry_of(&self.upload_form(auth, parent, &[Part::File("filedata", name, bytes)]), 201))
    }

    /// `PUT /nodes/{id}/content` with this query.
    pub(crate) fn put_content(&self, auth: Auth<'_>, id: &str, query: &str, bytes: &[u8]) -> Response {
        let path = format!("{BASE}/nodes/{id}/content{query}");
        self.request("PUT", &path, auth, &[("Content-Type", "application/octet-stream")], Some(bytes))
    }

    /// `GET /nodes/{id}`, which must succeed; the entry.
    #[track_caller]
    pub(crate) fn node_entry(&self, auth: Auth<'_>, id: &str, query: &str) -> Value {
        entry_of(&self.get(&format!("{BASE}/nodes/{id}{query}"), auth), 200)
    }

    /// `GET /nodes/{id}/children`, which must succeed; the list.
    #[track_caller]
    pub(crate) fn list(&self, auth: Auth<'_>, id: &str, query: &str) -> Value {
        let response = self.get(&format!("{BASE}/nodes/{id}/children{query}"), auth);
        assert_eq!((response.status, response.head()), (200, json_head(200)), "{}", response.text());
        response.json()["list"].clone()
    }

    /// The names in a folder, as listed.
    #[track_caller]
    pub(crate) fn names(&self, auth: Auth<'_>, id: &str, query: &str) -> Vec<String> {
        let list = self.list(auth, id, query);
        let entries = list["entries"].as_array().expect("entries");
        entries.iter().map(|item| item["entry"]["name"].as_str().expect("a name").to_owned()).collect()
    }
}

/// The entry of an answer, which must be that status.
#[track_caller]
pub(crate) fn entry_of(response: &Response, status: u16) -> Value {
    assert_eq!((response.status, response.head()), (status, json_head(status)), "{}", response.text());
    response.json()["entry"].clone()
}

/// The id of an entry.
#[track_caller]
pub(crate) fn id_of(entry: &Value) -> String {
    entry["id"].as_str().expect("an id").to_owned()
}

/// Refused in words that are the key, too.
#[track_caller]
pub(crate) fn assert_refused(row: &str, response: &Response, status: u16, text: &str) {
    response.refused(row, status, text);
}

/// Refused by a lower layer, whose key says nothing.
#[track_caller]
pub(crate) fn assert_refused_below(row: &str, response: &Response, status: u16, text: &str) {
    response.refused_below(row, status, Summary::Numbered(text));
}

/// Refused since there is no such node.
#[track_caller]
pub(crate) fn assert_not_found(row: &str, response: &Response, id: &str) {
    response.not_found(row, id);
}

/// Refused since the caller may not.
#[track_caller]
pub(crate) fn assert_denied(row: &str, response: &Response) {
    response.denied(row);
}
