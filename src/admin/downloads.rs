//! Downloads over HTTP: looking at them, holding their jobs, waiting for them, and what their clients did.

use axum::http::StatusCode;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use super::{
    Problem, Reply, Result,
    extract::{Id, Json, OfNetwork, Query, World},
    journal::{PATIENCE, UTMOST_PATIENCE},
};
use crate::{
    Condition, Control, DownloadView, DurationText, Expectations, Outcome, Point, ReportView, Status, Step, ZipEntries,
};

/// All downloads that there are and were, oldest first, as far back as they are remembered.
#[utoipa::path(
    get, path = "/downloads", tag = "downloads", params(OfNetwork), responses((status = 200, body = Vec<DownloadView>))
)]
pub(super) async fn list_downloads(World(control): World) -> Reply<Vec<DownloadView>> {
    Reply::ok(control.downloads())
}

/// A download, deleted or not.
#[utoipa::path(
    get, path = "/downloads/{id}", tag = "downloads", params(("id" = String, Path), OfNetwork),
    responses((status = 200, body = DownloadView))
)]
pub(super) async fn get_download(World(control): World, Id(id): Id) -> Result<Reply<DownloadView>> {
    show(&control, &id)
}

/// What a client did with a download, deleted or not.
#[utoipa::path(
    get, path = "/downloads/{id}/report", tag = "downloads", params(("id" = String, Path), OfNetwork),
    responses((status = 200, body = ReportView))
)]
pub(super) async fn get_report(World(control): World, Id(id): Id) -> Result<Reply<ReportView>> {
    control.report(&id).map(Reply::ok).ok_or_else(unknown)
}

/// Compares what a client did with what is expected of it: 204 when it did all of it, else 409 with the differences.
#[utoipa::path(
    post, path = "/downloads/{id}/verify", tag = "downloads", params(("id" = String, Path), OfNetwork),
    request_body = Expectations,
    responses((status = 204), (status = 409, description = "Problem: it did otherwise; `errors` says in what"))
)]
pub(super) async fn verify(
    World(control): World,
    Id(id): Id,
    Json(expected): Json<Expectations>,
) -> Result<StatusCode> {
    control.report(&id).ok_or_else(unknown)?.verify(&expected)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Where to hold a job.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Hold {
    /// The point.
    at: Point,
}

/// Holds the job of an existing download at a point that it has not passed.
#[utoipa::path(
    put, path = "/downloads/{id}/gate", tag = "downloads", params(("id" = String, Path), OfNetwork),
    request_body = Hold,
    responses((status = 200, body = DownloadView), (status = 409, description = "Problem: the job is past it, or over"))
)]
pub(super) async fn hold(
    World(control): World,
    Id(id): Id,
    Json(Hold { at }): Json<Hold>,
) -> Result<Reply<DownloadView>> {
    control.hold_download(&id, at)?;
    show(&control, &id)
}

/// How a job is to end.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct End {
    /// In what way.
    outcome: Outcome,
}

/// Has an existing download end in that way. Its job must not have passed the point at which that comes:
/// `max-content-size-exceeded` comes before the first file.
#[utoipa::path(
    put, path = "/downloads/{id}/outcome", tag = "downloads", params(("id" = String, Path), OfNetwork),
    request_body = End,
    responses((status = 200, body = DownloadView), (status = 409, description = "Problem: the job is past it, or over"))
)]
pub(super) async fn end(
    World(control): World,
    Id(id): Id,
    Json(End { outcome }): Json<End>,
) -> Result<Reply<DownloadView>> {
    control.order_download(&id, outcome)?;
    show(&control, &id)
}

/// Which entries of a zip are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct Part {
    /// So many less, from the beginning [default: 0].
    skip: Option<usize>,
    /// No more than so many [default: 1000].
    limit: Option<usize>,
}

