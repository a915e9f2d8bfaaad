//! A repository of lists: what the mock should be like. It knows nothing of the mock's own code.

use std::collections::{BTreeMap, BTreeSet};

/// An administrator and two others. Each has a home that is nobody else's business, save the administrator's, until he
/// grants something.
pub(super) const USERS: [&str; 3] = ["admin", "alice", "bob"];

pub(super) const ADMIN: usize = 0;

/// Names of groups that there may be.
pub(super) const GROUPS: [&str; 2] = ["GROUP_red", "GROUP_blue"];

/// A node, alive or not.
#[derive(Clone)]
pub(super) struct Node {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) parent: Option<usize>,
    /// Of a file.
    pub(super) bytes: Option<Vec<u8>>,
    /// Of a folder, in the order in which they came, those that lie elsewhere among them.
    pub(super) children: Vec<usize>,
    /// Folders that linked to it when it was deleted.
    pub(super) linked_by: Vec<usize>,
    pub(super) creator: usize,
    /// The home that it is in.
    pub(super) home: usize,
    pub(super) state: State,
    pub(super) lock: Option<Lock>,
    /// The original, and who has checked it out.
    pub(super) copy_of: Option<(usize, usize)>,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Alive,
    /// In the trash can, put there with this node by that user.
    Deleted(usize, usize),
    Gone,
}

#[derive(Clone, Copy, PartialEq)]
pub(super) struct Lock {
    pub(super) owner: usize,
    /// Whether it binds its owner too.
    pub(super) is_full: bool,
    pub(super) is_check_out: bool,
}

impl Lock {
    pub(super) fn of_check_out(owner: usize) -> Self {
        Self { owner, is_full: true, is_check_out: true }
    }
}

#[derive(Clone, Copy, PartialEq)]
pub(super) enum Right {
    Read,
    Add,
    Write,
    Delete,
    Grant,
}

/// Roles that are granted, and what they allow.
pub(super) const ROLES: [(&str, &[Right]); 5] = [
    ("Consumer", &[Right::Read]),
    ("Contributor", &[Right::Read, Right::Add]),
    ("Editor", &[Right::Read, Right::Write]),
    ("Collaborator", &[Right::Read, Right::Add, Right::Write]),
    ("Coordinator", &[Right::Read, Right::Add, Right::Write, Right::Delete, Right::Grant]),
];

/// To whom something is granted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Authority {
    User(usize),
    Group(usize),
}

impl Authority {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::User(user) => USERS[user],
            Self::Group(group) => GROUPS[group],
        }
    }
}

pub(super) struct Download {
    pub(super) id: String,
    pub(super) creator: usize,
    pub(super) nodes: Vec<usize>,
    pub(super) is_there: bool,
    pub(super) is_held: bool,
    pub(super) is_cancelled: bool,
    pub(super) status: &'static str,
    /// Files and bytes that were added, and that there are.
    pub(super) counters: [usize; 4],
    /// Names and bytes.
    pub(super) entries: Vec<(String, Vec<u8>)>,
}

/// Somebody who was made in the course of it.
#[derive(Clone)]
pub(super) struct Person {
    pub(super) first_name: u8,
    pub(super) password: u8,
    pub(super) is_enabled: bool,
}

/// A group that was made in the course of it.
#[derive(Clone, Default)]
pub(super) struct Group {
    pub(super) members: BTreeSet<usize>,
    pub(super) name: String,
}

/// Names of sites that there may be.
pub(super) const SITES: [&str; 2] = ["red-site", "blue-site"];

/// Everybody reads what is in the first, and sees the second.
pub(super) const VISIBILITIES: [&str; 3] = ["PUBLIC", "MODERATED", "PRIVATE"];

const PUBLIC: usize = 0;
const PRIVATE: usize = 2;

/// What members of a site may be, and what they may then.
pub(super) const SITE_ROLES: [(&str, &[Right]); 4] = [
    ("SiteConsumer", &[Right::Read]),
    ("SiteContributor", &[Right::Read, Right::Add]),
    ("SiteCollaborator", &[Right::Read, Right::Add, Right::Write]),
    ("SiteManager", &[Right::Read, Right::Add, Right::Write, Right::Delete, Right::Grant]),
];

