//! Two worlds that should be the same: the mock's, and one of lists.

use proptest::test_runner::TestCaseError;
use serde_json::{Value, json};

use super::{Op, Refusals, Who};
use crate::support::{
    Auth, Response, TestMock, archive,
    seeding::{Part::File, form},
};

pub(super) const NETWORKS: [&str; 2] = ["model-one", "model-two"];

/// An administrator and two others. Each has a home that is nobody else's business, save the administrator's.
pub(super) const USERS: [&str; 3] = ["admin", "alice", "bob"];

const ADMIN: usize = 0;

type Outcome = Result<(), TestCaseError>;

/// A node, alive or not.
struct Node {
    id: String,
    name: String,
    parent: Option<usize>,
    /// Of a file.
    bytes: Option<Vec<u8>>,
    /// Of a folder, in the order in which they came.
    children: Vec<usize>,
    creator: usize,
    /// The home that it is in.
    home: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Alive,
    /// In the trash can, put there with this node by that user.
    Deleted(usize, usize),
    Gone,
}

struct Download {
    id: String,
    creator: usize,
    nodes: Vec<usize>,
    is_there: bool,
    is_held: bool,
    is_cancelled: bool,
    status: &'static str,
    /// Files and bytes that were added, and that there are.
    counters: [usize; 4],
    /// Names and bytes.
    entries: Vec<(String, Vec<u8>)>,
}

struct World {
    nodes: Vec<Node>,
    downloads: Vec<Download>,
    limit: usize,
}

/// The mock, and what it should be like.
pub(super) struct Both<'a> {
    mock: &'a TestMock,
    worlds: Vec<World>,
}

impl World {
    fn begin() -> Self {
        let home = |user: usize| Node {
            id: String::new(),
            name: USERS[user].to_owned(),
            parent: None,
            bytes: None,
            children: Vec::new(),
            creator: user,
            home: user,
            state: State::Alive,
        };
        Self { nodes: (0..USERS.len()).map(home).collect(), downloads: Vec::new(), limit: usize::MAX }
    }

    fn is_alive(&self, node: usize) -> bool {
        self.nodes[node].state == State::Alive
    }

    fn may(&self, user: usize, node: usize) -> bool {
        user == ADMIN || self.nodes[node].home == user
    }

    /// Why nobody, or not this user, can do anything with the node.
    fn refusals(&self, user: usize, node: usize) -> Refusals {
        let mut refusals = Refusals::new();
        if !self.is_alive(node) {
            refusals.insert(404);
        } else if !self.may(user, node) {
            refusals.insert(403);
        }
        refusals
    }

    fn is_taken(&self, parent: usize, name: &str, besides: Option<usize>) -> bool {
        self.nodes[parent].children.iter().any(|child| Some(*child) != besides && self.nodes[*child].name == name)
    }

    fn is_below(&self, node: usize, top: usize) -> bool {
        node == top || self.nodes[node].parent.is_some_and(|parent| self.is_below(parent, top))
    }

    /// The node and what is below it.
    fn tree(&self, top: usize) -> Vec<usize> {
        let mut tree = vec![top];
        let mut looked_at = 0;
        while looked_at < tree.len() {
            tree.extend(self.nodes[tree[looked_at]].children.clone());
            looked_at += 1;
        }
        tree
    }

    fn detach(&mut self, node: usize) {
        if let Some(parent) = self.nodes[node].parent {
            self.nodes[parent].children.retain(|child| *child != node);
        }
    }

    fn add(&mut self, id: &str, user: usize, parent: usize, name: &str, bytes: Option<Vec<u8>>) {
        let node = Node {
            id: id.to_owned(),
            name: name.to_owned(),
            parent: Some(parent),
            bytes,
            children: Vec::new(),
            creator: user,
            home: self.nodes[parent].home,
            state: State::Alive,
        };
        self.nodes.push(node);
        let added = self.nodes.len() - 1;
        self.nodes[parent].children.push(added);
    }

    /// Names and bytes below a node, depth first.
    fn walk(&self, node: usize, above: &str, entries: &mut Vec<(String, Vec<u8>)>) {
        let Node { name, bytes, children, .. } = &self.nodes[node];
        if let Some(bytes) = bytes {
            entries.push((format!("{above}{name}"), bytes.clone()));
            return;
        }
        let path = format!("{above}{name}/");
        entries.push((path.clone(), Vec::new()));
        for child in children {
            self.walk(*child, &path, entries);
        }
    }

