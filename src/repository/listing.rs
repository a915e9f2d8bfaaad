//! Lists of children: picked, sorted and paged (wire reference, nodes, section 5).
//!
//! A large folder is sorted once for all pages that are asked for before something changes.

use std::{
    cmp::Ordering,
    collections::{HashSet, VecDeque},
    sync::{Arc, Mutex, PoisonError, atomic},
};

use serde_json::Value;

use super::{
    Repository, Tree,
    access::{Caller, Right},
    children::Child,
    collation::SortKey,
    node::{Node, NodeId, NodeType},
};

/// From how many children on a list is remembered.
const LARGE: usize = 1000;

/// How many lists are remembered.
const REMEMBERED: usize = 16;

/// How many fields of an order count.
pub(crate) const FIELDS: usize = 3;

/// What is listed, and in which order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) filter: Filter,
    pub(crate) order: Vec<Order>,
}

/// Which children are listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) is_file: Option<bool>,
    pub(crate) is_folder: Option<bool>,
    /// A type, and whether its subtypes are meant too.
    pub(crate) node_type: Option<(NodeType, bool)>,
    pub(crate) is_primary: Option<bool>,
    pub(crate) assoc_type: Option<&'static str>,
}

/// A field to sort by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order {
    pub(crate) field: Field,
    pub(crate) is_descending: bool,
}

/// What nodes can be sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    IsFolder,
    Name,
    CreatedAt,
    ModifiedAt,
    CreatedByUser,
    ModifiedByUser,
    MimeType,
    SizeInBytes,
    NodeType,
    Property(String),
}

/// A part of a list.
#[derive(Clone, Debug, Default)]
pub(crate) struct Page {
    pub(crate) children: Vec<Child>,
    pub(crate) total: usize,
}

/// The lists of large folders that were asked for last.
#[derive(Debug, Default)]
pub(super) struct Listings(Mutex<VecDeque<Listing>>);

#[derive(Debug)]
struct Listing {
    parent: NodeId,
    caller: Caller,
    wanted: Wanted,
    generation: u64,
    children: Arc<[Child]>,
}

impl Field {
    /// The field that clients call so; any other word is none.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "isFolder" => Self::IsFolder,
            "name" => Self::Name,
            "createdAt" => Self::CreatedAt,
            "modifiedAt" => Self::ModifiedAt,
            "createdByUser" => Self::CreatedByUser,
            "modifiedByUser" => Self::ModifiedByUser,
            "mimeType" => Self::MimeType,
            "sizeInBytes" => Self::SizeInBytes,
            "nodeType" => Self::NodeType,
            _ => return None,
        })
    }
}

impl Wanted {
    /// Folders first, then by name.
    pub(crate) fn usual_order() -> Vec<Order> {
        vec![Order { field: Field::IsFolder, is_descending: true }, Order { field: Field::Name, is_descending: false }]
    }
}

impl Filter {
    fn fits(&self, node: &Node, link: Child) -> bool {
        let is_of_type = |(wanted, with_subtypes): (NodeType, bool)| {
            node.node_type == wanted || (with_subtypes && node.node_type.is(wanted.name()))
        };
        is_shown(node.node_type)
            && self.is_file.is_none_or(|is_file| node.node_type.is_file() == is_file)
            && self.is_folder.is_none_or(|is_folder| node.node_type.is_folder() == is_folder)
            && self.node_type.is_none_or(is_of_type)
            && self.is_primary.is_none_or(|is_primary| link.is_primary == is_primary)
            && self.assoc_type.is_none_or(|assoc_type| link.assoc_type == assoc_type)
    }
}

/// Types that no list shows.
fn is_shown(node_type: NodeType) -> bool {
    const HIDDEN: [&str; 5] = ["cm:systemfolder", "fm:forum", "fm:forums", "fm:topic", "fm:post"];
    node_type.is("cm:cmobject") && !HIDDEN.iter().any(|hidden| node_type.is(hidden))
}

impl Repository {
    /// The readable children of a folder, of `tree` as it is now.
    pub(crate) fn list_children(
        &self,
        tree: &Tree,
        caller: &Caller,
        parent: NodeId,
        wanted: &Wanted,
        (skip, max): (usize, usize),
    ) -> Page {
        let Some(node) = tree.find(parent) else { return Page::default() };
        if node.children.len() < LARGE {
            return page(&list(tree, caller, node, wanted), skip, max);
        }
        // Nobody changes the tree while it is borrowed, nor the generation.
        let generation = self.0.generation.load(atomic::Ordering::Relaxed);
        let mut listings = self.0.listings.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_it = |listing: &Listing| {
            listing.generation == generation
                && listing.parent == parent
                && listing.caller == *caller
                && listing.wanted == *wanted
        };
        if let Some(listing) = listings.iter().find(|listing| is_it(listing)) {
            return page(&listing.children, skip, max);
        }
        let children: Arc<[Child]> = list(tree, caller, node, wanted).into();
        listings.retain(|listing| listing.generation == generation);
        listings.truncate(REMEMBERED - 1);
        let listing =
            Listing { parent, caller: caller.clone(), wanted: wanted.clone(), generation, children: children.clone() };
        listings.push_front(listing);
        page(&children, skip, max)
    }
}

