//! The operations of the REST API, by the `operationId`s of Alfresco's own definition.
//!
//! Faults and the journal speak of operations. A request is one by its method and the shape of its address, whether it
//! is answered or refused.

use std::fmt;

use memchr::memchr;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[expect(missing_docs, reason = "they are named after Alfresco's operations, whose definition describes them")]
pub enum Operation {
    CreateDownload,
    GetDownload,
    CancelDownload,
    GetNode,
    UpdateNode,
    DeleteNode,
    GetNodeContent,
    UpdateNodeContent,
    ListNodeChildren,
    CreateNode,
    ListParents,
    ListSecondaryChildren,
    CreateSecondaryChildAssociation,
    DeleteSecondaryChildAssociation,
    CopyNode,
    MoveNode,
    LockNode,
    UnlockNode,
    CheckOutNode,
    CancelCheckOutNode,
    ListDeletedNodes,
    GetDeletedNode,
    DeleteDeletedNode,
    GetDeletedNodeContent,
    RestoreDeletedNode,
    ListPeople,
    CreatePerson,
    GetPerson,
    UpdatePerson,
    ListSites,
    CreateSite,
    GetSite,
    UpdateSite,
    DeleteSite,
    ListSiteContainers,
    GetSiteContainer,
    ListGroups,
    CreateGroup,
    GetGroup,
    UpdateGroup,
    DeleteGroup,
    ListGroupMemberships,
    CreateGroupMembership,
    DeleteGroupMembership,
    ListGroupMembershipsForPerson,
    ListSiteMembershipsForPerson,
    GetSiteMembershipForPerson,
    DeleteSiteMembershipForPerson,
    ListSiteMemberships,
    CreateSiteMembership,
    GetSiteMembership,
    UpdateSiteMembership,
    DeleteSiteMembership,
    GetProbe,
    CreateTicket,
    ValidateTicket,
    DeleteTicket,
    GetRepositoryInformation,
}

use Operation as O;

/// Method and path below the network; `*` stands for one segment.
const SHAPES: &[(Operation, &str, &str)] = &[
    (O::CreateDownload, "POST", "public/alfresco/versions/1/downloads"),
    (O::GetDownload, "GET", "public/alfresco/versions/1/downloads/*"),
    (O::CancelDownload, "DELETE", "public/alfresco/versions/1/downloads/*"),
    (O::GetNode, "GET", "public/alfresco/versions/1/nodes/*"),
    (O::UpdateNode, "PUT", "public/alfresco/versions/1/nodes/*"),
    (O::DeleteNode, "DELETE", "public/alfresco/versions/1/nodes/*"),
    (O::GetNodeContent, "GET", "public/alfresco/versions/1/nodes/*/content"),
    (O::UpdateNodeContent, "PUT", "public/alfresco/versions/1/nodes/*/content"),
    (O::ListNodeChildren, "GET", "public/alfresco/versions/1/nodes/*/children"),
    (O::CreateNode, "POST", "public/alfresco/versions/1/nodes/*/children"),
    (O::ListParents, "GET", "public/alfresco/versions/1/nodes/*/parents"),
    (O::ListSecondaryChildren, "GET", "public/alfresco/versions/1/nodes/*/secondary-children"),
    (O::CreateSecondaryChildAssociation, "POST", "public/alfresco/versions/1/nodes/*/secondary-children"),
    (O::DeleteSecondaryChildAssociation, "DELETE", "public/alfresco/versions/1/nodes/*/secondary-children/*"),
    (O::CopyNode, "POST", "public/alfresco/versions/1/nodes/*/copy"),
    (O::MoveNode, "POST", "public/alfresco/versions/1/nodes/*/move"),
    (O::LockNode, "POST", "public/alfresco/versions/1/nodes/*/lock"),
    (O::UnlockNode, "POST", "public/alfresco/versions/1/nodes/*/unlock"),
    (O::CheckOutNode, "POST", "public/alfresco/versions/1/nodes/*/check-out"),
    (O::CancelCheckOutNode, "POST", "public/alfresco/versions/1/nodes/*/cancel-check-out"),
    (O::ListDeletedNodes, "GET", "public/alfresco/versions/1/deleted-nodes"),
    (O::GetDeletedNode, "GET", "public/alfresco/versions/1/deleted-nodes/*"),
    (O::DeleteDeletedNode, "DELETE", "public/alfresco/versions/1/deleted-nodes/*"),
    (O::GetDeletedNodeContent, "GET", "public/alfresco/versions/1/deleted-nodes/*/content"),
    (O::RestoreDeletedNode, "POST", "public/alfresco/versions/1/deleted-nodes/*/restore"),
    (O::ListPeople, "GET", "public/alfresco/versions/1/people"),
    (O::CreatePerson, "POST", "public/alfresco/versions/1/people"),
    (O::GetPerson, "GET", "public/alfresco/versions/1/people/*"),
    (O::UpdatePerson, "PUT", "public/alfresco/versions/1/people/*"),
    (O::ListSites, "GET", "public/alfresco/versions/1/sites"),
    (O::CreateSite, "POST", "public/alfresco/versions/1/sites"),
    (O::GetSite, "GET", "public/alfresco/versions/1/sites/*"),
    (O::UpdateSite, "PUT", "public/alfresco/versions/1/sites/*"),
    (O::DeleteSite, "DELETE", "public/alfresco/versions/1/sites/*"),
    (O::ListSiteContainers, "GET", "public/alfresco/versions/1/sites/*/containers"),
    (O::GetSiteContainer, "GET", "public/alfresco/versions/1/sites/*/containers/*"),
    (O::ListGroups, "GET", "public/alfresco/versions/1/groups"),
    (O::CreateGroup, "POST", "public/alfresco/versions/1/groups"),
    (O::GetGroup, "GET", "public/alfresco/versions/1/groups/*"),
    (O::UpdateGroup, "PUT", "public/alfresco/versions/1/groups/*"),
    (O::DeleteGroup, "DELETE", "public/alfresco/versions/1/groups/*"),
    (O::ListGroupMemberships, "GET", "public/alfresco/versions/1/groups/*/members"),
    (O::CreateGroupMembership, "POST", "public/alfresco/versions/1/groups/*/members"),
    (O::DeleteGroupMembership, "DELETE", "public/alfresco/versions/1/groups/*/members/*"),
    (O::ListGroupMembershipsForPerson, "GET", "public/alfresco/versions/1/people/*/groups"),
    (O::ListSiteMembershipsForPerson, "GET", "public/alfresco/versions/1/people/*/sites"),
    (O::GetSiteMembershipForPerson, "GET", "public/alfresco/versions/1/people/*/sites/*"),
    (O::DeleteSiteMembershipForPerson, "DELETE", "public/alfresco/versions/1/people/*/sites/*"),
    (O::ListSiteMemberships, "GET", "public/alfresco/versions/1/sites/*/members"),
    (O::CreateSiteMembership, "POST", "public/alfresco/versions/1/sites/*/members"),
    (O::GetSiteMembership, "GET", "public/alfresco/versions/1/sites/*/members/*"),
    (O::UpdateSiteMembership, "PUT", "public/alfresco/versions/1/sites/*/members/*"),
    (O::DeleteSiteMembership, "DELETE", "public/alfresco/versions/1/sites/*/members/*"),
    (O::GetProbe, "GET", "public/alfresco/versions/1/probes/*"),
    (O::CreateTicket, "POST", "public/authentication/versions/1/tickets"),
    (O::ValidateTicket, "GET", "public/authentication/versions/1/tickets/*"),
    (O::DeleteTicket, "DELETE", "public/authentication/versions/1/tickets/*"),
    (O::GetRepositoryInformation, "GET", "discovery"),
];

