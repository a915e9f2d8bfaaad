//! Names: which are valid, and which are free (wire reference, nodes, sections 6.1 and 6.2).

use super::{
    Tree,
    node::{Node, NodeId},
};
use crate::error::Error;

/// Whether `cm:name` may be that.
pub(crate) fn is_valid(name: &str) -> bool {
    let is_refused = |byte| matches!(byte, b'"' | b'*' | b'\\' | b'>' | b'<' | b'?' | b'/' | b':' | b'|');
    !name.is_empty() && !name.bytes().any(is_refused) && !name.ends_with(['.', ' '])
}

/// The first free name that a number before the last dot gives: `a.txt` becomes `a-1.txt`.
pub(crate) fn unique(tree: &Tree, parent: NodeId, name: &str) -> String {
    let is_free = |name: &str| tree.find(parent).is_none_or(|parent| parent.children.named(name).is_none());
    if is_free(name) {
        return name.to_owned();
    }
    let (base, extension) = match name.rfind('.') {
        Some(dot) => name.split_at(dot),
        None => (name, ""),
    };
    let numbered = |number: u32| match base {
        "" => format!("{number}{extension}"),
        _ => format!("{base}-{number}{extension}"),
    };
    // There are more numbers than names that could be taken.
    (1..=u32::MAX).map(numbered).find(|name| is_free(name)).unwrap_or_default()
}

/// What the integrity check says of a name that is not valid.
pub(crate) fn violation(node: &Node, name: &str) -> Error {
    let before = format!(
        "Found 1 integrity violations:\nInvalid property value: \n   Node: workspace://SpacesStore/{}\n   Name: {name}\n   \
         Type: {}\n   Property: {{http://www.alfresco.org/model/content/1.0}}name\n   Constraint: ",
        node.id,
        node.node_type.qualified(),
    );
    let after = format!(" Value '{name}' is not valid as a file name. This property must be a valid file name.");
    Error::Violation { before, after }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock::Timestamp, repository::bootstrap};

    #[test]
    fn names_that_no_file_system_likes_are_refused() {
        for name in ["a", ".a", " a", "a.b", "100%", "a&b#c+d", "文档"] {
            assert!(is_valid(name), "{name}");
        }
        for name in ["", "a.", "a ", "a/b", "a\\b", "a:b", "a*", "a?", "\"a\"", "<a>", "a|b"] {
            assert!(!is_valid(name), "{name}");
        }
    }

    #[test]
    fn taken_names_are_numbered_before_the_last_dot() {
        let now = Timestamp::from_millis(0);
        let mut tree = bootstrap::tree(now);
        let root = tree.root();
        for name in ["a.txt", "f1", ".txt", "quick-2.txt", "archive.tar.gz", "A-1.TXT"] {
            tree.insert(bootstrap::folder(&format!("/{name}"), name, root, now));
        }
        let unique = |name| unique(&tree, root, name);
        assert_eq!(unique("free.txt"), "free.txt");
        assert_eq!(unique("a.txt"), "a-2.txt");
        assert_eq!(unique("f1"), "f1-1");
        assert_eq!(unique(".txt"), "1.txt");
        assert_eq!(unique("quick-2.txt"), "quick-2-1.txt");
        assert_eq!(unique("archive.tar.gz"), "archive.tar-1.gz");
    }
}
