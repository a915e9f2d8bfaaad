//! Deflates contents: once each, on all cores, within a memory budget.
//!
//! A content larger than a block is cut into blocks that are deflated side by side, each primed with the 32 KiB before
//! it; small contents are done in batches. Whoever wants the same content at the same time waits for the same run. A run
//! that nobody waits for any more stops at its next block. The numbers behind this design are in ARCHITECTURE.md.

use std::{
    collections::VecDeque,
    io,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicU64, Ordering},
    },
};

use crc32fast::Hasher;
use flate2::{Compress, FlushCompress};
use futures_util::{StreamExt as _, stream};
use tokio::sync::watch;

use super::{
    Content,
    declared::{self, Declared},
    deflate::{deflate, exact, raw_deflate, repeated},
    packed::{Data, Packed, Reserved, SlotState},
    spool::Spool,
    stored::Stored,
    to_usize,
};
use crate::tasks::Tasks;

/// The length of a block of a large content, and of a batch of small ones.
pub(crate) const BLOCK: u64 = 512 << 10;

/// What deflate can look back on.
const WINDOW: u64 = 32 << 10;

/// The most contents in a batch: those of a few bytes each must not make one task of ten thousand.
const BATCH: usize = 256;

/// What a small content costs in memory beside its bytes.
const OVERHEAD: u64 = 192;

/// How hard contents are deflated, and how much of that is kept.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// From 1, quick, to 9, small.
    pub(crate) level: u32,
    /// Deflated bytes that may lie in memory; what is beyond goes to the spool.
    pub(crate) memory: u64,
    /// Deflated bytes that may lie in the spool for the sake of archives that are yet to come.
    pub(crate) spooled_ahead: u64,
    /// Whether what there is room for is kept although no download is left.
    pub(crate) remembers: bool,
}

/// Deflates contents and remembers them. Clones are the same packer.
#[derive(Clone, Debug)]
pub(crate) struct Packer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    tasks: Tasks,
    spool: Spool,
    limits: Limits,
    /// Bytes of deflated content in memory, cached or in use.
    memory: Arc<AtomicU64>,
    cache: Mutex<Cache>,
    /// How many contents were ever deflated.
    deflated: AtomicU64,
}

/// Deflated contents in numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// Cached or in use.
    pub(crate) memory_bytes: u64,
    /// In files, cached.
    pub(crate) spooled_bytes: u64,
    /// How many are cached.
    pub(crate) contents: usize,
    /// How many were deflated since the start.
    pub(crate) deflated: u64,
}

/// What is kept though no archive may refer to it, oldest first.
#[derive(Debug, Default)]
struct Cache {
    kept: VecDeque<Arc<Packed>>,
    spooled: u64,
}

/// Some contents being deflated.
#[derive(Debug)]
pub(crate) struct Run {
    progress: watch::Sender<Progress>,
    /// Holds what is done until those who wait have taken it.
    done: Mutex<Vec<Arc<Packed>>>,
}

#[derive(Clone, Debug, Default)]
struct Progress {
    /// Bytes of a large content that are deflated, or contents of a batch.
    steps: u64,
    over: bool,
    /// Why a run of one content failed.
    failure: Option<Arc<io::Error>>,
}

impl Packer {
    pub(crate) fn new(tasks: Tasks, spool: Spool, limits: Limits) -> Self {
        Self(Arc::new(Inner {
            tasks,
            spool,
            limits,
            memory: Arc::default(),
            cache: Mutex::default(),
            deflated: AtomicU64::new(0),
        }))
    }

    /// How many runs should be under way ahead of who waits for them.
    pub(crate) fn runs_ahead(&self) -> usize {
        self.0.tasks.ahead()
    }

    /// What of deflated contents is kept at this moment.
    pub(crate) fn kept(&self) -> Kept {
        let cache = self.cache();
        Kept {
            memory_bytes: self.0.memory.load(Ordering::Relaxed),
            spooled_bytes: cache.spooled,
            contents: cache.kept.len(),
            deflated: self.0.deflated.load(Ordering::Relaxed),
        }
    }

    /// How many contents of these sizes, and at least one, make one run: a large content, or a batch of small ones.
    pub(crate) fn run_length(sizes: impl Iterator<Item = u64>) -> usize {
        let within_block = |bytes: &mut u64, size| {
            *bytes += size;
            (*bytes <= BLOCK).then_some(())
        };
        sizes.take(BATCH).scan(0, within_block).count().max(1)
    }

