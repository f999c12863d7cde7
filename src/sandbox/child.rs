//! What the spawn room asks of the sandbox: the seam between "start a process" and "restrict it".
//!
//! The spawn room knows nothing of Landlock or seccomp. It owns a `ChildSetup` on its one spawner thread, asks it
//! for an `InChild` before each spawn, and calls that in the new process after stdio, setpgid, PR_SET_PDEATHSIG,
//! chdir, rlimits and close_range, and before the signal handlers are reset and execve.

use std::os::fd::BorrowedFd;

use super::run::Guardian;

/// A system call of the set-up that failed: the step's name and its errno. The same shape crosses the vfork boundary.
pub type StepFailure = (&'static str, i32);

/// The parent's side, used on the spawner thread only.
pub trait ChildSetup: Send {
    /// Runs once on the spawner thread, before its first spawn: what must hold for the thread itself (the
    /// notification filter whose listener every child inherits) is installed here.
    fn on_spawner_thread(&mut self) -> Result<(), StepFailure> {
        Ok(())
    }

    /// Prepares one spawn: everything that can allocate, fail slowly or take a lock happens here. `temporary`: a directory that
    /// was made for this process, which it may read and write.
    fn per_spawn(&mut self, temporary: Option<BorrowedFd<'_>>) -> Result<Box<dyn InChild>, StepFailure>;

    /// The process exists: `pid` leads a group of its own. Called after a successful execve, before the process is
    /// handed out. The guardian that watches the group from now on is to be told before the process is reaped.
    fn spawned(&mut self, _pid: u32) -> Option<Guardian> {
        None
    }
}

/// The child's side of one spawn. Descriptors it needs stay open across the spawn room's close_range because it names
/// them in `keep_fds`.
pub trait InChild {
    /// Descriptors `apply` uses; all of them are close-on-exec. The spawn room's close_range must leave them open
    /// (marking with CLOSE_RANGE_CLOEXEC instead of closing is enough).
    fn keep_fds(&self) -> &[i32];

    /// Restricts the calling process for good. `before_filter` is called once everything is open that has to be, and before
    /// the filter that may refuse what it does.
    ///
    /// # Safety
    /// Only to be called in a freshly cloned child that shares nothing it may disturb: it drops capabilities and
    /// installs filters. It makes system calls on ready data and neither allocates nor locks.
    unsafe fn apply(&self, before_filter: &dyn Fn() -> Result<(), StepFailure>) -> Result<(), StepFailure>;
}
