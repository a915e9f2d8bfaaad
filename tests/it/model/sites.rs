//! Sites, and who belongs to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Refusals, Who,
    both::{Both, Outcome, check, compare, id_in, listed},
    world::{ADMIN, MANAGER, Right, SITE_ROLES, SITES, Site, USERS, VISIBILITIES},
};

fn title_text(title: u8) -> String {
    format!("Title {title}")
}

/// Refused for whoever does not see the site, and else for what there is.
fn refused(site: Option<&Site>, reasons: impl FnOnce(&Site) -> Refusals) -> Refusals {
    site.map_or_else(|| Refusals::from([404]), reasons)
}

/// This, if it is so.
fn when(is_so: bool, status: u16) -> Option<u16> {
    is_so.then_some(status)
}

impl Both<'_> {
    /// Whoever makes a site is its manager.
    pub(super) fn create_site(&mut self, op: &str, who: Who, site: usize, visibility: usize, title: u8) -> Outcome {
        let refusals = when(self.world(who).sites[site].is_some(), 409).into_iter().collect();
        let body = json!({ "id": SITES[site], "title": title_text(title), "visibility": VISIBILITIES[visibility] });
        let response = self.json(who, "POST", "/sites", &body);
        if compare(op, &response, &refusals, 201)? {
            let entry = &response.json()["entry"];
            let facts = [&entry["id"], &entry["role"]];
            check(facts == [&json!(SITES[site]), &json!("SiteManager")], || format!("{op}: {entry}"))?;
            let library = self.bare(who, "GET", &format!("/sites/{}/containers/documentLibrary", SITES[site]));
            compare(op, &library, &Refusals::new(), 200)?;
            self.world_mut(who).sites[site] = Some(Site {
                node: entry["guid"].as_str().unwrap().to_owned(),
                library: id_in(&library),
                creator: who.user,
                visibility,
                title,
                members: BTreeMap::from([(who.user, MANAGER)]),
                deleted_by: None,
            });
        }
        Ok(())
    }

    /// All that the model knows of a site, and what the user may do with its nodes.
    pub(super) fn show_site(&self, op: &str, who: Who, site: usize) -> Outcome {
        let (name, world) = (SITES[site], self.world(who));
        let known = world.site(who.user, site);
        let refusals = refused(known, |_| Refusals::new());
        let response = self.bare(who, "GET", &format!("/sites/{name}"));
        if let (true, Some(known)) = (compare(op, &response, &refusals, 200)?, known) {
            let entry = &response.json()["entry"];
            let role = known.members.get(&who.user).map_or(Value::Null, |role| json!(SITE_ROLES[*role].0));
            let facts = [&entry["guid"], &entry["title"], &entry["visibility"], &entry["role"]];
            let expected =
                [json!(known.node), json!(title_text(known.title)), json!(VISIBILITIES[known.visibility]), role];
            check(facts == expected.each_ref(), || format!("{op}: {entry}"))?;
        }
        let containers = self.bare(who, "GET", &format!("/sites/{name}/containers"));
        if let (true, Some(known)) = (compare(op, &containers, &refusals, 200)?, known) {
            let expected = [known.library.clone()];
            let expected = if known.may_within(who.user, Right::Read) { &expected[..] } else { &[] };
            let found = listed(&containers, "id");
            check(found == expected, || format!("{op}: {found:?} instead of {expected:?}"))?;
        }
        let Some(known) = &world.sites[site] else { return Ok(()) };
        let is_there = known.deleted_by.is_none();
        for (id, may_read) in
            [(&known.node, known.may(who.user, Right::Read)), (&known.library, known.may_within(who.user, Right::Read))]
        {
            let refusals = when(!is_there, 404).or(when(!may_read, 403)).into_iter().collect();
            compare(op, &self.bare(who, "GET", &format!("/nodes/{id}")), &refusals, 200)?;
        }
        let may_add = known.may_within(who.user, Right::Add);
        let refusals = when(!is_there, 404).or(when(!may_add, 403)).into_iter().collect();
        let body = json!({ "name": "new", "nodeType": "cm:folder" });
        let made = self.json(who, "POST", &format!("/nodes/{}/children", known.library), &body);
        if compare(op, &made, &refusals, 201)? {
            let gone = self.bare(who, "DELETE", &format!("/nodes/{}?permanent=true", id_in(&made)));
            compare(op, &gone, &Refusals::new(), 204)?;
        }
        Ok(())
    }

    /// The sites that the user sees, and those of them that somebody belongs to.
    pub(super) fn list_sites(&self, op: &str, who: Who, user: usize) -> Outcome {
        let world = self.world(who);
        let seen = (0..SITES.len()).filter_map(|site| Some((site, world.site(who.user, site)?)));
        let seen: Vec<_> = seen.collect();
        let his = seen.iter().filter(|(_, site)| site.members.contains_key(&user));
        let of_person = format!("/people/{}/sites", USERS[user]);
        let rows: [(&str, Vec<usize>); 2] = [
            ("/sites?maxItems=1000", seen.iter().map(|(site, _)| *site).collect()),
            (&of_person, his.map(|(site, _)| *site).collect()),
        ];
        for (path, expected) in rows {
            let response = self.bare(who, "GET", path);
            compare(op, &response, &Refusals::new(), 200)?;
            let mut expected: Vec<_> = expected.into_iter().map(|site| SITES[site].to_owned()).collect();
            expected.sort();
            let found = listed(&response, "id");
            check(found == expected, || format!("{op}: {path}: {found:?} instead of {expected:?}"))?;
        }
        Ok(())
    }

    pub(super) fn update_site(&mut self, op: &str, who: Who, site: usize, visibility: usize, title: u8) -> Outcome {
        let refusals = refused(self.world(who).site(who.user, site), |known| {
            let may_change = visibility == known.visibility || known.may(who.user, Right::Grant);
            when(!known.may(who.user, Right::Write) || !may_change, 403).into_iter().collect()
        });
        let body = json!({ "title": title_text(title), "visibility": VISIBILITIES[visibility] });
        let response = self.json(who, "PUT", &format!("/sites/{}", SITES[site]), &body);
        if compare(op, &response, &refusals, 200)?
            && let Some(known) = &mut self.world_mut(who).sites[site]
        {
            (known.visibility, known.title) = (visibility, title);
        }
        self.show_site(op, who, site)
    }

    pub(super) fn delete_site(&mut self, op: &str, who: Who, site: usize, permanent: bool) -> Outcome {
        let refusals = refused(self.world(who).site(who.user, site), |known| {
            when(!known.may(who.user, Right::Delete), 403).into_iter().collect()
        });
        let path = format!("/sites/{}?permanent={permanent}", SITES[site]);
        let response = self.bare(who, "DELETE", &path);
        if compare(op, &response, &refusals, 204)? {
            let known = &mut self.world_mut(who).sites[site];
            if permanent {
                *known = None;
            } else if let Some(known) = known {
                known.deleted_by = Some(who.user);
            }
        }
        Ok(())
    }

    /// Takes a site out of the trash can, to where it was or for good.
    pub(super) fn undelete_site(&mut self, op: &str, who: Who, site: usize, is_purge: bool) -> Outcome {
        let Some(known) = &self.world(who).sites[site] else { return Ok(()) };
        let path = format!("/deleted-nodes/{}", known.node);
        let is_his = who.user == ADMIN || known.deleted_by == Some(who.user);
        let mut refusals: Refusals = when(known.deleted_by.is_none(), 404).or(when(!is_his, 403)).into_iter().collect();
        let response = if is_purge {
            self.bare(who, "DELETE", &path)
        } else {
            // Only an administrator may add anything to the folder of all sites as to any other.
            refusals.extend(when(who.user != ADMIN && refusals.is_empty(), 403));
            self.bare(who, "POST", &format!("{path}/restore"))
        };
        if compare(op, &response, &refusals, if is_purge { 204 } else { 200 })? {
            let known = &mut self.world_mut(who).sites[site];
            if is_purge {
                *known = None;
            } else if let Some(known) = known {
                known.deleted_by = None;
            }
        }
        Ok(())
    }

    pub(super) fn add_site_member(&mut self, op: &str, who: Who, site: usize, user: usize, role: usize) -> Outcome {
        let refusals = refused(self.world(who).site(who.user, site), |known| {
            let may_add = known.may(who.user, Right::Grant) || (who.user == user && known.can_join(user, role));
            let reasons = [when(known.members.contains_key(&user), 409), when(!may_add, 403)];
            reasons.into_iter().flatten().collect()
        });
        let body = json!({ "id": USERS[user], "role": SITE_ROLES[role].0 });
        let response = self.json(who, "POST", &format!("/sites/{}/members", SITES[site]), &body);
        if compare(op, &response, &refusals, 201)? {
            self.is_site_member(op, who, site, user, role, &response.json()["entry"])?;
        }
        Ok(())
    }

    /// Makes somebody a member in the model, as the mock has answered.
    fn is_site_member(&mut self, op: &str, who: Who, site: usize, user: usize, role: usize, entry: &Value) -> Outcome {
        let facts = [&entry["id"], &entry["role"]];
        check(facts == [&json!(USERS[user]), &json!(SITE_ROLES[role].0)], || format!("{op}: {entry}"))?;
        if let Some(known) = &mut self.world_mut(who).sites[site] {
            known.members.insert(user, role);
        }
        Ok(())
    }

    /// Gives somebody another role. Who has it already keeps it, whoever asks.
    pub(super) fn change_site_member(&mut self, op: &str, who: Who, site: usize, user: usize, role: usize) -> Outcome {
        let refusals = refused(self.world(who).site(who.user, site), |known| match known.members.get(&user) {
            None => Refusals::from([400]),
            Some(current) if *current == role => Refusals::new(),
            Some(_) => {
                let is_refused = !known.may(who.user, Right::Grant) || known.is_last_manager(user);
                when(is_refused, 422).into_iter().collect()
            }
        });
        let path = format!("/sites/{}/members/{}", SITES[site], USERS[user]);
        let response = self.json(who, "PUT", &path, &json!({ "role": SITE_ROLES[role].0 }));
        if compare(op, &response, &refusals, 200)? {
            self.is_site_member(op, who, site, user, role, &response.json()["entry"])?;
        }
        Ok(())
    }

    /// From the site's side, or from the member's.
    pub(super) fn remove_site_member(&mut self, op: &str, who: Who, site: usize, user: usize, is_his: bool) -> Outcome {
        let is_seen = self.world(who).site(who.user, site);
        let refusals = refused(is_seen, |known| {
            if !known.members.contains_key(&user) || known.is_last_manager(user) {
                return Refusals::from([400]);
            }
            when(!known.may(who.user, Right::Grant) && who.user != user, 422).into_iter().collect()
        });
        let (site_name, user_name) = (SITES[site], USERS[user]);
        let path = if is_his {
            format!("/people/{user_name}/sites/{site_name}")
        } else {
            format!("/sites/{site_name}/members/{user_name}")
        };
        let response = self.bare(who, "DELETE", &path);
        if compare(op, &response, &refusals, 204)?
            && let Some(known) = &mut self.world_mut(who).sites[site]
        {
            known.members.remove(&user);
        }
        Ok(())
    }

    /// All members of a site, and one of them from either side.
    pub(super) fn list_site_members(&self, op: &str, who: Who, site: usize, user: usize) -> Outcome {
        let known = self.world(who).site(who.user, site);
        let refusals = refused(known, |_| Refusals::new());
        let response = self.bare(who, "GET", &format!("/sites/{}/members", SITES[site]));
        if let (true, Some(known)) = (compare(op, &response, &refusals, 200)?, known) {
            let mut expected: Vec<_> = known.members.keys().map(|user| USERS[*user].to_owned()).collect();
            expected.sort();
            let found = listed(&response, "id");
            check(found == expected, || format!("{op}: {found:?} instead of {expected:?}"))?;
        }
        let role = known.and_then(|known| known.members.get(&user)).map(|role| SITE_ROLES[*role].0);
        let refusals = when(role.is_none(), 404).into_iter().collect();
        for path in [
            format!("/sites/{}/members/{}", SITES[site], USERS[user]),
            format!("/people/{}/sites/{}", USERS[user], SITES[site]),
        ] {
            let response = self.bare(who, "GET", &path);
            if compare(op, &response, &refusals, 200)? {
                let entry = &response.json()["entry"];
                check(entry["role"] == json!(role), || format!("{op}: {path}: {entry}"))?;
            }
        }
        Ok(())
    }
}