/// What is in the zip of a download that is `DONE`.
#[utoipa::path(
    get, path = "/downloads/{id}/entries", tag = "downloads", params(("id" = String, Path), Part, OfNetwork),
    responses((status = 200, body = ZipEntries), (status = 404, description = "Problem: there is no such zip, or not yet"))
)]
pub(super) async fn get_entries(
    World(control): World,
    Id(id): Id,
    Query(Part { skip, limit }): Query<Part>,
) -> Result<Reply<ZipEntries>> {
    let entries = control.zip_entries(&id, skip.unwrap_or(0), limit.unwrap_or(1000));
    entries.map(Reply::ok).ok_or_else(|| Problem::not_found("there is no zip of that id, or not yet"))
}

/// Opens the gate of a download for good: the job runs to its end.
#[utoipa::path(
    delete, path = "/downloads/{id}/gate", tag = "downloads", params(("id" = String, Path), OfNetwork),
    responses((status = 204))
)]
pub(super) async fn release(World(control): World, Id(id): Id) -> Result<StatusCode> {
    control.release(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// How far to let a held job go.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepBy {
    /// To the end of what.
    by: Step,
}

/// Lets a held job go on by one update or one file. To see where it then is, wait for it.
#[utoipa::path(
    post, path = "/downloads/{id}/step", tag = "downloads", params(("id" = String, Path), OfNetwork),
    request_body = StepBy,
    responses((status = 202, body = DownloadView), (status = 409, description = "Problem: the job is not held, or over"))
)]
pub(super) async fn step(
    World(control): World,
    Id(id): Id,
    Json(StepBy { by }): Json<StepBy>,
) -> Result<Reply<DownloadView>> {
    control.step(&id, by)?;
    show(&control, &id).map(|Reply(_, view)| Reply(StatusCode::ACCEPTED, view))
}

/// What is waited for.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase")]
#[into_params(parameter_in = Query)]
pub(super) struct WaitFor {
    /// The download [default: any of the network, one that is yet to come too].
    download: Option<String>,
    /// This status.
    #[param(nullable = false)]
    status: Option<Status>,
    /// Whether the status is one that nothing follows.
    #[param(nullable = false)]
    is_final: Option<bool>,
    /// At least so many files added.
    files_added: Option<u64>,
    /// At least so many bytes added.
    bytes_added: Option<u64>,
    /// Whether the job waits at its gate.
    #[param(nullable = false)]
    is_held: Option<bool>,
    /// Whether the job is over, however it ended.
    #[param(nullable = false)]
    is_job_over: Option<bool>,
    /// At least so many polls.
    polls: Option<u64>,
    /// Whether the content was handed over whole.
    #[param(nullable = false)]
    is_fetched: Option<bool>,
    /// Whether it was deleted.
    #[param(nullable = false)]
    is_deleted: Option<bool>,
    /// How long to wait at most, in real time, up to 10m [default: 10s].
    #[param(nullable = false)]
    timeout: Option<DurationText>,
}

/// Answers as soon as a download is as stated, at once when it is already.
#[utoipa::path(
    get, path = "/wait", tag = "downloads", params(WaitFor, OfNetwork),
    responses(
        (status = 200, body = DownloadView),
        (status = 408, description = "Problem: it did not come in time; `current` is how it is now"),
        (status = 409, description = "Problem: it can come no more, for the download or its network is gone")
    )
)]
pub(super) async fn wait(World(control): World, Query(wanted): Query<WaitFor>) -> Result<Reply<DownloadView>> {
    let patience = wanted.timeout.map_or(PATIENCE, |timeout| timeout.0.min(UTMOST_PATIENCE));
    let condition = Condition {
        status: wanted.status,
        is_final: wanted.is_final,
        files_added: wanted.files_added,
        bytes_added: wanted.bytes_added,
        is_held: wanted.is_held,
        is_job_over: wanted.is_job_over,
        polls: wanted.polls,
        is_fetched: wanted.is_fetched,
        is_deleted: wanted.is_deleted,
    };
    Ok(Reply::ok(control.wait(wanted.download.as_deref(), condition, patience).await?))
}

fn show(control: &Control, id: &str) -> Result<Reply<DownloadView>> {
    control.download(id).map(Reply::ok).ok_or_else(unknown)
}

fn unknown() -> Problem {
    Problem::not_found("there is no download of that id")
}
