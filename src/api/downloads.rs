//! Downloads: `createDownload`, `getDownload`, `cancelDownload` (wire reference, section 2).

use axum::{http::StatusCode, response::Response};
use serde::Serialize;

use super::{
    envelope::{self, Entry},
    extract::{Id, JsonBody, Parameters},
    jackson::{self, Bean, Kind, Object},
};
use crate::{
    downloads::download::{Download, Progress},
    error::{Error, Result},
    layers::Told,
    network::Network,
    repository::access::Caller,
};

const DOWNLOAD: Bean = Bean {
    class: "org.alfresco.rest.api.model.Download",
    properties: &[
        (
            "status",
            Kind::Enum {
                class: "org.alfresco.service.cmr.download.DownloadStatus$Status",
                names: &["PENDING", "IN_PROGRESS", "DONE", "MAX_CONTENT_SIZE_EXCEEDED", "CANCELLED"],
            },
        ),
        ("totalFiles", Kind::Long),
        ("bytesAdded", Kind::Long),
        ("nodeIds", Kind::Texts),
        ("totalBytes", Kind::Long),
        ("filesAdded", Kind::Long),
        ("id", Kind::Text),
    ],
    allows_array: false,
};

/// The members in the order of the real server's hash map (section 2.1).
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct DownloadEntry {
    files_added: u64,
    bytes_added: u64,
    total_bytes: u64,
    id: String,
    total_files: u64,
    status: &'static str,
}

impl DownloadEntry {
    fn new(download: &Download, progress: Progress) -> Self {
        Self {
            files_added: progress.files_added,
            bytes_added: progress.bytes_added,
            total_bytes: progress.total_bytes,
            id: download.id.to_string(),
            total_files: progress.total_files,
            status: progress.status.as_str(),
        }
    }
}

/// Starts zipping the requested nodes.
pub(super) async fn create_download(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    JsonBody(body): JsonBody,
) -> Result<Entry<DownloadEntry>> {
    let bodies = jackson::read(&DOWNLOAD, &body)?.ok_or(Error::Java(
        "Cannot invoke \"org.alfresco.rest.api.model.Download.getNodeIds()\" because \"download\" is null",
    ))?;
    let node_ids = bodies.first().and_then(|body: &Object| body.texts("nodeIds")).ok_or(Error::Java(
        "Cannot invoke \"java.util.List.size()\" because the return value of \
         \"org.alfresco.rest.api.model.Download.getNodeIds()\" is null",
    ))?;
    let download = network.downloads().create(&caller, node_ids)?;
    let told = Told { created: Some(download.id), ..Told::default() };
    // The answer is made from the request: it shows PENDING however quick the job is.
    let entry = DownloadEntry::new(&download, Progress::default());
    Ok(Entry::new(entry, parameters.fields).with_status(StatusCode::ACCEPTED).telling(told))
}

/// Tells how far a download is.
pub(super) async fn get_download(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<Entry<DownloadEntry>> {
    let download = network.downloads().find(&caller, &id)?;
    let progress = download.progress();
    let told = Told { status: Some(progress.status), ..Told::default() };
    Ok(Entry::new(DownloadEntry::new(&download, progress), parameters.fields).telling(told))
}

/// Asks a download to stop.
pub(super) async fn cancel_download(network: Network, caller: Caller, _: Parameters, Id(id): Id) -> Result<Response> {
    network.downloads().cancel(&caller, &id)?;
    Ok(envelope::nothing(StatusCode::ACCEPTED))
}
