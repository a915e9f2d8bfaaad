//! What a process has: what there must be no more of when all is quiet.

use std::{fs, path::Path, thread, time::Duration};

use crate::support::{Auth, process::Server};

/// How much more memory after each of the last rounds than after the first there may be, in KiB.
const GROWTH_KIB: u64 = 64 << 10;

/// What a process has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Measure {
    pub(crate) descriptors: usize,
    /// Whatever the program runs: connections, jobs, what cleans up.
    tasks: usize,
    threads: usize,
    temporary_files: usize,
    spooled_bytes: u64,
    pub(crate) resident_kib: u64,
}

/// What memory has grown by, when it is more than is let pass: after none of the last rounds was there as little as after
/// one of the first. A single round says nothing, since an allocator keeps what the one with the most work has needed.
pub(crate) fn growth(resident_kib: &[u64]) -> Option<String> {
    let part = resident_kib.len().div_ceil(3);
    let first = resident_kib.iter().take(part).max()?;
    let last = resident_kib.iter().rev().take(part).min()?;
    (*last > first + GROWTH_KIB).then(|| format!("{first} KiB became {last} KiB: {resident_kib:?}"))
}

impl Measure {
    pub(crate) fn of(server: &Server, folder: &Path) -> Self {
        let process = format!("/proc/{}", server.id());
        let open = fs::read_dir(format!("{process}/fd")).unwrap().filter_map(Result::ok);
        let links: Vec<_> = open.filter_map(|file| fs::metadata(file.path()).ok()).collect();
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        let field = |name: &str| -> u64 {
            let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            line.split_whitespace().next().unwrap().parse().unwrap()
        };
        Self {
            descriptors: links.len(),
            tasks: tasks(server),
            threads: usize::try_from(field("Threads:")).unwrap(),
            temporary_files: fs::read_dir(folder).unwrap().count(),
            spooled_bytes: links.iter().filter(|file| file.is_file()).map(fs::Metadata::len).sum(),
            resident_kib: field("VmRSS:"),
        }
    }

    /// As soon as it is as it was before, or after some seconds in which it has not become so.
    pub(crate) fn when_quiet(server: &Server, folder: &Path, before: &Self, flat: Option<&Self>) -> Self {
        let mut now = Self::of(server, folder);
        for _ in 0..100 {
            let has_calmed = now.descriptors <= before.descriptors && now.spooled_bytes <= before.spooled_bytes;
            if has_calmed && flat.is_none_or(|flat| now.tasks <= flat.tasks) {
                break;
            }
            thread::park_timeout(Duration::from_millis(100));
            now = Self::of(server, folder);
        }
        now
    }

    /// What there is more of than there was.
    pub(crate) fn leak(&self, before: &Self, flat: Option<&Self>) -> Option<String> {
        // Threads that block come with the work, up to a limit, and go when there is none for a while.
        let is_leak = self.descriptors > before.descriptors
            || self.temporary_files > 0
            || self.spooled_bytes > before.spooled_bytes
            || self.threads > before.threads + 16
            || flat.is_some_and(|flat| self.tasks > flat.tasks);
        is_leak.then(|| format!("{self:?}, and before {before:?}, after the first rounds {flat:?}"))
    }
}

/// How many tasks run, this question included.
fn tasks(server: &Server) -> usize {
    let metrics = server.get("/metrics", Auth::None);
    let line = metrics.text().lines().find_map(|line| line.strip_prefix("alfresco_mock_tasks ")).unwrap();
    line.parse().unwrap()
}

/// How many files and connections the process has open now.
pub(crate) fn descriptors(server: &Server) -> usize {
    fs::read_dir(format!("/proc/{}/fd", server.id())).unwrap().count()
}

/// How many files and connections this process, and so the program, may have open.
pub(crate) fn most_descriptors() -> usize {
    let limits = fs::read_to_string("/proc/self/limits").unwrap();
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}
