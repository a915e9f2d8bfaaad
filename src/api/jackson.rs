//! JSON bodies, read as the real server's Jackson reads them.
//!
//! Jackson maps while it reads: the first thing wrong, in the order of the text, is what is reported, with its place.
//! Scalars become strings, one value becomes a list, a duplicate wins over what came before, and what follows the
//! object is never looked at (wire reference, section 2.3).

mod reader;

use std::collections::HashMap;

use bytes::Bytes;
use serde_json::{Map, Value};

use self::reader::{Problem, Reader, Step, Token, at_line};
use crate::error::{Error, Result};

/// A JSON text.
#[derive(Clone, Debug)]
pub(super) struct Json {
    pub(super) text: Bytes,
    /// How deep arrays and objects may lie in each other.
    pub(super) deepest: usize,
}

/// A class of the real server's that a body is mapped to.
#[derive(Debug)]
pub(super) struct Bean {
    pub(super) class: &'static str,
    /// In the order in which Jackson names them.
    pub(super) properties: &'static [(&'static str, Kind)],
    /// Whether an array of objects is taken too.
    pub(super) allows_array: bool,
}

/// The type of a property.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Text,
    Texts,
    Long,
    Boolean,
    Enum {
        class: &'static str,
        names: &'static [&'static str],
    },
    /// Any object, with whatever is in it.
    Map,
    Bean(&'static Bean),
    Beans(&'static Bean),
    /// What is read, and not looked at.
    Ignored,
}

/// The properties of one object. Texts are never empty: the real server reads those as null.
#[derive(Debug, Default)]
pub(super) struct Object(HashMap<&'static str, Property>);

#[derive(Debug)]
enum Property {
    Text(Option<String>),
    Texts(Vec<Option<String>>),
    Long(i64),
    Boolean(bool),
    Map(Map<String, Value>),
    Bean(Object),
    Beans(Vec<Object>),
    Other,
    Null,
}

impl Object {
    /// Whether a property was there, if only as null.
    pub(super) fn states(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Property::Text(text)) => text.as_deref(),
            _ => None,
        }
    }

    /// A text of its own.
    pub(super) fn owned(&self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    pub(super) fn texts(&self, name: &str) -> Option<&[Option<String>]> {
        match self.0.get(name) {
            Some(Property::Texts(texts)) => Some(texts),
            _ => None,
        }
    }

    pub(super) fn long(&self, name: &str) -> Option<i64> {
        match self.0.get(name) {
            Some(Property::Long(number)) => Some(*number),
            _ => None,
        }
    }

    pub(super) fn boolean(&self, name: &str) -> Option<bool> {
        match self.0.get(name) {
            Some(Property::Boolean(truth)) => Some(*truth),
            _ => None,
        }
    }

    pub(super) fn map(&self, name: &str) -> Option<&Map<String, Value>> {
        match self.0.get(name) {
            Some(Property::Map(map)) => Some(map),
            _ => None,
        }
    }

    pub(super) fn bean(&self, name: &str) -> Option<&Self> {
        match self.0.get(name) {
            Some(Property::Bean(bean)) => Some(bean),
            _ => None,
        }
    }

    pub(super) fn beans(&self, name: &str) -> Option<&[Self]> {
        match self.0.get(name) {
            Some(Property::Beans(beans)) => Some(beans),
            _ => None,
        }
    }
}

/// The objects in a body; none for JSON's `null`.
pub(super) fn read(bean: &Bean, body: &Json) -> Result<Option<Vec<Object>>> {
    let mut reader = Reader::new(&body.text, body.deepest);
    reader.body(bean).map_err(|problem| {
        let text = format!("Could not read content from HTTP request body: {problem}");
        // The real server looks for these words, wherever they stand, and takes it for a whole array.
        if !bean.allows_array && text.contains("START_ARRAY") && text.contains("line: 1, column: 1") {
            return Error::MethodNotAllowed("Only 1 entity is supported in the HTTP request body".into());
        }
        Error::InvalidArgument(text.into())
    })
}

impl Reader<'_> {
    fn body(&mut self, bean: &Bean) -> Result<Option<Vec<Object>>, Problem> {
        self.skip_blanks();
        if self.at == self.text.len() {
            return Err(format!("No content to map due to end-of-input{}", at_line(1, 0)));
        }
        let start = self.at;
        match self.token()? {
            Token::StartObject => Ok(Some(vec![self.object(bean, start)?])),
            Token::StartArray if bean.allows_array => self.objects(bean, start).map(Some),
            Token::Null => Ok(None),
            Token::StartArray => Err(self.mismatch(bean.class, &Token::StartArray, start)),
            other => {
                let (kind, _) = other.describe();
                let (kind, value) = match &other {
                    Token::Text(text) => (kind, format!(" ('{text}')")),
                    Token::Number(number) => {
                        (if kind == "Integer" { "int/Int" } else { "double/Double" }, format!(" ({number})"))
                    }
                    Token::Boolean(value) => ("boolean/Boolean", format!(" ({value})")),
                    _ => (kind, String::new()),
                };
                Err(format!(
                    "Cannot construct instance of `{}` (although at least one Creator exists): no {kind}-argument \
                     constructor/factory method to deserialize from {} value{value}{}",
                    bean.class,
                    other.describe().0,
                    self.place(start)
                ))
            }
        }
    }

    fn objects(&mut self, bean: &Bean, start: usize) -> Result<Vec<Object>, Problem> {
        let mut objects = Vec::new();
        while let Some((token, at)) = self.element(objects.is_empty(), start)? {
            let object = self.inside(Step::Element(objects.len()), |reader| {
                let Token::StartObject = token else { return Err(reader.mismatch(bean.class, &token, at)) };
                reader.object(bean, at)
            })?;
            objects.push(object);
        }
        Ok(objects)
    }

    /// The members behind an opening brace at `start`.
    fn object(&mut self, bean: &Bean, start: usize) -> Result<Object, Problem> {
        let mut object = Object::default();
        let mut is_first = true;
        while let Some(name) = self.name(is_first, start)? {
            is_first = false;
            let (token, at) = self.next_token()?;
            let Some((name, kind)) = bean.properties.iter().find(|(known, _)| *known == name) else {
                // Jackson reads a string only when it is asked for, and so has come no further than its quote.
                let reached = if matches!(token, Token::Text(_)) { at + 1 } else { self.at };
                let step = Step::Property(bean.class, name.clone().into());
                return self.inside(step, |reader| Err(reader.unrecognized(bean, &name, reached)));
            };
            let read = |reader: &mut Self| reader.property(*kind, token, at);
            let property = self.inside(Step::Property(bean.class, (*name).into()), read)?;
            object.0.insert(name, property.unwrap_or(Property::Null));
        }
        Ok(object)
    }

    fn property(&mut self, kind: Kind, token: Token, at: usize) -> Result<Option<Property>, Problem> {
        match (kind, token) {
            (_, Token::Null) => Ok(None),
            (Kind::Text, token) => Ok(Some(Property::Text(self.text(token, at)?))),
            (Kind::Texts, Token::StartArray) => {
                let mut texts = Vec::new();
                while let Some((token, element)) = self.element(texts.is_empty(), at)? {
                    texts.push(self.inside(Step::Element(texts.len()), |reader| reader.text(token, element))?);
                }
                Ok(Some(Property::Texts(texts)))
            }
            (Kind::Texts, token) => Ok(Some(Property::Texts(vec![self.text(token, at)?]))),
            (Kind::Long, token) => self.long(&token, at),
            (Kind::Boolean, token) => self.boolean(&token, at),
            (Kind::Enum { class, names }, token) => self.constant(class, names, &token, at).map(Some),
            (Kind::Map, Token::StartObject) => self.properties(at).map(|map| Some(Property::Map(map))),
            (Kind::Map, other) => {
                Err(self.mismatch("java.util.LinkedHashMap<java.lang.String,java.lang.Object>", &other, at))
            }
            (Kind::Bean(inner), Token::StartObject) => self.object(inner, at).map(|inner| Some(Property::Bean(inner))),
            (Kind::Beans(inner), Token::StartArray) => {
                self.objects(inner, at).map(|beans| Some(Property::Beans(beans)))
            }
            (Kind::Beans(inner), Token::StartObject) => Ok(Some(Property::Beans(vec![self.object(inner, at)?]))),
            (Kind::Bean(inner) | Kind::Beans(inner), other) => Err(self.mismatch(inner.class, &other, at)),
            (Kind::Ignored, token) => self.value(token, at).map(|_| Some(Property::Other)),
        }
    }

    fn long(&self, token: &Token, at: usize) -> Result<Option<Property>, Problem> {
        match token {
            Token::Number(number) => Ok(Some(Property::Long(number.parse().unwrap_or_else(|_| whole(number))))),
            Token::Text(text) => match text.trim() {
                "" => Ok(None),
                number => number.parse().map(|number| Some(Property::Long(number))).map_err(|_| {
                    format!(
                        "Cannot deserialize value of type `long` from String \"{text}\": not a valid `long` value{}{}",
                        self.place(at),
                        self.chain()
                    )
                }),
            },
            other => Err(self.mismatch("long", other, at)),
        }
    }

    fn boolean(&self, token: &Token, at: usize) -> Result<Option<Property>, Problem> {
        match token {
            Token::Boolean(truth) => Ok(Some(Property::Boolean(*truth))),
            Token::Number(number) => Ok(Some(Property::Boolean(number != "0"))),
            Token::Text(text) => match text.trim() {
                "" => Ok(None),
                "true" | "True" | "TRUE" => Ok(Some(Property::Boolean(true))),
                "false" | "False" | "FALSE" => Ok(Some(Property::Boolean(false))),
                _ => Err(format!(
                    "Cannot deserialize value of type `java.lang.Boolean` from String \"{text}\": only \"true\" or \
                     \"false\" recognized{}{}",
                    self.place(at),
                    self.chain()
                )),
            },
            other => Err(self.mismatch("java.lang.Boolean", other, at)),
        }
    }

    fn constant(&self, class: &str, names: &[&str], token: &Token, at: usize) -> Result<Property, Problem> {
        match token {
            Token::Number(number) if number.parse::<usize>().is_ok_and(|index| index < names.len()) => {
                Ok(Property::Other)
            }
            Token::Text(text) if text.is_empty() || names.contains(&text.as_str()) => {
                Ok(Property::Text(Some(text.clone()).filter(|text| !text.is_empty())))
            }
            Token::Text(text) => Err(format!(
                "Cannot deserialize value of type `{class}` from String \"{text}\": not one of the values accepted for \
                 Enum class: [{}]{}{}",
                names.join(", "),
                self.place(at),
                self.chain()
            )),
            other => Err(self.mismatch(class, other, at)),
        }
    }

    /// The members behind an opening brace at `start`, each of them a step.
    fn properties(&mut self, start: usize) -> Result<Map<String, Value>, Problem> {
        let mut map = Map::new();
        while let Some(name) = self.name(map.is_empty(), start)? {
            let (token, at) = self.next_token()?;
            let value = self.inside(Step::Key(name.clone()), |reader| reader.value(token, at))?;
            map.insert(name, value);
        }
        Ok(map)
    }

    /// Any value, whose first token has been read. Without recursion: what nests as deep as it may would fill the stack of a
    /// thread in a build without optimizations.
    fn value(&mut self, token: Token, at: usize) -> Result<Value, Problem> {
        let (mut token, mut at) = (token, at);
        let mut open = Vec::new();
        loop {
            let mut done = match token {
                Token::StartObject | Token::StartArray => {
                    open.push(match token {
                        Token::StartObject => Open::Object(at, String::new(), Map::new()),
                        _ => Open::Array(at, Vec::new()),
                    });
                    None
                }
                Token::Text(text) => Some(text.into()),
                Token::Number(number) => Some(serde_json::from_str(&number).unwrap_or_default()),
                Token::Boolean(truth) => Some(truth.into()),
                Token::Null => Some(Value::Null),
            };
            // What is done goes into what it is in, until that goes on.
            loop {
                let Some(mut outer) = open.pop() else { return Ok(done.unwrap_or_default()) };
                let next = self.next_in(&mut outer, done.take())?;
                let Some(next) = next else {
                    done = Some(outer.into());
                    continue;
                };
                (token, at) = next;
                open.push(outer);
                break;
            }
        }
    }

    /// Adds what is done, if anything is, to what it is in, and begins the next there; none at its end.
    fn next_in(&mut self, outer: &mut Open, done: Option<Value>) -> Result<Option<(Token, usize)>, Problem> {
        match outer {
            Open::Array(start, values) => {
                values.extend(done);
                self.element(values.is_empty(), *start)
            }
            Open::Object(start, name, members) => {
                if let Some(value) = done {
                    members.insert(std::mem::take(name), value);
                }
                let Some(next) = self.name(members.is_empty(), *start)? else { return Ok(None) };
                *name = next;
                self.next_token().map(Some)
            }
        }
    }

    /// A scalar as a text; an empty one counts as null.
    fn text(&self, token: Token, at: usize) -> Result<Option<String>, Problem> {
        match token {
            Token::Text(text) | Token::Number(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            Token::Boolean(value) => Ok(Some(value.to_string())),
            Token::Null => Ok(None),
            other => Err(self.mismatch("java.lang.String", &other, at)),
        }
    }

    fn mismatch(&self, class: &str, token: &Token, at: usize) -> Problem {
        let (kind, name) = token.describe();
        format!(
            "Cannot deserialize value of type `{class}` from {kind} value (token `JsonToken.{name}`){}{}",
            self.place(at),
            self.chain()
        )
    }

    fn unrecognized(&self, bean: &Bean, name: &str, reached: usize) -> Problem {
        let known: Vec<_> = bean.properties.iter().map(|(known, _)| format!("\"{known}\"")).collect();
        format!(
            "Unrecognized field \"{name}\" (class {}), not marked as ignorable ({} known properties: {}]){}{}",
            bean.class,
            known.len(),
            known.join(", "),
            self.place(reached),
            self.chain(),
        )
    }
}

/// An array or an object that is being read: where it began, and what is in it so far; of an object also the name of the
/// member that comes next.
enum Open {
    Array(usize, Vec<Value>),
    Object(usize, String, Map<String, Value>),
}

impl From<Open> for Value {
    fn from(closed: Open) -> Self {
        match closed {
            Open::Array(_, values) => values.into(),
            Open::Object(_, _, members) => members.into(),
        }
    }
}

/// The whole part of a number with a fraction or an exponent, or of one that is too large.
#[expect(clippy::cast_possible_truncation, reason = "a fraction is cut off, and what is too large becomes the largest")]
fn whole(number: &str) -> i64 {
    number.parse::<f64>().unwrap_or_default() as i64
}

#[cfg(test)]
mod tests;
