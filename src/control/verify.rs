//! What a client did with a download, and whether that is what was expected of it.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    Timestamp,
    downloads::{download::Download, report::Deletion},
    duration::DurationText,
};

/// What a client did with one download. Times are those of the network's clock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportView {
    /// Its id.
    pub id: String,
    /// When it was asked for.
    #[schema(value_type = String)]
    pub created_at: Timestamp,
    /// How often its status was asked for, whatever the answer was, save 401 and 403.
    pub polls: u64,
    /// When; the first 10,000 times.
    #[schema(value_type = Vec<String>)]
    pub polled_at: Vec<Timestamp>,
    /// Milliseconds between those times.
    pub intervals_ms: Vec<u64>,
    /// The shortest time between any two polls in a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shortest_interval_ms: Option<u64>,
    /// When a poll was first answered with a status that nothing follows.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub saw_final_at: Option<Timestamp>,
    /// Polls after that one.
    pub polls_after_final: u64,
    /// How often a cancel was asked for.
    pub cancels: u64,
    /// How often its content was asked for, once it was there.
    pub content_requests: u64,
    /// When its content had been handed over whole, in one answer or in parts.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub fetched_at: Option<Timestamp>,
    /// When it was deleted.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub deleted_at: Option<Timestamp>,
    /// By whom.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deleted_by: Option<Deletion>,
}

/// What is expected of a client; what is not stated is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Expectations {
    /// It never polled again once it had seen a final status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub never_polled_after_final: Option<bool>,
    /// It deleted the download in the end. The cleaner does not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deleted: Option<bool>,
    /// It fetched the content whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fetched: Option<bool>,
    /// It asked for a cancel.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled: Option<bool>,
    /// It let at least so much time pass between two polls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub min_poll_interval: Option<DurationText>,
    /// It polled at least so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub min_polls: Option<u64>,
    /// It polled at most so often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    pub max_polls: Option<u64>,
}

/// What a client did otherwise than expected, a sentence each.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct Unmet(pub Vec<String>);

impl ReportView {
    pub(super) fn of(download: &Download) -> Self {
        let report = download.report();
        Self {
            id: download.id.to_string(),
            created_at: download.created,
            polls: report.poll_count,
            intervals_ms: report.intervals_ms(),
            polled_at: report.polls,
            shortest_interval_ms: report.shortest_interval_ms,
            saw_final_at: report.saw_final,
            polls_after_final: report.polls_after_final,
            cancels: report.cancels,
            content_requests: report.content_requests,
            fetched_at: report.fetched,
            deleted_at: report.deleted.map(|(at, _)| at),
            deleted_by: report.deleted.map(|(_, by)| by),
        }
    }

    /// Compares what the client did with what is expected of it.
    ///
    /// # Errors
    /// When it did otherwise.
    pub fn verify(&self, expected: &Expectations) -> Result<(), Unmet> {
        let mut unmet = Vec::new();
        let mut expect = |expected: Option<bool>, is_so: bool, so: String, otherwise: &str| {
            if expected.is_some_and(|expected| expected != is_so) {
                unmet.push(if is_so { so } else { otherwise.to_owned() });
            }
        };
        let after_final = self.polls_after_final;
        expect(
            expected.never_polled_after_final.map(|never| !never),
            after_final > 0,
            format!("it polled {after_final} times after a final status"),
            "it never polled after a final status",
        );
        let is_deleted = self.deleted_by == Some(Deletion::Client);
        expect(expected.deleted, is_deleted, "it deleted the download".to_owned(), "it did not delete the download");
        expect(
            expected.fetched,
            self.fetched_at.is_some(),
            "it fetched the content".to_owned(),
            "it did not fetch the content whole",
        );
        expect(expected.cancelled, self.cancels > 0, "it asked for a cancel".to_owned(), "it asked for no cancel");
        if let Some(DurationText(least)) = expected.min_poll_interval
            && let Some(shortest) = self.shortest_interval_ms
            && Duration::from_millis(shortest) < least
        {
            unmet.push(format!("it polled again after {shortest} ms"));
        }
        let polls = self.polls;
        if expected.min_polls.is_some_and(|least| polls < least) || expected.max_polls.is_some_and(|most| polls > most)
        {
            unmet.push(format!("it polled {polls} times"));
        }
        if unmet.is_empty() { Ok(()) } else { Err(Unmet(unmet)) }
    }

    /// Fails a test if the client polled again once it had seen a final status.
    #[track_caller]
    pub fn assert_never_polled_after_final(&self) {
        self.assert(&Expectations { never_polled_after_final: Some(true), ..Expectations::default() });
    }

    /// Fails a test if the client did not delete the download.
    #[track_caller]
    pub fn assert_deleted(&self) {
        self.assert(&Expectations { deleted: Some(true), ..Expectations::default() });
    }

    /// Fails a test if the client did not fetch the content whole.
    #[track_caller]
    pub fn assert_fetched(&self) {
        self.assert(&Expectations { fetched: Some(true), ..Expectations::default() });
    }

