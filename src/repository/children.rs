//! The children of a node: in the order in which they were linked, and by name.
//!
//! Adding, finding and removing one costs the same however many there are.

use std::collections::{BTreeMap, HashMap};

use super::node::NodeId;

/// A link to a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Child {
    pub(crate) id: NodeId,
    pub(crate) is_primary: bool,
    /// The type of the association, such as `cm:contains`.
    pub(crate) assoc_type: &'static str,
}

/// The links of a node to its children. Most nodes have none, and then this is small.
#[derive(Clone, Debug, Default)]
pub(crate) struct Children(Option<Box<Links>>);

#[derive(Clone, Debug, Default)]
struct Links {
    /// By number, which grows from link to link.
    by_number: BTreeMap<u32, Child>,
    /// By the child's name in lower case.
    by_name: HashMap<Box<str>, Named>,
    next: u32,
}

/// A child under its name. It may be linked several times, with a type each.
#[derive(Clone, Copy, Debug)]
struct Named {
    id: NodeId,
    first: u32,
    links: u32,
}

impl Children {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(|links| links.by_number.is_empty())
    }

    /// How many links there are.
    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, |links| links.by_number.len())
    }

    /// The links, oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = Child> {
        self.0.iter().flat_map(|links| links.by_number.values().copied())
    }

    /// The child of that name. Names are compared without case.
    pub(crate) fn named(&self, name: &str) -> Option<NodeId> {
        let links = self.0.as_ref()?;
        links.by_name.get(name.to_lowercase().as_str()).map(|named| named.id)
    }

    /// Adds a link as the youngest. Of two children with the same name, the older keeps it.
    pub(super) fn add(&mut self, name: &str, child: Child) {
        let links = self.0.get_or_insert_default();
        let number = links.next;
        links.next += 1;
        links.by_number.insert(number, child);
        let named =
            links.by_name.entry(name.to_lowercase().into()).or_insert(Named { id: child.id, first: number, links: 0 });
        if named.id == child.id {
            named.links += 1;
        }
    }

    /// Removes those links to a child that `is_meant` picks.
    pub(super) fn remove(&mut self, id: NodeId, name: &str, is_meant: impl Fn(Child) -> bool) {
        let Some(links) = self.0.as_mut() else { return };
        let name = name.to_lowercase();
        let named = links.by_name.get(name.as_str()).copied().filter(|named| named.id == id);
        let numbers: Vec<u32> = match named {
            Some(Named { first, links: 1, .. }) => vec![first],
            _ => links.by_number.iter().filter(|(_, child)| child.id == id).map(|(number, _)| *number).collect(),
        };
        let (gone, left): (Vec<u32>, Vec<u32>) =
            numbers.into_iter().partition(|number| links.by_number.get(number).is_some_and(|child| is_meant(*child)));
        for number in &gone {
            links.by_number.remove(number);
        }
        if named.is_some() {
            match (left.first(), u32::try_from(left.len())) {
                (Some(&first), Ok(count)) => links.by_name.insert(name.into(), Named { id, first, links: count }),
                _ => links.by_name.remove(name.as_str()),
            };
        }
    }

    /// Drops all links to a child whose name is not known any more.
    pub(super) fn forget(&mut self, id: NodeId) {
        let Some(links) = self.0.as_mut() else { return };
        links.by_number.retain(|_, child| child.id != id);
        links.by_name.retain(|_, named| named.id != id);
    }

    /// The primary link to the child of that name.
    pub(crate) fn primary_link(&self, name: &str) -> Option<Child> {
        let links = self.0.as_ref()?;
        let named = links.by_name.get(name.to_lowercase().as_str())?;
        let first = links.by_number.get(&named.first).copied().filter(|child| child.is_primary);
        first.or_else(|| self.iter().find(|child| child.id == named.id && child.is_primary))
    }

    /// Children have got other names, of which nothing was told here.
    pub(super) fn rename_all(&mut self, names: &HashMap<NodeId, Box<str>>) {
        let Some(links) = self.0.as_mut().filter(|_| !names.is_empty()) else { return };
        let mut renamed = Vec::new();
        links.by_name.retain(|_, named| {
            let name = names.get(&named.id);
            renamed.extend(name.map(|name| (name.to_lowercase().into(), *named)));
            name.is_none()
        });
        links.by_name.extend(renamed);
    }

    /// A child has got another name.
    pub(super) fn rename(&mut self, id: NodeId, old: &str, new: &str) {
        let Some(links) = self.0.as_mut() else { return };
        let old = old.to_lowercase();
        if links.by_name.get(old.as_str()).is_some_and(|named| named.id == id)
            && let Some(named) = links.by_name.remove(old.as_str())
        {
            links.by_name.insert(new.to_lowercase().into(), named);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn id(number: u128) -> NodeId {
        NodeId::from(Uuid::from_u128(number))
    }

    fn child(number: u128, is_primary: bool, assoc_type: &'static str) -> Child {
        Child { id: id(number), is_primary, assoc_type }
    }

    #[test]
    fn children_are_found_by_name_and_told_in_the_order_of_their_links() {
        let mut children = Children::default();
        assert!(children.is_empty());
        for (number, name) in [(3, "c"), (1, "A"), (2, "b")] {
            children.add(name, child(number, true, "cm:contains"));
        }
        assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [id(3), id(1), id(2)]);
        assert_eq!(children.named("a"), Some(id(1)));
        children.rename(id(1), "A", "Z");
        assert_eq!((children.named("a"), children.named("z")), (None, Some(id(1))));
        children.remove(id(3), "c", |_| true);
        assert_eq!((children.named("C"), children.len()), (None, 2));
    }

    #[test]
    fn a_child_that_is_linked_twice_keeps_its_name_until_the_last_link_goes() {
        let mut children = Children::default();
        children.add("a", child(1, true, "cm:contains"));
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.remove(id(1), "a", |child| child.is_primary);
        assert_eq!((children.named("a"), children.len()), (Some(id(1)), 1));
        children.remove(id(1), "a", |_| true);
        assert_eq!((children.named("a"), children.len()), (None, 0));
    }

    #[test]
    fn a_link_that_comes_back_is_counted_again() {
        let mut children = Children::default();
        children.add("a", child(1, true, "cm:contains"));
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.remove(id(1), "a", |child| !child.is_primary);
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.remove(id(1), "a", |_| true);
        assert_eq!((children.named("a"), children.len()), (None, 0));
    }

    #[test]
    fn the_links_of_a_namesake_are_not_counted() {
        let mut children = Children::default();
        children.add("a", child(1, true, "cm:contains"));
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.add("A", child(2, false, "cm:contains"));
        children.remove(id(1), "a", |_| true);
        assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [id(2)]);
    }

    #[test]
    fn a_child_is_forgotten_whatever_its_name_and_its_links() {
        let mut children = Children::default();
        children.add("a", child(1, true, "cm:contains"));
        children.add("b", child(2, true, "cm:contains"));
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.forget(id(1));
        assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [id(2)]);
        assert_eq!((children.named("a"), children.named("b")), (None, Some(id(2))));
    }

    #[test]
    fn children_may_swap_their_names() {
        let mut children = Children::default();
        for (number, name) in [(1, "a"), (2, "b"), (3, "c")] {
            children.add(name, child(number, false, "cm:contains"));
        }
        children.rename_all(&HashMap::from([(id(1), "B".into()), (id(2), "a".into())]));
        assert_eq!(["a", "b", "c"].map(|name| children.named(name)), [Some(id(2)), Some(id(1)), Some(id(3))]);
        assert_eq!(children.iter().map(|child| child.id).collect::<Vec<_>>(), [id(1), id(2), id(3)]);
    }

    #[test]
    fn of_all_links_to_a_child_the_primary_one_is_found() {
        let mut children = Children::default();
        children.add("other", child(2, true, "cm:member"));
        children.add("a", child(1, false, "cm:preferenceImage"));
        children.add("a", child(1, true, "cm:contains"));
        children.add("b", child(3, true, "sys:children"));
        children.add("b", child(3, false, "cm:contains"));
        children.add("c", child(4, false, "cm:contains"));
        assert_eq!(children.primary_link("A"), Some(child(1, true, "cm:contains")), "behind another");
        assert_eq!(children.primary_link("b"), Some(child(3, true, "sys:children")), "before another");
        assert_eq!((children.primary_link("c"), children.primary_link("d")), (None, None));
    }

    #[test]
    fn of_two_with_one_name_the_older_has_it() {
        let mut children = Children::default();
        children.add("a", child(1, true, "cm:contains"));
        children.add("A", child(2, true, "cm:contains"));
        children.remove(id(2), "A", |_| true);
        assert_eq!((children.named("a"), children.len()), (Some(id(1)), 1));
    }
}
