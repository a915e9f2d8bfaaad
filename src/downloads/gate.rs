//! How far a job may go before it waits for the tester.
//!
//! A job tells its gate each [`Moment`] that it comes to; the gate lets it pass, or holds it there until it is released
//! or stepped on. While a job is held, everything else goes on: what was published is shown, a cancel is noted, the
//! cleaner and a delete take the job away.

use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use utoipa::ToSchema;

use crate::changes::Teller;

/// A point in the course of a job at which it can be held, or come to grief.
///
/// The points are those between which a client of the real server can tell a difference (wire reference, downloads,
/// section 3). A job that never comes to its point, such as the third of two files, runs to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Point {
    /// Before anything: nothing was looked at, not even how much there is to zip. It shows `PENDING` and zeros, and
    /// takes none of the workers.
    Pending,
    /// Before that file, counted from one, empty files too. What was published before is what shows.
    BeforeFile(u64),
    /// Right after that many updates of the counters, and after the look whether a cancel was asked for: a `DELETE`
    /// that comes now is noticed at the next update.
    AfterUpdates(u64),
    /// When so many uncompressed bytes are through, however many were published.
    AtBytes(u64),
    /// When that part of all uncompressed bytes, in percent, is through.
    AtPercent(u8),
    /// After the last file: all is zipped, and the status is about to become `DONE`. No look for a cancel follows.
    BeforeDone,
}

impl Point {
    /// Says what is wrong with it, if anything is.
    pub(crate) fn check(self) -> Result<(), &'static str> {
        match self {
            Self::BeforeFile(0) => Err("files are counted from 1"),
            Self::AfterUpdates(0) => Err("updates are counted from 1"),
            Self::AtPercent(percent) if percent > 100 => Err("at-percent goes from 0 to 100"),
            _ => Ok(()),
        }
    }
}

/// Where a step ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// At the next update that a client can see; after the last of them the job ends.
    Update,
    /// When one more file is zipped whole: before the next one, or before `DONE`; from there the job ends.
    File,
}

/// Where a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// It was asked for.
    Pending,
    /// About to begin that file, counted from one.
    File(u64),
    /// About to take the bytes from where it is up to that many.
    Toward(u64),
    /// It has published that many times.
    Updated(u64),
    /// All is zipped.
    BeforeDone,
    /// Nothing follows.
    Ended,
}

/// What the gate knows of its job.
#[derive(Clone, Copy, Debug, Default)]
struct Position {
    /// What it came to last.
    moment: Option<Moment>,
    /// The file in hand, counted from one.
    file: u64,
    /// Files that are zipped whole.
    files_added: u64,
    updates: u64,
    /// Bytes that are through.
    bytes: u64,
    total_bytes: u64,
    /// What there is to zip is known.
    has_begun: bool,
    is_at_end: bool,
    has_ended: bool,
}

/// Until when a job may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Target {
    Point(Point),
    /// Until so many files are zipped whole.
    Files(u64),
}

/// A job's gate: open unless it was given a point.
#[derive(Debug)]
pub(crate) struct Gate {
    state: Mutex<State>,
    moved: Notify,
    changes: Teller,
}

#[derive(Debug, Default)]
struct State {
    target: Option<Target>,
    /// The rule that shut it.
    rule: Option<u64>,
    is_held: bool,
    position: Position,
}

/// A gate that cannot do what was asked of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Beyond {
    #[error("the job has passed that point")]
    Passed,
    #[error("the job has ended")]
    Ended,
    #[error("the job is not held")]
    NotHeld,
}

impl Gate {
    /// Open, or shut at a point by a rule.
    pub(crate) fn new(shut: Option<(u64, Point)>, changes: Teller) -> Self {
        let target = shut.map(|(_, point)| Target::Point(point));
        let state = State { target, rule: shut.map(|(rule, _)| rule), ..State::default() };
        Self { state: Mutex::new(state), moved: Notify::new(), changes }
    }

    /// Whether the job is waiting at it now.
    pub(crate) fn is_held(&self) -> bool {
        self.lock().is_held
    }

    /// Whether its job is over, however it ended.
    pub(crate) fn has_ended(&self) -> bool {
        self.lock().position.has_ended
    }

