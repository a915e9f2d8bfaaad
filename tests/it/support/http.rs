//! A client that sends exactly what it is given and reads exactly what is there.

use std::{
    fmt::Write as _,
    io::{ErrorKind, Read, Write as _},
    net::{Shutdown, SocketAddr, TcpStream},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde_json::Value;

use super::wire::{mask, mask_date_header};

/// A test that waits longer than this hangs, and fails.
const PATIENCE: Duration = Duration::from_secs(30);

/// Who asks.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Auth<'a> {
    /// No `Authorization` at all.
    None,
    /// A user and a password.
    Basic(&'a str, &'a str),
    /// A ticket, as `Basic base64(T)`.
    Ticket(&'a str),
    /// The value of the header, as it is.
    Raw(&'a str),
}

impl Auth<'_> {
    fn header(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::Basic(user, password) => Some(basic(&format!("{user}:{password}"))),
            Self::Ticket(ticket) => Some(basic(ticket)),
            Self::Raw(value) => Some(value.to_owned()),
        }
    }
}

fn basic(credentials: &str) -> String {
    format!("Basic {}", BASE64.encode(credentials))
}

/// The bytes of a well-formed request.
pub(super) fn request(
    method: &str,
    path: &str,
    address: SocketAddr,
    auth: Auth<'_>,
    headers: &[(&str, &str)],
    body: Option<&[u8]>,
) -> Vec<u8> {
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n");
    if let Some(value) = auth.header() {
        let _ = write!(head, "Authorization: {value}\r\n");
    }
    for (name, value) in headers {
        let _ = write!(head, "{name}: {value}\r\n");
    }
    if let Some(body) = body {
        let _ = write!(head, "Content-Length: {}\r\n", body.len());
    }
    head.push_str("\r\n");
    [head.as_bytes(), body.unwrap_or_default()].concat()
}

/// An answer, as it was on the wire.
#[derive(Debug)]
pub(crate) struct Response {
    /// The status line, without its end.
    pub(crate) status_line: String,
    pub(crate) status: u16,
    /// Names and values in wire order and wire case. One space after the colon is not part of the value.
    pub(crate) headers: Vec<(String, Vec<u8>)>,
    /// The body as it was sent, chunk framing and all.
    pub(crate) raw_body: Vec<u8>,
    /// The body, without chunk framing.
    pub(crate) body: Vec<u8>,
}

impl Response {
    /// The value of a header that must be there no more than once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut values = self.headers.iter().filter(|(stated, _)| stated.eq_ignore_ascii_case(name));
        let value = values.next().map(|(_, value)| std::str::from_utf8(value).expect("a header in UTF-8"));
        assert!(values.next().is_none(), "{name} is there twice");
        value
    }

    /// The status line and the headers, one a line, with `<date>` for the value of `Date`. Bytes beyond ASCII are read
    /// as Latin-1.
    pub(crate) fn head(&self) -> String {
        let mut head = self.status_line.clone();
        for (name, value) in &self.headers {
            let value: String = value.iter().copied().map(char::from).collect();
            let _ = write!(head, "\n{name}: {}", mask_date_header(name, &value));
        }
        head
    }

    #[track_caller]
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("a body in UTF-8")
    }

    /// Compares the whole answer: its [head](Self::head), and its [masked](mask) body.
    #[track_caller]
    pub(crate) fn expect(&self, row: &str, head: &str, body: &str) {
        assert_eq!(mask(self.text()), body, "the body of: {row}");
        assert_eq!(self.head(), head, "the head of: {row}");
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {:?}", self.text()))
    }
}

/// A connection to the mock. What was read ahead belongs to the next answer.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    ahead: Vec<u8>,
}

