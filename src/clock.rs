//! Time: the one door to it.
//!
//! Everything that a client can see of time (dates, tickets, delays, pace, the cleaner) asks a [`Clock`], so that a
//! test may freeze it and move it. tokio's paused time would not do: it needs a test's own runtime, and this clock
//! is to be moved from outside the process too.

use std::{
    borrow::Cow,
    fmt,
    ops::{Add, Sub},
    str::FromStr,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use tokio::sync::watch;

/// A moment, in whole milliseconds since 1970-01-01T00:00:00Z: the resolution of Alfresco's own dates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The moment that many milliseconds after 1970 (before it, when negative).
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis)
    }

    /// Milliseconds since 1970.
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment of a file's date. Dates that do not fit are clamped.
    pub(crate) fn from_system(time: SystemTime) -> Self {
        match time.duration_since(UNIX_EPOCH) {
            Ok(since) => Self(i64::try_from(since.as_millis()).unwrap_or(i64::MAX)),
            Err(before) => Self(i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |millis| -millis)),
        }
    }

    /// As the system counts, clamped to what an HTTP date can show: the years 1970 to 9999.
    pub(crate) fn to_system(self) -> SystemTime {
        const LATEST_MS: i64 = 253_402_300_799_999;
        UNIX_EPOCH + Duration::from_millis(u64::try_from(self.0.min(LATEST_MS)).unwrap_or_default())
    }

    /// How long after `earlier` this is; zero when it is not after it.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The civil date and time in UTC.
    pub(crate) fn utc(self) -> jiff::civil::DateTime {
        let clamped = self.0.clamp(jiff::Timestamp::MIN.as_millisecond(), jiff::Timestamp::MAX.as_millisecond());
        let timestamp = jiff::Timestamp::from_millisecond(clamped).unwrap_or_default();
        jiff::tz::Offset::UTC.to_datetime(timestamp)
    }
}

/// As the real server writes dates in JSON: `2026-06-22T09:15:02.456+0000` (wire reference, nodes, section 2).
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = self.utc();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}+0000",
            at.year(),
            at.month(),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Any date and time of ISO 8601 with an offset, such as `2026-06-22T09:15:02.456Z`, to the millisecond.
impl FromStr for Timestamp {
    type Err = NotATimestamp;

    fn from_str(text: &str) -> Result<Self, NotATimestamp> {
        let parsed =
            text.parse::<jiff::Timestamp>().or_else(|_| jiff::Timestamp::strptime("%Y-%m-%dT%H:%M:%S%.f%z", text));
        parsed.map(|at| Self(at.as_millisecond())).map_err(|_| NotATimestamp)
    }
}

/// The text is not a date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected a date and time such as 2026-06-22T09:15:02.456Z")]
pub struct NotATimestamp;

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Cow::<str>::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(millis(duration)))
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, duration: Duration) -> Self {
        Self(self.0.saturating_sub(millis(duration)))
    }
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// A clock that runs with the machine's, until it is frozen or moved. Clones are the same clock.
#[derive(Clone, Debug)]
pub struct Clock {
    face: Arc<Face>,
}

#[derive(Debug)]
struct Face {
    /// A moment from which the machine's time is counted.
    anchor: Instant,
    timeline: watch::Sender<Timeline>,
    /// The same, for those who only look, of whom there are several in each request: a look takes no lock.
    packed: AtomicI64,
}

/// How this clock's time follows from the machine's.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timeline {
    /// What it shows, less the time since the anchor when it runs. Within half of what 64 bits hold.
    offset: i64,
    running: bool,
}

impl Timeline {
    /// Shows `now` when that much time has passed since the anchor.
    fn showing(now: Timestamp, passed: i64, running: bool) -> Self {
        const MOST: i64 = i64::MAX / 4;
        let offset = now.0.clamp(-MOST, MOST) - if running { passed } else { 0 };
        Self { offset, running }
    }

    /// What it shows when that much time has passed since the anchor.
    fn after(self, passed: i64) -> Timestamp {
        Timestamp(self.offset + if self.running { passed } else { 0 })
    }

    fn now(self, anchor: Instant) -> Timestamp {
        self.after(millis(anchor.elapsed()))
    }

    fn pack(self) -> i64 {
        self.offset << 1 | i64::from(self.running)
    }

    fn unpack(packed: i64) -> Self {
        Self { offset: packed >> 1, running: packed & 1 == 1 }
    }
}

impl Clock {
    /// A running clock that shows the machine's time.
    pub fn system() -> Self {
        Self::starting_at(Timestamp::from_system(real_time()), true)
    }

    /// A clock that stands still at `now` until it is advanced or resumed.
    pub fn frozen(now: Timestamp) -> Self {
        Self::starting_at(now, false)
    }

    fn starting_at(shown: Timestamp, running: bool) -> Self {
        let timeline = Timeline::showing(shown, 0, running);
        let packed = AtomicI64::new(timeline.pack());
        Self { face: Arc::new(Face { anchor: real_instant(), timeline: watch::Sender::new(timeline), packed }) }
    }

    /// The time it shows.
    pub fn now(&self) -> Timestamp {
        self.timeline().now(self.face.anchor)
    }

    fn timeline(&self) -> Timeline {
        Timeline::unpack(self.face.packed.load(Ordering::Acquire))
    }

