//! The public REST API: which operation answers which address.
//!
//! Each operation is named after its `operationId` in Alfresco's own definition. What no operation answers is refused in
//! [`front`], in the real server's odd order (wire reference, downloads, section 1).

mod address;
mod authentication;
mod body;
mod content;
mod cors;
mod discovery;
mod disposition;
mod downloads;
mod envelope;
mod extract;
pub(crate) mod front;
mod headers;
mod jackson;
mod nodes;
mod path;
mod probes;
mod ranges;
mod tickets;

use axum::{Router, routing::get};

/// The operations, below `/alfresco/api`.
pub(crate) fn router() -> Router {
    const CORE: &str = "/alfresco/api/{network}/public/alfresco/versions/1";
    const AUTHENTICATION: &str = "/alfresco/api/{network}/public/authentication/versions/1";
    let at = |base: &str, path: &str| format!("{base}{path}");
    Router::new()
        .route(&at(CORE, "/downloads"), axum::routing::post(downloads::create_download))
        .route(&at(CORE, "/downloads/{id}"), get(downloads::get_download).delete(downloads::cancel_download))
        .route(&at(CORE, "/nodes/{id}"), get(nodes::get_node).delete(nodes::delete_node))
        .route(&at(CORE, "/nodes/{id}/content"), get(content::get_node_content))
        .route(&at(CORE, "/probes/{id}"), get(probes::get_probe))
        .route(&at(AUTHENTICATION, "/tickets"), axum::routing::post(tickets::create_ticket))
        .route(&at(AUTHENTICATION, "/tickets/{id}"), get(tickets::validate_ticket).delete(tickets::delete_ticket))
        .route("/alfresco/api/discovery", get(discovery::get_repository_information))
}
