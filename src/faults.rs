//! Faults: what is to go wrong with which requests.
//!
//! A fault is data: where, what, and how often. Faults of a network stand in a list; the first that applies to a request
//! decides. How an effect is brought about is the business of [`layers`](crate::layers).

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    duration::DurationText,
    ids::Ids,
    operation::Operation,
    rules::{Rules, Turns},
};

/// What is to go wrong with which requests, and how often.
///
/// A request must fit all of `operation`, `path`, `node` and `user` that are stated. When several faults fit, the first
/// in the list that still has turns decides alone.
///
/// # Examples
///
/// ```
/// use alfresco_downloads_mock::{Effect, Fault, Operation};
///
/// let fault = Fault::on(Operation::GetDownload).answer(503).times(2);
/// assert_eq!(fault.effect, Some(Effect::Status(503)));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fault {
    /// A name for the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Requests for this operation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub operation: Option<Operation>,
    /// Requests whose path, decoded and without its query, is this; `*` stands for any text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Requests with this node or download in their path, or, for `createDownload`, among the requested ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// Requests that say to come from this user; names are compared without case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The first matching request that it applies to, counted from one [default: 1].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub nth: Option<u64>,
    /// How many requests it applies to from there on [default: until it is removed].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub times: Option<u64>,
    /// With what probability it applies to a request that fits, from 0 to 1. The dice are seeded: by `--seed`, else
    /// always alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0, maximum = 1)]
    pub probability: Option<f64>,
    /// How long the answer is held back, by the network's clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub delay: Option<Delay>,
    /// What goes wrong; nothing more than the delay when it is not stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub effect: Option<Effect>,
}

/// A delay: always the same, or evenly spread between two.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(untagged)]
pub enum Delay {
    /// Always this long.
    Fixed(DurationText),
    /// Drawn anew for each request.
    Spread(Spread),
}

/// The bounds of a delay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The shortest.
    pub from: DurationText,
    /// The longest.
    pub to: DurationText,
}

/// What goes wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Effect {
    /// An error in the real server's envelope instead of the answer. The operation is not carried out.
    Error(InjectedError),
    /// A bare status, 200 to 599, without a body, as a proxy in front of the server gives. The operation is not carried
    /// out.
    Status(u16),
    /// No answer, ever. The operation is not carried out.
    Hang,
    /// The connection is reset before a byte of the answer. The operation is not carried out.
    ResetBeforeHead,
    /// The connection is reset behind the head of the answer.
    ResetAfterHead,
    /// The connection is closed when so many bytes of the body were sent.
    CutAfter(u64),
    /// When so many bytes of the body were sent, no more follow; the connection stays open.
    StallAt(u64),
    /// The body comes that slowly, by the network's clock.
    BytesPerSecond(u64),
    /// The head announces that many bytes, whatever the body has: when it has fewer, the connection is closed behind
    /// them; when it has more, the rest is not sent.
    ContentLength(u64),
    /// Where the real server announces more bytes than it sends (a range beyond the end, several ranges, an
    /// unsatisfiable range), so does the answer, and the connection stays open for 20 seconds of the network's clock
    /// (wire reference, downloads, section 5.5).
    AlfrescoStalls,
    /// A byte of a chosen part of the zip is flipped.
    FlipInZip(InZip),
    /// The connection is closed inside a chosen part of the zip.
    CutInZip(InZip),
}

/// An error as the real server would write it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InjectedError {
    /// 400 to 599.
    #[schema(minimum = 400, maximum = 599)]
    pub status_code: u16,
    /// The `errorKey` [default: the real server's for that status].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error_key: Option<String>,
    /// The text behind the log number in `briefSummary` [default: the real server's for that status].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// A place in a zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InZip {
    /// The part.
    pub part: ZipPart,
    /// Whose part, counted from one in the order of the zip [default: 1]. The central directory is everybody's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    pub entry: Option<u64>,
    /// How many bytes into the part [default: 0].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub offset: Option<u64>,
}

/// A part of a zip.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ZipPart {
    /// An entry's local header.
    LocalHeader,
    /// An entry's deflated data.
    Data,
    /// The directory at the end.
    CentralDirectory,
}

impl Fault {
    /// For requests for that operation.
    #[must_use]
    pub fn on(operation: Operation) -> Self {
        Self { operation: Some(operation), ..Self::default() }
    }

    /// For every request.
    #[must_use]
    pub fn on_all() -> Self {
        Self::default()
    }

    /// Only where the path fits; `*` stands for any text.
    #[must_use]
    pub fn at(self, path: &str) -> Self {
        Self { path: Some(path.to_owned()), ..self }
    }

    /// Only for that node or download.
    #[must_use]
    pub fn of_node(self, id: &str) -> Self {
        Self { node: Some(id.to_owned()), ..self }
    }

    /// Only for that user.
    #[must_use]
    pub fn of_user(self, user: &str) -> Self {
        Self { user: Some(user.to_owned()), ..self }
    }

    /// From the nth matching request on, counted from one.
    #[must_use]
    pub fn nth(self, nth: u64) -> Self {
        Self { nth: Some(nth), ..self }
    }

    /// For so many requests.
    #[must_use]
    pub fn times(self, times: u64) -> Self {
        Self { times: Some(times), ..self }
    }

    /// With that probability, from 0 to 1.
    #[must_use]
    pub fn with_probability(self, probability: f64) -> Self {
        Self { probability: Some(probability), ..self }
    }

