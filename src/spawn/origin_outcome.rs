//! What a process may use on its way to an origin, and how becoming one and serving end: the same on every system.

use std::fmt;
use std::time::Duration;

use crate::sandbox::StepFailure;

/// What a process may use until it serves.
#[derive(Debug, Clone, Copy)]
pub struct OriginLimits {
    /// The longest time until it serves.
    pub time: Duration,
    /// Bytes of memory. None: as much as there is.
    pub memory: Option<u64>,
    /// The largest frame.
    pub frame: usize,
}

/// Why there is no origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BeginFailure {
    /// The entrypoint could not be imported: the same as for every process.
    Load,
    /// The process cannot be forked, or did not get that far.
    Unfit(String),
}

impl fmt::Display for BeginFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Load => f.write_str("the entrypoint could not be imported"),
            Self::Unfit(reason) => f.write_str(reason),
        }
    }
}

/// How serving ended.
#[derive(Debug, PartialEq, Eq)]
pub enum Served {
    /// This is a child, and the host lets it run. The path of its temporary directory; empty where it has none.
    Child(Vec<u8>),
    /// The host has closed the channel.
    Closed,
    /// A step failed.
    Failed(StepFailure),
}
