//! What the README states, held against the program: settings, fixtures, the built-in nodes, the checks.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use serde_json::Value;

use crate::support::{
    ADMIN, BASE, TestMock, fixtures_folder,
    process::{Server, run, text},
    readme::{self, examples, quoted, rows, section},
};

fn file(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).expect(path)
}

/// A flag with its value's name, its variable and its default, as `--help` or the README shows them.
type Setting = (String, String, String);

/// The settings that `--help` lists.
fn settings() -> BTreeSet<Setting> {
    let output = run(&["--help"]);
    let (_, options) = text(&output.stdout).split_once("\nOptions:\n").expect("options");
    let mut paragraphs: Vec<String> = Vec::new();
    for line in options.lines().map(str::trim) {
        match paragraphs.last_mut() {
            Some(paragraph) if !line.starts_with('-') || line.starts_with("- ") => paragraph.extend([" ", line]),
            _ => paragraphs.push(line.to_owned()),
        }
    }
    let setting = |paragraph: &String| {
        let words: Vec<_> = paragraph.split_whitespace().collect();
        let value = words[1].strip_prefix('<').and_then(|word| word.strip_suffix('>'));
        let flag = value.map_or_else(|| words[0].to_owned(), |value| format!("{} {value}", words[0]));
        let words = words.join(" ");
        let stated = |what: &str| Some(words.rsplit_once(what)?.1.split(']').next().unwrap_or_default().to_owned());
        let variable = stated("[env: ")?.trim_end_matches('=').to_owned();
        let none = if value.is_some() { "none" } else { "off" };
        Some((flag, variable, stated("[default: ").unwrap_or_else(|| none.to_owned())))
    };
    paragraphs.iter().filter_map(setting).collect()
}

#[test]
fn the_settings_are_those_of_help() {
    let known = settings();
    assert!(known.len() > 10, "{known:?}");
    let plain = |cell: &String| cell.replace('`', "");
    let rows = rows(&section("Configure it"));
    let listed: BTreeSet<Setting> = rows.iter().map(|row| (plain(&row[0]), plain(&row[1]), plain(&row[2]))).collect();
    let differing: Vec<_> = listed.symmetric_difference(&known).collect();
    assert!(differing.is_empty(), "only in README.md or only in --help: {differing:?}");
    assert_eq!(rows.len(), known.len(), "README.md lists a setting twice");
}

#[test]
fn no_variable_is_mentioned_that_nothing_reads() {
    let known: BTreeSet<_> = settings().into_iter().map(|(_, variable, _)| variable).collect();
    let readme = readme::text();
    let words = readme.split(|character: char| !(character.is_ascii_uppercase() || character == '_'));
    for variable in words.filter(|word| word.starts_with("ALFRESCO_MOCK_") && *word != "ALFRESCO_MOCK_") {
        assert!(known.contains(variable), "README.md mentions {variable}");
    }
}

#[test]
fn the_ready_line_is_true() {
    let server = Server::start(&[]);
    let shown = server.ready_line.replace(&server.address.to_string(), "127.0.0.1:8080");
    assert_eq!(examples(&section("Run it"), "text"), std::slice::from_ref(&shown));
    let (_, count) = shown.split_once('(').unwrap();
    let count = count.split(' ').next().unwrap();
    let built_in = section("The built-in fixtures");
    assert!(built_in.contains(&format!("lists all {count}.")), "README.md counts other than {count} built-in nodes");
}

#[test]
fn the_well_known_nodes_are_where_it_says() {
    let built_in = section("The built-in fixtures");
    let listed: BTreeMap<_, _> = rows(&built_in)
        .iter()
        .map(|row| (quoted(&row[0]).collect::<String>(), quoted(&row[1]).collect::<String>()))
        .collect();
    let fixtures: Value = serde_json::from_str(&file("fixtures/fixtures.json")).unwrap();
    let ids = fixtures["nodes"].as_array().unwrap().iter().filter_map(|node| node["id"].as_str());
    assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), ids.collect(), "the ids in fixtures.json");
    let mock = TestMock::start();
    for (id, path) in &listed {
        let response = mock.get(&format!("{BASE}/nodes/{id}?include=path"), ADMIN);
        assert_eq!(response.status, 200, "{id}");
        let entry = &response.json()["entry"];
        let found = format!("{}/{}", entry["path"]["name"].as_str().unwrap(), entry["name"].as_str().unwrap());
        assert_eq!(found, format!("/Company Home/{path}"), "{id}");
    }
}

#[test]
fn its_fixtures_are_accepted() {
    let own = section("Bring your own files");
    let [example] = &examples(&own, "json")[..] else { panic!("one example of fixtures.json") };
    let folder = fixtures_folder(&[("Reports/Q1.txt", "Q1"), ("Private/", "")], example);
    let output = run(&["check", folder.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("5c0f6a52-8f5e-4f0a-9a4b-0f6c0b6d1e11  /Reports/Q1.txt"));
}

#[test]
fn the_keys_of_a_node_are_those_of_the_schema() {
    let schema: Value = serde_json::from_str(&file("fixtures/fixtures.schema.json")).unwrap();
    let known: BTreeSet<_> = schema["$defs"]["node"]["properties"].as_object().unwrap().keys().cloned().collect();
    let own = section("Bring your own files");
    let own = own.split("\n### ").next().unwrap();
    let listed: BTreeSet<_> =
        rows(own).iter().flat_map(|row| quoted(&row[0]).map(str::to_owned).collect::<Vec<_>>()).collect();
    assert_eq!(listed, known);
}

#[test]
fn the_checks_are_those_of_ci() {
    let work = section("Work on it");
    let checks = examples(work.split("\n### ").next().unwrap(), "sh").concat();
    let listed: Vec<_> = checks.lines().map(|line| line.split(" #").next().unwrap_or_default().trim()).collect();
    let script = file(".ci/run");
    let run: Vec<_> = script.lines().filter_map(|line| line.strip_prefix("step ")).collect();
    assert_eq!(listed.iter().collect::<BTreeSet<_>>(), run.iter().collect::<BTreeSet<_>>());
    assert!(run.len() > 4);
}

#[test]
fn the_demonstration_is_one_of_the_client_tests() {
    let control = section("Control it");
    let [example] = &examples(&control, "js")[..] else { panic!("one example in JavaScript") };
    assert!(file("tests/clients/javascript/patience.test.mjs").contains(example.trim_end()));
}
