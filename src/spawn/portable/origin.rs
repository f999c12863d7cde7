//! Origins where there are none: a fork needs a supervisor that lets it pass. The types that the rest names.

use std::ffi::c_void;
use std::path::PathBuf;
use std::sync::Arc;

use crate::spawn::origin_outcome::{BeginFailure, OriginLimits, Served};
use crate::spawn::process::Process;
use crate::spawn::spawner::Child;
use crate::worker::frame::LogFrame;

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

/// No process serves.
///
/// # Safety
/// None is needed here; see the function of the same name on Linux.
pub unsafe fn serve_forks(_memory: *mut c_void, _length: usize) -> Served {
    Served::Failed(("fork", libc::ENOSYS))
}

/// No process is a forked one.
pub fn copy_ahead() {}

/// No process is a forked one.
pub fn resident_bytes() -> Option<u64> {
    None
}

/// No process has an origin.
#[derive(Debug)]
pub(super) enum FirstCalls {}

impl FirstCalls {
    pub(super) fn kill_served(&self, _pid: u32, _kill: Arc<dyn Fn() + Send + Sync>) {
        match *self {}
    }
}
