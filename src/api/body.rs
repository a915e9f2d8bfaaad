//! The bodies of replies.

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::Body;
use bytes::Bytes;
use http_body::{Frame, SizeHint};

/// A body that does not tell its length, as the real server's JSON does not: it is sent in chunks.
pub(super) fn chunked(bytes: Vec<u8>) -> Body {
    Body::new(Chunked(Some(bytes.into())))
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