    /// Fails a test if the client ever let less time pass between two polls.
    #[track_caller]
    pub fn assert_polled_no_faster_than(&self, interval: Duration) {
        self.assert(&Expectations { min_poll_interval: Some(interval.into()), ..Expectations::default() });
    }

    /// Fails a test if the client did otherwise than expected.
    ///
    /// # Panics
    /// In that case.
    #[track_caller]
    pub fn assert(&self, expected: &Expectations) {
        if let Err(unmet) = self.verify(expected) {
            panic!("the client of download {}: {unmet}", self.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic;

    use super::*;

    /// Of a client that polled three times, 100 ms apart at least, and did nothing else.
    fn idle() -> ReportView {
        let at = Timestamp::from_millis;
        ReportView {
            id: "x".to_owned(),
            created_at: at(0),
            polls: 3,
            polled_at: [0, 100, 300].map(at).to_vec(),
            intervals_ms: vec![100, 200],
            shortest_interval_ms: Some(100),
            saw_final_at: Some(at(300)),
            polls_after_final: 0,
            cancels: 0,
            content_requests: 0,
            fetched_at: None,
            deleted_at: None,
            deleted_by: None,
        }
    }

    /// Of one that fetched, cancelled and deleted, and went on polling.
    fn busy() -> ReportView {
        let at = Some(Timestamp::from_millis(400));
        ReportView {
            polls_after_final: 2,
            cancels: 1,
            fetched_at: at,
            deleted_at: at,
            deleted_by: Some(Deletion::Client),
            ..idle()
        }
    }

    #[track_caller]
    fn check(report: &ReportView, expected: &str, unmet: &str) {
        let expected: Expectations = serde_json::from_str(expected).unwrap();
        let found = report.verify(&expected).err().map(|unmet| unmet.to_string()).unwrap_or_default();
        assert_eq!(found, unmet, "{expected:?}");
    }

    #[test]
    fn what_is_not_expected_is_not_looked_at() {
        check(&idle(), "{}", "");
        check(&busy(), "{}", "");
    }

    #[test]
    fn each_expectation_is_met_or_told() {
        check(&idle(), r#"{"neverPolledAfterFinal":true,"deleted":false,"fetched":false,"cancelled":false}"#, "");
        check(
            &idle(),
            r#"{"neverPolledAfterFinal":false,"deleted":true,"fetched":true,"cancelled":true}"#,
            "it never polled after a final status; it did not delete the download; it did not fetch the content whole; \
             it asked for no cancel",
        );
        check(&busy(), r#"{"neverPolledAfterFinal":false,"deleted":true,"fetched":true,"cancelled":true}"#, "");
        check(
            &busy(),
            r#"{"neverPolledAfterFinal":true,"deleted":false,"fetched":false,"cancelled":false}"#,
            "it polled 2 times after a final status; it deleted the download; it fetched the content; it asked for a cancel",
        );
        let cleaned = ReportView { deleted_by: Some(Deletion::Cleaner), ..busy() };
        check(&cleaned, r#"{"deleted":true}"#, "it did not delete the download");
    }

    #[test]
    fn numbers_are_met_at_their_limits() {
        check(&idle(), r#"{"minPollInterval":"100ms","minPolls":3,"maxPolls":3}"#, "");
        check(&idle(), r#"{"minPollInterval":"101ms"}"#, "it polled again after 100 ms");
        check(&idle(), r#"{"minPolls":4}"#, "it polled 3 times");
        check(&idle(), r#"{"maxPolls":2}"#, "it polled 3 times");
        check(&ReportView { shortest_interval_ms: None, ..idle() }, r#"{"minPollInterval":"1h"}"#, "");
    }

    #[test]
    fn assertions_fail_a_test_with_the_id_of_the_download() {
        let message = |assertion: fn(&ReportView), report: ReportView| {
            let failure = panic::catch_unwind(move || assertion(&report)).err();
            failure.map(|text| *text.downcast::<String>().unwrap())
        };
        let of = |text: &str| Some(format!("the client of download x: {text}"));
        let fast = |report: &ReportView| report.assert_polled_no_faster_than(Duration::from_millis(101));
        assert_eq!(message(fast, idle()), of("it polled again after 100 ms"));
        let slow = |report: &ReportView| report.assert_polled_no_faster_than(Duration::from_millis(100));
        assert_eq!(message(slow, idle()), None);
        let polled = "it polled 2 times after a final status";
        assert_eq!(message(ReportView::assert_never_polled_after_final, busy()), of(polled));
        assert_eq!(message(ReportView::assert_never_polled_after_final, idle()), None);
        assert_eq!(message(ReportView::assert_deleted, idle()), of("it did not delete the download"));
        assert_eq!(message(ReportView::assert_deleted, busy()), None);
        assert_eq!(message(ReportView::assert_fetched, idle()), of("it did not fetch the content whole"));
        assert_eq!(message(ReportView::assert_fetched, busy()), None);
    }
}
