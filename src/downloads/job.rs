//! A job: builds one archive, and shows how far it is.
//!
//! Two things go on at once. Contents are deflated, a few runs ahead of where the job is; and the course that a client
//! sees moves from publication to publication, as fast as the pace allows, but never ahead of the deflating. A job that
//! dies leaves the status as it was (wire reference, downloads, section 3).

use std::{collections::VecDeque, io, num::NonZeroU64, sync::Arc};

use tracing::{debug, warn};

use super::{
    Downloads, Inner,
    archive::{Archive, ZipEntry},
    course::{Course, Pace},
    download::{Download, Progress, Status, Steering},
    gate::Moment,
    orders::Outcome,
    plan::{Entry, NoPlan, Plan},
};
use crate::{
    clock::Timestamp,
    content::{
        Content,
        packed::Packed,
        packer::{Packer, Run},
    },
    panics::{self, Panicked},
};

/// Publications between two yields: a job of many small files must not keep a thread from answering polls.
const STEPS_PER_YIELD: u64 = 32;

/// Why a job died. Nobody but the log hears of it.
#[derive(Debug, thiserror::Error)]
enum Death {
    #[error("a content could not be read or deflated: {0}")]
    Content(Arc<io::Error>),
    #[error(transparent)]
    Plan(#[from] NoPlan),
    #[error("the entry {0:?} is too large for a zip without zip64 extensions")]
    EntryTooLarge(Box<str>),
    #[error("the walk panicked")]
    Walk,
    #[error(transparent)]
    Bug(#[from] Panicked),
    #[error("so it was ordered")]
    Ordered,
}

/// How a job ended.
enum End {
    Done(Content),
    Cancelled,
    TooLarge { limit: u64 },
}

/// Runs the job of `download`: waits until `start`, then its turn, builds, and publishes the end.
pub(super) async fn run(downloads: Downloads, download: Arc<Download>, start: Timestamp) {
    // There is none if it was deleted already.
    let Some(steering) = download.steering() else { return };
    tokio::select! {
        biased;
        () = steering.stop.cancelled() => (),
        () = async {
            if let Err(death) = come_to(&downloads, &download, &steering, Moment::Pending).await {
                lay_out(&download, &death);
                return;
            }
            downloads.0.clock.sleep_until(start).await;
            downloads.0.workers.resize(downloads.0.settings.downloads().workers);
            let (_turn, begun) = match downloads.0.workers.try_take() {
                Some(turn) => (turn, start),
                None => (downloads.0.workers.take().await, downloads.0.clock.now()),
            };
            Job::new(&downloads, &download, &steering, begun).run().await;
        } => (),
    }
    download.job_ended();
}

/// The job has come to `moment`: waits while the gate holds it there, then does what was ordered for it.
async fn come_to(downloads: &Downloads, download: &Download, steering: &Steering, moment: Moment) -> Result<(), Death> {
    steering.gate.pass(moment).await;
    match steering.outcome() {
        Some(Outcome::Dies(point)) if steering.gate.is_at(point, moment) => Err(Death::Ordered),
        Some(Outcome::Cancelled(point))
            if steering.gate.is_at(point, moment) && !download.state().is_cancel_requested =>
        {
            download.request_cancel(downloads.0.clock.now());
            Ok(())
        }
        _ => Ok(()),
    }
}

fn lay_out(download: &Download, death: &Death) {
    let (id, status) = (download.id, download.progress().status.as_str());
    warn!(download.id = %id, "the job of download {id} died and leaves it {status}: {death}");
}

/// What a job knows while it runs.
struct Job<'a> {
    downloads: &'a Downloads,
    download: &'a Download,
    steering: &'a Steering,
    progress: Progress,
    pace: Pace,
    course: Course,
    updates: u64,
}

impl<'a> Job<'a> {
    fn new(downloads: &'a Downloads, download: &'a Download, steering: &'a Steering, begun: Timestamp) -> Self {
        let pace = Pace::new(downloads.0.clock.clone(), downloads.0.settings.changes(), begun);
        let course = Course::new(downloads.0.settings.downloads().progress);
        Self { downloads, download, steering, progress: Progress::default(), pace, course, updates: 0 }
    }

