//! What happens, as server-sent events.

use std::time::Duration;

use axum::{
    body::Body,
    http::{
        HeaderMap,
        header::{CACHE_CONTROL, CONTENT_TYPE},
    },
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::stream;

use super::extract::{OfNetwork, World};
use crate::{
    Watch, WatchedEvent,
    clock::{real_sleep, within},
};

/// How often something is sent at least, so that whoever is between does not take the connection for dead.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long to gather what happens before it is sent: eyes do not see more, and what changes often is told once.
const GATHERING: Duration = Duration::from_millis(30);

/// How much is sent at once, about.
const PORTION: usize = 64 << 10;

/// What browsers are told beside: how long to wait before they come back when the connection is gone.
const BEGINNING: &[u8] = b"retry: 500\n\n";

/// What happens in the network, as server-sent events, each with its state as JSON: `download`, `request`, `clock`,
/// `settings`, `faults`, `outage`, `orders` (gates and outcomes), as other calls answer them; `journal`, whose requests
/// below `first` are forgotten; `reset`, when downloads and requests have to be looked up anew, as they have in the
/// beginning. A state that is followed by another before it was sent is left out. The stream ends with the network, which
/// it does when it is reset; with `Last-Event-ID` the next one goes on where the last one was, if it can.
#[utoipa::path(
    get, path = "/events", tag = "events",
    params(("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was seen"), OfNetwork),
    responses((status = 200, content_type = "text/event-stream", body = String))
)]
pub(super) async fn watch(World(control): World, headers: HeaderMap) -> Response {
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let sending = Sending { watch: control.watch(after), has_begun: false };
    let body = Body::from_stream(stream::unfold(sending, Sending::next));
    ([(CONTENT_TYPE, "text/event-stream"), (CACHE_CONTROL, "no-store")], body).into_response()
}

struct Sending {
    watch: Watch,
    has_begun: bool,
}

impl Sending {
    /// The next portion. It is asked for when there is room for it, so a slow reader is told less and holds up nobody.
    async fn next(mut self) -> Option<(Result<Bytes, std::convert::Infallible>, Self)> {
        let mut portion = Vec::new();
        if self.has_begun {
            real_sleep(GATHERING).await;
        } else {
            portion.extend_from_slice(BEGINNING);
            self.has_begun = true;
        }
        match within(HEARTBEAT, self.watch.next()).await {
            Some(event) => write(&event?, &mut portion),
            None => portion.extend_from_slice(b":\n\n"),
        }
        while portion.len() < PORTION
            && let Some(event) = self.watch.ready()
        {
            write(&event, &mut portion);
        }
        Some((Ok(portion.into()), self))
    }
}

fn write(WatchedEvent { id, event }: &WatchedEvent, portion: &mut Vec<u8>) {
    // JSON has no line ends of its own.
    let data = serde_json::to_string(event).unwrap_or_default();
    for piece in ["id: ", id, "\nevent: ", event.name(), "\ndata: ", &data, "\n\n"] {
        portion.extend_from_slice(piece.as_bytes());
    }
}
