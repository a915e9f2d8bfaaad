//! Locks and check-outs: `lockNode`, `unlockNode`, `checkOutNode`, `cancelCheckOutNode` (wire reference, nodes, section 15).

use super::{
    extract::{Id, JsonBody, Parameters},
    jackson::{Bean, Kind},
    nodes::{NodeEntry, one, refuse_download, shown},
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{access::Caller, locks::Wanted},
};

const LOCK: Bean = Bean {
    class: "org.alfresco.rest.api.model.LockInfo",
    properties: &[("timeToExpire", Kind::Long), ("type", Kind::Text), ("lifetime", Kind::Text)],
    allows_array: false,
};

/// One of two words; nothing stands for the first.
fn is_second(stated: Option<&str>, [first, second]: [&str; 2], class: &str, name: &str) -> Result<bool> {
    match stated {
        None => Ok(false),
        Some(word) if word == first => Ok(false),
        Some(word) if word == second => Ok(true),
        Some(other) => Err(Error::InvalidArgument(
            format!(
                "Could not read content from HTTP request body: No enum constant {class}.{other} (through reference \
                 chain: {}[\"{name}\"])",
                LOCK.class
            )
            .into(),
        )),
    }
}

/// Locks a file.
pub(super) async fn lock_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<NodeEntry> {
    let body = one(&LOCK, &body)?;
    let types = ["ALLOW_OWNER_CHANGES", "FULL"];
    let lifetimes = ["PERSISTENT", "EPHEMERAL"];
    let wanted = Wanted {
        time_to_expire: body.long("timeToExpire").unwrap_or(0),
        is_full: is_second(body.text("type"), types, "org.alfresco.rest.api.model.LockInfo.LockType2", "type")?,
        is_ephemeral: is_second(body.text("lifetime"), lifetimes, "org.alfresco.repo.lock.mem.Lifetime", "lifetime")?,
    };
    refuse_download(&network, &id)?;
    let id = network.repository().lock(&caller, &id, wanted)?;
    shown(&network, &caller, parameters, id)
}

/// Takes a lock away.
pub(super) async fn unlock_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<NodeEntry> {
    refuse_download(&network, &id)?;
    let id = network.repository().unlock(&caller, &id)?;
    shown(&network, &caller, parameters, id)
}

/// Makes a working copy of a file.
pub(super) async fn check_out_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<NodeEntry> {
    refuse_download(&network, &id)?;
    let id = network.repository().check_out(&caller, &id)?;
    shown(&network, &caller, parameters, id)
}

/// Drops a working copy.
pub(super) async fn cancel_check_out_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<NodeEntry> {
    refuse_download(&network, &id)?;
    let id = network.repository().cancel_check_out(&caller, &id)?;
    shown(&network, &caller, parameters, id)
}
