//! The public REST API: which operation answers which address.
//!
//! Each operation is named after its `operationId` in Alfresco's own definition. What no operation answers is refused in
//! [`front`], in the real server's odd order (wire reference, downloads, section 1).

mod address;
mod associations;
mod authentication;
mod body;
mod call;
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
pub(crate) mod ranges;
mod site_members;
mod sites;
mod tickets;
mod trash;
mod upload;
mod where_clause;

use axum::{
    extract::Request,
    handler::Handler as _,
    response::{IntoResponse as _, Response},
};

use self::call::Call;
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
async fn answer(operation: Operation, request: Request, call: Call) -> Response {
    use Operation as O;

    let answered = match operation {
        // Asked for more often than all else, so it takes no way around.
        O::GetDownload => {
            return downloads::get_download(&call, request.into_parts().0.headers).into_response();
        }
        O::CreateDownload => downloads::create_download.call(request, call),
        O::CancelDownload => downloads::cancel_download.call(request, call),
        O::GetNode => nodes::get_node.call(request, call),
        O::UpdateNode => nodes::update_node.call(request, call),
        O::DeleteNode => nodes::delete_node.call(request, call),
        O::GetNodeContent => content::get_node_content.call(request, call),
        O::UpdateNodeContent => content::update_node_content.call(request, call),
        O::ListNodeChildren => children::list_node_children.call(request, call),
        O::CreateNode => children::create_node.call(request, call),
        O::ListParents => associations::list_parents.call(request, call),
        O::ListSecondaryChildren => associations::list_secondary_children.call(request, call),
        O::CreateSecondaryChildAssociation => associations::create_secondary_child_association.call(request, call),
        O::DeleteSecondaryChildAssociation => associations::delete_secondary_child_association.call(request, call),
        O::CopyNode => nodes::copy_node.call(request, call),
        O::MoveNode => nodes::move_node.call(request, call),
        O::LockNode => locks::lock_node.call(request, call),
        O::UnlockNode => locks::unlock_node.call(request, call),
        O::CheckOutNode => locks::check_out_node.call(request, call),
        O::CancelCheckOutNode => locks::cancel_check_out_node.call(request, call),
        O::ListDeletedNodes => trash::list_deleted_nodes.call(request, call),
        O::GetDeletedNode => trash::get_deleted_node.call(request, call),
        O::DeleteDeletedNode => trash::delete_deleted_node.call(request, call),
        O::GetDeletedNodeContent => content::get_deleted_node_content.call(request, call),
        O::RestoreDeletedNode => trash::restore_deleted_node.call(request, call),
        O::ListPeople => people::list_people.call(request, call),
        O::CreatePerson => people::create_person.call(request, call),
        O::GetPerson => people::get_person.call(request, call),
        O::UpdatePerson => people::update_person.call(request, call),
        O::ListSites => sites::list_sites.call(request, call),
        O::CreateSite => sites::create_site.call(request, call),
        O::GetSite => sites::get_site.call(request, call),
        O::UpdateSite => sites::update_site.call(request, call),
        O::DeleteSite => sites::delete_site.call(request, call),
        O::ListSiteContainers => sites::list_site_containers.call(request, call),
        O::GetSiteContainer => sites::get_site_container.call(request, call),
        O::ListGroups => groups::list_groups.call(request, call),
        O::CreateGroup => groups::create_group.call(request, call),
        O::GetGroup => groups::get_group.call(request, call),
        O::UpdateGroup => groups::update_group.call(request, call),
        O::DeleteGroup => groups::delete_group.call(request, call),
        O::ListGroupMemberships => group_members::list_group_memberships.call(request, call),
        O::CreateGroupMembership => group_members::create_group_membership.call(request, call),
        O::DeleteGroupMembership => group_members::delete_group_membership.call(request, call),
        O::ListGroupMembershipsForPerson => groups::list_group_memberships_for_person.call(request, call),
        O::ListSiteMembershipsForPerson => site_members::list_site_memberships_for_person.call(request, call),
        O::GetSiteMembershipForPerson => site_members::get_site_membership_for_person.call(request, call),
        O::DeleteSiteMembershipForPerson => site_members::delete_site_membership_for_person.call(request, call),
        O::ListSiteMemberships => site_members::list_site_memberships.call(request, call),
        O::CreateSiteMembership => site_members::create_site_membership.call(request, call),
        O::GetSiteMembership => site_members::get_site_membership.call(request, call),
        O::UpdateSiteMembership => site_members::update_site_membership.call(request, call),
        O::DeleteSiteMembership => site_members::delete_site_membership.call(request, call),
        O::GetProbe => probes::get_probe.call(request, call),
        O::CreateTicket => tickets::create_ticket.call(request, call),
        O::ValidateTicket => tickets::validate_ticket.call(request, call),
        O::DeleteTicket => tickets::delete_ticket.call(request, call),
        O::GetRepositoryInformation => discovery::get_repository_information.call(request, call),
    };
    answered.await
}
