//! The clock over HTTP.

use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    Reply,
    extract::{Json, OfNetwork, World},
};
use crate::{ClockView, Control, DurationText, Timestamp};

/// What the clock shows.
#[utoipa::path(get, path = "/clock", tag = "clock", params(OfNetwork), responses((status = 200, body = ClockView)))]
pub(super) async fn get_clock(World(control): World) -> Reply<ClockView> {
    Reply::ok(control.time())
}

/// A time to set the clock to.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub(super) struct SetClock {
    /// A date and time with an offset.
    #[schema(value_type = String, format = DateTime, example = "2026-06-22T09:15:02.456Z")]
    now: Timestamp,
    /// Whether it is to run from there [default: as before].
    #[serde(default)]
    is_running: Option<bool>,
}

/// Sets the clock, and deletes the downloads that are too old by then before it answers.
#[utoipa::path(
    put, path = "/clock", tag = "clock", params(OfNetwork), request_body = SetClock,
    responses((status = 200, body = ClockView))
)]
pub(super) async fn set_clock(World(control): World, Json(set): Json<SetClock>) -> Reply<ClockView> {
    match set.is_running {
        Some(true) => control.resume(),
        Some(false) => control.freeze(),
        None => (),
    }
    moved(&control, move |control| control.set_time(set.now)).await
}

/// Stops the clock where it is.
#[utoipa::path(
    post, path = "/clock/freeze", tag = "clock", params(OfNetwork), responses((status = 200, body = ClockView))
)]
pub(super) async fn freeze(World(control): World) -> Reply<ClockView> {
    control.freeze();
    Reply::ok(control.time())
}

/// Lets the clock run on from the time it shows.
#[utoipa::path(
    post, path = "/clock/resume", tag = "clock", params(OfNetwork), responses((status = 200, body = ClockView))
)]
pub(super) async fn resume(World(control): World) -> Reply<ClockView> {
    control.resume();
    Reply::ok(control.time())
}

/// How far to move the clock.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    /// Forward.
    by: DurationText,
}

/// Moves the clock forward, and deletes the downloads that are too old by then before it answers.
#[utoipa::path(
    post, path = "/clock/advance", tag = "clock", params(OfNetwork), request_body = Advance,
    responses((status = 200, body = ClockView))
)]
pub(super) async fn advance(World(control): World, Json(Advance { by }): Json<Advance>) -> Reply<ClockView> {
    moved(&control, move |control| control.advance(by.0)).await
}

/// Moves the clock, with all that is too old by then, and tells what it shows.
async fn moved(control: &Control, move_clock: impl FnOnce(&Control) + Send + 'static) -> Reply<ClockView> {
    let time = control.apart(move |control| {
        move_clock(control);
        control.time()
    });
    Reply::ok(time.await)
}