    /// The point that it is shut at, if it is a named one.
    pub(crate) fn point(&self) -> Option<Point> {
        match self.lock().target {
            Some(Target::Point(point)) => Some(point),
            _ => None,
        }
    }

    /// Shuts it at a point that the job has not passed.
    pub(crate) fn shut(&self, point: Point) -> Result<(), Beyond> {
        let mut state = self.lock();
        state.lies_before(point)?;
        state.target = Some(Target::Point(point));
        state.rule = None;
        drop(state);
        self.move_on();
        Ok(())
    }

    /// Whether the job can still come to a point.
    pub(super) fn lies_before(&self, point: Point) -> Result<(), Beyond> {
        self.lock().lies_before(point)
    }

    /// Whether nothing was looked at yet.
    pub(super) fn lies_before_begin(&self) -> Result<(), Beyond> {
        match self.lock().position {
            Position { has_ended: true, .. } => Err(Beyond::Ended),
            Position { has_begun: true, .. } => Err(Beyond::Passed),
            _ => Ok(()),
        }
    }

    /// Opens it for good.
    pub(crate) fn open(&self) {
        let mut state = self.lock();
        state.target = None;
        state.rule = None;
        state.is_held = false;
        drop(state);
        self.move_on();
    }

    /// Opens it if that rule shut it.
    pub(crate) fn open_if_shut_by(&self, rule: u64) {
        if self.lock().rule == Some(rule) {
            self.open();
        }
    }

    /// Lets a held job go on by one step.
    pub(crate) fn step(&self, step: Step) -> Result<(), Beyond> {
        let mut state = self.lock();
        if state.position.has_ended {
            return Err(Beyond::Ended);
        }
        if !state.is_held {
            return Err(Beyond::NotHeld);
        }
        state.target = Some(match step {
            Step::Update => Target::Point(Point::AfterUpdates(state.position.updates + 1)),
            Step::File => Target::Files(state.position.files_added + 1),
        });
        state.is_held = false;
        drop(state);
        self.move_on();
        Ok(())
    }

    /// Tells what the walk has found.
    pub(super) fn begin(&self, total_bytes: u64) {
        let position = &mut self.lock().position;
        position.total_bytes = total_bytes;
        position.has_begun = true;
    }

    /// Tells that a file is zipped whole.
    pub(super) fn file_added(&self) {
        self.lock().position.files_added += 1;
    }

    /// Waits for as long as the job is to be held at `moment`.
    pub(super) async fn pass(&self, moment: Moment) {
        loop {
            let mut moved = std::pin::pin!(self.moved.notified());
            moved.as_mut().enable();
            {
                let mut state = self.lock();
                state.position.reach(moment);
                let position = state.position;
                if !state.target.is_some_and(|target| position.is_due(target, moment)) {
                    state.is_held = false;
                    return;
                }
                state.is_held = true;
            }
            self.changes.tell();
            moved.await;
        }
    }

    /// Whether `point` is what the job has come to at `moment`.
    pub(super) fn is_at(&self, point: Point, moment: Moment) -> bool {
        self.lock().position.is_due(Target::Point(point), moment)
    }

    /// The job has ended, however that was.
    pub(super) fn end(&self) {
        let mut state = self.lock();
        state.position.reach(Moment::Ended);
        state.target = None;
        state.is_held = false;
        drop(state);
        self.changes.tell();
    }

    fn move_on(&self) {
        self.moved.notify_waiters();
        self.changes.tell();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lies_before(&self, point: Point) -> Result<(), Beyond> {
        match self.position {
            Position { has_ended: true, .. } => Err(Beyond::Ended),
            position if position.is_beyond(point, self.is_held) => Err(Beyond::Passed),
            _ => Ok(()),
        }
    }
}

impl Position {
    fn reach(&mut self, moment: Moment) {
        match moment {
            Moment::Pending => (),
            Moment::File(number) => self.file = number,
            Moment::Toward(bytes) => self.bytes = bytes,
            Moment::Updated(updates) => self.updates = updates,
            Moment::BeforeDone => self.is_at_end = true,
            Moment::Ended => self.has_ended = true,
        }
        self.moment = Some(moment);
    }

