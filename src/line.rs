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
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};
use tokio_util::sync::CancellationToken;
use tracing::debug;

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
    traffic: Traffic,
    cut: CancellationToken,
    is_reset: AtomicBool,
    /// Whether it is to be cut when everything written is out.
    is_armed: AtomicBool,
}

/// What has gone over a connection. Each number is written by the connection's own task, save for HTTP/2, where requests
/// are answered by several.
#[derive(Debug, Default)]
struct Traffic {
    reads: AtomicU64,
    writes: AtomicU64,
    /// Whether the client is to take something before more can be written.
    is_blocked: AtomicBool,
    /// Requests whose heads were read.
    begun: AtomicU64,
    /// Those whose answers were made to the end, or given up.
    ended: AtomicU64,
    /// How many reads there had been when the last of them ended.
    settled: AtomicU64,
    /// Requests whose answers are out, as far as that has been looked at.
    answered: AtomicU64,
    /// Whether there is more to read than requests.
    has_streams: AtomicBool,
}

/// How long a client may take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Patience {
    /// For the head of a request, once it has begun.
    pub(crate) head: Duration,
    /// Between requests.
    pub(crate) idle: Duration,
    /// To take any of what is written to it.
    pub(crate) write: Duration,
}

/// A request under way. Dropping it says that it has ended.
#[derive(Debug)]
pub(crate) struct UnderWay(Line);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let traffic = &self.0.0.traffic;
        traffic.settled.store(traffic.reads.load(Ordering::Relaxed), Ordering::Relaxed);
        traffic.ended.fetch_add(1, Ordering::Relaxed);
    }
}

impl Line {
    /// A request has come.
    pub(crate) fn begin(&self) -> UnderWay {
        self.0.traffic.begun.fetch_add(1, Ordering::Relaxed);
        UnderWay(self.clone())
    }

    /// Says that everything that was written is out.
    pub(crate) fn flushed(&self) {
        let Traffic { begun, ended, answered, .. } = &self.0.traffic;
        let begun = begun.load(Ordering::Relaxed);
        if ended.load(Ordering::Relaxed) == begun {
            answered.store(begun, Ordering::Relaxed);
        }
    }

    /// Whether all requests that have come are answered, and those answers are out.
    pub(crate) fn owes_nothing(&self) -> bool {
        let Traffic { begun, ended, answered, .. } = &self.0.traffic;
        let begun = begun.load(Ordering::Relaxed);
        ended.load(Ordering::Relaxed) == begun && answered.load(Ordering::Relaxed) == begun
    }

    /// Says that what comes is not one request after the other.
    pub(crate) fn expect_streams(&self) {
        self.0.traffic.has_streams.store(true, Ordering::Relaxed);
    }

    /// Resolves when the client has taken longer than `patience` has it. Looks from time to time, so that nothing is to be
    /// done for each request.
    pub(crate) async fn outstayed(&self, patience: Patience, is_crowded: impl Fn() -> bool) {
        let traffic = &self.0.traffic;
        let look = |number: &AtomicU64| number.load(Ordering::Relaxed);
        let pause = (patience.head.min(patience.idle).min(patience.write) / 4).max(Duration::from_millis(1));
        let (mut begun, mut writes) = (0, 0);
        let (mut idle, mut partial, mut blocked) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
        let mut before = clock::real_instant();
        loop {
            clock::real_sleep(pause).await;
            let now = clock::real_instant();
            let passed = now - before;
            before = now;
            let is_stuck = traffic.is_blocked.load(Ordering::Relaxed) && look(&traffic.writes) == writes;
            blocked = if is_stuck { blocked + passed } else { Duration::ZERO };
            if blocked >= patience.write {
                debug!("a client that takes nothing was cut");
                return self.cut(Break::Reset);
            }
            let is_quiet = look(&traffic.ended) == look(&traffic.begun) && look(&traffic.begun) == begun;
            idle = if is_quiet { idle + passed } else { Duration::ZERO };
            let has_begun = is_quiet
                && look(&traffic.reads) != look(&traffic.settled)
                && !traffic.has_streams.load(Ordering::Relaxed);
            partial = if has_begun { partial + passed } else { Duration::ZERO };
            let longest = if is_crowded() { patience.idle.min(patience.head) } else { patience.idle };
            if partial >= patience.head || idle >= longest {
                debug!("a client that asks for nothing was cut");
                return self.cut(Break::Close);
            }
            (begun, writes) = (look(&traffic.begun), look(&traffic.writes));
        }
    }

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

impl Traffic {
    fn written<T>(&self, polled: &Poll<T>) {
        self.is_blocked.store(polled.is_pending(), Ordering::Relaxed);
        if polled.is_ready() {
            count(&self.writes);
        }
    }
}

/// One more, where nobody else counts.
fn count(number: &AtomicU64) {
    number.store(number.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
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
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.stream).poll_read(context, buffer);
        if buffer.filled().len() > before {
            count(&self.line.0.traffic.reads);
        }
        polled
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.line.0.traffic.written(&polled);
        polled
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.stream).poll_write_vectored(context, slices);
        self.line.0.traffic.written(&polled);
        polled
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
