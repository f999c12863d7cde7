//! The child between `fork` and `execve`.
//!
//! It is a copy of the host with one thread, and another thread of the host may have held any lock: the code in it only makes
//! calls that POSIX allows after a fork, on data that was prepared before. It tells of a failure through a pipe that `execve`
//! closes.
//!
//! Every signal is blocked from before the fork until the handlers, which point into the host's code, are reset.

use std::ffi::c_int;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use rustix::io::retry_on_intr;
use rustix::process::{Pid, WaitIdOptions};

use super::end::{self, Watcher};
use crate::sandbox::blocked_signals::{block_all, restore};
use crate::spawn::failure::SpawnFailure;
use crate::spawn::host_ends::above_fixed;
use crate::spawn::plan::Plan;
use crate::system;
use crate::worker::protocol::{CHANNEL_FD, MEMORY_FD};

/// The exit code of a child that could not set itself up. Nobody reads it: the pipe carries the failure.
const SETUP_FAILED: c_int = 127;
/// The steps of the child, which it names by their place here.
const STEPS: [&str; 6] = ["dup2", "setpgid", "chdir", "setrlimit", "fcntl", "execve"];
/// Descriptors that other threads may open between the look at the highest one and the fork.
const OPENED_MEANWHILE: c_int = 64;
/// Looked at where the system does not list the open descriptors.
const UNLISTED: c_int = 4096;

/// Makes processes.
pub(in crate::spawn) struct Starter;

#[derive(Clone, Copy)]
#[repr(u8)]
enum Step {
    Dup2,
    SetGroup,
    ChangeDirectory,
    Limit,
    Mark,
    Execute,
}

/// What the child writes into the pipe: the step, and the errno.
type Failure = (Step, c_int);

impl Starter {
    pub(in crate::spawn) fn new() -> Result<Self, SpawnFailure> {
        Ok(Self)
    }

    /// Starts the planned program. Returns its pid, and a descriptor that is readable once it has ended, when the program runs.
    pub(in crate::spawn) fn start(&self, plan: &Plan<'_>) -> Result<(libc::pid_t, OwnedFd), SpawnFailure> {
        let watcher = Watcher::new().map_err(|error| failed("thread", &error))?;
        let (told, tells) = system::pipe().map_err(|errno| SpawnFailure::system("pipe", errno.raw_os_error()))?;
        // The child's fixed numbers would replace it.
        let tells = above_fixed(tells)?;
        let last_open = last_open() + OPENED_MEANWHILE;
        let mask = block_all();
        // SAFETY: the child makes only calls that are allowed after a fork, and never returns.
        let forked = match unsafe { libc::fork() } {
            // SAFETY: this is the child.
            0 => unsafe { in_child(plan, tells.as_raw_fd(), last_open) },
            -1 => Err(SpawnFailure::last("fork")),
            pid => Ok(pid),
        };
        restore(mask);
        let pid = forked?;
        drop(tells);
        let child = Pid::from_raw(pid).ok_or_else(|| SpawnFailure::permanent("fork"))?;
        let end = watcher.watch(child);
        let mut failure = [0; 5];
        match retry_on_intr(|| rustix::io::read(&told, &mut failure)) {
            // Execve has closed the other end.
            Ok(0) => Ok((pid, end)),
            Ok(_) => {
                // The child has nothing left to do but to end.
                let _ = end::wait(child, &end, WaitIdOptions::EXITED);
                let [step, errno @ ..] = failure;
                let step = STEPS.get(usize::from(step)).copied().unwrap_or("fork");
                Err(SpawnFailure::system(step, i32::from_ne_bytes(errno)))
            }
            Err(errno) => {
                let _ = rustix::process::kill_process(child, rustix::process::Signal::KILL);
                let _ = end::wait(child, &end, WaitIdOptions::EXITED);
                Err(SpawnFailure::system("read", errno.raw_os_error()))
            }
        }
    }
}

