//! The invariants of the architecture, checked against the sources.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// A source file: its path below `src`, and its text.
struct Source {
    path: String,
    text: String,
}

impl Source {
    /// The lines that are neither comments nor unit tests, with their numbers.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let text = self.text.split("\n#[cfg(test)]\nmod ").next().unwrap_or_default();
        let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim()));
        lines.filter(|(_, line)| !line.starts_with("//"))
    }

    /// Unit tests in a file of their own, which may do what they like.
    fn is_tests(&self) -> bool {
        self.path.ends_with("/tests.rs")
    }

    fn is_any_of(&self, paths: &[&str]) -> bool {
        paths.iter().any(|path| self.path == *path || self.path.starts_with(&format!("{path}/")))
    }
}

fn sources() -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    collect(&root, &mut files);
    files.sort();
    assert!(files.len() > 10, "the sources were not found");
    let source = |file: PathBuf| Source {
        path: file.strip_prefix(&root).unwrap().to_str().unwrap().replace('\\', "/"),
        text: fs::read_to_string(&file).unwrap(),
    };
    files.into_iter().map(source).collect()
}

/// The Rust files below `folder`.
pub(crate) fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// Fails if a line of code, in the files that `concerns` picks, holds one of these words.
#[track_caller]
fn assert_nowhere(words: &[&str], concerns: impl Fn(&Source) -> bool) {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !source.is_tests() && concerns(source)) {
        for (number, line) in source.code() {
            if words.iter().any(|word| holds_word(line, word)) {
                found.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    assert!(found.is_empty(), "{words:?} do not belong here:\n{}", found.join("\n"));
}

/// Whether `line` holds `word` with no letter, digit or underscore right before it, nor after it when it ends with one.
fn holds_word(line: &str, word: &str) -> bool {
    let is_part = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(start, _)| {
        let before = line[..start].chars().next_back();
        let after = line[start + word.len()..].chars().next().filter(|_| word.ends_with(is_part));
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[test]
fn every_file_says_what_it_is() {
    for source in sources() {
        assert!(source.text.starts_with("//! "), "src/{} does not begin with `//!`", source.path);
    }
}

#[test]
fn modules_with_children_lie_beside_them() {
    for source in sources() {
        assert!(!source.path.ends_with("mod.rs"), "src/{}", source.path);
    }
}

#[test]
fn the_domain_never_hears_of_http() {
    let domain = ["downloads.rs", "downloads", "repository.rs", "repository", "content.rs", "content"];
    assert_nowhere(&["axum", "hyper", "hyper_util", "tower", "tower_http"], |source| source.is_any_of(&domain));
    let body = "content/body.rs";
    assert_nowhere(&["http::", "http_body", "http_body_util", "httpdate"], |source| {
        source.is_any_of(&domain) && source.path != body
    });
}

#[test]
fn only_config_reads_the_environment() {
    let words = ["env::var", "env::vars", "env::var_os", "env::vars_os", "env::args", "env::args_os", "env::set_var"];
    assert_nowhere(&words, |source| source.path != "config.rs");
}

#[test]
fn only_the_clock_reads_time_and_waits_for_it() {
    let words = [
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "Zoned::now",
        "tokio::time",
        "time::sleep",
        "time::timeout",
        "time::interval",
        "thread::sleep",
        "park_timeout",
        "wait_timeout",
        "recv_timeout",
    ];
    assert_nowhere(&words, |source| source.path != "clock.rs");
}

#[test]
fn only_tasks_spawns() {
    let words = ["tokio::spawn", "task::spawn", "spawn_blocking", "spawn_local", "JoinSet", "thread::spawn", "rayon"];
    assert_nowhere(&words, |source| source.path != "tasks.rs");
    // `Mock` has a thread of its own, and blocks a tester's on another.
    assert_nowhere(&["thread::Builder", "thread::scope"], |source| source.path != "mock.rs");
}

#[test]
fn only_ids_draws_from_chance() {
    assert_nowhere(&["rand", "Uuid::new_v4", "getrandom"], |source| source.path != "ids.rs");
}

#[test]
fn nothing_that_can_change_is_static() {
    let mut found = Vec::new();
    for source in sources() {
        for (number, line) in source.code() {
            let item = ["pub ", "pub(crate) ", "pub(super) "].iter().find_map(|prefix| line.strip_prefix(prefix));
            if item.unwrap_or(line).starts_with("static ") || holds_word(line, "thread_local!") {
                found.push(format!("src/{}:{number}: {line}", source.path));
            }
        }
    }
    let can_change = ["Mutex", "RwLock", "Atomic", "Cell", "Once", "Lazy", "mut ", "Map", "Sender", "thread_local"];
    found.retain(|item| can_change.iter().any(|word| item.contains(word)));
    assert!(found.is_empty(), "two mocks in one process would share:\n{}", found.join("\n"));
}

#[test]
fn nothing_is_left_to_do() {
    assert_nowhere(&["todo!", "unimplemented!", "dbg!", "unsafe"], |_| true);
    for source in sources() {
        for word in ["TODO", "FIXME"] {
            assert!(!source.text.contains(word), "src/{}: {word}", source.path);
        }
    }
}

#[test]
fn the_registry_alone_touches_the_map() {
    assert_nowhere(&["DashMap", "dashmap"], |source| source.path != "downloads/registry.rs");
}
