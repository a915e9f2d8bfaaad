//! The order of texts in lists: Java's collation for English, with the space before all else.
//!
//! Letters are compared without case and accents first; only texts that are the same then are told apart by accents,
//! hyphens and case. Characters that the tables do not know come last, by their number.

/// What has a place of its own before the digits and the letters, in that order.
const PUNCTUATION: &str = " _,;:!?/.`^~'\"()[]{}@$*\\&#%+<=>|";

/// Latin letters with accents, and what they are without.
const ACCENTED: &[(&str, char)] = &[
    ("àáâãäåāăą", 'a'),
    ("çćĉċč", 'c'),
    ("ďđð", 'd'),
    ("èéêëēĕėęě", 'e'),
    ("ĝğġģ", 'g'),
    ("ĥħ", 'h'),
    ("ìíîïĩīĭįı", 'i'),
    ("ĵ", 'j'),
    ("ķ", 'k'),
    ("ĺļľŀł", 'l'),
    ("ñńņň", 'n'),
    ("òóôõöøōŏő", 'o'),
    ("ŕŗř", 'r'),
    ("śŝşšß", 's'),
    ("ţťŧ", 't'),
    ("ùúûüũūŭůűų", 'u'),
    ("ŵ", 'w'),
    ("ýÿŷ", 'y'),
    ("źżž", 'z'),
];

/// Where a text stands among others. Keys of different texts differ.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SortKey {
    letters: Box<[u32]>,
    /// What the letters do not tell: accents and hyphens.
    folded: Box<str>,
    /// Lower case comes before upper case.
    cases: Box<[bool]>,
}

impl SortKey {
    pub(crate) fn of(text: &str) -> Self {
        let folded: String = text.chars().flat_map(char::to_lowercase).collect();
        Self {
            letters: folded.chars().filter(|letter| *letter != '-').map(weight).collect(),
            cases: text.chars().map(char::is_uppercase).collect(),
            folded: folded.into(),
        }
    }
}

fn weight(letter: char) -> u32 {
    const DIGITS: u32 = 100;
    const LETTERS: u32 = 200;
    const OTHERS: u32 = 1000;
    let number = |index: usize| u32::try_from(index).unwrap_or(u32::MAX);
    match letter {
        '0'..='9' => DIGITS + (u32::from(letter) - u32::from('0')),
        'a'..='z' => LETTERS + (u32::from(letter) - u32::from('a')),
        _ if letter.is_ascii() => PUNCTUATION.find(letter).map_or(0, |index| 1 + number(index)),
        _ => match ACCENTED.iter().find(|(accented, _)| accented.contains(letter)) {
            Some((_, plain)) => weight(*plain),
            None => OTHERS + u32::from(letter),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_character_keeps_its_own_order() {
        let all = format!("{PUNCTUATION}0123456789abcdefghijklmnopqrstuvwxyz\u{3b1}\u{3b2}\u{4e00}\u{4e01}");
        let weights: Vec<_> = all.chars().map(weight).collect();
        assert!(weights.windows(2).all(|pair| pair[0] < pair[1]), "{weights:?}");
        assert_eq!(weight('é'), weight('e'));
        assert!(weight('\u{1}') < weight(' '), "control characters count for nothing");
    }

    #[test]
    fn texts_are_in_javas_order() {
        let expected = [
            " a", "_a", ".a", "(a)", "1", "10", "2", "a", "A", "a b", "a-b", "ab", "é", "F", "file-1", "file1a", "Z",
            "文档",
        ];
        let mut sorted = expected;
        sorted.reverse();
        sorted.sort_by_key(|text| SortKey::of(text));
        assert_eq!(sorted, expected);
    }
}
