//! The `where` of a list: a small language of comparisons (wire reference, nodes, section 5.1).

use crate::error::{Error, Result};

/// One condition. All of them must hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Predicate {
    Comparison {
        operator: &'static str,
        property: String,
        value: String,
        is_negated: bool,
    },
    Matches {
        property: String,
        is_negated: bool,
    },
    /// `EXISTS`, `IN`, `BETWEEN`, or one of several joined by `OR`.
    Other,
}

/// The values that a list is filtered by, each asked for by `=`.
#[derive(Clone, Debug, Default)]
pub(super) struct Equals(Vec<(String, String)>);

impl Equals {
    /// The values, if nothing else is asked for than `known` by `=`.
    pub(super) fn of(predicates: &[Predicate], known: &[&str]) -> Result<Self> {
        let mut equals = Vec::new();
        for predicate in predicates {
            match predicate {
                Predicate::Comparison { operator: "EQUALS", property, value, is_negated }
                    if known.contains(&property.as_str()) =>
                {
                    if *is_negated {
                        return Err(invalid("Cannot use NOT for EQUALS comparison."));
                    }
                    equals.push((property.clone(), value.clone()));
                }
                Predicate::Comparison { operator, property, value, .. } => {
                    return Err(Error::InvalidProperty { property: property.clone(), value: value.clone(), operator });
                }
                Predicate::Matches { property, is_negated: true } => {
                    return Err(invalid(format!("Cannot use negated matching for property: {property}")));
                }
                Predicate::Matches { property, .. } => {
                    return Err(invalid(format!("Cannot use matching for property: {property}")));
                }
                Predicate::Other => return Err(Error::InvalidWhere("Unsupported Predicate".to_owned())),
            }
        }
        Ok(Self(equals))
    }

    /// The value of a property; the last one counts.
    pub(super) fn get(&self, property: &str) -> Option<&str> {
        self.0.iter().rev().find(|(name, _)| name == property).map(|(_, value)| value.as_str())
    }

    /// The value of a property that is true or false.
    pub(super) fn truth(&self, property: &str) -> Result<Option<bool>> {
        match self.get(property) {
            None => Ok(None),
            Some(value) if value.eq_ignore_ascii_case("true") => Ok(Some(true)),
            Some(value) if value.eq_ignore_ascii_case("false") => Ok(Some(false)),
            Some(value) => Err(invalid(format!(
                "Query property value for '{property}' should be a valid boolean, value was: {value}"
            ))),
        }
    }
}

fn invalid(text: impl Into<String>) -> Error {
    Error::InvalidArgument(text.into().into())
}

/// The conditions of a `where`.
pub(super) fn read(text: &str) -> Result<Vec<Predicate>> {
    let mut reader = Reader { text, left: text };
    reader.clause().map_err(|problem| Error::InvalidWhere(problem.to_owned()))
}

type Problem = &'static str;

const SYNTAX: Problem = "The where clause does not have the form (property=value).";

struct Reader<'a> {
    text: &'a str,
    left: &'a str,
}

impl<'a> Reader<'a> {
    fn clause(&mut self) -> Result<Vec<Predicate>, Problem> {
        if self.text.len() > LONGEST {
            return Err("The where clause is too long.");
        }
        self.expect('(')?;
        let mut predicates = vec![self.predicate()?];
        let mut has_or = false;
        loop {
            self.skip_blanks();
            match self.word() {
                "" => break,
                word if word.eq_ignore_ascii_case("and") => (),
                word if word.eq_ignore_ascii_case("or") => has_or = true,
                _ => return Err(SYNTAX),
            }
            predicates.push(self.predicate()?);
        }
        self.expect(')')?;
        self.skip_blanks();
        match (self.left, has_or) {
            ("", true) => Ok(vec![Predicate::Other]),
            ("", false) => Ok(predicates),
            _ => Err(SYNTAX),
        }
    }

    fn predicate(&mut self) -> Result<Predicate, Problem> {
        self.skip_blanks();
        let mut name = self.name()?;
        let is_negated = name.eq_ignore_ascii_case("not") && self.left.starts_with(' ');
        if is_negated {
            self.skip_blanks();
            name = self.name()?;
        }
        if name.eq_ignore_ascii_case("exists") {
            self.list()?;
            return Ok(Predicate::Other);
        }
        self.skip_blanks();
        let operators = [
            ("<=", "LESSTHANOREQUALS"),
            (">=", "GREATERTHANOREQUALS"),
            ("=", "EQUALS"),
            ("<", "LESSTHAN"),
            (">", "GREATERTHAN"),
        ];
        for (sign, operator) in operators {
            if let Some(left) = self.left.strip_prefix(sign) {
                self.left = left;
                let value = self.value()?;
                return Ok(Predicate::Comparison { operator, property: name.to_owned(), value, is_negated });
            }
        }
        let word = self.word();
        self.list()?;
        match word.to_ascii_lowercase().as_str() {
            "matches" => Ok(Predicate::Matches { property: name.to_owned(), is_negated }),
            "in" | "between" => Ok(Predicate::Other),
            _ => Err(SYNTAX),
        }
    }