    /// Begins to deflate those contents that nobody has deflated or is deflating. The run goes on while it is held.
    pub(crate) fn begin<'a>(&self, contents: impl Iterator<Item = &'a Content>) -> Option<Arc<Run>> {
        let run = Arc::new(Run { progress: watch::Sender::new(Progress::default()), done: Mutex::default() });
        let mine: Vec<Content> = contents.filter(|content| claim(content, &run)).cloned().collect();
        if mine.is_empty() {
            return None;
        }
        self.0.deflated.fetch_add(mine.len() as u64, Ordering::Relaxed);
        let (packer, weak) = (self.clone(), Arc::downgrade(&run));
        self.0.tasks.spawn("packer", async move { packer.drive(&weak, mine).await });
        Some(run)
    }

    /// Waits until `content` is deflated.
    ///
    /// # Errors
    /// When it cannot be read, or when there is no room for the result.
    pub(crate) async fn packed(&self, content: &Content) -> Result<Arc<Packed>, Arc<io::Error>> {
        loop {
            if let Some(packed) = self.reached(content, content.size() + 1).await? {
                return Ok(packed);
            }
        }
    }

    /// Waits until the first `offset` bytes of `content` are deflated; gives the whole when it is there.
    pub(crate) async fn reached(&self, content: &Content, offset: u64) -> Result<Option<Arc<Packed>>, Arc<io::Error>> {
        loop {
            let running = match &*content.slot().lock() {
                SlotState::Done(packed) => match packed.upgrade() {
                    Some(packed) => return Ok(Some(packed)),
                    None => None,
                },
                SlotState::Running(run) => run.upgrade(),
                SlotState::Empty => None,
            };
            let Some(run) = running.or_else(|| self.begin(std::iter::once(content))) else { continue };
            let mut progress = run.progress.subscribe();
            loop {
                if let Some(packed) = content.slot().packed() {
                    return Ok(Some(packed));
                }
                let now = progress.borrow_and_update().clone();
                if let Some(failure) = now.failure {
                    return Err(failure);
                }
                if content.size() > BLOCK && now.steps >= offset {
                    return Ok(None);
                }
                if now.over || progress.changed().await.is_err() {
                    break;
                }
            }
        }
    }

    /// Deflates all these ahead, save what cannot be read: who asks for it will hear of that.
    pub(crate) async fn warm(&self, contents: &[Content]) {
        let mut left = contents;
        let mut runs = VecDeque::new();
        while !left.is_empty() || !runs.is_empty() {
            while runs.len() < self.runs_ahead() && !left.is_empty() {
                let (run, rest) = left.split_at(Self::run_length(left.iter().map(Content::size)));
                left = rest;
                runs.extend(self.begin(run.iter()));
            }
            if let Some(run) = runs.pop_front() {
                run.ended().await;
            }
        }
    }

    /// Gives back what is kept and nobody refers to, unless it is to be remembered.
    pub(crate) fn forget(&self) {
        if self.0.limits.remembers {
            return;
        }
        let kept = std::mem::take(&mut *self.cache());
        // Behind the lock, since there may be much of it.
        drop(kept);
    }

    async fn drive(&self, run: &Weak<Run>, contents: Vec<Content>) {
        let alone = contents.len() == 1;
        let outcome = match contents.first() {
            Some(content) if alone && content.as_declared().is_none() && content.size() > BLOCK => {
                self.drive_large(run, content).await
            }
            _ => self.drive_batch(run, &contents).await,
        };
        for content in &contents {
            let mut slot = content.slot().lock();
            if matches!(&*slot, SlotState::Running(running) if running.ptr_eq(run)) {
                *slot = SlotState::Empty;
            }
        }
        if let Some(run) = run.upgrade() {
            run.progress.send_modify(|progress| {
                progress.over = true;
                progress.failure = outcome.err().filter(|_| alone).map(Arc::new);
            });
        }
    }

    async fn drive_large(&self, run: &Weak<Run>, content: &Content) -> io::Result<()> {
        let size = content.size();
        let probed = content.clone();
        let mut compress = self.raw_deflate();
        let probe = move || Ok::<_, io::Error>((probed.stamp(), Stored::is_worth_it(&probed, &mut compress)?));
        let (stamp, is_stored) = self.0.tasks.compute(probe).await.map_err(io::Error::other)??;
        let mut blocks = stream::iter(0..size.div_ceil(BLOCK))
            .map(|number| {
                let (packer, content) = (self.clone(), content.clone());
                self.0.tasks.compute(move || {
                    if is_stored {
                        return checked(&content, number * BLOCK).map(|crc| (crc, None));
                    }
                    packer.block(&content, number * BLOCK).map(|(crc, part)| (crc, Some(part)))
                })
            })
            .buffered(self.0.tasks.ahead());
        let (mut crc, mut parts, mut memory) = (Hasher::new(), Vec::new(), self.nothing_reserved());
        while let Some(block) = blocks.next().await {
            let (block_crc, part) = block.map_err(io::Error::other)??;
            crc.combine(&block_crc);
            if let Some((data, reserved)) = part {
                parts.push(data);
                if let Some(reserved) = reserved {
                    memory.absorb(reserved);
                }
            }
            let Some(run) = run.upgrade() else { return Ok(()) };
            run.progress.send_modify(|progress| progress.steps = (progress.steps + BLOCK).min(size));
        }
        // Blocks build upon what is before them in the file, which must have been the same.
        let looked_at = content.clone();
        let is_same = self.0.tasks.compute(move || looked_at.stamp() == stamp).await.map_err(io::Error::other)?;
        if !is_same {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file has changed while it was zipped"));
        }
        if is_stored {
            parts.push(Data::Stored(Stored::new(content.clone(), stamp)));
        }
        self.finish(run, content, Packed::new(crc.finalize(), size, parts, Some(memory)));
        Ok(())
    }

    async fn drive_batch(&self, run: &Weak<Run>, contents: &[Content]) -> io::Result<()> {
        let (packer, run, contents) = (self.clone(), run.clone(), contents.to_vec());
        let batch = move || {
            let mut compress = packer.raw_deflate();
            let mut failure = None;
            for content in &contents {
                let Some(held) = run.upgrade() else { break };
                match packer.whole(&mut compress, content) {
                    Ok(whole) => packer.finish(&run, content, whole),
                    Err(error) => failure = Some(error),
                }
                held.progress.send_modify(|progress| progress.steps += 1);
            }
            failure.map_or(Ok(()), Err)
        };
        self.0.tasks.compute(batch).await.map_err(io::Error::other)?
    }

    /// Deflates the block at `start`, on a thread that may block.
    fn block(&self, content: &Content, start: u64) -> io::Result<(Hasher, (Data, Option<Reserved>))> {
        let end = (start + BLOCK).min(content.size());
        let from = start.saturating_sub(WINDOW);
        let bytes = content.read(from, end)?;
        let (dictionary, input) = bytes.split_at(to_usize(start - from));
        let mut crc = Hasher::new();
        crc.update(input);
        let mut compress = self.raw_deflate();
        if !dictionary.is_empty() {
            compress.set_dictionary(dictionary).map_err(io::Error::other)?;
        }
        let last = end == content.size();
        let mut output = Vec::with_capacity(input.len() / 2);
        deflate(&mut compress, input, &mut output, if last { FlushCompress::Finish } else { FlushCompress::Sync })?;
        Ok((crc, self.store(output)?))
    }

    /// Deflates a small or declared content, on a thread that may block.
    fn whole(&self, compress: &mut Compress, content: &Content) -> io::Result<Packed> {
        if let Some(declared) = content.as_declared() {
            return self.declared(compress, declared);
        }
        let stamp = content.stamp();
        let input = content.read(0, content.size())?;
        let (crc, size) = (crc32fast::hash(&input), input.len() as u64);
        let stored = || Data::Stored(Stored::new(content.clone(), stamp));
        if Stored::is_worth_it(content, compress)? {
            return Ok(Packed::new(crc, size, [stored()], None));
        }
        let mut output = Vec::with_capacity(input.len() / 2 + 64);
        compress.reset();
        deflate(compress, &input, &mut output, FlushCompress::Finish)?;
        if size > 0 && output.len() as u64 > Stored::len_of(size) {
            return Ok(Packed::new(crc, size, [stored()], None));
        }
        let (data, reserved) = self.store(output)?;
        Ok(Packed::new(crc, size, [data], reserved))
    }

    /// Deflates one block of a declared content, and its end; the rest is that block again.
    fn declared(&self, compress: &mut Compress, declared: &Declared) -> io::Result<Packed> {
        let times = declared.size / declared::BLOCK;
        let mut parts = Vec::new();
        let mut crc = Hasher::new();
        let mut memory = self.nothing_reserved();
        if times > 0 {
            let input = declared.piece_at(0, declared::BLOCK);
            let mut output = Vec::new();
            compress.reset();
            deflate(compress, &input, &mut output, FlushCompress::Sync)?;
            memory.add(output.len() as u64);
            parts.push(Data::Repeated { block: exact(output), times });
            crc.update(&input);
            crc = repeated(&crc, times);
        }
        let tail = declared.piece_at(times * declared::BLOCK, declared.size.max(times * declared::BLOCK));
        let mut output = Vec::new();
        compress.reset();
        deflate(compress, &tail, &mut output, FlushCompress::Finish)?;
        memory.add(output.len() as u64);
        parts.push(Data::Memory(exact(output)));
        crc.update(&tail);
        Ok(Packed::new(crc.finalize(), declared.size, parts, Some(memory)))
    }

    /// Puts deflated bytes in memory while the budget lasts, else in the spool.
    fn store(&self, output: Vec<u8>) -> io::Result<(Data, Option<Reserved>)> {
        if let Some(reserved) = self.reserve(output.len() as u64 + OVERHEAD) {
            return Ok((Data::Memory(exact(output)), Some(reserved)));
        }
        let mut spooled = self.0.spool.empty();
        spooled.append(&output)?;
        Ok((Data::Spooled(spooled), None))
    }

    fn raw_deflate(&self) -> Compress {
        raw_deflate(self.0.limits.level)
    }

    fn nothing_reserved(&self) -> Reserved {
        Reserved { bytes: 0, budget: self.0.memory.clone() }
    }

    /// Takes memory from the budget. When that is used up, there is the spool; when that is, too, at the cost of what is
    /// cached longest.
    fn reserve(&self, bytes: u64) -> Option<Reserved> {
        loop {
            let fits = |taken: u64| (taken + bytes <= self.0.limits.memory).then_some(taken + bytes);
            if self.0.memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_ok() {
                return Some(Reserved { bytes, budget: self.0.memory.clone() });
            }
            let oldest = {
                let mut cache = self.cache();
                if cache.spooled + bytes <= self.0.limits.spooled_ahead {
                    return None;
                }
                cache.pop()?
            };
            // Dropped behind the lock: its memory may go back to the budget, which needs none.
            drop(oldest);
        }
    }

    fn finish(&self, run: &Weak<Run>, content: &Content, packed: Packed) {
        let packed = Arc::new(packed);
        if let Some(run) = run.upgrade() {
            run.done.lock().unwrap_or_else(PoisonError::into_inner).push(packed.clone());
        }
        *content.slot().lock() = SlotState::Done(Arc::downgrade(&packed));
        let dropped = self.cache().push(packed, self.0.limits.spooled_ahead);
        drop(dropped);
    }

    fn cache(&self) -> std::sync::MutexGuard<'_, Cache> {
        self.0.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Run {
    /// Waits until it is over, however it ends.
    async fn ended(&self) {
        // It is over as well when nobody is left to say so.
        let _ = self.progress.subscribe().wait_for(|progress| progress.over).await;
    }
}

