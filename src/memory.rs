//! How much memory this process has, for those who would make something that lasts.
//!
//! Whatever there can be many of has a limit of its own. All of them together may still be more than the machine has,
//! and then its kernel kills the process without a word. So nothing that lasts is made beyond a limit of what is resident.
//!
//! An allocator keeps what it is given back, which from outside looks as if it were in use. So when things are deleted, as
//! many may be made.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tracing::{info, warn};

use crate::clock;

/// How long a look is good for.
const FRESH: Duration = Duration::from_millis(50);

/// The part of all memory that there is to be again, before it is enough.
const ROOM: u64 = 8;

/// How much of what the system lets this process have it takes, in hundredths, unless it is told.
const SHARE: u64 = 90;

/// The memory of this process. Clones are the same.
#[derive(Clone, Debug)]
pub(crate) struct Memory(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Bytes that may be resident.
    most: u64,
    /// When it was last looked at, in milliseconds from `begun`.
    looked: AtomicU64,
    begun: Instant,
    is_short: AtomicBool,
    /// Things that were deleted since it has been short, and not made up for.
    freed: AtomicU64,
}

impl Memory {
    /// As many bytes as that, or else most of what the machine or its container has.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let most = most.or_else(|| Some(available()? / 100 * SHARE)).unwrap_or(u64::MAX);
        Self(Arc::new(Inner {
            most,
            looked: AtomicU64::new(0),
            begun: clock::real_instant(),
            is_short: AtomicBool::new(false),
            freed: AtomicU64::new(0),
        }))
    }

    /// Whether something that lasts may be made, which the caller then does.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_short()
            || self.0.freed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |freed| freed.checked_sub(1)).is_ok()
    }

    /// Whether as much was resident as may be when somebody looked last, which costs nothing to ask.
    pub(crate) fn was_short(&self) -> bool {
        self.0.is_short.load(Ordering::Relaxed)
    }

    /// Whether as much is resident as may be.
    pub(crate) fn is_short(&self) -> bool {
        let inner = &*self.0;
        let now = u64::try_from(inner.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let looked = inner.looked.load(Ordering::Relaxed);
        let is_due = u128::from(now - looked.min(now)) >= FRESH.as_millis() || looked == 0;
        // Whoever comes first looks for all.
        if is_due && inner.looked.compare_exchange(looked, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.look();
        }
        self.was_short()
    }

    fn look(&self) {
        let Some(resident) = resident() else { return };
        let was_short = self.was_short();
        // Once short, it is so until there is some room: otherwise what was deleted would be forgotten in a moment.
        let most = if was_short { self.0.most - self.0.most / ROOM } else { self.0.most };
        let is_short = resident > most;
        self.0.is_short.store(is_short, Ordering::Relaxed);
        if is_short && !was_short {
            warn!("{resident} bytes of memory are in use, so nothing more is made; see --max-memory");
        }
        if was_short && !is_short {
            self.0.freed.store(0, Ordering::Relaxed);
            info!("there is memory again");
        }
    }

    /// So many things are gone, in the place of which others may be made.
    pub(crate) fn freed(&self, things: usize) {
        if self.was_short() {
            self.0.freed.fetch_add(things as u64, Ordering::Relaxed);
        }
    }
}

/// Bytes that are resident, if the system tells.
fn resident() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:")
}

/// Bytes that this process may have, if the system tells: what the machine has, or its container is let have.
fn available() -> Option<u64> {
    let machine = kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:");
    let group = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let own = group.lines().find_map(|line| line.strip_prefix("0::")).unwrap_or_default();
    let limits = [
        format!("/sys/fs/cgroup{own}/memory.max"),
        "/sys/fs/cgroup/memory.max".to_owned(),
        "/sys/fs/cgroup/memory/memory.limit_in_bytes".to_owned(),
    ];
    let limits = limits.iter().filter_map(|path| fs::read_to_string(path).ok()?.trim().parse().ok());
    limits.chain(machine).min()
}

/// The field of that name, in bytes.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1 << 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_what_is_in_use_and_what_there_is() {
        let (resident, available) = (resident().unwrap(), available().unwrap());
        assert!((1 << 20..available).contains(&resident), "{resident} of {available}");
    }

    #[test]
    fn a_field_is_read_in_kibibytes() {
        let text = "VmHWM:\t    9000 kB\nVmRSS:\t    8032 kB\nThreads:\t9\n";
        assert_eq!(kibibytes(text, "VmRSS:"), Some(8_224_768));
        assert_eq!(kibibytes(text, "VmSwap:"), None);
        assert_eq!(kibibytes(text, "Threads:"), None);
    }

    #[test]
    fn when_it_is_short_as_much_may_be_made_as_goes() {
        let enough = Memory::new(Some(u64::MAX));
        enough.freed(1);
        assert!(enough.has_room() && enough.has_room());
        let short = Memory::new(Some(1));
        assert!(!short.has_room());
        short.freed(2);
        assert_eq!([(); 4].map(|()| short.has_room()), [true, true, false, false]);
    }
}
