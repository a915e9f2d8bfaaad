//! Faults and outages over HTTP.

use axum::http::StatusCode;

use super::{
    Problem, Reply, Result,
    extract::{Json, JsonList, Number, OfNetwork, World},
    gates::removed,
};
use crate::{Fault, FaultRule, OutageOrder, OutageView};

/// All faults, in the order in which they are looked at.
#[utoipa::path(
    get, path = "/faults", tag = "faults", params(OfNetwork), responses((status = 200, body = Vec<FaultRule>))
)]
pub(super) async fn list_faults(World(control): World) -> Reply<Vec<FaultRule>> {
    Reply::ok(control.faults())
}

/// Adds a fault behind the others.
#[utoipa::path(
    post, path = "/faults", tag = "faults", params(OfNetwork), request_body = Fault,
    responses((status = 201, body = FaultRule))
)]
pub(super) async fn add_fault(World(control): World, Json(fault): Json<Fault>) -> Result<Reply<FaultRule>> {
    Ok(Reply(StatusCode::CREATED, control.add_fault(fault)?))
}

/// Puts these faults in the place of all that there are.
#[utoipa::path(
    put, path = "/faults", tag = "faults", params(OfNetwork), request_body = Vec<Fault>,
    responses((status = 200, body = Vec<FaultRule>))
)]
pub(super) async fn replace_faults(
    World(control): World,
    JsonList(faults): JsonList<Fault>,
) -> Result<Reply<Vec<FaultRule>>> {
    Ok(Reply::ok(control.replace_faults(faults)?))
}

/// Removes all faults.
#[utoipa::path(delete, path = "/faults", tag = "faults", params(OfNetwork), responses((status = 204)))]
pub(super) async fn remove_faults(World(control): World) -> StatusCode {
    control.remove_faults();
    StatusCode::NO_CONTENT
}

/// Removes a fault.
#[utoipa::path(
    delete, path = "/faults/{id}", tag = "faults", params(("id" = u64, Path), OfNetwork), responses((status = 204))
)]
pub(super) async fn remove_fault(World(control): World, Number(id): Number) -> Result<StatusCode> {
    removed(control.remove_fault(id), "there is no fault of that id")
}

/// The outage under way.
#[utoipa::path(
    get, path = "/outage", tag = "outage", params(OfNetwork),
    responses((status = 200, body = OutageView), (status = 404, description = "Problem: there is none"))
)]
pub(super) async fn get_outage(World(control): World) -> Result<Reply<OutageView>> {
    control.outage().map(Reply::ok).ok_or_else(|| Problem::not_found("there is no outage"))
}

/// Begins an outage, in the place of any other.
#[utoipa::path(
    put, path = "/outage", tag = "outage", params(OfNetwork), request_body = OutageOrder,
    responses((status = 200, body = OutageView))
)]
pub(super) async fn begin_outage(World(control): World, Json(order): Json<OutageOrder>) -> Result<Reply<OutageView>> {
    Ok(Reply::ok(control.begin_outage(order)?))
}

/// Ends the outage, if there is one.
#[utoipa::path(delete, path = "/outage", tag = "outage", params(OfNetwork), responses((status = 204)))]
pub(super) async fn end_outage(World(control): World) -> StatusCode {
    control.end_outage();
    StatusCode::NO_CONTENT
}
