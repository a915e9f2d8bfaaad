//! The clock of a network.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Control;
use crate::{Clock, Timestamp};

/// A network's clock at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ClockView {
    /// What it shows.
    #[schema(value_type = String)]
    pub now: Timestamp,
    /// Whether it runs.
    pub is_running: bool,
}

impl ClockView {
    pub(super) fn of(clock: &Clock) -> Self {
        Self { now: clock.now(), is_running: clock.is_running() }
    }
}

/// One clock is behind the dates, tickets, delays, pace, journal and cleaner of a network.
impl Control {
    /// The network's clock.
    pub fn clock(&self) -> Clock {
        self.world().clock().clone()
    }

    /// What it shows, and whether it runs.
    pub fn time(&self) -> ClockView {
        ClockView::of(&self.clock())
    }

    /// Stops it where it is.
    pub fn freeze(&self) {
        self.clock().freeze();
    }

    /// Lets it run on from the time it shows.
    pub fn resume(&self) {
        self.clock().resume();
    }

    /// Moves it forward, and deletes the downloads that are too old by then before it returns.
    pub fn advance(&self, by: Duration) {
        self.world().downloads().move_clock(|shown| shown + by);
    }

    /// Sets it, and deletes the downloads that are too old by then before it returns. It runs on, or stands still, as
    /// before.
    pub fn set_time(&self, now: Timestamp) {
        self.world().downloads().move_clock(|_| now);
    }
}
