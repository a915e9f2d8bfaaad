//! What tests of several areas do: make things, and be refused.

use serde_json::{Value, json};

use super::{ADMIN, Auth, BASE, Response, Summary, TestMock, error_body, mask, resource_error_head};

impl TestMock {
    pub(crate) fn put_json(&self, path: &str, auth: Auth<'_>, body: &Value) -> Response {
        let headers = [("Content-Type", "application/json")];
        self.request("PUT", path, auth, &headers, Some(body.to_string().as_bytes()))
    }

    /// The answer of `POST` below the core API.
    pub(crate) fn post(&self, path: &str, auth: Auth<'_>, body: &Value) -> Response {
        self.post_json(&format!("{BASE}/{path}"), auth, &body.to_string())
    }

    /// What `POST` below the core API made, which must have been accepted.
    #[track_caller]
    pub(crate) fn made(&self, path: &str, auth: Auth<'_>, body: &Value) -> Value {
        let response = self.post(path, auth, body);
        assert_eq!(response.status, 201, "{}", response.text());
        response.json()["entry"].clone()
    }

    /// What `GET` below the core API tells of one thing, which must be there.
    #[track_caller]
    pub(crate) fn entry(&self, path: &str, auth: Auth<'_>) -> Value {
        let response = self.get(&format!("{BASE}/{path}"), auth);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        response.json()["entry"].clone()
    }

    /// That member of all that `GET` below the core API lists.
    #[track_caller]
    pub(crate) fn listed(&self, path: &str, auth: Auth<'_>, member: &str) -> Vec<String> {
        let response = self.get(&format!("{BASE}/{path}"), auth);
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let list = response.json()["list"].clone();
        let entries = list["entries"].as_array().expect("entries").clone();
        assert_eq!(list["pagination"]["count"], json!(entries.len()));
        let shown = |entry: &Value| entry["entry"][member].as_str().expect("a text").to_owned();
        entries.iter().map(shown).collect()
    }

    /// Makes a folder; its id.
    #[track_caller]
    pub(crate) fn folder(&self, auth: Auth<'_>, parent: &str, name: &str) -> String {
        self.node(auth, parent, &json!({ "name": name, "nodeType": "cm:folder" }))
    }

    /// Makes a file of these bytes; its id.
    #[track_caller]
    pub(crate) fn file(&self, auth: Auth<'_>, parent: &str, name: &str, bytes: &str) -> String {
        let id = self.node(auth, parent, &json!({ "name": name, "nodeType": "cm:content" }));
        let path = format!("{BASE}/nodes/{id}/content");
        let response = self.request("PUT", &path, auth, &[("Content-Type", "text/plain")], Some(bytes.as_bytes()));
        assert_eq!(response.status, 200, "{}", response.text());
        id
    }

    #[track_caller]
    fn node(&self, auth: Auth<'_>, parent: &str, body: &Value) -> String {
        let made = self.made(&format!("nodes/{parent}/children"), auth, body);
        made["id"].as_str().expect("an id").to_owned()
    }

    /// Deletes something below the core API, which must be allowed.
    #[track_caller]
    pub(crate) fn removed(&self, path: &str, auth: Auth<'_>) {
        let response = self.delete(&format!("{BASE}/{path}"), auth);
        assert_eq!(response.status, 204, "{path}: {}", response.text());
    }

    /// Makes a person whose password is the name; an administrator must not be in the way of it.
    #[track_caller]
    pub(crate) fn person(&self, name: &str) {
        let body = json!({ "id": name, "firstName": name, "email": format!("{name}@example.org"), "password": name });
        self.made("people", ADMIN, &body);
    }
}

impl Response {
    /// Compares the whole refusal with one whose key is its text.
    #[track_caller]
    pub(crate) fn refused(&self, row: &str, status: u16, text: &str) {
        self.refused_with(row, status, Some(text), Summary::Numbered(text));
    }

    #[track_caller]
    pub(crate) fn refused_with(&self, row: &str, status: u16, key: Option<&str>, summary: Summary<'_>) {
        assert_eq!(mask(self.text()), error_body(status, key, summary), "{row}");
        assert_eq!(self.head(), resource_error_head(status), "{row}");
    }

    /// That there is no such thing.
    #[track_caller]
    pub(crate) fn not_found(&self, row: &str, id: &str) {
        let text = format!("The entity with id: {id} was not found");
        self.refused_with(row, 404, Some("framework.exception.EntityNotFound"), Summary::Numbered(&text));
    }

    /// That two things have nothing to do with each other.
    #[track_caller]
    pub(crate) fn unrelated(&self, row: &str, entity: &str, relation: &str) {
        let text = format!(
            "The relationship resource was not found for the entity with id: {entity} and a relationship id of {relation}"
        );
        self.refused_with(row, 404, Some("framework.exception.RelationshipNotFound"), Summary::Numbered(&text));
    }

    /// That the caller may not.
    #[track_caller]
    pub(crate) fn denied(&self, row: &str) {
        let summary = Summary::Numbered("Permission was denied");
        self.refused_with(row, 403, Some("framework.exception.PermissionDenied"), summary);
    }

    /// What a lower layer refuses, whose text stands in the summary only.
    #[track_caller]
    pub(crate) fn refused_below(&self, row: &str, status: u16, summary: Summary<'_>) {
        self.refused_with(row, status, Some("framework.exception.ApiDefault"), summary);
    }
}
