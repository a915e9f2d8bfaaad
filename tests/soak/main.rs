//! A soak: the real program under the load of thousands of clients in many networks, which poll, fetch, cancel, delete,
//! upload, break off, and see their downloads expire and their networks reset. Nobody may get a wrong answer; and whenever
//! all pause, the program must be as it was: no descriptor, task, thread, file or memory more.
//!
//! `tests/soak/run` runs it; `cargo test` alone leaves it out.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking, in its helpers too")]
#![allow(clippy::print_stdout, reason = "somebody waits for minutes")]
#![allow(clippy::disallowed_methods, reason = "it lasts for real time, which its environment says")]

#[path = "../it/support.rs"]
#[allow(dead_code, unused_imports, reason = "this test needs a part of what the others need")]
mod support;

mod client;
mod measure;

use std::{
    env, fs,
    panic::{self, AssertUnwindSafe},
    sync::{
        Arc, Barrier,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use self::{
    client::{Client, Counters, EVENTS, Event},
    measure::Measure,
};
use crate::support::{Auth, process::Server};

/// Threads that play clients, and how many connections each has open at once, if there may be so many.
const THREADS: usize = 40;
const CONNECTIONS: usize = 100;

/// How long they go on between two pauses.
const ROUND: Duration = Duration::from_secs(12);

#[test]
fn nothing_is_wrong_and_nothing_is_left_after_a_long_time_under_load() {
    let time = soak_time();
    let folder = tempfile::tempdir().unwrap();
    let temporary = folder.path().to_str().unwrap().to_owned();
    let server = Server::start_logging(
        "error",
        &[
            "--temp-dir",
            &temporary,
            "--upload-memory",
            "1000",
            "--journal-size",
            "200",
            "--journal-exchanges",
            "1000000",
            "--deflated-memory",
            "1000000",
        ],
    );
    let most = CONNECTIONS.min(measure::most_descriptors().saturating_sub(400) / THREADS);
    println!("{} clients", THREADS * most);
    assert!(THREADS * most > 1000, "too few files may be open: see `ulimit -n`");
    let counters = Counters::default();
    let (is_over, is_pausing) = (AtomicBool::new(false), AtomicBool::new(false));
    let barrier = Arc::new(Barrier::new(THREADS + 1));
    let started = Instant::now();
    let before = Measure::of(&server, folder.path());
    let mut flat: Option<Measure> = None;
    let (mut peak, mut resident_kib) = (0, Vec::new());
    let result = thread::scope(|scope| {
        let clients: Vec<_> = (0..THREADS)
            .map(|number| {
                let barrier = barrier.clone();
                let (counters, is_over, is_pausing) = (&counters, &is_over, &is_pausing);
                let address = server.address;
                scope.spawn(move || {
                    let mut client = Client::new(number, address, most, counters);
                    let mut is_right = true;
                    loop {
                        is_right = is_right && outcome(|| client.rush()).is_some();
                        // All have all their connections open here.
                        barrier.wait();
                        barrier.wait();
                        let turns = || {
                            while !is_pausing.load(Ordering::Acquire) {
                                client.turn();
                            }
                            client.leave();
                        };
                        is_right = is_right && outcome(turns).is_some();
                        // Nobody has one here.
                        barrier.wait();
                        barrier.wait();
                        if is_over.load(Ordering::Acquire) {
                            return is_right;
                        }
                    }
                })
            })
            .collect();
        let mut rounds = 0;
        let leak = loop {
            barrier.wait();
            peak = peak.max(outcome(|| measure::descriptors(&server)).unwrap_or_default());
            barrier.wait();
            thread::sleep(ROUND.min((started + time).saturating_duration_since(Instant::now())));
            is_pausing.store(true, Ordering::Release);
            barrier.wait();
            rounds += 1;
            let quiet = outcome(|| {
                reset(&server);
                Measure::when_quiet(&server, folder.path(), &before, flat.as_ref())
            });
            println!("{:>5} s: {quiet:?}", started.elapsed().as_secs());
            let leak = match &quiet {
                Some(quiet) => quiet.leak(&before, flat.as_ref()),
                None => Some("the program could not be looked at".to_owned()),
            };
            resident_kib.extend(quiet.as_ref().map(|quiet| quiet.resident_kib));
            if rounds == 2 {
                flat = quiet;
            }
            let ends = started.elapsed() >= time || leak.is_some();
            is_over.store(ends, Ordering::Release);
            is_pausing.store(false, Ordering::Release);
            barrier.wait();
            if ends {
                break leak;
            }
        };
        let wrong = clients.into_iter().map(thread::ScopedJoinHandle::join).filter(|end| !matches!(end, Ok(true)));
        (wrong.count(), leak)
    });
    assert_eq!(result.0, 0, "so many clients got a wrong answer");
    assert_eq!(result.1, None);
    assert_eq!(measure::growth(&resident_kib), None);
    let counts: Vec<_> = EVENTS.iter().map(|event| format!("{event:?} {}", counters.of(*event))).collect();
    println!("{}; {peak} descriptors at most", counts.join(", "));
    let missing: Vec<_> = EVENTS.iter().filter(|event| counters.of(**event) == 0).collect();
    assert!(missing.is_empty(), "these have not happened: {missing:?}");
    assert!(counters.of(Event::Zip) > 10, "hardly anything happened");
    assert!(peak > THREADS * most, "{peak} connections and files at most");
    server.signal("TERM");
    assert_eq!(server.wait().0.code(), Some(0));
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

/// What a part comes to; none when it panics, which would leave the others waiting.
fn outcome<T>(part: impl FnOnce() -> T) -> Option<T> {
    panic::catch_unwind(AssertUnwindSafe(part)).ok()
}

fn soak_time() -> Duration {
    let text = env::var("SOAK_TIME").unwrap_or_else(|_| "10m".to_owned());
    humantime::parse_duration(&text).expect("a time such as 1m")
}

fn reset(server: &Server) {
    let reset = server.request("POST", "/__admin/reset", Auth::None, &[], Some(b""));
    assert!(reset.status < 300, "{}", reset.text());
}
