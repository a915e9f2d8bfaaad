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