pub(super) const CONSUMER: usize = 0;
pub(super) const MANAGER: usize = 3;

/// A site, alive or in the trash can.
#[derive(Clone)]
pub(super) struct Site {
    pub(super) node: String,
    pub(super) library: String,
    pub(super) creator: usize,
    pub(super) visibility: usize,
    pub(super) title: u8,
    /// Their roles.
    pub(super) members: BTreeMap<usize, usize>,
    /// Who put it into the trash can.
    pub(super) deleted_by: Option<usize>,
}

impl Site {
    fn may_as_member(&self, user: usize, right: Right) -> bool {
        let is_granted = self.members.get(&user).is_some_and(|role| SITE_ROLES[*role].1.contains(&right));
        user == ADMIN || user == self.creator || is_granted
    }

    pub(super) fn may(&self, user: usize, right: Right) -> bool {
        self.may_as_member(user, right) || (right == Right::Read && self.visibility != PRIVATE)
    }

    /// The same, of what is in its document library.
    pub(super) fn may_within(&self, user: usize, right: Right) -> bool {
        self.may_as_member(user, right) || (right == Right::Read && self.visibility == PUBLIC)
    }

    /// Whether he can make himself a member, of that role.
    pub(super) fn can_join(&self, user: usize, role: usize) -> bool {
        self.visibility == PUBLIC && role == CONSUMER && !self.members.contains_key(&user)
    }

    pub(super) fn is_last_manager(&self, user: usize) -> bool {
        let managers: Vec<_> = self.members.iter().filter(|(_, role)| **role == MANAGER).collect();
        matches!(managers[..], [(last, _)] if *last == user)
    }
}

pub(super) struct World {
    pub(super) nodes: Vec<Node>,
    pub(super) downloads: Vec<Download>,
    pub(super) limit: usize,
    /// What is granted in each home.
    pub(super) grants: Vec<Option<(Authority, usize)>>,
    pub(super) groups: Vec<Option<Group>>,
    pub(super) sites: Vec<Option<Site>>,
    pub(super) people: Vec<Option<Person>>,
    /// Tickets that were given, whose they are, and whether they are still good.
    pub(super) tickets: Vec<(String, usize, bool)>,
    /// Whether the ready probe has just looked for itself.
    pub(super) is_probed: bool,
}

/// How many people there may be beside the users.
pub(super) const PEOPLE: usize = 2;

impl World {
    pub(super) fn begin() -> Self {
        let home = |user: usize| Node {
            id: String::new(),
            name: USERS[user].to_owned(),
            parent: None,
            bytes: None,
            children: Vec::new(),
            linked_by: Vec::new(),
            creator: user,
            home: user,
            state: State::Alive,
            lock: None,
            copy_of: None,
        };
        Self {
            nodes: (0..USERS.len()).map(home).collect(),
            downloads: Vec::new(),
            limit: usize::MAX,
            grants: vec![None; USERS.len()],
            groups: vec![None; GROUPS.len()],
            sites: vec![None; SITES.len()],
            people: vec![None; PEOPLE],
            tickets: Vec::new(),
            is_probed: false,
        }
    }

    pub(super) fn is_alive(&self, node: usize) -> bool {
        self.nodes[node].state == State::Alive
    }

    pub(super) fn is_home(&self, node: usize) -> bool {
        self.nodes[node].parent.is_none()
    }

    pub(super) fn may(&self, user: usize, node: usize, right: Right) -> bool {
        let Node { creator, home, .. } = self.nodes[node];
        let is_granted = self.grants[home].is_some_and(|(authority, role)| {
            let is_meant = match authority {
                Authority::User(other) => other == user,
                Authority::Group(group) => self.is_member(group, user),
            };
            is_meant && ROLES[role].1.contains(&right)
        });
        user == ADMIN || creator == user || home == user || is_granted
    }

    pub(super) fn is_member(&self, group: usize, user: usize) -> bool {
        self.groups[group].as_ref().is_some_and(|group| group.members.contains(&user))
    }

