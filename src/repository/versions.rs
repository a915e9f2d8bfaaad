//! Version labels: how they are counted (wire reference, nodes, sections 6 and 12).

use serde_json::Value;

use super::node::Extras;

/// The aspect that has a node's changes of content counted.
pub(crate) const VERSIONABLE: &str = "cm:versionable";

/// The step from one version to the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    Major,
    Minor,
}

impl Step {
    pub(crate) fn of(is_major: bool) -> Self {
        if is_major { Self::Major } else { Self::Minor }
    }
}

/// What a client says of the version that a new content makes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Wish {
    /// `majorVersion`, where it is stated.
    pub(crate) is_major: Option<bool>,
    /// Whether there is a `comment`.
    pub(crate) has_comment: bool,
}

impl Wish {
    /// The first version of a new node; none where no version is asked for.
    pub(crate) fn first(self) -> Option<Step> {
        (self.is_major.is_some() || self.has_comment).then(|| Step::of(self.is_major.unwrap_or(true)))
    }

    /// The version that a replaced content makes; none for a node that is not versioned and stays so.
    pub(crate) fn next(self, extras: Option<&Extras>) -> Option<Step> {
        let label = extras.and_then(|extras| extras.properties.get("cm:versionLabel"));
        let is_versioned = is_versioned(extras);
        let is_off = || extras.and_then(|extras| extras.properties.get("cm:autoVersion")) == Some(&Value::Bool(false));
        if is_versioned && is_off() {
            return None;
        }
        if is_versioned {
            return Some(Step::of(self.is_major.unwrap_or(label.is_none())));
        }
        self.first()
    }
}

/// Whether versions of the node are kept.
pub(crate) fn is_versioned(extras: Option<&Extras>) -> bool {
    extras.is_some_and(|extras| extras.aspects.iter().any(|aspect| aspect == VERSIONABLE))
}

/// Makes the next version of a node.
pub(crate) fn step(extras: &mut Extras, step: Step) {
    let label = extras.properties.get("cm:versionLabel").and_then(Value::as_str).unwrap_or("0.0");
    let (major, minor) = label.split_once('.').unwrap_or((label, "0"));
    let number = |text: &str| text.parse::<u64>().unwrap_or_default();
    let (label, kind) = match step {
        Step::Major => (format!("{}.0", number(major).saturating_add(1)), "MAJOR"),
        Step::Minor => (format!("{major}.{}", number(minor).saturating_add(1)), "MINOR"),
    };
    extras.set("cm:versionLabel", Some(label.into()));
    extras.set("cm:versionType", Some(kind.into()));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn label(extras: &Extras) -> (&str, &str) {
        let text = |name| extras.properties.get(name).and_then(Value::as_str).unwrap();
        (text("cm:versionLabel"), text("cm:versionType"))
    }

    #[test]
    fn labels_are_counted_in_majors_and_minors() {
        let mut extras = Extras::default();
        step(&mut extras, Step::Minor);
        assert_eq!(label(&extras), ("0.1", "MINOR"));
        step(&mut extras, Step::Major);
        assert_eq!(label(&extras), ("1.0", "MAJOR"));
        step(&mut extras, Step::Minor);
        assert_eq!(label(&extras), ("1.1", "MINOR"));
        assert!(is_versioned(Some(&extras)));
    }

    #[test]
    fn what_is_not_versioned_becomes_so_only_when_asked() {
        let plain = Wish::default();
        let commented = Wish { has_comment: true, is_major: None };
        assert_eq!((plain.first(), plain.next(None)), (None, None));
        assert_eq!(commented.first(), Some(Step::Major));
        assert_eq!(Wish { is_major: Some(false), ..plain }.next(None), Some(Step::Minor));
        let mut versioned = Extras::default();
        step(&mut versioned, Step::Major);
        assert_eq!(plain.next(Some(&versioned)), Some(Step::Minor));
        versioned.set("cm:autoVersion", Some(false.into()));
        assert_eq!(commented.next(Some(&versioned)), None);
    }
}
