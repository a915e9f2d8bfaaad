//! A content as the standard library's readers see it.

use std::io::{self, Read, Seek, SeekFrom};

use super::Content;

/// Reads a content where blocking is allowed, from any position.
#[derive(Debug)]
pub(crate) struct Reader<'a> {
    content: &'a Content,
    position: u64,
}

impl<'a> Reader<'a> {
    /// From the beginning.
    pub(crate) fn of(content: &'a Content) -> Self {
        Self { content, position: 0 }
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let end = self.content.size().min(self.position.saturating_add(buffer.len() as u64));
        if self.position >= end {
            return Ok(0);
        }
        let bytes = self.content.piece_at(self.position, end).read()?;
        buffer[..bytes.len()].copy_from_slice(&bytes);
        self.position += bytes.len() as u64;
        Ok(bytes.len())
    }
}

impl Seek for Reader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(by) => self.content.size().checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = position.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_reads_from_wherever_it_is_told_to() {
        let content = Content::memory("0123456789".into());
        let mut reader = Reader::of(&content);
        let mut three = [0; 3];
        assert_eq!((reader.read(&mut three).unwrap(), &three), (3, b"012"));
        assert_eq!(reader.seek(SeekFrom::Current(-1)).unwrap(), 2);
        assert_eq!((reader.read(&mut three).unwrap(), &three), (3, b"234"));
        assert_eq!(reader.seek(SeekFrom::End(-2)).unwrap(), 8);
        assert_eq!((reader.read(&mut three).unwrap(), &three[..2]), (2, b"89".as_slice()));
        assert_eq!(reader.read(&mut three).unwrap(), 0);
        assert_eq!(reader.seek(SeekFrom::Start(20)).unwrap(), 20);
        assert_eq!(reader.read(&mut three).unwrap(), 0);
        assert!(reader.seek(SeekFrom::Current(-21)).is_err());
    }
}
