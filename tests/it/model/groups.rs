//! Groups, and who belongs to them.

use serde_json::json;

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, listed},
    people::administrators_only,
    world::{ADMIN, Authority, GROUPS, Group, SITE_ROLES, SITES, USERS},
};

impl Both<'_> {
    pub(super) fn create_group(&mut self, op: &str, who: Who, group: usize) -> Outcome {
        let group = group % GROUPS.len();
        let is_there = self.world(who).groups[group].is_some();
        let name = GROUPS[group].trim_start_matches("GROUP_");
        let refusals = administrators_only(who, Some(409).filter(|_| is_there));
        let response = self.json(who, "POST", "/groups", &json!({ "id": name, "displayName": name }));
        if compare(op, &response, &refusals, 201)? {
            self.world_mut(who).groups[group] = Some(Group { name: name.to_owned(), ..Group::default() });
        }
        Ok(())
    }

    /// What was granted to a group goes with it.
    pub(super) fn delete_group(&mut self, op: &str, who: Who, group: usize) -> Outcome {
        let group = group % GROUPS.len();
        let refusals = administrators_only(who, Some(404).filter(|_| self.world(who).groups[group].is_none()));
        let response = self.bare(who, "DELETE", &format!("/groups/{}", GROUPS[group]));
        if compare(op, &response, &refusals, 204)? {
            let world = self.world_mut(who);
            world.groups[group] = None;
            let is_its = |granted: &(Authority, usize)| granted.0 == Authority::Group(group);
            world
                .grants
                .iter_mut()
                .filter(|granted| granted.as_ref().is_some_and(is_its))
                .for_each(|granted| *granted = None);
        }
        Ok(())
    }

    pub(super) fn join(&mut self, op: &str, who: Who, group: usize, user: usize) -> Outcome {
        let (group, user) = (group % GROUPS.len(), user % USERS.len());
        let also = match &self.world(who).groups[group] {
            None => Some(404),
            Some(_) => Some(409).filter(|_| self.world(who).is_member(group, user)),
        };
        let body = json!({ "id": USERS[user], "memberType": "PERSON" });
        let response = self.json(who, "POST", &format!("/groups/{}/members", GROUPS[group]), &body);
        if compare(op, &response, &administrators_only(who, also), 201)?
            && let Some(group) = &mut self.world_mut(who).groups[group]
        {
            group.members.insert(user);
        }
        Ok(())
    }

    pub(super) fn leave(&mut self, op: &str, who: Who, group: usize, user: usize) -> Outcome {
        let (group, user) = (group % GROUPS.len(), user % USERS.len());
        let is_member = self.world(who).is_member(group, user);
        let path = format!("/groups/{}/members/{}", GROUPS[group], USERS[user]);
        let response = self.bare(who, "DELETE", &path);
        if compare(op, &response, &administrators_only(who, Some(404).filter(|_| !is_member)), 204)?
            && let Some(group) = &mut self.world_mut(who).groups[group]
        {
            group.members.remove(&user);
        }
        Ok(())
    }

    pub(super) fn members(&self, op: &str, who: Who, group: usize) -> Outcome {
        let group = group % GROUPS.len();
        let known = &self.world(who).groups[group];
        let refusals = if known.is_some() { Refusals::new() } else { Refusals::from([404]) };
        let response = self.bare(who, "GET", &format!("/groups/{}/members", GROUPS[group]));
        if let (true, Some(known)) = (compare(op, &response, &refusals, 200)?, known) {
            let mut expected: Vec<_> = known.members.iter().map(|user| USERS[*user].to_owned()).collect();
            expected.sort();
            let found = listed(&response, "id");
            check(found == expected, || format!("{op}: {found:?} instead of {expected:?}"))?;
        }
        let one = self.bare(who, "GET", &format!("/groups/{}", GROUPS[group]));
        if let (true, Some(known)) = (compare(op, &one, &refusals, 200)?, known) {
            check(one.json()["entry"]["displayName"] == known.name.as_str(), || format!("{op}: {}", one.text()))?;
        }
        Ok(())
    }

    pub(super) fn update_group(&mut self, op: &str, who: Who, group: usize, name: u8) -> Outcome {
        let group = group % GROUPS.len();
        let refusals = administrators_only(who, Some(404).filter(|_| self.world(who).groups[group].is_none()));
        let name = format!("Name{name}");
        let response = self.json(who, "PUT", &format!("/groups/{}", GROUPS[group]), &json!({ "displayName": name }));
        if compare(op, &response, &refusals, 200)? {
            check(response.json()["entry"]["displayName"] == name.as_str(), || format!("{op}: {}", response.text()))?;
            if let Some(group) = &mut self.world_mut(who).groups[group] {
                group.name = name;
            }
        }
        Ok(())
    }

    /// All groups, and those of somebody. Each site has a group, and one for each role.
    pub(super) fn list_groups(&self, op: &str, who: Who, user: usize) -> Outcome {
        let user = user % USERS.len();
        let world = self.world(who);
        let made = (0..GROUPS.len()).filter(|group| world.groups[*group].is_some());
        let mut all: Vec<_> = made.map(|group| GROUPS[group].to_owned()).collect();
        let mut his: Vec<_> = (0..GROUPS.len())
            .filter(|group| world.is_member(*group, user))
            .map(|group| GROUPS[group].to_owned())
            .collect();
        for (name, site) in SITES.iter().zip(&world.sites) {
            let Some(site) = site else { continue };
            let group_of = |role: usize| format!("GROUP_site_{name}_{}", SITE_ROLES[role].0);
            all.extend((0..SITE_ROLES.len()).map(group_of).chain([format!("GROUP_site_{name}")]));
            if let Some(role) = site.members.get(&user) {
                his.extend([group_of(*role), format!("GROUP_site_{name}")]);
            }
        }
        // Besides those that there are from the start.
        let is_made = |id: &String| id.starts_with("GROUP_site_") || GROUPS.contains(&id.as_str());
        let refusals = if [user, ADMIN].contains(&who.user) { Refusals::new() } else { Refusals::from([403]) };
        let of_person = format!("/people/{}/groups?maxItems=1000", USERS[user]);
        let rows = [("/groups?maxItems=1000", all, Refusals::new()), (of_person.as_str(), his, refusals)];
        for (path, mut expected, refusals) in rows {
            let response = self.bare(who, "GET", path);
            if compare(op, &response, &refusals, 200)? {
                expected.sort();
                let found: Vec<_> = listed(&response, "id").into_iter().filter(is_made).collect();
                check(found == expected, || format!("{op}: {path}: {found:?} instead of {expected:?}"))?;
            }
        }
        Ok(())
    }
}
