//! What a cgroup allows, and what the kernel says of it in the end: the same on every system.

/// What a worker and the programs it started may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CgroupLimits {
    /// Bytes of memory. None: as much as there is.
    pub memory: Option<u64>,
    /// Threads of all processes.
    pub threads: u32,
}

/// What the kernel accounted for a worker by its end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Account {
    /// A cgroup was full, and the kernel killed processes in it.
    pub was_out_of_memory: bool,
    /// It was the host's own cgroup, which has a limit of its own.
    pub of_the_host: bool,
    /// The peak memory use in bytes. Linux before 5.19 does not provide it.
    pub peak: Option<u64>,
}