impl Cache {
    /// Keeps one, and gives back those that there is no room for any more beside `most` bytes in the spool.
    fn push(&mut self, packed: Arc<Packed>, most: u64) -> Vec<Arc<Packed>> {
        self.spooled += packed.spooled();
        self.kept.push_back(packed);
        let mut dropped = Vec::new();
        while self.spooled > most {
            dropped.extend(self.pop());
        }
        dropped
    }

    fn pop(&mut self) -> Option<Arc<Packed>> {
        let oldest = self.kept.pop_front()?;
        self.spooled -= oldest.spooled();
        Some(oldest)
    }
}

/// The checksum of the block at `start`, read where blocking is allowed.
fn checked(content: &Content, start: u64) -> io::Result<Hasher> {
    let mut crc = Hasher::new();
    crc.update(&content.read(start, (start + BLOCK).min(content.size()))?);
    Ok(crc)
}

/// Whether `content` was free to be deflated by `run`, which it now is.
fn claim(content: &Content, run: &Arc<Run>) -> bool {
    let mut slot = content.slot().lock();
    let taken = match &*slot {
        SlotState::Empty => false,
        SlotState::Running(other) => other.strong_count() > 0,
        SlotState::Done(packed) => packed.strong_count() > 0,
    };
    if !taken {
        *slot = SlotState::Running(Arc::downgrade(run));
    }
    !taken
}

#[cfg(test)]
mod tests;
