//! JSON bodies, read as the real server's Jackson reads them.
//!
//! Jackson maps while it reads: the first thing wrong, in the order of the text, is what is reported, with its place.
//! Scalars become strings, one value becomes a list, a duplicate wins over what came before, and what follows the
//! object is never looked at (wire reference, section 2.3).

use std::collections::HashMap;

use crate::error::{Error, Result};

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Texts,
    Long,
    Enum { class: &'static str, names: &'static [&'static str] },
}

/// The properties of one object that were there and not null. Texts are never empty: the real server reads those as null.
#[derive(Debug, Default)]
pub(super) struct Object(HashMap<&'static str, Property>);

#[derive(Debug, PartialEq, Eq)]
enum Property {
    Text(Option<String>),
    Texts(Vec<Option<String>>),
    Other,
}

impl Object {
    pub(super) fn text(&self, name: &str) -> Option<&str> {
        match self.0.get(name) {
            Some(Property::Text(text)) => text.as_deref(),
            _ => None,
        }
    }

    pub(super) fn texts(&self, name: &str) -> Option<&[Option<String>]> {
        match self.0.get(name) {
            Some(Property::Texts(texts)) => Some(texts),
            _ => None,
        }
    }
}

/// The objects in a body; none for JSON's `null`.
pub(super) fn read(bean: &Bean, body: &[u8]) -> Result<Option<Vec<Object>>> {
    let mut reader = Reader { text: body, at: 0 };
    reader.body(bean).map_err(|problem| {
        let text = format!("Could not read content from HTTP request body: {problem}");
        // The real server looks for these words, wherever they stand, and takes it for a whole array.
        if !bean.allows_array && text.contains("START_ARRAY") && text.contains("line: 1, column: 1") {
            return Error::MethodNotAllowed("Only 1 entity is supported in the HTTP request body".into());
        }
        Error::InvalidArgument(text.into())
    })
}

/// Jackson's message, place included.
type Problem = String;

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    StartObject,
    StartArray,
    Text(String),
    Number(String),
    Boolean(bool),
    Null,
}

impl Token {
    /// How Jackson calls a value of this kind, and the token.
    fn describe(&self) -> (&'static str, &'static str) {
        match self {
            Self::StartObject => ("Object", "START_OBJECT"),
            Self::StartArray => ("Array", "START_ARRAY"),
            Self::Text(_) => ("String", "VALUE_STRING"),
            Self::Number(number) if number.contains(['.', 'e', 'E']) => ("Floating-point", "VALUE_NUMBER_FLOAT"),
            Self::Number(_) => ("Integer", "VALUE_NUMBER_INT"),
            Self::Boolean(true) => ("Boolean", "VALUE_TRUE"),
            Self::Boolean(false) => ("Boolean", "VALUE_FALSE"),
            Self::Null => ("Null", "VALUE_NULL"),
        }
    }
}

const VALUE: &str = "(JSON String, Number, Array, Object or token 'null', 'true' or 'false')";

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
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
            Token::StartArray => Err(self.mismatch(bean.class, &Token::StartArray, start, "")),
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
            match token {
                Token::StartObject => objects.push(self.object(bean, at)?),
                other => return Err(self.mismatch(bean.class, &other, at, "")),
            }
        }
        Ok(objects)
    }

    /// The members behind an opening brace at `start`.
    fn object(&mut self, bean: &Bean, start: usize) -> Result<Object, Problem> {
        let mut object = Object::default();
        let mut is_first = true;
        while let Some(name) = self.name(is_first, start)? {
            is_first = false;
            self.skip_blanks();
            let at = self.at;
            let token = self.token()?;
            let Some((name, kind)) = bean.properties.iter().find(|(known, _)| *known == name) else {
                // Jackson reads a string only when it is asked for, and so has come no further than its quote.
                let reached = if matches!(token, Token::Text(_)) { at + 1 } else { self.at };
                return Err(self.unrecognized(bean, &name, reached));
            };
            let property = self.property(bean, name, *kind, token, at)?;
            match property {
                Some(property) => object.0.insert(name, property),
                None => object.0.remove(name),
            };
        }
        Ok(object)
    }

    fn property(
        &mut self,
        bean: &Bean,
        name: &'static str,
        kind: Kind,
        token: Token,
        at: usize,
    ) -> Result<Option<Property>, Problem> {
        let chain = format!(" (through reference chain: {}[\"{name}\"])", bean.class);
        match (kind, token) {
            (_, Token::Null) => Ok(None),
            (Kind::Text, token) => Ok(Some(Property::Text(self.text(token, at, &chain)?))),
            (Kind::Texts, Token::StartArray) => {
                let mut texts = Vec::new();
                while let Some((token, element)) = self.element(texts.is_empty(), at)? {
                    let number = texts.len();
                    let chain = format!(
                        " (through reference chain: {}[\"{name}\"]->java.util.ArrayList[{number}])",
                        bean.class
                    );
                    texts.push(self.text(token, element, &chain)?);
                }
                Ok(Some(Property::Texts(texts)))
            }
            (Kind::Texts, token) => Ok(Some(Property::Texts(vec![self.text(token, at, &chain)?]))),
            (Kind::Long, Token::Number(_)) => Ok(Some(Property::Other)),
            (Kind::Long, Token::Text(text)) => match text.trim() {
                "" => Ok(None),
                number if number.parse::<i64>().is_ok() => Ok(Some(Property::Other)),
                _ => Err(format!(
                    "Cannot deserialize value of type `long` from String \"{text}\": not a valid `long` value{}{chain}",
                    self.place(at)
                )),
            },
            (Kind::Long, other) => Err(self.mismatch("long", &other, at, &chain)),
            (Kind::Enum { names, .. }, Token::Number(number))
                if number.parse::<usize>().is_ok_and(|index| index < names.len()) =>
            {
                Ok(Some(Property::Other))
            }
            (Kind::Enum { names, .. }, Token::Text(text)) if text.is_empty() || names.contains(&text.as_str()) => {
                Ok(Some(Property::Other))
            }
            (Kind::Enum { class, names }, Token::Text(text)) => Err(format!(
                "Cannot deserialize value of type `{class}` from String \"{text}\": not one of the values accepted for \
                 Enum class: [{}]{}{chain}",
                names.join(", "),
                self.place(at)
            )),
            (Kind::Enum { class, .. }, other) => Err(self.mismatch(class, &other, at, &chain)),
        }
    }

    /// A scalar as a text; an empty one counts as null.
    fn text(&self, token: Token, at: usize, chain: &str) -> Result<Option<String>, Problem> {
        match token {
            Token::Text(text) | Token::Number(text) => Ok(Some(text).filter(|text| !text.is_empty())),
            Token::Boolean(value) => Ok(Some(value.to_string())),
            Token::Null => Ok(None),
            other => Err(self.mismatch("java.lang.String", &other, at, chain)),
        }
    }

    /// The next element of the array that began at `start`; none at its end.
    fn element(&mut self, is_first: bool, start: usize) -> Result<Option<(Token, usize)>, Problem> {
        self.skip_blanks();
        match self.peek() {
            None => return Err(self.unclosed("Array", start)),
            Some(b']') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !is_first => {
                self.at += 1;
                self.skip_blanks();
            }
            Some(_) if is_first => (),
            Some(_) => return Err(self.unexpected("was expecting comma to separate Array entries")),
        }
        let at = self.at;
        Ok(Some((self.token()?, at)))
    }

    /// The next name of the object that began at `start`, colon included; none at its end.
    fn name(&mut self, is_first: bool, start: usize) -> Result<Option<String>, Problem> {
        self.skip_blanks();
        match self.peek() {
            None => return Err(self.unclosed("Object", start)),
            Some(b'}') => {
                self.at += 1;
                return Ok(None);
            }
            Some(b',') if !is_first => {
                self.at += 1;
                self.skip_blanks();
            }
            Some(_) if is_first => (),
            Some(_) => return Err(self.unexpected("was expecting comma to separate Object entries")),
        }
        match self.peek() {
            Some(b'"') => (),
            Some(_) => return Err(self.unexpected("was expecting double-quote to start field name")),
            None => return Err(self.unclosed("Object", start)),
        }
        let name = self.string()?;
        self.skip_blanks();
        match self.peek() {
            Some(b':') => self.at += 1,
            Some(_) => return Err(self.unexpected("was expecting a colon to separate field name and value")),
            None => return Err(self.unclosed("Object", start)),
        }
        Ok(Some(name))
    }

    /// The value, or the beginning of one, that comes next.
    fn token(&mut self) -> Result<Token, Problem> {
        self.skip_blanks();
        let Some(first) = self.peek() else {
            return Err(format!("Unexpected end-of-input within/between Object entries{}", self.place(self.at)));
        };
        let start = self.at;
        match first {
            b'{' | b'[' => {
                self.at += 1;
                Ok(if first == b'{' { Token::StartObject } else { Token::StartArray })
            }
            b'"' => self.string().map(Token::Text),
            b'-' | b'0'..=b'9' => self.number(),
            _ if first.is_ascii_alphabetic() || first == b'_' => {
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
                let length = self.text[start..].iter().take_while(|byte| is_part(byte)).count();
                self.at += length;
                match &self.text[start..self.at] {
                    b"true" => Ok(Token::Boolean(true)),
                    b"false" => Ok(Token::Boolean(false)),
                    b"null" => Ok(Token::Null),
                    word => Err(format!(
                        "Unrecognized token '{}': was expecting {VALUE}{}",
                        String::from_utf8_lossy(word),
                        self.place(self.at)
                    )),
                }
            }
            _ => Err(self.unexpected(&format!("expected a valid value {VALUE}"))),
        }
    }

    fn number(&mut self) -> Result<Token, Problem> {
        let start = self.at;
        let is_part = |byte: &u8| matches!(byte, b'-' | b'+' | b'.' | b'e' | b'E' | b'0'..=b'9');
        self.at += self.text[start..].iter().take_while(|byte| is_part(byte)).count();
        let number = String::from_utf8_lossy(&self.text[start..self.at]).into_owned();
        if serde_json::from_str::<serde_json::Number>(&number).is_err() {
            return Err(format!("Unexpected character: invalid numeric value '{number}'{}", self.place(start)));
        }
        Ok(Token::Number(number))
    }

    /// The string that begins here.
    fn string(&mut self) -> Result<String, Problem> {
        let start = self.at;
        let mut end = start + 1;
        loop {
            match self.text.get(end) {
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(byte) if *byte < b' ' => {
                    self.at = end;
                    return Err(format!(
                        "Illegal unquoted character ((CTRL-CHAR, code {byte})): has to be escaped using backslash to be \
                         included in string value{}",
                        self.place(end)
                    ));
                }
                Some(_) => end += 1,
                None => {
                    self.at = self.text.len();
                    return Err(format!(
                        "Unexpected end-of-input: was expecting closing quote for a string value{}",
                        self.place(self.at)
                    ));
                }
            }
        }
        self.at = end + 1;
        serde_json::from_slice(&self.text[start..self.at])
            .map_err(|_| format!("Unrecognized character escape or invalid UTF-8 in string value{}", self.place(start)))
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn unexpected(&self, expected: &str) -> Problem {
        let character = String::from_utf8_lossy(&self.text[self.at..]).chars().next().unwrap_or_default();
        format!(
            "Unexpected character ('{character}' (code {})): {expected}{}",
            u32::from(character),
            self.place(self.at)
        )
    }

    fn unclosed(&self, kind: &str, start: usize) -> Problem {
        let (line, column) = self.line_and_column(start);
        format!(
            "Unexpected end-of-input: expected close marker for {kind} (start marker at {}){}",
            source(line, column),
            self.place(self.at)
        )
    }

    fn mismatch(&self, class: &str, token: &Token, at: usize, chain: &str) -> Problem {
        let (kind, name) = token.describe();
        format!(
            "Cannot deserialize value of type `{class}` from {kind} value (token `JsonToken.{name}`){}{chain}",
            self.place(at)
        )
    }

    fn unrecognized(&self, bean: &Bean, name: &str, reached: usize) -> Problem {
        let known: Vec<_> = bean.properties.iter().map(|(known, _)| format!("\"{known}\"")).collect();
        format!(
            "Unrecognized field \"{name}\" (class {class}), not marked as ignorable ({} known properties: {}]){} \
             (through reference chain: {class}[\"{name}\"])",
            known.len(),
            known.join(", "),
            self.place(reached),
            class = bean.class,
        )
    }

    fn place(&self, at: usize) -> String {
        let (line, column) = self.line_and_column(at);
        at_line(line, column)
    }

    /// Both are counted from one, columns in characters.
    fn line_and_column(&self, at: usize) -> (usize, usize) {
        let before = &self.text[..at.min(self.text.len())];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
        (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
    }
}

fn at_line(line: usize, column: usize) -> String {
    format!("\n at {}", source(line, column))
}

fn source(line: usize, column: usize) -> String {
    format!(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEAN: Bean = Bean {
        class: "org.example.Bean",
        properties: &[("name", Kind::Text), ("ids", Kind::Texts), ("count", Kind::Long)],
        allows_array: false,
    };

    fn ids(body: &str) -> Vec<Option<String>> {
        read(&BEAN, body.as_bytes()).unwrap().unwrap()[0].texts("ids").unwrap().to_vec()
    }

    #[track_caller]
    fn check(body: &str, expected: &str) {
        let refusal = read(&BEAN, body.as_bytes()).unwrap_err().to_string();
        let message = refusal.strip_prefix("Could not read content from HTTP request body: ").unwrap_or(&refusal);
        let place = "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); ";
        assert_eq!(message.replace(place, "["), expected, "for {body}");
    }

    #[test]
    fn scalars_become_texts_and_one_becomes_a_list() {
        assert_eq!(
            ids(r#"{"ids":["a",1,true,null,"",1.50]}"#),
            [Some("a".into()), Some("1".into()), Some("true".into()), None, None, Some("1.50".into())]
        );
        assert_eq!(ids(r#"{"ids":"\u00e9\""} trailing"#), [Some("é\"".into())]);
        assert_eq!(ids(r#" {"ids":"a","ids":["b"],"count":"7"}"#), [Some("b".into())]);
    }

    #[test]
    fn the_first_thing_wrong_is_reported_with_its_place() {
        check("", "No content to map due to end-of-input\n at [line: 1, column: 0]");
        check(
            r#"{"ids":["a"],"foo":1}"#,
            "Unrecognized field \"foo\" (class org.example.Bean), not marked as ignorable (3 known properties: \"name\", \
             \"ids\", \"count\"])\n at [line: 1, column: 21] (through reference chain: org.example.Bean[\"foo\"])",
        );
        check(
            "not",
            "Unrecognized token 'not': was expecting (JSON String, Number, Array, Object or token 'null', 'true' or 'false')\n at [line: 1, column: 4]",
        );
        check(
            "{\n x",
            "Unexpected character ('x' (code 120)): was expecting double-quote to start field name\n at [line: 2, column: 2]",
        );
        check(
            "{\"name\":\"a\"",
            "Unexpected end-of-input: expected close marker for Object (start marker at [line: 1, column: 1])\n at [line: 1, column: 12]",
        );
        check(
            " []",
            "Cannot deserialize value of type `org.example.Bean` from Array value (token `JsonToken.START_ARRAY`)\n at [line: 1, column: 2]",
        );
        check(
            r#"{"count":"x"}"#,
            "Cannot deserialize value of type `long` from String \"x\": not a valid `long` value\n at [line: 1, column: 10] (through reference chain: org.example.Bean[\"count\"])",
        );
    }

    #[test]
    fn an_array_is_taken_for_several_entities_by_its_place() {
        check("[", "Only 1 entity is supported in the HTTP request body");
        check("{\"ids\":  [[]]}", "Only 1 entity is supported in the HTTP request body");
    }

    #[test]
    fn hostile_bodies_are_refused() {
        for body in [
            "{\"",
            "{\"a\\",
            "\"\\u",
            "{\"name\":\"\\ud800\"}",
            "-",
            "{\"name\":-}",
            "\u{1}",
            "{\"name\":\"\u{1}\"}",
            "{]",
            "{\"ids\":[}",
        ] {
            assert!(read(&BEAN, body.as_bytes()).is_err(), "{body}");
        }
        assert!(read(&BEAN, &[b'{', b'"', 0xFF, b'"']).is_err());
        assert!(read(&BEAN, "[".repeat(1_000_000).as_bytes()).is_err());
    }
}
