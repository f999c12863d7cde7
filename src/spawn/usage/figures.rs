//! What a process group uses, and what it may use.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use crate::sandbox::Connections;
use crate::spawn::temporary::{DiskUsage, Temporary};

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

/// What is measured.
#[derive(Debug, Default)]
pub struct Measured {
    /// Whether the group can have members other than its leader.
    pub may_start_programs: bool,
    /// Its temporary directory.
    pub temporary: Option<Arc<Temporary>>,
    /// The record of its TCP connections, where a supervisor makes them.
    pub connections: Option<Connections>,
    /// The host's end of a channel to the leader.
    pub channel: Option<Arc<OwnedFd>>,
}
