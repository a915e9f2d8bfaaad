//! The operations of the REST API, by the `operationId`s of Alfresco's own definition.
//!
//! Faults and the journal speak of operations. A request is one by its method and the shape of its address, whether it
//! is answered or refused.

use std::fmt;

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

/// Method, API, and what is behind its version; `*` stands for one segment.
type Shape = (Operation, &'static str, &'static str, &'static [&'static str]);

/// Discovery is beside the APIs, and has no version.
const DISCOVERY: &str = "discovery";

const SHAPES: &[Shape] = &[
    (O::CreateDownload, "POST", "alfresco", &["downloads"]),
    (O::GetDownload, "GET", "alfresco", &["downloads", "*"]),
    (O::CancelDownload, "DELETE", "alfresco", &["downloads", "*"]),
    (O::GetNode, "GET", "alfresco", &["nodes", "*"]),
    (O::UpdateNode, "PUT", "alfresco", &["nodes", "*"]),
    (O::DeleteNode, "DELETE", "alfresco", &["nodes", "*"]),
    (O::GetNodeContent, "GET", "alfresco", &["nodes", "*", "content"]),
    (O::UpdateNodeContent, "PUT", "alfresco", &["nodes", "*", "content"]),
    (O::ListNodeChildren, "GET", "alfresco", &["nodes", "*", "children"]),
    (O::CreateNode, "POST", "alfresco", &["nodes", "*", "children"]),
    (O::ListParents, "GET", "alfresco", &["nodes", "*", "parents"]),
    (O::ListSecondaryChildren, "GET", "alfresco", &["nodes", "*", "secondary-children"]),
    (O::CreateSecondaryChildAssociation, "POST", "alfresco", &["nodes", "*", "secondary-children"]),
    (O::DeleteSecondaryChildAssociation, "DELETE", "alfresco", &["nodes", "*", "secondary-children", "*"]),
    (O::CopyNode, "POST", "alfresco", &["nodes", "*", "copy"]),
    (O::MoveNode, "POST", "alfresco", &["nodes", "*", "move"]),
    (O::LockNode, "POST", "alfresco", &["nodes", "*", "lock"]),
    (O::UnlockNode, "POST", "alfresco", &["nodes", "*", "unlock"]),
    (O::CheckOutNode, "POST", "alfresco", &["nodes", "*", "check-out"]),
    (O::CancelCheckOutNode, "POST", "alfresco", &["nodes", "*", "cancel-check-out"]),
    (O::ListDeletedNodes, "GET", "alfresco", &["deleted-nodes"]),
    (O::GetDeletedNode, "GET", "alfresco", &["deleted-nodes", "*"]),
    (O::DeleteDeletedNode, "DELETE", "alfresco", &["deleted-nodes", "*"]),
    (O::GetDeletedNodeContent, "GET", "alfresco", &["deleted-nodes", "*", "content"]),
    (O::RestoreDeletedNode, "POST", "alfresco", &["deleted-nodes", "*", "restore"]),
    (O::ListPeople, "GET", "alfresco", &["people"]),
    (O::CreatePerson, "POST", "alfresco", &["people"]),
    (O::GetPerson, "GET", "alfresco", &["people", "*"]),
    (O::UpdatePerson, "PUT", "alfresco", &["people", "*"]),
    (O::ListSites, "GET", "alfresco", &["sites"]),
    (O::CreateSite, "POST", "alfresco", &["sites"]),
    (O::GetSite, "GET", "alfresco", &["sites", "*"]),
    (O::UpdateSite, "PUT", "alfresco", &["sites", "*"]),
    (O::DeleteSite, "DELETE", "alfresco", &["sites", "*"]),
    (O::ListSiteContainers, "GET", "alfresco", &["sites", "*", "containers"]),
    (O::GetSiteContainer, "GET", "alfresco", &["sites", "*", "containers", "*"]),
    (O::ListGroups, "GET", "alfresco", &["groups"]),
    (O::CreateGroup, "POST", "alfresco", &["groups"]),
    (O::GetGroup, "GET", "alfresco", &["groups", "*"]),
    (O::UpdateGroup, "PUT", "alfresco", &["groups", "*"]),
    (O::DeleteGroup, "DELETE", "alfresco", &["groups", "*"]),
    (O::ListGroupMemberships, "GET", "alfresco", &["groups", "*", "members"]),
    (O::CreateGroupMembership, "POST", "alfresco", &["groups", "*", "members"]),
    (O::DeleteGroupMembership, "DELETE", "alfresco", &["groups", "*", "members", "*"]),
    (O::ListGroupMembershipsForPerson, "GET", "alfresco", &["people", "*", "groups"]),
    (O::ListSiteMembershipsForPerson, "GET", "alfresco", &["people", "*", "sites"]),
    (O::GetSiteMembershipForPerson, "GET", "alfresco", &["people", "*", "sites", "*"]),
    (O::DeleteSiteMembershipForPerson, "DELETE", "alfresco", &["people", "*", "sites", "*"]),
    (O::ListSiteMemberships, "GET", "alfresco", &["sites", "*", "members"]),
    (O::CreateSiteMembership, "POST", "alfresco", &["sites", "*", "members"]),
    (O::GetSiteMembership, "GET", "alfresco", &["sites", "*", "members", "*"]),
    (O::UpdateSiteMembership, "PUT", "alfresco", &["sites", "*", "members", "*"]),
    (O::DeleteSiteMembership, "DELETE", "alfresco", &["sites", "*", "members", "*"]),
    (O::GetProbe, "GET", "alfresco", &["probes", "*"]),
    (O::CreateTicket, "POST", "authentication", &["tickets"]),
    (O::ValidateTicket, "GET", "authentication", &["tickets", "*"]),
    (O::DeleteTicket, "DELETE", "authentication", &["tickets", "*"]),
    (O::GetRepositoryInformation, "GET", DISCOVERY, &[]),
];

impl Operation {
    /// Whether it makes something that stays.
    pub(crate) fn makes_something(self) -> bool {
        matches!(
            self,
            Self::CreateDownload
                | Self::UpdateNodeContent
                | Self::CreateNode
                | Self::CreateSecondaryChildAssociation
                | Self::CopyNode
                | Self::CheckOutNode
                | Self::CreatePerson
                | Self::CreateSite
                | Self::CreateGroup
                | Self::CreateGroupMembership
                | Self::CreateSiteMembership
        )
    }

    /// The operation of a method at these segments behind the network, if there is one.
    pub(crate) fn of(method: &str, segments: &[&str]) -> Option<Self> {
        // The real server reads the scope without its case, and the version as a number.
        let (api, rest) = match segments {
            [DISCOVERY] => (DISCOVERY, &[][..]),
            [scope, api, "versions", version, rest @ ..]
                if scope.eq_ignore_ascii_case("public") && version.parse::<i32>() == Ok(1) =>
            {
                (*api, rest)
            }
            _ => return None,
        };
        let fits = |parts: &[&str]| {
            let mut pairs = parts.iter().zip(rest);
            parts.len() == rest.len() && pairs.all(|(part, segment)| *part == "*" || part == segment)
        };
        let is_it = |&&(_, with, of, parts): &&Shape| with == method && of == api && fits(parts);
        SHAPES.iter().find(is_it).map(|(operation, ..)| *operation)
    }
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
