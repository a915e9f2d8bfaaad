//! Receives contents, piece by piece.
//!
//! A small content stays in memory while there is memory for it; what grows beyond a threshold goes to the spool, piece by
//! piece. When the sender breaks off, what came so far is dropped, and its room is free again.

use std::{
    fmt::Display,
    io,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt as _};

use super::{
    Content,
    spool::{Spool, Spooled},
};
use crate::tasks;

/// How much of a content is kept for a look at what it is.
const HEAD: usize = 8 << 10;

/// How much is written to the spool at once, at least.
const PIECE: usize = 1 << 20;

/// Where contents are received. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Intake {
    spool: Spool,
    taken: Taken,
    /// Bytes of contents and bodies that are in memory.
    memory: Arc<AtomicU64>,
}

/// How much is taken.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Taken {
    /// The largest content that stays in memory.
    pub(crate) in_memory: usize,
    /// How much all contents, and bodies under way, may have in memory.
    pub(crate) all_in_memory: u64,
    /// The largest content.
    pub(crate) content: u64,
    /// The largest JSON body.
    pub(crate) json: u64,
    /// How deep arrays and objects may lie in each other in one.
    pub(crate) json_depth: usize,
    /// The most fields and files in a form.
    pub(crate) fields: usize,
}

/// Some of the memory that there is for contents. It is given back when this is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<AtomicU64>,
    most: u64,
    bytes: u64,
}

/// Bytes in memory that is counted.
struct Counted {
    bytes: Bytes,
    _held: Held,
}

/// A content, and its first bytes.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) content: Content,
    pub(crate) head: Vec<u8>,
}

/// Why a content was not received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotReceived {
    #[error("{0}")]
    BrokenOff(String),
    #[error("the content is larger than is taken")]
    TooLarge,
    #[error("the temporary folder cannot be written to: {0}")]
    Storage(io::Error),
}

impl Intake {
    pub(crate) fn new(spool: Spool, taken: Taken) -> Self {
        Self { spool, taken, memory: Arc::default() }
    }

    pub(crate) fn taken(&self) -> &Taken {
        &self.taken
    }

    /// Room for a body under way, which has no bytes yet.
    pub(crate) fn hold(&self) -> Held {
        Held { memory: self.memory.clone(), most: self.taken.all_in_memory, bytes: 0 }
    }

    /// Receives a content to its end.
    pub(crate) async fn receive<E: Display>(
        &self,
        pieces: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Received, NotReceived> {
        let mut pieces = pin!(pieces);
        let (mut buffer, mut head) = (BytesMut::new(), Vec::new());
        let mut spooled: Option<Spooled> = None;
        let mut memory = self.hold();
        let mut size = 0_u64;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| NotReceived::BrokenOff(error.to_string()))?;
            size += piece.len() as u64;
            if size > self.taken.content {
                return Err(NotReceived::TooLarge);
            }
            head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
            buffer.extend_from_slice(&piece);
            let threshold = match &spooled {
                _ if !memory.resize(buffer.len() as u64) => 0,
                Some(_) => PIECE - 1,
                None => self.taken.in_memory,
            };
            if buffer.len() > threshold {
                spooled = Some(self.spill(spooled, buffer.split().freeze()).await?);
                memory.resize(0);
            }
        }
        let content = match spooled {
            None => Content::memory(memory.around(buffer.freeze())),
            Some(spooled) => Content::spooled(self.spill(Some(spooled), buffer.freeze()).await?),
        };
        Ok(Received { content, head })
    }

    async fn spill(&self, spooled: Option<Spooled>, bytes: Bytes) -> Result<Spooled, NotReceived> {
        let mut spooled = spooled.unwrap_or_else(|| self.spool.empty());
        let written = tasks::blocking(move || spooled.append(&bytes).map(|()| spooled)).await;
        let gone = |_| NotReceived::Storage(io::Error::other("writing was given up"));
        written.map_err(gone)?.map_err(NotReceived::Storage)
    }
}

impl Held {
    /// Asks for room for so many bytes in all; whether there is. What it has already, it keeps.
    pub(crate) fn resize(&mut self, bytes: u64) -> bool {
        if bytes <= self.bytes {
            self.memory.fetch_sub(self.bytes - bytes, Ordering::Relaxed);
        } else {
            let more = bytes - self.bytes;
            let fits = |taken: u64| taken.checked_add(more).filter(|taken| *taken <= self.most);
            if self.memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits).is_err() {
                return false;
            }
        }
        self.bytes = bytes;
        true
    }

    /// The same bytes, which give the room back when the last of them is dropped.
    fn around(self, bytes: Bytes) -> Bytes {
        if bytes.is_empty() { bytes } else { Bytes::from_owner(Counted { bytes, _held: self }) }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.resize(0);
    }
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::content::Piece;

    fn intake() -> Intake {
        let taken = Taken { in_memory: 10, all_in_memory: 25, content: 5 << 20, json: 100, json_depth: 10, fields: 10 };
        Intake::new(Spool::in_folder(&std::env::temp_dir(), u64::MAX).unwrap(), taken)
    }

    async fn received(pieces: &[&'static [u8]]) -> Result<Received, NotReceived> {
        received_by(&intake(), pieces).await
    }

    async fn received_by(intake: &Intake, pieces: &[&'static [u8]]) -> Result<Received, NotReceived> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, String>(Bytes::from_static(piece))).collect();
        intake.receive(stream::iter(pieces)).await
    }

    #[tokio::test]
    async fn what_there_is_no_memory_for_is_spooled_however_small_it_is() {
        let intake = intake();
        let one = received_by(&intake, &[b"0123456789"]).await.unwrap();
        let two = received_by(&intake, &[b"01234", b"56789"]).await.unwrap();
        let three = received_by(&intake, &[b"01234", b"56789"]).await.unwrap();
        assert!(one.content.is_in_memory() && two.content.is_in_memory() && !three.content.is_in_memory());
        assert_eq!(&three.content.read(0, 10).unwrap()[..], b"0123456789");
        drop(received_by(&intake, &[b"0123456789", b"0"]).await.unwrap());
        assert_eq!(intake.memory.load(Ordering::Relaxed), 20);
        drop((one, two, three));
        assert_eq!(intake.memory.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn small_contents_stay_in_memory_and_large_ones_do_not() {
        let small = received(&[b"0123", b"456789"]).await.unwrap();
        assert!(matches!(small.content.piece_at(0, 10), Piece::Bytes(_)));
        let large = received(&[b"0123", b"4567890", b"abc"]).await.unwrap();
        assert!(matches!(large.content.piece_at(0, 14), Piece::Read(_)));
        assert_eq!(&large.content.read(0, 14).unwrap()[..], b"01234567890abc");
        assert_eq!(large.head, b"01234567890abc");
    }

    #[tokio::test]
    async fn what_is_too_large_or_broken_off_is_refused() {
        let piece: &'static [u8] = Box::leak(vec![7; 1 << 20].into());
        assert!(matches!(received(&[piece; 6]).await, Err(NotReceived::TooLarge)));
        let broken = intake().receive(stream::iter([Ok(Bytes::from_static(b"a")), Err("gone")])).await;
        assert!(matches!(broken, Err(NotReceived::BrokenOff(why)) if why == "gone"));
    }
}
