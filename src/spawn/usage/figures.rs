//! What a process group uses, and what it may use.

use crate::spawn::temporary::DiskUsage;

/// What a group used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of memory: resident pages except those of files, swapped pages, page tables, mapped shared memory, and the
    /// bytes queued in sockets and pipes.
    pub memory: u64,
    /// The number of its members, zombies included that a member has yet to reap.
    pub processes: u32,
    /// Threads of all of them.
    pub threads: u32,
    /// An upper bound of the watches of its epoll descriptors.
    pub watches: u64,
    /// The number of its inotify descriptors.
    pub notifiers: u64,
    /// What its temporary directory contains, with removed files that are still open.
    pub temporary: DiskUsage,
}

/// The limits of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Caps {
    /// Processes.
    pub processes: u32,
    /// Threads of all of them.
    pub threads: u32,
    /// Epoll watches, of which each user has a limited number.
    pub watches: u64,
    /// Inotify descriptors, likewise.
    pub notifiers: u64,
}