fn page(children: &[Child], skip: usize, max: usize) -> Page {
    let children_of_page = children.iter().skip(skip).take(max).copied().collect();
    Page { children: children_of_page, total: children.len() }
}

fn list(tree: &Tree, caller: &Caller, parent: &Node, wanted: &Wanted) -> Vec<Child> {
    let mut seen = HashSet::new();
    let fits = |child: &Child| {
        tree.find(child.id)
            .is_some_and(|node| wanted.filter.fits(node, *child) && tree.may(caller, child.id, Right::Read))
    };
    let fitting = parent.children.iter().filter(fits).filter(|child| seen.insert(child.id));
    let mut keyed: Vec<(Vec<Key>, usize, Child)> = fitting
        .enumerate()
        .filter_map(|(number, child)| {
            let node = tree.find(child.id)?;
            Some((wanted.order.iter().map(|order| key(node, &order.field)).collect(), number, child))
        })
        .collect();
    // What is equal otherwise was linked at different times.
    let is_youngest_first = wanted.order.last().is_some_and(|order| order.is_descending);
    let by_number = |one: usize, other: usize| if is_youngest_first { other.cmp(&one) } else { one.cmp(&other) };
    keyed.sort_unstable_by(|(one, first, _), (other, second, _)| {
        let by_field = wanted
            .order
            .iter()
            .zip(one.iter().zip(other))
            .map(|(order, (one, other))| if order.is_descending { other.cmp(one) } else { one.cmp(other) });
        by_field.fold(Ordering::Equal, Ordering::then).then_with(|| by_number(*first, *second))
    });
    keyed.into_iter().map(|(.., child)| child).collect()
}

/// The value of a field, comparable with that of another node. What is not there comes first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Nothing,
    Truth(bool),
    Number(i64),
    Text(SortKey),
}

fn key(node: &Node, field: &Field) -> Key {
    let text = |text: &str| Key::Text(SortKey::of(text));
    let content = node.content.as_ref();
    match field {
        Field::IsFolder => Key::Truth(node.node_type.is_folder()),
        Field::Name => text(&node.name),
        Field::CreatedAt => Key::Number(node.created.as_millis()),
        Field::ModifiedAt => Key::Number(node.modified.as_millis()),
        Field::CreatedByUser => text(node.creator.as_str()),
        Field::ModifiedByUser => text(node.modifier.as_str()),
        Field::MimeType => content.map_or(Key::Nothing, |content| text(&content.mimetype)),
        Field::SizeInBytes => {
            content.map_or(Key::Nothing, |content| Key::Number(i64::try_from(content.size).unwrap_or(i64::MAX)))
        }
        Field::NodeType => text(node.node_type.name()),
        Field::Property(name) => match (name.as_str(), node.property(name)) {
            ("cm:name", _) => text(&node.name),
            ("cm:created", _) => Key::Number(node.created.as_millis()),
            ("cm:modified", _) => Key::Number(node.modified.as_millis()),
            ("cm:creator", _) => text(node.creator.as_str()),
            ("cm:modifier", _) => text(node.modifier.as_str()),
            (_, None | Some(Value::Null)) => Key::Nothing,
            (_, Some(Value::Bool(truth))) => Key::Truth(*truth),
            (_, Some(Value::Number(number))) => number_key(number),
            (_, Some(Value::String(stated))) => text(stated),
            (_, Some(other)) => text(&other.to_string()),
        },
    }
}

