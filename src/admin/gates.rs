//! Gates and outcomes over HTTP.

use axum::http::StatusCode;

use super::{
    Problem, Reply, Result,
    extract::{Json, Number, OfNetwork, World},
};
use crate::{GateOrder, GateRule, OutcomeOrder, OutcomeRule};

/// All gates for jobs to come.
#[utoipa::path(get, path = "/gates", tag = "gates", params(OfNetwork), responses((status = 200, body = Vec<GateRule>)))]
pub(super) async fn list_gates(World(control): World) -> Reply<Vec<GateRule>> {
    Reply::ok(control.gates())
}

/// Holds jobs to come at a point.
#[utoipa::path(
    post, path = "/gates", tag = "gates", params(OfNetwork), request_body = GateOrder,
    responses((status = 201, body = GateRule))
)]
pub(super) async fn add_gate(World(control): World, Json(order): Json<GateOrder>) -> Result<Reply<GateRule>> {
    Ok(Reply(StatusCode::CREATED, control.add_gate(&order)?))
}

/// Removes all gates, and lets all jobs go on that are held.
#[utoipa::path(delete, path = "/gates", tag = "gates", params(OfNetwork), responses((status = 204)))]
pub(super) async fn remove_gates(World(control): World) -> StatusCode {
    control.remove_gates();
    StatusCode::NO_CONTENT
}

/// Removes a gate, and lets the jobs go on that it holds.
#[utoipa::path(
    delete, path = "/gates/{id}", tag = "gates", params(("id" = u64, Path), OfNetwork), responses((status = 204))
)]
pub(super) async fn remove_gate(World(control): World, Number(id): Number) -> Result<StatusCode> {
    removed(control.remove_gate(id), "there is no gate of that id")
}

/// All outcomes for jobs to come.
#[utoipa::path(
    get, path = "/outcomes", tag = "outcomes", params(OfNetwork), responses((status = 200, body = Vec<OutcomeRule>))
)]
pub(super) async fn list_outcomes(World(control): World) -> Reply<Vec<OutcomeRule>> {
    Reply::ok(control.outcomes())
}

/// Has jobs to come end in a certain way.
#[utoipa::path(
    post, path = "/outcomes", tag = "outcomes", params(OfNetwork), request_body = OutcomeOrder,
    responses((status = 201, body = OutcomeRule))
)]
pub(super) async fn add_outcome(World(control): World, Json(order): Json<OutcomeOrder>) -> Result<Reply<OutcomeRule>> {
    Ok(Reply(StatusCode::CREATED, control.add_outcome(&order)?))
}

/// Removes all outcomes. Jobs that have one keep it.
#[utoipa::path(delete, path = "/outcomes", tag = "outcomes", params(OfNetwork), responses((status = 204)))]
pub(super) async fn remove_outcomes(World(control): World) -> StatusCode {
    control.remove_outcomes();
    StatusCode::NO_CONTENT
}

/// Removes an outcome. Jobs that have it keep it.
#[utoipa::path(
    delete, path = "/outcomes/{id}", tag = "outcomes", params(("id" = u64, Path), OfNetwork),
    responses((status = 204))
)]
pub(super) async fn remove_outcome(World(control): World, Number(id): Number) -> Result<StatusCode> {
    removed(control.remove_outcome(id), "there is no outcome of that id")
}

/// What is answered to a removal.
pub(super) fn removed(was_there: bool, otherwise: &str) -> Result<StatusCode> {
    if was_there { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::not_found(otherwise)) }
}
