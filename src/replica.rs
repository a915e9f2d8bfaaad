//! One of several servers that share nothing but a secret.
//!
//! Behind a load balancer each id leads to the server that made it: its last two hexadecimal digits are that server's
//! number. Tickets are valid on all, since each can check what another has signed.

use ring::hmac;
use uuid::{Builder, Uuid};

use crate::{clock::Timestamp, config::ReplicaConfig, ids::Ids, secret};

/// When it was signed, and by whom.
const HEAD: usize = 8;

/// Of the signature; with the head as many bytes as a ticket of a single server has.
const SIGNATURE: usize = 12;

/// Which server this is, and the secret of all.
#[derive(Clone, Debug)]
pub(crate) struct Replica {
    number: u8,
    key: hmac::Key,
}

impl Replica {
    /// What the flags say; none for a server that is alone.
    pub(crate) fn of(config: &ReplicaConfig) -> Option<Self> {
        let (replica, secret) = (config.replica?, config.ticket_secret.as_deref()?);
        Some(Self { number: replica.number, key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) })
    }

    pub(crate) fn number(&self) -> u8 {
        self.number
    }

    /// An id that is the same on all servers.
    pub(crate) fn shared_id(&self, name: &str) -> Uuid {
        let digest = hmac::sign(&self.key, format!("id {name}").as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest.as_ref()[..16]);
        Builder::from_random_bytes(bytes).into_uuid()
    }

    /// The digits of a new ticket.
    pub(crate) fn sign_ticket(&self, user: &str, now: Timestamp, ids: &Ids) -> String {
        let seconds = u32::try_from(now.as_millis() / 1000).unwrap_or_default();
        let mut bytes = [0; HEAD + SIGNATURE];
        bytes[..4].copy_from_slice(&seconds.to_be_bytes());
        bytes[4] = self.number;
        // So that no two logins in a second get the same ticket.
        bytes[5..HEAD].copy_from_slice(&ids.uuid().as_bytes()[..3]);
        let signature = self.signature(&bytes[..HEAD], user);
        bytes[HEAD..].copy_from_slice(&signature);
        crate::ids::hexadecimal(&bytes)
    }

    /// When a ticket was signed, and for which of these users, if any of the servers has signed it.
    pub(crate) fn read_ticket<U: AsRef<str>>(
        &self,
        digits: &str,
        users: impl Iterator<Item = U>,
    ) -> Option<(U, Timestamp)> {
        let bytes = bytes(digits)?;
        let (head, signature) = bytes.split_at(HEAD);
        let seconds = u32::from_be_bytes(head[..4].try_into().ok()?);
        let mut users = users;
        let user = users.find(|user| {
            let expected = self.signature(head, user.as_ref());
            secret::is_same(expected, signature)
        })?;
        Some((user, Timestamp::from_millis(i64::from(seconds) * 1000)))
    }

    fn signature(&self, head: &[u8], user: &str) -> [u8; SIGNATURE] {
        let digest = hmac::sign(&self.key, &[b"ticket ", head, user.as_bytes()].concat());
        let mut signature = [0; SIGNATURE];
        signature.copy_from_slice(&digest.as_ref()[..SIGNATURE]);
        signature
    }
}

fn bytes(digits: &str) -> Option<[u8; HEAD + SIGNATURE]> {
    let mut bytes = [0; HEAD + SIGNATURE];
    if digits.len() != 2 * bytes.len() || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    for (index, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * index..2 * index + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn replica(number: u8, secret: &str) -> Replica {
        Replica { number, key: hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()) }
    }

    #[test]
    fn an_id_of_a_name_is_the_same_on_all_servers_and_nowhere_else() {
        let (one, other) = (replica(1, "a secret of all"), replica(2, "a secret of all"));
        assert_eq!(one.shared_id("a"), other.shared_id("a"));
        assert_ne!(one.shared_id("a"), one.shared_id("b"));
        assert_ne!(one.shared_id("a"), replica(1, "another secret").shared_id("a"));
    }

    #[test]
    fn a_ticket_is_known_wherever_the_secret_is() {
        let (one, other) = (replica(1, "a secret of all"), replica(2, "a secret of all"));
        let now = Timestamp::from_millis(1_782_119_702_000);
        let ticket = one.sign_ticket("alice", now, &Ids::seeded(1));
        assert_eq!(ticket.len(), 40);
        assert_eq!(&ticket[8..10], "01");
        assert_eq!(other.read_ticket(&ticket, ["admin", "alice"].iter()), Some((&"alice", now)));
        assert_eq!(other.read_ticket(&ticket, ["admin", "bob"].iter()), None);
        assert_eq!(replica(2, "another secret").read_ticket(&ticket, ["alice"].iter()), None);
        for index in 0..40 {
            let mut forged = ticket.clone();
            let digit = if forged.as_bytes()[index] == b'0' { "1" } else { "0" };
            forged.replace_range(index..=index, digit);
            assert_eq!(other.read_ticket(&forged, ["alice"].iter()), None, "{forged}");
        }
        let respelled = ticket.replacen("01", "+1", 1);
        assert_eq!(other.read_ticket(&respelled, ["alice"].iter()), None, "{respelled}");
        for odd in ["", "00", &"g".repeat(40), &"é".repeat(20)] {
            assert_eq!(other.read_ticket(odd, ["alice"].iter()), None, "{odd}");
        }
    }
}
