//! The map in ARCHITECTURE.md is true: it names each source file, and nothing else.

use std::{collections::BTreeSet, fs, path::Path};

use crate::layout::collect;

/// The files that the map names, by their paths below the package.
fn mapped() -> BTreeSet<String> {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md");
    let (_, map) = text.split_once("\n## Map\n").expect("a map");
    let map = map.split("\n## ").next().unwrap_or_default();
    let mut folder = "";
    let mut files = BTreeSet::new();
    for line in map.lines() {
        if let Some(heading) = line.strip_prefix("### ") {
            folder = heading.trim_matches('`');
        } else if let Some((name, says)) = line.strip_prefix("- `").and_then(|row| row.split_once("`: "))
            && folder.starts_with("src/")
        {
            assert!(!says.trim().is_empty(), "the map says nothing of {folder}{name}");
            assert!(files.insert(format!("{folder}{name}")), "the map names {folder}{name} twice");
        }
    }
    files
}

/// The source files, save unit tests in files of their own.
fn existing() -> BTreeSet<String> {
    let mut files = Vec::new();
    collect(&root().join("src"), &mut files);
    let paths = files.iter().map(|file| file.strip_prefix(root()).unwrap().to_str().unwrap().replace('\\', "/"));
    paths.filter(|path| !path.ends_with("/tests.rs") && !path.contains("/tests/")).collect()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_map_names_each_file_and_no_other() {
    let (mapped, existing) = (mapped(), existing());
    assert!(existing.len() > 10, "the sources were not found");
    let missing: Vec<_> = existing.difference(&mapped).collect();
    let gone: Vec<_> = mapped.difference(&existing).collect();
    assert!(missing.is_empty(), "ARCHITECTURE.md does not say what these are: {missing:?}");
    assert!(gone.is_empty(), "ARCHITECTURE.md speaks of files that are not there: {gone:?}");
}
