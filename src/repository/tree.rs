//! The nodes by id.
//!
//! A tree is an image of the start and what has changed since. Clones share the image: another world of a hundred
//! thousand nodes costs what is changed in it, and going back to the start costs nothing.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    access::Caller,
    bootstrap,
    children::Child,
    groups::Groups,
    node::{Node, NodeId, ParentLink, unversioned},
    trash::Trash,
};
use crate::error::{Error, Result};

/// The type of association by which folders hold what is in them.
pub(crate) const CONTAINS: &str = "cm:contains";

/// The nodes, below one root, with the groups that have rights to them and the trash can.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// The nodes of the start.
    image: Arc<HashMap<NodeId, Node>>,
    /// Nodes that are new or different; none for those that are gone.
    changed: HashMap<NodeId, Option<Node>>,
    len: usize,
    root: NodeId,
    pub(crate) groups: Groups,
    pub(crate) trash: Trash,
}

impl Tree {
    pub(crate) fn new(root: Node) -> Self {
        let id = root.id;
        Self {
            image: Arc::new(HashMap::from([(id, root)])),
            changed: HashMap::new(),
            len: 1,
            root: id,
            groups: Groups::default(),
            trash: Trash::default(),
        }
    }

    /// Makes room for that many more nodes.
    pub(crate) fn reserve(&mut self, nodes: usize) {
        if let Some(image) = Arc::get_mut(&mut self.image) {
            image.reserve(nodes);
        }
    }

    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    /// How many nodes there are.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// How many there are with those in the trash can.
    pub(crate) fn len_with_trash(&self) -> usize {
        self.len + self.trash.len()
    }

    pub(crate) fn find(&self, id: NodeId) -> Option<&Node> {
        if !self.changed.is_empty()
            && let Some(changed) = self.changed.get(&id)
        {
            return changed.as_ref();
        }
        self.image.get(&id)
    }

    /// The node of an id as a client states it. Of a version behind it, only `pwc` is looked at: then there is none; any
    /// other stands for the live node (wire reference, downloads, section 2.4).
    pub(crate) fn look_up(&self, id: &str) -> Result<&Node> {
        let found = NodeId::stated(id).and_then(|id| self.find(id));
        found.ok_or_else(|| Error::EntityNotFound(unversioned(id).to_owned()))
    }

    /// The node of an id, or of an alias, which only some operations know (wire reference, nodes, section 3).
    pub(crate) fn look_up_alias(&self, caller: &Caller, id: &str) -> Result<&Node> {
        match self.alias(caller, id) {
            Some(aliased) => self.find(aliased).ok_or_else(|| Error::EntityNotFound(id.to_owned())),
            None => self.look_up(id),
        }
    }

    /// What an alias stands for.
    pub(crate) fn alias(&self, caller: &Caller, id: &str) -> Option<NodeId> {
        match id {
            "-root-" => Some(self.root),
            "-my-" => Some(bootstrap::home_of(&caller.user, self.root)),
            "-shared-" => Some(bootstrap::shared()),
            _ => None,
        }
    }

