//! What handlers take from a request, refused in Alfresco's words.

use axum::{
    body::Body,
    extract::{FromRef as _, FromRequest, Request},
    http::{
        header::{CONTENT_LENGTH, CONTENT_TYPE},
        request::Parts,
    },
};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;

use super::{
    Services,
    call::Call,
    jackson::Json,
    where_clause::{self, Predicate},
};
use crate::{
    content::intake::Intake,
    error::{Error, Result},
};

/// The largest body for which no memory is asked for: those of nearly all requests.
const SMALL_BODY: usize = 16 << 10;

/// What is said when there is more to do than there is room for.
pub(super) const OVERLOADED: &str = "More is asked for at once than this server takes";

/// The id in the path.
#[derive(Debug)]
pub(super) struct Id(pub(super) String);

/// The id behind the relation in the path.
#[derive(Debug)]
pub(super) struct Related(pub(super) String);

/// The query as the servlet container reads it: names and values, `+` for a space, the first value of a name counts.
#[derive(Clone, Debug, Default)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn of(parts: &Parts) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        Self(form_urlencoded::parse(query.as_bytes()).into_owned().collect())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is there and says `true`, in any case.
    pub(super) fn is_true(&self, name: &str) -> bool {
        self.get(name).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }
}

/// Which members of an entry are wanted.
#[derive(Clone, Debug, Default)]
pub(super) struct Fields(Option<Vec<String>>);

impl Fields {
    pub(super) fn is_all(&self) -> bool {
        self.0.is_none()
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.0.as_ref().is_none_or(|fields| fields.iter().any(|field| field == name))
    }
}

/// The parameters that the real server reads on every endpoint and method, even where they mean nothing (wire
/// reference, section 1.2).
#[derive(Debug)]
pub(super) struct Parameters {
    pub(super) fields: Fields,
    pub(super) include: Vec<String>,
    /// How many items of a list are left out, and how many come at most.
    pub(super) paging: (usize, usize),
    /// Fields to sort by, and whether each is descending.
    pub(super) order: Vec<(String, bool)>,
    pub(super) predicates: Vec<Predicate>,
    pub(super) includes_source: bool,
}

/// How many items of a list come when nobody says.
const USUAL_ITEMS: usize = 100;

impl Parameters {
    pub(super) fn read(query: &Query) -> Result<Self> {
        check_paging(query)?;
        let number = |name| query.get(name).and_then(|text| text.parse::<usize>().ok());
        let order = query.get("orderBy").map(order).transpose()?.unwrap_or_default();
        let predicates = query.get("where").map(where_clause::read).transpose()?.unwrap_or_default();
        let include = query.get("include").map(included).transpose()?.unwrap_or_default();
        let mut fields: Option<Vec<String>> = query
            .get("fields")
            .or_else(|| query.get("properties"))
            .map(|fields| fields.split(',').map(|field| field.trim().to_owned()).collect());
        if let Some(fields) = &mut fields {
            fields.extend(include.iter().cloned());
        }
        Ok(Self {
            fields: Fields(fields),
            include,
            paging: (number("skipCount").unwrap_or(0), number("maxItems").unwrap_or(USUAL_ITEMS)),
            order,
            predicates,
            includes_source: query.is_true("includeSource"),
        })
    }
}

fn check_paging(query: &Query) -> Result<()> {
    let invalid = |text: String| Err(Error::InvalidArgument(text.into()));
    let (skip, max) = (query.get("skipCount"), query.get("maxItems"));
    let is_number = |text: Option<&str>| text.is_none_or(|text| text.parse::<i32>().is_ok());
    match (skip, max) {
        (Some(skip), Some(max)) if !is_number(Some(skip)) || !is_number(Some(max)) => {
            return invalid(format!("Invalid paging parameters skipCount: {skip}, maxItems:{max}"));
        }
        (Some(skip), None) if !is_number(Some(skip)) => {
            return invalid(format!("Invalid paging parameter skipCount:{skip}"));
        }
        (None, Some(max)) if !is_number(Some(max)) => {
            return invalid(format!("Invalid paging parameter maxItems:{max}"));
        }
        _ => (),
    }
    if skip.is_some_and(|skip| skip.starts_with('-')) {
        return invalid("Negative values not supported for skipCount.".to_owned());
    }
    if max.and_then(|max| max.parse::<i32>().ok()).is_some_and(|max| max < 1) {
        return invalid("Only positive values supported for maxItems.".to_owned());
    }
    Ok(())
}

