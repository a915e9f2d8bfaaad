//! Asking a running server whether it is ready: the container's health check, for which no other program is needed.

use std::time::Duration;

use axum::http::{Request, Uri, header::HOST};
use http_body_util::Empty;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use crate::{
    clock::{self, Clock},
    config::HealthArgs,
};

const PROBE: &str = "/alfresco/api/-default-/public/alfresco/versions/1/probes/-ready-";

/// How long one try may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(50);

/// Why a server is not known to be ready.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Unhealthy {
    /// Not an address of the form `http://host:port`.
    #[error("invalid value '{0}' for '--url <URL>': expected an address such as http://127.0.0.1:8080")]
    Url(String),
    /// Nobody answers there.
    #[error("no answer from {url}: {reason}")]
    NoAnswer {
        /// Who was asked.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// Somebody answers, but not that it is ready.
    #[error("{url} answers {status}")]
    NotReady {
        /// Who was asked.
        url: String,
        /// What it said.
        status: u16,
    },
}

/// Asks until the server is ready or the patience that `args` allow is used up.
///
/// # Errors
/// What the last try found.
pub async fn health(args: &HealthArgs) -> Result<(), Unhealthy> {
    let url = args.url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", args.port));
    let target = Target::of(&url)?;
    let clock = Clock::system();
    let deadline = clock.now() + args.wait;
    loop {
        let outcome = clock::within(PATIENCE, target.ask(&url)).await.unwrap_or_else(|| {
            Err(Unhealthy::NoAnswer { url: url.clone(), reason: format!("nothing within {PATIENCE:?}") })
        });
        if outcome.is_ok() || clock.now() >= deadline {
            return outcome;
        }
        clock::real_sleep(PAUSE).await;
    }
}

struct Target {
    authority: String,
    host: String,
    port: u16,
}

impl Target {
    fn of(url: &str) -> Result<Self, Unhealthy> {
        let refuse = || Unhealthy::Url(url.to_owned());
        let uri: Uri = url.parse().map_err(|_| refuse())?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http")).ok_or_else(refuse)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { authority: authority.to_string(), host, port: authority.port_u16().unwrap_or(80) })
    }

    async fn ask(&self, url: &str) -> Result<(), Unhealthy> {
        let no_answer = |reason: String| Unhealthy::NoAnswer { url: url.to_owned(), reason };
        let stream =
            TcpStream::connect((self.host.as_str(), self.port)).await.map_err(|error| no_answer(error.to_string()))?;
        let (mut sender, connection) =
            http1::handshake(TokioIo::new(stream)).await.map_err(|error| no_answer(error.to_string()))?;
        let request = Request::get(PROBE)
            .header(HOST, &self.authority)
            .body(Empty::<bytes::Bytes>::new())
            .map_err(|error| no_answer(error.to_string()))?;
        // The connection is driven beside the question, and dropped with it.
        let answer = sender.send_request(request);
        tokio::pin!(answer);
        let response = tokio::select! {
            response = &mut answer => response,
            // It may end with the answer: that is then waiting.
            _ = connection => answer.await,
        };
        let status = response.map_err(|error| no_answer(error.to_string()))?.status();
        if status.is_success() {
            Ok(())
        } else {
            Err(Unhealthy::NotReady { url: url.to_owned(), status: status.as_u16() })
        }
    }
}
