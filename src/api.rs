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
mod patience;
mod people;
mod probes;
mod ranges;
mod site_members;
mod sites;
mod tickets;
mod trash;
mod upload;
mod where_clause;

use axum::{extract::Request, handler::Handler as _, response::Response};

use crate::{content::intake::Intake, operation::Operation};

/// What handlers work with beside the network that a request came to. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Services {
    /// Receives contents.
    pub(crate) intake: Intake,
    /// Whether discovery was switched off at the start.
    pub(crate) is_discovery_off: bool,
}

/// Answers a request for an operation. Which one an address is, [`Operation::of`] knows.
pub(crate) async fn answer(operation: Operation, request: Request, services: Services) -> Response {
    use Operation as O;

    let answered = match operation {
        O::CreateDownload => downloads::create_download.call(request, services),
        O::GetDownload => downloads::get_download.call(request, services),
        O::CancelDownload => downloads::cancel_download.call(request, services),
        O::GetNode => nodes::get_node.call(request, services),
        O::UpdateNode => nodes::update_node.call(request, services),
        O::DeleteNode => nodes::delete_node.call(request, services),
        O::GetNodeContent => content::get_node_content.call(request, services),
        O::UpdateNodeContent => content::update_node_content.call(request, services),
        O::ListNodeChildren => children::list_node_children.call(request, services),
        O::CreateNode => children::create_node.call(request, services),
        O::ListParents => associations::list_parents.call(request, services),
        O::ListSecondaryChildren => associations::list_secondary_children.call(request, services),
        O::CreateSecondaryChildAssociation => associations::create_secondary_child_association.call(request, services),
        O::DeleteSecondaryChildAssociation => associations::delete_secondary_child_association.call(request, services),
        O::CopyNode => nodes::copy_node.call(request, services),
        O::MoveNode => nodes::move_node.call(request, services),
        O::LockNode => locks::lock_node.call(request, services),
        O::UnlockNode => locks::unlock_node.call(request, services),
        O::CheckOutNode => locks::check_out_node.call(request, services),
        O::CancelCheckOutNode => locks::cancel_check_out_node.call(request, services),
        O::ListDeletedNodes => trash::list_deleted_nodes.call(request, services),
        O::GetDeletedNode => trash::get_deleted_node.call(request, services),
        O::DeleteDeletedNode => trash::delete_deleted_node.call(request, services),
        O::GetDeletedNodeContent => content::get_deleted_node_content.call(request, services),
        O::RestoreDeletedNode => trash::restore_deleted_node.call(request, services),
        O::ListPeople => people::list_people.call(request, services),
        O::CreatePerson => people::create_person.call(request, services),
        O::GetPerson => people::get_person.call(request, services),
        O::UpdatePerson => people::update_person.call(request, services),
        O::ListSites => sites::list_sites.call(request, services),
        O::CreateSite => sites::create_site.call(request, services),
        O::GetSite => sites::get_site.call(request, services),
        O::UpdateSite => sites::update_site.call(request, services),
        O::DeleteSite => sites::delete_site.call(request, services),
        O::ListSiteContainers => sites::list_site_containers.call(request, services),
        O::GetSiteContainer => sites::get_site_container.call(request, services),
        O::ListGroups => groups::list_groups.call(request, services),
        O::CreateGroup => groups::create_group.call(request, services),
        O::GetGroup => groups::get_group.call(request, services),
        O::UpdateGroup => groups::update_group.call(request, services),
        O::DeleteGroup => groups::delete_group.call(request, services),
        O::ListGroupMemberships => group_members::list_group_memberships.call(request, services),
        O::CreateGroupMembership => group_members::create_group_membership.call(request, services),
        O::DeleteGroupMembership => group_members::delete_group_membership.call(request, services),
        O::ListGroupMembershipsForPerson => groups::list_group_memberships_for_person.call(request, services),
        O::ListSiteMembershipsForPerson => site_members::list_site_memberships_for_person.call(request, services),
        O::GetSiteMembershipForPerson => site_members::get_site_membership_for_person.call(request, services),
        O::DeleteSiteMembershipForPerson => site_members::delete_site_membership_for_person.call(request, services),
        O::ListSiteMemberships => site_members::list_site_memberships.call(request, services),
        O::CreateSiteMembership => site_members::create_site_membership.call(request, services),
        O::GetSiteMembership => site_members::get_site_membership.call(request, services),
        O::UpdateSiteMembership => site_members::update_site_membership.call(request, services),
        O::DeleteSiteMembership => site_members::delete_site_membership.call(request, services),
        O::GetProbe => probes::get_probe.call(request, services),
        O::CreateTicket => tickets::create_ticket.call(request, services),
        O::ValidateTicket => tickets::validate_ticket.call(request, services),
        O::DeleteTicket => tickets::delete_ticket.call(request, services),
        O::GetRepositoryInformation => discovery::get_repository_information.call(request, services),
    };
    answered.await
}
