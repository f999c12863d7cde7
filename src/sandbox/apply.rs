//! The child's side of the sandbox: it makes only system calls, on data that was prepared before the process existed.

use std::cell::UnsafeCell;

use super::caps;
use super::child::{InChild, StepFailure};
use super::landlock::{self, Ruleset, fs};
use super::policy::OWN_FILES;
use super::seccomp::{self, Program};

/// One spawn's restrictions.
pub(super) struct Restrictions {
    ruleset: Ruleset,
    keep: [i32; 1],
    /// Written once, by the child, which shares this memory while its parent waits.
    filter: UnsafeCell<Vec<libc::sock_filter>>,
    own_pid_at: Vec<usize>,
}

impl Restrictions {
    pub(super) fn new(ruleset: Ruleset, filter: &Program) -> Self {
        Restrictions {
            keep: [ruleset.as_raw_fd()],
            ruleset,
            filter: UnsafeCell::new(filter.code.clone()),
            own_pid_at: filter.own_pid_at.clone(),
        }
    }

    /// Adds rules for the process's own /proc entries, which cannot be named before the process exists.
    ///
    /// # Safety
    /// As `apply`.
    unsafe fn allow_own_files(&self) -> Result<(), StepFailure> {
        for path in OWN_FILES {
            // SAFETY: the path is a C string.
            let file = unsafe { libc::open(path.as_ptr(), libc::O_PATH | libc::O_CLOEXEC) };
            if file < 0 {
                return Err(("open /proc/self", errno()));
            }
            // SAFETY: both are open.
            let added = unsafe { landlock::add_rule(self.ruleset.as_raw_fd(), file, fs::READ_FILE) };
            // SAFETY: opened above, used by nobody else.
            unsafe { libc::close(file) };
            if added != 0 {
                return Err(("landlock_add_rule", added));
            }
        }
        Ok(())
    }

    /// # Safety
    /// As `apply`.
    unsafe fn load_filter(&self) -> Result<(), StepFailure> {
        // SAFETY: the child is the only one that touches this: its parent is suspended and other threads have no
        // reference to it.
        let code = unsafe { &mut *self.filter.get() };
        // SAFETY: cannot fail and touches no memory.
        let own = unsafe { libc::getpid() } as u32;
        for at in &self.own_pid_at {
            if let Some(instruction) = code.get_mut(*at) {
                instruction.k = own;
            }
        }
        // SAFETY: pointer and length are of one vector; no_new_privs is set. Programs are far below 65,536 instructions.
        match unsafe { seccomp::load(code.as_ptr(), code.len() as u16) } {
            0 => Ok(()),
            errno => Err(("seccomp", errno)),
        }
    }
}

impl InChild for Restrictions {
    fn keep_fds(&self) -> &[i32] {
        &self.keep
    }

    unsafe fn apply(&self, before_filter: &dyn Fn() -> Result<(), StepFailure>) -> Result<(), StepFailure> {
        // SAFETY: the caller is a child of its own.
        unsafe { caps::drop_all()? };
        // SAFETY: as above.
        unsafe { self.allow_own_files()? };
        // SAFETY: no memory is passed.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err(("PR_SET_NO_NEW_PRIVS", errno()));
        }
        // SAFETY: the ruleset is open and no_new_privs is set.
        match unsafe { landlock::restrict_self(self.ruleset.as_raw_fd()) } {
            0 => {}
            errno => return Err(("landlock_restrict_self", errno)),
        }
        before_filter()?;
        // SAFETY: as above.
        unsafe { self.load_filter() }
    }
}

fn errno() -> i32 {
    // SAFETY: the location is valid; a vfork child borrows its suspended parent's.
    unsafe { *libc::__errno_location() }
}
