//! What of a policy the system call filter depends on.

/// How the network is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    /// No socket at all: nobody supervises.
    Denied,
    /// TCP sockets exist, the supervisor decides where they go; with an empty list: nowhere.
    Supervised,
    Free,
}

/// The filter's view of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Shape {
    pub run: bool,
    pub net: Net,
    pub read_all: bool,
    pub write_all: bool,
    /// Landlock confines signals (ABI 6 and later).
    pub signal_scope: bool,
    /// A supervisor records refused forks.
    pub fork_reported: bool,
    /// A supervisor records refused programs.
    pub exec_reported: bool,
    /// A supervisor opens entries of the worker's own processes in /proc.
    pub proc_reported: bool,
}

impl Shape {
    /// A unix socket is a file one writes to, and the kernel cannot hold which: it takes every network and write right.
    pub(crate) fn unix(&self) -> bool {
        self.net == Net::Free && self.write_all
    }
}
