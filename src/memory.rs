//! How much memory this process has, for those who would make something that lasts.
//!
//! Whatever there can be many of has a limit of its own. All of them together may still be more than the machine has,
//! and then its kernel kills the process without a word. So nothing that lasts is made beyond a limit of what is in use.
//!
//! An allocator keeps what it is given back, which from outside looks as if it were in use. So when things are deleted, as
//! many may be made.

use std::{
    fs,
    path::{Path, PathBuf},
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
    /// Bytes that may be in use.
    most: u64,
    source: Source,
    /// When it was last looked at, in milliseconds from `begun`.
    looked: AtomicU64,
    begun: Instant,
    is_short: AtomicBool,
    /// Things that were deleted since it has been short, and not made up for.
    freed: AtomicU64,
}

impl Memory {
    /// As many bytes of this process as that, or else most of what the machine or its container has.
    pub(crate) fn new(most: Option<u64>) -> Self {
        let usual =
            || Source::narrowest().map_or((u64::MAX, Source::Machine), |(all, source)| (all / 100 * SHARE, source));
        let (most, source) = most.map_or_else(usual, |most| (most, Source::Machine));
        Self(Arc::new(Inner {
            most,
            source,
            looked: AtomicU64::new(0),
            begun: clock::real_instant(),
            is_short: AtomicBool::new(false),
            freed: AtomicU64::new(0),
        }))
    }

    /// Whether something that lasts may be made. It takes the place of something that was deleted, if there is no other;
    /// if it is not made after all, that place is to be [freed](Self::freed) again.
    pub(crate) fn has_room(&self) -> bool {
        !self.is_short()
            || self.0.freed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |freed| freed.checked_sub(1)).is_ok()
    }

    /// Whether more was in use than may be when somebody looked last, which costs nothing to ask.
    pub(crate) fn was_short(&self) -> bool {
        self.0.is_short.load(Ordering::Relaxed)
    }

    /// Whether more is in use than may be.
    pub(crate) fn is_short(&self) -> bool {
        self.look_if_due();
        self.was_short()
    }

    /// Looks, unless somebody just has.
    pub(crate) fn look_if_due(&self) {
        let inner = &*self.0;
        let now = u64::try_from(inner.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        let looked = inner.looked.load(Ordering::Relaxed);
        let is_due = u128::from(now - looked.min(now)) >= FRESH.as_millis() || looked == 0;
        // Whoever comes first looks for all.
        if is_due && inner.looked.compare_exchange(looked, now.max(1), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.look();
        }
    }

    fn look(&self) {
        let Some(in_use) = self.0.source.in_use() else { return };
        let was_short = self.was_short();
        // Once short, it is so until there is some room: otherwise what was deleted would be forgotten in a moment.
        let most = if was_short { self.0.most - self.0.most / ROOM } else { self.0.most };
        let is_short = in_use > most;
        self.0.is_short.store(is_short, Ordering::Relaxed);
        if is_short && !was_short {
            warn!("{in_use} bytes of memory are in use, so nothing more is made; see --max-memory");
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

/// Where it is said how much there is, and how much of that is in use.
#[derive(Debug)]
enum Source {
    /// The machine, and this process.
    Machine,
    /// A control group, such as a container's, and all that is in it: temporary files too, where those are kept in memory.
    Group(PathBuf),
}

impl Source {
    /// The narrowest limit that holds for this process, in bytes, if the system tells.
    fn narrowest() -> Option<(u64, Self)> {
        let machine = field(&fs::read_to_string("/proc/meminfo").ok()?, "MemTotal:")?;
        let groups = Path::new("/sys/fs/cgroup");
        let all = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let own = all.lines().find_map(|line| line.strip_prefix("0::/")).unwrap_or_default();
        let own = groups.join(own);
        let limits = own.ancestors().take_while(|folder| folder.starts_with(groups)).filter_map(|folder| {
            let limit = fs::read_to_string(folder.join("memory.max")).ok()?.trim().parse().ok()?;
            Some((limit, Self::Group(folder.to_owned())))
        });
        limits.chain([(machine, Self::Machine)]).min_by_key(|(limit, _)| *limit)
    }

    /// Bytes in use, if the system tells.
    fn in_use(&self) -> Option<u64> {
        match self {
            Self::Machine => field(&fs::read_to_string("/proc/self/status").ok()?, "VmRSS:"),
            Self::Group(folder) => {
                let text = fs::read_to_string(folder.join("memory.stat")).ok()?;
                Some(field(&text, "anon ")? + field(&text, "shmem ")?)
            }
        }
    }
}

/// The field of that name, in bytes: the system has some in those, and some in kibibytes.
fn field(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?.trim();
    match value.strip_suffix(" kB") {
        Some(value) => value.parse::<u64>().ok()?.checked_mul(1 << 10),
        None => value.parse().ok(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_system_tells_what_is_in_use_and_what_there_is() {
        let (most, source) = Source::narrowest().unwrap();
        for source in [source, Source::Machine] {
            let in_use = source.in_use().unwrap();
            assert!((1 << 20..most).contains(&in_use), "{in_use} of {most} of {source:?}");
        }
    }

    #[test]
    fn what_is_in_a_group_is_what_nobody_can_take_from_it() {
        let folder = tempfile::tempdir().unwrap();
        let stat = "anon 5000000\nfile 90000000\nkernel 300000\nshmem 2000000\nanon_thp 4000000\n";
        fs::write(folder.path().join("memory.stat"), stat).unwrap();
        assert_eq!(Source::Group(folder.path().to_owned()).in_use(), Some(7_000_000));
    }

    #[test]
    fn a_field_is_read_in_bytes() {
        let text = "VmHWM:\t    9000 kB\nVmRSS:\t    8032 kB\nThreads:\t9\n";
        assert_eq!(field(text, "VmRSS:"), Some(8_224_768));
        assert_eq!(field(text, "Threads:"), Some(9));
        assert_eq!(field(text, "VmSwap:"), None);
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
