//! A node: anything in the repository, with an id.

use std::{fmt, str::FromStr, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};
use uuid::{Uuid, uuid};

pub(crate) use super::dictionary::NodeType;
use super::{access::Permissions, children::Children};
use crate::{clock::Timestamp, content::Content};

/// A node's id: a UUID in lower case, save for the one node whose id is a word on the real server too.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(Uuid);

impl NodeId {
    /// Where download nodes lie, outside Company Home (wire reference, downloads, section 6).
    pub(crate) const DOWNLOADS_CONTAINER: Self = Self(uuid!("a7c21f9e-58c7-4b5c-8f0e-0d0e7a5a1b11"));
    const DOWNLOADS_CONTAINER_NAME: &str = "downloads_container";

    /// The id that a client states, unless it is of a kind that is never found. A version may stand behind it.
    pub(crate) fn stated(text: &str) -> Option<Self> {
        // Most have no version.
        text.parse().ok().or_else(|| match text.split_once(';')? {
            (_, "pwc") => None,
            (id, _) => id.parse().ok(),
        })
    }

    /// The id before the version that may stand behind it.
    pub(crate) fn unversioned(text: &str) -> Option<Self> {
        text.parse().ok().or_else(|| text.split_once(';')?.0.parse().ok())
    }

    /// The id of a node that states none: a name-based UUID of its path below Company Home, the same in every run.
    pub fn of_path(path: &str) -> Self {
        const NAMESPACE: Uuid = uuid!("3f0e6f5e-8d0a-5b3e-9c55-6a1f2c7b9d40");
        Self(Uuid::new_v5(&NAMESPACE, path.as_bytes()))
    }
}

impl NodeId {
    /// Appends its text.
    pub(crate) fn write_to(self, bytes: &mut Vec<u8>) {
        if self == Self::DOWNLOADS_CONTAINER {
            return bytes.extend_from_slice(Self::DOWNLOADS_CONTAINER_NAME.as_bytes());
        }
        let mut buffer = Uuid::encode_buffer();
        bytes.extend_from_slice(self.0.hyphenated().encode_lower(&mut buffer).as_bytes());
    }
}

impl Serialize for NodeId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// An id without the version that may stand behind it.
pub(crate) fn unversioned(id: &str) -> &str {
    id.split_once(';').map_or(id, |(id, _)| id)
}

impl From<Uuid> for NodeId {
    fn from(uuid: Uuid) -> Self {
        Self(uuid)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Self::DOWNLOADS_CONTAINER {
            return f.write_str(Self::DOWNLOADS_CONTAINER_NAME);
        }
        let mut buffer = Uuid::encode_buffer();
        f.write_str(self.0.hyphenated().encode_lower(&mut buffer))
    }
}

impl fmt::Debug for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// The text is not the id of any node.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a UUID in lower case with hyphens")]
pub struct NotANodeId;

impl FromStr for NodeId {
    type Err = NotANodeId;

    /// Only the one spelling that the server itself uses is an id: it compares texts.
    fn from_str(text: &str) -> Result<Self, NotANodeId> {
        if text == Self::DOWNLOADS_CONTAINER_NAME {
            return Ok(Self::DOWNLOADS_CONTAINER);
        }
        let is_canonical = text.len() == 36 && !text.bytes().any(|byte| byte.is_ascii_uppercase());
        let uuid = Uuid::try_parse(text).ok().filter(|_| is_canonical).ok_or(NotANodeId)?;
        Ok(Self(uuid))
    }
}

/// The name under which somebody logs in. Its case is as stated; look-ups ignore it.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UserName(Arc<str>);

impl UserName {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for UserName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// A node of the tree.
#[derive(Clone, Debug)]
#[expect(clippy::struct_field_names, reason = "`type` is taken, and `nodeType` is what it is called on the wire")]
pub(crate) struct Node {
    pub(crate) id: NodeId,
    pub(crate) node_type: NodeType,
    pub(crate) name: Box<str>,
    /// The primary parent; none for Company Home.
    pub(crate) parent: Option<NodeId>,
    /// Where it is linked as a secondary child.
    pub(crate) secondary_parents: Vec<ParentLink>,
    pub(crate) children: Children,
    pub(crate) created: Timestamp,
    pub(crate) creator: UserName,
    pub(crate) modified: Timestamp,
    pub(crate) modifier: UserName,
    pub(crate) content: Option<ContentData>,
    pub(crate) permissions: Permissions,
    pub(crate) lock: Option<Box<Lock>>,
    /// What this is a working copy of.
    pub(crate) working_copy: Option<Box<WorkingCopy>>,
    pub(crate) extras: Option<Box<Extras>>,
}

/// What few nodes have.
#[derive(Clone, Debug, Default)]
pub(crate) struct Extras {
    /// `cm:owner`, where it is not the creator.
    pub(crate) owner: Option<UserName>,
    pub(crate) aspects: Vec<String>,
    pub(crate) properties: Map<String, Value>,
}

/// A link from a parent that is not the primary one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ParentLink {
    pub(crate) parent: NodeId,
    /// The type of the association, such as `cm:contains`.
    pub(crate) assoc_type: &'static str,
}

