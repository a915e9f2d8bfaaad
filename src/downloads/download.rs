//! One download: what was asked for, how far it is, and in the end its archive.
//!
//! The job alone writes the progress; every reader copies it whole, so nobody sees DONE with yesterday's counters. What
//! only a running job needs is gone with the job: a finished download is a small record and its archive.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use utoipa::ToSchema;

use super::{
    gate::{Beyond, Gate},
    orders::{Ordered, Outcome},
    report::Report,
};
use crate::{
    changes::Changes,
    clock::Timestamp,
    content::Content,
    events::Place,
    repository::{access::Caller, node::NodeId},
};

/// Where a download stands. There is none for failure: a job that dies leaves the last one (section 3.2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// Nothing was zipped yet.
    #[default]
    Pending,
    /// The first bytes were zipped.
    InProgress,
    /// The archive can be fetched.
    Done,
    /// Somebody cancelled it in time.
    Cancelled,
    /// The requested nodes have more bytes than the limit allows.
    MaxContentSizeExceeded,
}

impl Status {
    /// As on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::InProgress => "IN_PROGRESS",
            Self::Done => "DONE",
            Self::Cancelled => "CANCELLED",
            Self::MaxContentSizeExceeded => "MAX_CONTENT_SIZE_EXCEEDED",
        }
    }

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        !matches!(self, Self::Pending | Self::InProgress)
    }
}

/// How far a download is, as a client sees it. All counts are as published, and bytes are uncompressed ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    /// Where it stands.
    pub status: Status,
    /// Files that are zipped whole.
    pub files_added: u64,
    /// Bytes that are zipped.
    pub bytes_added: u64,
    /// Files to be zipped.
    pub total_files: u64,
    /// Bytes to be zipped.
    pub total_bytes: u64,
}

/// A download node. There may be a million of them, so what only some need is kept apart.
#[derive(Debug)]
pub(crate) struct Download {
    pub(crate) id: NodeId,
    pub(crate) creator: Caller,
    pub(crate) name: Box<str>,
    pub(crate) created: Timestamp,
    pub(crate) node_ids: Box<[NodeId]>,
    state: Mutex<State>,
    /// None until its client does something.
    report: Mutex<Option<Box<Report>>>,
    changes: Changes,
}

/// What a job is steered by.
#[derive(Debug)]
pub(crate) struct Steering {
    /// How far it may go.
    pub(crate) gate: Gate,
    /// The end that a tester has ordered for it.
    outcome: Mutex<Option<Outcome>>,
    /// Ends it.
    pub(super) stop: CancellationToken,
}

/// What a new download is made of.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) id: NodeId,
    pub(super) creator: Caller,
    pub(super) name: String,
    pub(super) node_ids: Vec<NodeId>,
    pub(super) ordered: Ordered,
}

#[derive(Clone, Debug)]
pub(crate) struct State {
    pub(crate) progress: Progress,
    /// `cm:modified`: when one of its properties was last written.
    pub(crate) modified: Timestamp,
    pub(crate) is_cancel_requested: bool,
    /// The archive, once it is DONE.
    pub(crate) content: Option<Content>,
    is_deleted: bool,
    /// Gone with the job.
    steering: Option<Arc<Steering>>,
}

impl Download {
    pub(super) fn new(request: Request, now: Timestamp, changes: &Changes) -> Self {
        let Request { id, creator, name, node_ids, ordered } = request;
        let steering = Steering {
            gate: Gate::new(ordered.gate, changes.of(Place::Download(id))),
            outcome: Mutex::new(ordered.outcome),
            stop: CancellationToken::new(),
        };
        Self {
            id,
            creator,
            name: name.into(),
            created: now,
            node_ids: node_ids.into(),
            state: Mutex::new(State {
                progress: Progress::default(),
                modified: now,
                is_cancel_requested: false,
                content: None,
                is_deleted: false,
                steering: Some(Arc::new(steering)),
            }),
            report: Mutex::default(),
            changes: changes.clone(),
        }
    }

    /// Whether it belongs to `caller`, or he is an administrator: nobody else may do anything with it.
    pub(crate) fn is_of(&self, caller: &Caller) -> bool {
        caller.is_admin || caller.user == self.creator.user
    }

    /// Everything that changes, at one moment.
    pub(crate) fn state(&self) -> State {
        self.lock().clone()
    }

