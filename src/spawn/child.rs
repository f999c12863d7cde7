//! The child between `clone` and `execve`.
//!
//! It shares the host's memory (CLONE_VM) while the spawning thread waits (CLONE_VFORK), so that the cost does not
//! grow with the host. Another thread of the host may hold any lock, the allocator's included: the code here only makes
//! system calls on data that was prepared before. It reports (step, errno) through the plan it was given.
//!
//! Every signal is blocked from before the clone until the handlers, which point into the host's code, are reset.

use std::ffi::{c_int, c_void};
use std::os::fd::{FromRawFd, OwnedFd, RawFd};
use std::ptr;

use rustix::process::{Pid, WaitIdOptions};

use super::end;
use super::failure::SpawnFailure;
use super::plan::Plan;
use super::stack::Stack;
use crate::sandbox::StepFailure;
use crate::sandbox::blocked_signals::{block_all, restore};
use crate::sandbox::other_descriptors::mark_from;
use crate::worker::protocol::{CHANNEL_FD, MEMORY_FD};

/// The exit code of a child that could not set itself up. Nobody reads it: the plan carries the failure.
const SETUP_FAILED: c_int = 127;
/// Signals of Linux, real-time ones included: 1 to 64.
const SIGNALS: c_int = 64;
/// Added to a worker's OOM score: 500 of 1000, which counts like half of the machine's memory.
const OOM_SCORE: &[u8] = b"500";
/// Bytes of the kernel's signal set.
const SIGNAL_SET_SIZE: usize = 8;

/// Makes processes, one at a time.
pub(super) struct Starter {
    stack: Stack,
}

impl Starter {
    pub(super) fn new() -> Result<Self, SpawnFailure> {
        Ok(Self { stack: Stack::new()? })
    }

    /// Starts the planned program. Returns its pid and pidfd once the program runs, or the failure.
    pub(super) fn start(&self, plan: &Plan<'_>) -> Result<(libc::pid_t, OwnedFd), SpawnFailure> {
        start(plan, &self.stack)
    }
}

fn start(plan: &Plan<'_>, stack: &Stack) -> Result<(libc::pid_t, OwnedFd), SpawnFailure> {
    let mut pidfd: c_int = -1;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::SIGCHLD;

    let mask = block_all();
    // SAFETY: `entry` is async-signal-safe and never returns into Rust frames of this thread; the stack is its own and
    // unused (this thread is suspended until the child has exec'd or exited, and starts one child at a time); `plan`
    // and `pidfd` outlive the child's use of them for the same reason.
    let pid = unsafe {
        libc::clone(
            entry,
            stack.top(),
            flags,
            ptr::from_ref(plan).cast_mut().cast::<c_void>(),
            &raw mut pidfd,
            ptr::null_mut::<c_void>(),
            ptr::null_mut::<c_int>(),
        )
    };
    let cloned = if pid < 0 {
        Err(SpawnFailure::last("clone"))
    } else {
        Ok(pid)
    };
    restore(mask);

    let pid = cloned?;
    // SAFETY: clone succeeded with CLONE_PIDFD, so this is a new descriptor that nobody else owns.
    let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
    match plan.failure.get() {
        None => Ok((pid, pidfd)),
        Some(failure) => {
            // The child has executed its last instruction, so this waits for the kernel only.
            if let Some(child) = Pid::from_raw(pid) {
                let _ = end::wait(child, &pidfd, WaitIdOptions::EXITED);
            }
            Err(failure.into())
        }
    }
}

