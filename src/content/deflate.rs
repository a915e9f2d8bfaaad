//! Raw deflate streams and checksums: the arithmetic of the packer.

use std::io;

use bytes::Bytes;
use crc32fast::Hasher;
use flate2::{Compress, Compression, FlushCompress};

use super::to_usize;

/// A compressor that tries as hard as `level` says: from 1 to 9, and 6 is the real server's.
pub(super) fn raw_deflate(level: u32) -> Compress {
    Compress::new(Compression::new(level), false)
}

/// Deflates all of `input` and flushes.
pub(super) fn deflate(
    compress: &mut Compress,
    input: &[u8],
    output: &mut Vec<u8>,
    flush: FlushCompress,
) -> io::Result<()> {
    let start = compress.total_in();
    loop {
        let done = to_usize(compress.total_in() - start);
        output.reserve((input.len() - done) / 4 + 64);
        let status = compress.compress_vec(&input[done..], output, flush).map_err(io::Error::other)?;
        let all_in = to_usize(compress.total_in() - start) == input.len();
        let flushed = match flush {
            FlushCompress::Finish => status == flate2::Status::StreamEnd,
            _ => output.len() < output.capacity(),
        };
        if all_in && flushed {
            return Ok(());
        }
    }
}

/// The checksum of `times` copies of what `once` has seen.
pub(super) fn repeated(once: &Hasher, times: u64) -> Hasher {
    let (mut result, mut power, mut left) = (Hasher::new(), once.clone(), times);
    while left > 0 {
        if left & 1 == 1 {
            result.combine(&power);
        }
        let same = power.clone();
        power.combine(&same);
        left >>= 1;
    }
    result
}

/// Bytes that take no more memory than they need.
pub(super) fn exact(mut output: Vec<u8>) -> Bytes {
    output.shrink_to_fit();
    output.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::DeflateDecoder;

    use super::*;
    use crate::content::{Content, declared::Declared};

    #[test]
    fn all_that_goes_in_has_come_out_when_it_is_flushed() {
        for compressibility in [1, 20] {
            for size in [0, 1, 1000, 100_000, 1 << 20] {
                let declared = Declared { size, seed: 1, compressibility };
                let content = Content::declared(declared).read(0, size).unwrap();
                let (mut compress, mut output) = (raw_deflate(6), Vec::new());
                deflate(&mut compress, &content, &mut output, FlushCompress::Sync).unwrap();
                assert!(output.ends_with(&[0, 0, 0xFF, 0xFF]), "{size} bytes end with a sync flush");
                deflate(&mut compress, &content, &mut output, FlushCompress::Finish).unwrap();
                let mut inflated = Vec::new();
                let mut decoder = DeflateDecoder::new(&output[..]);
                decoder.read_to_end(&mut inflated).unwrap();
                assert!(inflated == [&content[..], &content].concat(), "{size} bytes, twice");
                assert_eq!(decoder.total_in(), output.len() as u64, "nothing lies behind the end");
            }
        }
    }

    #[test]
    fn a_repeated_checksum_is_that_of_the_repeated_bytes() {
        let mut once = Hasher::new();
        once.update(b"abc");
        for times in [0_usize, 1, 2, 3, 10, 1000] {
            let expected = crc32fast::hash(&b"abc".repeat(times));
            assert_eq!(repeated(&once, times as u64).finalize(), expected, "{times} times");
        }
    }
}
