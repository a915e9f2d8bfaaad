//! A model: random sequences of operations against the mock over HTTP and against a small repository of lists, which know
//! nothing of each other.
//!
//! What fails is made shorter, and its seed printed: `MODEL_SEED=… cargo test --test it model` does the same again.
//! `MODEL_CASES` says how many sequences are tried, and `MODEL_LENGTH` how long they are.

mod both;
mod downloads;
mod groups;
mod links;
mod locks;
mod nodes;
mod parallel;
mod people;
mod server;
mod sites;
mod trash;
mod world;

use std::{collections::BTreeSet, env};

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::{
    both::{Both, NETWORKS},
    world::{Authority, GROUPS, ROLES, SITE_ROLES, SITES, USERS, VISIBILITIES},
};
use crate::support::TestMock;

/// Something to do. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Op {
    CreateFolder {
        parent: usize,
        name: u8,
    },
    Upload {
        parent: usize,
        name: u8,
        size: u16,
    },
    Show {
        node: usize,
    },
    Read {
        node: usize,
    },
    List {
        parent: usize,
    },
    Replace {
        node: usize,
        size: u16,
    },
    Rename {
        node: usize,
        name: u8,
    },
    Move {
        node: usize,
        parent: usize,
    },
    Copy {
        node: usize,
        parent: usize,
        name: u8,
    },
    Grant {
        home: usize,
        authority: Authority,
        role: usize,
    },
    Delete {
        node: usize,
        permanent: bool,
    },
    Restore {
        node: usize,
    },
    Purge {
        node: usize,
    },
    ShowDeleted {
        node: usize,
    },
    ListDeleted,
    Lock {
        node: usize,
        is_full: bool,
    },
    Unlock {
        node: usize,
    },
    CheckOut {
        node: usize,
    },
    CancelCheckOut {
        node: usize,
    },
    Link {
        folder: usize,
        node: usize,
    },
    Unlink {
        link: usize,
        is_typed: bool,
    },
    Recycle {
        link: usize,
        name: u8,
    },
    ListLinks {
        link: usize,
    },
    CreateDownload {
        nodes: Vec<usize>,
        is_held: bool,
    },
    Release {
        download: usize,
    },
    Poll {
        download: usize,
    },
    Cancel {
        download: usize,
    },
    DeleteDownload {
        download: usize,
    },
    Fetch {
        download: usize,
    },
    CreatePerson {
        person: usize,
        password: u8,
    },
    UpdatePerson {
        person: usize,
        password: u8,
        is_enabled: bool,
    },
    ShowPerson {
        person: usize,
    },
    LogIn {
        person: usize,
        password: u8,
    },
    UseTicket {
        ticket: usize,
        is_end: bool,
    },
    CreateGroup {
        group: usize,
    },
    DeleteGroup {
        group: usize,
    },
    Join {
        group: usize,
        user: usize,
    },
    Leave {
        group: usize,
        user: usize,
    },
    Members {
        group: usize,
    },
    UpdateGroup {
        group: usize,
        name: u8,
    },
    ListGroups {
        user: usize,
    },
    CreateSite {
        site: usize,
        visibility: usize,
        title: u8,
    },
    ShowSite {
        site: usize,
    },
    ListSites {
        user: usize,
    },
    UpdateSite {
        site: usize,
        visibility: usize,
        title: u8,
    },
    DeleteSite {
        site: usize,
        permanent: bool,
    },
    UndeleteSite {
        site: usize,
        is_purge: bool,
    },
    AddSiteMember {
        site: usize,
        user: usize,
        role: usize,
    },
    ChangeSiteMember {
        site: usize,
        user: usize,
        role: usize,
    },
    RemoveSiteMember {
        site: usize,
        user: usize,
        is_his: bool,
    },
    ListSiteMembers {
        site: usize,
        user: usize,
    },
    Probe,
    Discover,
    /// Beyond the age of every download, and of every ticket.
    Advance,
    Limit {
        bytes: u16,
    },
    Reset,
}

/// Which user of which network.
#[derive(Clone, Copy, Debug)]
struct Who {
    network: usize,
    user: usize,
}

