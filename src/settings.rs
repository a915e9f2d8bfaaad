//! What may change while the server runs.
//!
//! Derived from [`Config`](crate::Config) at the start, kept in one place, read once per request or step, and replaced
//! as a whole, so that nobody ever sees half of a change.

use std::{num::NonZeroU64, sync::Arc, time::Duration};

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::ToSchema;

use crate::clock::{Clock, Timestamp};

/// How downloads behave. The names are those of the flags.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DownloadSettings {
    /// Uncompressed bytes beyond which a download ends as `MAX_CONTENT_SIZE_EXCEEDED`; none for no limit.
    pub max_content_size: Option<NonZeroU64>,
    /// How long a download lives after its last change.
    pub cleaner_max_age: Duration,
    /// How long a job stays `PENDING` before it begins.
    pub start_delay: Duration,
    /// Uncompressed bytes per second at which a job proceeds; none for as fast as it can.
    pub pace: Option<NonZeroU64>,
    /// How many nodes are looked at for archived content when a download is created; none for all.
    pub archive_check_limit: Option<u64>,
    /// Whether an entry of 4 GiB or more kills the job, as it does on the real server.
    pub fail_large_entries: bool,
    /// How many jobs run at once, 1 to 1024; the rest wait as `PENDING`. Jobs that run go on when there are fewer.
    pub workers: usize,
    /// When the counters of a job are updated.
    pub progress: ProgressStyle,
}

/// When the counters of a job are updated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema, ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum ProgressStyle {
    /// As on the real server: after the first chunk of a file, and about every 10 MB from there.
    #[default]
    Alfresco,
    /// After every file and every chunk of 20,480 bytes, or every thousandth of the whole where that is more: what a
    /// progress bar wants to be shown with.
    Smooth,
}

/// The settings in force. Clones are the same settings.
#[derive(Clone, Debug)]
pub struct Settings {
    clock: Clock,
    downloads: Arc<watch::Sender<InForce>>,
}

/// Settings, and since when they are in force: who hears of a change late must not take it for a late change.
#[derive(Clone, Debug)]
pub(crate) struct InForce {
    pub(crate) downloads: DownloadSettings,
    pub(crate) since: Timestamp,
}

impl Settings {
    pub(crate) fn new(downloads: DownloadSettings, clock: Clock) -> Self {
        let since = clock.now();
        Self { clock, downloads: Arc::new(watch::Sender::new(InForce { downloads, since })) }
    }

    /// The settings of downloads, as they are now.
    pub fn downloads(&self) -> DownloadSettings {
        self.downloads.borrow().downloads.clone()
    }

    /// Replaces the settings of downloads. What waits for one of them looks again.
    pub fn set_downloads(&self, downloads: DownloadSettings) {
        self.downloads.send_replace(InForce { downloads, since: self.clock.now() });
    }

    /// Tells of every later change.
    pub(crate) fn changes(&self) -> watch::Receiver<InForce> {
        self.downloads.subscribe()
    }
}
