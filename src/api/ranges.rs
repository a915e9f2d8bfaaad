//! Ranges, as the real server reads them (wire reference, section 5.5).

/// A part of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Range {
    pub(crate) first: u64,
    /// The last byte as the client asked for it, which may lie beyond the content.
    pub(crate) last: u64,
}

impl Range {
    /// The offsets, within a content of `size`, of its first byte and behind its last.
    pub(crate) fn within(self, size: u64) -> (u64, u64) {
        (self.first.min(size), self.last.saturating_add(1).min(size))
    }

    /// How many bytes of a content of `size` it covers.
    pub(crate) fn length(self, size: u64) -> u64 {
        let (start, end) = self.within(size);
        end - start
    }
}

/// What a range header asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Ranges {
    /// Nothing: too short to be looked at.
    Ignored,
    Unsatisfiable,
    One(Range),
    Several(Vec<Range>),
}

impl Ranges {
    /// Reads the value of `Content-Range` or `Range`: its first six characters are cut without being looked at. Browsers
    /// that give no name, or `MSIE`, get adjoining ranges merged.
    pub(crate) fn read(value: &str, size: u64, user_agent: Option<&str>) -> Self {
        let Some((cut, _)) = value.char_indices().nth(6) else { return Self::Ignored };
        let value = &value[cut..];
        if !value.contains(',') {
            return range(value, size).map_or(Self::Unsatisfiable, Self::One);
        }
        let ranges = value.split([',', ' ']).filter(|part| !part.is_empty()).map(|part| range(part, size));
        match ranges.collect::<Option<Vec<_>>>() {
            Some(ranges) if ranges.is_empty() => Self::Ignored,
            Some(ranges) if user_agent.is_none_or(|agent| agent.contains("MSIE ")) => Self::Several(merged(ranges)),
            Some(ranges) => Self::Several(ranges),
            None => Self::Unsatisfiable,
        }
    }
}

/// One range: what follows a `/` is cut off, then it is split at the first `-`. An absent start is zero, so `-500` is
/// not the last 500 bytes.
fn range(text: &str, size: u64) -> Option<Range> {
    let text = text.split('/').next().unwrap_or_default();
    let (first, last) = text.split_once('-')?;
    let number = |text: &str, absent: u64| match text {
        "" => Some(absent),
        _ if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse::<i64>().ok()?.try_into().ok(),
        _ => None,
    };
    let last_byte = size.checked_sub(1);
    let first = number(first, 0)?;
    let last = match last {
        "" => last_byte?,
        _ => number(last, 0)?,
    };
    // A range that begins beyond the end is refused only when it is open; a closed one has no bytes.
    (first <= last).then_some(Range { first, last })
}

fn merged(mut ranges: Vec<Range>) -> Vec<Range> {
    ranges.sort_by_key(|range| range.first);
    let mut merged: Vec<Range> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match merged.last_mut() {
            Some(before) if before.last.saturating_add(1) >= range.first => before.last = before.last.max(range.last),
            _ => merged.push(range),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(value: &str, expected: Option<(u64, u64)>) {
        let expected = expected.map_or(Ranges::Unsatisfiable, |(first, last)| Ranges::One(Range { first, last }));
        assert_eq!(Ranges::read(value, 100, Some("curl")), expected, "for {value}");
    }

    #[test]
    fn one_range() {
        check("bytes=0-9", Some((0, 9)));
        check("items=0-4", Some((0, 4)));
        check("bytes=5-", Some((5, 99)));
        check("bytes=-", Some((0, 99)));
        check("bytes=-50", Some((0, 50)));
        check("bytes=0-999", Some((0, 999)));
        check("bytes 0-9/100", Some((0, 9)));
        check("bytes=100-", None);
        check("bytes=200-300", Some((200, 300)));
        check("bytes=9-1", None);
        check("bytes=abc", None);
        check("bytes=a-b", None);
        check("bytes=+1-5", None);
        check("bytes= 0-4", None);
        check("bytes=0-99999999999999999999", None);
        assert_eq!(Ranges::read("bytes=", 100, None), Ranges::Ignored);
    }

    #[test]
    fn several_ranges() {
        let ranges = |ranges: &[(u64, u64)]| {
            Ranges::Several(ranges.iter().map(|(first, last)| Range { first: *first, last: *last }).collect())
        };
        assert_eq!(Ranges::read("bytes=5-9,0-4", 100, Some("curl")), ranges(&[(5, 9), (0, 4)]));
        assert_eq!(Ranges::read("bytes=5-9, 0-4", 100, None), ranges(&[(0, 9)]));
        assert_eq!(Ranges::read("bytes=0-4,x", 100, None), Ranges::Unsatisfiable);
        assert_eq!(Ranges::read("bytes=6-9,0-4", 100, None), ranges(&[(0, 4), (6, 9)]), "they do not adjoin");
        assert_eq!(Ranges::read("bytes=0-9,2-3", 100, Some("MSIE 8")), ranges(&[(0, 9)]));
        assert_eq!(Ranges::read("bytes=, ,", 100, None), Ranges::Ignored);
    }

    #[test]
    fn lengths_are_those_of_the_bytes_that_there_are() {
        assert_eq!(Range { first: 90, last: 999 }.length(100), 10);
        assert_eq!(Range { first: 0, last: 9 }.length(100), 10);
        assert_eq!(Range { first: 200, last: 300 }.length(100), 0);
    }
}