    /// The site of that number, for those who may see it.
    pub(super) fn site(&self, user: usize, site: usize) -> Option<&Site> {
        self.sites[site].as_ref().filter(|site| site.deleted_by.is_none() && site.may(user, Right::Read))
    }

    /// Why nobody, or not this user, can do that with the node.
    pub(super) fn refusals(&self, user: usize, node: usize, right: Right) -> super::Refusals {
        let mut refusals = super::Refusals::new();
        if !self.is_alive(node) {
            refusals.insert(404);
        } else if !self.may(user, node, right) {
            refusals.insert(403);
        }
        refusals
    }

    /// Whether a lock keeps the user from changing the node.
    pub(super) fn is_locked_for(&self, user: usize, node: usize) -> bool {
        self.nodes[node].lock.is_some_and(|lock| lock.is_full || lock.owner != user)
    }

    pub(super) fn is_checked_out(&self, node: usize) -> bool {
        self.nodes[node].lock.is_some_and(|lock| lock.is_check_out)
    }

    /// The working copy of a node, if it is there.
    pub(super) fn working_copy(&self, original: usize) -> Option<usize> {
        let is_it = |node: &usize| self.nodes[*node].copy_of.is_some_and(|(of, _)| of == original);
        (0..self.nodes.len()).filter(|node| self.is_alive(*node)).find(is_it)
    }

    pub(super) fn is_taken(&self, parent: usize, name: &str, besides: Option<usize>) -> bool {
        self.nodes[parent].children.iter().any(|child| Some(*child) != besides && self.nodes[*child].name == name)
    }

    /// Whether a folder links to a node that lies elsewhere.
    pub(super) fn is_link(&self, folder: usize, node: usize) -> bool {
        self.nodes[node].parent != Some(folder) && self.nodes[folder].children.contains(&node)
    }

    /// The folders that link to a node.
    fn links_to(&self, node: usize) -> Vec<usize> {
        (0..self.nodes.len()).filter(|folder| self.is_alive(*folder) && self.is_link(*folder, node)).collect()
    }

    /// All folders that hold a node, its own first.
    pub(super) fn parents(&self, node: usize) -> Vec<usize> {
        self.nodes[node].parent.into_iter().chain(self.links_to(node)).collect()
    }

    /// Links from folders to nodes that lie elsewhere.
    pub(super) fn links(&self) -> Vec<(usize, usize)> {
        let links = |folder: usize| {
            let children = self.nodes[folder].children.iter().copied();
            children.filter(move |node| self.is_link(folder, *node)).map(move |node| (folder, node))
        };
        (0..self.nodes.len()).filter(|folder| self.is_alive(*folder)).flat_map(links).collect()
    }

    /// Whether a node can be reached from another, through links too.
    pub(super) fn is_below(&self, node: usize, top: usize) -> bool {
        node == top || self.parents(node).into_iter().any(|parent| self.is_below(parent, top))
    }

    /// The node in a home at or below which a node lies; a home itself.
    pub(super) fn top(&self, node: usize) -> usize {
        match self.nodes[node].parent {
            Some(parent) if !self.is_home(parent) => self.top(parent),
            _ => node,
        }
    }

    /// The node and what lies below it, depth first.
    pub(super) fn tree(&self, top: usize) -> Vec<usize> {
        let own = self.nodes[top].children.iter().filter(|child| self.nodes[**child].parent == Some(top));
        [top].into_iter().chain(own.flat_map(|child| self.tree(*child))).collect()
    }

    pub(super) fn detach(&mut self, node: usize) {
        if let Some(parent) = self.nodes[node].parent {
            self.nodes[parent].children.retain(|child| *child != node);
        }
    }

    /// Takes a tree away, into the trash can or not.
    pub(super) fn remove(&mut self, top: usize, state: State) {
        let tree = self.tree(top);
        for below in tree.iter().copied() {
            for folder in self.links_to(below).into_iter().filter(|folder| !tree.contains(folder)) {
                self.nodes[folder].children.retain(|child| *child != below);
                self.nodes[below].linked_by.push(folder);
            }
        }
        for below in tree {
            self.nodes[below].state = state;
            if let Some((original, _)) = self.nodes[below].copy_of {
                self.nodes[original].lock = None;
            }
        }
        self.detach(top);
    }

