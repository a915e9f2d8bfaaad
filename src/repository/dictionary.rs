//! The data dictionary: which types, aspects and properties there are (wire reference, nodes, section 6.3).
//!
//! Only the part that tells known from unknown names, adds the aspect that a property belongs to, and answers filters.

/// A type of the data dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NodeType(&'static TypeDefinition);

#[derive(Debug, PartialEq, Eq)]
struct TypeDefinition {
    name: &'static str,
    parent: &'static str,
}

const fn defined(name: &'static str, parent: &'static str) -> TypeDefinition {
    TypeDefinition { name, parent }
}

const TYPES: &[TypeDefinition] = &[
    defined("cm:content", "cm:cmobject"),
    defined("cm:folder", "cm:cmobject"),
    defined("st:site", "cm:folder"),
    defined("st:sites", "cm:folder"),
    defined("cm:systemfolder", "cm:folder"),
    defined("app:glossary", "cm:folder"),
    defined("fm:forum", "cm:folder"),
    defined("fm:forums", "cm:folder"),
    defined("fm:topic", "cm:folder"),
    defined("fm:post", "cm:content"),
    defined("cm:savedquery", "cm:content"),
    defined("cm:dictionaryModel", "cm:content"),
    defined("cm:thumbnail", "cm:content"),
    defined("download:download", "cm:content"),
    defined("cm:cmobject", "sys:base"),
    defined("cm:link", "cm:cmobject"),
    defined("app:filelink", "cm:link"),
    defined("app:folderlink", "cm:link"),
    defined("cm:person", "sys:base"),
    defined("cm:authority", "sys:base"),
    defined("sys:base", ""),
    defined("sys:container", "sys:base"),
];

impl NodeType {
    pub(crate) const CONTENT: Self = Self(&TYPES[0]);
    pub(crate) const FOLDER: Self = Self(&TYPES[1]);
    pub(crate) const SITE: Self = Self(&TYPES[2]);
    pub(crate) const SITES: Self = Self(&TYPES[3]);

    /// The type of that prefixed name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        TYPES.iter().find(|definition| definition.name == name).map(Self)
    }

    pub(crate) fn name(self) -> &'static str {
        self.0.name
    }

    /// The name with its namespace instead of the prefix: `{http://www.alfresco.org/model/content/1.0}content`.
    pub(crate) fn qualified(self) -> String {
        qualified(self.name())
    }

    /// The names of the types that a node in a folder may have, for messages.
    pub(crate) fn names() -> String {
        let names = TYPES.iter().map(Self).filter(|of| of.is("cm:cmobject") && of.name() != "download:download");
        names.map(Self::name).collect::<Vec<_>>().join(", ")
    }

    /// Whether it is that type or a subtype of it.
    pub(crate) fn is(self, name: &str) -> bool {
        let parent = |of: &Self| Self::named(of.0.parent);
        std::iter::successors(Some(self), parent).any(|of| of.name() == name)
    }

    /// Whether it is `cm:folder` or a subtype.
    pub(crate) fn is_folder(self) -> bool {
        self == Self::FOLDER || (self != Self::CONTENT && self.is("cm:folder"))
    }

    /// Whether it is `cm:content` or a subtype.
    pub(crate) fn is_file(self) -> bool {
        self == Self::CONTENT || (self != Self::FOLDER && self.is("cm:content"))
    }

    /// Whether it is a link to another node.
    pub(crate) fn is_link(self) -> bool {
        self.is("cm:link")
    }

    /// Whether it is a site, or the folder of all sites.
    pub(crate) fn is_site(self) -> bool {
        self == Self::SITE || self == Self::SITES
    }
}

/// The prefixes that stand for a namespace, and which.
const NAMESPACES: &[(&str, &str)] = &[
    ("cm", "http://www.alfresco.org/model/content/1.0"),
    ("sys", "http://www.alfresco.org/model/system/1.0"),
    ("app", "http://www.alfresco.org/model/application/1.0"),
    ("st", "http://www.alfresco.org/model/site/1.0"),
    ("fm", "http://www.alfresco.org/model/forum/1.0"),
    ("exif", "http://www.alfresco.org/model/exif/1.0"),
    ("audio", "http://www.alfresco.org/model/audio/1.0"),
    ("webdav", "http://www.alfresco.org/model/webdav/1.0"),
    ("download", "http://www.alfresco.org/model/download/1.0"),
    ("qshare", "http://www.alfresco.org/model/qshare/1.0"),
    ("dl", "http://www.alfresco.org/model/datalist/1.0"),
    ("ia", "http://www.alfresco.org/model/calendar"),
    ("imap", "http://www.alfresco.org/model/imap/1.0"),
    ("rn", "http://www.alfresco.org/model/rendition/1.0"),
    ("ver", "http://www.alfresco.org/model/versionstore/1.0"),
    ("d", "http://www.alfresco.org/model/dictionary/1.0"),
];

