//! A download, as testers see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Point, Progress, Status, Timestamp,
    downloads::{download::Download, gate::Gate},
};

/// A download at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, and they go on the wire as such")]
pub struct DownloadView {
    /// Its id.
    pub id: String,
    /// What its zip is called.
    pub name: String,
    /// Whose it is.
    pub user: String,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// When it was last changed. The age at which it is deleted is counted from here.
    #[schema(value_type = String)]
    pub modified_at: Timestamp,
    /// The nodes that it was asked for.
    pub node_ids: Vec<String>,
    /// Where it stands, as a client sees it, or saw it last.
    pub status: Status,
    /// Files that are zipped whole, as published.
    pub files_added: u64,
    /// Uncompressed bytes that are zipped, as published.
    pub bytes_added: u64,
    /// Files to be zipped, as published.
    pub total_files: u64,
    /// Uncompressed bytes to be zipped, as published.
    pub total_bytes: u64,
    /// Where its gate is shut, when that is at a named point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Point>,
    /// Whether its job waits at its gate now.
    pub is_held: bool,
    /// Whether its job is over. One that is, with a status that is not final, has died.
    pub is_job_over: bool,
    /// How often its status was asked for.
    pub polls: u64,
    /// Whether all of its content was handed over.
    pub is_fetched: bool,
    /// Whether it was deleted.
    pub is_deleted: bool,
}

impl DownloadView {
    pub(super) fn of(download: &Download) -> Self {
        // Before the progress: a job publishes first and is held, or over, then, so what is seen of it is never older.
        let steering = download.steering();
        let gate = steering.as_ref().map(|steering| &steering.gate);
        let (is_held, is_job_over) = (gate.is_some_and(Gate::is_held), gate.is_none_or(Gate::has_ended));
        let Progress { status, files_added, bytes_added, total_files, total_bytes } = download.progress();
        let report = download.report();
        Self {
            id: download.id.to_string(),
            name: download.name.to_string(),
            user: download.creator.user.to_string(),
            created_at: download.created,
            modified_at: download.modified(),
            node_ids: download.node_ids.iter().map(ToString::to_string).collect(),
            status,
            files_added,
            bytes_added,
            total_files,
            total_bytes,
            gate: gate.and_then(Gate::point),
            is_held,
            is_job_over,
            polls: report.poll_count,
            is_fetched: report.fetched.is_some(),
            is_deleted: download.is_deleted(),
        }
    }

    /// Status and counters.
    pub fn progress(&self) -> Progress {
        Progress {
            status: self.status,
            files_added: self.files_added,
            bytes_added: self.bytes_added,
            total_files: self.total_files,
            total_bytes: self.total_bytes,
        }
    }
}
