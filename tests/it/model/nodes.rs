//! Folders and files: making, looking, changing, moving and copying them, and letting others in.

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, id_in, listed},
    world::{ADMIN, Authority, Node, ROLES, Right, USERS},
};
use crate::support::seeding::{Part::File, form};

impl Both<'_> {
    pub(super) fn create(&mut self, op: &str, who: Who, parent: usize, name: &str, bytes: Option<Vec<u8>>) -> Outcome {
        let parent = self.folder(who, parent);
        let world = self.world(who);
        let path = format!("/nodes/{}/children", world.nodes[parent].id);
        let mut refusals = world.refusals(who.user, parent, Right::Add);
        if world.is_alive(parent) && world.is_taken(parent, name, None) {
            refusals.insert(409);
        }
        let response = match &bytes {
            None => self.json(who, "POST", &path, &json!({ "name": name, "nodeType": "cm:folder" })),
            Some(bytes) => {
                let content_type = [("Content-Type", "multipart/form-data; boundary=----boundary")];
                self.ask(who, "POST", &path, &content_type, Some(&form(&[File("filedata", name, bytes)])))
            }
        };
        if compare(op, &response, &refusals, 201)? {
            self.world_mut(who).add(&id_in(&response), who.user, parent, name, bytes);
        }
        Ok(())
    }

    /// All that the model knows of a node.
    pub(super) fn show(&self, op: &str, who: Who, node: usize) -> Outcome {
        let world = self.world(who);
        let Node { id, name, parent, bytes, creator, lock, copy_of, .. } = &world.nodes[node];
        let response = self.bare(who, "GET", &format!("/nodes/{id}?include=isLocked"));
        if !compare(op, &response, &world.refusals(who.user, node, Right::Read), 200)? {
            return Ok(());
        }
        let entry = response.json()["entry"].clone();
        let size = bytes.as_ref().map_or(Value::Null, |bytes| json!(bytes.len()));
        let mut facts = vec![
            ("id", json!(id), &entry["id"]),
            ("name", json!(name), &entry["name"]),
            ("isFolder", json!(bytes.is_none()), &entry["isFolder"]),
            ("size", size, &entry["content"]["sizeInBytes"]),
            ("creator", json!(USERS[*creator]), &entry["createdByUser"]["id"]),
            ("isLocked", json!(lock.is_some()), &entry["isLocked"]),
            (
                "lock owner",
                lock.map_or(Value::Null, |lock| json!(USERS[lock.owner])),
                &entry["properties"]["cm:lockOwner"]["id"],
            ),
            (
                "working copy",
                copy_of.map_or(Value::Null, |(_, owner)| json!(USERS[owner])),
                &entry["properties"]["cm:workingCopyOwner"]["id"],
            ),
        ];
        if let Some(parent) = parent {
            facts.push(("parent", json!(world.nodes[*parent].id), &entry["parentId"]));
        }
        let wrong = facts.into_iter().find(|(_, expected, found)| expected != *found);
        check(wrong.is_none(), || format!("{op}: {wrong:?} in {entry}"))
    }

    /// A file's bytes.
    pub(super) fn read(&self, op: &str, who: Who, node: usize) -> Outcome {
        let world = self.world(who);
        let Node { id, bytes, .. } = &world.nodes[node];
        let response = self.bare(who, "GET", &format!("/nodes/{id}/content"));
        let mut refusals = world.refusals(who.user, node, Right::Read);
        if bytes.is_none() && world.is_alive(node) {
            refusals.insert(400);
        }
        if !compare(op, &response, &refusals, 200)? {
            return Ok(());
        }
        check(Some(&response.body) == bytes.as_ref(), || format!("{op}: other bytes"))
    }

    pub(super) fn list(&self, op: &str, who: Who, parent: usize) -> Outcome {
        let parent = self.folder(who, parent);
        let world = self.world(who);
        let path = format!("/nodes/{}/children?maxItems=1000", world.nodes[parent].id);
        let response = self.bare(who, "GET", &path);
        if !compare(op, &response, &world.refusals(who.user, parent, Right::Read), 200)? {
            return Ok(());
        }
        let readable = world.nodes[parent].children.iter().filter(|child| world.may(who.user, **child, Right::Read));
        let mut children: Vec<_> = readable.map(|child| world.nodes[*child].id.clone()).collect();
        children.sort();
        let found = listed(&response, "id");
        check(found == children, || format!("{op}: {found:?} instead of {children:?}"))?;
        // And from below.
        let child = world.nodes[parent].children.iter().find(|child| !world.is_home(**child));
        child.map_or(Ok(()), |child| self.list_parents(op, who, *child))
    }

    /// The folders that hold a node.
    pub(super) fn list_parents(&self, op: &str, who: Who, node: usize) -> Outcome {
        let world = self.world(who);
        let response = self.bare(who, "GET", &format!("/nodes/{}/parents", world.nodes[node].id));
        if !compare(op, &response, &world.refusals(who.user, node, Right::Read), 200)? {
            return Ok(());
        }
        let parents = world.parents(node).into_iter().filter(|parent| world.may(who.user, *parent, Right::Read));
        let mut expected: Vec<_> = parents.map(|parent| world.nodes[parent].id.clone()).collect();
        expected.sort();
        let found = listed(&response, "id");
        check(found == expected, || format!("{op}: the parents are {found:?} instead of {expected:?}"))
    }

    /// Gives a file other bytes. Those of a document that is checked out go to its working copy, which is checked in.
    pub(super) fn replace(&mut self, op: &str, who: Who, node: usize, bytes: Vec<u8>) -> Outcome {
        let node = self.file(who, node);
        let world = self.world(who);
        if world.nodes[node].bytes.is_none() {
            return Ok(());
        }
        let path = format!("/nodes/{}/content", world.nodes[node].id);
        let is_out = world.is_alive(node) && world.is_checked_out(node);
        let copy = if world.nodes[node].copy_of.is_some() { Some(node) } else { world.working_copy(node) };
        let copy = copy.filter(|_| is_out || world.nodes[node].copy_of.is_some());
        let mut refusals = world.refusals(who.user, copy.unwrap_or(node), Right::Write);
        let original = copy.and_then(|copy| world.nodes[copy].copy_of);
        match original {
            Some((original, owner)) if owner != who.user || !world.is_alive(original) => {
                refusals.extend([409].into_iter().filter(|_| world.is_alive(node)));
            }
            None if world.is_alive(node) && world.is_locked_for(who.user, node) => {
                refusals.insert(409);
            }
            _ => (),
        }
        let response = self.ask(who, "PUT", &path, &[], Some(&bytes));
        if compare(op, &response, &refusals, 200)? {
            let world = self.world_mut(who);
            let changed = original.map_or(node, |(original, _)| original);
            world.nodes[changed].bytes = Some(bytes);
            if let Some(copy) = copy {
                world.remove(copy, super::world::State::Gone);
            }
            let (shown, expected) = (id_in(&response), self.world(who).nodes[changed].id.clone());
            check(shown == expected, || format!("{op}: {shown} instead of {expected}"))?;
        }
        Ok(())
    }

    pub(super) fn rename(&mut self, op: &str, who: Who, node: usize, name: &str) -> Outcome {
        let world = self.world(who);
        if world.is_home(node) {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node, Right::Write);
        let is_taken = || world.parents(node).into_iter().any(|parent| world.is_taken(parent, name, Some(node)));
        if world.is_alive(node) && (is_taken() || world.is_locked_for(who.user, node)) {
            refusals.insert(409);
        }
        let path = format!("/nodes/{}", world.nodes[node].id);
        let response = self.json(who, "PUT", &path, &json!({ "name": name }));
        if compare(op, &response, &refusals, 200)? {
            name.clone_into(&mut self.world_mut(who).nodes[node].name);
        }
        Ok(())
    }

    /// What a copy or a move below another folder is refused for.
    fn target_refusals(&self, who: Who, node: usize, parent: usize, name: &str) -> Refusals {
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, parent, Right::Add);
        if world.is_below(parent, node) {
            refusals.insert(400);
        }
        if world.is_alive(parent) && world.is_taken(parent, name, None) {
            refusals.insert(409);
        }
        refusals
    }

    /// Within a home: what is elsewhere would have other rights in the model, and the same in the mock.
    pub(super) fn relocate(&mut self, op: &str, who: Who, node: usize, parent: usize) -> Outcome {
        let (node, parent) = (self.node(who, node), self.folder(who, parent));
        let world = self.world(who);
        let is_there = world.nodes[node].parent == Some(parent);
        // Where it is already, it stays, or finds itself in its way.
        if world.is_home(node) || world.nodes[node].home != world.nodes[parent].home || is_there {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node, Right::Delete);
        if world.is_alive(node) && world.is_locked_for(who.user, node) {
            refusals.insert(409);
        }
        refusals.extend(self.target_refusals(who, node, parent, &world.nodes[node].name));
        let path = format!("/nodes/{}/move", world.nodes[node].id);
        let response = self.json(who, "POST", &path, &json!({ "targetParentId": world.nodes[parent].id }));
        if compare(op, &response, &refusals, 200)? {
            let world = self.world_mut(who);
            world.detach(node);
            world.nodes[node].parent = Some(parent);
            world.nodes[parent].children.push(node);
        }
        Ok(())
    }

    pub(super) fn copy(&mut self, op: &str, who: Who, node: usize, parent: usize, name: &str) -> Outcome {
        let (node, parent) = (self.node(who, node), self.folder(who, parent));
        let world = self.world(who);
        if world.is_home(node) {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node, Right::Read);
        refusals.extend(self.target_refusals(who, node, parent, name));
        let path = format!("/nodes/{}/copy", world.nodes[node].id);
        let body = json!({ "targetParentId": world.nodes[parent].id, "name": name });
        let response = self.json(who, "POST", &path, &body);
        if compare(op, &response, &refusals, 201)? {
            self.copied(who, node, parent, name, &id_in(&response))?;
        }
        Ok(())
    }

    /// Adds the copy of a node, whose ids are to be seen in the mock.
    fn copied(&mut self, who: Who, node: usize, parent: usize, name: &str, id: &str) -> Result<(), TestCaseError> {
        let Node { bytes, children, .. } = self.world(who).nodes[node].clone();
        let is_folder = bytes.is_none();
        let copy = self.world_mut(who).add(id, who.user, parent, name, bytes);
        if !is_folder {
            return Ok(());
        }
        let shown = self.bare(who, "GET", &format!("/nodes/{id}/children?maxItems=1000")).json();
        let entries = shown["list"]["entries"].as_array().cloned().unwrap_or_default();
        for child in children {
            if !self.world(who).may(who.user, child, Right::Read) {
                continue;
            }
            let name = self.world(who).nodes[child].name.clone();
            if self.world(who).is_link(node, child) {
                self.world_mut(who).nodes[copy].children.push(child);
                continue;
            }
            let found = entries.iter().find(|item| item["entry"]["name"] == name.as_str());
            check(found.is_some(), || format!("{name} is missing in a copy: {shown}"))?;
            let id = found.and_then(|item| item["entry"]["id"].as_str()).unwrap_or_default().to_owned();
            self.copied(who, child, copy, &name, &id)?;
        }
        Ok(())
    }

    /// Lets somebody else into a home, instead of whoever was let in before.
    pub(super) fn grant(&mut self, op: &str, who: Who, home: usize, authority: Authority, role: usize) -> Outcome {
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, home, Right::Grant);
        let is_known = !matches!(authority, Authority::Group(group) if world.groups[group].is_none());
        if !is_known {
            refusals.insert(400);
        }
        let granted = json!([{ "authorityId": authority.name(), "name": ROLES[role].0 }]);
        // The administrator has what he has, and takes back what he granted instead.
        let takes_back = authority == Authority::User(ADMIN);
        let granted = if takes_back { json!([]) } else { granted };
        let path = format!("/nodes/{}", world.nodes[home].id);
        let response = self.json(who, "PUT", &path, &json!({ "permissions": { "locallySet": granted } }));
        if compare(op, &response, &refusals, 200)? {
            self.world_mut(who).grants[home] = (!takes_back).then_some((authority, role));
        }
        Ok(())
    }
}