/// One of so many, and mostly the first.
fn mostly_first(count: usize) -> impl Strategy<Value = usize> + Clone {
    prop_oneof![3 => Just(0), 1 => 0..count]
}

fn who(users: impl Strategy<Value = usize>) -> impl Strategy<Value = Who> {
    (mostly_first(NETWORKS.len()), users).prop_map(|(network, user)| Who { network, user })
}

fn authority() -> impl Strategy<Value = Authority> {
    prop_oneof![(0..USERS.len()).prop_map(Authority::User), (0..GROUPS.len()).prop_map(Authority::Group),]
}

fn on_nodes() -> impl Strategy<Value = Op> {
    let (which, name, size) = (0..512_usize, 0..6_u8, 0..3000_u16);
    let two = (which.clone(), which.clone());
    let granted = (0..USERS.len(), authority(), 0..ROLES.len());
    prop_oneof![
        8 => (which.clone(), name.clone()).prop_map(|(parent, name)| Op::CreateFolder { parent, name }),
        10 => (which.clone(), name.clone(), size.clone())
            .prop_map(|(parent, name, size)| Op::Upload { parent, name, size }),
        2 => which.clone().prop_map(|node| Op::Show { node }),
        2 => which.clone().prop_map(|node| Op::Read { node }),
        3 => which.clone().prop_map(|parent| Op::List { parent }),
        3 => (which.clone(), size).prop_map(|(node, size)| Op::Replace { node, size }),
        3 => (which.clone(), name.clone()).prop_map(|(node, name)| Op::Rename { node, name }),
        3 => two.clone().prop_map(|(node, parent)| Op::Move { node, parent }),
        3 => (two, name.clone()).prop_map(|((node, parent), name)| Op::Copy { node, parent, name }),
        3 => granted.prop_map(|(home, authority, role)| Op::Grant { home, authority, role }),
        8 => (which.clone(), any::<bool>()).prop_map(|(node, permanent)| Op::Delete { node, permanent }),
        4 => which.clone().prop_map(|node| Op::Restore { node }),
        2 => which.clone().prop_map(|node| Op::Purge { node }),
        2 => which.clone().prop_map(|node| Op::ShowDeleted { node }),
        1 => Just(Op::ListDeleted),
        3 => (which.clone(), any::<bool>()).prop_map(|(node, is_full)| Op::Lock { node, is_full }),
        3 => which.clone().prop_map(|node| Op::Unlock { node }),
        5 => which.clone().prop_map(|node| Op::CheckOut { node }),
        3 => which.clone().prop_map(|node| Op::CancelCheckOut { node }),
        10 => (which.clone(), which.clone()).prop_map(|(folder, node)| Op::Link { folder, node }),
        3 => (which.clone(), any::<bool>()).prop_map(|(link, is_typed)| Op::Unlink { link, is_typed }),
        6 => (which.clone(), name).prop_map(|(link, name)| Op::Recycle { link, name }),
        3 => which.prop_map(|link| Op::ListLinks { link }),
    ]
}

fn on_downloads() -> impl Strategy<Value = Op> {
    let which = 0..512_usize;
    prop_oneof![
        10 => (vec(which.clone(), 0..4), any::<bool>())
            .prop_map(|(nodes, is_held)| Op::CreateDownload { nodes, is_held }),
        6 => which.clone().prop_map(|download| Op::Release { download }),
        8 => which.clone().prop_map(|download| Op::Poll { download }),
        5 => which.clone().prop_map(|download| Op::Cancel { download }),
        2 => which.clone().prop_map(|download| Op::DeleteDownload { download }),
        8 => which.prop_map(|download| Op::Fetch { download }),
    ]
}

