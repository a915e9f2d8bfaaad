//! The fuzz targets in bounded form: each example of the corpus, and some made of them by chance. `tests/fuzz/run` does
//! the same for longer, led by what the code does with it.
//!
//! `FUZZ_SEED` repeats a failure, and `FUZZ_CASES` says how many are made.

#[path = "../fuzz/targets.rs"]
mod targets;

use std::{fs, panic, path::Path};

use self::targets::{Bench, TARGETS};
use crate::model::number;

/// Words that parsers know.
const WORDS: [&str; 40] = [
    "\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e999",
    "99999999999999999999",
    "\\u0000",
    "\\ud800",
    "\u{0}",
    "%",
    "%00",
    "%2e%2e",
    "%ff",
    "..",
    "//",
    ";",
    "bytes=",
    "bytes=0-",
    "-",
    "W/\"",
    "*",
    "--b",
    "--b--",
    "\r\n",
    "\r\n\r\n",
    "(",
    ")",
    " AND ",
    " OR ",
    "='",
    "''",
    "PK\u{3}\u{4}",
    "\u{ff}",
    "名",
];

/// A sequence of numbers that looks like chance.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % limit.max(1)
    }

    /// Another example, made of those.
    fn example(&mut self, corpus: &[Vec<u8>]) -> Vec<u8> {
        let mut bytes = corpus[self.below(corpus.len())].clone();
        for _ in 0..=self.below(6) {
            let (from, to) = (self.below(bytes.len() + 1), self.below(bytes.len() + 1));
            let part = from.min(to)..from.max(to);
            match self.below(6) {
                0 => drop(bytes.drain(part)),
                1 => {
                    let again = bytes[part].to_vec();
                    bytes.splice(from..from, again);
                }
                2 => {
                    let word = WORDS[self.below(WORDS.len())].bytes();
                    bytes.splice(from..from, word);
                }
                3 => {
                    let other = &corpus[self.below(corpus.len())];
                    let tail = other[self.below(other.len() + 1)..].to_vec();
                    bytes.truncate(from);
                    bytes.extend(tail);
                }
                _ if bytes.is_empty() => (),
                4 => {
                    let at = self.below(bytes.len());
                    bytes[at] ^= 1 << self.below(8);
                }
                _ => {
                    let at = self.below(bytes.len());
                    bytes[at] = u8::try_from(self.below(256)).unwrap();
                }
            }
        }
        bytes.truncate(60_000);
        bytes
    }
}

fn corpus(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/corpus").join(target);
    let mut files: Vec<_> = fs::read_dir(&folder).expect("a corpus").map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty(), "there is no example in {}", folder.display());
    files.iter().map(|file| fs::read(file).unwrap()).collect()
}

#[track_caller]
fn fuzz(target: &str) {
    let seed = number("FUZZ_SEED").unwrap_or_else(|| std::process::id().into());
    let cases = number("FUZZ_CASES").unwrap_or(300);
    let bench = Bench::start();
    let corpus = corpus(target);
    let mut chance = Chance(seed);
    let made = (0..cases).map(|_| chance.example(&corpus)).collect::<Vec<_>>();
    for example in corpus.iter().chain(&made) {
        let tried = panic::catch_unwind(panic::AssertUnwindSafe(|| bench.run(target, example)));
        assert!(tried.is_ok(), "FUZZ_SEED={seed} {target}: \"{}\"", example.escape_ascii());
    }
}

#[test]
fn each_target_has_a_test_and_a_program() {
    let source = include_str!("fuzzed.rs");
    for (target, _) in TARGETS {
        assert!(source.contains(&format!("fuzz(\"{target}\")")), "{target} is not tried");
        let program =
            Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fuzz/fuzz_targets").join(format!("{target}.rs"));
        assert!(program.exists(), "{target} has no program");
    }
}

#[test]
fn json_of_any_kind() {
    fuzz("json");
}

#[test]
fn conditions_of_any_kind() {
    fuzz("conditions");
}

#[test]
fn multipart_of_any_kind() {
    fuzz("multipart");
}

#[test]
fn path_of_any_kind() {
    fuzz("path");
}

#[test]
fn authentication_of_any_kind() {
    fuzz("authentication");
}

#[test]
fn query_of_any_kind() {
    fuzz("query");
}

#[test]
fn request_of_any_kind() {
    fuzz("request");
}

#[test]
fn fixtures_json_of_any_kind() {
    fuzz("fixtures_json");
}

#[test]
fn fixtures_zip_of_any_kind() {
    fuzz("fixtures_zip");
}