    /// Whether two in one folder would have the same name if all this came back from the trash can.
    pub(super) fn would_clash(&self, back: &[usize]) -> bool {
        back.iter().any(|node| {
            let Node { name, children, linked_by, .. } = &self.nodes[*node];
            let mut seen = BTreeSet::new();
            let mut coming = children.iter().filter(|child| back.contains(child) || self.is_alive(**child));
            let is_elsewhere = |folder: &usize| self.is_alive(*folder) && self.is_taken(*folder, name, None);
            linked_by.iter().any(is_elsewhere) || coming.any(|child| !seen.insert(&self.nodes[*child].name))
        })
    }

    /// Takes a tree out of the trash can, with those of its links whose other end is there.
    pub(super) fn bring_back(&mut self, parent: usize, back: &[usize]) {
        for below in back.iter().copied() {
            self.nodes[below].state = State::Alive;
        }
        self.nodes[parent].children.extend(back.first());
        for below in back.iter().copied() {
            for folder in std::mem::take(&mut self.nodes[below].linked_by) {
                if self.is_alive(folder) {
                    self.nodes[folder].children.push(below);
                }
            }
            let mut children = std::mem::take(&mut self.nodes[below].children);
            children.retain(|child| self.is_alive(*child));
            self.nodes[below].children = children;
        }
    }

    /// A new node; its number.
    pub(super) fn add(&mut self, id: &str, user: usize, parent: usize, name: &str, bytes: Option<Vec<u8>>) -> usize {
        let node = Node {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: Some(parent),
            bytes,
            children: Vec::new(),
            linked_by: Vec::new(),
            creator: user,
            home: self.nodes[parent].home,
            state: State::Alive,
            lock: None,
            copy_of: None,
        };
        self.nodes.push(node);
        let added = self.nodes.len() - 1;
        self.nodes[parent].children.push(added);
        added
    }

    /// Names and bytes of what a user's zip holds of a node and what is below it, depth first.
    fn walk(&self, user: usize, node: usize, above: &str, entries: &mut Vec<(String, Vec<u8>)>) {
        let Node { name, bytes, children, lock, copy_of, .. } = &self.nodes[node];
        // Of a document that is checked out, whoever did so gets the working copy, and everybody else the original.
        let has_copy = lock.is_some_and(|lock| lock.is_check_out && lock.owner == user);
        let is_others_copy = copy_of.is_some_and(|(_, owner)| owner != user);
        if has_copy || is_others_copy || !self.may(user, node, Right::Read) {
            return;
        }
        if let Some(bytes) = bytes {
            entries.push((format!("{above}{name}"), bytes.clone()));
            return;
        }
        let path = format!("{above}{name}/");
        entries.push((path.clone(), Vec::new()));
        for child in children {
            self.walk(user, *child, &path, entries);
        }
    }

    /// What becomes of a download whose job runs now.
    pub(super) fn finish(&mut self, download: usize) {
        let mut entries = Vec::new();
        for node in self.downloads[download].nodes.clone() {
            if self.is_alive(node) {
                self.walk(self.downloads[download].creator, node, "", &mut entries);
            }
        }
        let files: Vec<usize> =
            entries.iter().filter(|(name, _)| !name.ends_with('/')).map(|(_, bytes)| bytes.len()).collect();
        let total: usize = files.iter().sum();
        let limit = self.limit;
        let download = &mut self.downloads[download];
        download.is_held = false;
        let (status, added, bytes) = if total > limit {
            ("MAX_CONTENT_SIZE_EXCEEDED", 0, limit)
        } else if let Some(first) = files.iter().position(|size| *size > 0).filter(|_| download.is_cancelled) {
            // A cancel is seen when the first bytes are shown, before their file counts.
            ("CANCELLED", first, files[first])
        } else {
            ("DONE", files.len(), total)
        };
        download.status = status;
        download.counters = [added, bytes, files.len(), total];
        download.entries = entries;
    }
}
