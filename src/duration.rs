//! Durations as testers write them: a number and a unit, such as `500ms`, `10s` or `61m`.

use std::{borrow::Cow, fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

/// The units, the largest first, with their lengths in milliseconds.
const UNITS: [(&str, u64); 5] = [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// A length of time in whole milliseconds, written as a number and one of the units `ms`, `s`, `m`, `h` and `d`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, ToSchema)]
#[schema(value_type = String, pattern = "^[0-9]{1,9}(ms|s|m|h|d)$", example = "61m")]
pub struct DurationText(pub Duration);

/// The text is not a duration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a number of up to nine digits and a unit, such as 500ms, 10s or 61m")]
pub struct NotADuration;

impl FromStr for DurationText {
    type Err = NotADuration;

    fn from_str(text: &str) -> Result<Self, NotADuration> {
        let digits = text.find(|next: char| !next.is_ascii_digit()).ok_or(NotADuration)?;
        let (number, unit) = text.split_at(digits);
        let length = UNITS.iter().find(|(name, _)| *name == unit).map(|(_, length)| *length).ok_or(NotADuration)?;
        if !(1..=9).contains(&number.len()) {
            return Err(NotADuration);
        }
        let number: u64 = number.parse().map_err(|_| NotADuration)?;
        Ok(Self(Duration::from_millis(number * length)))
    }
}

impl fmt::Display for DurationText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let millis = self.0.as_millis();
        let fits = |(_, length): &&(&str, u64)| millis.is_multiple_of(u128::from(*length)) && millis > 0;
        let (unit, length) = UNITS.iter().find(fits).copied().unwrap_or(("ms", 1));
        write!(f, "{}{unit}", millis / u128::from(length))
    }
}

impl Serialize for DurationText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DurationText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl From<Duration> for DurationText {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_with_one_unit() {
        for (text, millis, written) in [
            ("0s", 0, "0ms"),
            ("500ms", 500, "500ms"),
            ("1000ms", 1000, "1s"),
            ("61m", 3_660_000, "61m"),
            ("60m", 3_600_000, "1h"),
            ("2d", 172_800_000, "2d"),
        ] {
            let duration: DurationText = text.parse().unwrap();
            assert_eq!(duration.0, Duration::from_millis(millis), "{text}");
            assert_eq!(duration.to_string(), written);
        }
        for text in ["", "5", "ms", "-1s", "1.5s", "1w", "1h 30m", "1234567890s"] {
            assert_eq!(text.parse::<DurationText>(), Err(NotADuration), "{text:?}");
        }
    }
}
