//! Node ids, log ids and tickets: the one door to chance.
//!
//! They come from a cryptographic generator, seeded by the system, or by a tester who wants the same ids in every run.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex, PoisonError},
};

use rand::{
    Rng, SeedableRng,
    rngs::{StdRng, SysRng},
};
use uuid::{Builder, Uuid};

/// A source of ids. Clones draw from the same sequence.
#[derive(Clone, Debug)]
pub(crate) struct Ids {
    generator: Arc<Mutex<StdRng>>,
    /// The server that these ids lead to, when there are several.
    replica: Option<u8>,
}

impl Ids {
    /// Ids that nobody can foretell.
    pub(crate) fn random() -> Self {
        Self::drawing_from(StdRng::try_from_rng(&mut SysRng).expect("the system has a source of random bytes"))
    }

    /// The same ids for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self::drawing_from(StdRng::seed_from_u64(seed))
    }

    /// The same ids for the same seed and name; others for another name.
    pub(crate) fn seeded_for(seed: u64, name: &str) -> Self {
        // FNV-1a, which is the same on every machine and in every release.
        let hash = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3));
        Self::seeded(seed ^ hash)
    }

    fn drawing_from(generator: StdRng) -> Self {
        Self { generator: Arc::new(Mutex::new(generator)), replica: None }
    }

    /// The same ids, but each with that number as its last two digits.
    pub(crate) fn of_replica(self, replica: Option<u8>) -> Self {
        Self { replica, ..self }
    }

    /// A new UUID, version 4.
    pub(crate) fn uuid(&self) -> Uuid {
        let mut bytes: [u8; 16] = self.bytes();
        if let Some(replica) = self.replica {
            bytes[15] = replica;
        }
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The 40 hexadecimal digits of a new ticket.
    pub(crate) fn ticket_digits(&self) -> String {
        hexadecimal(&self.bytes::<20>())
    }

    /// A number from zero to below one.
    pub(crate) fn fraction(&self) -> f64 {
        let bits = u64::from_le_bytes(self.bytes()) >> 11;
        #[expect(clippy::cast_precision_loss, reason = "53 bits are what an f64 holds")]
        let fraction = bits as f64 / (1_u64 << 53) as f64;
        fraction
    }

    /// A number from the first to the last, both possible.
    pub(crate) fn between(&self, first: u64, last: u64) -> u64 {
        let span = u128::from(last.saturating_sub(first)) + 1;
        let scaled = (u128::from(u64::from_le_bytes(self.bytes())) * span) >> 64;
        first + u64::try_from(scaled).unwrap_or_default()
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.generator.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(&mut bytes);
        bytes
    }
}

/// Two digits a byte, in lower case.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_ids() {
        let (one, other) = (Ids::seeded(7), Ids::seeded(7));
        assert_eq!(one.uuid(), other.uuid());
        assert_eq!(one.ticket_digits(), other.ticket_digits());
        assert_ne!(one.uuid(), one.uuid());
    }

    #[test]
    fn tickets_are_forty_lower_case_hexadecimal_digits() {
        let digits = Ids::random().ticket_digits();
        assert_eq!(digits.len(), 40);
        assert!(digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')));
    }
}
