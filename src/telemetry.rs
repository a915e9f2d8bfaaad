//! What is counted for those who watch the server: requests, jobs, bytes. One per instance, for all its networks.
//!
//! Times are real ones, whatever the clocks of the networks show.

pub(crate) mod exposition;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use tracing::debug;

use crate::{clock, downloads::download::Status, operation::Operation};

/// The upper bounds of the latency histogram, in seconds.
const BOUNDS: [f64; 12] = [0.000_1, 0.000_5, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0];

/// The counters. Clones are the same ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Telemetry(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    requests: Mutex<BTreeMap<Asked, Histogram>>,
    served_bytes: AtomicU64,
    jobs: Jobs,
}

#[derive(Debug, Default)]
struct Jobs {
    started: AtomicU64,
    done: AtomicU64,
    cancelled: AtomicU64,
    too_large: AtomicU64,
    died: AtomicU64,
    zipped_files: AtomicU64,
    zipped_bytes: AtomicU64,
}

/// What a request asked for, and the status of its answer, if there was one.
type Asked = (Subject, Option<u16>);

/// What a request is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Subject {
    /// An operation of the API; none for an address that has none.
    Api(Option<Operation>),
    /// Control by testers.
    Control,
    /// The page for people.
    Page,
}

#[derive(Clone, Copy, Debug, Default)]
struct Histogram {
    /// Each is counted in the first bucket that it fits, the last being for all that is longer.
    buckets: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

impl Telemetry {
    /// A job has begun.
    pub(crate) fn job_started(&self) {
        self.0.jobs.started.fetch_add(1, Ordering::Relaxed);
    }

    /// A job has come to an end with this status, or died, and has zipped so much.
    pub(crate) fn job_ended(&self, status: Option<Status>, files: u64, bytes: u64) {
        let jobs = &self.0.jobs;
        let ended = match status {
            Some(Status::Done) => &jobs.done,
            Some(Status::Cancelled) => &jobs.cancelled,
            Some(Status::MaxContentSizeExceeded) => &jobs.too_large,
            _ => &jobs.died,
        };
        ended.fetch_add(1, Ordering::Relaxed);
        jobs.zipped_files.fetch_add(files, Ordering::Relaxed);
        jobs.zipped_bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn observe(&self, asked: Asked, seconds: f64, bytes: u64) {
        if bytes > 0 {
            self.0.served_bytes.fetch_add(bytes, Ordering::Relaxed);
        }
        let mut requests = self.requests();
        let histogram = requests.entry(asked).or_default();
        let bucket = BOUNDS.iter().position(|bound| seconds <= *bound).unwrap_or(BOUNDS.len());
        histogram.buckets[bucket] += 1;
        histogram.seconds += seconds;
    }

    fn requests(&self) -> MutexGuard<'_, BTreeMap<Asked, Histogram>> {
        self.0.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Follows one request to the end of its answer, or to the moment at which it is given up; then counts it and logs it.
#[derive(Debug)]
pub(crate) struct Meter {
    telemetry: Telemetry,
    subject: Subject,
    started: Instant,
    /// Method and path, if somebody reads the log.
    line: Option<String>,
    status: Option<u16>,
    bytes: u64,
}

impl Meter {
    /// A request has come. The query is not logged: it may hold a ticket.
    pub(crate) fn begin(telemetry: &Telemetry, subject: Subject, method: &str, path: &str) -> Self {
        let line = tracing::enabled!(tracing::Level::DEBUG).then(|| format!("{method} {path}"));
        let started = clock::real_instant();
        Self { telemetry: telemetry.clone(), subject, started, line, status: None, bytes: 0 }
    }

    /// The answer begins.
    pub(crate) fn answered(&mut self, status: u16) {
        self.status = Some(status);
    }

    /// Some of its body was handed over.
    pub(crate) fn served(&mut self, bytes: u64) {
        self.bytes += bytes;
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let took = self.started.elapsed();
        self.telemetry.observe((self.subject, self.status), took.as_secs_f64(), self.bytes);
        if let Some(line) = &self.line {
            let status = self.status.map_or_else(|| "-".to_owned(), |status| status.to_string());
            debug!(
                request.status = self.status,
                request.bytes = self.bytes,
                request.micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX),
                "{line} {status}"
            );
        }
    }
}
