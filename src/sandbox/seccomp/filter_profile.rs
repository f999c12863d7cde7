//! The properties of a policy and of the kernel that the system call filter depends on. `row.rs` says which rows follow
//! from them, and `sandbox/locks.rs` makes the profile of a policy and decides by it whether the supervisor sees every
//! refusal (`denialsComplete`).

use crate::sandbox::landlock_abi::Covers;

/// How the network is restricted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Net {
    /// No sockets at all, so no supervisor is needed.
    Denied,
    /// TCP sockets exist, and the supervisor decides about each connection; with an empty list it refuses all.
    Supervised,
    /// The supervisor makes every connection, and refuses those to metadata services and to unix sockets.
    Wide,
    /// There is no supervisor: the worker makes every connection itself.
    Free,
}

/// The properties of a policy and of the kernel that decide which rows the filter has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FilterProfile {
    pub run: bool,
    pub net: Net,
    /// There may be somebody to send messages to: an address, a unix socket or a program.
    pub peers: bool,
    pub read_all: bool,
    pub write_all: bool,
    /// What Landlock covers on this kernel.
    pub landlock: Covers,
    /// A supervisor records refused forks.
    pub fork_reported: bool,
    /// A supervisor records refused programs.
    pub exec_reported: bool,
    /// A supervisor sees every open for reading: it records refusals, and opens /proc entries of the worker's own
    /// processes where programs may be run.
    pub reads_reported: bool,
    /// A supervisor sees every call that changes files, and records refusals.
    pub writes_reported: bool,
    /// A supervisor changes metadata and watches files where a list allows that.
    pub files_reported: bool,
    /// A supervisor decides about signals that the filter alone cannot judge, because Landlock does not confine them.
    pub signals_reported: bool,
    /// Processes may be forked from an origin, which the supervisor lets call clone when it was asked for a child.
    pub forked: bool,
    /// The supervisor notes what tools do: it sees every call that a flag decides about, also where everything is allowed.
    pub learns: bool,
    /// A supervisor makes the sockets, because it may not copy a worker's.
    pub sockets_made: bool,
}
