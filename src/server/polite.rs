//! What is answered to bytes that are no request, or none that hyper reads.
//!
//! hyper refuses those itself, before anybody is asked, with a status and no body: what is no HTTP, a head that is too
//! long, more headers than it counts. The real server's container sends its page of errors, and so that is what goes out
//! instead. hyper writes when it has been given an answer, or refuses; so it is a refusal when no answer is owed.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::http::StatusCode;
use bytes::{Buf as _, Bytes};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::line::Line;

/// A connection on which refusals have a body.
pub(super) struct Polite<S, F> {
    stream: S,
    line: Line,
    /// What is sent for a refusal with a status.
    refusal: F,
    /// What is still to be sent instead of what hyper has written.
    instead: Option<Bytes>,
}

impl<S, F> Polite<S, F> {
    pub(super) fn new(stream: S, line: Line, refusal: F) -> Self {
        Self { stream, line, refusal, instead: None }
    }
}

impl<S: AsyncWrite + Unpin, F: Fn(StatusCode) -> Bytes + Unpin> Polite<S, F> {
    /// Whether these bytes are not to go out, since others do.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        if !self.line.owes_nothing() {
            return false;
        }
        if self.instead.is_none() {
            // `HTTP/1.1 431 …`
            let status = bytes.get(9..12).and_then(|digits| StatusCode::from_bytes(digits).ok());
            self.instead = status.map(|status| (self.refusal)(status));
        }
        self.instead.is_some()
    }

    fn poll_instead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Some(bytes) = &mut self.instead else { return Poll::Ready(Ok(())) };
        while !bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(context, bytes))?;
            bytes.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncRead + Unpin, F: Unpin> AsyncRead for Polite<S, F> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin, F: Fn(StatusCode) -> Bytes + Unpin> AsyncWrite for Polite<S, F> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        if self.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.replaces(slices.first().map_or(&[], |slice| slice)) {
            return Poll::Ready(Ok(slices.iter().map(|slice| slice.len()).sum()));
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.line.flushed();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_instead(context))?;
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
