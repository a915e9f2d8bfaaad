//! The spelling of header names on the wire.
//!
//! hyper can give each word of a name a capital, which suits all names but two: `ETag` and `WWW-Authenticate`. It can
//! also repeat the spelling that a peer used, but keeps that in a type of its own. So it is shown a response with the
//! right spelling once, at the start, and what it remembers of it is added to the responses that need it.

use axum::http::{Extensions, Request};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

const LESSON: &[u8] = b"HTTP/1.1 200 OK\r\nETag: a\r\nWWW-Authenticate: b\r\nContent-Length: 0\r\n\r\n";

/// What hyper remembers of a spelling.
#[derive(Clone, Debug)]
pub(crate) struct Spelling(Extensions);

/// hyper could not be taught, which would be a bug of ours.
#[derive(Debug, thiserror::Error)]
#[error("hyper does not keep the spelling of header names: {0}")]
pub(crate) struct NotLearnt(#[from] hyper::Error);

impl Spelling {
    /// Learns it from a connection to itself.
    pub(crate) async fn learn() -> Result<Self, NotLearnt> {
        let (near, mut far) = tokio::io::duplex(1024);
        let (mut sender, connection) =
            http1::Builder::new().preserve_header_case(true).handshake(TokioIo::new(near)).await?;
        let lesson = async {
            let learnt = sender.send_request(Request::new(Empty::<bytes::Bytes>::new())).await;
            drop(sender);
            learnt
        };
        let teacher = async {
            // Answered too early, it would be refused.
            let _ = far.read_u8().await;
            let _ = far.write_all(LESSON).await;
        };
        let (response, (), _) = tokio::join!(lesson, teacher, connection);
        Ok(Self(response?.into_parts().0.extensions))
    }

    /// Makes a response be written in it.
    pub(crate) fn apply(&self, extensions: &mut Extensions) {
        extensions.extend(self.0.clone());
    }
}
