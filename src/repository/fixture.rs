//! Fixtures: the nodes, people and groups that a mock starts with.
//!
//! A folder, or a zip of one, *is* the repository: its files and folders become nodes below Company Home. What a file
//! system cannot say (ids, owners, permissions, locks, six gigabytes) stands in a `fixtures.json` at its top. Loading
//! never stops at a mistake: whoever writes fixtures wants to see them all.

mod describe;
mod document;
mod folder;
mod groups;
mod links;
mod people;
mod planting;
mod source;
mod stated;
mod zipped;

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use include_dir::{Dir, include_dir};
use zip::ZipArchive;

pub(crate) use self::describe::describe;
use self::{planting::Planting, source::Source};
use super::{Tree, groups::ADMINISTRATORS, people::Person};
use crate::{
    clock::Timestamp,
    content::{Content, intake::Intake, reader::Reader, spool::Spool},
};

/// What mistakes call an archive that has no name.
const UNNAMED: &str = "archive";

/// The name of the file that says what a file system cannot.
const DOCUMENT: &str = "fixtures.json";

/// The name of its schema, which may lie beside it.
const SCHEMA: &str = "fixtures.schema.json";

/// The fixtures that are compiled in.
const BUILT_IN: &Dir<'static> = &include_dir!("$CARGO_MANIFEST_DIR/fixtures");

/// The date of everything in the built-in fixtures: 2026-01-30T10:00:00.000Z.
const BUILT_IN_DATE: Timestamp = Timestamp::from_millis(1_769_767_200_000);

/// What fixtures say: the nodes and the people.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) tree: Tree,
    pub(crate) people: Vec<Person>,
}

impl Loaded {
    /// All contents of nodes, in no order.
    pub(crate) fn contents(&self) -> impl Iterator<Item = &Content> {
        self.tree.nodes().filter_map(|node| node.content.as_ref()?.content.as_ref())
    }
}

/// A mistake in fixtures: the file (with the line, where that is known), the node or person, and what was expected.
///
/// It is shown in one line, such as
/// `my-fixtures/fixtures.json:12: node "Reports/Q1.txt": no such file, and no "sizeInBytes" to declare one`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what}")]
pub struct FixtureError {
    place: String,
    what: String,
}

/// The fixtures that are compiled in.
pub(crate) fn built_in() -> Result<Loaded, Vec<FixtureError>> {
    let origin = Origin { path: "fixtures".into(), zip_prefix: None };
    plant(&origin, source::built_in(BUILT_IN, BUILT_IN_DATE), BUILT_IN_DATE)
}

/// How much a zip of fixtures may hold, whoever made it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    /// Files and folders.
    pub(crate) nodes: usize,
    /// Bytes of all files, unfolded.
    pub(crate) bytes: u64,
}

/// The fixtures in a folder, or in a zip of one within `bounds`. What is declared without a date is made at `now`.
pub(crate) fn load(path: &Path, spool: &Spool, bounds: Bounds, now: Timestamp) -> Result<Loaded, Vec<FixtureError>> {
    let mut origin = Origin { path: path.to_owned(), zip_prefix: None };
    let metadata = fs::metadata(path).map_err(|error| vec![origin.mistake(unreadable(&error))])?;
    let source = if metadata.is_dir() {
        folder::read(&origin)
    } else {
        let file = File::open(path).map_err(|error| vec![origin.mistake(unreadable(&error))])?;
        let zip = ZipArchive::new(BufReader::new(file))
            .map_err(|error| vec![origin.mistake(format!("neither a folder nor a zip: {error}"))])?;
        zipped::read(zip, &mut origin, spool, bounds, now).map_err(|mistake| vec![mistake])?
    };
    plant(&origin, source, now)
}

/// Loads fixtures that come as an archive while the server runs.
#[derive(Clone, Debug)]
pub(crate) struct Archives {
    /// Where large contents go.
    spool: Spool,
    bounds: Bounds,
    intake: Intake,
}

impl Archives {
    pub(crate) fn new(spool: Spool, bounds: Bounds, intake: Intake) -> Self {
        Self { spool, bounds, intake }
    }

    /// Where an archive is received, as any other content.
    pub(crate) fn intake(&self) -> &Intake {
        &self.intake
    }

    /// The fixtures in a zip, which need not outlive this. To be called where blocking is allowed.
    pub(crate) fn load(&self, archive: &Content, now: Timestamp) -> Result<Loaded, Vec<FixtureError>> {
        let mut origin = Origin { path: UNNAMED.into(), zip_prefix: Some(String::new()) };
        let zip = ZipArchive::new(BufReader::new(Reader::of(archive)))
            .map_err(|error| vec![origin.mistake(format!("expected a zip of a folder: {error}"))])?;
        let source = zipped::read(zip, &mut origin, &self.spool, self.bounds, now).map_err(|mistake| vec![mistake])?;
        plant(&origin, source, now)
    }
}

/// Makes nodes and people of what was found and stated.
fn plant(origin: &Origin, source: Source, now: Timestamp) -> Result<Loaded, Vec<FixtureError>> {
    let mut mistakes = source.mistakes;
    let document = source.document.map(|text| document::read(&text, origin, &mut mistakes)).unwrap_or_default();
    let mut people = people::all(&document.people, origin, &mut mistakes);
    let mut planting = Planting::new(origin, &people, &document.nodes, now, mistakes);
    planting.plant_groups(&document.groups);
    planting.lay(source.entries);
    planting.declare();
    planting.link();
    let (tree, mistakes) = planting.finish();
    for person in &mut people {
        // Some are administrators because their group is.
        person.is_admin |= tree.groups.has(ADMINISTRATORS, &person.id);
    }
    if mistakes.is_empty() { Ok(Loaded { tree, people }) } else { Err(mistakes) }
}

/// Where fixtures come from: what mistakes are told with.
#[derive(Debug)]
struct Origin {
    path: PathBuf,
    /// For a zip: the one folder that everything lies in, with its slash, or nothing.
    zip_prefix: Option<String>,
}

impl Origin {
    /// A mistake in the whole.
    fn mistake(&self, what: impl Into<String>) -> FixtureError {
        FixtureError { place: self.path.display().to_string(), what: what.into() }
    }

    /// A mistake at the file or folder of that path; the empty path is the whole.
    fn mistake_at(&self, path: &str, what: impl Into<String>) -> FixtureError {
        if path.is_empty() {
            return self.mistake(what);
        }
        let place = match &self.zip_prefix {
            None => self.path.join(path).display().to_string(),
            Some(prefix) => format!("{}: zip entry \"{prefix}{path}\"", self.path.display()),
        };
        FixtureError { place, what: what.into() }
    }

    /// A mistake in `fixtures.json`.
    fn mistake_in_document(&self, line: usize, subject: Option<&str>, what: impl Into<String>) -> FixtureError {
        let file = self.path.join(self.zip_prefix.as_deref().unwrap_or_default()).join(DOCUMENT);
        let subject = subject.map(|subject| format!(": {subject}")).unwrap_or_default();
        FixtureError { place: format!("{}:{line}{subject}", file.display()), what: what.into() }
    }
}

fn unreadable(error: &std::io::Error) -> String {
    format!("cannot be read: {error}")
}

/// What a mistake says of a name that is not valid.
const NAME_RULE: &str = r#"a name has none of " * \ > < ? / : | and ends neither in a dot nor in a space"#;

#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
