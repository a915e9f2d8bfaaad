//! Connections: accepting them, serving them, and letting them go.
//!
//! Not axum's own loop, since only hyper's builder can be told to spell header names as the real server does.

use std::{convert::Infallible, io, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::{
    api::front::Front,
    clock,
    line::{Line, Wire},
    tasks::Tasks,
};

/// How long bodies under way may go on after a stop.
pub(crate) const GRACE: Duration = Duration::from_secs(2);

/// How long to wait before accepting again when the process has no file descriptor left.
const EXHAUSTED: Duration = Duration::from_millis(50);

/// Serves until the tasks are told to stop; then idle connections are closed at once, and running ones soon.
pub(crate) async fn serve(listener: TcpListener, front: Front, tasks: Tasks) {
    let stopping = tasks.stopping();
    let graceful = GracefulShutdown::new();
    let cut = CancellationToken::new();
    let mut builder = http1::Builder::new();
    builder.title_case_headers(true).timer(TokioTimer::new()).header_read_timeout(None);
    loop {
        let accepted = tokio::select! {
            biased;
            () = stopping.cancelled() => break,
            accepted = listener.accept() => accepted,
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
        let (front, line) = (front.clone(), Line::default());
        let wire = Wire::new(stream, line.clone());
        let for_requests = line.clone();
        let service = service_fn(move |request| {
            let (front, line) = (front.clone(), for_requests.clone());
            async move { Ok::<_, Infallible>(front.answer(request, line).await) }
        });
        let connection = graceful.watch(builder.serve_connection(TokioIo::new(wire), service));
        let cut = cut.clone();
        tasks.spawn_until_done("connection", async move {
            tokio::select! {
                biased;
                () = cut.cancelled() => (),
                () = line.broken() => (),
                ended = connection => if let Err(error) = ended {
                    debug!("a connection ended early: {error}");
                },
            }
        });
    }
    drop(listener);
    if clock::within(GRACE, graceful.shutdown()).await.is_none() {
        warn!("some connections were cut after {GRACE:?}");
        cut.cancel();
    }
}

/// Whether a connection was gone before it was accepted.
fn is_the_clients(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
