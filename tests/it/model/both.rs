//! Two worlds that should be the same: the mock's, and one of lists.

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{
    Op, Refusals, Who,
    world::{ADMIN, Node, Right, SITES, State, USERS, World},
};
use crate::support::{Auth, Response, TestMock};

pub(super) const NETWORKS: [&str; 2] = ["model-one", "model-two"];

pub(super) type Outcome = Result<(), TestCaseError>;

/// The mock, and what it should be like.
pub(super) struct Both<'a> {
    pub(super) mock: &'a TestMock,
    pub(super) worlds: Vec<World>,
}

pub(super) fn check(is_true: bool, what: impl FnOnce() -> String) -> Outcome {
    if is_true { Ok(()) } else { Err(TestCaseError::fail(what())) }
}

/// Whether an operation was to succeed, and did, with `success`.
pub(super) fn compare(op: &str, response: &Response, refusals: &Refusals, success: u16) -> Result<bool, TestCaseError> {
    let is_expected =
        if refusals.is_empty() { response.status == success } else { refusals.contains(&response.status) };
    check(is_expected, || {
        format!("{op}: {} instead of {success} or one of {refusals:?}: {}", response.status, response.text())
    })?;
    Ok(refusals.is_empty())
}

/// The id in an answer.
pub(super) fn id_in(response: &Response) -> String {
    response.json()["entry"]["id"].as_str().unwrap().to_owned()
}

/// The values of a member of all entries in a list, sorted.
pub(super) fn listed(response: &Response, member: &str) -> Vec<String> {
    let list = response.json()["list"]["entries"].clone();
    let text = |item: &Value| item["entry"][member].as_str().unwrap().to_owned();
    let mut values: Vec<_> = list.as_array().unwrap().iter().map(text).collect();
    values.sort();
    values
}

fn name_of(name: u8) -> String {
    format!("n{name}")
}

impl<'a> Both<'a> {
    /// Both as at the start.
    pub(super) fn begin(mock: &'a TestMock) -> Self {
        let mut both = Self { mock, worlds: NETWORKS.iter().map(|_| World::begin()).collect() };
        for network in 0..NETWORKS.len() {
            both.reset(network);
        }
        both
    }

    fn reset(&mut self, network: usize) {
        let name = NETWORKS[network];
        let post = |path: &str| self.mock.request("POST", path, Auth::None, &[], Some(b""));
        let reset = post(&format!("/__admin/networks/{name}/reset"));
        assert!(reset.status < 300, "{}", reset.text());
        assert_eq!(post(&format!("/__admin/clock/freeze?network={name}")).status, 200);
        self.worlds[network] = World::begin();
        for user in 0..USERS.len() {
            let who = Who { network, user };
            // The administrator's own home is what everybody sees.
            let body = json!({ "name": "model", "nodeType": "cm:folder",
                "permissions": { "isInheritanceEnabled": user != ADMIN } });
            let home = self.json(who, "POST", "/nodes/-my-/children", &body);
            assert!(home.status == 201, "{}", home.text());
            let name = home.json()["entry"]["name"].as_str().unwrap().to_owned();
            let node = &mut self.worlds[network].nodes[user];
            (node.id, node.name) = (id_in(&home), name);
        }
    }

    pub(super) fn ask_as(&self, auth: Auth<'_>, network: usize, method: &str, path: &str, body: &Value) -> Response {
        let path = format!("/alfresco/api/{}/public/{path}", NETWORKS[network]);
        let text = if body.is_null() { String::new() } else { body.to_string() };
        let body = Some(text.as_bytes()).filter(|body| !body.is_empty());
        self.mock.request(method, &path, auth, &[("Content-Type", "application/json")], body)
    }

    pub(super) fn ask(
        &self,
        who: Who,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&[u8]>,
    ) -> Response {
        let (network, user) = (NETWORKS[who.network], USERS[who.user]);
        let path = format!("/alfresco/api/{network}/public/alfresco/versions/1{path}");
        self.mock.request(method, &path, Auth::Basic(user, user), headers, body)
    }

    /// A request without a body.
    pub(super) fn bare(&self, who: Who, method: &str, path: &str) -> Response {
        self.ask(who, method, path, &[], None)
    }

    pub(super) fn json(&self, who: Who, method: &str, path: &str, body: &Value) -> Response {
        self.ask(who, method, path, &[("Content-Type", "application/json")], Some(body.to_string().as_bytes()))
    }