fn failed(step: &'static str, error: &std::io::Error) -> SpawnFailure {
    SpawnFailure::system(step, error.raw_os_error().unwrap_or(libc::EAGAIN))
}

/// The highest number of an open descriptor.
fn last_open() -> c_int {
    let listed = std::fs::read_dir("/dev/fd");
    let numbers = listed.into_iter().flatten().flatten();
    let numbers = numbers.filter_map(|entry| entry.file_name().to_str()?.parse::<c_int>().ok());
    numbers.max().unwrap_or(UNLISTED)
}

/// # Safety
/// Only in a child of a fork: changes the process it runs in.
unsafe fn in_child(plan: &Plan<'_>, tells: RawFd, last_open: c_int) -> ! {
    // SAFETY: the caller's promise; every pointer was prepared by `Launch` and lives as long as the plan.
    let (step, errno) = unsafe {
        match set_up(plan, last_open) {
            Err(failure) => failure,
            Ok(()) => {
                libc::execve(plan.program, plan.argv, plan.envp);
                (Step::Execute, errno())
            }
        }
    };
    let mut message = [step as u8, 0, 0, 0, 0];
    message[1..].copy_from_slice(&errno.to_ne_bytes());
    // SAFETY: five bytes that outlive the call; ends the child only, without running the host's exit handlers.
    unsafe {
        libc::write(tells, message.as_ptr().cast(), message.len());
        libc::_exit(SETUP_FAILED)
    }
}

/// # Safety
/// As `in_child`.
unsafe fn set_up(plan: &Plan<'_>, last_open: c_int) -> Result<(), Failure> {
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
            // SAFETY: descriptor numbers of this process only.
            check(Step::Dup2, unsafe { libc::dup2(source, target) })?;
            first_other = target + 1;
        }
    }
    // SAFETY: this process becomes the leader of a new group; a NUL-terminated path.
    unsafe {
        check(Step::SetGroup, libc::setpgid(0, 0))?;
        check(Step::ChangeDirectory, libc::chdir(plan.cwd))?;
    }
    for (resource, limit) in plan.limits {
        // SAFETY: a valid rlimit; applies to this process only.
        check(Step::Limit, unsafe { libc::setrlimit(*resource, limit) })?;
    }
    for other in first_other..=last_open {
        // SAFETY: a number; that of a closed descriptor is refused.
        if unsafe { libc::fcntl(other, libc::F_SETFD, libc::FD_CLOEXEC) } != 0 && errno() != libc::EBADF {
            return Err((Step::Mark, errno()));
        }
    }
    // SAFETY: as above; set last, because the host may have more open than it allows.
    check(Step::Limit, unsafe {
        libc::setrlimit(libc::RLIMIT_NOFILE, &raw const plan.open_files)
    })?;
    // SAFETY: this process's own handlers; signals are still blocked.
    unsafe { reset_signals() };
    Ok(())
}

/// Resets every handler to the default, ignored signals (SIGPIPE in Node) included, and blocks none, as a program expects at its
/// start.
///
/// # Safety
/// As `in_child`, with every signal blocked.
unsafe fn reset_signals() {
    // SAFETY: zeroed is the default action without flags, and an empty set. Numbers that are no signals, or cannot have a handler,
    // are refused.
    unsafe {
        let mut default: libc::sigaction = std::mem::zeroed();
        default.sa_sigaction = libc::SIG_DFL;
        for signal in 1..=SIGNALS {
            libc::sigaction(signal, &raw const default, std::ptr::null_mut());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Linux's, real-time ones included, are more than those of other systems.
const SIGNALS: c_int = 64;

fn check(step: Step, result: c_int) -> Result<(), Failure> {
    if result < 0 { Err((step, errno())) } else { Ok(()) }
}

fn errno() -> c_int {
    std::io::Error::last_os_error().raw_os_error().unwrap_or(0)
}
