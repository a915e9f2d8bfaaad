//! The trash can: `listDeletedNodes`, `getDeletedNode`, `deleteDeletedNode`, `restoreDeletedNode` (wire reference, nodes,
//! section 16).

use axum::{http::StatusCode, response::Response};
use serde_json::{Map, Value};

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters},
    jackson::{self, Bean, Kind},
    node_entry::Shown,
    nodes::{self, NodeEntry},
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::access::Caller,
};

const TARGET: Bean = Bean {
    class: "org.alfresco.rest.api.model.NodeTargetAssoc",
    properties: &[("assocType", Kind::Text), ("targetParentId", Kind::Text)],
    allows_array: false,
};

/// Lists what the caller deleted, an administrator what anybody deleted.
pub(super) async fn list_deleted_nodes(
    network: Network,
    caller: Caller,
    parameters: Parameters,
) -> Result<List<Map<String, Value>>> {
    let tree = network.repository().read();
    let shown = Shown::in_list(&network, &caller, &parameters);
    shown.check()?;
    let tops = tree.trash.tops(&caller);
    let (skip, max) = parameters.paging;
    let found = tops.iter().skip(skip).take(max).filter_map(|id| tree.trash.find(*id));
    let entries = found.map(|(node, deletion)| shown.deleted(&tree, node, deletion)).collect();
    Ok(List::page(entries, parameters.paging, tops.len(), parameters.fields))
}

/// Tells about a node in the trash can, be it deleted by itself or with its folder.
pub(super) async fn get_deleted_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
) -> Result<NodeEntry> {
    let tree = network.repository().read();
    let (node, deletion) = tree.deleted(&caller, &id)?;
    let shown = Shown::alone(&network, &caller, &parameters);
    shown.check()?;
    let members = shown.deleted(&tree, node, deletion);
    Ok(Entry::new(members, parameters.fields))
}

/// Removes a node from the trash can, and so for good.
pub(super) async fn delete_deleted_node(
    network: Network,
    caller: Caller,
    _: Parameters,
    Id(id): Id,
) -> Result<Response> {
    network.repository().purge(&caller, &id)?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}

/// Brings a node back, below its old parent or another.
pub(super) async fn restore_deleted_node(
    network: Network,
    caller: Caller,
    mut parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<NodeEntry> {
    let target =
        if body.text.is_empty() { None } else { jackson::read(&TARGET, &body)?.and_then(|mut read| read.pop()) };
    let target = match &target {
        Some(target) => {
            let parent = target.text("targetParentId");
            // What the caller may restore is looked at first.
            let missing = || match network.repository().read().deleted(&caller, &id) {
                Ok(_) => Error::IllegalArgument("Node id may not be null".into()),
                Err(refused) => refused,
            };
            Some((parent.ok_or_else(missing)?, target.text("assocType")))
        }
        None => None,
    };
    let restored = network.repository().restore(&caller, &id, target)?;
    // The real server shows a restored node in full, and adds nothing.
    parameters.include.clear();
    nodes::shown(&network, &caller, parameters, restored)
}