    fn is_due(&self, target: Target, moment: Moment) -> bool {
        match target {
            Target::Point(Point::AtPercent(percent)) => {
                let bytes = u128::from(self.total_bytes) * u128::from(percent) / 100;
                self.is_due(Target::Point(Point::AtBytes(u64::try_from(bytes).unwrap_or(u64::MAX))), moment)
            }
            Target::Point(Point::AtBytes(bytes)) => match moment {
                Moment::Toward(next) => bytes < next,
                Moment::BeforeDone => bytes <= self.total_bytes,
                _ => false,
            },
            Target::Point(Point::Pending) => moment == Moment::Pending,
            Target::Point(Point::BeforeFile(number)) => moment == Moment::File(number),
            Target::Point(Point::AfterUpdates(updates)) => moment == Moment::Updated(updates),
            Target::Point(Point::BeforeDone) => moment == Moment::BeforeDone,
            Target::Files(files) => matches!(moment, Moment::File(_) | Moment::BeforeDone) && self.files_added >= files,
        }
    }

    /// Whether the job cannot come to `point` any more. One that is held has not left the moment that it has come to.
    fn is_beyond(&self, point: Point, is_held: bool) -> bool {
        if is_held && self.moment.is_some_and(|moment| self.is_due(Target::Point(point), moment)) {
            return false;
        }
        match point {
            Point::Pending => self.moment.is_some(),
            Point::BeforeFile(number) => self.file >= number || self.is_at_end,
            Point::AfterUpdates(updates) => self.updates >= updates,
            Point::AtBytes(bytes) => self.bytes > bytes || self.is_at_end,
            Point::AtPercent(percent) => {
                let is_through = u128::from(self.bytes) * 100 > u128::from(self.total_bytes) * u128::from(percent);
                is_through || self.is_at_end
            }
            Point::BeforeDone => self.is_at_end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{changes::Changes, events::Place};

    const TWO_FILES: [Moment; 8] = [
        Moment::Pending,
        Moment::File(1),
        Moment::Toward(13),
        Moment::Updated(1),
        Moment::File(2),
        Moment::Toward(26),
        Moment::Updated(2),
        Moment::BeforeDone,
    ];

    /// Where, in a job of two files of 13 bytes, a point holds first.
    #[track_caller]
    fn check(point: Point, expected: Option<Moment>) {
        let mut position = Position { total_bytes: 26, ..Position::default() };
        let due = TWO_FILES.into_iter().find(|moment| {
            position.reach(*moment);
            position.is_due(Target::Point(point), *moment)
        });
        assert_eq!(due, expected, "{point:?}");
    }

    #[test]
    fn each_point_has_its_moment() {
        check(Point::Pending, Some(Moment::Pending));
        check(Point::BeforeFile(2), Some(Moment::File(2)));
        check(Point::BeforeFile(3), None);
        check(Point::AfterUpdates(1), Some(Moment::Updated(1)));
        check(Point::AtBytes(0), Some(Moment::Toward(13)));
        check(Point::AtBytes(12), Some(Moment::Toward(13)));
        check(Point::AtBytes(13), Some(Moment::Toward(26)));
        check(Point::AtBytes(26), Some(Moment::BeforeDone));
        check(Point::AtBytes(27), None);
        check(Point::AtPercent(0), Some(Moment::Toward(13)));
        check(Point::AtPercent(50), Some(Moment::Toward(26)));
        check(Point::AtPercent(100), Some(Moment::BeforeDone));
        check(Point::BeforeDone, Some(Moment::BeforeDone));
    }

    #[test]
    fn a_point_that_was_passed_is_refused() {
        let gate = Gate::new(None, Changes::default().of(Place::Orders));
        gate.begin(26);
        for moment in &TWO_FILES[..5] {
            gate.lock().position.reach(*moment);
        }
        let passed =
            [Point::Pending, Point::BeforeFile(1), Point::BeforeFile(2), Point::AtBytes(12), Point::AtPercent(49)];
        for passed in passed {
            assert_eq!(gate.shut(passed), Err(Beyond::Passed), "{passed:?}");
        }
        for ahead in [Point::AtBytes(13), Point::AtPercent(50), Point::AfterUpdates(2), Point::BeforeDone] {
            assert_eq!(gate.shut(ahead), Ok(()), "{ahead:?}");
        }
        assert_eq!(gate.step(Step::File), Err(Beyond::NotHeld));
        gate.end();
        assert_eq!(gate.shut(Point::BeforeDone), Err(Beyond::Ended));
    }
}
