//! Secondary children: nodes that folders link to beside their own.

use serde_json::json;

use super::{
    Who,
    both::{Both, Outcome, check, compare, listed},
    world::Right,
};

impl Both<'_> {
    /// One for a folder to link to, mostly one that it can link to, and there every other time one that is deleted and
    /// restored with it.
    fn linked(&self, who: Who, folder: usize, number: usize) -> usize {
        let world = self.world(who);
        let (kind, place) = (number % 8, number / 8);
        let can_be = |node: &usize| {
            let is_free = !world.is_below(folder, *node) && !world.is_taken(folder, &world.nodes[*node].name, None);
            world.is_alive(*node) && is_free && world.may(who.user, *node, Right::Read)
        };
        let near = world.tree(world.top(folder)).into_iter().filter(can_be);
        let all = (0..world.nodes.len()).filter(can_be);
        let [near, all]: [Vec<usize>; 2] = [near.collect(), all.collect()];
        match kind {
            4.. if !near.is_empty() => near[place % near.len()],
            1.. if !all.is_empty() => all[place % all.len()],
            _ => self.node(who, place),
        }
    }

    pub(super) fn link(&mut self, op: &str, who: Who, folder: usize, node: usize) -> Outcome {
        let folder = self.folder(who, folder);
        let node = self.linked(who, folder, node);
        let world = self.world(who);
        let mut refusals = world.refusals(who.user, folder, Right::Add);
        refusals.extend(world.refusals(who.user, node, Right::Read));
        if world.is_alive(folder) && world.is_alive(node) {
            if world.is_taken(folder, &world.nodes[node].name, None) {
                refusals.insert(409);
            }
            if world.is_below(folder, node) {
                refusals.insert(400);
            }
        }
        let path = format!("/nodes/{}/secondary-children", world.nodes[folder].id);
        let id = world.nodes[node].id.clone();
        let body = json!({ "childId": id, "assocType": "cm:contains" });
        let response = self.json(who, "POST", &path, &body);
        if compare(op, &response, &refusals, 201)? {
            let entry = &response.json()["entry"];
            check(entry["childId"] == id.as_str(), || format!("{op}: {entry}"))?;
            self.world_mut(who).nodes[folder].children.push(node);
        }
        Ok(())
    }

    /// Takes a link away, mostly one that there is. The node stays where it lies.
    pub(super) fn unlink(&mut self, op: &str, who: Who, link: usize, is_typed: bool) -> Outcome {
        let world = self.world(who);
        let links = world.links();
        let (folder, node) = match (link / 8).checked_rem(links.len()) {
            Some(place) if !link.is_multiple_of(8) => links[place],
            _ => (self.folder(who, link), self.node(who, link / 3)),
        };
        let mut refusals = world.refusals(who.user, folder, Right::Add);
        if !world.is_alive(node) {
            refusals.insert(404);
        } else if !world.is_link(folder, node) {
            let is_primary = world.nodes[node].parent == Some(folder);
            refusals.insert(if is_primary && is_typed { 400 } else { 404 });
        }
        let query = if is_typed { "?assocType=cm:contains" } else { "" };
        let (folder_id, id) = (&world.nodes[folder].id, &world.nodes[node].id);
        let response = self.bare(who, "DELETE", &format!("/nodes/{folder_id}/secondary-children/{id}{query}"));
        if compare(op, &response, &refusals, 204)? {
            self.world_mut(who).nodes[folder].children.retain(|child| *child != node);
        }
        Ok(())
    }

    /// Puts one end of a link into the trash can, or the folder that both are in, and takes it out again. What is left
    /// has another name meanwhile.
    pub(super) fn recycle(&mut self, op: &str, who: Who, link: usize, name: &str) -> Outcome {
        let links = self.world(who).links();
        let Some(place) = (link / 3).checked_rem(links.len()) else { return Ok(()) };
        let (folder, node) = links[place];
        let world = self.world(who);
        let (gone, left) = [(world.top(folder), node), (folder, node), (node, folder)][link % 3];
        let owner = |node: usize| Who { user: world.nodes[node].home, ..who };
        let (gone_by, left_by) = (owner(gone), owner(left));
        self.delete(op, gone_by, gone, false)?;
        self.rename(op, left_by, left, name)?;
        self.restore(op, gone_by, gone)
    }

    /// The links of a folder, and the folders that hold one of them.
    pub(super) fn list_links(&self, op: &str, who: Who, link: usize) -> Outcome {
        let world = self.world(who);
        let links = world.links();
        let folder = match (link / 8).checked_rem(links.len()) {
            Some(place) if !link.is_multiple_of(8) => links[place].0,
            _ => self.folder(who, link),
        };
        let path = format!("/nodes/{}/secondary-children?maxItems=1000", world.nodes[folder].id);
        let response = self.bare(who, "GET", &path);
        if !compare(op, &response, &world.refusals(who.user, folder, Right::Read), 200)? {
            return Ok(());
        }
        let children = world.nodes[folder].children.iter().copied();
        let linked: Vec<_> = children.filter(|child| world.is_link(folder, *child)).collect();
        let readable = linked.iter().filter(|child| world.may(who.user, **child, Right::Read));
        let mut expected: Vec<_> = readable.map(|child| world.nodes[*child].id.clone()).collect();
        expected.sort();
        let found = listed(&response, "id");
        check(found == expected, || format!("{op}: {found:?} instead of {expected:?}"))?;
        let child = linked.into_iter().find(|child| !world.is_home(*child));
        child.map_or(Ok(()), |child| self.list_parents(op, who, child))
    }
}
