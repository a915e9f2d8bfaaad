//! The public REST API: which operation answers which address.
//!
//! Each operation is named after its `operationId` in Alfresco's own definition. What no operation answers is refused in
//! [`front`], in the real server's odd order (wire reference, downloads, section 1).

mod address;
mod associations;
mod authentication;
mod body;
mod children;
mod content;
mod cors;
mod discovery;
mod disposition;
mod downloads;
mod envelope;
mod extract;
pub(crate) mod front;
mod group_members;
mod groups;
mod headers;
mod jackson;
mod locks;
mod node_entry;
mod nodes;
mod path;
mod people;
mod probes;
mod ranges;
mod site_members;
mod sites;
mod tickets;
mod trash;
mod upload;
mod where_clause;

use axum::{
    Router,
    routing::{get, post},
};

pub(crate) use self::extract::LARGEST_BODY;

/// The operations, below `/alfresco/api`.
pub(crate) fn router() -> Router {
    const CORE: &str = "/alfresco/api/{network}/public/alfresco/versions/1";
    const AUTHENTICATION: &str = "/alfresco/api/{network}/public/authentication/versions/1";
    let at = |base: &str, path: &str| format!("{base}{path}");
    Router::new()
        .route(&at(CORE, "/downloads"), post(downloads::create_download))
        .route(&at(CORE, "/downloads/{id}"), get(downloads::get_download).delete(downloads::cancel_download))
        .route(&at(CORE, "/deleted-nodes"), get(trash::list_deleted_nodes))
        .route(&at(CORE, "/deleted-nodes/{id}"), get(trash::get_deleted_node).delete(trash::delete_deleted_node))
        .route(&at(CORE, "/deleted-nodes/{id}/content"), get(content::get_deleted_node_content))
        .route(&at(CORE, "/deleted-nodes/{id}/restore"), post(trash::restore_deleted_node))
        .route(&at(CORE, "/groups"), get(groups::list_groups).post(groups::create_group))
        .route(&at(CORE, "/groups/{id}"), get(groups::get_group).put(groups::update_group).delete(groups::delete_group))
        .route(
            &at(CORE, "/groups/{id}/members"),
            get(group_members::list_group_memberships).post(group_members::create_group_membership),
        )
        .route(
            &at(CORE, "/groups/{id}/members/{related}"),
            axum::routing::delete(group_members::delete_group_membership),
        )
        .route(&at(CORE, "/nodes/{id}"), get(nodes::get_node).put(nodes::update_node).delete(nodes::delete_node))
        .route(&at(CORE, "/nodes/{id}/children"), get(children::list_node_children).post(children::create_node))
        .route(&at(CORE, "/nodes/{id}/content"), get(content::get_node_content).put(content::update_node_content))
        .route(&at(CORE, "/nodes/{id}/copy"), post(nodes::copy_node))
        .route(&at(CORE, "/nodes/{id}/move"), post(nodes::move_node))
        .route(&at(CORE, "/nodes/{id}/lock"), post(locks::lock_node))
        .route(&at(CORE, "/nodes/{id}/unlock"), post(locks::unlock_node))
        .route(&at(CORE, "/nodes/{id}/check-out"), post(locks::check_out_node))
        .route(&at(CORE, "/nodes/{id}/cancel-check-out"), post(locks::cancel_check_out_node))
        .route(&at(CORE, "/nodes/{id}/parents"), get(associations::list_parents))
        .route(
            &at(CORE, "/nodes/{id}/secondary-children"),
            get(associations::list_secondary_children).post(associations::create_secondary_child_association),
        )
        .route(
            &at(CORE, "/nodes/{id}/secondary-children/{related}"),
            axum::routing::delete(associations::delete_secondary_child_association),
        )
        .route(&at(CORE, "/people"), get(people::list_people).post(people::create_person))
        .route(&at(CORE, "/people/{id}"), get(people::get_person).put(people::update_person))
        .route(&at(CORE, "/people/{id}/groups"), get(groups::list_group_memberships_for_person))
        .route(&at(CORE, "/people/{id}/sites"), get(site_members::list_site_memberships_for_person))
        .route(
            &at(CORE, "/people/{id}/sites/{related}"),
            get(site_members::get_site_membership_for_person).delete(site_members::delete_site_membership_for_person),
        )
        .route(&at(CORE, "/probes/{id}"), get(probes::get_probe))
        .route(&at(CORE, "/sites"), get(sites::list_sites).post(sites::create_site))
        .route(&at(CORE, "/sites/{id}"), get(sites::get_site).put(sites::update_site).delete(sites::delete_site))
        .route(&at(CORE, "/sites/{id}/containers"), get(sites::list_site_containers))
        .route(&at(CORE, "/sites/{id}/containers/{related}"), get(sites::get_site_container))
        .route(
            &at(CORE, "/sites/{id}/members"),
            get(site_members::list_site_memberships).post(site_members::create_site_membership),
        )
        .route(
            &at(CORE, "/sites/{id}/members/{related}"),
            get(site_members::get_site_membership)
                .put(site_members::update_site_membership)
                .delete(site_members::delete_site_membership),
        )
        .route(&at(AUTHENTICATION, "/tickets"), post(tickets::create_ticket))
        .route(&at(AUTHENTICATION, "/tickets/{id}"), get(tickets::validate_ticket).delete(tickets::delete_ticket))
        .route("/alfresco/api/discovery", get(discovery::get_repository_information))
}