fn order(order: &str) -> Result<Vec<(String, bool)>> {
    let invalid = |text: String| Err(Error::InvalidArgument(text.into()));
    let mut fields = Vec::new();
    for sort in order.split(',') {
        match sort.split_whitespace().collect::<Vec<_>>()[..] {
            [] => (),
            [field] => fields.push((field.to_owned(), false)),
            [field, direction] if ["asc", "desc"].contains(&direction.to_lowercase().as_str()) => {
                fields.push((field.to_owned(), direction.eq_ignore_ascii_case("desc")));
            }
            [_, direction] => {
                let direction = direction.to_uppercase();
                return invalid(format!("Unknown sort order direction '{direction}', expected asc or desc"));
            }
            _ => {
                return invalid(format!(
                    "Unknown sort order definition '{sort}', expected 'field1,field2' or 'field1 asc,field2 desc' or similar"
                ));
            }
        }
    }
    Ok(fields)
}

fn included(include: &str) -> Result<Vec<String>> {
    let names: Vec<String> = include.split(',').map(|name| name.trim().to_owned()).collect();
    if names.iter().all(|name| is_include_name(name)) {
        Ok(names)
    } else {
        Err(Error::InvalidInclude(include.to_owned()))
    }
}

/// A name, perhaps with a prefix, perhaps behind a slash.
fn is_include_name(name: &str) -> bool {
    let name = name.strip_prefix('/').unwrap_or(name);
    let (prefix, local) = name.split_once(':').unwrap_or((name, "_"));
    let starts = |part: &str| part.starts_with(|first: char| first.is_alphabetic() || first == '_');
    let continues = |part: &str| part.chars().all(|next| next.is_alphanumeric() || next == '_');
    starts(prefix) && continues(prefix) && starts(local) && continues(local)
}

/// The JSON of a request body: whatever is not a form is read as JSON.
#[derive(Debug)]
pub(super) struct JsonBody(pub(super) Json);

impl FromRequest<Call> for JsonBody {
    type Rejection = Error;

    async fn from_request(request: Request, call: &Call) -> Result<Self> {
        Self::read(request, &Services::from_ref(call).intake).await
    }
}

impl JsonBody {
    /// Reads it.
    pub(super) async fn read(request: Request, intake: &Intake) -> Result<Self> {
        let (parts, body) = request.into_parts();
        let header = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
        let declared = header(CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
        if declared.is_some_and(|length| length > intake.taken().content) {
            return Err(Error::TooLarge);
        }
        let content_type = header(CONTENT_TYPE).unwrap_or_default().trim().to_ascii_lowercase();
        if content_type.starts_with("multipart/form-data") {
            return Err(Error::Java(
                "class org.springframework.extensions.webscripts.servlet.FormData cannot be cast to class \
                 org.alfresco.rest.api.model.Download",
            ));
        }
        let bytes = read(body, intake).await?;
        // The container reads such a body as form parameters, and nothing is left of it.
        let is_form = content_type.starts_with("application/x-www-form-urlencoded");
        let text = if is_form { Bytes::new() } else { bytes };
        Ok(Self(Json { text, deepest: intake.taken().json_depth }))
    }
}

async fn read(mut body: Body, intake: &Intake) -> Result<Bytes> {
    let mut held = intake.hold();
    let (mut first, mut rest) = (Bytes::new(), BytesMut::new());
    while let Some(frame) = body.frame().await {
        // The client has gone or broken off, and nobody reads the answer; or it is too slow.
        let frame = frame.map_err(|error| Error::InvalidArgument(error.to_string().into()))?;
        let Ok(data) = frame.into_data() else { continue };
        let length = first.len() + rest.len() + data.len();
        if length as u64 > intake.taken().json {
            return Err(Error::TooLarge);
        }
        if length > SMALL_BODY && !held.resize(length as u64) {
            return Err(Error::NotReady(OVERLOADED));
        }
        // Most bodies come at once, and are not copied.
        if first.is_empty() && rest.is_empty() {
            first = data;
            continue;
        }
        if rest.is_empty() {
            rest.extend_from_slice(&std::mem::take(&mut first));
        }
        rest.extend_from_slice(&data);
    }
    Ok(if rest.is_empty() { first } else { rest.freeze() })
}