    async fn run(mut self) {
        let id = self.download.id;
        let telemetry = self.downloads.0.telemetry.clone();
        telemetry.job_started();
        let built = panics::caught(self.build()).await.unwrap_or_else(|panicked| Err(panicked.into()));
        let (files, bytes) = (self.progress.files_added, self.progress.bytes_added);
        let status = match &built {
            Ok(End::Done(_)) => Some(Status::Done),
            Ok(End::Cancelled) => Some(Status::Cancelled),
            Ok(End::TooLarge { .. }) => Some(Status::MaxContentSizeExceeded),
            Err(_) => None,
        };
        telemetry.job_ended(status, files, bytes);
        match built {
            Ok(End::Done(archive)) => self.download.finish(self.now(), self.progress, archive),
            Ok(End::Cancelled) => self.publish_end(Status::Cancelled),
            Ok(End::TooLarge { limit }) => {
                self.progress.bytes_added = limit;
                self.publish_end(Status::MaxContentSizeExceeded);
            }
            Err(death) => return lay_out(self.download, &death),
        }
        debug!(download.id = %id, "download {id} is {}", self.download.progress().status.as_str());
    }

    async fn build(&mut self) -> Result<End, Death> {
        let plan = self.plan().await?;
        (self.progress.total_files, self.progress.total_bytes) = (plan.total_files, plan.total_bytes);
        // Before the look at what is ordered, so that an order that comes too late is refused.
        self.steering.gate.begin(plan.total_bytes);
        if plan.is_cut {
            let most = self.downloads.0.most_entries;
            warn!(
                "download {} would have more than {most} files and folders; see --max-download-entries",
                self.download.id
            );
            return Ok(End::TooLarge { limit: plan.total_bytes.saturating_sub(1) });
        }
        if let Some(limit) = self.exceeded_limit(plan.total_bytes) {
            return Ok(End::TooLarge { limit });
        }
        self.course.begin(plan.total_bytes);
        let mut files = 0;
        let mut ahead = Ahead::new(&plan.entries);
        let mut entries = Vec::with_capacity(plan.entries.len());
        for (index, entry) in plan.entries.iter().enumerate() {
            let packed = match &entry.content {
                Some(content) => {
                    ahead.look(&self.downloads.0.packer, index);
                    files += 1;
                    self.come_to(Moment::File(files)).await?;
                    match self.add(entry, content).await? {
                        Added::Packed(packed) => Some(packed),
                        Added::Missing => continue,
                        Added::Cancelled => return Ok(End::Cancelled),
                    }
                }
                None => None,
            };
            let (created, modified) = (entry.created, entry.modified);
            entries.push(ZipEntry { name: entry.name.clone(), created, modified, packed });
        }
        self.come_to(Moment::BeforeDone).await?;
        self.pace.reach(self.progress.bytes_added).await;
        Ok(End::Done(Content::archive(Arc::new(Archive::new(entries)))))
    }

    /// Walks the requested nodes, off the threads that answer requests.
    async fn plan(&self) -> Result<Plan, Death> {
        let (downloads, creator) = (self.downloads.clone(), self.download.creator.clone());
        let node_ids = self.download.node_ids.clone();
        let walk = move || {
            let tree = downloads.0.repository.read();
            let Inner { most_entries, memory, .. } = &*downloads.0;
            Plan::walk(&tree, &creator, &node_ids, *most_entries, |id| downloads.get(id), || !memory.is_short())
        };
        Ok(self.downloads.0.tasks.compute(walk).await.map_err(|_| Death::Walk)??)
    }

