//! The interface between starting a process (`spawn`) and restricting it (this module).
//!
//! `spawn` knows nothing of Landlock or seccomp. It owns a `ChildSetup` on its one spawner thread, asks it for an
//! `InChild` before each spawn, and calls that in the new process: after stdio, setpgid, PR_SET_PDEATHSIG, chdir,
//! rlimits and close_range, and before the signal handlers are reset and execve.

use std::os::fd::{BorrowedFd, OwnedFd};

#[cfg(portable)]
use super::no_guardian::Guardian;
#[cfg(not(portable))]
use super::run::Guardian;

/// A failed system call of the set-up: the step's name and its errno. The same type crosses the vfork boundary.
pub type StepFailure = (&'static str, i32);

/// The parent's side, used on the spawner thread only.
pub trait ChildSetup: Send {
    /// Runs once on the spawner thread, before its first spawn. It installs what must apply to the thread itself: the
    /// notification filter whose listener every child inherits.
    fn on_spawner_thread(&mut self) -> Result<(), StepFailure> {
        Ok(())
    }

    /// Prepares one spawn: everything that can allocate, fail slowly or take a lock happens here. `temporary` is a
    /// directory that was made for this process, which may read and write it.
    fn per_spawn(&mut self, temporary: Option<BorrowedFd<'_>>) -> Result<Box<dyn InChild>, StepFailure>;

    /// The process exists, and `pid` leads its own group. Called after a successful execve, before the process is
    /// handed out. The guardian that is returned watches the group; its `forget` must be called before the process is reaped.
    fn spawned(&mut self, _pid: u32) -> Option<Guardian> {
        None
    }

    /// The same for an origin, whose group may contain a fork that it made and did not report.
    fn origin_spawned(&mut self, pid: u32) -> Option<Guardian> {
        self.spawned(pid)
    }

    /// Prepares one fork: the layer of rules that the child puts itself under before it runs anything. What the child
    /// may access is what both its origin and this layer allow. `temporary`: as for `per_spawn`.
    fn per_fork(&mut self, _temporary: Option<BorrowedFd<'_>>) -> Result<OwnedFd, StepFailure> {
        Err(NO_FORKS)
    }

    /// The origin may make one child from now on, until `revoke_fork`.
    fn grant_fork(&mut self, _origin: u32) -> Result<(), StepFailure> {
        Err(NO_FORKS)
    }

    /// Takes back what was granted and not used.
    fn revoke_fork(&mut self) {}

    /// A process was forked and is still in its origin's group; nothing of the entrypoint has run in it. An error if
    /// its permissions cannot be enforced like those of others.
    fn forked(&mut self, _pid: u32) -> Result<Option<Guardian>, StepFailure> {
        Err(NO_FORKS)
    }
}

/// A sandbox that cannot tell an origin's forks from others lets none pass.
const NO_FORKS: StepFailure = ("fork", libc::EPERM);

/// The child's side of one spawn. The descriptors that it needs stay open across the close_range of `spawn` because it
/// names them in `keep_fds`.
pub trait InChild {
    /// The descriptors that `apply` uses; all of them are close-on-exec. The close_range of `spawn` must leave them
    /// open (marking with CLOSE_RANGE_CLOEXEC instead of closing is enough).
    fn keep_fds(&self) -> &[i32];

    /// Restricts the calling process permanently. `before_filter` is called after everything is open that has to be,
    /// and before the filter that may refuse what `before_filter` does.
    ///
    /// # Safety
    /// Only to be called in a freshly cloned child that shares nothing it may disturb: it drops capabilities and
    /// installs filters. It makes system calls on prepared data and neither allocates nor locks.
    unsafe fn apply(&self, before_filter: &dyn Fn() -> Result<(), StepFailure>) -> Result<(), StepFailure>;
}