/// A name whose prefix stands for no namespace.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{name} isn't a valid QName. Namespace prefix {prefix} is not mapped to a namespace URI")]
pub(crate) struct UnknownPrefix {
    name: String,
    prefix: String,
}

/// The prefixed form of a name, which may come with its namespace in braces.
pub(crate) fn prefixed(name: &str) -> Result<String, UnknownPrefix> {
    if let Some((uri, local)) = name.strip_prefix('{').and_then(|name| name.split_once('}')) {
        let known = NAMESPACES.iter().find(|(_, known)| *known == uri);
        let unknown = || UnknownPrefix { name: name.to_owned(), prefix: uri.to_owned() };
        return Ok(format!("{}:{local}", known.ok_or_else(unknown)?.0));
    }
    let (prefix, _) = name.split_once(':').unwrap_or(("", name));
    if NAMESPACES.iter().any(|(known, _)| *known == prefix) {
        Ok(name.to_owned())
    } else {
        Err(UnknownPrefix { name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

/// A prefixed name with its namespace instead of the prefix.
pub(crate) fn qualified(name: &str) -> String {
    let (prefix, local) = name.split_once(':').unwrap_or(("", name));
    let uri = NAMESPACES.iter().find(|(known, _)| *known == prefix).map_or("", |(_, uri)| uri);
    format!("{{{uri}}}{local}")
}

/// What a property's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Value {
    Text,
    Int,
    Double,
    Boolean,
    Date,
    NodeRef,
}

/// A property: its name, what its value is, and whether it has several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Property {
    pub(crate) name: &'static str,
    pub(crate) value: Value,
    pub(crate) is_multiple: bool,
}

/// An aspect: the properties that it brings, and the aspects that come with it.
#[derive(Debug)]
pub(crate) struct Aspect {
    pub(crate) name: &'static str,
    pub(crate) brings: &'static [&'static str],
    pub(crate) properties: &'static [Property],
}

const fn one(name: &'static str, value: Value) -> Property {
    Property { name, value, is_multiple: false }
}

const fn several(name: &'static str, value: Value) -> Property {
    Property { name, value, is_multiple: true }
}

const fn aspect(name: &'static str, brings: &'static [&'static str], properties: &'static [Property]) -> Aspect {
    Aspect { name, brings, properties }
}

const fn text(name: &'static str) -> Property {
    one(name, Value::Text)
}

const ASPECTS: &[Aspect] = &[
    aspect(
        "cm:auditable",
        &[],
        &[
            one("cm:created", Value::Date),
            text("cm:creator"),
            one("cm:modified", Value::Date),
            text("cm:modifier"),
            one("cm:accessed", Value::Date),
        ],
    ),
    aspect("cm:titled", &[], &[text("cm:title"), text("cm:description")]),
    aspect("cm:author", &[], &[text("cm:author")]),
    aspect("cm:ownable", &[], &[text("cm:owner")]),
    aspect(
        "cm:versionable",
        &[],
        &[
            text("cm:versionLabel"),
            text("cm:versionType"),
            one("cm:initialVersion", Value::Boolean),
            one("cm:autoVersion", Value::Boolean),
            one("cm:autoVersionOnUpdateProps", Value::Boolean),
        ],
    ),
    aspect(
        "cm:lockable",
        &[],
        &[
            text("cm:lockOwner"),
            text("cm:lockType"),
            text("cm:lockLifetime"),
            text("cm:lockAdditionalInfo"),
            one("cm:expiryDate", Value::Date),
            one("cm:lockIsDeep", Value::Boolean),
        ],
    ),
    aspect("cm:checkedOut", &["cm:lockable"], &[]),
    aspect(
        "cm:workingcopy",
        &[],
        &[text("cm:workingCopyOwner"), text("cm:workingCopyMode"), text("cm:workingCopyLabel")],
    ),
    aspect("cm:copiedfrom", &[], &[]),
    aspect(
        "cm:dublincore",
        &["cm:titled", "cm:author"],
        &[
            text("cm:publisher"),
            text("cm:contributor"),
            text("cm:type"),
            text("cm:identifier"),
            text("cm:dcsource"),
            text("cm:coverage"),
            text("cm:rights"),
            text("cm:subject"),
        ],
    ),
    aspect("cm:summarizable", &[], &[text("cm:summary")]),
    aspect("cm:effectivity", &[], &[one("cm:from", Value::Date), one("cm:to", Value::Date)]),
    aspect("cm:complianceable", &[], &[one("cm:removeAfter", Value::Date)]),
    aspect("cm:geographic", &[], &[one("cm:latitude", Value::Double), one("cm:longitude", Value::Double)]),
    aspect("cm:thumbnailModification", &[], &[several("cm:lastThumbnailModification", Value::Text)]),
    aspect("cm:indexControl", &[], &[one("cm:isIndexed", Value::Boolean), one("cm:isContentIndexed", Value::Boolean)]),
    aspect("cm:taggable", &[], &[several("cm:taggable", Value::NodeRef)]),
    aspect("cm:generalclassifiable", &[], &[several("cm:categories", Value::NodeRef)]),
    aspect("cm:preferences", &[], &[]),
    aspect("cm:classifiable", &[], &[]),
    aspect("cm:emailed", &[], &[text("cm:originator"), text("cm:addressee"), text("cm:subjectline")]),
    aspect("app:uifacets", &["cm:titled"], &[text("app:icon")]),
    aspect("app:inlineeditable", &[], &[one("app:editInline", Value::Boolean)]),
    aspect(
        "exif:exif",
        &[],
        &[
            one("exif:dateTimeOriginal", Value::Date),
            one("exif:pixelXDimension", Value::Int),
            one("exif:pixelYDimension", Value::Int),
            one("exif:orientation", Value::Int),
            one("exif:exposureTime", Value::Double),
            one("exif:fNumber", Value::Double),
            one("exif:focalLength", Value::Double),
            one("exif:xResolution", Value::Double),
            one("exif:yResolution", Value::Double),
            one("exif:flash", Value::Boolean),
            text("exif:isoSpeedRatings"),
            text("exif:manufacturer"),
            text("exif:model"),
            text("exif:software"),
            text("exif:resolutionUnit"),
        ],
    ),
    aspect("qshare:shared", &[], &[text("qshare:sharedId"), text("qshare:sharedBy")]),
    aspect("st:siteContainer", &[], &[text("st:componentId")]),
    aspect("sys:referenceable", &[], &[]),
    aspect("sys:localized", &[], &[]),
];

/// The properties that belong to a type, and to which.
const TYPE_PROPERTIES: &[(&str, Property)] = &[
    ("cm:cmobject", text("cm:name")),
    ("cm:content", text("cm:content")),
    ("cm:link", one("cm:destination", Value::NodeRef)),
    ("st:site", text("st:sitePreset")),
    ("st:site", text("st:siteVisibility")),
];

/// The aspect of that prefixed name.
pub(crate) fn aspect_named(name: &str) -> Option<&'static Aspect> {
    ASPECTS.iter().find(|aspect| aspect.name == name)
}

/// The property of that prefixed name, with the aspect that brings it, if one does.
pub(crate) fn property_named(name: &str) -> Option<(Property, Option<&'static Aspect>)> {
    let of_aspect = ASPECTS.iter().find_map(|aspect| {
        let found = aspect.properties.iter().find(|property| property.name == name)?;
        Some((*found, Some(aspect)))
    });
    let of_type = || TYPE_PROPERTIES.iter().find(|(_, property)| property.name == name);
    of_aspect.or_else(|| of_type().map(|(_, property)| (*property, None)))
}

/// The associations that can hold a node as a secondary child.
const CHILD_ASSOCIATIONS: &[&str] = &["cm:contains", "cm:preferenceImage", "sys:children", "cm:member", "cm:inZone"];

/// The child association of that prefixed name.
pub(crate) fn child_association(name: &str) -> Option<&'static str> {
    CHILD_ASSOCIATIONS.iter().find(|known| **known == name).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_descend_from_their_parents() {
        let site = NodeType::named("st:site").unwrap();
        assert!(site.is("cm:folder") && site.is("cm:cmobject") && site.is_folder() && !site.is_file());
        assert!(NodeType::named("app:filelink").unwrap().is_link());
        assert!(NodeType::CONTENT.is_file() && !NodeType::CONTENT.is_folder());
        assert_eq!(NodeType::CONTENT.qualified(), "{http://www.alfresco.org/model/content/1.0}content");
        assert_eq!(NodeType::named("cm:nothing"), None);
    }

    #[test]
    fn a_site_and_the_folder_of_all_sites_belong_to_sites() {
        assert!(NodeType::SITE.is_site() && NodeType::SITES.is_site());
        assert!(!NodeType::FOLDER.is_site() && !NodeType::CONTENT.is_site());
    }

    #[test]
    fn names_have_a_prefix_that_is_known() {
        assert_eq!(prefixed("cm:title").as_deref(), Ok("cm:title"));
        assert_eq!(prefixed("{http://www.alfresco.org/model/content/1.0}title").as_deref(), Ok("cm:title"));
        assert_eq!(
            prefixed("x:y").unwrap_err().to_string(),
            "x:y isn't a valid QName. Namespace prefix x is not mapped to a namespace URI"
        );
    }

    #[test]
    fn properties_bring_their_aspect() {
        let (property, aspect) = property_named("cm:title").unwrap();
        assert_eq!((property.value, aspect.unwrap().name), (Value::Text, "cm:titled"));
        assert!(property_named("cm:name").unwrap().1.is_none());
        assert!(property_named("rn:x").is_none());
        assert!(ASPECTS.iter().flat_map(|aspect| aspect.brings).all(|name| aspect_named(name).is_some()));
    }
}