    /// Under that name in the journal.
    #[must_use]
    pub fn named(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// Holds the answer back for so long.
    #[must_use]
    pub fn delay(self, delay: Duration) -> Self {
        Self { delay: Some(Delay::Fixed(delay.into())), ..self }
    }

    /// Holds each answer back for some time between these.
    #[must_use]
    pub fn delay_between(self, from: Duration, to: Duration) -> Self {
        Self { delay: Some(Delay::Spread(Spread { from: from.into(), to: to.into() })), ..self }
    }

    /// Answers with a bare status.
    #[must_use]
    pub fn answer(self, status: u16) -> Self {
        self.with(Effect::Status(status))
    }

    /// Answers with the real server's error for that status.
    #[must_use]
    pub fn error(self, status_code: u16) -> Self {
        self.with(Effect::Error(InjectedError { status_code, ..InjectedError::default() }))
    }

    /// Does that.
    #[must_use]
    pub fn with(self, effect: Effect) -> Self {
        Self { effect: Some(effect), ..self }
    }

    /// Says what is wrong with it, if anything is.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let is_wrong = |number: Option<u64>| number == Some(0);
        if is_wrong(self.nth) || is_wrong(self.times) {
            return Err("nth and times are 1 or more");
        }
        if self.probability.is_some_and(|probability| !(0.0..=1.0).contains(&probability)) {
            return Err("a probability goes from 0 to 1");
        }
        if let Some(Delay::Spread(Spread { from, to })) = self.delay
            && from > to
        {
            return Err("a delay goes from the shorter to the longer");
        }
        match &self.effect {
            Some(Effect::Error(error)) if !(400..600).contains(&error.status_code) => {
                Err("the statusCode of an error goes from 400 to 599")
            }
            Some(Effect::Status(status)) if !(200..600).contains(status) => Err("a status goes from 200 to 599"),
            Some(Effect::BytesPerSecond(0)) => Err("bytes-per-second is 1 or more"),
            Some(Effect::FlipInZip(place) | Effect::CutInZip(place)) if place.entry == Some(0) => {
                Err("entries are counted from 1")
            }
            None if self.delay.is_none() => Err("a fault has an effect, a delay, or both"),
            _ => Ok(()),
        }
    }

    /// Which of the requests that fit it applies to.
    pub(crate) fn turns(&self) -> Turns {
        Turns { nth: self.nth.unwrap_or(1), times: self.times }
    }

    fn fits(&self, request: &Asked<'_>) -> bool {
        let is_asked = |operation| request.operation == Some(operation);
        let is_users = |user: &String| request.user.is_some_and(|asked| asked.eq_ignore_ascii_case(user));
        self.operation.is_none_or(is_asked)
            && self.path.as_ref().is_none_or(|pattern| is_like(request.path, pattern))
            && self.node.as_ref().is_none_or(|node| request.has(node))
            && self.user.as_ref().is_none_or(is_users)
    }
}

impl Delay {
    /// How long it is this time.
    pub(crate) fn draw(self, dice: &Ids) -> Duration {
        match self {
            Self::Fixed(fixed) => fixed.0,
            Self::Spread(Spread { from, to }) => {
                let millis = |text: DurationText| u64::try_from(text.0.as_millis()).unwrap_or(u64::MAX);
                Duration::from_millis(dice.between(millis(from), millis(to)))
            }
        }
    }
}

/// What of a request decides which fault applies.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Asked<'a> {
    pub(crate) operation: Option<Operation>,
    pub(crate) path: &'a str,
    pub(crate) node: Option<&'a str>,
    pub(crate) user: Option<&'a str>,
    /// The body of a `createDownload`, when a fault asks for a node.
    pub(crate) body: &'a [u8],
}

impl Asked<'_> {
    fn has(&self, node: &str) -> bool {
        let is_in_body = || !node.is_empty() && self.body.windows(node.len()).any(|window| window == node.as_bytes());
        self.node == Some(node) || is_in_body()
    }
}

/// The faults of a network. Clones are the same faults.
#[derive(Clone, Debug)]
pub(crate) struct Faults {
    pub(crate) rules: Rules<Fault>,
    dice: Ids,
}

impl Faults {
    pub(crate) fn new(dice: Ids) -> Self {
        Self { rules: Rules::default(), dice }
    }

    /// The fault that applies to a request, with its id and its delay.
    pub(crate) fn pick(&self, request: &Asked<'_>) -> Option<(u64, Fault, Duration)> {
        let is_hit = |fault: &Fault| {
            fault.fits(request) && fault.probability.is_none_or(|probability| self.dice.fraction() < probability)
        };
        let rule = self.rules.pick(is_hit)?;
        let delay = rule.order.delay.map_or(Duration::ZERO, |delay| delay.draw(&self.dice));
        Some((rule.id, rule.order, delay))
    }

    /// Whether a fault is for requests with a certain node.
    pub(crate) fn name_a_node(&self) -> bool {
        self.rules.any(|fault| fault.node.is_some())
    }
}

/// Whether a text is what a pattern says, `*` standing for any text.
fn is_like(text: &str, pattern: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else { return text == pattern };
    let Some(mut text) = text.strip_prefix(start) else { return false };
    let mut parts: Vec<_> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        let Some(at) = text.find(part) else { return false };
        text = &text[at + part.len()..];
    }
    text.ends_with(end)
}

#[cfg(test)]
mod tests;
