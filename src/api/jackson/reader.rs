//! The tokens of a JSON text, and what Jackson says when they are not what it expects.

use std::{borrow::Cow, fmt};

/// Jackson's message, place included.
pub(super) type Problem = String;

/// What a JSON text is made of, names and marks aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    StartObject,
    StartArray,
    Text(String),
    Number(String),
    Boolean(bool),
    Null,
}

impl Token {
    /// How Jackson calls a value of this kind, and the token.
    pub(super) fn describe(&self) -> (&'static str, &'static str) {
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

/// A step on the way to what is being read.
#[derive(Debug)]
pub(super) enum Step {
    /// A class, and the property of it.
    Property(&'static str, Cow<'static, str>),
    Element(usize),
    Key(String),
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Property(class, name) => write!(f, "{class}[\"{name}\"]"),
            Self::Element(number) => write!(f, "java.util.ArrayList[{number}]"),
            Self::Key(key) => write!(f, "java.util.LinkedHashMap[\"{key}\"]"),
        }
    }
}

/// A text, and how far it has been read.
pub(super) struct Reader<'a> {
    pub(super) text: &'a [u8],
    pub(super) at: usize,
    /// What is being read, outermost first.
    pub(super) within: Vec<Step>,
    /// How many arrays and objects are open, and how many may be.
    depth: usize,
    deepest: usize,
}

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a [u8], deepest: usize) -> Self {
        Self { text, at: 0, within: Vec::new(), depth: 0, deepest }
    }

    /// Reads what is behind a step, of which problems in there tell.
    pub(super) fn inside<T>(
        &mut self,
        step: Step,
        read: impl FnOnce(&mut Self) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        self.within.push(step);
        let read = read(self);
        self.within.pop();
        read
    }

    /// The way to what is being read, in Jackson's words.
    pub(super) fn chain(&self) -> String {
        let steps: Vec<_> = self.within.iter().map(ToString::to_string).collect();
        if steps.is_empty() { String::new() } else { format!(" (through reference chain: {})", steps.join("->")) }
    }

    /// Goes into an array or an object. Jackson does not say where that is too deep.
    fn open(&mut self) -> Result<(), Problem> {
        self.at += 1;
        self.depth += 1;
        if self.depth <= self.deepest {
            return Ok(());
        }
        Err(format!(
            "Document nesting depth ({}) exceeds the maximum allowed ({}, from \
             `StreamReadConstraints.getMaxNestingDepth()`){}",
            self.depth,
            self.deepest,
            self.chain()
        ))
    }

    fn close(&mut self) {
        self.at += 1;
        self.depth -= 1;
    }

    /// Whether the array or the object that began at `start` ends here, which is then passed; if not, the comma is.
    fn ends(&mut self, kind: &str, end: u8, is_first: bool, start: usize) -> Result<bool, Problem> {
        self.skip_blanks();
        match self.peek() {
            None => return Err(self.unclosed(kind, start)),
            Some(next) if next == end => {
                self.close();
                return Ok(true);
            }
            Some(b',') if !is_first => {
                self.at += 1;
                self.skip_blanks();
            }
            Some(_) if is_first => (),
            Some(_) => return Err(self.unexpected(&format!("was expecting comma to separate {kind} entries"))),
        }
        Ok(false)
    }

    /// The next element of the array that began at `start`; none at its end.
    pub(super) fn element(&mut self, is_first: bool, start: usize) -> Result<Option<(Token, usize)>, Problem> {
        if self.ends("Array", b']', is_first, start)? {
            return Ok(None);
        }
        self.next_token().map(Some)
    }

    /// The next token, and where it begins.
    pub(super) fn next_token(&mut self) -> Result<(Token, usize), Problem> {
        self.skip_blanks();
        let at = self.at;
        Ok((self.token()?, at))
    }

    /// The next name of the object that began at `start`, colon included; none at its end.
    pub(super) fn name(&mut self, is_first: bool, start: usize) -> Result<Option<String>, Problem> {
        if self.ends("Object", b'}', is_first, start)? {
            return Ok(None);
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
    pub(super) fn token(&mut self) -> Result<Token, Problem> {
        self.skip_blanks();
        let Some(first) = self.peek() else {
            return Err(format!("Unexpected end-of-input within/between Object entries{}", self.place(self.at)));
        };
        let start = self.at;
        match first {
            b'{' | b'[' => {
                self.open()?;
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

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    pub(super) fn skip_blanks(&mut self) {
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

    pub(super) fn unclosed(&self, kind: &str, start: usize) -> Problem {
        let (line, column) = self.line_and_column(start);
        format!(
            "Unexpected end-of-input: expected close marker for {kind} (start marker at {}){}",
            source(line, column),
            self.place(self.at)
        )
    }

    pub(super) fn place(&self, at: usize) -> String {
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

pub(super) fn at_line(line: usize, column: usize) -> String {
    format!("\n at {}", source(line, column))
}

fn source(line: usize, column: usize) -> String {
    format!(
        "[Source: REDACTED (`StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION` disabled); line: {line}, column: {column}]"
    )
}
