//! The connection under a request, for those who are to break it.
//!
//! hyper answers requests; it knows no way to stop in the middle. A [`Wire`] lies between hyper and the socket, and a
//! [`Line`] is the handle by which a request can have its own connection closed or reset, at once or as soon as all
//! that was written is out.
//!
//! A client that is refused while it still sends must not lose the answer: a socket that is closed with bytes unread is
//! reset. So what such a client sends is read for a while, and dropped.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;

use crate::clock;

/// How long and how much is read of a client that was refused.
const FAREWELL: Duration = Duration::from_secs(2);
const FAREWELL_BYTES: usize = 64 << 20;

/// How a connection is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Break {
    /// As if the server had nothing more to say.
    Close,
    /// As if the server had died: the client's next read or write fails.
    Reset,
}

/// A handle to a connection. Clones are of the same one.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    cut: CancellationToken,
    is_reset: AtomicBool,
    /// Whether it is to be cut when everything written is out.
    is_armed: AtomicBool,
}

impl Line {
    /// Breaks it now.
    pub(crate) fn cut(&self, how: Break) {
        self.0.is_reset.store(how == Break::Reset, Ordering::Release);
        self.0.cut.cancel();
    }

    /// Breaks it when everything that was written by then is out.
    pub(crate) fn cut_when_flushed(&self, how: Break) {
        self.0.is_reset.store(how == Break::Reset, Ordering::Release);
        self.0.is_armed.store(true, Ordering::Release);
    }

    /// Resolves when it is to be dropped.
    pub(crate) async fn broken(&self) {
        self.0.cut.cancelled().await;
    }
}

/// A socket with a line.
#[derive(Debug)]
pub(crate) struct Wire {
    stream: TcpStream,
    line: Line,
    farewell: Option<Farewell>,
}

/// What is still read of a client that was refused.
struct Farewell {
    bytes_left: usize,
    until: Pin<Box<dyn Future<Output = ()> + Send>>,
    has_begun: bool,
}

impl std::fmt::Debug for Farewell {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Farewell").field("bytes_left", &self.bytes_left).finish_non_exhaustive()
    }
}

impl Wire {
    pub(crate) fn new(stream: TcpStream, line: Line) -> Self {
        Self { stream, line, farewell: None }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.line.0.is_reset.load(Ordering::Acquire) && self.line.0.cut.is_cancelled() {
            // A socket that does not linger is reset when it is closed. One that is gone already cannot be.
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        if self.line.0.is_armed.load(Ordering::Acquire) {
            self.line.0.cut.cancel();
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Self { stream, farewell, .. } = &mut *self;
        if farewell.is_none() {
            ready!(Pin::new(&mut *stream).poll_shutdown(context))?;
        }
        let farewell = farewell.get_or_insert_with(|| Farewell {
            bytes_left: FAREWELL_BYTES,
            until: Box::pin(clock::real_sleep(FAREWELL)),
            has_begun: false,
        });
        let mut scrap = [0; 8 << 10];
        loop {
            let mut buffer = ReadBuf::new(&mut scrap);
            match Pin::new(&mut *stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if (1..farewell.bytes_left).contains(&buffer.filled().len()) => {
                    farewell.bytes_left -= buffer.filled().len();
                    farewell.has_begun = true;
                }
                Poll::Pending if farewell.has_begun => return farewell.until.as_mut().poll(context).map(Ok),
                // Nothing was on its way, or it has ended.
                _ => return Poll::Ready(Ok(())),
            }
        }
    }
}
