//! A part of a content as an HTTP body: its length is known, its bytes are pulled by the socket.
//!
//! Bytes in memory are handed on as they are. Bytes in a file are read a piece ahead of the socket, on a thread that
//! may block, so a reader holds two pieces at the most, however large the content is.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use tokio::task::JoinHandle;
use tracing::warn;

use super::{Content, Piece};
use crate::tasks;

/// The bytes of `content` from `offset` to `end`.
#[derive(Debug)]
pub(crate) struct ContentBody {
    content: Content,
    /// Where the next piece begins.
    offset: u64,
    end: u64,
    /// Bytes not handed on yet.
    left: u64,
    reading: Option<JoinHandle<io::Result<Bytes>>>,
}

impl ContentBody {
    pub(crate) fn new(content: Content, offset: u64, end: u64) -> Self {
        Self { content, offset, end, left: end - offset, reading: None }
    }

    /// The next bytes at once, or a read of them under way.
    fn next(&mut self) -> Option<Bytes> {
        if self.offset == self.end {
            return None;
        }
        match self.content.piece_at(self.offset, self.end) {
            Piece::Bytes(bytes) => {
                self.offset += bytes.len() as u64;
                Some(bytes)
            }
            Piece::Read(slice) => {
                self.offset += slice.len();
                self.reading = Some(tasks::blocking(move || slice.read()));
                None
            }
        }
    }
}

impl Body for ContentBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let bytes = match &mut self.reading {
            None => match self.next() {
                Some(bytes) => bytes,
                None if self.reading.is_none() => return Poll::Ready(None),
                None => return self.poll_frame(context),
            },
            Some(reading) => {
                let read =
                    ready!(Pin::new(reading).poll(context)).unwrap_or_else(|failure| Err(io::Error::other(failure)));
                self.reading = None;
                match read {
                    Ok(bytes) => {
                        if self.offset < self.end
                            && let Piece::Read(slice) = self.content.piece_at(self.offset, self.end)
                        {
                            self.offset += slice.len();
                            self.reading = Some(tasks::blocking(move || slice.read()));
                        }
                        bytes
                    }
                    Err(error) => {
                        warn!("a body was cut short, since its content could not be read: {error}");
                        return Poll::Ready(Some(Err(error)));
                    }
                }
            }
        };
        self.left -= bytes.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(bytes))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
