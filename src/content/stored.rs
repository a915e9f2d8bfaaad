//! Contents that deflate cannot make smaller: framed in deflate's stored blocks, which refer to the content itself.
//!
//! Pictures, videos and archives are most of the bytes that people download. Deflating them costs what deflating costs,
//! for nothing; reading them for their checksum is all that is needed (ARCHITECTURE.md has the numbers).

use std::io;

use bytes::{BufMut as _, Bytes, BytesMut};
use flate2::{Compress, FlushCompress};

use super::{Content, FileSlice, Piece, Stamp, deflate::deflate, to_usize};

/// The longest stored block.
const LONGEST: u64 = 0xFFFF;

/// What stands before each: the kind of block, its length, and the length's complement.
const HEADER: u64 = 5;

/// How much of a content is deflated to see whether that helps.
const PROBE: u64 = 4 << 10;

/// At which of so many parts of a content it is looked at.
const PROBES: u64 = 3;

/// How much is framed at once where it costs no more than copying.
const AT_ONCE: u64 = 256 << 10;

/// A content as a raw deflate stream that is a little longer than itself.
#[derive(Clone, Debug)]
pub(crate) struct Stored(Content, Option<Stamp>);

impl Stored {
    /// `stamp` is the content's from before its checksum was taken.
    pub(crate) fn new(content: Content, stamp: Option<Stamp>) -> Self {
        Self(content, stamp)
    }

    /// Whether deflating would be in vain, as pieces at the beginning, in the middle and at the end tell. To be asked
    /// where blocking is allowed.
    pub(crate) fn is_worth_it(content: &Content, compress: &mut Compress) -> io::Result<bool> {
        let size = content.size();
        if size < PROBES * PROBE {
            return Ok(false);
        }
        let mut output = Vec::with_capacity(to_usize(PROBE) + 64);
        for probe in 0..PROBES {
            let offset = (size - PROBE) / (PROBES - 1) * probe;
            let piece = content.read(offset, offset + PROBE)?;
            output.clear();
            compress.reset();
            deflate(compress, &piece, &mut output, FlushCompress::Finish)?;
            if (output.len() as u64) < PROBE - PROBE / 50 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Bytes of the stream of a content of `size` bytes.
    pub(crate) fn len_of(size: u64) -> u64 {
        size + HEADER * size.div_ceil(LONGEST)
    }

    /// Bytes of the stream.
    pub(crate) fn len(&self) -> u64 {
        Self::len_of(self.0.size())
    }

    /// Some of the bytes from `offset` on, at most up to `end`.
    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Piece {
        if !self.0.is_in_memory() {
            return Piece::Read(FileSlice::of_stored(self.clone(), offset, end));
        }
        let mut framed = BytesMut::with_capacity(to_usize((end - offset).min(AT_ONCE)));
        // What is in memory cannot fail to be read.
        let _ = self.frame(offset, end.min(offset + AT_ONCE), |bytes| framed.put_slice(bytes));
        Piece::Bytes(framed.freeze())
    }

    /// The bytes from `offset` to `end`, read where blocking is allowed.
    ///
    /// # Errors
    /// The file's own, or `InvalidData` when it has changed, so that its checksum is another.
    pub(crate) fn read(&self, offset: u64, end: u64) -> io::Result<Bytes> {
        if self.0.stamp() != self.1 {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the file has changed since it was zipped"));
        }
        let mut framed = BytesMut::with_capacity(to_usize(end - offset));
        self.frame(offset, end, |bytes| framed.put_slice(bytes))?;
        Ok(framed.freeze())
    }

    fn frame(&self, offset: u64, end: u64, mut put: impl FnMut(&[u8])) -> io::Result<()> {
        let size = self.0.size();
        let mut at = offset;
        while at < end {
            let (block, within) = (at / (HEADER + LONGEST), at % (HEADER + LONGEST));
            let start = block * LONGEST;
            let length = (size - start).min(LONGEST);
            let until = (within + (end - at)).min(HEADER + length);
            if within < HEADER {
                let length = u16::try_from(length).unwrap_or(u16::MAX);
                let is_last = start + u64::from(length) == size;
                let [low, high] = length.to_le_bytes();
                let header = [u8::from(is_last), low, high, !low, !high];
                put(&header[to_usize(within)..to_usize(until.min(HEADER))]);
            }
            if until > HEADER {
                let from = start + within.saturating_sub(HEADER);
                put(&self.0.read(from, start + until - HEADER)?);
            }
            at += until - within;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::{Compression, read::DeflateDecoder};

    use super::*;

    fn random(size: u64) -> Content {
        let declared = super::super::declared::Declared { size, seed: 3, compressibility: 1 };
        Content::memory(Content::declared(declared).read(0, size).unwrap())
    }

    #[test]
    fn a_stored_content_inflates_to_itself() {
        for size in [1, 65_534, 65_535, 65_536, 131_070, 300_000] {
            let content = random(size);
            let stored = Stored::new(content.clone(), None);
            let framed = stored.read(0, stored.len()).unwrap();
            assert_eq!(framed.len() as u64, stored.len());
            let mut inflated = Vec::new();
            DeflateDecoder::new(&framed[..]).read_to_end(&mut inflated).unwrap();
            assert!(inflated == content.read(0, size).unwrap(), "{size} bytes");
        }
    }

    #[test]
    fn every_part_is_a_part_of_the_whole() {
        let stored = Stored::new(random(200_000), None);
        let whole = stored.read(0, stored.len()).unwrap();
        for (offset, end) in
            [(0, 1), (3, 7), (4, 6), (65_539, 65_541), (65_540, 65_545), (65_542, 140_000), (199_999, 200_020)]
        {
            assert_eq!(stored.read(offset, end).unwrap(), whole[to_usize(offset)..to_usize(end)], "{offset}..{end}");
        }
    }

    #[test]
    fn what_is_in_memory_comes_at_once_up_to_a_limit() {
        let stored = Stored::new(random(600_000), None);
        let whole = stored.read(0, stored.len()).unwrap();
        for (offset, end, expected) in [(10, stored.len(), 10 + AT_ONCE), (500_000, 500_003, 500_003)] {
            let Piece::Bytes(bytes) = stored.piece_at(offset, end) else { panic!("it is in memory") };
            assert!(bytes == whole[to_usize(offset)..to_usize(expected)], "{offset}..{end}");
        }
    }

    #[test]
    fn only_what_shrinks_nowhere_is_stored() {
        let mut compress = Compress::new(Compression::new(6), false);
        let mut is_worth_it = |content: &Content| Stored::is_worth_it(content, &mut compress).unwrap();
        assert!(is_worth_it(&random(100_000)));
        assert!(!is_worth_it(&Content::memory(vec![b'a'; 100_000].into())));
        assert!(!is_worth_it(&random(1000)), "too small to tell");
        for offset in [0, 47_952, 95_904] {
            let mut bytes = random(100_000).read(0, 100_000).unwrap().to_vec();
            bytes[offset..offset + to_usize(PROBE)].fill(b'a');
            assert!(!is_worth_it(&Content::memory(bytes.into())), "it shrinks at {offset}");
        }
        assert!(is_worth_it(&random(PROBES * PROBE)) && !is_worth_it(&random(PROBES * PROBE - 1)));
        let mixed = [&random(50_000).read(0, 50_000).unwrap()[..], &vec![b'a'; 50_000]].concat();
        assert!(!is_worth_it(&Content::memory(mixed.into())));
    }
}