extern "C" fn entry(plan: *mut c_void) -> c_int {
    // SAFETY: `start` passes a pointer to a Plan that lives until this child has exec'd or exited.
    let plan = unsafe { &*plan.cast::<Plan<'_>>() };
    // SAFETY: this is the child of `start`.
    let failure = unsafe { run(plan) };
    plan.failure.set(Some(failure));
    // SAFETY: ends the child only, without running the host's exit handlers.
    unsafe { libc::_exit(SETUP_FAILED) }
}

/// Returns only when a step failed.
///
/// # Safety
/// Only in a child of `start`: changes the process it runs in and replaces its program.
unsafe fn run(plan: &Plan<'_>) -> StepFailure {
    // SAFETY: the caller's promise; every pointer was prepared by `Launch` and lives as long as the plan.
    match unsafe { set_up(plan) } {
        Err(failure) => failure,
        Ok(()) => {
            // SAFETY: NUL-terminated strings and NULL-terminated arrays of them.
            unsafe { libc::execve(plan.program, plan.argv, plan.envp) };
            ("execve", errno())
        }
    }
}

/// # Safety
/// As `run`.
unsafe fn set_up(plan: &Plan<'_>) -> Result<(), StepFailure> {
    // Sources are above MEMORY_FD, so no copy overwrites one that is still needed, and each copy loses CLOEXEC.
    let mut first_other = 0;
    for (source, target) in [
        (Some(plan.stdin), 0),
        (Some(plan.stdout), 1),
        (Some(plan.stderr), 2),
        (plan.channel, CHANNEL_FD),
        (plan.memory, MEMORY_FD),
    ] {
        if let Some(source) = source {
            // SAFETY: descriptor numbers only; the child's table is its own (no CLONE_FILES).
            check("dup2", unsafe { libc::dup2(source, target) })?;
            first_other = target + 1;
        }
    }
    // SAFETY: the calling process becomes the leader of a new group.
    check("setpgid", unsafe { libc::setpgid(0, 0) })?;
    if let Some(host) = plan.die_with {
        // SAFETY: sets this process's parent death signal.
        check("prctl", unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) })?;
        // The host may have died before the request took effect. Comparing with the host's own pid, and not with 1,
        // is right also where the host is pid 1 or a subreaper adopts orphans.
        // SAFETY: takes no arguments and cannot fail.
        if unsafe { libc::getppid() } != host {
            return Err(("getppid", libc::ESRCH));
        }
    }
    if let Some(door) = plan.door {
        enter_cgroup(door);
    }
    // SAFETY: a NUL-terminated path.
    check("chdir", unsafe { libc::chdir(plan.cwd) })?;
    for (resource, limit) in plan.limits {
        // SAFETY: a valid rlimit; applies to this process only.
        check("setrlimit", unsafe { libc::setrlimit(*resource, limit) })?;
    }
    // Marks the descriptors instead of closing them, because the sandbox still needs some that were prepared for it.
    // SAFETY: numbers only; the child's table is its own.
    let marked = unsafe { mark_from(first_other) };
    if marked != 0 {
        return Err(("close_range", marked));
    }
    prefer_for_killing();
    // The limit on open files is set after everything is open that has to be, and before the sandbox forbids setting
    // it.
    let limit_open_files = || {
        // SAFETY: a valid rlimit; applies to this process only.
        check("setrlimit", unsafe {
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const plan.open_files)
        })
    };
    match plan.sandbox {
        // SAFETY: this is the vfork child; see InChild.
        Some(sandbox) => unsafe { sandbox.apply(&limit_open_files) }?,
        None => limit_open_files()?,
    }
    // SAFETY: this child's own table (no CLONE_SIGHAND); signals are still blocked.
    unsafe { reset_handlers() };
    restore(0);
    Ok(())
}

/// Moves this process into its cgroup; writing "0" names the process that writes. This happens before execve, so
/// everything that the program allocates is counted there. The memory shared with the host until execve stays accounted
/// to the host. If somebody removed the directory meanwhile, the process stays in the host's cgroup and is watched like
/// a process without one.
fn enter_cgroup(door: RawFd) {
    // SAFETY: one byte of text that lives as long as the program; the descriptor is the plan's.
    unsafe { libc::write(door, c"0".as_ptr().cast(), 1) };
}

/// When the system runs out of memory the kernel should end the tool and not the host. Where the score cannot be
/// written, the kernel chooses by size alone.
fn prefer_for_killing() {
    // SAFETY: a NUL-terminated path.
    let file = unsafe { libc::open(c"/proc/self/oom_score_adj".as_ptr(), libc::O_WRONLY | libc::O_CLOEXEC) };
    if file >= 0 {
        // SAFETY: the bytes outlive the call; the descriptor was opened above.
        unsafe { libc::write(file, OOM_SCORE.as_ptr().cast(), OOM_SCORE.len()) };
        // SAFETY: opened above, used by nobody else.
        unsafe { libc::close(file) };
    }
}

/// Resets every handler to the default, ignored signals (SIGPIPE in Node) included, as a program expects at its start.
///
/// # Safety
/// Only in a child of `start`, with every signal blocked.
unsafe fn reset_handlers() {
    // All zero in the kernel's own layout: SIG_DFL, no flags, empty mask. libc's wrapper would refuse 32 and 33.
    let default = [0_u64; 4];
    for signal in 1..=SIGNALS {
        // SAFETY: reads 32 bytes at most; the kernel rejects SIGKILL and SIGSTOP, which is harmless.
        unsafe {
            libc::syscall(
                libc::SYS_rt_sigaction,
                signal,
                default.as_ptr(),
                ptr::null_mut::<c_void>(),
                SIGNAL_SET_SIZE,
            )
        };
    }
}

fn check(step: &'static str, result: c_int) -> Result<(), StepFailure> {
    if result < 0 { Err((step, errno())) } else { Ok(()) }
}

fn errno() -> i32 {
    // SAFETY: the calling thread's errno; child and suspended parent share it, which is fine as only one of them runs.
    unsafe { *libc::__errno_location() }
}