/// What makes a node a working copy.
#[derive(Clone, Debug)]
pub(crate) struct WorkingCopy {
    /// Who checked the original out.
    pub(crate) owner: UserName,
    pub(crate) original: NodeId,
}

/// The content property of a node.
#[derive(Clone, Debug)]
pub(crate) struct ContentData {
    pub(crate) mimetype: Arc<str>,
    pub(crate) encoding: Arc<str>,
    pub(crate) size: u64,
    /// None when the property is there, but the bytes that it points to are not.
    pub(crate) content: Option<Content>,
    /// Moved to storage that takes hours to answer.
    pub(crate) is_archived: bool,
}

/// A lock that somebody holds.
#[derive(Clone, Debug)]
pub(crate) struct Lock {
    pub(crate) owner: UserName,
    /// Whether it binds its owner too (`FULL`, a `READ_ONLY_LOCK`).
    pub(crate) is_full: bool,
    /// Whether a restart of the real server would end it.
    pub(crate) is_ephemeral: bool,
    /// When it ends by itself; none for never.
    pub(crate) expires: Option<Timestamp>,
    /// Whether it comes from a check-out.
    pub(crate) is_checked_out: bool,
}

impl Lock {
    /// What a check-out puts on the original: like the real server's, it binds its owner too.
    pub(crate) fn of_check_out(owner: UserName) -> Self {
        Self { owner, is_full: true, is_ephemeral: false, expires: None, is_checked_out: true }
    }

    pub(crate) fn is_in_force(&self, now: Timestamp) -> bool {
        self.expires.is_none_or(|expires| now < expires)
    }

    /// Whether it keeps `user` from writing.
    pub(crate) fn binds(&self, user: &UserName, now: Timestamp) -> bool {
        self.is_in_force(now) && (self.is_full || self.owner != *user)
    }
}

impl Node {
    /// The owner: `cm:owner`, else the creator.
    pub(crate) fn owner(&self) -> &UserName {
        self.extras.as_ref().and_then(|extras| extras.owner.as_ref()).unwrap_or(&self.creator)
    }

    /// The lock, as long as it has not ended by itself.
    pub(crate) fn lock_in_force(&self, now: Timestamp) -> Option<&Lock> {
        self.lock.as_deref().filter(|lock| lock.is_in_force(now))
    }

    /// Whether it was checked out, by whomever.
    pub(crate) fn is_checked_out(&self) -> bool {
        self.lock.as_ref().is_some_and(|lock| lock.is_checked_out)
    }

    /// Whether it has an aspect that was given to it.
    pub(crate) fn has_aspect(&self, name: &str) -> bool {
        self.extras.as_ref().is_some_and(|extras| extras.aspects.iter().any(|aspect| aspect == name))
    }

    /// A property of its own.
    pub(crate) fn property(&self, name: &str) -> Option<&Value> {
        self.extras.as_ref()?.properties.get(name)
    }

    /// Says that somebody changed it.
    pub(crate) fn touch(&mut self, user: &UserName, now: Timestamp) {
        self.modified = now;
        self.modifier = user.clone();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_servers_own_spelling_is_an_id() {
        let text = "5c0f6a52-8f5e-4f0a-9a4b-0f6c0b6d1e11";
        assert_eq!(text.parse::<NodeId>().unwrap().to_string(), text);
        assert_eq!("downloads_container".parse::<NodeId>(), Ok(NodeId::DOWNLOADS_CONTAINER));
        for other in ["", "-root-", "5C0F6A52-8F5E-4F0A-9A4B-0F6C0B6D1E11", "5c0f6a528f5e4f0a9a4b0f6c0b6d1e11"] {
            assert_eq!(other.parse::<NodeId>(), Err(NotANodeId), "{other}");
        }
    }

    #[test]
    fn ids_of_paths_never_change() {
        assert_eq!(NodeId::of_path("/Reports/Q1.txt"), NodeId::of_path("/Reports/Q1.txt"));
        assert_eq!(NodeId::of_path("/").to_string(), "3f94e5d4-e6b7-5c85-83d1-a5937c41c35e");
    }
}