    pub(super) fn control(&self, who: Who, method: &str, path: &str, body: &str) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("/__admin{path}{joint}network={}", NETWORKS[who.network]);
        self.mock.request(method, &path, Auth::None, &[], Some(body.as_bytes()).filter(|body| !body.is_empty()))
    }

    pub(super) fn world(&self, who: Who) -> &World {
        &self.worlds[who.network]
    }

    pub(super) fn world_mut(&mut self, who: Who) -> &mut World {
        &mut self.worlds[who.network]
    }

    /// One of the nodes that there are and were, mostly of those that are wanted, and there more of those that the user
    /// may do something with. The number chooses.
    fn pick(&self, who: Who, number: usize, is_wanted: impl Fn(&World, &Node) -> bool) -> usize {
        let world = self.world(who);
        let all = 0..world.nodes.len();
        let wanted = all.clone().filter(|node| is_wanted(world, &world.nodes[*node]));
        let his = wanted.clone().filter(|node| world.may(who.user, *node, Right::Read));
        let (kind, place) = (number % 8, number / 8);
        let [his, wanted]: [Vec<usize>; 2] = [his.collect(), wanted.collect()];
        let candidates = match kind {
            2.. if !his.is_empty() => his,
            1.. if !wanted.is_empty() => wanted,
            _ => all.collect(),
        };
        candidates[place % candidates.len()]
    }

    /// One that lives, mostly.
    pub(super) fn node(&self, who: Who, number: usize) -> usize {
        self.pick(who, number, |_, node| node.state == State::Alive)
    }

    /// One of the folders that there are and were.
    pub(super) fn folder(&self, who: Who, number: usize) -> usize {
        let folder = self.pick(who, number, |_, node| node.state == State::Alive && node.bytes.is_none());
        if self.world(who).nodes[folder].bytes.is_none() { folder } else { who.user }
    }

    /// A file, mostly.
    pub(super) fn file(&self, who: Who, number: usize) -> usize {
        self.pick(who, number, |_, node| node.state == State::Alive && node.bytes.is_some())
    }

    /// A file that is locked or a working copy, mostly.
    pub(super) fn locked(&self, who: Who, number: usize) -> usize {
        let is_held = |node: &Node| node.lock.is_some() || node.copy_of.is_some();
        self.pick(who, number, |_, node| node.state == State::Alive && is_held(node))
    }

    /// One that was deleted and is in the trash can, mostly.
    pub(super) fn deleted(&self, who: Who, number: usize) -> usize {
        self.pick(who, number, |world, node| match node.state {
            State::Deleted(top, _) => world.nodes[top].id == node.id,
            _ => false,
        })
    }

    /// Does one thing in both worlds, and compares what comes of it.
    pub(super) fn perform(&mut self, who: Who, op: &Op) -> Outcome {
        let shown = format!("{who:?} {op:?}");
        let shown = shown.as_str();
        match *op {
            Op::CreateFolder { parent, name } => self.create(shown, who, parent, &name_of(name), None),
            Op::Upload { parent, name, size } => {
                let bytes = vec![b'a' + name; size.into()];
                // Every fourth is empty.
                let bytes = if size % 4 == 0 { Vec::new() } else { bytes };
                self.create(shown, who, parent, &name_of(name), Some(bytes))
            }
            Op::Show { node } => self.show(shown, who, self.node(who, node)),
            Op::Read { node } => self.read(shown, who, self.file(who, node)),
            Op::List { parent } => self.list(shown, who, parent),
            Op::Replace { node, size } => self.replace(shown, who, node, vec![b'z'; size.into()]),
            Op::Rename { node, name } => self.rename(shown, who, self.node(who, node), &name_of(name)),
            Op::Move { node, parent } => self.relocate(shown, who, node, parent),
            Op::Copy { node, parent, name } => self.copy(shown, who, node, parent, &name_of(name)),
            Op::Grant { home, authority, role } => self.grant(shown, who, home, authority, role),
            Op::Delete { node, permanent } => self.delete(shown, who, self.node(who, node), permanent),
            Op::Restore { node } => self.restore(shown, who, self.deleted(who, node)),
            Op::Purge { node } => self.purge(shown, who, node),
            Op::ShowDeleted { node } => self.show_deleted(shown, who, node),
            Op::ListDeleted => self.list_deleted(shown, who),
            Op::Lock { node, is_full } => self.lock(shown, who, node, is_full),
            Op::Unlock { node } => self.unlock(shown, who, node),
            Op::CheckOut { node } => self.check_out(shown, who, node),
            Op::CancelCheckOut { node } => self.cancel_check_out(shown, who, node),
            Op::Link { folder, node } => self.link(shown, who, folder, node),
            Op::Unlink { link, is_typed } => self.unlink(shown, who, link, is_typed),
            Op::Recycle { link, name } => self.recycle(shown, who, link, &name_of(name)),
            Op::ListLinks { link } => self.list_links(shown, who, link),
            Op::CreateDownload { ref nodes, is_held } => self.create_download(shown, who, nodes, is_held),
            Op::Release { download } => self.release(who, download),
            Op::Poll { download } => self.poll(shown, who, download),
            Op::Cancel { download } => self.cancel(shown, who, download),
            Op::DeleteDownload { download } => self.delete_download(shown, who, download),
            Op::Fetch { download } => self.fetch(shown, who, download),
            Op::CreatePerson { person, password } => self.create_person(shown, who, person, password),
            Op::UpdatePerson { person, password, is_enabled } => {
                self.update_person(shown, who, person, password, is_enabled)
            }
            Op::ShowPerson { person } => self.show_person(shown, who, person),
            Op::LogIn { person, password } => self.log_in(shown, who, person, password),
            Op::UseTicket { ticket, is_end } => self.use_ticket(shown, who, ticket, is_end),
            Op::CreateGroup { group } => self.create_group(shown, who, group),
            Op::DeleteGroup { group } => self.delete_group(shown, who, group),
            Op::Join { group, user } => self.join(shown, who, group, user),
            Op::Leave { group, user } => self.leave(shown, who, group, user),
            Op::Members { group } => self.members(shown, who, group),
            Op::UpdateGroup { group, name } => self.update_group(shown, who, group, name),
            Op::ListGroups { user } => self.list_groups(shown, who, user),
            Op::CreateSite { site, visibility, title } => self.create_site(shown, who, site, visibility, title),
            Op::ShowSite { site } => self.show_site(shown, who, site),
            Op::ListSites { user } => self.list_sites(shown, who, user),
            Op::UpdateSite { site, visibility, title } => self.update_site(shown, who, site, visibility, title),
            Op::DeleteSite { site, permanent } => self.delete_site(shown, who, site, permanent),
            Op::UndeleteSite { site, is_purge } => self.undelete_site(shown, who, site, is_purge),
            Op::AddSiteMember { site, user, role } => self.add_site_member(shown, who, site, user, role),
            Op::ChangeSiteMember { site, user, role } => self.change_site_member(shown, who, site, user, role),
            Op::RemoveSiteMember { site, user, is_his } => self.remove_site_member(shown, who, site, user, is_his),
            Op::ListSiteMembers { site, user } => self.list_site_members(shown, who, site, user),
            Op::Probe => self.probe(shown, who),
            Op::Discover => self.discover(shown, who),
            Op::Advance => self.advance(shown, who),
            Op::Limit { bytes } => self.limit(shown, who, bytes),
            Op::Reset => {
                self.reset(who.network);
                Ok(())
            }
        }
    }

    /// Beyond the age of every download, and of every ticket.
    fn advance(&mut self, op: &str, who: Who) -> Outcome {
        let advanced = self.control(who, "POST", "/clock/advance", r#"{"by":"61m"}"#);
        let world = self.world_mut(who);
        world.downloads.iter_mut().for_each(|download| download.is_there = false);
        world.tickets.iter_mut().for_each(|ticket| ticket.2 = false);
        world.is_probed = false;
        check(advanced.status == 200, || format!("{op}: {}", advanced.text()))
    }

    fn limit(&mut self, op: &str, who: Who, bytes: u16) -> Outcome {
        let body = json!({ "downloadMaxContentSize": Some(bytes).filter(|bytes| *bytes > 0) }).to_string();
        let changed = self.control(who, "PATCH", "/settings", &body);
        self.world_mut(who).limit = if bytes == 0 { usize::MAX } else { bytes.into() };
        check(changed.status == 200, || format!("{op}: {}", changed.text()))
    }

    /// Looks at everything once more, and leaves nothing behind.
    pub(super) fn end(mut self) -> Outcome {
        for network in 0..NETWORKS.len() {
            let who = Who { network, user: ADMIN };
            for node in 0..self.world(who).nodes.len() {
                self.show("at the end", who, node)?;
                self.read("at the end", who, node)?;
            }
            for link in 0..self.world(who).links().len() {
                self.list_links("at the end", who, 8 * link + 1)?;
            }
            for site in 0..SITES.len() {
                self.show_site("at the end", who, site)?;
            }
            for download in 0..self.world(who).downloads.len() {
                self.poll("at the end", who, download)?;
                self.fetch("at the end", who, download)?;
            }
            let gone: Vec<String> = self
                .world(who)
                .downloads
                .iter()
                .map(|download| download.id.clone())
                .chain(self.world(who).nodes[USERS.len()..].iter().map(|node| node.id.clone()))
                .chain(self.world(who).sites.iter().flatten().map(|site| site.node.clone()))
                .collect();
            self.reset(network);
            for id in gone {
                let status = self.bare(who, "GET", &format!("/nodes/{id}")).status;
                check(status == 404, || format!("{id} is there after a reset: {status}"))?;
            }
        }
        Ok(())
    }
}