impl Connection {
    pub(crate) fn to(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the mock listens");
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream.set_write_timeout(Some(PATIENCE)).unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, ahead: Vec::new() }
    }

    pub(crate) fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).expect("the mock reads the request");
    }

    /// Sends what the mock may not care to read to its end.
    pub(crate) fn try_send(&mut self, bytes: &[u8]) {
        // The answer tells.
        let _ = self.stream.write_all(bytes);
    }

    /// Waits for the first bytes of an answer.
    pub(crate) fn wait_for_answer(&mut self) {
        assert!(!self.ahead.is_empty() || self.fill(), "an answer begins");
    }

    /// Reads one answer to a request of that method.
    pub(crate) fn receive(&mut self, method: &str) -> Response {
        let (status_line, headers) = self.receive_head();
        let status = status_line.get(9..12).and_then(|digits| digits.parse().ok());
        let status = status.unwrap_or_else(|| panic!("no status: {status_line:?}"));
        let mut response = Response { status_line, status, headers, raw_body: Vec::new(), body: Vec::new() };
        if method == "HEAD" || status < 200 || status == 204 || status == 304 {
            return response;
        }
        if let Some(encoding) = response.header("Transfer-Encoding") {
            assert_eq!(encoding, "chunked");
            assert_eq!(response.header("Content-Length"), None, "a length beside chunks");
            self.receive_chunks(&mut response);
        } else if let Some(length) = response.header("Content-Length") {
            let length = length.parse().expect("a length");
            response.raw_body = self.take(length);
            response.body = response.raw_body.clone();
        } else {
            while self.fill() {}
            response.raw_body = std::mem::take(&mut self.ahead);
            response.body = response.raw_body.clone();
        }
        response
    }

    /// Reads the head of an answer whose body is to be read [piece by piece](Self::next_chunk).
    pub(crate) fn receive_begin(&mut self) -> (String, Vec<(String, Vec<u8>)>) {
        self.receive_head()
    }

    /// The next chunk of the body; none when that has come to its end.
    pub(crate) fn next_chunk(&mut self) -> Option<Vec<u8>> {
        let line = self.line();
        let size = usize::from_str_radix(std::str::from_utf8(&line).expect("ASCII"), 16).expect("a chunk size");
        let chunk = self.take(size);
        assert_eq!(self.line(), b"", "a chunk longer than it says");
        (size > 0).then_some(chunk)
    }

    /// Closes this side; the other must close too, without another byte.
    pub(crate) fn finish(mut self) {
        let _ = self.stream.shutdown(Shutdown::Write);
        while self.fill() {}
        assert_eq!(String::from_utf8_lossy(&self.ahead), "", "bytes after the answer");
    }

    fn receive_head(&mut self) -> (String, Vec<(String, Vec<u8>)>) {
        let status_line = String::from_utf8(self.line()).expect("a status line in UTF-8");
        assert!(status_line.starts_with("HTTP/1.1 "), "{status_line:?}");
        let mut headers = Vec::new();
        loop {
            let line = self.line();
            if line.is_empty() {
                return (status_line, headers);
            }
            let colon = line.windows(2).position(|pair| pair == b": ");
            let colon = colon.unwrap_or_else(|| panic!("not a header: {:?}", String::from_utf8_lossy(&line)));
            let name = String::from_utf8(line[..colon].to_vec()).expect("a header name in ASCII");
            headers.push((name, line[colon + 2..].to_vec()));
        }
    }

    /// Chunks without extensions, and no trailers.
    fn receive_chunks(&mut self, response: &mut Response) {
        loop {
            let line = self.line();
            let digits = std::str::from_utf8(&line).expect("a chunk size in ASCII");
            assert!(!digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits:?}");
            let size = usize::from_str_radix(digits, 16).expect("a chunk size");
            let chunk = self.take(size);
            assert_eq!(self.line(), b"", "a chunk longer than it says");
            response.raw_body.extend_from_slice(&line);
            response.raw_body.extend_from_slice(b"\r\n");
            response.raw_body.extend_from_slice(&chunk);
            response.raw_body.extend_from_slice(b"\r\n");
            response.body.extend_from_slice(&chunk);
            if size == 0 {
                return;
            }
        }
    }

    /// The bytes up to the next line end, which is left out.
    fn line(&mut self) -> Vec<u8> {
        let mut looked_at = 0;
        loop {
            if let Some(end) = self.ahead[looked_at..].windows(2).position(|pair| pair == b"\r\n") {
                let mut line = self.take(looked_at + end + 2);
                line.truncate(looked_at + end);
                return line;
            }
            looked_at = self.ahead.len().saturating_sub(1);
            assert!(self.fill(), "the connection was closed inside a line: {:?}", String::from_utf8_lossy(&self.ahead));
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.ahead.len() < length {
            assert!(self.fill(), "the connection was closed {} bytes too early", length - self.ahead.len());
        }
        let rest = self.ahead.split_off(length);
        std::mem::replace(&mut self.ahead, rest)
    }

    /// Reads some bytes ahead; whether there were any before the end.
    fn fill(&mut self) -> bool {
        let mut buffer = [0; 16 * 1024];
        let count = match self.stream.read(&mut buffer) {
            Ok(count) => count,
            // A signal, such as that of the end of another test's process.
            Err(error) if error.kind() == ErrorKind::Interrupted => return self.fill(),
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => panic!("no answer: {error}; read so far: {:?}", String::from_utf8_lossy(&self.ahead)),
        };
        self.ahead.extend_from_slice(&buffer[..count]);
        count > 0
    }
}
