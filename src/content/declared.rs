//! Content that is declared by its size and a seed, and made when it is read.
//!
//! The bytes are one block of 256 KiB, again and again. Within the block, every 16 random bytes are followed by as many
//! fillers as the compressibility asks for. Any part can be made without the parts before it, and its deflated form is
//! one deflated block, again and again: 6 GB need neither disk nor memory.

use bytes::Bytes;

use super::to_usize;

/// The length of the repeated block. It is longer than deflate's window, so blocks deflate independently.
pub(crate) const BLOCK: u64 = 256 << 10;

/// Random bytes at the start of each group.
const RANDOM: u64 = 16;

/// Bytes that are made on demand.
#[derive(Clone, Debug)]
pub(crate) struct Declared {
    pub(crate) size: u64,
    pub(crate) seed: u64,
    /// About how many times smaller deflate makes it; 1 is random.
    pub(crate) compressibility: u32,
}

impl Declared {
    /// The bytes from `offset`, at most to `end` and never beyond a block.
    pub(crate) fn piece_at(&self, offset: u64, end: u64) -> Bytes {
        let within = offset % BLOCK;
        let until = (end - (offset - within)).min(BLOCK);
        self.part_of_block(within, until).into()
    }

    /// The bytes `from..to` of the repeated block.
    fn part_of_block(&self, from: u64, to: u64) -> Vec<u8> {
        let group = RANDOM * u64::from(self.compressibility);
        let mut bytes = Vec::with_capacity(to_usize(to - from + group));
        let first = from / group;
        for number in first..to.div_ceil(group) {
            bytes.extend_from_slice(&mix(self.seed, number * 2).to_le_bytes());
            bytes.extend_from_slice(&mix(self.seed, number * 2 + 1).to_le_bytes());
            bytes.resize(bytes.len() + to_usize(group - RANDOM), b' ');
        }
        bytes.truncate(to_usize(to - first * group));
        bytes.drain(..to_usize(from - first * group));
        bytes
    }
}

/// Number `index` of the sequence that belongs to `seed` (SplitMix64's finaliser).
fn mix(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_part_is_the_same_as_in_the_whole() {
        let declared = Declared { size: 3 * BLOCK + 100, seed: 1, compressibility: 3 };
        let whole: Vec<u8> = (0..4).flat_map(|block| declared.piece_at(block * BLOCK, declared.size)).collect();
        assert_eq!(whole.len() as u64, declared.size);
        for (from, to) in [(0, 1), (15, 49), (1000, 70_000), (BLOCK - 3, BLOCK), (3 * BLOCK + 90, declared.size)] {
            assert_eq!(declared.piece_at(from, to), whole[to_usize(from)..to_usize(to)], "{from}..{to}");
        }
    }

    #[test]
    fn a_piece_ends_with_its_block() {
        let declared = Declared { size: 10 * BLOCK, seed: 1, compressibility: 1 };
        assert_eq!(declared.piece_at(BLOCK - 3, declared.size).len(), 3);
    }

    #[test]
    fn the_bytes_are_those_of_splitmix64_and_blanks() {
        // The first outputs of its reference implementation for the seed 0.
        assert_eq!(
            [mix(0, 0), mix(0, 1), mix(0, 2)],
            [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]
        );
        let bytes = Declared { size: 100, seed: 0, compressibility: 3 }.piece_at(0, 100);
        let random = [mix(0, 0), mix(0, 1)].map(u64::to_le_bytes).concat();
        assert_eq!(bytes[..16], random);
        assert_eq!(bytes[16..48], [b' '; 32]);
        assert_eq!(bytes[48..56], mix(0, 2).to_le_bytes());
    }

    #[test]
    fn seeds_make_different_bytes() {
        let of_seed = |seed| Declared { size: 64, seed, compressibility: 1 }.piece_at(0, 64);
        assert_ne!(of_seed(1), of_seed(2));
    }
}
