//! Downloads: `createDownload`, `getDownload`, `cancelDownload` (wire reference, section 2).

use axum::{
    http::{HeaderMap, StatusCode},
    response::{IntoResponse as _, Response},
};
use serde::Serialize;

use super::{
    authentication::authenticate,
    call::Call,
    envelope::{self, Entry},
    extract::{Id, JsonBody, Parameters},
    headers::Headers,
    jackson::{self, Bean, Kind, Object},
};
use crate::{
    downloads::download::{Download, Progress},
    error::{Error, Result},
    layers::Told,
    network::Network,
    repository::{access::Caller, node::NodeId},
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
    id: NodeId,
    total_files: u64,
    status: &'static str,
}

impl DownloadEntry {
    fn new(download: &Download, progress: Progress) -> Self {
        Self {
            files_added: progress.files_added,
            bytes_added: progress.bytes_added,
            total_bytes: progress.total_bytes,
            id: download.id,
            total_files: progress.total_files,
            status: progress.status.as_str(),
        }
    }

    /// The JSON that serde makes of it as an entry, for those who ask over and over.
    fn to_json(&self) -> Vec<u8> {
        fn put(json: &mut Vec<u8>, before: &str, number: u64) {
            json.extend_from_slice(before.as_bytes());
            json.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
        }
        // Room for any, so that it grows once.
        let mut json = Vec::with_capacity(256);
        put(&mut json, r#"{"entry":{"filesAdded":"#, self.files_added);
        put(&mut json, r#","bytesAdded":"#, self.bytes_added);
        put(&mut json, r#","totalBytes":"#, self.total_bytes);
        json.extend_from_slice(br#","id":""#);
        self.id.write_to(&mut json);
        put(&mut json, r#"","totalFiles":"#, self.total_files);
        json.extend_from_slice(br#","status":""#);
        json.extend_from_slice(self.status.as_bytes());
        json.extend_from_slice(br#""}}"#);
        json
    }
}

/// Starts zipping the requested nodes.
pub(super) async fn create_download(
    call: Call,
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
    let download = call.network.downloads().create(&caller, node_ids)?;
    call.tell(Told { created: Some(download.id), ..Told::default() });
    // The answer is made from the request: it shows PENDING however quick the job is.
    let entry = DownloadEntry::new(&download, Progress::default());
    Ok(Entry::new(entry, parameters.fields).with_status(StatusCode::ACCEPTED))
}

/// Tells how far a download is. The headers of the request, which nobody needs any more, are what those of the answer are
/// made of.
pub(super) fn get_download(call: &Call, spent: HeaderMap) -> Result<Response> {
    let caller = authenticate(call)?;
    let parameters = Parameters::read(&call.query)?;
    let download = call.network.downloads().find(&caller, &call.id)?;
    let progress = download.progress();
    call.tell(Told { status: Some(progress.status), ..Told::default() });
    let entry = DownloadEntry::new(&download, progress);
    Ok(if parameters.fields.is_all() {
        envelope::answer(StatusCode::OK, Headers::reusing(spent).of_json(), entry.to_json())
    } else {
        Entry::new(entry, parameters.fields).into_response()
    })
}

/// Asks a download to stop.
pub(super) async fn cancel_download(network: Network, caller: Caller, _: Parameters, Id(id): Id) -> Result<Response> {
    network.downloads().cancel(&caller, &id)?;
    Ok(envelope::nothing(StatusCode::ACCEPTED))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(number: u64, status: &'static str) {
        let entry = DownloadEntry {
            files_added: number,
            bytes_added: number / 2,
            total_bytes: number / 3,
            id: NodeId::of_path("/a"),
            total_files: number / 4,
            status,
        };
        let expected = format!(r#"{{"entry":{}}}"#, serde_json::to_string(&entry).unwrap());
        assert_eq!(String::from_utf8(entry.to_json()).unwrap(), expected);
    }

    #[test]
    fn an_entry_is_written_as_serde_writes_it() {
        for number in [0, 9, 10, 12_345, u64::MAX] {
            check(number, "DONE");
            check(number, "MAX_CONTENT_SIZE_EXCEEDED");
        }
    }
}
