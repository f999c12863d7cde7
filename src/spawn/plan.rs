//! Everything that a new process needs, ready to be passed to the system.

use std::cell::Cell;
use std::ffi::c_char;
use std::os::fd::RawFd;

use crate::sandbox::{InChild, StepFailure};

/// What the child does between its making and `execve`. Source descriptors are above `MEMORY_FD`.
pub(super) struct Plan<'a> {
    pub(super) program: *const c_char,
    pub(super) argv: *const *const c_char,
    pub(super) envp: *const *const c_char,
    pub(super) cwd: *const c_char,
    pub(super) stdin: RawFd,
    pub(super) stdout: RawFd,
    pub(super) stderr: RawFd,
    /// None: the program knows nothing of the host.
    pub(super) channel: Option<RawFd>,
    pub(super) memory: Option<RawFd>,
    /// A descriptor through which the child enters the cgroup that was made for it.
    pub(super) door: Option<RawFd>,
    pub(super) limits: &'a [(Resource, libc::rlimit)],
    pub(super) open_files: libc::rlimit,
    /// The host's pid when the child must not outlive the thread that spawned it.
    pub(super) die_with: Option<libc::pid_t>,
    pub(super) sandbox: Option<&'a dyn InChild>,
    pub(super) failure: Cell<Option<StepFailure>>,
}

/// The type libc gives resource numbers differs between C libraries.
#[cfg(all(target_os = "linux", target_env = "gnu"))]
pub(super) type Resource = libc::__rlimit_resource_t;
/// The type libc gives resource numbers differs between C libraries.
#[cfg(not(all(target_os = "linux", target_env = "gnu")))]
pub(super) type Resource = std::ffi::c_int;
