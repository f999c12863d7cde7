//! The errors that refused system calls return, and which one a row chooses.

use super::super::row::Answer;

/// For calls that tools make themselves. `child_process` emits 'error' for EACCES, while it throws for EPERM and ENOSYS.
pub(super) const EACCES: Answer = Answer::Errno(libc::EACCES);
/// For calls whose callers fall back to another one when the kernel does not have it.
pub(super) const ENOSYS: Answer = Answer::Errno(libc::ENOSYS);
/// For all other calls.
pub(super) const EPERM: Answer = Answer::Errno(libc::EPERM);
