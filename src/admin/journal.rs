//! The journal over HTTP.

use axum::http::StatusCode;

use super::{
    Reply,
    extract::{OfNetwork, Query, World},
};
use crate::{JournalFilter, JournalPage};

/// The requests that are wanted, oldest first, and how many they are.
#[utoipa::path(
    get, path = "/journal", tag = "journal", params(JournalFilter, OfNetwork),
    responses((status = 200, body = JournalPage))
)]
pub(super) async fn get_journal(World(control): World, Query(filter): Query<JournalFilter>) -> Reply<JournalPage> {
    Reply::ok(control.journal(&filter))
}

/// Forgets all requests.
#[utoipa::path(delete, path = "/journal", tag = "journal", params(OfNetwork), responses((status = 204)))]
pub(super) async fn clear_journal(World(control): World) -> StatusCode {
    control.clear_journal();
    StatusCode::NO_CONTENT
}
