//! From requested nodes to ordered entries and totals.
//!
//! The rules are those of section 4.1 of the wire reference: depth first, a folder before its children, children in the
//! order of their links, nothing de-duplicated. The walk sees the repository as it is at that moment, with the creator's
//! eyes: what he cannot read is left out. Pure: neither time nor tasks.

use std::sync::Arc;

use super::download::Download;
use crate::{
    clock::Timestamp,
    content::Content,
    repository::{
        Tree,
        access::{Caller, Right},
        node::{Node, NodeId},
    },
};

/// The longest entry name, in bytes of UTF-8, for which the length of the extra fields fits in its 16 bits.
const LONGEST_NAME: usize = 0xFFFF - 128;

/// What a job has to zip.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) entries: Vec<Entry>,
    pub(crate) total_files: u64,
    pub(crate) total_bytes: u64,
    /// How many steps of the walk are left.
    left: usize,
    /// Whether there was more than that.
    pub(crate) is_cut: bool,
}

/// A zip entry to be.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) name: Box<str>,
    pub(crate) created: Timestamp,
    pub(crate) modified: Timestamp,
    /// None for a folder.
    pub(crate) content: Option<Content>,
}

/// Why there is no plan.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NoPlan {
    /// A zip has no room for a name.
    #[error("the zip entry of {id} would have a name of {len} bytes")]
    NameTooLong { id: NodeId, len: usize },
    /// There is no room for more entries.
    #[error("there is no memory for a plan of so many entries; see --max-memory")]
    Memory,
}

/// Steps of a walk between two looks at whether there is room for more.
const LOOK: usize = 4096;

impl Entry {
    pub(crate) fn size(&self) -> u64 {
        self.content.as_ref().map_or(0, Content::size)
    }
}

impl Plan {
    /// Walks the requested nodes, up to `most` of what lies at and below them: a few folders that are linked in each other
    /// can make a million. `download` finds those of them that are downloads themselves; `has_room` says whether there is
    /// memory for more entries.
    pub(crate) fn walk(
        tree: &Tree,
        caller: &Caller,
        node_ids: &[NodeId],
        most: usize,
        download: impl Fn(NodeId) -> Option<Arc<Download>>,
        has_room: impl Fn() -> bool,
    ) -> Result<Self, NoPlan> {
        let mut plan = Self { left: most, ..Self::default() };
        for id in node_ids {
            match download(*id) {
                Some(download) => plan.add_download(caller, &download)?,
                None => plan.add_tree(tree, caller, *id, &has_room)?,
            }
        }
        Ok(plan)
    }

    fn add_tree(
        &mut self,
        tree: &Tree,
        caller: &Caller,
        id: NodeId,
        has_room: impl Fn() -> bool,
    ) -> Result<(), NoPlan> {
        let mut path = String::new();
        // What is still to be visited, youngest last, and where the path is to be cut when leaving a folder.
        let mut left = vec![Step::Visit(id)];
        let mut above = Vec::new();
        while let Some(step) = left.pop() {
            let id = match step {
                Step::Visit(id) => id,
                Step::Leave(length) => {
                    path.truncate(length);
                    above.pop();
                    continue;
                }
            };
            if self.left == 0 {
                self.is_cut = true;
                return Ok(());
            }
            self.left -= 1;
            if self.left.is_multiple_of(LOOK) && !has_room() {
                return Err(NoPlan::Memory);
            }
            let Some(node) = tree.find(id).filter(|node| is_included(tree, caller, node)) else { continue };
            let length = path.len();
            path.push_str(&node.name);
            if node.node_type.is_folder() {
                path.push('/');
                self.add(node.id, &path, node.created, node.modified, None)?;
            } else if let Some(data) = node.content.as_ref().filter(|_| node.node_type.is_file()) {
                self.total_files += 1;
                self.total_bytes += data.size;
                if let Some(content) = &data.content {
                    self.add(node.id, &path, node.created, node.modified, Some(content.clone()))?;
                }
            }
            if node.children.is_empty() || above.contains(&id) {
                path.truncate(length);
                continue;
            }
            if !path.ends_with('/') {
                path.push('/');
            }
            above.push(id);
            left.push(Step::Leave(length));
            left.extend(node.children.iter().rev().map(|child| Step::Visit(child.id)));
        }
        Ok(())
    }

    fn add_download(&mut self, caller: &Caller, download: &Download) -> Result<(), NoPlan> {
        let state = download.state();
        let Some(content) = state.content.filter(|_| download.is_of(caller)) else { return Ok(()) };
        self.total_files += 1;
        self.total_bytes += content.size();
        self.add(download.id, &download.name, download.created, state.modified, Some(content))
    }

    fn add(
        &mut self,
        id: NodeId,
        name: &str,
        created: Timestamp,
        modified: Timestamp,
        content: Option<Content>,
    ) -> Result<(), NoPlan> {
        if name.len() > LONGEST_NAME {
            return Err(NoPlan::NameTooLong { id, len: name.len() });
        }
        self.entries.push(Entry { name: name.into(), created, modified, content });
        Ok(())
    }
}

enum Step {
    Visit(NodeId),
    /// Back to the parent, whose path has that length.
    Leave(usize),
}

/// Whether the download's owner gets the node: if he may read it, save that of a checked-out document he gets the
/// working copy when the check-out is his, and the original when it is not.
fn is_included(tree: &Tree, caller: &Caller, node: &Node) -> bool {
    let checked_out_here = node.lock.as_ref().is_some_and(|lock| lock.is_checked_out && lock.owner == caller.user);
    let working_copy_elsewhere = node.working_copy.as_ref().is_some_and(|copy| copy.owner != caller.user);
    !checked_out_here && !working_copy_elsewhere && tree.may(caller, node.id, Right::Read)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::repository::bootstrap;

    #[test]
    fn a_walk_ends_when_there_is_no_room_for_more() {
        let tree = bootstrap::tree(Timestamp::from_millis(0));
        let caller = Caller { user: "admin".into(), is_admin: true };
        let walk = |has_room: bool| Plan::walk(&tree, &caller, &[tree.root()], LOOK + 1, |_| None, || has_room);
        assert!(!walk(true).unwrap().entries.is_empty());
        assert!(matches!(walk(false), Err(NoPlan::Memory)));
    }
}