/// Numbers with and without fractions, comparable with each other: the bits of a double, in its order.
fn number_key(number: &serde_json::Number) -> Key {
    let bits = number.as_f64().unwrap_or_default().to_bits().cast_signed();
    Key::Number(if bits < 0 { i64::MIN ^ !bits } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        clock::{Clock, Timestamp},
        ids::Ids,
        memory::Memory,
        repository::{
            bootstrap,
            change::Change,
            people::{Known, People},
        },
    };

    #[test]
    fn numbers_are_sorted_by_value() {
        let keys: Vec<_> = [-2.5, -1.0, 0.0, 0.5, 3.0, 1e9]
            .map(|number| number_key(&serde_json::Number::from_f64(number).unwrap()))
            .into();
        assert!(keys.is_sorted(), "{keys:?}");
    }

    #[test]
    fn negative_numbers_differ_by_value_too() {
        let key = |number| number_key(&serde_json::Number::from_f64(number).unwrap());
        let numbers = [-1e9, -3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.0];
        assert!(numbers.windows(2).all(|pair| key(pair[0]) < key(pair[1])));
    }

    #[test]
    fn fields_are_called_as_the_api_calls_them() {
        for (name, field) in [
            ("isFolder", Field::IsFolder),
            ("name", Field::Name),
            ("createdAt", Field::CreatedAt),
            ("modifiedAt", Field::ModifiedAt),
            ("createdByUser", Field::CreatedByUser),
            ("modifiedByUser", Field::ModifiedByUser),
            ("mimeType", Field::MimeType),
            ("sizeInBytes", Field::SizeInBytes),
            ("nodeType", Field::NodeType),
        ] {
            assert_eq!(Field::named(name), Some(field), "{name}");
        }
        assert_eq!(Field::named("Name"), None);
    }

    /// A repository with folders of so many children each.
    fn with_folders(sizes: &[usize]) -> (Repository, Vec<NodeId>) {
        let now = Timestamp::from_millis(0);
        let mut tree = bootstrap::tree(now);
        let mut folders = Vec::new();
        for (number, size) in sizes.iter().enumerate() {
            let folder = bootstrap::folder(&format!("/{number}"), &number.to_string(), tree.root(), now);
            folders.push(folder.id);
            tree.insert(folder);
            for child in 0..*size {
                let name = child.to_string();
                tree.insert(bootstrap::folder(&format!("/{number}/{name}"), &name, folders[number], now));
            }
        }
        let clock = Clock::frozen(now);
        let people = People::new(Known::default(), clock.clone());
        (Repository::new(tree, usize::MAX, Memory::new(Some(u64::MAX)), people, clock, Ids::seeded(1)), folders)
    }

    /// How many lists are remembered after these were asked for.
    fn remembered_after(repository: &Repository, asked_for: impl IntoIterator<Item = (NodeId, Wanted)>) -> usize {
        let admin = Caller { user: "admin".into(), is_admin: true };
        for (folder, wanted) in asked_for {
            repository.list_children(&repository.read(), &admin, folder, &wanted, (0, 1));
        }
        repository.0.listings.0.lock().unwrap().len()
    }

    #[test]
    fn a_list_is_remembered_from_so_many_children_on() {
        let (repository, folders) = with_folders(&[LARGE - 1, LARGE]);
        assert_eq!(remembered_after(&repository, [(folders[0], Wanted::default())]), 0);
        assert_eq!(remembered_after(&repository, [(folders[1], Wanted::default())]), 1);
        assert_eq!(remembered_after(&repository, [(folders[1], Wanted::default())]), 1, "the same");
    }

    #[test]
    fn folders_and_those_who_ask_are_told_apart() {
        let (repository, folders) = with_folders(&[LARGE, LARGE]);
        let admin = Caller { user: "admin".into(), is_admin: true };
        let bob = Caller { user: "bob".into(), is_admin: false };
        let ids = |folder: &str| [0, 1].map(|child| NodeId::of_path(&format!("/{folder}/{child}")));
        let (one, two) = (ids("0"), ids("1"));
        let hide = |change: &mut Change<'_>| {
            change.tree.find_mut(one[0]).unwrap().permissions.inherits = false;
            Ok(())
        };
        repository.change(&admin, hide).unwrap();
        let first = |caller: &Caller, folder: usize| {
            repository.list_children(&repository.read(), caller, folders[folder], &Wanted::default(), (0, 1)).children
                [0]
            .id
        };
        for _ in 0..2 {
            assert_eq!([first(&admin, 0), first(&bob, 0)], one);
            assert_eq!([first(&admin, 1), first(&bob, 1)], [two[0], two[0]]);
        }
    }

    #[test]
    fn no_more_lists_are_remembered_than_there_is_room_for_and_none_from_before_a_change() {
        let (repository, folders) = with_folders(&[LARGE]);
        let sorted_by = |number: usize| {
            let field = Field::Property(format!("cm:{number}"));
            Wanted { order: vec![Order { field, is_descending: false }], ..Wanted::default() }
        };
        let lists = || (0..=REMEMBERED).map(|number| (folders[0], sorted_by(number)));
        assert_eq!(remembered_after(&repository, lists().take(REMEMBERED)), REMEMBERED);
        assert_eq!(remembered_after(&repository, lists()), REMEMBERED);
        let caller = Caller { user: "admin".into(), is_admin: true };
        repository.change(&caller, |_| Ok(())).unwrap();
        assert_eq!(remembered_after(&repository, lists().take(1)), 1);
    }

    #[test]
    fn system_folders_and_forums_are_not_listed() {
        let is_shown = |name| is_shown(NodeType::named(name).unwrap());
        for name in ["cm:folder", "cm:content", "st:sites", "app:filelink", "cm:thumbnail"] {
            assert!(is_shown(name), "{name}");
        }
        for name in ["cm:systemfolder", "fm:forum", "fm:post", "cm:person"] {
            assert!(!is_shown(name), "{name}");
        }
    }
}