    /// Values in parentheses.
    fn list(&mut self) -> Result<(), Problem> {
        self.expect('(')?;
        loop {
            self.value()?;
            self.skip_blanks();
            if let Some(left) = self.left.strip_prefix(',') {
                self.left = left;
                continue;
            }
            return self.expect(')');
        }
    }

    fn value(&mut self) -> Result<String, Problem> {
        self.skip_blanks();
        let Some(quoted) = self.left.strip_prefix('\'') else { return self.name().map(str::to_owned) };
        let mut is_escaped = false;
        let end = quoted.find(|next| {
            let is_end = next == '\'' && !is_escaped;
            is_escaped = next == '\\';
            is_end
        });
        let end = end.ok_or(SYNTAX)?;
        self.left = &quoted[end + 1..];
        Ok(quoted[..end].to_owned())
    }

    fn name(&mut self) -> Result<&'a str, Problem> {
        let is_part = |next: char| next.is_alphanumeric() || matches!(next, '_' | ':' | '/');
        let end = self.left.find(|next| !is_part(next)).unwrap_or(self.left.len());
        let (name, left) = self.left.split_at(end);
        self.left = left;
        if name.is_empty() { Err(SYNTAX) } else { Ok(name) }
    }

    fn word(&mut self) -> &'a str {
        let end = self.left.find(|next: char| !next.is_alphabetic()).unwrap_or(self.left.len());
        let (word, left) = self.left.split_at(end);
        self.left = left;
        word
    }

    fn expect(&mut self, mark: char) -> Result<(), Problem> {
        self.skip_blanks();
        self.left = self.left.strip_prefix(mark).ok_or(SYNTAX)?;
        Ok(())
    }

    fn skip_blanks(&mut self) {
        self.left = self.left.trim_start();
    }
}

/// No list needs a longer one.
const LONGEST: usize = 64 << 10;

#[cfg(test)]
mod tests {
    use super::*;

    fn equals(text: &str, known: &[&str]) -> Result<Equals> {
        Equals::of(&read(text)?, known)
    }

    #[test]
    fn equalities_are_joined_by_and() {
        let found = equals("(isFolder=true AND nodeType='cm:content INCLUDESUBTYPES')", &["isFolder", "nodeType"]);
        let found = found.unwrap();
        assert_eq!(found.truth("isFolder").unwrap(), Some(true));
        assert_eq!(found.get("nodeType"), Some("cm:content INCLUDESUBTYPES"));
        assert_eq!(found.get("other"), None);
        assert_eq!(found.truth("other").unwrap(), None);
    }

    #[test]
    fn truth_has_two_words_in_any_case() {
        let truth = |text| equals(text, &["isFile"]).unwrap().truth("isFile");
        assert_eq!(truth("(isFile=TRUE)").unwrap(), Some(true));
        assert_eq!(truth("(isFile=False)").unwrap(), Some(false));
        assert_eq!(truth("(isFile=true AND isFile='false')").unwrap(), Some(false), "the last one counts");
        assert_eq!(
            truth("(isFile=1)").unwrap_err().to_string(),
            "Query property value for 'isFile' should be a valid boolean, value was: 1"
        );
    }

    #[test]
    fn a_clause_has_a_longest_length() {
        let of_length = |length: usize| equals(&format!("(a='{}')", "x".repeat(length - 6)), &["a"]);
        assert!(of_length(LONGEST).is_ok());
        let refusal = of_length(LONGEST + 1).unwrap_err().to_string();
        assert_eq!(refusal, "An invalid WHERE query was received. The where clause is too long.");
    }

    #[test]
    fn everything_else_is_refused_in_its_own_words() {
        let refused = |text| equals(text, &["isFile"]).unwrap_err().to_string();
        assert_eq!(refused("(NOT isFile=true)"), "Cannot use NOT for EQUALS comparison.");
        assert_eq!(refused("(x='1')"), "The property 'x' with value '1' isn't supported for EQUALS comparison");
        assert_eq!(
            refused("(isFile>1)"),
            "The property 'isFile' with value '1' isn't supported for GREATERTHAN comparison"
        );
        assert_eq!(refused("(isFile matches('a'))"), "Cannot use matching for property: isFile");
        assert_eq!(refused("(NOT isFile matches('a'))"), "Cannot use negated matching for property: isFile");
        assert_eq!(refused("(a=b XOR a=c)"), format!("An invalid WHERE query was received. {SYNTAX}"));
        for unsupported in ["(isFile=true OR isFile=false)", "(EXISTS(isFile))", "(isFile IN ('a','b'))"] {
            assert_eq!(refused(unsupported), "An invalid WHERE query was received. Unsupported Predicate");
        }
        for broken in [
            "",
            "isFile=true",
            "(isFile=true",
            "(isFile=)",
            "(isFile='a)",
            "(isFile true)",
            "()",
            "(a=b) c",
            "(a=b XOR a=c)",
            "(a=b a=c)",
        ] {
            assert!(refused(broken).starts_with("An invalid WHERE query was received. "), "{broken}");
        }
    }
}
