//! Deleting, and the trash can.

use serde_json::json;

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, listed},
    world::{ADMIN, Lock, Node, Right, State, USERS},
};

impl Both<'_> {
    pub(super) fn delete(&mut self, op: &str, who: Who, node: usize, permanent: bool) -> Outcome {
        let world = self.world(who);
        if world.is_home(node) {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node, Right::Delete);
        if world.is_alive(node) {
            if permanent && who.user != ADMIN && world.nodes[node].creator != who.user {
                refusals.insert(403);
            }
            if world.tree(node).into_iter().any(|below| world.is_locked_for(who.user, below)) {
                refusals.insert(409);
            }
        }
        let path = format!("/nodes/{}?permanent={permanent}", world.nodes[node].id);
        let response = self.bare(who, "DELETE", &path);
        if compare(op, &response, &refusals, 204)? {
            let state = if permanent { State::Gone } else { State::Deleted(node, who.user) };
            self.world_mut(who).remove(node, state);
        }
        Ok(())
    }

    /// Why a user cannot do anything with a node in the trash can; none when it is deleted with its folder, which is
    /// another matter.
    fn deleted_refusals(&self, who: Who, node: usize) -> Option<Refusals> {
        match self.world(who).nodes[node].state {
            State::Deleted(top, by) if top == node => {
                let is_his = who.user == ADMIN || by == who.user;
                Some([403].into_iter().filter(|_| !is_his).collect())
            }
            State::Deleted(..) => None,
            _ => Some(Refusals::from([404])),
        }
    }

    /// What was deleted with a node, itself included.
    fn deleted_with(&self, who: Who, top: usize) -> Vec<usize> {
        let world = self.world(who);
        let is_with = |node: &usize| matches!(world.nodes[*node].state, State::Deleted(with, _) if with == top);
        world.tree(top).into_iter().filter(is_with).collect()
    }

    pub(super) fn restore(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let world = self.world(who);
        // One that was deleted with its folder comes back alone, to where that was.
        let (Some(mut refusals), Some(parent)) = (self.deleted_refusals(who, node), world.nodes[node].parent) else {
            return Ok(());
        };
        let back = self.deleted_with(who, node);
        let copies: Vec<_> = back.iter().filter_map(|below| world.nodes[*below].copy_of).collect();
        // Then there would be two working copies, of which the real server makes no sense.
        if copies.iter().any(|(original, _)| world.is_checked_out(*original)) {
            return Ok(());
        }
        if !refusals.contains(&404) {
            refusals.extend(world.refusals(who.user, parent, Right::Add));
            let is_taken = world.is_alive(parent) && world.is_taken(parent, &world.nodes[node].name, None);
            if is_taken || world.would_clash(&back) {
                refusals.insert(409);
            }
        }
        let path = format!("/deleted-nodes/{}/restore", world.nodes[node].id);
        let response = self.bare(who, "POST", &path);
        if compare(op, &response, &refusals, 200)? {
            let world = self.world_mut(who);
            world.bring_back(parent, &back);
            for (original, owner) in
                copies.into_iter().filter(|(original, _)| world.is_alive(*original)).collect::<Vec<_>>()
            {
                world.nodes[original].lock = Some(Lock::of_check_out(owner));
            }
        }
        Ok(())
    }

    /// Removes a node from the trash can.
    pub(super) fn purge(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.deleted(who, node);
        let Some(refusals) = self.deleted_refusals(who, node) else { return Ok(()) };
        let path = format!("/deleted-nodes/{}", self.world(who).nodes[node].id);
        let response = self.bare(who, "DELETE", &path);
        if compare(op, &response, &refusals, 204)? {
            for below in self.deleted_with(who, node) {
                self.world_mut(who).nodes[below].state = State::Gone;
            }
        }
        Ok(())
    }

    /// A node in the trash can, and its bytes.
    pub(super) fn show_deleted(&self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.deleted(who, node);
        let Some(refusals) = self.deleted_refusals(who, node) else { return Ok(()) };
        let Node { id, name, bytes, state, .. } = &self.world(who).nodes[node];
        let response = self.bare(who, "GET", &format!("/deleted-nodes/{id}"));
        if compare(op, &response, &refusals, 200)? {
            let entry = response.json()["entry"].clone();
            let by = if let State::Deleted(_, by) = state { USERS[*by] } else { "nobody" };
            let facts = [&entry["id"], &entry["name"], &entry["archivedByUser"]["id"]];
            check(facts == [&json!(id), &json!(name), &json!(by)], || format!("{op}: {entry}"))?;
        }
        let Some(bytes) = bytes else { return Ok(()) };
        let response = self.bare(who, "GET", &format!("/deleted-nodes/{id}/content"));
        if compare(op, &response, &refusals, 200)? {
            check(response.body == *bytes, || format!("{op}: other bytes"))?;
        }
        Ok(())
    }

    pub(super) fn list_deleted(&self, op: &str, who: Who) -> Outcome {
        let world = self.world(who);
        let response = self.bare(who, "GET", "/deleted-nodes?maxItems=1000");
        if !compare(op, &response, &Refusals::new(), 200)? {
            return Ok(());
        }
        let is_his = |(number, node): &(usize, &Node)| match node.state {
            State::Deleted(top, by) => top == *number && (who.user == ADMIN || by == who.user),
            _ => false,
        };
        let deleted = world.nodes.iter().enumerate().filter(is_his);
        let deleted_sites = world
            .sites
            .iter()
            .flatten()
            .filter(|site| site.deleted_by.is_some_and(|by| who.user == ADMIN || by == who.user));
        let mut expected: Vec<_> = deleted.map(|(_, node)| node.id.clone()).collect();
        expected.extend(deleted_sites.map(|site| site.node.clone()));
        expected.sort();
        let found = listed(&response, "id");
        check(found == expected, || format!("{op}: {found:?} instead of {expected:?}"))
    }
}