    pub(crate) fn progress(&self) -> Progress {
        self.lock().progress
    }

    pub(crate) fn modified(&self) -> Timestamp {
        self.lock().modified
    }

    /// Says that it is to be cancelled. The property is written in every state, and moves `cm:modified`.
    pub(crate) fn request_cancel(&self, now: Timestamp) {
        let mut state = self.lock();
        state.is_cancel_requested = true;
        state.modified = now;
        drop(state);
        self.tell();
    }

    /// Publishes progress; says whether a cancel was requested by then. What is final stays as it is.
    pub(super) fn publish(&self, now: Timestamp, progress: Progress) -> bool {
        self.write(now, progress, None)
    }

    /// The archive becomes its content, and its status DONE, in one step.
    pub(super) fn finish(&self, now: Timestamp, progress: Progress, archive: Content) {
        self.write(now, Progress { status: Status::Done, ..progress }, Some(archive));
    }

    fn write(&self, now: Timestamp, progress: Progress, archive: Option<Content>) -> bool {
        let mut state = self.lock();
        if !state.progress.status.is_final() {
            state.progress = progress;
            state.modified = now;
            state.content = archive;
        }
        let is_cancel_requested = state.is_cancel_requested;
        drop(state);
        self.tell();
        is_cancel_requested
    }

    /// Ends its job, which can tell nobody any more.
    pub(super) fn end_as_deleted(&self) {
        let mut state = self.lock();
        state.is_deleted = true;
        // Nobody can fetch it any more; what is still being sent holds on to it.
        let archive = state.content.take();
        let steering = state.steering.take();
        drop(state);
        drop(archive);
        if let Some(steering) = steering {
            steering.stop.cancel();
            steering.gate.end();
        }
        self.tell();
    }

    /// What its job is steered by, until that is over, however it ended.
    pub(crate) fn steering(&self) -> Option<Arc<Steering>> {
        self.lock().steering.clone()
    }

    /// The same, for those who want to steer.
    pub(crate) fn steered(&self) -> Result<Arc<Steering>, Beyond> {
        self.steering().ok_or(Beyond::Ended)
    }

    /// Orders an end for it, in the place of any other, unless its job is beyond the point at which it comes.
    pub(crate) fn order(&self, outcome: Outcome) -> Result<(), Beyond> {
        self.steered()?.order(outcome)?;
        self.tell();
        Ok(())
    }

    pub(crate) fn is_deleted(&self) -> bool {
        self.lock().is_deleted
    }

    /// What its client has done so far.
    pub(crate) fn report(&self) -> Report {
        self.locked_report().as_deref().cloned().unwrap_or_default()
    }

    /// Writes down what its client did.
    pub(crate) fn note(&self, note: impl FnOnce(&mut Report)) {
        note(self.locked_report().get_or_insert_default());
        self.tell();
    }

    fn tell(&self) {
        self.changes.tell_of(Place::Download(self.id));
    }

    fn locked_report(&self) -> MutexGuard<'_, Option<Box<Report>>> {
        self.report.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its job is over, however it ended.
    pub(super) fn job_ended(&self) {
        let steering = self.lock().steering.take();
        if let Some(steering) = steering {
            steering.gate.end();
        }
    }

    /// Waits until its progress satisfies `condition`; none when it is deleted first.
    pub(crate) async fn wait_for(&self, condition: impl Fn(&Progress) -> bool) -> Option<Progress> {
        let look = || {
            let state = self.lock();
            let found = condition(&state.progress).then_some(Some(state.progress));
            if state.is_deleted { Some(None) } else { found }
        };
        self.changes.until(look).await
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Steering {
    /// The end that a tester has ordered.
    pub(super) fn outcome(&self) -> Option<Outcome> {
        *self.locked_outcome()
    }

    fn order(&self, outcome: Outcome) -> Result<(), Beyond> {
        // The job looks at the order after it has said where it is, so that none slips by.
        let mut ordered = self.locked_outcome();
        match outcome {
            Outcome::MaxContentSizeExceeded => self.gate.lies_before_begin()?,
            Outcome::Cancelled(point) | Outcome::Dies(point) => self.gate.lies_before(point)?,
        }
        *ordered = Some(outcome);
        Ok(())
    }

    fn locked_outcome(&self) -> MutexGuard<'_, Option<Outcome>> {
        self.outcome.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
