//! The bodies of replies.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as _, Frame, SizeHint};
use http_body_util::{BodyExt as _, Collected};

/// A body that does not tell its length, as the real server's JSON does not: it is sent in chunks.
pub(super) fn chunked(bytes: Vec<u8>) -> Body {
    Body::new(Chunked(Some(bytes.into())))
}

/// Reads a body that is no longer than `longest`, which any is that is read as JSON; the same body again, and its bytes. A
/// longer one comes back as it is.
pub(super) async fn read_ahead(body: Body, longest: u64) -> (Body, Bytes) {
    let is_short = body.size_hint().upper().is_some_and(|length| length <= longest);
    if !is_short {
        return (body, Bytes::new());
    }
    match body.collect().await.map(Collected::to_bytes) {
        Ok(bytes) => (Body::from(bytes.clone()), bytes),
        // The client has gone: nobody reads the answer.
        Err(_) => (Body::empty(), Bytes::new()),
    }
}

/// No bytes. hyper moves the length of a body that has ended before it began behind all other headers; this one ends a
/// moment later.
pub(super) fn empty() -> Body {
    Body::new(NoBytes)
}

struct NoBytes;

impl http_body::Body for NoBytes {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(None)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(0)
    }
}

struct Chunked(Option<Bytes>);

impl http_body::Body for Chunked {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|bytes| Ok(Frame::data(bytes))))
    }
}
