//! Receives contents, piece by piece.
//!
//! A small content stays in memory; what grows beyond a threshold goes to the spool, piece by piece. When the sender
//! breaks off, what came so far is dropped, and its room in the spool is free again.

use std::{fmt::Display, io, pin::pin};

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
    /// The largest content that stays in memory.
    in_memory: usize,
    /// The largest content that is taken.
    largest: u64,
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
    pub(crate) fn new(spool: Spool, in_memory: usize, largest: u64) -> Self {
        Self { spool, in_memory, largest }
    }

    /// Receives a content to its end.
    pub(crate) async fn receive<E: Display>(
        &self,
        pieces: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<Received, NotReceived> {
        let mut pieces = pin!(pieces);
        let (mut buffer, mut head) = (BytesMut::new(), Vec::new());
        let mut spooled: Option<Spooled> = None;
        let mut size = 0_u64;
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|error| NotReceived::BrokenOff(error.to_string()))?;
            size += piece.len() as u64;
            if size > self.largest {
                return Err(NotReceived::TooLarge);
            }
            head.extend_from_slice(&piece[..piece.len().min(HEAD - head.len())]);
            buffer.extend_from_slice(&piece);
            let room = if spooled.is_some() { PIECE - 1 } else { self.in_memory };
            if buffer.len() > room {
                spooled = Some(self.spill(spooled, buffer.split().freeze()).await?);
            }
        }
        let content = match spooled {
            None => Content::memory(buffer.freeze()),
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

#[cfg(test)]
mod tests {
    use futures_util::stream;

    use super::*;
    use crate::content::Piece;

    fn intake() -> Intake {
        Intake::new(Spool::in_folder(&std::env::temp_dir()).unwrap(), 10, 5 << 20)
    }

    async fn received(pieces: &[&'static [u8]]) -> Result<Received, NotReceived> {
        let pieces: Vec<_> = pieces.iter().map(|piece| Ok::<_, String>(Bytes::from_static(piece))).collect();
        intake().receive(stream::iter(pieces)).await
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
