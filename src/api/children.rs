//! The children of a folder: `listNodeChildren`, `createNode` (wire reference, nodes, sections 5, 6 and 7).

use axum::{
    extract::{Request, State},
    http::{StatusCode, header::CONTENT_TYPE},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;

use super::{
    Services,
    envelope::List,
    extract::{Id, JsonBody, Parameters, Query},
    jackson::Object,
    node_entry::Shown,
    nodes::{NODE, at_path, description, permissions, secondary_children, several, shown},
    upload,
    where_clause::Equals,
};
use crate::{
    downloads::Found,
    error::{Error, Result},
    network::Network,
    repository::{
        access::{Caller, Right},
        create::NewNode,
        dictionary,
        links::assoc_type,
        listing::{FIELDS, Field, Filter, Order, Wanted},
        node::{NodeId, NodeType},
        versions::Wish,
    },
};

/// Lists what is in a folder.
pub(super) async fn list_node_children(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
) -> Result<List<serde_json::Map<String, Value>>> {
    let relative_path = query.get("relativePath");
    let asked = match network.downloads().look_up_alias(&caller, &id)? {
        Found::Node(node) => node,
        // A download is a file, and has no children.
        Found::Download(download) if download.is_of(&caller) => download.id,
        Found::Download(_) => return Err(Error::PermissionDenied),
    };
    let tree = network.repository().read();
    let folder = match tree.find(asked) {
        Some(_) => at_path(&tree, &caller, asked, relative_path)?.id,
        None => asked,
    };
    let wanted = Wanted { filter: filter(&parameters)?, order: order(&parameters)? };
    if tree.find(folder).is_some() && !tree.may(&caller, folder, Right::Read) {
        return Err(Error::PermissionDenied);
    }
    let page = network.repository().list_children(&tree, &caller, folder, &wanted, parameters.paging);
    let entry = Shown::in_list(&network, &caller, &parameters);
    entry.check()?;
    let entries = page.children.iter().filter_map(|child| entry.child(&tree, *child, asked)).collect();
    let source = tree.find(folder).filter(|_| parameters.includes_source);
    let source = source.map(|node| Shown::as_source(&network, &caller).node(&tree, node).into());
    Ok(List::page(entries, parameters.paging, page.total, parameters.fields).with_source(source))
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

fn filter(parameters: &Parameters) -> Result<Filter> {
    const KNOWN: [&str; 5] = ["isFolder", "isFile", "nodeType", "isPrimary", "assocType"];
    let asked = Equals::of(&parameters.predicates, &KNOWN)?;
    let assoc_type = asked.get("assocType").map(assoc_type).transpose()?;
    let (is_folder, is_file) = (asked.truth("isFolder")?, asked.truth("isFile")?);
    let is_primary = asked.truth("isPrimary")?;
    if is_folder == Some(true) && is_file == Some(true) {
        return Err(invalid(
            "Invalid filter (isFile=true and isFolder=true) - a node cannot be both a file and a folder",
        ));
    }
    let node_type = match asked.get("nodeType").filter(|name| !name.is_empty()) {
        None => None,
        Some(_) if is_folder.is_some() || is_file.is_some() => {
            return Err(invalid("Invalid filter - nodeType and isFile/isFolder are mutually exclusive"));
        }
        Some(stated) => Some(type_filter(stated)?),
    };
    Ok(Filter { is_file, is_folder, node_type, is_primary, assoc_type })
}

/// A type, and whether its subtypes are meant too.
fn type_filter(stated: &str) -> Result<(NodeType, bool)> {
    let (name, with_subtypes) = match stated.rsplit_once(' ') {
        Some((name, suffix)) if suffix.eq_ignore_ascii_case("INCLUDESUBTYPES") => (name, true),
        _ => (stated, false),
    };
    let prefixed = dictionary::prefixed(name).map_err(|unknown| invalid(unknown.to_string()))?;
    let found = NodeType::named(&prefixed).ok_or_else(|| invalid(format!("Unknown filter nodeType: {name}")))?;
    Ok((found, with_subtypes))
}

fn order(parameters: &Parameters) -> Result<Vec<Order>> {
    let mut order = Vec::new();
    for (name, is_descending) in &parameters.order {
        let field = match Field::named(name) {
            Some(field) => field,
            None if name.contains(':') => {
                Field::Property(dictionary::prefixed(name).map_err(|unknown| invalid(unknown.to_string()))?)
            }
            // A word that means nothing is not looked at.
            None => continue,
        };
        order.push(Order { field, is_descending: *is_descending });
    }
    order.truncate(FIELDS);
    Ok(if parameters.order.is_empty() { Wanted::usual_order() } else { order })
}

/// Makes a node, or several: by JSON, or of a form with a file in it.
pub(super) async fn create_node(
    network: Network,
    caller: Caller,
    parameters: Parameters,
    query: Query,
    Id(id): Id,
    State(services): State<Services>,
    request: Request,
) -> Result<Response> {
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if content_type.trim().to_ascii_lowercase().starts_with("multipart/form-data") {
        let form = upload::read_form(request, &services.intake).await?;
        network.repository().require_upload_folder(&caller, &id)?;
        let node = network.repository().upload(&caller, &id, form.into_upload()?)?;
        let created = shown(&network, &caller, parameters, node)?;
        return Ok(created.with_status(StatusCode::CREATED).into_response());
    }
    let JsonBody(body) = JsonBody::read(request, &services.intake).await?;
    let new: Vec<NewNode> = several(&NODE, &body)?.iter().map(new_node).collect();
    let nodes = network.repository().create(&caller, &id, &new, query.is_true("autoRename"), version(&query))?;
    if let [node] = nodes[..] {
        let created = shown(&network, &caller, parameters, node)?;
        return Ok(created.with_status(StatusCode::CREATED).into_response());
    }
    Ok(all_shown(&network, &caller, parameters, &nodes).into_response())
}

fn all_shown(
    network: &Network,
    caller: &Caller,
    parameters: Parameters,
    nodes: &[NodeId],
) -> List<serde_json::Map<String, Value>> {
    let tree = network.repository().read();
    let shown = Shown::alone(network, caller, &parameters);
    let entries = nodes.iter().filter_map(|node| Some(shown.node(&tree, tree.find(*node)?))).collect();
    List::created(entries, parameters.fields)
}

fn new_node(body: &Object) -> NewNode {
    NewNode {
        id: body.owned("id"),
        name: body.owned("name"),
        node_type: body.owned("nodeType"),
        description: description(body),
        relative_path: body.owned("relativePath"),
        assoc_type: body.bean("association").and_then(|association| association.owned("assocType")),
        permissions: permissions(body),
        secondary_children: secondary_children(body.beans("secondaryChildren").unwrap_or_default()),
    }
}

/// What the query says of the first version of a new file (wire reference, nodes, section 6).
fn version(query: &Query) -> Wish {
    let stated = query.get("majorVersion").map(|text| text.eq_ignore_ascii_case("true"));
    let is_major = match query.get("versioningEnabled") {
        None => stated,
        Some(enabled) if enabled.eq_ignore_ascii_case("true") => stated.or(Some(true)),
        Some(_) => None,
    };
    Wish { is_major, has_comment: query.get("comment").is_some() }
}
