//! The README, taken apart.

use std::{fs, path::Path};

/// Its text.
pub(crate) fn text() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("README.md")
}

/// What stands under the heading of this name, up to the next heading of its own or a higher level.
pub(crate) fn section(name: &str) -> String {
    let text = text();
    let mut is_example = false;
    let mut section: Option<(usize, String)> = None;
    for line in text.lines() {
        is_example ^= line.starts_with("```");
        // In an example, it is a comment.
        let level = if is_example { 0 } else { line.bytes().take_while(|byte| *byte == b'#').count() };
        match &mut section {
            None if level > 0 && line[level..].trim() == name => section = Some((level, String::new())),
            None => (),
            Some((own, _)) if (1..=*own).contains(&level) => break,
            Some((_, body)) => body.extend([line, "\n"]),
        }
    }
    section.unwrap_or_else(|| panic!("README.md has no section {name:?}")).1
}

/// The examples in this language, in order.
pub(crate) fn examples(section: &str, language: &str) -> Vec<String> {
    let opening = format!("```{language}\n");
    section.split(&opening).skip(1).map(|rest| rest.split("```").next().unwrap_or_default().to_owned()).collect()
}

/// The cells of the rows of all tables, without heads and rules.
pub(crate) fn rows(section: &str) -> Vec<Vec<String>> {
    let lines: Vec<_> = section.lines().collect();
    let is_head = |index: usize| lines.get(index + 1).is_some_and(|next| next.starts_with("|---"));
    let rows = lines.iter().enumerate().filter(|(index, line)| line.starts_with("| ") && !is_head(*index));
    rows.map(|(_, line)| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect()).collect()
}

/// The texts between backticks.
pub(crate) fn quoted(cell: &str) -> impl Iterator<Item = &str> {
    cell.split('`').skip(1).step_by(2)
}
