//! Discovery: `getRepositoryInformation` (wire reference, section 11).

use axum::extract::State;
use serde_json::{Value, json};

use super::{Services, envelope::Entry, extract::Fields, headers::Headers};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::access::Caller,
};

/// Tells which server this is: the release that the mock was modelled on.
pub(super) async fn get_repository_information(
    network: Network,
    _: Caller,
    State(services): State<Services>,
) -> Result<Entry<Value>> {
    if services.is_discovery_off {
        return Err(Error::NotImplemented);
    }
    let entry = json!({
        "repository": {
            "id": network.repository_id().to_string(),
            "edition": "Community",
            "version": {
                "major": "26",
                "minor": "3",
                "patch": "0",
                "hotfix": "0",
                "schema": 21200,
                "label": "r72635d6c-b1",
                "display": "26.3.0.0 (r72635d6c-b1) schema 21200"
            },
            "status": {
                "isReadOnly": false,
                "isAuditEnabled": true,
                "isQuickShareEnabled": true,
                "isThumbnailGenerationEnabled": true,
                "isDirectAccessUrlEnabled": false
            }
        }
    });
    // This script alone runs in a transaction that resets the response, and so loses the frame header.
    Ok(Entry::new(entry, Fields::default()).with_headers(Headers::none().uncached().json()))
}
