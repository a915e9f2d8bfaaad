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
