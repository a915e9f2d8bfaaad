//! Addresses: what the real server makes of a path before, or instead of, an operation (wire reference, section 1).
//!
//! Its scripts match shapes, `/{scope}/{api}/versions/{version}/{collection}/…`; only then does it look which collection
//! that is. So a path can be refused at several depths, with different texts, before or after authentication.

use axum::http::Method;

use crate::error::Error;

/// What is to be done with a request.
#[derive(Debug)]
pub(super) enum Resolution {
    /// An operation answers it.
    Operation,
    /// Refused before anybody is asked who he is.
    Refused(Error),
    /// Refused once the caller is known.
    RefusedToCaller(Error),
    /// `OPTIONS`: a known caller gets a description of the resource.
    Described(String),
}

/// Methods that exist on something.
type Methods = &'static [&'static str];

/// A collection and the methods that exist on it, on an entity of it, and on the relations and properties of one.
struct Collection {
    api: &'static str,
    name: &'static str,
    own_methods: Methods,
    entity_methods: Methods,
    relations: &'static [Relation],
}

/// What an entity has: other entities, a content, or an operation.
struct Relation {
    name: &'static str,
    own_methods: Methods,
    /// What can be done to one of the related entities.
    entity_methods: Methods,
}

const fn relation(name: &'static str, own_methods: Methods, entity_methods: Methods) -> Relation {
    Relation { name, own_methods, entity_methods }
}

const fn operation(name: &'static str) -> Relation {
    relation(name, &["POST"], &[])
}

const COLLECTIONS: &[Collection] = &[
    Collection {
        api: "alfresco",
        name: "downloads",
        own_methods: &["POST"],
        entity_methods: &["GET", "DELETE"],
        relations: &[],
    },
    Collection {
        api: "alfresco",
        name: "deleted-nodes",
        own_methods: &["GET"],
        entity_methods: &["GET", "DELETE"],
        relations: &[relation("content", &["GET"], &[]), operation("restore")],
    },
    Collection {
        api: "alfresco",
        name: "groups",
        own_methods: &["GET", "POST"],
        entity_methods: &["GET", "PUT", "DELETE"],
        relations: &[relation("members", &["GET", "POST"], &["DELETE"])],
    },
    Collection {
        api: "alfresco",
        name: "nodes",
        own_methods: &[],
        entity_methods: &["GET", "PUT", "DELETE"],
        relations: &[
            relation("content", &["GET", "PUT"], &[]),
            relation("children", &["GET", "POST"], &[]),
            relation("parents", &["GET"], &[]),
            relation("secondary-children", &["GET", "POST"], &["DELETE"]),
            operation("copy"),
            operation("move"),
            operation("lock"),
            operation("unlock"),
            operation("check-out"),
            operation("cancel-check-out"),
        ],
    },
    Collection {
        api: "alfresco",
        name: "people",
        own_methods: &["GET", "POST"],
        entity_methods: &["GET", "PUT"],
        relations: &[relation("groups", &["GET"], &[]), relation("sites", &["GET"], &["GET", "DELETE"])],
    },
    Collection { api: "alfresco", name: "probes", own_methods: &[], entity_methods: &["GET"], relations: &[] },
    Collection {
        api: "alfresco",
        name: "sites",
        own_methods: &["GET", "POST"],
        entity_methods: &["GET", "PUT", "DELETE"],
        relations: &[
            relation("containers", &["GET"], &["GET"]),
            relation("members", &["GET", "POST"], &["GET", "PUT", "DELETE"]),
        ],
    },
    Collection {
        api: "authentication",
        name: "tickets",
        own_methods: &["POST"],
        entity_methods: &["GET", "DELETE"],
        relations: &[],
    },
];

