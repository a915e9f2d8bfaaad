//! Deflated content: what a zip entry refers to.
//!
//! Made once per content, then shared by every archive over it. The bytes lie in memory, in the spool, or are one block
//! repeated; where they came from is nobody else's business.

use std::sync::{
    Arc, Mutex, MutexGuard, PoisonError, Weak,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;

use super::{Piece, packer::Run, spool::Spooled, stored::Stored, to_usize};

/// A whole raw deflate stream with what a zip says about it.
#[derive(Debug)]
pub(crate) struct Packed {
    /// CRC-32 of the content.
    pub(crate) crc: u32,
    /// Bytes of the content.
    pub(crate) size: u64,
    segments: Vec<Segment>,
    /// What of it counts against the memory budget; given back on drop.
    _memory: Option<Reserved>,
}

#[derive(Debug)]
struct Segment {
    /// The offset behind this segment's last byte.
    end: u64,
    data: Data,
}

/// A part of a deflate stream.
#[derive(Debug)]
pub(crate) enum Data {
    Memory(Bytes),
    Spooled(Spooled),
    Repeated {
        block: Bytes,
        times: u64,
    },
    /// The content itself, framed.
    Stored(Stored),
}

impl Data {
    pub(crate) fn len(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled(spooled) => spooled.len(),
            Self::Repeated { block, times } => block.len() as u64 * times,
            Self::Stored(stored) => stored.len(),
        }
    }
}

/// Memory that was taken from a budget.
#[derive(Debug)]
pub(crate) struct Reserved {
    pub(crate) bytes: u64,
    pub(crate) budget: Arc<AtomicU64>,
}

impl Reserved {
    /// Takes more, whatever the budget says: for what is too small to be worth a file.
    pub(crate) fn add(&mut self, bytes: u64) {
        self.budget.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
    }

    /// Joins what another one took to this.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        self.budget.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Packed {
    pub(crate) fn new(crc: u32, size: u64, parts: impl IntoIterator<Item = Data>, memory: Option<Reserved>) -> Self {
        let mut end = 0;
        let segments = parts.into_iter().filter(|data| data.len() > 0).map(|data| {
            end += data.len();
            Segment { end, data }
        });
        Self { crc, size, segments: segments.collect(), _memory: memory }
    }

    /// Bytes of the deflate stream.
    pub(crate) fn len(&self) -> u64 {
        self.segments.last().map_or(0, |segment| segment.end)
    }

    /// Whether one of its sizes needs zip64.
    pub(crate) fn is_large(&self) -> bool {
        self.size >= u64::from(u32::MAX) || self.len() >= u64::from(u32::MAX)
    }

    /// Bytes that it holds outside of the memory budget: in the spool, or of the content itself.
    pub(crate) fn spooled(&self) -> u64 {
        let is_outside = |data: &Data| matches!(data, Data::Spooled(_) | Data::Stored(_));
        let spooled = self.segments.iter().filter(|segment| is_outside(&segment.data));
        spooled.map(|segment| segment.data.len()).sum()
    }

    /// Some of the bytes from `offset` on, at most up to `end`.
    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Piece {
        let index = self.segments.partition_point(|segment| segment.end <= offset);
        let segment = &self.segments[index];
        let start = segment.end - segment.data.len();
        let (from, to) = (offset - start, end.min(segment.end) - start);
        match &segment.data {
            Data::Memory(bytes) => Piece::Bytes(bytes.slice(to_usize(from)..to_usize(to))),
            Data::Spooled(spooled) => spooled.piece_at(from, to),
            Data::Stored(stored) => stored.piece_at(from, to),
            Data::Repeated { block, .. } => {
                let len = block.len() as u64;
                let until = (to - (from - from % len)).min(len);
                Piece::Bytes(block.slice(to_usize(from % len)..to_usize(until)))
            }
        }
    }
}

/// What is known of a content's deflated form.
#[derive(Debug, Default)]
pub(crate) struct Slot(Mutex<SlotState>);

#[derive(Debug, Default)]
pub(crate) enum SlotState {
    /// Nobody has asked, or it was dropped again.
    #[default]
    Empty,
    /// Somebody is at it.
    Running(Weak<Run>),
    /// It is there, for as long as an archive or the cache holds it.
    Done(Weak<Packed>),
}

impl Slot {
    pub(crate) fn lock(&self) -> MutexGuard<'_, SlotState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Its deflated form, if that is there.
    pub(crate) fn packed(&self) -> Option<Arc<Packed>> {
        match &*self.lock() {
            SlotState::Done(packed) => packed.upgrade(),
            _ => None,
        }
    }
}
