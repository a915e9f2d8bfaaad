//! Connections: accepting them, serving them, and letting them go.
//!
//! Not axum's own loop, since only hyper's builder can be told to spell header names as the real server does.

mod polite;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use futures_util::future::join_all;
use hyper::{
    Request, Response,
    body::Incoming,
    rt::Executor,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::{GracefulShutdown, Watcher},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use self::polite::Polite;
use crate::{
    api::front::Front,
    clock,
    layers::body::Watched,
    line::{Line, Patience, Wire},
    panics,
    tasks::Tasks,
};

/// How long bodies under way may go on after a stop.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// How long to wait before accepting again when the process has no file descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// How many headers hyper reads unless it is told otherwise, which makes it slower.
const USUAL_HEADERS: usize = 100;

/// A port that is listened on, and what answers there.
pub(crate) struct Door {
    listener: TcpListener,
    /// None for plain HTTP.
    tls: Option<TlsAcceptor>,
    front: Front,
}

impl Door {
    pub(crate) fn plain(listener: TcpListener, front: Front) -> Self {
        Self { listener, tls: None, front }
    }

    pub(crate) fn encrypted(listener: TcpListener, tls: TlsAcceptor, front: Front) -> Self {
        Self { listener, tls: Some(tls), front }
    }
}

/// Serves until the tasks are told to stop; then idle connections are closed at once, and running ones soon.
pub(crate) async fn serve(doors: Vec<Door>, connections: usize, patience: Patience, tasks: Tasks) {
    let graceful = GracefulShutdown::new();
    let cut = CancellationToken::new();
    let accept = |door| {
        let places = Arc::new(Semaphore::new(connections));
        accept(door, places, patience, &tasks, (&graceful, &cut))
    };
    join_all(doors.into_iter().map(accept)).await;
    if clock::within(GRACE, graceful.shutdown()).await.is_none() {
        warn!("some connections were cut after {GRACE:?}");
        cut.cancel();
    }
}

/// Accepts connections until the tasks are told to stop.
///
/// There are no more of them at once than `places`: as the real server's, others wait to be accepted.
async fn accept(
    door: Door,
    places: Arc<Semaphore>,
    patience: Patience,
    tasks: &Tasks,
    (graceful, cut): (&GracefulShutdown, &CancellationToken),
) {
    let stopping = tasks.stopping();
    let mut was_full = false;
    loop {
        let is_full = places.available_permits() == 0;
        if is_full && !was_full {
            warn!("there are as many connections as there may be; see --max-connections");
        }
        was_full = is_full;
        let place = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            place = places.clone().acquire_owned() => place,
        };
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = door.listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                if !is_the_clients(&error) {
                    warn!("no connection could be accepted: {error}");
                    clock::real_sleep(EXHAUSTED).await;
                }
                continue;
            }
        };
        // Answers are written whole, so waiting for more to send would only delay them.
        let _ = stream.set_nodelay(true);
        let line = Line::default();
        let wire = Wire::new(stream, line.clone());
        let talk = Talk { front: door.front.clone(), tasks: tasks.clone(), line: line.clone() };
        let (tls, watcher, cut) = (door.tls.clone(), graceful.watcher(), cut.clone());
        let places = places.clone();
        tasks.spawn_until_done("connection", async move {
            let _held = place;
            tokio::select! {
                biased;
                () = cut.cancelled() => (),
                () = line.broken() => (),
                () = line.outstayed(patience, || places.available_permits() == 0) => (),
                () = talk.begin(wire, tls, watcher) => (),
            }
        });
    }
}

/// One connection, from its greeting to its end. Its requests share it, rather than what all connections share: counting
/// the holders of something on all cores costs more than most else that is done for a request.
struct Talk {
    front: Front,
    tasks: Tasks,
    line: Line,
}

impl Talk {
    async fn begin(self, wire: Wire, tls: Option<TlsAcceptor>, watcher: Watcher) {
        match tls {
            None => self.speak_http1(wire, watcher).await,
            // In a box: it takes more room than all of the other.
            Some(tls) => Box::pin(self.begin_encrypted(wire, tls, watcher)).await,
        }
    }

    async fn begin_encrypted(self, wire: Wire, tls: TlsAcceptor, watcher: Watcher) {
        let stopping = self.tasks.stopping();
        let greeted = tokio::select! {
            biased;
            () = stopping.cancelled() => return,
            greeted = tls.accept(wire) => greeted,
        };
        match greeted {
            Ok(stream) if stream.get_ref().1.alpn_protocol() == Some(b"h2") => self.speak_http2(stream, watcher).await,
            Ok(stream) => self.speak_http1(stream, watcher).await,
            Err(error) => debug!("a connection could not be encrypted: {error}"),
        }
    }

    async fn speak_http1(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, watcher: Watcher) {
        let mut builder = http1::Builder::new();
        // Each answer has its date already.
        builder.title_case_headers(true).auto_date_header(false);
        builder.timer(TokioTimer::new()).header_read_timeout(None);
        let most_headers = self.front.most_headers();
        if most_headers > USUAL_HEADERS {
            builder.max_headers(most_headers);
        }
        let refusing = self.front.clone();
        let stream = Polite::new(stream, self.line.clone(), move |status| refusing.refusal(status));
        let talk = Arc::new(self);
        let service = service_fn(move |request| talk.clone().answer(request));
        tell(watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await);
    }

    async fn speak_http2(self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, watcher: Watcher) {
        self.line.expect_streams();
        let mut builder = http2::Builder::new(Streams(self.tasks.clone()));
        builder.timer(TokioTimer::new());
        let talk = Arc::new(self);
        let service = service_fn(move |request| talk.clone().answer(request));
        tell(watcher.watch(builder.serve_connection(TokioIo::new(stream), service)).await);
    }

    async fn answer(self: Arc<Self>, request: Request<Incoming>) -> Result<Response<Watched>, Infallible> {
        let under_way = self.line.begin();
        let answered = panics::caught(self.front.answer(request, &self.line)).await;
        Ok(answered.unwrap_or_else(|_| self.front.failed()).map(|body| body.to(under_way)))
    }
}

fn tell(ended: hyper::Result<()>) {
    if let Err(error) = ended {
        debug!("a connection ended early: {error}");
    }
}

/// Runs the requests of an HTTP/2 connection, which may be many at once.
#[derive(Clone)]
struct Streams(Tasks);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Streams {
    fn execute(&self, future: F) {
        self.0.spawn_until_done("stream", future);
    }
}

/// Whether a connection was gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