/// What the product answers and this server does not: a collection, or a relation behind a star for the id.
const ABSENT: &[&str] = &[
    "actions",
    "action-definitions",
    "action-executions",
    "action-parameter-constraints",
    "aspects",
    "audit-applications",
    "categories",
    "comments",
    "deleted-nodes/*/renditions",
    "deleted-nodes/*/request-direct-access-url",
    "favorites",
    "nodes/*/action-definitions",
    "nodes/*/aspects",
    "nodes/*/audit-entries",
    "nodes/*/category-links",
    "nodes/*/comments",
    "nodes/*/ratings",
    "nodes/*/renditions",
    "nodes/*/request-direct-access-url",
    "nodes/*/rule-executions",
    "nodes/*/rule-set-links",
    "nodes/*/rule-sets",
    "nodes/*/rule-settings",
    "nodes/*/size-details",
    "nodes/*/sources",
    "nodes/*/storage-info",
    "nodes/*/tags",
    "nodes/*/targets",
    "nodes/*/versions",
    "people/*/activities",
    "people/*/avatar",
    "people/*/favorite-sites",
    "people/*/favorites",
    "people/*/networks",
    "people/*/preferences",
    "people/*/request-password-reset",
    "people/*/reset-password",
    "people/*/site-membership-requests",
    "networks",
    "queries",
    "shared-links",
    "site-membership-requests",
    "sites/*/group-members",
    "sites/*/site-membership-requests",
    "tags",
    "types",
];

/// Whether the product has something at this address, where this server has nothing.
pub(super) fn is_absent(segments: &[&str]) -> bool {
    let [scope, api, _, _, rest @ ..] = segments else { return false };
    match (*api, rest) {
        _ if !scope.eq_ignore_ascii_case("public") => false,
        ("search" | "workflow", _) => true,
        ("alfresco", [collection, rest @ ..]) => {
            let relation = rest.get(1).map(|relation| format!("{collection}/*/{relation}"));
            ABSENT.iter().any(|absent| absent == collection || Some(*absent) == relation.as_deref())
        }
        _ => false,
    }
}

/// Methods that some script answers, if not at this address.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "DELETE", "OPTIONS"];

/// What to do with `method` at the path with these segments, behind the network.
pub(super) fn resolve(method: &Method, segments: &[&str]) -> Resolution {
    let method = method.as_str();
    if segments == ["discovery"] {
        return match method {
            "GET" => Resolution::Operation,
            _ => Resolution::Refused(script_method(method, segments)),
        };
    }
    let [scope, api, versions, version, rest @ ..] = segments else { return no_script(method, segments) };
    let depth = if method == "OPTIONS" { 1..=5 } else { 1..=6 };
    if *versions != "versions" || !depth.contains(&rest.len()) {
        return no_script(method, segments);
    }
    if !METHODS.contains(&method) {
        return Resolution::Refused(script_method(method, segments));
    }
    match known_api(scope, api, version).and_then(|()| in_collection(method, api, rest)) {
        Ok(resolution) => resolution,
        // Only these two look for the resource before they ask who calls.
        Err(error) if matches!(method, "GET" | "POST") => Resolution::Refused(error),
        Err(error) => Resolution::RefusedToCaller(error),
    }
}

fn no_script(method: &str, segments: &[&str]) -> Resolution {
    let path = joined(segments);
    Resolution::Refused(match method {
        "GET" => Error::ScriptUrl(path),
        _ => Error::NotFound(path.into()),
    })
}

fn script_method(method: &str, segments: &[&str]) -> Error {
    Error::ScriptMethod { path: joined(segments), method: method.to_owned() }
}

fn joined(segments: &[&str]) -> String {
    segments.iter().flat_map(|segment| ["/", segment]).collect()
}

