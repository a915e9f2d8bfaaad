//! Links between nodes: `listParents`, `listSecondaryChildren`, `createSecondaryChildAssociation`,
//! `deleteSecondaryChildAssociation` (wire reference, nodes, section 14).

use axum::{
    http::StatusCode,
    response::{IntoResponse as _, Response},
};
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    envelope::{self, Entry, List},
    extract::{Id, JsonBody, Parameters, Query, Related},
    node_entry::Shown,
    nodes::{associations, refuse_download},
    where_clause::Equals,
};
use crate::{
    error::{Error, Result},
    network::Network,
    repository::{
        Tree,
        access::{Caller, Right},
        children::Child,
        links::{SecondaryChild, assoc_type},
        node::NodeId,
    },
};

/// A link, as an answer.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct AssociationEntry {
    assoc_type: Option<String>,
    child_id: Option<String>,
}

impl From<SecondaryChild> for AssociationEntry {
    fn from(link: SecondaryChild) -> Self {
        Self { assoc_type: link.assoc_type, child_id: link.child_id }
    }
}

/// Lists the folders that hold a node.
pub(super) async fn list_parents(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<List<Map<String, Value>>> {
    list(&network, &caller, &parameters, &query, &id, |tree, id| {
        let node = tree.find(id).into_iter();
        node.flat_map(|node| {
            let primary = node.parent.map(|id| Child { id, is_primary: true, assoc_type: tree.primary_type(node) });
            let link = |id, assoc_type| Child { id, is_primary: false, assoc_type };
            let others = node.secondary_parents.iter().map(move |other| link(other.parent, other.assoc_type));
            primary.into_iter().chain(others)
        })
        .collect()
    })
}

/// Lists what a folder holds besides its primary children, in the order in which it was linked.
pub(super) async fn list_secondary_children(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<List<Map<String, Value>>> {
    list(&network, &caller, &parameters, &query, &id, |tree, id| {
        let children = tree.find(id).into_iter().flat_map(|node| node.children.iter());
        children.filter(|child| !child.is_primary).collect()
    })
}

fn list(
    network: &Network,
    caller: &Caller,
    parameters: &Parameters,
    query: &Query,
    id: &str,
    links: impl FnOnce(&Tree, NodeId) -> Vec<Child>,
) -> Result<List<Map<String, Value>>> {
    refuse_download(network, id)?;
    let tree = network.repository().read();
    let id = tree.look_up_alias(caller, id)?.id;
    if !tree.may(caller, id, Right::Read) {
        return Err(Error::PermissionDenied);
    }
    let asked = Equals::of(&parameters.predicates, &["assocType", "isPrimary"])?;
    let (is_primary, assoc_type) = (asked.truth("isPrimary")?, asked.get("assocType").map(assoc_type).transpose()?);
    let is_meant = |link: &Child| {
        is_primary.is_none_or(|is_primary| link.is_primary == is_primary)
            && assoc_type.is_none_or(|assoc_type| link.assoc_type == assoc_type)
            && tree.may(caller, link.id, Right::Read)
    };
    let shown = Shown::in_list(network, caller, parameters);
    shown.check()?;
    let links = links(&tree, id).into_iter().filter(is_meant);
    let entries = links.filter_map(|link| shown.associated(&tree, link));
    let source = tree.find(id).filter(|_| query.is_true("includeSource"));
    let source = source.map(|node| Shown::as_source(network, caller).node(&tree, node).into());
    let (paging, fields) = (parameters.paging, parameters.fields.clone());
    Ok(List::cut(entries, paging, fields).with_source(source))
}

/// Links nodes below another.
pub(super) async fn create_secondary_child_association(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    Id(id): Id,
    JsonBody(body): JsonBody,
) -> Result<Response> {
    let mut children = associations(&body)?;
    network.repository().add_secondary_children(&caller, &id, &children)?;
    Ok(match (children.len(), children.pop()) {
        (1, Some(only)) => {
            let entry = Entry::new(AssociationEntry::from(only), parameters.fields);
            entry.with_status(StatusCode::CREATED).into_response()
        }
        (_, last) => {
            let entries = children.into_iter().chain(last).map(AssociationEntry::from).collect();
            List::created(entries, parameters.fields).into_response()
        }
    })
}

/// Takes a link away.
pub(super) async fn delete_secondary_child_association(
    network: Network,
    caller: Caller,
    _: Parameters,
    query: Query,
    Id(id): Id,
    Related(child): Related,
) -> Result<Response> {
    network.repository().remove_secondary_child(&caller, &id, &child, query.get("assocType"))?;
    Ok(envelope::nothing(StatusCode::NO_CONTENT))
}