    /// The node to be changed: in the image, as long as nobody else has it, else a copy.
    pub(crate) fn find_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        if self.changed.is_empty() && Arc::get_mut(&mut self.image).is_some() {
            return Arc::get_mut(&mut self.image)?.get_mut(&id);
        }
        if !self.changed.contains_key(&id) {
            let copy = self.image.get(&id)?.clone();
            self.changed.insert(id, Some(copy));
        }
        self.changed.get_mut(&id)?.as_mut()
    }

    pub(super) fn put(&mut self, node: Node) {
        self.len += usize::from(self.find(node.id).is_none());
        match Arc::get_mut(&mut self.image) {
            Some(image) if self.changed.is_empty() => drop(image.insert(node.id, node)),
            _ => drop(self.changed.insert(node.id, Some(node))),
        }
    }

    fn take(&mut self, id: NodeId) -> Option<Node> {
        let own = if self.changed.is_empty() { Arc::get_mut(&mut self.image) } else { None };
        let node = if let Some(image) = own {
            image.remove(&id)?
        } else if let Some(original) = self.image.get(&id) {
            match self.changed.insert(id, None) {
                Some(changed) => changed?,
                None => original.clone(),
            }
        } else {
            self.changed.remove(&id)??
        };
        self.len -= 1;
        Some(node)
    }

    /// The primary or secondary child of that name; names are compared without case.
    pub(crate) fn child_named(&self, parent: NodeId, name: &str) -> Option<&Node> {
        self.find(self.find(parent)?.children.named(name)?)
    }

    /// The nodes from the root to the parent of `id`.
    pub(crate) fn ancestors(&self, id: NodeId) -> Vec<&Node> {
        let parent_of = |id| self.find(id).and_then(|node: &Node| node.parent).and_then(|parent| self.find(parent));
        let mut ancestors: Vec<_> = std::iter::successors(parent_of(id), |node| parent_of(node.id)).collect();
        ancestors.reverse();
        ancestors
    }

    /// The primary children of a node and theirs, with the node itself first, parents before children.
    pub(crate) fn descendants(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut left = vec![id];
        while let Some(id) = left.pop() {
            let Some(node) = self.find(id) else { continue };
            found.push(id);
            left.extend(node.children.iter().rev().filter(|child| child.is_primary).map(|child| child.id));
        }
        found
    }

    /// Whether `node` is one of `tops`, or can be reached from one through primary and secondary children.
    pub(crate) fn is_at_or_below(&self, node: NodeId, tops: &[NodeId]) -> bool {
        let (mut left, mut seen) = (vec![node], HashSet::new());
        while let Some(next) = left.pop() {
            if tops.contains(&next) {
                return true;
            }
            if seen.insert(next) {
                left.extend(self.parents(next));
            }
        }
        false
    }

    /// Adds a node below its parent, as the youngest of its children.
    pub(crate) fn insert(&mut self, node: Node) {
        self.insert_as(node, CONTAINS);
    }

    /// Adds a node below its parent, by a link of that type.
    pub(super) fn insert_as(&mut self, node: Node, assoc_type: &'static str) {
        if let Some(parent) = node.parent.and_then(|parent| self.find_mut(parent)) {
            parent.children.add(&node.name, Child { id: node.id, is_primary: true, assoc_type });
        }
        self.put(node);
    }

    /// Links a node below a second parent.
    pub(crate) fn link(&mut self, parent: NodeId, child: NodeId, assoc_type: &'static str) {
        let Some(node) = self.find_mut(child) else { return };
        node.secondary_parents.push(ParentLink { parent, assoc_type });
        let name = node.name.clone();
        self.add_secondary(parent, child, &name, assoc_type);
    }

    /// The parent's half of a link.
    pub(super) fn add_secondary(&mut self, parent: NodeId, child: NodeId, name: &str, assoc_type: &'static str) {
        if let Some(parent) = self.find_mut(parent) {
            parent.children.add(name, Child { id: child, is_primary: false, assoc_type });
        }
    }

    /// Takes secondary links from `parent` to `child` away, of one type or of all; how many there were.
    pub(crate) fn unlink(&mut self, parent: NodeId, child: NodeId, assoc_type: Option<&str>) -> usize {
        let is_meant = |other: &str| assoc_type.is_none_or(|meant| meant == other);
        let Some(node) = self.find_mut(child) else { return 0 };
        let before = node.secondary_parents.len();
        node.secondary_parents.retain(|link| link.parent != parent || !is_meant(link.assoc_type));
        let removed = before - node.secondary_parents.len();
        let name = node.name.clone();
        if let Some(parent) = self.find_mut(parent) {
            parent.children.remove(child, &name, |link| !link.is_primary && is_meant(link.assoc_type));
        }
        removed
    }

    /// The type of the association by which its primary parent holds a node.
    pub(crate) fn primary_type(&self, node: &Node) -> &'static str {
        let parent = node.parent.and_then(|parent| self.find(parent));
        parent.and_then(|parent| parent.children.primary_link(&node.name)).map_or(CONTAINS, |link| link.assoc_type)
    }

    /// All nodes, in no order.
    pub(crate) fn nodes(&self) -> impl Iterator<Item = &Node> {
        let unchanged = self.image.values().filter(|node| !self.changed.contains_key(&node.id));
        unchanged.chain(self.changed.values().flatten())
    }

    /// Gives a node another name, in all folders that hold it.
    pub(crate) fn rename(&mut self, id: NodeId, name: &str) {
        let Some(node) = self.find_mut(id) else { return };
        let old = std::mem::replace(&mut node.name, name.into());
        for parent in self.parents(id) {
            if let Some(parent) = self.find_mut(parent) {
                parent.children.rename(id, &old, name);
            }
        }
    }

    /// The primary parent and the others.
    pub(crate) fn parents(&self, id: NodeId) -> Vec<NodeId> {
        let Some(node) = self.find(id) else { return Vec::new() };
        node.parent.into_iter().chain(node.secondary_parents.iter().map(|link| link.parent)).collect()
    }

    /// Moves a node below another primary parent, as the youngest of its children.
    pub(crate) fn relocate(&mut self, id: NodeId, parent: NodeId) {
        let Some(node) = self.find_mut(id) else { return };
        let old = node.parent.replace(parent);
        let name = node.name.clone();
        if let Some(old) = old.and_then(|old| self.find_mut(old)) {
            old.children.remove(id, &name, |link| link.is_primary);
        }
        if let Some(parent) = self.find_mut(parent) {
            parent.children.add(&name, Child { id, is_primary: true, assoc_type: CONTAINS });
        }
    }

    /// Removes a node, all primary children below it, and every link between them and others; the nodes, with the node
    /// itself first.
    pub(super) fn remove(&mut self, id: NodeId) -> Vec<Node> {
        let descendants = self.descendants(id);
        // What binds those that go together stays with them.
        let going: HashSet<NodeId> = descendants.iter().copied().collect();
        let mut removed = Vec::new();
        for id in descendants {
            let Some(node) = self.take(id) else { continue };
            let parents = node.secondary_parents.iter().map(|link| link.parent).chain(node.parent);
            for parent in parents.filter(|parent| !going.contains(parent)) {
                if let Some(parent) = self.find_mut(parent) {
                    parent.children.remove(id, &node.name, |_| true);
                }
            }
            for child in node.children.iter().filter(|child| !child.is_primary && !going.contains(&child.id)) {
                if let Some(child) = self.find_mut(child.id) {
                    child.secondary_parents.retain(|link| link.parent != id);
                }
            }
            removed.push(node);
        }
        removed
    }

    /// Company Home, Sites, a site and the Data Dictionary cannot be deleted or moved.
    pub(crate) fn is_special(&self, node: &Node) -> bool {
        node.id == self.root || node.node_type.is_site() || node.id == bootstrap::data_dictionary()
    }
}
