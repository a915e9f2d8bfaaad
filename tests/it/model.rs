//! A model: random sequences of operations against the mock over HTTP and against a small repository of lists, which know
//! nothing of each other.
//!
//! What fails is made shorter, and its seed printed: `MODEL_SEED=… cargo test --test it model` does the same again.
//! `MODEL_CASES` says how many sequences are tried, and `MODEL_LENGTH` how long they are.

mod parallel;
mod world;

use std::{collections::BTreeSet, env};

use proptest::{
    collection::vec,
    prelude::*,
    test_runner::{Config, RngAlgorithm, TestRng, TestRunner},
};

use self::world::{Both, NETWORKS, USERS};
use crate::support::TestMock;

/// Something to do. Numbers choose among what there is.
#[derive(Clone, Debug)]
enum Op {
    CreateFolder {
        who: Who,
        parent: usize,
        name: u8,
    },
    Upload {
        who: Who,
        parent: usize,
        name: u8,
        size: u16,
    },
    Replace {
        who: Who,
        node: usize,
        size: u16,
    },
    Rename {
        who: Who,
        node: usize,
        name: u8,
    },
    Move {
        who: Who,
        node: usize,
        parent: usize,
    },
    Delete {
        who: Who,
        node: usize,
        permanent: bool,
    },
    Restore {
        who: Who,
        node: usize,
    },
    List {
        who: Who,
        parent: usize,
    },
    CreateDownload {
        who: Who,
        nodes: Vec<usize>,
        is_held: bool,
    },
    Release {
        who: Who,
        download: usize,
    },
    Poll {
        who: Who,
        download: usize,
    },
    Cancel {
        who: Who,
        download: usize,
    },
    DeleteDownload {
        who: Who,
        download: usize,
    },
    Fetch {
        who: Who,
        download: usize,
    },
    /// Beyond the age of every download.
    Advance {
        who: Who,
    },
    Limit {
        who: Who,
        bytes: u16,
    },
    Reset {
        who: Who,
    },
}

/// Which user of which network.
#[derive(Clone, Copy, Debug)]
struct Who {
    network: usize,
    user: usize,
}

fn who() -> impl Strategy<Value = Who> {
    (0..NETWORKS.len(), 0..USERS.len()).prop_map(|(network, user)| Who { network, user })
}

fn op() -> impl Strategy<Value = Op> {
    let (which, name, size) = (0..64_usize, 0..6_u8, 0..3000_u16);
    prop_oneof![
        8 => (who(), which.clone(), name.clone()).prop_map(|(who, parent, name)| Op::CreateFolder { who, parent, name }),
        10 => (who(), which.clone(), name.clone(), size.clone())
            .prop_map(|(who, parent, name, size)| Op::Upload { who, parent, name, size }),
        3 => (who(), which.clone(), size.clone()).prop_map(|(who, node, size)| Op::Replace { who, node, size }),
        3 => (who(), which.clone(), name).prop_map(|(who, node, name)| Op::Rename { who, node, name }),
        3 => (who(), which.clone(), which.clone()).prop_map(|(who, node, parent)| Op::Move { who, node, parent }),
        4 => (who(), which.clone(), any::<bool>()).prop_map(|(who, node, permanent)| Op::Delete { who, node, permanent }),
        3 => (who(), which.clone()).prop_map(|(who, node)| Op::Restore { who, node }),
        3 => (who(), which.clone()).prop_map(|(who, parent)| Op::List { who, parent }),
        10 => (who(), vec(which.clone(), 0..4), any::<bool>())
            .prop_map(|(who, nodes, is_held)| Op::CreateDownload { who, nodes, is_held }),
        6 => (who(), which.clone()).prop_map(|(who, download)| Op::Release { who, download }),
        8 => (who(), which.clone()).prop_map(|(who, download)| Op::Poll { who, download }),
        5 => (who(), which.clone()).prop_map(|(who, download)| Op::Cancel { who, download }),
        2 => (who(), which.clone()).prop_map(|(who, download)| Op::DeleteDownload { who, download }),
        8 => (who(), which).prop_map(|(who, download)| Op::Fetch { who, download }),
        1 => who().prop_map(|who| Op::Advance { who }),
        1 => (who(), size).prop_map(|(who, bytes)| Op::Limit { who, bytes: bytes * 3 }),
        1 => who().prop_map(|who| Op::Reset { who }),
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
    let length = number("MODEL_LENGTH").map_or(60, |length| usize::try_from(length).expect("not so long"));
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let mock = TestMock::start();
    let tried = runner.run(&vec(op(), 1..length), |ops| {
        let mut both = Both::begin(&mock);
        for op in &ops {
            both.perform(op)?;
        }
        both.end()
    });
    if let Err(failure) = tried {
        panic!("MODEL_SEED={seed}: {failure}");
    }
}

/// One of these, and success when there is none.
type Refusals = BTreeSet<u16>;
