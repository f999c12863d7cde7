//! What of a policy the system call filter depends on.

/// How the network is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    /// No socket at all: nobody supervises.
    Denied,
    /// TCP sockets exist, the supervisor decides where they go; with an empty list: nowhere.
    Supervised,
    /// The supervisor makes every connection, and refuses those to metadata services and to unix sockets.
    Wide,
    /// Nobody supervises: every connection is the worker's own.
    Free,
}

/// The filter's view of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FilterProfile {
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
    /// A supervisor sees every open for reading: it records what is refused, and opens entries of the worker's own processes in
    /// /proc where programs may be run.
    pub reads_reported: bool,
    /// A supervisor sees every call that changes files, and records what is refused.
    pub writes_reported: bool,
    /// A supervisor changes metadata and watches files where a list allows that.
    pub files_reported: bool,
}
