//! Settings over HTTP.

use super::{
    Reply, Result,
    extract::{Json, OfNetwork, World},
};
use crate::{SettingsPatch, SettingsView};

/// The settings in force.
#[utoipa::path(
    get, path = "/settings", tag = "settings", params(OfNetwork), responses((status = 200, body = SettingsView))
)]
pub(super) async fn get_settings(World(control): World) -> Reply<SettingsView> {
    Reply::ok(control.settings().into())
}

/// Changes what is stated: all of it or, when anything is wrong, nothing.
#[utoipa::path(
    patch, path = "/settings", tag = "settings", params(OfNetwork), request_body = SettingsPatch,
    responses((status = 200, body = SettingsView))
)]
pub(super) async fn change_settings(
    World(control): World,
    Json(patch): Json<SettingsPatch>,
) -> Result<Reply<SettingsView>> {
    Ok(Reply::ok(control.change_settings(&patch)?))
}
