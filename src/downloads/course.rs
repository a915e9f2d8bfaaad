//! The course that a job shows: when, in terms of bytes, it publishes, and when, in terms of time, it may.
//!
//! Section 3 of the wire reference: the real server writes its counters after chunk 1, 501, 1001, … of each file, a
//! chunk being up to 20,480 bytes, and at no other moment.

use std::{num::NonZeroU64, time::Duration};

use tokio::sync::watch;

use crate::{
    clock::{Clock, Timestamp},
    content::to_usize,
    settings::{InForce, ProgressStyle},
};

/// The length of the real server's copy buffer.
const CHUNK: u64 = 20_480;

/// Of so many chunks, the first publishes.
const CHUNKS_PER_UPDATE: usize = 500;

/// How many updates a smooth course has at most, beside the one after each file.
const SMOOTH_UPDATES: u64 = 1000;

/// When a job publishes, in terms of bytes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Course {
    style: ProgressStyle,
    total_bytes: u64,
}

impl Course {
    pub(super) fn new(style: ProgressStyle) -> Self {
        Self { style, total_bytes: 0 }
    }

    /// The walk has found so much to zip.
    pub(super) fn begin(&mut self, total_bytes: u64) {
        self.total_bytes = total_bytes;
    }

    /// The offsets, within a file of `size` bytes, at which its progress is published.
    pub(super) fn publications(self, size: u64) -> impl Iterator<Item = u64> {
        let chunks = match self.style {
            ProgressStyle::Alfresco => CHUNKS_PER_UPDATE,
            ProgressStyle::Smooth => to_usize(self.total_bytes.div_ceil(SMOOTH_UPDATES).div_ceil(CHUNK).max(1)),
        };
        (0..size.div_ceil(CHUNK)).step_by(chunks).map(move |chunk| ((chunk + 1) * CHUNK).min(size))
    }

    /// Whether a file that is zipped whole shows at once.
    pub(super) fn shows_each_file(self) -> bool {
        self.style == ProgressStyle::Smooth
    }
}

/// How fast a job may go.
#[derive(Debug)]
pub(super) struct Pace {
    clock: Clock,
    settings: watch::Receiver<InForce>,
    /// The bytes per second up to now, and since when it holds.
    rate: Option<NonZeroU64>,
    since: Timestamp,
    /// How many bytes were through at `since`.
    through: u64,
}

impl Pace {
    /// The pace of a job that began at `since`.
    pub(super) fn new(clock: Clock, settings: watch::Receiver<InForce>, since: Timestamp) -> Self {
        let rate = settings.borrow().downloads.pace;
        Self { clock, settings, rate, since, through: 0 }
    }

    /// Waits until so many bytes of the job may be through.
    pub(super) async fn reach(&mut self, bytes: u64) {
        loop {
            self.follow();
            let Some(pace) = self.rate else {
                (self.since, self.through) = (self.since.max(self.clock.now()), bytes);
                return;
            };
            let due = self.since + time_for(bytes.saturating_sub(self.through), pace);
            tokio::select! {
                biased;
                () = self.clock.sleep_until(due) => return,
                _ = self.settings.changed() => (),
            }
        }
    }

    /// Takes over a change, as of the moment at which it was made.
    fn follow(&mut self) {
        let changed = self.settings.borrow_and_update();
        if changed.since > self.since {
            self.through += self.rate.map_or(0, |pace| bytes_in(changed.since.since(self.since), pace));
            self.since = changed.since;
        }
        self.rate = changed.downloads.pace;
    }
}

/// Rounded up to the clock's milliseconds.
fn time_for(bytes: u64, pace: NonZeroU64) -> Duration {
    let millis = (u128::from(bytes) * 1000).div_ceil(u128::from(pace.get()));
    Duration::from_millis(u64::try_from(millis).unwrap_or(u64::MAX))
}