    /// The limit that is exceeded, in fact or by order.
    fn exceeded_limit(&self, total_bytes: u64) -> Option<u64> {
        let limit = self.downloads.0.settings.downloads().max_content_size;
        let exceeded = limit.map(NonZeroU64::get).filter(|limit| total_bytes > *limit);
        let is_ordered = self.steering.outcome() == Some(Outcome::MaxContentSizeExceeded);
        exceeded.or_else(|| is_ordered.then(|| total_bytes.saturating_sub(1)))
    }

    /// Takes one file through its publications.
    async fn add(&mut self, entry: &Entry, content: &Content) -> Result<Added, Death> {
        let before = self.progress.bytes_added;
        let size = entry.size();
        for offset in self.course.publications(size) {
            self.come_to(Moment::Toward(before + offset)).await?;
            self.pace.reach(before + offset).await;
            match self.downloads.0.packer.reached(content, offset).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Added::Missing),
                other => other.map_err(Death::Content)?,
            };
            self.progress.bytes_added = before + offset;
            if self.publish().await? {
                return Ok(Added::Cancelled);
            }
        }
        let packed = match self.downloads.0.packer.packed(content).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Added::Missing),
            other => other.map_err(Death::Content)?,
        };
        if size > 0 {
            self.come_to(Moment::Toward(before + size)).await?;
        }
        self.progress.bytes_added = before + size;
        if self.downloads.0.settings.downloads().fail_large_entries && packed.is_large() {
            return Err(Death::EntryTooLarge(entry.name.clone()));
        }
        self.progress.files_added += 1;
        self.steering.gate.file_added();
        if self.course.shows_each_file() && self.progress.bytes_added > 0 {
            self.pace.reach(self.progress.bytes_added).await;
            if self.publish().await? {
                return Ok(Added::Cancelled);
            }
        }
        Ok(Added::Packed(packed))
    }

    /// Shows where it is; whether a cancel was asked for by then.
    async fn publish(&mut self) -> Result<bool, Death> {
        self.progress.status = Status::InProgress;
        if self.download.publish(self.now(), self.progress) {
            return Ok(true);
        }
        self.updates += 1;
        self.come_to(Moment::Updated(self.updates)).await?;
        if self.updates.is_multiple_of(STEPS_PER_YIELD) {
            tokio::task::yield_now().await;
        }
        Ok(false)
    }

    async fn come_to(&self, moment: Moment) -> Result<(), Death> {
        come_to(self.downloads, self.download, self.steering, moment).await
    }

    fn publish_end(&mut self, status: Status) {
        self.progress.status = status;
        self.download.publish(self.now(), self.progress);
    }

    fn now(&self) -> Timestamp {
        self.downloads.0.clock.now()
    }
}

/// What became of a file.
enum Added {
    Packed(Arc<Packed>),
    /// Its bytes are not there: it is skipped, and stays in the totals.
    Missing,
    Cancelled,
}

/// The runs that deflate what the job comes to next.
struct Ahead<'a> {
    /// The entries that no run was begun for.
    left: &'a [Entry],
    /// How many entries lie before those.
    next: usize,
    /// Runs under way, with the index behind their last entry.
    runs: VecDeque<(usize, Arc<Run>)>,
}

impl<'a> Ahead<'a> {
    fn new(entries: &'a [Entry]) -> Self {
        Self { left: entries, next: 0, runs: VecDeque::new() }
    }

    /// Begins runs, so that all cores have work while the job is at `index`.
    fn look(&mut self, packer: &Packer, index: usize) {
        while self.runs.front().is_some_and(|(end, _)| *end <= index) {
            self.runs.pop_front();
        }
        while self.runs.len() < packer.runs_ahead() && !self.left.is_empty() {
            let (run, left) = self.left.split_at(Packer::run_length(self.left.iter().map(Entry::size)));
            self.left = left;
            self.next += run.len();
            if let Some(run) = packer.begin(run.iter().filter_map(|entry| entry.content.as_ref())) {
                self.runs.push_back((self.next, run));
            }
        }
    }
}
