//! Locks and working copies.

use serde_json::json;

use super::{
    Who,
    both::{Both, Outcome, check, compare, id_in},
    world::{ADMIN, Lock, Right, State},
};

impl Both<'_> {
    fn path(&self, who: Who, node: usize, operation: &str) -> String {
        format!("/nodes/{}/{operation}", self.world(who).nodes[node].id)
    }

    pub(super) fn lock(&mut self, op: &str, who: Who, node: usize, is_full: bool) -> Outcome {
        let node = self.file(who, node);
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, node, Right::Write);
        if world.is_alive(node) {
            if world.nodes[node].bytes.is_none() {
                refusals.insert(400);
            }
            if world.nodes[node].lock.is_some_and(|lock| lock.owner != who.user) {
                refusals.insert(422);
            }
        }
        let is_check_out = world.is_checked_out(node);
        let body = json!({ "type": if is_full { "FULL" } else { "ALLOW_OWNER_CHANGES" } });
        let response = self.json(who, "POST", &self.path(who, node, "lock"), &body);
        if compare(op, &response, &refusals, 200)? {
            self.world_mut(who).nodes[node].lock = Some(Lock { owner: who.user, is_full, is_check_out });
        }
        Ok(())
    }

    pub(super) fn unlock(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.locked(who, node);
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, node, Right::Read);
        if world.is_alive(node) {
            match world.nodes[node].lock {
                Some(lock) if lock.is_check_out => {
                    refusals.insert(422);
                }
                Some(lock) if [lock.owner, world.nodes[node].creator, ADMIN].contains(&who.user) => {
                    // Whoever has a lock may end it, whatever else he may.
                    refusals.clear();
                }
                Some(_) => {
                    refusals.insert(403);
                }
                None => {
                    refusals.insert(422);
                }
            }
        }
        let response = self.bare(who, "POST", &self.path(who, node, "unlock"));
        if compare(op, &response, &refusals, 200)? {
            self.world_mut(who).nodes[node].lock = None;
        }
        Ok(())
    }

    pub(super) fn check_out(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.file(who, node);
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, node, Right::Write);
        let name = format!("{} (Working Copy)", world.nodes[node].name);
        if world.is_alive(node) {
            if world.nodes[node].bytes.is_none() {
                refusals.insert(400);
            }
            let is_copy = world.nodes[node].copy_of.is_some();
            let is_taken = world.nodes[node].parent.is_some_and(|parent| world.is_taken(parent, &name, None));
            if is_copy || is_taken || world.is_checked_out(node) || world.is_locked_for(who.user, node) {
                refusals.insert(409);
            }
            // One that came back while its original was deleted.
            if !world.is_checked_out(node) && world.working_copy(node).is_some() {
                return Ok(());
            }
        }
        let response = self.bare(who, "POST", &self.path(who, node, "check-out"));
        if compare(op, &response, &refusals, 200)? {
            let world = self.world_mut(who);
            let (bytes, parent) = (world.nodes[node].bytes.clone(), world.nodes[node].parent.unwrap_or_default());
            let copy = world.add(&id_in(&response), who.user, parent, &name, bytes);
            world.nodes[copy].copy_of = Some((node, who.user));
            world.nodes[node].lock = Some(Lock::of_check_out(who.user));
        }
        Ok(())
    }

    /// Of a document, or of its working copy; a document that is only locked is unlocked.
    pub(super) fn cancel_check_out(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.locked(who, node);
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, node, Right::Read);
        let is_copy = world.nodes[node].copy_of.is_some();
        let copy = if is_copy { Some(node) } else { world.working_copy(node).filter(|_| world.is_checked_out(node)) };
        let check_out = copy.and_then(|copy| world.nodes[copy].copy_of);
        if world.is_alive(node) {
            let owner = check_out.map(|(_, owner)| owner).or(world.nodes[node].lock.map(|lock| lock.owner));
            match owner {
                _ if world.nodes[node].bytes.is_none() => {
                    refusals.insert(400);
                }
                // Whoever has a lock may end it, whatever else he may.
                Some(owner) if [owner, ADMIN].contains(&who.user) => refusals.clear(),
                Some(_) => {
                    refusals.insert(403);
                }
                None => {
                    refusals.insert(422);
                }
            }
            if check_out.is_some_and(|(original, _)| !world.is_alive(original)) {
                refusals.insert(409);
            }
        }
        let response = self.bare(who, "POST", &self.path(who, node, "cancel-check-out"));
        if compare(op, &response, &refusals, 200)? {
            let world = self.world_mut(who);
            let original = check_out.map_or(node, |(original, _)| original);
            match copy {
                Some(copy) => world.remove(copy, State::Gone),
                None => world.nodes[node].lock = None,
            }
            let (shown, expected) = (id_in(&response), world.nodes[original].id.clone());
            check(shown == expected, || format!("{op}: {shown} instead of {expected}"))?;
        }
        Ok(())
    }
}