impl Operation {
    /// The operation of a method at these segments behind the network, if there is one.
    pub(crate) fn of(method: &str, segments: &[&str]) -> Option<Self> {
        let fits = |shape: &str| {
            let mut rest = Some(shape);
            let mut next_fits = |(place, segment): (usize, &&str)| {
                let Some(left) = rest else { return false };
                let (part, behind) = match memchr(b'/', left.as_bytes()) {
                    Some(end) => (&left[..end], Some(&left[end + 1..])),
                    None => (left, None),
                };
                rest = behind;
                fits_at(place, part, segment)
            };
            segments.iter().enumerate().all(&mut next_fits) && rest.is_none()
        };
        SHAPES.iter().find(|(_, with, shape)| *with == method && fits(shape)).map(|(operation, ..)| *operation)
    }
}

/// Whether a segment fits a part of a shape. The real server reads the scope without its case, and the version as a
/// number.
fn fits_at(place: usize, part: &str, segment: &str) -> bool {
    part == "*"
        || part == segment
        || (place == 0 && part.eq_ignore_ascii_case(segment))
        || (place == 3 && segment.parse::<i32>() == Ok(1))
}

/// Its `operationId`.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(method: &str, path: &str, expected: Option<Operation>) {
        let segments: Vec<_> = path.split('/').collect();
        assert_eq!(Operation::of(method, &segments), expected, "{method} {path}");
    }

    #[test]
    fn an_operation_is_known_by_method_and_shape() {
        check("POST", "public/alfresco/versions/1/downloads", Some(O::CreateDownload));
        check("DELETE", "public/alfresco/versions/1/downloads/x", Some(O::CancelDownload));
        check("GET", "public/alfresco/versions/1/nodes/x/content", Some(O::GetNodeContent));
        check("GET", "public/alfresco/versions/1/nodes/x/content/y", None);
        check("HEAD", "public/alfresco/versions/1/downloads", None);
        check("GET", "discovery", Some(O::GetRepositoryInformation));
        check("GET", "Public/alfresco/versions/+01/nodes/x", Some(O::GetNode));
        check("GET", "public/Alfresco/versions/1/nodes/x", None);
        check("GET", "public/alfresco/versions/2/nodes/x", None);
        check("GET", "public/alfresco/versions/1/01/x", None);
        check("GET", "discovery/x", None);
    }

    #[test]
    fn each_operation_has_one_shape_and_its_own_name() {
        let mut names: Vec<_> = SHAPES.iter().map(|(operation, ..)| operation.to_string()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), SHAPES.len());
        assert!(names.contains(&"cancelDownload".to_owned()));
    }
}
