//! Cgroups where there are none: the types that the rest names, most of them without values.

use std::os::fd::OwnedFd;
use std::sync::Arc;

/// What a worker and the programs it started may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgroupLimits {
    /// Bytes of memory. None: as much as there is.
    pub memory: Option<u64>,
    /// Threads of all processes.
    pub threads: u32,
}

/// A part of the system's tree.
#[derive(Debug)]
pub enum Delegated {}

/// Gives each process of a launch a cgroup of its own.
#[derive(Debug, Clone)]
pub struct Cgroups {
    /// The directory in which they are made.
    pub parent: Arc<Delegated>,
    /// The limits of each.
    pub limits: CgroupLimits,
}

/// What the kernel accounted for a worker by its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// A cgroup was full, and the kernel killed processes in it.
    pub was_out_of_memory: bool,
    /// It was the host's own cgroup, which has a limit of its own.
    pub of_the_host: bool,
    /// The peak memory use in bytes.
    pub peak: Option<u64>,
}

/// The cgroup of one worker.
#[derive(Debug)]
pub(in crate::spawn) enum Cgroup {}

impl Delegated {
    /// There is none.
    pub fn of_this_host() -> Option<Arc<Self>> {
        None
    }
}

impl Cgroup {
    pub(in crate::spawn) fn new(parent: &Arc<Delegated>, _limits: CgroupLimits) -> std::io::Result<Self> {
        match **parent {}
    }

    pub(in crate::spawn) fn door(&self) -> std::io::Result<OwnedFd> {
        match *self {}
    }

    pub(in crate::spawn) fn account(&self) -> Account {
        match *self {}
    }

    pub(in crate::spawn) fn remove(&self) -> bool {
        match *self {}
    }
}

/// Nothing tells what the system killed for lack of memory.
pub(in crate::spawn) fn kills() -> Option<u64> {
    None
}
