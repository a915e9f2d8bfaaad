//! The bytes of a node: immutable, reference counted, readable from any offset.
//!
//! Content never changes once it exists. Replacing a node's content makes another one; archives and readers keep the
//! old. Reading is pulled piece by piece: bytes that are in memory come at once and without a copy, bytes that are in a
//! file come as a [`FileSlice`] that the reader fetches off the async threads.

pub(crate) mod body;
pub(crate) mod declared;
mod deflate;
pub(crate) mod intake;
pub(crate) mod packed;
pub(crate) mod packer;
pub(crate) mod reader;
pub(crate) mod spool;
pub(crate) mod stored;

use std::{
    fs::{self, File},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::PathBuf,
    sync::Arc,
    time::SystemTime,
};

use bytes::{Bytes, BytesMut};

use self::{declared::Declared, packed::Slot, spool::Spooled, stored::Stored};
use crate::downloads::archive::Archive;

/// The largest piece that is read from a file at once: large enough to make the hop to another thread cheap.
pub(crate) const FILE_PIECE: u64 = 1 << 20;

/// The bytes of a node. Clones are the same content, and share what was deflated.
#[derive(Clone, Debug)]
pub(crate) struct Content(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    source: Source,
    slot: Slot,
}

#[derive(Debug)]
enum Source {
    Memory(Bytes),
    File { path: PathBuf, size: u64 },
    Spooled(Spooled),
    Declared(Declared),
    Archive(Arc<Archive>),
}

/// Some bytes, or where to read them.
#[derive(Debug)]
pub(crate) enum Piece {
    Bytes(Bytes),
    Read(FileSlice),
}

/// A part of a file, to be read where blocking is allowed.
#[derive(Debug)]
pub(crate) struct FileSlice {
    file: FileRef,
    offset: u64,
    len: u64,
}

#[derive(Debug)]
enum FileRef {
    Path(PathBuf),
    Open(Arc<File>),
    Stored(Stored),
}

/// By which a file that has changed can be told: its length, and when it was last written to.
pub(crate) type Stamp = (u64, Option<SystemTime>);

impl Content {
    pub(crate) fn memory(bytes: Bytes) -> Self {
        Self::new(Source::Memory(bytes))
    }

    /// A file that is read when asked for. It should stay as it is; when it does not, reading it fails.
    pub(crate) fn file(path: PathBuf, size: u64) -> Self {
        Self::new(Source::File { path, size })
    }

    pub(crate) fn spooled(spooled: Spooled) -> Self {
        Self::new(Source::Spooled(spooled))
    }

    pub(crate) fn declared(declared: Declared) -> Self {
        Self::new(Source::Declared(declared))
    }

    pub(crate) fn archive(archive: Arc<Archive>) -> Self {
        Self::new(Source::Archive(archive))
    }

    fn new(source: Source) -> Self {
        Self(Arc::new(Inner { source, slot: Slot::default() }))
    }

    /// How many bytes it has.
    pub(crate) fn size(&self) -> u64 {
        match &self.0.source {
            Source::Memory(bytes) => bytes.len() as u64,
            Source::File { size, .. } => *size,
            Source::Spooled(spooled) => spooled.len(),
            Source::Declared(declared) => declared.size,
            Source::Archive(archive) => archive.len(),
        }
    }

    pub(crate) fn as_declared(&self) -> Option<&Declared> {
        match &self.0.source {
            Source::Declared(declared) => Some(declared),
            _ => None,
        }
    }

    pub(crate) fn as_archive(&self) -> Option<&Archive> {
        match &self.0.source {
            Source::Archive(archive) => Some(archive),
            _ => None,
        }
    }

    /// Whether its bytes are at hand without reading a file.
    pub(crate) fn is_in_memory(&self) -> bool {
        matches!(self.0.source, Source::Memory(_) | Source::Declared(_))
    }

    /// The stamp of its file, read where blocking is allowed; none when it has no file of its own, or that is gone.
    pub(crate) fn stamp(&self) -> Option<Stamp> {
        let Source::File { path, .. } = &self.0.source else { return None };
        let metadata = fs::metadata(path).ok()?;
        Some((metadata.len(), metadata.modified().ok()))
    }

    /// Where what was deflated of it is remembered.
    pub(crate) fn slot(&self) -> &Slot {
        &self.0.slot
    }

    /// Some of the bytes from `offset` on, at most up to `end`. Never empty while `offset < end <= size`.
    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Piece {
        match &self.0.source {
            Source::Memory(bytes) => Piece::Bytes(bytes.slice(to_usize(offset)..to_usize(end))),
            Source::File { path, .. } => Piece::Read(FileSlice::new(FileRef::Path(path.clone()), offset, end)),
            Source::Spooled(spooled) => spooled.piece_at(offset, end),
            Source::Declared(declared) => Piece::Bytes(declared.piece_at(offset, end)),
            Source::Archive(archive) => archive.piece_at(offset, end),
        }
    }

    /// The bytes from `offset` to `end`, read where blocking is allowed.
    pub(crate) fn read(&self, offset: u64, end: u64) -> io::Result<Bytes> {
        let first = self.piece_at(offset, end).read()?;
        if first.len() as u64 == end - offset {
            return Ok(first);
        }
        let mut bytes = BytesMut::with_capacity(to_usize(end - offset));
        bytes.extend_from_slice(&first);
        while (bytes.len() as u64) < end - offset {
            bytes.extend_from_slice(&self.piece_at(offset + bytes.len() as u64, end).read()?);
        }
        Ok(bytes.freeze())
    }
}

impl Piece {
    /// The bytes, read where blocking is allowed.
    pub(crate) fn read(self) -> io::Result<Bytes> {
        match self {
            Self::Bytes(bytes) => Ok(bytes),
            Self::Read(slice) => slice.read(),
        }
    }
}

impl FileSlice {
    fn new(file: FileRef, offset: u64, end: u64) -> Self {
        Self { file, offset, len: (end - offset).min(FILE_PIECE) }
    }

    pub(crate) fn of_open(file: Arc<File>, offset: u64, end: u64) -> Self {
        Self::new(FileRef::Open(file), offset, end)
    }

    /// A part of a stored content's stream.
    pub(crate) fn of_stored(stored: Stored, offset: u64, end: u64) -> Self {
        Self::new(FileRef::Stored(stored), offset, end)
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Reads it whole.
    ///
    /// # Errors
    /// The file's own, or `UnexpectedEof` when it has become shorter.
    pub(crate) fn read(self) -> io::Result<Bytes> {
        if let FileRef::Stored(stored) = &self.file {
            return stored.read(self.offset, self.offset + self.len);
        }
        let mut bytes = vec![0; to_usize(self.len)];
        match &self.file {
            FileRef::Stored(_) => (),
            FileRef::Open(file) => spool::read_exact_at(file, &mut bytes, self.offset)?,
            FileRef::Path(path) => {
                let mut file = File::open(path)?;
                file.seek(SeekFrom::Start(self.offset))?;
                file.read_exact(&mut bytes)?;
            }
        }
        Ok(bytes.into())
    }
}

/// A count of bytes that is known to lie in memory.
pub(crate) fn to_usize(bytes: u64) -> usize {
    usize::try_from(bytes).expect("what lies in memory can be addressed")
}
