//! What a tester has ordered for jobs to come: where to hold them, and how they are to end.
//!
//! An order is looked up while the download is created, so there is no moment at which a job could slip by.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::gate::Point;
use crate::{
    repository::{
        access::Caller,
        node::{NodeId, UserName},
    },
    rules::{Rules, Turns},
};

/// An end that a job comes to by order. Its counters are what the real server's would be (wire reference, downloads,
/// section 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// It ends as `MAX_CONTENT_SIZE_EXCEEDED`, and shows the limit as its bytes: the one in force when that is
    /// exceeded, else one byte less than there is to zip.
    MaxContentSizeExceeded,
    /// Somebody else asks for a cancel when the job comes to that point, and the job ends as `CANCELLED` at its next
    /// look. After the last look, and for folders and empty files alone, it ends as `DONE` all the same.
    Cancelled(Point),
    /// It dies when it comes to that point, and stays `PENDING` or `IN_PROGRESS` for ever.
    Dies(Point),
}

impl Outcome {
    /// Says what is wrong with it, if anything is.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        match self {
            Self::MaxContentSizeExceeded => Ok(()),
            Self::Cancelled(point) | Self::Dies(point) => point.check(),
        }
    }
}

/// Which jobs an order is for; every one when nothing is stated.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Jobs {
    /// Those that zip this node, by itself or with a folder above it.
    pub(crate) node: Option<NodeId>,
    /// Those of this user; names are compared without case.
    pub(crate) user: Option<UserName>,
}

/// Orders for jobs to come. Clones are the same orders.
#[derive(Clone, Debug, Default)]
pub(crate) struct Orders {
    pub(crate) gates: Rules<(Point, Jobs)>,
    pub(crate) outcomes: Rules<(Outcome, Jobs)>,
}

/// What was ordered for one job.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Ordered {
    /// A rule, and where it holds the job.
    pub(super) gate: Option<(u64, Point)>,
    pub(super) outcome: Option<Outcome>,
}

impl Orders {
    /// What is ordered for a job of `caller` that begins now. `contains` says whether it will zip a node.
    pub(super) fn take(&self, caller: &Caller, contains: impl Fn(NodeId) -> bool) -> Ordered {
        let is_for = |jobs: &Jobs| {
            let is_users = |user: &UserName| user.as_str().eq_ignore_ascii_case(caller.user.as_str());
            jobs.user.as_ref().is_none_or(is_users) && jobs.node.is_none_or(&contains)
        };
        Ordered {
            gate: self.gates.pick(|(_, jobs)| is_for(jobs)).map(|rule| (rule.id, rule.order.0)),
            outcome: self.outcomes.pick(|(_, jobs)| is_for(jobs)).map(|rule| rule.order.0),
        }
    }

    /// Whether anything is ordered at all.
    pub(super) fn is_empty(&self) -> bool {
        self.gates.is_empty() && self.outcomes.is_empty()
    }
}

/// Every matching job, from the first on.
impl Default for Turns {
    fn default() -> Self {
        Self { nth: 1, times: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_is_checked_by_its_point() {
        assert_eq!(Outcome::MaxContentSizeExceeded.check(), Ok(()));
        for (point, expected) in [
            (Point::BeforeFile(1), Ok(())),
            (Point::BeforeFile(0), Err("files are counted from 1")),
            (Point::AfterUpdates(0), Err("updates are counted from 1")),
            (Point::AtPercent(101), Err("at-percent goes from 0 to 100")),
        ] {
            assert_eq!(Outcome::Cancelled(point).check(), expected);
            assert_eq!(Outcome::Dies(point).check(), expected);
        }
    }

    #[test]
    fn there_is_nothing_until_a_gate_or_an_outcome_is_ordered() {
        let orders = Orders::default();
        assert!(orders.is_empty());
        let gate = orders.gates.add((Point::Pending, Jobs::default()), Turns::default());
        assert!(!orders.is_empty());
        orders.gates.remove(gate.id);
        orders.outcomes.add((Outcome::MaxContentSizeExceeded, Jobs::default()), Turns::default());
        assert!(!orders.is_empty());
    }
}
