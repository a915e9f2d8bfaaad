//! A job: builds one archive, and shows how far it is.
//!
//! Two things go on at once. Contents are deflated, a few runs ahead of where the job is; and the course that a client
//! sees moves from publication to publication, as fast as the pace allows, but never ahead of the deflating. A job that
//! dies leaves the status as it was (wire reference, downloads, section 3).

use std::{collections::VecDeque, io, sync::Arc};

use tracing::{debug, warn};

use super::{
    Downloads,
    archive::{Archive, ZipEntry},
    course::{Pace, publications},
    download::{Download, Progress, Status},
    plan::{Entry, NameTooLong, Plan},
};
use crate::{
    clock::Timestamp,
    content::{
        Content,
        packed::Packed,
        packer::{Packer, Run},
    },
    tasks::processors,
};

/// Publications between two yields: a job of many small files must not keep a thread from answering polls.
const STEPS_PER_YIELD: u64 = 32;

/// Why a job died. Nobody but the log hears of it.
#[derive(Debug, thiserror::Error)]
enum Death {
    #[error("a content could not be read or deflated: {0}")]
    Content(Arc<io::Error>),
    #[error(transparent)]
    Name(#[from] NameTooLong),
    #[error("the entry {0:?} is too large for a zip without zip64 extensions")]
    EntryTooLarge(Box<str>),
    #[error("the walk panicked")]
    Walk,
}

/// How a job ended.
enum End {
    Done(Content),
    Cancelled,
    TooLarge { limit: u64 },
}

/// Runs the job of `download`: waits until `start`, then its turn, builds, and publishes the end.
pub(super) async fn run(downloads: Downloads, download: Arc<Download>, start: Timestamp) {
    let Some(stop) = download.stop() else { return };
    let turn = async {
        downloads.0.clock.sleep_until(start).await;
        match downloads.0.workers.clone().try_acquire_owned() {
            Ok(permit) => (Some(permit), start),
            Err(_) => (downloads.0.workers.clone().acquire_owned().await.ok(), downloads.0.clock.now()),
        }
    };
    tokio::select! {
        biased;
        () = stop.cancelled() => (),
        () = async {
            let (_permit, begun) = turn.await;
            Job::new(&downloads, &download, begun).run().await;
        } => (),
    }
    download.job_ended();
}

/// What a job knows while it runs.
struct Job<'a> {
    downloads: &'a Downloads,
    download: &'a Download,
    progress: Progress,
    pace: Pace,
    steps: u64,
}

impl<'a> Job<'a> {
    fn new(downloads: &'a Downloads, download: &'a Download, begun: Timestamp) -> Self {
        let pace = Pace::new(downloads.0.clock.clone(), downloads.0.settings.changes(), begun);
        Self { downloads, download, progress: Progress::default(), pace, steps: 0 }
    }

    async fn run(mut self) {
        let id = self.download.id;
        match self.build().await {
            Ok(End::Done(archive)) => self.download.finish(self.now(), self.progress, archive),
            Ok(End::Cancelled) => self.publish_end(Status::Cancelled),
            Ok(End::TooLarge { limit }) => {
                self.progress.bytes_added = limit;
                self.publish_end(Status::MaxContentSizeExceeded);
            }
            Err(death) => {
                let status = self.download.progress().status.as_str();
                warn!(download.id = %id, "the job of download {id} died and leaves it {status}: {death}");
                return;
            }
        }
        debug!(download.id = %id, "download {id} is {}", self.download.progress().status.as_str());
    }

    async fn build(&mut self) -> Result<End, Death> {
        let plan = self.plan().await?;
        let limit = self.downloads.0.settings.downloads().max_content_size;
        (self.progress.total_files, self.progress.total_bytes) = (plan.total_files, plan.total_bytes);
        if let Some(limit) = limit
            && plan.total_bytes > limit.get()
        {
            return Ok(End::TooLarge { limit: limit.get() });
        }
        let mut ahead = Ahead::new(&plan.entries);
        let mut entries = Vec::with_capacity(plan.entries.len());
        for (index, entry) in plan.entries.iter().enumerate() {
            let packed = match &entry.content {
                Some(content) => {
                    ahead.look(&self.downloads.0.packer, index);
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
        self.pace.reach(self.progress.bytes_added).await;
        Ok(End::Done(Content::archive(Arc::new(Archive::new(entries)))))
    }

    /// Walks the requested nodes, off the threads that answer requests.
    async fn plan(&self) -> Result<Plan, Death> {
        let (downloads, creator) = (self.downloads.clone(), self.download.creator.clone());
        let node_ids = self.download.node_ids.clone();
        let walk = move || {
            let tree = downloads.0.repository.read();
            Plan::walk(&tree, &creator, &node_ids, |id| downloads.get(id))
        };
        Ok(self.downloads.0.tasks.compute(walk).await.map_err(|_| Death::Walk)??)
    }

    /// Takes one file through its publications.
    async fn add(&mut self, entry: &Entry, content: &Content) -> Result<Added, Death> {
        let before = self.progress.bytes_added;
        for offset in publications(entry.size()) {
            self.pace.reach(before + offset).await;
            match self.downloads.0.packer.reached(content, offset).await {
                Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Added::Missing),
                other => other.map_err(Death::Content)?,
            };
            self.progress.status = Status::InProgress;
            self.progress.bytes_added = before + offset;
            if self.download.publish(self.now(), self.progress) {
                return Ok(Added::Cancelled);
            }
            self.steps += 1;
            if self.steps.is_multiple_of(STEPS_PER_YIELD) {
                tokio::task::yield_now().await;
            }
        }
        let packed = match self.downloads.0.packer.packed(content).await {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Added::Missing),
            other => other.map_err(Death::Content)?,
        };
        self.progress.bytes_added = before + entry.size();
        if self.downloads.0.settings.downloads().fail_large_entries && packed.is_large() {
            return Err(Death::EntryTooLarge(entry.name.clone()));
        }
        self.progress.files_added += 1;
        Ok(Added::Packed(packed))
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
        while self.runs.len() < 2 * processors() && !self.left.is_empty() {
            let (run, left) = self.left.split_at(Packer::run_length(self.left.iter().map(Entry::size)));
            self.left = left;
            self.next += run.len();
            if let Some(run) = packer.begin(run.iter().filter_map(|entry| entry.content.as_ref())) {
                self.runs.push_back((self.next, run));
            }
        }
    }
}