fn bytes_in(time: Duration, pace: NonZeroU64) -> u64 {
    u64::try_from(time.as_millis() * u128::from(pace.get()) / 1000).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;
    use crate::{
        config::Config,
        settings::{DownloadSettings, Settings},
    };

    #[track_caller]
    fn check(size: u64, expected: &[u64]) {
        let course = Course::new(ProgressStyle::Alfresco);
        assert_eq!(course.publications(size).collect::<Vec<_>>(), expected, "of {size} bytes");
    }

    #[test]
    fn chunks_1_501_1001_publish() {
        check(0, &[]);
        check(13, &[13]);
        check(20_480, &[20_480]);
        check(20_481, &[20_480]);
        check(500 * 20_480, &[20_480]);
        check(500 * 20_480 + 1, &[20_480, 500 * 20_480 + 1]);
        check(1001 * 20_480, &[20_480, 501 * 20_480, 1001 * 20_480]);
    }

    #[test]
    fn a_smooth_course_publishes_each_chunk_but_no_more_than_a_thousand_times() {
        let mut course = Course::new(ProgressStyle::Smooth);
        course.begin(50_000);
        assert_eq!(course.publications(50_000).collect::<Vec<_>>(), [20_480, 40_960, 50_000]);
        course.begin(10_000_000_000);
        assert!(course.publications(10_000_000_000).count() <= 1000);
    }

    #[test]
    fn time_is_rounded_up() {
        let pace = NonZeroU64::new(1000).unwrap();
        assert_eq!(time_for(1, pace), Duration::from_millis(1));
        assert_eq!(time_for(20_480, NonZeroU64::new(20_480).unwrap()), Duration::from_secs(1));
        assert_eq!(bytes_in(Duration::from_millis(1500), pace), 1500);
    }

    /// A job that begins now, on a clock that stands still.
    struct Paced {
        clock: Clock,
        settings: Settings,
        pace: Pace,
    }

    impl Paced {
        fn at(bytes_per_second: u64) -> Self {
            let clock = Clock::frozen(Timestamp::from_millis(0));
            let settings = Settings::new(at(bytes_per_second), clock.clone());
            let pace = Pace::new(clock.clone(), settings.changes(), clock.now());
            Self { clock, settings, pace }
        }

        /// Whether so many bytes may be through now.
        fn reaches(&mut self, bytes: u64) -> bool {
            self.pace.reach(bytes).now_or_never().is_some()
        }

        fn advance_ms(&self, millis: u64) {
            self.clock.advance(Duration::from_millis(millis));
        }
    }

    /// Settings with that pace; 0 for none.
    fn at(bytes_per_second: u64) -> DownloadSettings {
        DownloadSettings { pace: NonZeroU64::new(bytes_per_second), ..Config::default().downloads() }
    }

    #[test]
    fn without_a_pace_nothing_waits() {
        let mut job = Paced::at(0);
        assert!(job.reaches(u64::MAX));
    }

    #[test]
    fn bytes_are_through_when_their_time_has_come() {
        let mut job = Paced::at(1000);
        assert!(job.reaches(0) && !job.reaches(1));
        job.advance_ms(1499);
        assert!(job.reaches(1499) && !job.reaches(1500));
        job.advance_ms(1);
        assert!(job.reaches(1500) && !job.reaches(1501));
    }

    #[test]
    fn a_new_pace_holds_from_the_moment_of_the_change() {
        let mut job = Paced::at(1000);
        job.advance_ms(1000);
        job.settings.set_downloads(at(500));
        assert!(job.reaches(1000) && !job.reaches(1001));
        job.advance_ms(1999);
        assert!(job.reaches(1999) && !job.reaches(2000));
        job.advance_ms(1);
        assert!(job.reaches(2000));
    }

    #[test]
    fn a_change_that_is_heard_of_late_counts_from_when_it_was_made() {
        let mut job = Paced::at(1000);
        job.advance_ms(1000);
        job.settings.set_downloads(at(10));
        job.advance_ms(1000);
        assert!(job.reaches(1010) && !job.reaches(1011));
    }

    #[test]
    fn a_pace_that_is_lifted_lets_go_what_waits() {
        let mut job = Paced::at(1);
        assert!(!job.reaches(1_000_000));
        job.settings.set_downloads(at(0));
        assert!(job.reaches(1_000_000));
        job.settings.set_downloads(at(1000));
        assert!(job.reaches(1_000_000) && !job.reaches(1_000_001), "only what follows is paced");
        job.advance_ms(1000);
        assert!(job.reaches(1_001_000) && !job.reaches(1_001_001));
    }
}
