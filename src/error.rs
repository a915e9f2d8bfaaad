//! Why a request was refused, in Alfresco's vocabulary and without HTTP.
//!
//! The texts are the real server's, letter by letter (wire reference, downloads, sections 1, 2 and 7). How a refusal
//! looks on the wire is decided in one place, `api/envelope.rs`.

use std::borrow::Cow;

/// The result of everything that may be refused.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a request was refused.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No node, download or alias of that id.
    #[error("The entity with id: {0} was not found")]
    EntityNotFound(String),
    /// Nothing of that kind, such as a dead ticket. The real server leaves the placeholder unfilled for versions.
    #[error("{0} was not found")]
    NotFound(Cow<'static, str>),
    /// Not found, in words of its own.
    #[error("{0}")]
    NoSuch(String),
    /// A collection that does not exist: the real server then says nothing at all.
    #[error("")]
    NoSuchCollection,
    /// The caller may not do this to this node.
    #[error("Permission was denied")]
    PermissionDenied,
    /// Not allowed, in words of its own.
    #[error("{0}")]
    Forbidden(Cow<'static, str>),
    /// It contradicts what is there, in words of its own.
    #[error("{0}")]
    Conflict(Cow<'static, str>),
    /// Such a link is there already: the real server's exception has no text.
    #[error("")]
    ConflictWithoutText,
    /// It would break a rule of the repository's.
    #[error("{0}")]
    Unprocessable(Cow<'static, str>),
    /// The same, with the log number of another message in the middle of the message.
    #[error("{before}{after}")]
    Violation { before: String, after: String },
    /// A node would be its own ancestor.
    #[error("Node has been pasted into its own tree.")]
    Cyclic,
    /// A body of a kind that is not taken here.
    #[error("{0}")]
    UnsupportedMediaType(Cow<'static, str>),
    /// A `where` that cannot be read.
    #[error("An invalid WHERE query was received. {0}")]
    InvalidWhere(String),
    /// A `where` that asks for what cannot be asked for.
    #[error("The property '{property}' with value '{value}' isn't supported for {operator} comparison")]
    InvalidProperty { property: String, value: String, operator: &'static str },
    /// Two things that have nothing to do with each other.
    #[error(
        "The relationship resource was not found for the entity with id: {entity} and a relationship id of {relation}"
    )]
    RelationshipNotFound { entity: String, relation: String },
    /// An argument, or the body, that cannot be used.
    #[error("{0}")]
    InvalidArgument(Cow<'static, str>),
    /// An argument that cannot be used; the real server forgets to say which.
    #[error("An invalid argument was received {{0}}")]
    InvalidArgumentWithoutText,
    /// An argument that one of the real server's lower layers refuses, with a text that carries no log number.
    #[error("{0}")]
    IllegalArgument(Cow<'static, str>),
    /// A group or a person that has gone, or never was.
    #[error("An authority was not found for {0}")]
    UnknownAuthority(String),
    /// An `include` that cannot be read.
    #[error("An invalid INCLUDE query was received. {0}")]
    InvalidInclude(String),
    /// The resource exists, the operation on it does not.
    #[error("The operation is unsupported")]
    UnsupportedOperation,
    /// The method does not fit the address, in words of its own.
    #[error("{0}")]
    MethodNotAllowed(Cow<'static, str>),
    /// A method that no script answers, found before anybody is asked who he is.
    #[error("Script url {path} does not support the method {method}")]
    ScriptMethod { path: String, method: String },
    /// An address that no script answers.
    #[error("Script url {0} does not map to a Web Script.")]
    ScriptUrl(String),
    /// Nobody, or nobody known.
    #[error("Authentication failed for Web Script {script}")]
    Unauthenticated { script: &'static str, network: String },
    /// A guest, where a user is needed.
    #[error("Web Script {0} requires user authentication; however, a guest has attempted access.")]
    GuestRefused(&'static str),
    /// A scheme other than Basic in the `Authorization` header.
    #[error("Authorization '{scheme}' not supported.")]
    UnsupportedAuthorization { scheme: String, network: String },
    /// `Authorization: Basic` with nothing behind it, over which the real server stumbles.
    #[error("Index 1 out of bounds for length 1")]
    EmptyAuthorization { network: String },
    /// The node has no content (yet).
    #[error(
        "Unable to locate content for node ref workspace://SpacesStore/{0} (property: {{http://www.alfresco.org/model/content/1.0}}content)"
    )]
    ContentMissing(String),
    /// The content lies in an archive that takes hours to answer.
    #[error("One or more nodes' content is archived and not accessible.")]
    ContentArchived,
    /// Somebody holds a lock on the node.
    #[error("Cannot perform operation since the node (id:{0}) is locked.")]
    NodeLocked(String),
    /// The body is larger than the real server takes.
    #[error("The file can't be uploaded because it's larger than the maximum upload size")]
    TooLarge,
    /// There is no room for what was sent.
    #[error("The file upload exceeds the content storage allowance")]
    InsufficientStorage,
    /// The real server's own null pointers and the like, whose texts carry no log number.
    #[error("{0}")]
    Java(&'static str),
    /// A failure of the real server's that comes without any text.
    #[error("")]
    JavaWithoutText,
    /// Switched off.
    #[error("Not Implemented")]
    NotImplemented,
    /// Not ready to serve.
    #[error("{0}")]
    NotReady(&'static str),
    /// What a tester has ordered.
    #[error("{}", injected_text(*.status, .text.as_deref(), .node))]
    Injected { status: u16, key: Option<String>, text: Option<String>, node: String, network: String },
    /// A bug in the mock. The source goes to the log, never to the client.
    #[error("An unexpected error occurred")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// The name of the check that it comes from.
    pub(crate) fn name(&self) -> String {
        let debug = format!("{self:?}");
        debug.split(|next: char| !next.is_alphanumeric()).next().unwrap_or_default().to_owned()
    }
}

/// The text of an ordered error: the one that was stated, else the real server's for that status.
fn injected_text(status: u16, stated: Option<&str>, node: &str) -> String {
    if let Some(text) = stated {
        return text.to_owned();
    }
    let error = match status {
        400 => return format!("Invalid parameter: {node}"),
        401 => return "Authentication failed for Web Script org/alfresco/api/ResourceWebScript.get".to_owned(),
        403 => Error::PermissionDenied,
        404 => Error::EntityNotFound(node.to_owned()),
        405 => Error::UnsupportedOperation,
        409 => Error::NodeLocked(node.to_owned()),
        412 => Error::ContentArchived,
        413 => Error::TooLarge,
        501 => Error::NotImplemented,
        503 => Error::NotReady("readyProbe: Failure - Tested"),
        _ => return "An unexpected error occurred".to_owned(),
    };
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ordered_error_has_the_real_servers_words_unless_told_others() {
        for (status, text) in [
            (400, "Invalid parameter: x"),
            (401, "Authentication failed for Web Script org/alfresco/api/ResourceWebScript.get"),
            (403, "Permission was denied"),
            (404, "The entity with id: x was not found"),
            (405, "The operation is unsupported"),
            (409, "Cannot perform operation since the node (id:x) is locked."),
            (413, "The file can't be uploaded because it's larger than the maximum upload size"),
            (501, "Not Implemented"),
            (503, "readyProbe: Failure - Tested"),
            (418, "An unexpected error occurred"),
        ] {
            assert_eq!(injected_text(status, None, "x"), text, "{status}");
            assert_eq!(injected_text(status, Some("own"), "x"), "own");
        }
    }
}
