//! Numbers on the command line.

use std::{fmt::Display, ops::RangeInclusive, str::FromStr};

/// The number that `text` says, if it lies in `range`; else what was expected instead, which is `what`.
pub(super) fn within<T: Display + FromStr + PartialOrd>(
    text: &str,
    range: RangeInclusive<T>,
    what: &str,
) -> Result<T, String> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!("expected {what} from {} to {}", range.start(), range.end())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_lies_within_both_ends() {
        for (text, expected) in [("1", Ok(1)), ("9", Ok(9)), ("+5", Ok(5))] {
            assert_eq!(within(text, 1..=9, "a digit"), expected, "{text}");
        }
        for text in ["0", "10", "-1", "1.5", "", "one"] {
            assert_eq!(within(text, 1..=9, "a digit"), Err("expected a digit from 1 to 9".to_owned()), "{text}");
        }
    }
}
