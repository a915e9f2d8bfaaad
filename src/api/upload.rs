//! Bodies with contents in them: forms with a file, and bare bytes (wire reference, nodes, sections 7 and 12).

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Poll, ready},
};

use axum::{
    BoxError,
    body::BodyDataStream,
    extract::Request,
    http::header::{CONTENT_LENGTH, CONTENT_TYPE},
};
use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _, stream};
use serde_json::Value;

use crate::{
    content::intake::{Intake, NotReceived, Received},
    error::{Error, Result},
    repository::{
        create::{Upload, uploadable},
        description::Description,
        node::NodeType,
        versions::Wish,
    },
};

/// The longest value of a field that is not a file.
const LONGEST_FIELD: usize = 1 << 20;

/// How long the head of a part may be. More is only read when its end has not come yet.
const LONGEST_PART_HEAD: usize = 64 << 10;

/// A form: its fields in their order, and the file with its name.
#[derive(Debug, Default)]
pub(super) struct Form {
    fields: Vec<(String, String)>,
    file: Option<(String, Received)>,
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

impl From<NotReceived> for Error {
    fn from(why: NotReceived) -> Self {
        match why {
            NotReceived::BrokenOff(why) => invalid(why),
            NotReceived::TooLarge => Self::TooLarge,
            NotReceived::Storage(error) => {
                tracing::error!("{error}; see --temp-dir");
                Self::InsufficientStorage
            }
        }
    }
}

/// Receives a form.
pub(super) async fn read_form(request: Request, intake: &Intake) -> Result<Form> {
    check_declared_length(&request, intake)?;
    let content_type = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let boundary = multer::parse_boundary(content_type).map_err(|_| {
        Error::UnsupportedMediaType("the request was rejected because no multipart boundary was found".into())
    })?;
    let broken = |error: multer::Error| {
        let why = match &error {
            multer::Error::StreamReadFailed(why) => why.to_string(),
            other => other.to_string(),
        };
        invalid(format!("Unable to parse the multipart form: {why}"))
    };
    let heads = Heads::default();
    let pieces = heads.clone().watch(request.into_body().into_data_stream());
    let mut multipart = multer::Multipart::new(pieces, boundary);
    let mut form = Form::default();
    let mut count = 0;
    while let Some(mut field) = heads.read(multipart.next_field()).await.map_err(broken)? {
        count += 1;
        if count > intake.taken().fields {
            return Err(Error::TooLarge);
        }
        let name = field.name().unwrap_or_default().to_owned();
        match field.file_name().map(str::to_owned) {
            Some(file_name) if name.eq_ignore_ascii_case("filedata") => {
                form.file = Some((file_name, intake.receive(field).await?));
            }
            // A file that nobody asked for is read and dropped.
            Some(_) => while field.chunk().await.map_err(broken)?.is_some() {},
            None => {
                let mut value = BytesMut::new();
                while let Some(chunk) = field.chunk().await.map_err(broken)? {
                    if value.len() + chunk.len() > LONGEST_FIELD {
                        return Err(Error::TooLarge);
                    }
                    value.extend_from_slice(&chunk);
                }
                form.fields.push((name, String::from_utf8_lossy(&value).into_owned()));
            }
        }
    }
    Ok(form)
}

/// Keeps the heads of parts short: they are held in memory until they end, and looked through again with each piece.
#[derive(Clone, Debug, Default)]
struct Heads(Arc<AtomicUsize>);

impl Heads {
    /// Reads up to the end of a head, or fails.
    async fn read<T>(&self, reading: impl Future<Output = T>) -> T {
        self.0.store(LONGEST_PART_HEAD, Ordering::Relaxed);
        let read = reading.await;
        self.0.store(usize::MAX, Ordering::Relaxed);
        read
    }