    /// What becomes of a download whose job runs now.
    fn finish(&mut self, download: usize) {
        let mut entries = Vec::new();
        for node in self.downloads[download].nodes.clone() {
            if self.is_alive(node) && self.may(self.downloads[download].creator, node) {
                self.walk(node, "", &mut entries);
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

fn check(is_true: bool, what: impl FnOnce() -> String) -> Outcome {
    if is_true { Ok(()) } else { Err(TestCaseError::fail(what())) }
}

/// Whether an operation was to succeed, and did, with `success`.
fn compare(op: &str, response: &Response, refusals: &Refusals, success: u16) -> Result<bool, TestCaseError> {
    let is_expected =
        if refusals.is_empty() { response.status == success } else { refusals.contains(&response.status) };
    check(is_expected, || {
        format!("{op}: {} instead of {success} or one of {refusals:?}: {}", response.status, response.text())
    })?;
    Ok(refusals.is_empty())
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
            let id = home.json()["entry"]["id"].as_str().unwrap().to_owned();
            let node = &mut self.worlds[network].nodes[user];
            (node.id, node.name) = (id, name);
        }
    }

    fn ask(&self, who: Who, method: &str, path: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> Response {
        let (network, user) = (NETWORKS[who.network], USERS[who.user]);
        let path = format!("/alfresco/api/{network}/public/alfresco/versions/1{path}");
        self.mock.request(method, &path, Auth::Basic(user, user), headers, body)
    }

    fn json(&self, who: Who, method: &str, path: &str, body: &Value) -> Response {
        self.ask(who, method, path, &[("Content-Type", "application/json")], Some(body.to_string().as_bytes()))
    }

    fn control(&self, who: Who, method: &str, path: &str, body: &str) -> Response {
        let joint = if path.contains('?') { '&' } else { '?' };
        let path = format!("/__admin{path}{joint}network={}", NETWORKS[who.network]);
        self.mock.request(method, &path, Auth::None, &[], Some(body.as_bytes()).filter(|body| !body.is_empty()))
    }

    fn world(&self, who: Who) -> &World {
        &self.worlds[who.network]
    }

    /// One of all nodes that there are and were.
    fn node(&self, who: Who, number: usize) -> usize {
        number % self.world(who).nodes.len()
    }

    /// One of the folders among them.
    fn folder(&self, who: Who, number: usize) -> usize {
        let folders: Vec<usize> =
            (0..self.world(who).nodes.len()).filter(|node| self.world(who).nodes[*node].bytes.is_none()).collect();
        folders[number % folders.len()]
    }

    fn download(&self, who: Who, number: usize) -> Option<usize> {
        number.checked_rem(self.world(who).downloads.len())
    }

    /// Does one thing in both worlds, and compares what comes of it.
    pub(super) fn perform(&mut self, op: &Op) -> Outcome {
        let shown = format!("{op:?}");
        match *op {
            Op::CreateFolder { who, parent, name } => self.create(&shown, who, parent, &name_of(name), None),
            Op::Upload { who, parent, name, size } => {
                let bytes = vec![b'a' + name; size.into()];
                // Every fourth is empty.
                let bytes = if size % 4 == 0 { Vec::new() } else { bytes };
                self.create(&shown, who, parent, &name_of(name), Some(bytes))
            }
            Op::Replace { who, node, size } => self.replace(&shown, who, node, vec![b'z'; size.into()]),
            Op::Rename { who, node, name } => self.rename(&shown, who, node, &name_of(name)),
            Op::Move { who, node, parent } => self.relocate(&shown, who, node, parent),
            Op::Delete { who, node, permanent } => self.delete(&shown, who, node, permanent),
            Op::Restore { who, node } => self.restore(&shown, who, node),
            Op::List { who, parent } => self.list(&shown, who, parent),
            Op::CreateDownload { who, ref nodes, is_held } => self.create_download(&shown, who, nodes, is_held),
            Op::Release { who, download } => self.release(who, download),
            Op::Poll { who, download } => self.poll(&shown, who, download),
            Op::Cancel { who, download } => self.cancel(&shown, who, download),
            Op::DeleteDownload { who, download } => self.delete_download(&shown, who, download),
            Op::Fetch { who, download } => self.fetch(&shown, who, download),
            Op::Advance { who } => {
                let advanced = self.control(who, "POST", "/clock/advance", r#"{"by":"61m"}"#);
                self.worlds[who.network].downloads.iter_mut().for_each(|download| download.is_there = false);
                check(advanced.status == 200, || format!("{shown}: {}", advanced.text()))
            }
            Op::Limit { who, bytes } => {
                let body = json!({ "downloadMaxContentSize": Some(bytes).filter(|bytes| *bytes > 0) }).to_string();
                let changed = self.control(who, "PATCH", "/settings", &body);
                self.worlds[who.network].limit = if bytes == 0 { usize::MAX } else { bytes.into() };
                check(changed.status == 200, || format!("{shown}: {}", changed.text()))
            }
            Op::Reset { who } => {
                self.reset(who.network);
                Ok(())
            }
        }
    }

    fn create(&mut self, op: &str, who: Who, parent: usize, name: &str, bytes: Option<Vec<u8>>) -> Outcome {
        let parent = self.folder(who, parent);
        let world = self.world(who);
        let path = format!("/nodes/{}/children", world.nodes[parent].id);
        let mut refusals = world.refusals(who.user, parent);
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
            let id = response.json()["entry"]["id"].as_str().unwrap().to_owned();
            self.worlds[who.network].add(&id, who.user, parent, name, bytes);
        }
        Ok(())
    }

    fn replace(&mut self, op: &str, who: Who, node: usize, bytes: Vec<u8>) -> Outcome {
        let node = self.node(who, node);
        let world = self.world(who);
        if world.nodes[node].bytes.is_none() {
            return Ok(());
        }
        let path = format!("/nodes/{}/content", world.nodes[node].id);
        let refusals = world.refusals(who.user, node);
        let response = self.ask(who, "PUT", &path, &[], Some(&bytes));
        if compare(op, &response, &refusals, 200)? {
            self.worlds[who.network].nodes[node].bytes = Some(bytes);
        }
        Ok(())
    }

    fn rename(&mut self, op: &str, who: Who, node: usize, name: &str) -> Outcome {
        let node = self.node(who, node);
        let world = self.world(who);
        let Some(parent) = world.nodes[node].parent else { return Ok(()) };
        let mut refusals = world.refusals(who.user, node);
        if world.is_alive(node) && world.is_taken(parent, name, Some(node)) {
            refusals.insert(409);
        }
        let path = format!("/nodes/{}", world.nodes[node].id);
        let response = self.json(who, "PUT", &path, &json!({ "name": name }));
        if compare(op, &response, &refusals, 200)? {
            name.clone_into(&mut self.worlds[who.network].nodes[node].name);
        }
        Ok(())
    }

    /// Within a home: what lies elsewhere would keep its owner.
    fn relocate(&mut self, op: &str, who: Who, node: usize, parent: usize) -> Outcome {
        let (node, parent) = (self.node(who, node), self.folder(who, parent));
        let world = self.world(who);
        let is_home = world.nodes[node].parent.is_none();
        if is_home || world.nodes[node].home != world.nodes[parent].home {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node);
        refusals.extend(world.refusals(who.user, parent));
        if world.is_below(parent, node) {
            refusals.insert(400);
        }
        let is_there = world.nodes[node].parent == Some(parent);
        if !is_there && world.is_taken(parent, &world.nodes[node].name, Some(node)) {
            refusals.insert(409);
        }
        if is_there {
            // Where it is already, it stays, or finds itself in its way.
            return Ok(());
        }
        let path = format!("/nodes/{}/move", world.nodes[node].id);
        let response = self.json(who, "POST", &path, &json!({ "targetParentId": world.nodes[parent].id }));
        if compare(op, &response, &refusals, 200)? {
            let world = &mut self.worlds[who.network];
            world.detach(node);
            world.nodes[node].parent = Some(parent);
            world.nodes[parent].children.push(node);
        }
        Ok(())
    }

    fn delete(&mut self, op: &str, who: Who, node: usize, permanent: bool) -> Outcome {
        let node = self.node(who, node);
        let world = self.world(who);
        if world.nodes[node].parent.is_none() {
            return Ok(());
        }
        let mut refusals = world.refusals(who.user, node);
        if permanent && who.user != ADMIN && world.nodes[node].creator != who.user && world.is_alive(node) {
            refusals.insert(403);
        }
        let path = format!("/nodes/{}?permanent={permanent}", world.nodes[node].id);
        let response = self.ask(who, "DELETE", &path, &[], None);
        if compare(op, &response, &refusals, 204)? {
            let world = &mut self.worlds[who.network];
            let state = if permanent { State::Gone } else { State::Deleted(node, who.user) };
            for below in world.tree(node) {
                world.nodes[below].state = state;
            }
            world.detach(node);
        }
        Ok(())
    }

    fn restore(&mut self, op: &str, who: Who, node: usize) -> Outcome {
        let node = self.node(who, node);
        let world = self.world(who);
        let Node { id, name, parent: Some(parent), state, .. } = &world.nodes[node] else { return Ok(()) };
        let mut refusals = Refusals::new();
        match *state {
            State::Deleted(top, by) if top == node => {
                if who.user != ADMIN && by != who.user {
                    refusals.extend([403, 404]);
                }
                if !world.is_alive(*parent) {
                    refusals.insert(404);
                } else if world.is_taken(*parent, name, None) {
                    refusals.insert(409);
                }
            }
            // One that was deleted with its folder comes back alone, to where that was.
            State::Deleted(..) => return Ok(()),
            _ => refusals.extend([404]),
        }
        let parent = *parent;
        let response = self.ask(who, "POST", &format!("/deleted-nodes/{id}/restore"), &[], None);
        if compare(op, &response, &refusals, 200)? {
            let world = &mut self.worlds[who.network];
            for below in world.tree(node) {
                if matches!(world.nodes[below].state, State::Deleted(top, _) if top == node) {
                    world.nodes[below].state = State::Alive;
                }
            }
            world.nodes[parent].children.push(node);
        }
        Ok(())
    }

    fn list(&mut self, op: &str, who: Who, parent: usize) -> Outcome {
        let parent = self.folder(who, parent);
        let world = self.world(who);
        let path = format!("/nodes/{}/children?maxItems=1000", world.nodes[parent].id);
        let response = self.ask(who, "GET", &path, &[], None);
        if !compare(op, &response, &world.refusals(who.user, parent), 200)? {
            return Ok(());
        }
        let list = response.json()["list"]["entries"].clone();
        let mut listed: Vec<_> =
            list.as_array().unwrap().iter().map(|item| item["entry"]["id"].as_str().unwrap().to_owned()).collect();
        let mut children: Vec<_> =
            world.nodes[parent].children.iter().map(|child| world.nodes[*child].id.clone()).collect();
        listed.sort();
        children.sort();
        check(listed == children, || format!("{op}: {listed:?} instead of {children:?}"))
    }

    fn create_download(&mut self, op: &str, who: Who, nodes: &[usize], is_held: bool) -> Outcome {
        let nodes: Vec<usize> = nodes.iter().map(|node| self.node(who, *node)).collect();
        let world = self.world(who);
        let ids: Vec<_> = nodes.iter().map(|node| world.nodes[*node].id.as_str()).collect();
        let mut unique = ids.clone();
        unique.sort_unstable();
        unique.dedup();
        let mut refusals: Refusals = nodes.iter().flat_map(|node| world.refusals(who.user, *node)).collect();
        if refusals.contains(&404) {
            refusals = Refusals::from([404]);
        }
        if nodes.is_empty() || unique.len() < ids.len() {
            refusals = Refusals::from([400]);
        }
        let will_be_held = is_held && refusals.is_empty();
        let body = json!({ "nodeIds": ids });
        if will_be_held {
            let held = self.control(who, "POST", "/gates", r#"{"at":"pending","jobs":{"times":1}}"#);
            check(held.status < 300, || format!("{op}: {}", held.text()))?;
        }
        let response = self.json(who, "POST", "/downloads", &body);
        if !compare(op, &response, &refusals, 202)? {
            return Ok(());
        }
        let id = response.json()["entry"]["id"].as_str().unwrap().to_owned();
        let until = if will_be_held { "isHeld" } else { "isFinal" };
        self.wait(op, who, &id, until)?;
        let world = &mut self.worlds[who.network];
        world.downloads.push(Download {
            id,
            creator: who.user,
            nodes,
            is_there: true,
            is_held: will_be_held,
            is_cancelled: false,
            status: "PENDING",
            counters: [0; 4],
            entries: Vec::new(),
        });
        if !will_be_held {
            world.finish(world.downloads.len() - 1);
        }
        Ok(())
    }

    fn wait(&self, op: &str, who: Who, id: &str, until: &str) -> Outcome {
        let waited = self.control(who, "GET", &format!("/wait?download={id}&{until}=true&timeout=60s"), "");
        check(waited.status == 200, || format!("{op}: {}", waited.text()))
    }

    fn release(&mut self, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        if !download.is_there || !download.is_held {
            return Ok(());
        }
        let id = download.id.clone();
        let released = self.control(who, "DELETE", &format!("/downloads/{id}/gate"), "");
        check(released.status < 300, || format!("release: {}", released.text()))?;
        self.wait("release", who, &id, "isFinal")?;
        self.worlds[who.network].finish(number);
        Ok(())
    }

    /// Why this user cannot do anything with the download.
    fn download_refusals(who: Who, download: &Download) -> Refusals {
        match (download.is_there, who.user == ADMIN || download.creator == who.user) {
            (false, _) => Refusals::from([404]),
            (true, false) => Refusals::from([403]),
            (true, true) => Refusals::new(),
        }
    }

    fn poll(&self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.ask(who, "GET", &format!("/downloads/{}", download.id), &[], None);
        if !compare(op, &response, &Self::download_refusals(who, download), 200)? {
            return Ok(());
        }
        let [files_added, bytes_added, files, bytes] = download.counters;
        let expected = json!({ "entry": {
            "id": download.id, "status": download.status,
            "filesAdded": files_added, "bytesAdded": bytes_added, "totalFiles": files, "totalBytes": bytes,
        }});
        check(response.json() == expected, || format!("{op}: {} instead of {expected}", response.text()))
    }

    fn cancel(&mut self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.ask(who, "DELETE", &format!("/downloads/{}", download.id), &[], None);
        if compare(op, &response, &Self::download_refusals(who, download), 202)? {
            self.worlds[who.network].downloads[number].is_cancelled = true;
        }
        Ok(())
    }

    fn delete_download(&mut self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.ask(who, "DELETE", &format!("/nodes/{}", download.id), &[], None);
        if compare(op, &response, &Self::download_refusals(who, download), 204)? {
            self.worlds[who.network].downloads[number].is_there = false;
        }
        Ok(())
    }

    fn fetch(&self, op: &str, who: Who, download: usize) -> Outcome {
        let Some(number) = self.download(who, download) else { return Ok(()) };
        let download = &self.world(who).downloads[number];
        let response = self.ask(who, "GET", &format!("/nodes/{}/content", download.id), &[], None);
        let refusals = Self::download_refusals(who, download);
        if refusals.is_empty() && download.status != "DONE" {
            return check(response.status != 200, || format!("{op}: a zip of a download that is {}", download.status));
        }
        if !compare(op, &response, &refusals, 200)? {
            return Ok(());
        }
        let entries = archive::parse(&response.body);
        let names: Vec<_> = entries.iter().map(|entry| entry.name.as_str()).collect();
        let expected: Vec<_> = download.entries.iter().map(|(name, _)| name.as_str()).collect();
        check(names == expected, || format!("{op}: {names:?} instead of {expected:?}"))?;
        let is_same = entries.iter().zip(&download.entries).all(|(entry, (_, bytes))| entry.content == *bytes);
        check(is_same, || format!("{op}: other contents"))
    }

    /// Looks at everything once more, and leaves nothing behind.
    pub(super) fn end(mut self) -> Outcome {
        for network in 0..NETWORKS.len() {
            let who = Who { network, user: ADMIN };
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
                .collect();
            self.reset(network);
            for id in gone {
                let status = self.ask(who, "GET", &format!("/nodes/{id}"), &[], None).status;
                check(status == 404, || format!("{id} is there after a reset: {status}"))?;
            }
        }
        Ok(())
    }
}
