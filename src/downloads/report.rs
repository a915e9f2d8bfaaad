//! What a client did with one download: the facts from which a test tells whether the client behaves.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::download::Status;
use crate::clock::Timestamp;

/// Polls whose times are kept; later ones are counted only.
const KEPT_POLLS: usize = 10_000;

/// What a client did with one download.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Report {
    /// When the status was asked for, oldest first.
    pub(crate) polls: Vec<Timestamp>,
    pub(crate) poll_count: u64,
    /// The shortest time between two polls in milliseconds, of those that are kept or not.
    pub(crate) shortest_interval_ms: Option<u64>,
    last_poll: Option<Timestamp>,
    /// When a poll was first answered with a status that is final.
    pub(crate) saw_final: Option<Timestamp>,
    pub(crate) polls_after_final: u64,
    pub(crate) cancels: u64,
    pub(crate) content_requests: u64,
    /// When the last byte of the content that was missing was handed over.
    pub(crate) fetched: Option<Timestamp>,
    /// The parts of the content that were handed over, merged, in order.
    parts: Vec<(u64, u64)>,
    pub(crate) deleted: Option<(Timestamp, Deletion)>,
}

/// Who deleted a download.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Deletion {
    /// A client, by `DELETE /nodes/{id}`.
    Client,
    /// The cleaner, since it was too old.
    Cleaner,
}

impl Report {
    /// The status was asked for, and this was the answer, if it was answered with one.
    pub(crate) fn polled(&mut self, now: Timestamp, status: Option<Status>) {
        if let Some(last) = self.last_poll.replace(now) {
            let interval = u64::try_from(now.since(last).as_millis()).unwrap_or(u64::MAX);
            self.shortest_interval_ms = Some(self.shortest_interval_ms.map_or(interval, |least| least.min(interval)));
        }
        self.poll_count += 1;
        if self.polls.len() < KEPT_POLLS {
            self.polls.push(now);
        }
        if self.saw_final.is_some() {
            self.polls_after_final += 1;
        } else if status.is_some_and(Status::is_final) {
            self.saw_final = Some(now);
        }
    }

    /// The bytes from `start` to `end` of a content of `size` were handed over.
    pub(crate) fn handed_over(&mut self, now: Timestamp, (start, end): (u64, u64), size: u64) {
        self.parts.push((start, end));
        self.parts.sort_unstable();
        self.parts.dedup_by(|next, before| {
            let adjoins = next.0 <= before.1;
            if adjoins {
                before.1 = before.1.max(next.1);
            }
            adjoins
        });
        if self.fetched.is_none() && self.parts == [(0, size)] {
            self.fetched = Some(now);
        }
    }

    /// Milliseconds between polls, of those that are kept.
    pub(crate) fn intervals_ms(&self) -> Vec<u64> {
        let interval = |pair: &[Timestamp]| u64::try_from(pair[1].since(pair[0]).as_millis()).unwrap_or(u64::MAX);
        self.polls.windows(2).map(interval).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    #[test]
    fn polls_after_a_final_answer_are_counted() {
        let mut report = Report::default();
        for (millis, status) in [(0, Status::Pending), (500, Status::Done), (600, Status::Done)] {
            report.polled(at(millis), Some(status));
        }
        assert_eq!((report.poll_count, report.polls_after_final), (3, 1));
        assert_eq!(report.intervals_ms(), [500, 100]);
        assert_eq!((report.shortest_interval_ms, report.saw_final), (Some(100), Some(at(500))));
    }

    #[test]
    fn a_content_is_fetched_whole_in_whatever_parts() {
        let mut report = Report::default();
        report.handed_over(at(1), (50, 100), 100);
        report.handed_over(at(2), (0, 40), 100);
        assert_eq!(report.fetched, None);
        report.handed_over(at(3), (30, 50), 100);
        assert_eq!(report.fetched, Some(at(3)));
    }
}