fn on_people() -> impl Strategy<Value = Op> {
    let (person, group, user) = (mostly_first(world::PEOPLE), mostly_first(GROUPS.len()), 0..USERS.len());
    let password = prop_oneof![3 => Just(0), 1 => 0..2_u8];
    prop_oneof![
        3 => (person.clone(), password.clone())
            .prop_map(|(person, password)| Op::CreatePerson { person, password }),
        1 => (person.clone(), password.clone(), any::<bool>())
            .prop_map(|(person, password, is_enabled)| Op::UpdatePerson { person, password, is_enabled }),
        1 => person.clone().prop_map(|person| Op::ShowPerson { person }),
        3 => (person, password).prop_map(|(person, password)| Op::LogIn { person, password }),
        3 => (0..512_usize, any::<bool>()).prop_map(|(ticket, is_end)| Op::UseTicket { ticket, is_end }),
        3 => group.clone().prop_map(|group| Op::CreateGroup { group }),
        1 => group.clone().prop_map(|group| Op::DeleteGroup { group }),
        4 => (group.clone(), user.clone()).prop_map(|(group, user)| Op::Join { group, user }),
        2 => (group.clone(), user.clone()).prop_map(|(group, user)| Op::Leave { group, user }),
        1 => group.clone().prop_map(|group| Op::Members { group }),
        1 => (group, 0..3_u8).prop_map(|(group, name)| Op::UpdateGroup { group, name }),
        2 => user.prop_map(|user| Op::ListGroups { user }),
    ]
}

fn on_sites() -> impl Strategy<Value = Op> {
    let (site, user) = (mostly_first(SITES.len()), 0..USERS.len());
    let (role, stated) = (0..SITE_ROLES.len(), (0..VISIBILITIES.len(), 0..3_u8));
    let member = (site.clone(), user.clone());
    prop_oneof![
        8 => (site.clone(), stated.clone())
            .prop_map(|(site, (visibility, title))| Op::CreateSite { site, visibility, title }),
        4 => site.clone().prop_map(|site| Op::ShowSite { site }),
        2 => user.prop_map(|user| Op::ListSites { user }),
        4 => (site.clone(), stated).prop_map(|(site, (visibility, title))| Op::UpdateSite { site, visibility, title }),
        2 => (site.clone(), any::<bool>()).prop_map(|(site, permanent)| Op::DeleteSite { site, permanent }),
        2 => (site, any::<bool>()).prop_map(|(site, is_purge)| Op::UndeleteSite { site, is_purge }),
        8 => (member.clone(), role.clone()).prop_map(|((site, user), role)| Op::AddSiteMember { site, user, role }),
        4 => (member.clone(), role).prop_map(|((site, user), role)| Op::ChangeSiteMember { site, user, role }),
        3 => (member.clone(), any::<bool>())
            .prop_map(|((site, user), is_his)| Op::RemoveSiteMember { site, user, is_his }),
        3 => member.prop_map(|(site, user)| Op::ListSiteMembers { site, user }),
    ]
}

fn op() -> impl Strategy<Value = (Who, Op)> {
    let op = prop_oneof![
        120 => on_nodes(),
        70 => on_downloads(),
        1 => Just(Op::Advance),
        2 => (0..3000_u16).prop_map(|bytes| Op::Limit { bytes: bytes * 3 }),
        1 => Just(Op::Reset),
        2 => Just(Op::Probe),
        1 => Just(Op::Discover),
        25 => on_sites(),
    ];
    // Most of what is done to people and groups only the administrator may do, who is the first.
    prop_oneof![
        8 => (who(0..USERS.len()), op),
        2 => (who(mostly_first(USERS.len())), on_people()),
    ]
}

/// A number from the environment of the test, which is no setting of the mock.
#[expect(clippy::disallowed_methods, reason = "how long to try is the business of whoever runs the tests")]
pub(crate) fn number(name: &str) -> Option<u64> {
    env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is a number, not {text:?}")))
}

#[test]
fn the_mock_does_what_the_model_does() {
    let seed = number("MODEL_SEED").unwrap_or_else(|| u64::from(std::process::id()) << 20 | 0x7);
    let cases = number("MODEL_CASES").map_or(12, |cases| u32::try_from(cases).expect("not so many"));
    let length = number("MODEL_LENGTH").map_or(120, |length| usize::try_from(length).expect("not so long"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let mock = TestMock::start();
    let tried = runner.run(&vec(op(), length / 2..=length), |ops| {
        let mut both = Both::begin(&mock);
        for (who, op) in &ops {
            both.perform(*who, op)?;
        }
        both.end()
    });
    if let Err(failure) = tried {
        panic!("MODEL_SEED={seed}: {failure}");
    }
}

/// One of these, and success when there is none.
type Refusals = BTreeSet<u16>;
