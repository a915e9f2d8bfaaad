//! The journal over HTTP.

use std::time::Duration;

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{
    Problem, Reply, Result,
    extract::{Number, OfNetwork, Query, World},
};
use crate::{DurationText, Exchange, JournalFilter, JournalPage};

/// The requests that are wanted, oldest first, and how many they are.
#[utoipa::path(
    get, path = "/journal", tag = "journal", params(JournalFilter, OfNetwork),
    responses((status = 200, body = JournalPage))
)]
pub(super) async fn get_journal(World(control): World, Query(filter): Query<JournalFilter>) -> Reply<JournalPage> {
    Reply::ok(control.journal(&filter))
}

/// A request, with the headers and bodies of the exchange, as far as they are kept. `***` stands in the place of secrets.
#[utoipa::path(
    get, path = "/journal/{id}", tag = "journal", params(("id" = u64, Path), OfNetwork),
    responses((status = 200, body = Exchange))
)]
pub(super) async fn get_exchange(World(control): World, Number(number): Number) -> Result<Reply<Exchange>> {
    control.exchange(number).map(Reply::ok).ok_or_else(|| Problem::not_found("there is no request of that number"))
}

/// Forgets all requests.
#[utoipa::path(delete, path = "/journal", tag = "journal", params(OfNetwork), responses((status = 204)))]
pub(super) async fn clear_journal(World(control): World) -> StatusCode {
    control.clear_journal();
    StatusCode::NO_CONTENT
}

/// How many requests are waited for, and how long.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// At least so many [default: 1].
    count: Option<u64>,
    /// How long to wait at most, in real time, up to 10m [default: 10s].
    #[param(nullable = false)]
    timeout: Option<DurationText>,
}

/// Answers as soon as there are so many requests that are wanted, at once when there are. One counts as soon as it has
/// come, answered or not.
#[utoipa::path(
    get, path = "/journal/wait", tag = "journal", params(Wanted, JournalFilter, OfNetwork),
    responses(
        (status = 200, body = JournalPage),
        (status = 408, description = "Problem: they did not come in time"),
        (status = 409, description = "Problem: the network has ended")
    )
)]
pub(super) async fn wait_for_requests(
    World(control): World,
    Query(wanted): Query<Wanted>,
    Query(filter): Query<JournalFilter>,
) -> Result<Reply<JournalPage>> {
    let patience = wanted.timeout.map_or(PATIENCE, |timeout: DurationText| timeout.0.min(UTMOST_PATIENCE));
    Ok(Reply::ok(control.wait_for_requests(wanted.count.unwrap_or(1), &filter, patience).await?))
}

/// How long a wait takes at most when nothing else is stated.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// How long it takes at most, whatever is stated.
pub(super) const UTMOST_PATIENCE: Duration = Duration::from_secs(600);
