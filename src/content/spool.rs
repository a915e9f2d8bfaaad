//! One temporary file for everything that does not fit in memory.
//!
//! The file has no name: it is gone with the process, however that ends. Room is given out in extents and taken back
//! when the last reference to a [`Spooled`] is dropped; an empty file is cut to nothing.

use std::{
    collections::BTreeMap,
    fs::File,
    io,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use super::{FileSlice, Piece};

/// The temporary file and what of it is free. Clones are the same spool.
#[derive(Clone, Debug)]
pub(crate) struct Spool(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    file: Arc<File>,
    room: Mutex<Room>,
    /// How long the file may become.
    most: u64,
}

/// Which parts of the file are free.
#[derive(Debug, Default)]
struct Room {
    /// Free extents before `end`, by offset; neighbours are merged.
    free: BTreeMap<u64, u64>,
    end: u64,
}

/// Bytes in the spool. Dropping the last reference frees them.
#[derive(Debug)]
pub(crate) struct Spooled {
    spool: Spool,
    extents: Vec<Extent>,
}

#[derive(Debug)]
struct Extent {
    /// The offset behind this extent's last byte, within the spooled bytes.
    end: u64,
    /// Where it lies in the file.
    at: u64,
    len: u64,
}

impl Spool {
    /// A spool in `folder`, of at most so many bytes.
    ///
    /// # Errors
    /// When no file can be made there.
    pub(crate) fn in_folder(folder: &Path, most: u64) -> io::Result<Self> {
        let file = Arc::new(tempfile::tempfile_in(folder)?);
        Ok(Self(Arc::new(Inner { file, room: Mutex::default(), most })))
    }

    /// Nothing yet; to be appended to.
    pub(crate) fn empty(&self) -> Spooled {
        Spooled { spool: self.clone(), extents: Vec::new() }
    }
}

impl Spooled {
    pub(crate) fn len(&self) -> u64 {
        self.extents.last().map_or(0, |extent| extent.end)
    }

    /// Adds bytes at the end. To be called where blocking is allowed. What fails leaves the room that it took to the
    /// spooled bytes, until those are dropped.
    pub(crate) fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        let len = bytes.len() as u64;
        if len == 0 {
            return Ok(());
        }
        let most = self.spool.0.most;
        let full = || {
            io::Error::new(
                io::ErrorKind::StorageFull,
                format!("it would hold more than {most} bytes; see --max-spool-size"),
            )
        };
        let at = self.spool.0.room().take(len, most).ok_or_else(full)?;
        let end = self.len() + len;
        self.extents.push(Extent { end, at, len });
        write_all_at(&self.spool.0.file, bytes, at)
    }

    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Piece {
        let index = self.extents.partition_point(|extent| extent.end <= offset);
        let extent = &self.extents[index];
        let within = offset - (extent.end - extent.len);
        let until = end.min(extent.end) - offset;
        Piece::Read(FileSlice::of_open(self.spool.0.file.clone(), extent.at + within, extent.at + within + until))
    }
}

impl Drop for Spooled {
    fn drop(&mut self) {
        let mut room = self.spool.0.room();
        for extent in &self.extents {
            room.give_back(extent.at, extent.len);
        }
        if room.end == 0 {
            // What cannot be cut off now is overwritten later.
            let _ = self.spool.0.file.set_len(0);
        }
    }
}

impl Inner {
    fn room(&self) -> std::sync::MutexGuard<'_, Room> {
        self.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Room {
    /// The first place where `len` bytes fit, if there is one before `most`.
    fn take(&mut self, len: u64, most: u64) -> Option<u64> {
        let found = self.free.iter().find(|(_, free)| **free >= len).map(|(at, free)| (*at, *free));
        let Some((at, free)) = found else {
            let at = self.end;
            self.end = at.checked_add(len).filter(|end| *end <= most)?;
            return Some(at);
        };
        self.free.remove(&at);
        if free > len {
            self.free.insert(at + len, free - len);
        }
        Some(at)
    }

    fn give_back(&mut self, at: u64, len: u64) {
        let (mut at, mut len) = (at, len);
        if let Some((&before, &free)) = self.free.range(..at).next_back()
            && before + free == at
        {
            self.free.remove(&before);
            (at, len) = (before, free + len);
        }
        if let Some(free) = self.free.remove(&(at + len)) {
            len += free;
        }
        if at + len == self.end {
            self.end = at;
        } else {
            self.free.insert(at, len);
        }
    }
}

#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

#[cfg(unix)]
fn write_all_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, offset)
}

#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut bytes: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, bytes, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                bytes = &mut bytes[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}

#[cfg(windows)]
fn write_all_at(file: &File, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        let written = std::os::windows::fs::FileExt::seek_write(file, bytes, offset)?;
        bytes = &bytes[written..];
        offset += written as u64;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::content::Content;

    fn spool() -> Spool {
        Spool::in_folder(&std::env::temp_dir(), 1000).unwrap()
    }

    #[test]
    fn what_was_appended_is_read_back_across_extents() {
        let mut spooled = spool().empty();
        spooled.append(b"hello ").unwrap();
        spooled.append(b"").unwrap();
        spooled.append(b"world").unwrap();
        let content = Content::spooled(spooled);
        assert_eq!(content.size(), 11);
        assert_eq!(content.read(0, 11).unwrap(), "hello world");
        assert_eq!(content.read(4, 8).unwrap(), "o wo");
    }

    #[test]
    fn room_is_given_back_and_used_again() {
        let spool = spool();
        let filled = |len: usize| {
            let mut spooled = spool.empty();
            spooled.append(&vec![0; len]).unwrap();
            spooled
        };
        let (one, two, three) = (filled(10), filled(20), filled(30));
        drop(two);
        drop(filled(15));
        assert_eq!(spool.0.room().end, 60, "the fifteen bytes went where the twenty had been");
        drop(one);
        assert_eq!(spool.0.room().free, BTreeMap::from([(0, 30)]), "neighbours are merged");
        drop(three);
        assert_eq!(spool.0.room().end, 0);
        assert_eq!(spool.0.file.metadata().unwrap().len(), 0);
    }

    #[test]
    fn no_more_is_taken_than_there_may_be() {
        let spool = spool();
        let mut most = spool.empty();
        most.append(&[1; 1000]).unwrap();
        let mut more = spool.empty();
        let full = more.append(b"x").unwrap_err();
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
        assert_eq!(full.to_string(), "it would hold more than 1000 bytes; see --max-spool-size");
        assert_eq!(more.len(), 0);
        drop(most);
        more.append(b"x").unwrap();
        assert_eq!(Content::spooled(more).read(0, 1).unwrap(), "x");
    }
}
