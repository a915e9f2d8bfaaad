//! Probes: `getProbe`, which needs no credentials (wire reference, section 11).

use serde::Serialize;

use super::{
    envelope::Entry,
    extract::{Id, Parameters},
};
use crate::{
    error::{Error, Result},
    network::Network,
};

#[derive(Debug, Serialize)]
pub(super) struct ProbeEntry {
    message: &'static str,
}

/// Says whether the server lives, or is ready. What listens is ready, until it stops: nothing
/// is left for the first request.
pub(super) async fn get_probe(network: Network, parameters: Parameters, Id(name): Id) -> Result<Entry<ProbeEntry>> {
    let message = match name.to_lowercase().as_str() {
        "-live-" => "liveProbe: Success - Tested",
        "-ready-" if !network.is_ready() => return Err(Error::NotReady("readyProbe: Failure - Tested")),
        "-ready-" if network.probe() => "readyProbe: Success - Tested",
        "-ready-" => "readyProbe: Success - No test",
        _ => return Err(Error::InvalidArgument("Bad probe name".into())),
    };
    Ok(Entry::new(ProbeEntry { message }, parameters.fields))
}
