//! The counters as text, in the format of Prometheus.

use std::{
    fmt::{self, Write as _},
    sync::atomic::{AtomicU64, Ordering},
};

use super::{BOUNDS, Subject, Telemetry};
use crate::{downloads::download::Status, networks::Networks};

/// The type of the text.
pub(crate) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Everything that is counted, and what there is at this moment.
pub(crate) fn render(networks: &Networks) -> String {
    let mut page = Page(String::with_capacity(8 << 10));
    let telemetry = networks.telemetry();
    page.requests(telemetry);
    page.jobs(telemetry);
    page.worlds(networks);
    page.0
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: &str, help: &str) {
        let _ = write!(self.0, "# HELP alfresco_mock_{name} {help}\n# TYPE alfresco_mock_{name} {kind}\n");
    }

    fn sample(&mut self, name: &str, labels: &str, value: impl fmt::Display) {
        let _ = match labels {
            "" => writeln!(self.0, "alfresco_mock_{name} {value}"),
            _ => writeln!(self.0, "alfresco_mock_{name}{{{labels}}} {value}"),
        };
    }

    /// A family with one sample.
    fn single(&mut self, name: &str, kind: &str, help: &str, value: impl fmt::Display) {
        self.family(name, kind, help);
        self.sample(name, "", value);
    }

    fn requests(&mut self, telemetry: &Telemetry) {
        let name = "request_duration_seconds";
        self.family(name, "histogram", "Requests by operation and status, from the head to the end of the answer.");
        let mut requests: Vec<_> = telemetry
            .requests()
            .iter()
            .map(|((subject, status), histogram)| {
                // A request that was given up has no status.
                let status = status.map_or_else(|| "none".to_owned(), |status| status.to_string());
                (format!("operation=\"{}\",status=\"{status}\"", operation(*subject)), *histogram)
            })
            .collect();
        requests.sort_by(|(one, _), (other, _)| one.cmp(other));
        for (labels, histogram) in requests {
            let mut count = 0;
            for (index, in_bucket) in histogram.buckets.iter().enumerate() {
                count += in_bucket;
                let bound = BOUNDS.get(index).map_or_else(|| "+Inf".to_owned(), ToString::to_string);
                self.sample(&format!("{name}_bucket"), &format!("{labels},le=\"{bound}\""), count);
            }
            self.sample(&format!("{name}_sum"), &labels, histogram.seconds);
            self.sample(&format!("{name}_count"), &labels, count);
        }
        let served = telemetry.0.served_bytes.load(Ordering::Relaxed);
        self.single("served_bytes_total", "counter", "Bytes of bodies that were sent.", served);
    }

    fn jobs(&mut self, telemetry: &Telemetry) {
        let jobs = &telemetry.0.jobs;
        let value = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        self.single("jobs_started_total", "counter", "Jobs that have begun.", value(&jobs.started));
        self.family("jobs_ended_total", "counter", "Jobs that have ended, by the status that they left.");
        for (status, counter) in [
            (Status::Done.as_str(), &jobs.done),
            (Status::Cancelled.as_str(), &jobs.cancelled),
            (Status::MaxContentSizeExceeded.as_str(), &jobs.too_large),
            ("died", &jobs.died),
        ] {
            self.sample("jobs_ended_total", &format!("status=\"{status}\""), value(counter));
        }
        self.single("zipped_files_total", "counter", "Files that jobs have zipped.", value(&jobs.zipped_files));
        let help = "Uncompressed bytes that jobs have zipped.";
        self.single("zipped_bytes_total", "counter", help, value(&jobs.zipped_bytes));
    }

    fn worlds(&mut self, networks: &Networks) {
        let all = networks.all();
        self.single("tasks", "gauge", "What runs: connections, jobs, and what cleans up.", networks.tasks());
        self.single("networks", "gauge", "Networks that there are.", all.len());
        let nodes: usize = all.iter().map(|network| network.repository().read().len()).sum();
        self.single("nodes", "gauge", "Nodes of all networks, downloads aside.", nodes);
        self.family("downloads", "gauge", "Downloads that there are, by status.");
        let mut counts = [0_usize; STATUSES.len()];
        for network in &all {
            for status in network.downloads().statuses() {
                if let Some(index) = STATUSES.iter().position(|known| *known == status) {
                    counts[index] += 1;
                }
            }
        }
        for (status, count) in STATUSES.iter().zip(counts) {
            self.sample("downloads", &format!("status=\"{}\"", status.as_str()), count);
        }
        let dropped: u64 = all.iter().map(|network| network.journal().dropped()).sum();
        self.single("journal_dropped", "gauge", "Requests that the journals had no room for.", dropped);
        let cache = networks.cache();
        self.single("cache_memory_bytes", "gauge", "Deflated bytes in memory, cached or in use.", cache.memory_bytes);
        self.single("cache_spooled_bytes", "gauge", "Deflated bytes in files that are cached.", cache.spooled_bytes);
        self.single("cache_contents", "gauge", "Deflated contents that are cached.", cache.contents);
        let help = "Contents that were deflated; files that were zipped without it came from the cache.";
        self.single("cache_deflated_total", "counter", help, cache.deflated);
    }
}

const STATUSES: [Status; 5] =
    [Status::Pending, Status::InProgress, Status::Done, Status::Cancelled, Status::MaxContentSizeExceeded];

fn operation(subject: Subject) -> String {
    match subject {
        Subject::Api(Some(operation)) => operation.to_string(),
        Subject::Api(None) => "none".to_owned(),
        Subject::Control => "control".to_owned(),
        Subject::Page => "page".to_owned(),
    }
}
