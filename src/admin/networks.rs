//! Networks over HTTP.

use axum::{extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{Problem, Reply, Result, extract::Id};
use crate::{ClockView, Control};

/// A network.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(super) struct NetworkView {
    /// Its name, which is the segment of the path behind `/alfresco/api`.
    id: String,
    /// Its clock.
    clock: ClockView,
    /// How many downloads it remembers.
    downloads: u64,
}

impl NetworkView {
    fn of(control: &Control) -> Self {
        Self {
            id: control.network_name().to_owned(),
            clock: control.time(),
            downloads: control.downloads().len() as u64,
        }
    }
}

/// The names of all networks.
#[utoipa::path(get, path = "/networks", tag = "networks", responses((status = 200, body = Vec<String>)))]
pub(super) async fn list_networks(State(control): State<Control>) -> Reply<Vec<String>> {
    Reply::ok(control.network_names())
}

/// A network that is there.
#[utoipa::path(
    get, path = "/networks/{id}", tag = "networks", params(("id" = String, Path)),
    responses((status = 200, body = NetworkView))
)]
pub(super) async fn get_network(State(control): State<Control>, Id(id): Id) -> Result<Reply<NetworkView>> {
    let is_there = control.network_names().contains(&id.to_ascii_lowercase());
    if !is_there {
        return Err(Problem::not_found("there is no network of that name"));
    }
    Ok(Reply::ok(NetworkView::of(&control.network(&id)?)))
}

/// Creates a network as the image of the start. One that is there stays as it is.
#[utoipa::path(
    put, path = "/networks/{id}", tag = "networks", params(("id" = String, Path)),
    responses((status = 200, body = NetworkView))
)]
pub(super) async fn create_network(State(control): State<Control>, Id(id): Id) -> Result<Reply<NetworkView>> {
    Ok(Reply::ok(NetworkView::of(&control.network(&id)?)))
}

/// Drops a network and all that is in it.
#[utoipa::path(
    delete, path = "/networks/{id}", tag = "networks", params(("id" = String, Path)),
    responses((status = 204), (status = 409, description = "Problem: -default- is always there"))
)]
pub(super) async fn drop_network(State(control): State<Control>, Id(id): Id) -> Result<StatusCode> {
    control.drop_named(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts a network back to the start.
#[utoipa::path(
    post, path = "/networks/{id}/reset", tag = "networks", params(("id" = String, Path)), responses((status = 204))
)]
pub(super) async fn reset_network(State(control): State<Control>, Id(id): Id) -> Result<StatusCode> {
    control.reset_named(&id)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Puts `-default-` back to the start, and drops all other networks.
#[utoipa::path(post, path = "/reset", tag = "networks", responses((status = 204)))]
pub(super) async fn reset(State(control): State<Control>) -> StatusCode {
    control.reset_all();
    StatusCode::NO_CONTENT
}