    /// The pieces of a body, which end where a head is too long.
    ///
    /// No more than one comes at a time: multer takes whatever is ready before it looks at any of it, and takes a form for
    /// cut off whose end comes while it looks for the beginning.
    fn watch(self, mut pieces: BodyDataStream) -> impl Stream<Item = Result<Bytes, BoxError>> {
        let mut is_next_later = false;
        stream::poll_fn(move |context| {
            if std::mem::take(&mut is_next_later) {
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            let Some(piece) = ready!(pieces.poll_next_unpin(context)) else { return Poll::Ready(None) };
            is_next_later = true;
            Poll::Ready(Some(piece.map_err(BoxError::from).and_then(|piece| self.check(piece))))
        })
    }

    fn check(&self, piece: Bytes) -> Result<Bytes, BoxError> {
        match self.0.load(Ordering::Relaxed) {
            0 => Err(format!("a part's header section has more than {LONGEST_PART_HEAD} bytes").into()),
            usize::MAX => Ok(piece),
            left => {
                self.0.store(left.saturating_sub(piece.len()), Ordering::Relaxed);
                Ok(piece)
            }
        }
    }
}

/// Receives a body that is a content by itself.
pub(super) async fn read_content(request: Request, intake: &Intake) -> Result<Received> {
    check_declared_length(&request, intake)?;
    Ok(intake.receive(request.into_body().into_data_stream()).await?)
}

fn check_declared_length(request: &Request, intake: &Intake) -> Result<()> {
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|length| length > intake.taken().content) { Err(Error::TooLarge) } else { Ok(()) }
}

impl Form {
    /// What the form asks for, after the checks that need no more than the form.
    pub(super) fn into_upload(self) -> Result<Upload> {
        let (mut name, content) = match self.file {
            Some((file_name, content)) => (Some(file_name), Some(content)),
            None => (None, None),
        };
        let mut node_type = NodeType::CONTENT;
        let mut version = Wish::default();
        let (mut relative_path, mut is_versioning_enabled) = (None, true);
        let (mut auto_rename, mut overwrite) = (false, false);
        let (mut renditions, mut aspects) = (Vec::new(), Vec::new());
        let mut properties: Vec<(&str, Vec<&str>)> = Vec::new();
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (field, value) in &self.fields {
            let value = value.as_str();
            match field.to_lowercase().as_str() {
                "name" => name = given(value).map(str::to_owned).or(name),
                "autorename" => auto_rename = is_true(value),
                "overwrite" => overwrite = is_true(value),
                "nodetype" => node_type = uploadable(given(value).unwrap_or_default())?,
                "majorversion" => version.is_major = Some(is_true(value)),
                "comment" => version.has_comment = given(value).is_some(),
                "relativepath" => relative_path = given(value).map(str::to_owned),
                "renditions" => renditions = listed(value),
                "aspectnames" => aspects = listed(value),
                "versioningenabled" => {
                    is_versioning_enabled = given(value).is_none_or(|value| !value.eq_ignore_ascii_case("false"));
                }
                _ if field.contains(':') => {
                    let place = *places.entry(field).or_insert_with(|| {
                        properties.push((field, Vec::new()));
                        properties.len() - 1
                    });
                    properties[place].1.push(value);
                }
                _ => (),
            }
        }
        let name = name.filter(|name| !name.is_empty());
        let (Some(name), Some(content)) = (name, content) else {
            return Err(invalid("Required parameters are missing"));
        };
        let properties = properties.into_iter().map(|(name, values)| (name.to_owned(), one_or_several(&values)));
        let description = Description { aspects: Some(aspects), properties: properties.collect() };
        Ok(Upload {
            name,
            node_type,
            description,
            relative_path,
            content,
            auto_rename,
            overwrite,
            version,
            is_versioning_enabled,
            renditions,
        })
    }
}

/// A value, unless it stands for none.
fn given(value: &str) -> Option<&str> {
    Some(value).filter(|value| !value.is_empty() && !value.eq_ignore_ascii_case("null"))
}

fn is_true(value: &str) -> bool {
    value.eq_ignore_ascii_case("true")
}

/// The items of a list with commas.
fn listed(value: &str) -> Vec<String> {
    let items = given(value).unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

/// The value of a property; a field that is repeated makes a list.
fn one_or_several(values: &[&str]) -> Value {
    match values {
        [only] => Value::from(*only),
        several => several.iter().map(|value| Value::from(*value)).collect(),
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;
    use crate::content::{intake::Taken, spool::Spool};

    #[tokio::test]
    async fn a_form_that_comes_a_moment_later_than_its_head_is_read_to_its_end() {
        const FORM: &str = "--b\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\na.txt\r\n--b--\r\n";
        let taken = Taken { in_memory: 10, all_in_memory: 10, content: 1000, json: 10, json_depth: 10, fields: 10 };
        let intake = Intake::new(Spool::in_folder(&std::env::temp_dir(), 1000).unwrap(), taken);
        let mut polls = 0;
        let pieces = stream::poll_fn(move |context| {
            polls += 1;
            match polls {
                1 => {
                    context.waker().wake_by_ref();
                    Poll::Pending
                }
                2 => Poll::Ready(Some(Ok::<_, std::convert::Infallible>(Bytes::from(FORM)))),
                _ => Poll::Ready(None),
            }
        });
        let request = Request::builder()
            .header(CONTENT_TYPE, "multipart/form-data; boundary=b")
            .body(Body::from_stream(pieces))
            .unwrap();
        let form = read_form(request, &intake).await.unwrap();
        assert_eq!(form.fields, [("name".to_owned(), "a.txt".to_owned())]);
    }
}
