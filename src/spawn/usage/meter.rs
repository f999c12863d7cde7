//! Watches one group.

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::descriptors::Descriptors;
use super::group::Group;
use super::mappings::SharedMemory;
use super::status::Status;
use crate::error::descriptors::DescriptorReservation;
use crate::spawn::temporary::{DiskUsage, Temporary};

/// Between two looks at what is hidden from the cheap counts: shared memory, sockets, pipes, watches.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Between two looks at a directory for temporary files, at least; and so many times as long as the last look took.
const WEIGH_EVERY: Duration = Duration::from_millis(500);
const WEIGH_SHARE: u32 = 30;
/// Descriptors of the host's own that a look takes at once.
const TO_LOOK: usize = 4;
/// Descriptors of one group looked at in one go; some milliseconds.
const MOST_DESCRIPTORS: usize = 1024;
/// Processes of one group whose mappings and descriptors are looked at; a group of more is near its end.
const MOST_LOOKED_AT: usize = 64;

/// What a group used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of memory: resident but for pages of files, swapped, page tables, shared memory as far as it is mapped, and
    /// what waits in sockets and pipes.
    pub memory: u64,
    /// Its members, those included that ended and that a member has yet to reap.
    pub processes: u32,
    /// Threads of all of them.
    pub threads: u32,
    /// What its epoll descriptors may watch together, at the most.
    pub watches: u64,
    /// Its inotify descriptors.
    pub notifiers: u64,
    /// What lies in its directory for temporary files, and what its files without a name occupy.
    pub temporary: DiskUsage,
}

/// What a group may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Processes.
    pub processes: u32,
    /// Threads of all of them.
    pub threads: u32,
    /// Watches of epoll, which each user has only so many of.
    pub watches: u64,
    /// Inotify descriptors, likewise.
    pub notifiers: u64,
}

/// Watches one group.
#[derive(Debug)]
pub struct UsageMeter {
    leader: u32,
    status: File,
    /// None where there can't be other members.
    group: Option<Group>,
    looked: Instant,
    hidden: Hidden,
    temporary: Option<Arc<Temporary>>,
    /// When it is weighed again.
    weighed_next: Instant,
    disk_usage: DiskUsage,
}

/// What the last look found.
#[derive(Debug, Default, Clone, Copy)]
struct Hidden {
    shared: u64,
    descriptors: u64,
    watches: u64,
    notifiers: u64,
    nameless: u64,
}

impl UsageMeter {
    /// Of the group that `leader` leads. `may_start_programs`: it can have other members. Fails when the process is gone, and where
    /// the host has no descriptor left: a process that cannot be watched is not to run.
    pub fn open(
        leader: u32,
        may_start_programs: bool,
        temporary: Option<Arc<Temporary>>,
        now: Instant,
    ) -> io::Result<Self> {
        Ok(Self {
            leader,
            status: File::open(format!("/proc/{leader}/status"))?,
            group: may_start_programs.then(|| Group::new(leader, now)),
            looked: now,
            hidden: Hidden::default(),
            temporary,
            weighed_next: now + WEIGH_EVERY,
            disk_usage: DiskUsage::default(),
        })
    }

    /// None when the leader is gone. A group that is found to be more processes than it may may be left stopped: it is to be
    /// killed.
    pub fn usage(&mut self, caps: Caps, now: Instant) -> Option<Usage> {
        let own = Status::read(&self.status)?;
        let members = match &mut self.group {
            Some(group) => group.members(caps.processes, now),
            None => &[],
        };
        let mut usage = Usage {
            memory: own.memory(),
            processes: 1 + members.len() as u32,
            threads: own.threads,
            watches: 0,
            notifiers: 0,
            temporary: DiskUsage::default(),
        };
        let mut resident_shared = own.shared;
        for status in members.iter().map(|member| member.status()) {
            usage.memory += status.memory();
            usage.threads += status.threads;
            resident_shared += status.shared;
        }
        // Without a descriptor to look with, what was found last stands: half a look would find too little.
        if now.duration_since(self.looked) >= LOOK_EVERY && DescriptorReservation::new(TO_LOOK).is_ok() {
            self.looked = now;
            let ids = [self.leader].into_iter().chain(members.iter().map(|member| member.id));
            let directory = self.temporary.as_ref().map(|temporary| temporary.path());
            self.hidden = look(ids.take(MOST_LOOKED_AT), directory);
        }
        // What of it is resident has been counted.
        usage.memory += self.hidden.shared.saturating_sub(resident_shared) + self.hidden.descriptors;
        usage.watches = self.hidden.watches;
        usage.notifiers = self.hidden.notifiers;
        usage.temporary = self.measure_temporary(now);
        usage.temporary.bytes = usage.temporary.bytes.saturating_add(self.hidden.nameless);
        Some(usage)
    }

    /// As it was found last. A look at many files takes its time, of which no more than a small share is spent so.
    fn measure_temporary(&mut self, now: Instant) -> DiskUsage {
        if let Some(temporary) = self.temporary.as_ref().filter(|_| now >= self.weighed_next) {
            self.disk_usage = temporary.disk_usage().unwrap_or(self.disk_usage);
            let done = Instant::now();
            self.weighed_next = done + WEIGH_EVERY.max(done.saturating_duration_since(now) * WEIGH_SHARE);
        }
        self.disk_usage
    }
}

fn look(processes: impl Iterator<Item = u32>, temporary: Option<&Path>) -> Hidden {
    let mut shared = SharedMemory::default();
    let mut descriptors = Descriptors::default();
    for process in processes {
        shared.add(process);
        descriptors.add(process, MOST_DESCRIPTORS, temporary);
    }
    Hidden {
        shared: shared.bytes(),
        descriptors: descriptors.bytes(),
        watches: descriptors.watches(),
        notifiers: descriptors.notifiers(),
        nameless: descriptors.nameless(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        processes: u32::MAX,
        threads: u32::MAX,
        watches: u64::MAX,
        notifiers: u64::MAX,
    };

    #[test]
    fn a_process_and_its_threads_are_seen() {
        let now = Instant::now();
        let mut meter = UsageMeter::open(std::process::id(), false, None, now).unwrap();
        let before = meter.usage(CAPS, now).unwrap();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (up, running) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _ = up.send(());
            let _ = stopped.recv();
        });
        running.recv().unwrap();
        let after = meter.usage(CAPS, now).unwrap();
        assert!(after.threads > before.threads, "{before:?} {after:?}");
        assert_eq!(after.processes, 1);
        drop(stop);
        thread.join().unwrap();
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        assert!(UsageMeter::open(u32::MAX, false, None, Instant::now()).is_err());
    }
}