fn known_api(scope: &str, api: &str, version: &str) -> Result<(), Error> {
    let invalid = |text: String| Err(Error::InvalidArgument(text.into()));
    let is_public = scope.eq_ignore_ascii_case("public");
    if !is_public && !scope.eq_ignore_ascii_case("private") {
        return invalid(format!(
            "Invalid API definition:No enum constant org.alfresco.rest.framework.Api.SCOPE.{}",
            scope.to_uppercase()
        ));
    }
    if api.chars().any(char::is_uppercase) {
        return invalid("Api name must be lowercase".to_owned());
    }
    let Ok(number) = version.parse::<i32>() else {
        return invalid(format!("Invalid API definition:For input string: \"{version}\""));
    };
    if number < 1 {
        return invalid("Version must be a positive integer.".to_owned());
    }
    let exists = number == 1 && is_public && COLLECTIONS.iter().any(|collection| collection.api == api);
    // The real server forgets to fill in what was not found.
    if exists { Ok(()) } else { Err(Error::NotFound("{0}".into())) }
}

fn in_collection(method: &str, api: &str, segments: &[&str]) -> Result<Resolution, Error> {
    let name = segments[0];
    let found = COLLECTIONS.iter().find(|collection| collection.api == api && collection.name == name);
    let collection = found.ok_or(Error::NoSuchCollection)?;
    let exists = |methods: &[&str]| methods.contains(&method);
    // A method exists on the resource when it exists on the collection or on an entity of it.
    let on_resource = exists(collection.own_methods) || exists(collection.entity_methods);
    match segments {
        _ if method == "OPTIONS" && segments.len() < 3 => Ok(Resolution::Described(format!("/{name}"))),
        [_] if exists(collection.own_methods) => Ok(Resolution::Operation),
        [_, _] if exists(collection.entity_methods) => Ok(Resolution::Operation),
        [_] if method == "DELETE" => {
            Ok(Resolution::RefusedToCaller(Error::MethodNotAllowed("DELETE not supported for Actions".into())))
        }
        [_, _] if method == "POST" && on_resource => {
            Ok(Resolution::RefusedToCaller(Error::MethodNotAllowed("POST is executed against a collection URL".into())))
        }
        [_] if method == "GET" && on_resource => Ok(Resolution::RefusedToCaller(Error::UnsupportedOperation)),
        [_] | [_, _] => Err(Error::UnsupportedOperation),
        [_, _, relation] => match collection.relations.iter().find(|known| known.name == *relation) {
            Some(_) if method == "OPTIONS" => Ok(Resolution::Described(format!("/{name}/{{id}}/{relation}"))),
            Some(known) if exists(known.own_methods) => Ok(Resolution::Operation),
            Some(_) => Err(Error::UnsupportedOperation),
            // A slip in the real server's code leaves only the last segment of the message.
            None => Err(Error::NoSuch((*relation).to_owned())),
        },
        [_, _, relation, _]
            if collection.relations.iter().any(|known| known.name == *relation && exists(known.entity_methods)) =>
        {
            Ok(Resolution::Operation)
        }
        [.., last] => Err(Error::NoSuch(format!("Unable to locate resource for: {name} {last}"))),
        [] => Err(Error::NoSuchCollection),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::operation::Operation;

    #[test]
    fn whatever_is_answered_is_an_operation_with_a_name() {
        for collection in COLLECTIONS {
            let base = ["public", collection.api, "versions", "1", collection.name];
            let relations = collection.relations.iter().flat_map(|relation| {
                [
                    (vec!["x", relation.name], relation.own_methods),
                    (vec!["x", relation.name, "y"], relation.entity_methods),
                ]
            });
            let shapes = [(vec![], collection.own_methods), (vec!["x"], collection.entity_methods)];
            for (rest, methods) in shapes.into_iter().chain(relations) {
                let segments: Vec<_> = base.into_iter().chain(rest).collect();
                for method in methods {
                    assert!(Operation::of(method, &segments).is_some(), "{method} {}", segments.join("/"));
                }
            }
        }
    }

    /// What is done with a request, in a line.
    fn resolved(method: &str, path: &str) -> String {
        let segments: Vec<_> = path.split('/').collect();
        match resolve(&method.parse().unwrap(), &segments) {
            Resolution::Operation => "an operation".to_owned(),
            Resolution::Refused(error) => format!("refused: {error}"),
            Resolution::RefusedToCaller(error) => format!("refused to the caller: {error}"),
            Resolution::Described(path) => format!("described as {path}"),
        }
    }

    #[test]
    fn each_depth_refuses_in_its_own_words() {
        let requests = [
            ("GET", "discovery"),
            ("POST", "discovery"),
            ("GET", "public/alfresco/versions/1"),
            ("PUT", "public/alfresco/versions/1"),
            ("GET", "public/alfresco/version/1/nodes"),
            ("GET", "public/alfresco/versions/1/nodes/x/targets/y/z/zz"),
            ("GET", "public/alfresco/versions/1/nodes/x/targets/y/z/zz/zzz"),
            ("OPTIONS", "public/alfresco/versions/1/nodes/x/content/y/z"),
            ("OPTIONS", "public/alfresco/versions/1/nodes/x/content/y/z/zz"),
            ("PATCH", "public/alfresco/versions/1/nodes"),
            ("GET", "secret/alfresco/versions/1/nodes/x"),
            ("PUT", "secret/alfresco/versions/1/nodes/x"),
            ("GET", "private/alfresco/versions/1/nodes/x"),
            ("GET", "public/Alfresco/versions/1/nodes/x"),
            ("GET", "public/alfresco/versions/one/nodes/x"),
            ("GET", "public/alfresco/versions/0/nodes/x"),
            ("GET", "public/alfresco/versions/2/nodes/x"),
            ("GET", "public/other/versions/1/nodes/x"),
            ("GET", "public/alfresco/versions/1/others"),
            ("GET", "public/authentication/versions/1/nodes/x"),
            ("OPTIONS", "public/alfresco/versions/1/nodes"),
            ("OPTIONS", "public/alfresco/versions/1/nodes/x"),
            ("OPTIONS", "public/alfresco/versions/1/nodes/x/content"),
            ("OPTIONS", "public/alfresco/versions/1/nodes/x/others"),
            ("DELETE", "public/alfresco/versions/1/downloads"),
            ("GET", "public/alfresco/versions/1/downloads"),
            ("PUT", "public/alfresco/versions/1/downloads"),
            ("POST", "public/alfresco/versions/1/downloads/x"),
            ("POST", "public/alfresco/versions/1/nodes/x"),
            ("PUT", "public/alfresco/versions/1/downloads/x"),
            ("GET", "public/alfresco/versions/1/nodes"),
            ("POST", "public/alfresco/versions/1/nodes"),
            ("GET", "public/alfresco/versions/1/nodes/x/children"),
            ("GET", "public/alfresco/versions/1/nodes/x/copy"),
            ("DELETE", "public/alfresco/versions/1/nodes/x/others"),
            ("DELETE", "public/alfresco/versions/1/nodes/x/secondary-children/y"),
            ("GET", "public/alfresco/versions/1/nodes/x/secondary-children/y"),
            ("DELETE", "public/alfresco/versions/1/nodes/x/children/y"),
        ];
        let lines =
            requests.map(|(method, path)| format!("{method} {path}: {}", resolved(method, path)).trim_end().to_owned());
        insta::assert_snapshot!(lines.join("\n"), @r#"
        GET discovery: an operation
        POST discovery: refused: Script url /discovery does not support the method POST
        GET public/alfresco/versions/1: refused: Script url /public/alfresco/versions/1 does not map to a Web Script.
        PUT public/alfresco/versions/1: refused: /public/alfresco/versions/1 was not found
        GET public/alfresco/version/1/nodes: refused: Script url /public/alfresco/version/1/nodes does not map to a Web Script.
        GET public/alfresco/versions/1/nodes/x/targets/y/z/zz: refused: Unable to locate resource for: nodes zz
        GET public/alfresco/versions/1/nodes/x/targets/y/z/zz/zzz: refused: Script url /public/alfresco/versions/1/nodes/x/targets/y/z/zz/zzz does not map to a Web Script.
        OPTIONS public/alfresco/versions/1/nodes/x/content/y/z: refused to the caller: Unable to locate resource for: nodes z
        OPTIONS public/alfresco/versions/1/nodes/x/content/y/z/zz: refused: /public/alfresco/versions/1/nodes/x/content/y/z/zz was not found
        PATCH public/alfresco/versions/1/nodes: refused: Script url /public/alfresco/versions/1/nodes does not support the method PATCH
        GET secret/alfresco/versions/1/nodes/x: refused: Invalid API definition:No enum constant org.alfresco.rest.framework.Api.SCOPE.SECRET
        PUT secret/alfresco/versions/1/nodes/x: refused to the caller: Invalid API definition:No enum constant org.alfresco.rest.framework.Api.SCOPE.SECRET
        GET private/alfresco/versions/1/nodes/x: refused: {0} was not found
        GET public/Alfresco/versions/1/nodes/x: refused: Api name must be lowercase
        GET public/alfresco/versions/one/nodes/x: refused: Invalid API definition:For input string: "one"
        GET public/alfresco/versions/0/nodes/x: refused: Version must be a positive integer.
        GET public/alfresco/versions/2/nodes/x: refused: {0} was not found
        GET public/other/versions/1/nodes/x: refused: {0} was not found
        GET public/alfresco/versions/1/others: refused:
        GET public/authentication/versions/1/nodes/x: refused:
        OPTIONS public/alfresco/versions/1/nodes: described as /nodes
        OPTIONS public/alfresco/versions/1/nodes/x: described as /nodes
        OPTIONS public/alfresco/versions/1/nodes/x/content: described as /nodes/{id}/content
        OPTIONS public/alfresco/versions/1/nodes/x/others: refused to the caller: others
        DELETE public/alfresco/versions/1/downloads: refused to the caller: DELETE not supported for Actions
        GET public/alfresco/versions/1/downloads: refused to the caller: The operation is unsupported
        PUT public/alfresco/versions/1/downloads: refused to the caller: The operation is unsupported
        POST public/alfresco/versions/1/downloads/x: refused to the caller: POST is executed against a collection URL
        POST public/alfresco/versions/1/nodes/x: refused: The operation is unsupported
        PUT public/alfresco/versions/1/downloads/x: refused to the caller: The operation is unsupported
        GET public/alfresco/versions/1/nodes: refused to the caller: The operation is unsupported
        POST public/alfresco/versions/1/nodes: refused: The operation is unsupported
        GET public/alfresco/versions/1/nodes/x/children: an operation
        GET public/alfresco/versions/1/nodes/x/copy: refused: The operation is unsupported
        DELETE public/alfresco/versions/1/nodes/x/others: refused to the caller: others
        DELETE public/alfresco/versions/1/nodes/x/secondary-children/y: an operation
        GET public/alfresco/versions/1/nodes/x/secondary-children/y: refused: Unable to locate resource for: nodes y
        DELETE public/alfresco/versions/1/nodes/x/children/y: refused to the caller: Unable to locate resource for: nodes y
        "#);
    }

    #[test]
    fn what_the_product_has_beside_this_is_known_as_absent() {
        let is_absent = |path: &str| is_absent(&path.split('/').collect::<Vec<_>>());
        for path in [
            "public/alfresco/versions/1/tags",
            "public/alfresco/versions/1/tags/x",
            "Public/alfresco/versions/1/nodes/x/ratings",
            "public/alfresco/versions/1/nodes/x/ratings/likes",
            "public/search/versions/1/search",
            "public/workflow/versions/1/processes/x",
        ] {
            assert!(is_absent(path), "{path}");
        }
        for path in [
            "public/alfresco/versions/1/nodes/x",
            "public/alfresco/versions/1/nodes/x/content",
            "public/alfresco/versions/1/nodes/ratings",
            "public/alfresco/versions/1/others",
            "public/alfresco/versions/1",
            "private/alfresco/versions/1/tags",
            "private/search/versions/1/search",
            "public/other/versions/1/tags",
            "discovery",
        ] {
            assert!(!is_absent(path), "{path}");
        }
    }
}