    /// Stops it where it is.
    pub fn freeze(&self) {
        self.change(|now| now, Some(false));
    }

    /// Lets it run on from the time it shows.
    pub fn resume(&self) {
        self.change(|now| now, Some(true));
    }

    /// Moves it forward. Whoever waits for a moment that has now passed goes on at once.
    pub fn advance(&self, by: Duration) {
        self.move_to(|now| now + by);
    }

    /// Sets it to `now`, where it runs on or stands still as before.
    pub fn set(&self, now: Timestamp) {
        self.move_to(|_| now);
    }

    /// Whether it runs.
    pub fn is_running(&self) -> bool {
        self.timeline().running
    }

    /// Shows the machine's time again, and runs.
    pub(crate) fn reset(&self) {
        self.change(|_| Timestamp::from_system(real_time()), Some(true));
    }

    /// Moves it to what `target` makes of the time that it shows.
    pub(crate) fn move_to(&self, target: impl FnOnce(Timestamp) -> Timestamp) {
        self.change(target, None);
    }

    fn change(&self, target: impl FnOnce(Timestamp) -> Timestamp, running: Option<bool>) {
        let Face { anchor, timeline, packed } = &*self.face;
        timeline.send_modify(|timeline| {
            let passed = millis(anchor.elapsed());
            let now = target(timeline.after(passed));
            *timeline = Timeline::showing(now, passed, running.unwrap_or(timeline.running));
            packed.store(timeline.pack(), Ordering::Release);
        });
    }

    /// Tells of every later move.
    pub(crate) fn moves(&self) -> watch::Receiver<Timeline> {
        self.face.timeline.subscribe()
    }

    /// Waits until this clock shows `deadline` or later, however it gets there.
    pub(crate) async fn sleep_until(&self, deadline: Timestamp) {
        let mut timeline = self.face.timeline.subscribe();
        loop {
            let current = *timeline.borrow_and_update();
            let now = current.now(self.face.anchor);
            if now >= deadline {
                return;
            }
            tokio::select! {
                () = real_sleep(deadline.since(now)), if current.running => (),
                _ = timeline.changed() => (),
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "the door that the others are sent to")]
fn real_time() -> SystemTime {
    SystemTime::now()
}

#[expect(clippy::disallowed_methods, reason = "the door that the others are sent to")]
pub(crate) fn real_instant() -> Instant {
    Instant::now()
}

/// Real time, which no tester moves: for the grace period of a stop and the patience of a health check.
#[expect(clippy::disallowed_methods, reason = "the door that the others are sent to")]
pub(crate) async fn real_sleep(duration: Duration) {
    tokio::time::sleep(duration).await;
}

/// The same for a thread that may block.
#[expect(clippy::disallowed_methods, reason = "the door that the others are sent to")]
pub(crate) fn real_pause(duration: Duration) {
    std::thread::sleep(duration);
}

/// A limit in real time on how long `future` may take.
pub(crate) async fn within<F: Future>(limit: Duration, future: F) -> Option<F::Output> {
    tokio::time::timeout(limit, future).await.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_as_the_real_server_writes_them() {
        assert_eq!(Timestamp::from_millis(1_782_119_702_456).to_string(), "2026-06-22T09:15:02.456+0000");
        assert_eq!(Timestamp::from_millis(0).to_string(), "1970-01-01T00:00:00.000+0000");
        assert_eq!(Timestamp::from_millis(-1).to_string(), "1969-12-31T23:59:59.999+0000");
    }

    #[test]
    fn dates_are_read_as_they_are_written_and_as_iso_8601_has_them() {
        for text in ["2026-06-22T09:15:02.456+0000", "2026-06-22T09:15:02.456Z", "2026-06-22T11:15:02.456+02:00"] {
            assert_eq!(text.parse(), Ok(Timestamp::from_millis(1_782_119_702_456)), "{text}");
        }
        for text in ["", "tomorrow", "2026-06-22", "2026-13-22T09:15:02Z"] {
            assert_eq!(text.parse::<Timestamp>(), Err(NotATimestamp), "{text}");
        }
    }

    #[test]
    fn a_frozen_clock_moves_only_when_told() {
        let clock = Clock::frozen(Timestamp::from_millis(1000));
        assert_eq!(clock.now(), Timestamp::from_millis(1000));
        clock.advance(Duration::from_secs(61));
        assert_eq!(clock.now(), Timestamp::from_millis(62_000));
    }

    #[test]
    fn a_clock_resumes_from_the_time_it_showed() {
        let clock = Clock::frozen(Timestamp::from_millis(1000));
        clock.resume();
        assert!(clock.now() >= Timestamp::from_millis(1000));
        clock.freeze();
        assert_eq!(clock.now(), clock.now());
    }

    #[tokio::test]
    async fn sleepers_wake_when_the_clock_is_moved_past_their_deadline() {
        let clock = Clock::frozen(Timestamp::from_millis(0));
        let sleeper = clock.clone();
        let slept = async move { sleeper.sleep_until(Timestamp::from_millis(3_600_000)).await };
        let (woken, ()) = tokio::join!(within(Duration::from_secs(30), slept), async {
            clock.advance(Duration::from_secs(1800));
            clock.advance(Duration::from_secs(1800));
        });
        assert_eq!(woken, Some(()));
    }
}
