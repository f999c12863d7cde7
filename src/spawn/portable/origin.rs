//! Origins where there are none: a fork needs a supervisor that lets it pass. The types that the rest names.

use std::ffi::c_void;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::sandbox::StepFailure;
use crate::spawn::process::Process;
use crate::spawn::spawner::Child;
use crate::worker::frame::LogFrame;

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

/// A process that has imported the entrypoint and gives children of itself.
#[derive(Debug)]
pub enum Origin {}

impl Origin {
    /// No process becomes one.
    pub fn begin(
        _child: Child,
        _limits: OriginLimits,
        _share: impl FnOnce(&Arc<Process>),
        _log: impl FnMut(&LogFrame<'_>),
    ) -> Result<(Self, Vec<PathBuf>), BeginFailure> {
        Err(BeginFailure::Unfit("there is no sandbox on this system".to_owned()))
    }

    pub fn pid(&self) -> u32 {
        match *self {}
    }

    pub fn forked(&self) -> u64 {
        match *self {}
    }

    pub fn broken(&self) -> Option<String> {
        match *self {}
    }

    pub fn end(&self, _reason: &str) {
        match *self {}
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

/// No process serves.
///
/// # Safety
/// None is needed here; see the function of the same name on Linux.
pub unsafe fn serve_forks(_memory: *mut c_void, _length: usize) -> Served {
    Served::Failed(("fork", libc::ENOSYS))
}

/// No process is a forked one.
pub fn resident_bytes() -> Option<u64> {
    None
}

/// No process waits for a call that it was forked for.
pub fn copy_ahead() -> bool {
    false
}
