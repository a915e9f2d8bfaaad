//! What was said in an exchange, word for word: the headers of the request and of its answer, and the beginnings of their
//! bodies.
//!
//! Nothing of it is read before somebody asks for it, so that it costs a request little. Secrets are taken out then, and
//! never shown.

use std::sync::{Arc, Mutex};

use axum::http::{HeaderMap, header::CONTENT_TYPE};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::JournalEntry;
use crate::secret;

/// How much of a message's headers, and how much of its body, is kept.
const LONGEST: usize = 16 << 10;

/// What an exchange takes in memory beside its texts, roughly.
const OVERHEAD: usize = 256;

/// A request and its answer.
#[derive(Clone, Debug, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Exchange {
    /// What became of it.
    pub entry: JournalEntry,
    /// What was asked; none while the exchange lasts, or when there was no room to keep it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Message>,
    /// What was answered; none also when there was no answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Message>,
}

/// Headers and body. `***` stands in the place of secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// The headers, in their order; those of one name together.
    pub headers: Vec<HeaderLine>,
    /// The body as far as it is kept; none when there is none, when it is not text, or when all of it may be secret.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
    /// How many bytes of it passed by.
    pub body_bytes: u64,
    /// Whether all that passed by is kept.
    pub is_body_whole: bool,
}

/// A header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct HeaderLine {
    /// In lower case.
    pub name: String,
    /// The value.
    pub value: String,
}

/// An exchange as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    pub(super) request: Part,
    pub(super) answer: Option<Part>,
    /// The request while its body is read.
    pub(super) heard: Option<Arc<Mutex<Part>>>,
}

/// A message as it is kept.
#[derive(Debug, Default)]
pub(crate) struct Part {
    /// Header lines, each with its end, and the body.
    text: Vec<u8>,
    /// Where the header lines end.
    head: usize,
    is_text: bool,
    /// How many bytes of body passed by.
    bytes: u64,
}

impl Part {
    pub(crate) fn new(headers: &HeaderMap, is_request: bool) -> Self {
        // Most headers are shorter, and an answer may have a short body.
        let mut text = Vec::with_capacity(headers.len() * 48 + 128);
        for (name, value) in headers {
            if text.len() + name.as_str().len() + value.len() + 2 > LONGEST {
                break;
            }
            text.extend_from_slice(name.as_str().as_bytes());
            text.push(b':');
            text.extend_from_slice(value.as_bytes());
            text.push(b'\n');
        }
        let is_text = match headers.get(CONTENT_TYPE) {
            Some(stated) => is_text(stated.as_bytes()),
            None => is_request,
        };
        Self { head: text.len(), text, is_text, bytes: 0 }
    }

    /// Some of its body passes by.
    pub(crate) fn pass(&mut self, bytes: &[u8]) {
        self.bytes += bytes.len() as u64;
        if self.is_text {
            let room = LONGEST - self.body().len();
            self.text.extend_from_slice(&bytes[..bytes.len().min(room)]);
        }
    }

    fn len(&self) -> usize {
        self.text.capacity()
    }

    fn body(&self) -> &[u8] {
        &self.text[self.head..]
    }

    fn show(&self, hide: impl FnOnce(&str) -> Option<String>) -> Message {
        let is_body_whole = self.body().len() as u64 == self.bytes;
        let lines = self.text[..self.head].split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let headers = lines.map(|line| {
            let line = String::from_utf8_lossy(line);
            let (name, value) = line.split_once(':').unwrap_or((&line, ""));
            HeaderLine { name: name.to_owned(), value: secret::hidden_in_header(name, value) }
        });
        let body = Some(self.body()).filter(|body| !body.is_empty()).and_then(|body| hide(&text(body)));
        Message { headers: headers.collect(), body, body_bytes: self.bytes, is_body_whole }
    }
}

impl Kept {
    /// What a request begins.
    pub(super) fn of(headers: &HeaderMap) -> Self {
        Self { request: Part::new(headers, true), ..Self::default() }
    }

    /// What the request's body is to pass by.
    pub(super) fn listen(&mut self) -> Arc<Mutex<Part>> {
        let request = Arc::new(Mutex::new(std::mem::take(&mut self.request)));
        self.heard = Some(request.clone());
        request
    }

    pub(super) fn len(&self) -> usize {
        OVERHEAD + self.request.len() + self.answer.as_ref().map_or(0, Part::len)
    }

    /// What may be shown of the request and of the answer.
    pub(super) fn show(&self, entry: &JournalEntry) -> (Message, Option<Message>) {
        let operation = entry.operation;
        let request = self.request.show(|body| secret::hidden_in_body(operation, None, body));
        let answer = self.answer.as_ref();
        (request, answer.map(|answer| answer.show(|body| secret::hidden_in_body(operation, entry.status, body))))
    }
}

/// Whether a body of that type is for people to read.
fn is_text(content_type: &[u8]) -> bool {
    const TYPES: [&str; 6] = ["text/", "json", "xml", "javascript", "x-www-form-urlencoded", "multipart/"];
    // Nearly every answer, for which the look below would take longer than all else here.
    if content_type.starts_with(b"application/json") {
        return true;
    }
    let stated = String::from_utf8_lossy(content_type).to_ascii_lowercase();
    TYPES.iter().any(|part| stated.contains(part))
}

/// A body that may have been cut within a character.
fn text(body: &[u8]) -> String {
    match std::str::from_utf8(body) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => String::from_utf8_lossy(&body[..error.valid_up_to()]).into_owned(),
        Err(_) => String::from_utf8_lossy(body).into_owned(),
    }
}
