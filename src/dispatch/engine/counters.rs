//! What a manager counts.

/// Counts since the manager was made.
#[derive(Debug, Clone, Copy, Default)]
pub struct Counters {
    /// Calls accepted.
    pub started: u64,
    /// Calls that gave a result.
    pub succeeded: u64,
    /// Calls that failed, cancelled ones included.
    pub failed: u64,
    /// Attempts beyond the first of a call.
    pub retried: u64,
    /// Processes that were started as programs.
    pub spawned: u64,
    /// Processes that were forked from an origin.
    pub forked: u64,
    /// Processes that ended.
    pub exits: Exits,
}

/// Processes that ended, by reason.
#[derive(Debug, Clone, Copy, Default)]
pub struct Exits {
    /// They were no longer needed.
    pub retired: u64,
    /// They were killed under a call: timeout, cancellation, memory.
    pub killed: u64,
    /// They ended by themselves, under a call or idle.
    pub crashed: u64,
    /// They ended before they were ready.
    pub start_failed: u64,
}

impl Exits {
    /// All of them.
    pub fn total(&self) -> u64 {
        self.retired + self.killed + self.crashed + self.start_failed
    }
}
