//! What `cargo bench` measures from within: no part of the public API.

use std::sync::Arc;

use bytes::Bytes;

use crate::{
    clock::Timestamp,
    content::{
        Piece,
        packed::{Data, Packed},
    },
    downloads::archive::{Archive, ZipEntry},
};

/// A zip of small files, laid out. They share one deflated content, so that this measures the zip alone.
#[derive(Debug)]
pub struct Zip(Archive);

impl Zip {
    /// Lays out a zip of that many files, of `bytes` deflated bytes each.
    pub fn of(files: usize, bytes: usize) -> Self {
        let stream = Data::Memory(Bytes::from(vec![0; bytes]));
        let packed = Arc::new(Packed::new(0, bytes as u64, [stream], None));
        let day = Timestamp::from_millis(1_782_119_702_456);
        let entry = |number: usize| ZipEntry {
            name: format!("folder{:02}/file{number:07}.txt", number % 100).into(),
            created: day,
            modified: day,
            packed: Some(packed.clone()),
        };
        Self(Archive::new((0..files).map(entry)))
    }

    /// Bytes of the zip.
    pub fn size(&self) -> u64 {
        self.0.len()
    }

    /// Reads it from an offset to its end, piece by piece as a socket would take it; how many bytes there were.
    pub fn read_from(&self, offset: u64) -> u64 {
        let mut at = offset;
        while at < self.0.len() {
            at += self.piece_at(at);
        }
        at - offset
    }

    /// Finds and makes the piece at an offset; its length.
    pub fn piece_at(&self, offset: u64) -> u64 {
        match self.0.piece_at(offset, self.0.len()) {
            Piece::Bytes(bytes) => bytes.len() as u64,
            // None of it is in a file.
            Piece::Read(_) => 0,
        }
    }
}
