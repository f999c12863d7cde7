//! A child between clone and GO: it replaces everything that it shares with its origin. Nothing of the entrypoint runs
//! before the host, which has checked the process meanwhile, says so.

use std::ffi::{c_int, c_void};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::sync::OnceLock;

use super::raw::{check, errno, patiently, read_exactly};
use super::wire::{FORK, GO, GO_HEAD, Received, Setup, receive};
use crate::sandbox::StepFailure;
use crate::worker::protocol::CHANNEL_FD;

/// The exit code of a child that never ran; the host has an error of its own by then.
pub(super) const NOT_RUN: c_int = 127;
/// The longest path of a temporary directory.
const LONGEST_PATH: usize = libc::PATH_MAX as usize;

/// The mapping of the memory that the process shares with the host.
pub(super) struct Memory {
    pub(super) base: *mut c_void,
    pub(super) length: usize,
}

/// What a child gets of the host.
pub(super) struct ForkFds {
    pub(super) channel: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    /// The rules that it puts itself under.
    pub(super) rules: OwnedFd,
    /// The memory that it shares with the host.
    pub(super) memory: OwnedFd,
}

impl ForkFds {
    pub(super) fn from(kind: u8, fds: Vec<OwnedFd>) -> Result<Self, StepFailure> {
        match <[OwnedFd; 5]>::try_from(fds) {
            Ok([channel, stdout, stderr, rules, memory]) if kind == FORK => Ok(Self {
                channel,
                stdout,
                stderr,
                rules,
                memory,
            }),
            _ => Err(("request", libc::EBADMSG)),
        }
    }
}

/// This process's /proc/self/statm. Its rules name its origin's entries, so it could not open its own.
static STATM: OnceLock<OwnedFd> = OnceLock::new();

/// Makes a fresh child a worker of its own. The path of its temporary directory, or none where the host has closed the
/// channel without GO.
///
/// # Safety
/// Only in a child right after its fork: replaces descriptors and memory. `flags`: those of the origin's channel.
pub(super) unsafe fn become_worker(
    setup: &Setup,
    flags: c_int,
    fds: ForkFds,
    memory: &Memory,
) -> Result<Option<Vec<u8>>, StepFailure> {
    // SAFETY: sets this process's own signal; the filter allows only this one.
    check("PR_SET_PDEATHSIG", unsafe {
        libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL, 0, 0, 0)
    })?;
    // SAFETY: takes no arguments.
    if unsafe { libc::getppid() } != setup.host {
        return Err(("getppid", libc::ESRCH));
    }
    replace(&fds.stdout, libc::STDOUT_FILENO, 0)?;
    replace(&fds.stderr, libc::STDERR_FILENO, 0)?;
    replace(&fds.channel, CHANNEL_FD, libc::O_CLOEXEC)?;
    // SAFETY: sets flags of an open descriptor.
    check("fcntl", unsafe { libc::fcntl(CHANNEL_FD, libc::F_SETFL, flags) })?;
    // SAFETY: the caller's promise about the mapping; the view that JavaScript has of it stays where it is.
    let mapped = unsafe {
        libc::mmap(
            memory.base,
            memory.length,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_SHARED | libc::MAP_FIXED,
            fds.memory.as_raw_fd(),
            0,
        )
    };
    if mapped == libc::MAP_FAILED {
        return Err(("mmap", errno()));
    }
    new_event_loop(setup)?;
    // SAFETY: no memory is passed; the ruleset is open and no_new_privs is set.
    check("landlock_restrict_self", unsafe {
        libc::syscall(libc::SYS_landlock_restrict_self, fds.rules.as_raw_fd(), 0u32)
    })?;
    drop(fds);
    wait_for_go()
}

/// A loop of its own: the origin's would be shared.
fn new_event_loop(setup: &Setup) -> Result<(), StepFailure> {
    // SAFETY: no memory is passed; both descriptors are new and moved to the places of the origin's.
    unsafe {
        let wake = libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
        moved("eventfd", wake, setup.wake)?;
        moved("epoll_create1", libc::epoll_create1(libc::EPOLL_CLOEXEC), setup.epoll)?;
    }
    for one in &setup.registered {
        let mut event = libc::epoll_event {
            events: one.events,
            u64: one.data,
        };
        // SAFETY: the event outlives the call.
        check("epoll_ctl", unsafe {
            libc::epoll_ctl(setup.epoll, libc::EPOLL_CTL_ADD, one.fd, &raw mut event)
        })?;
    }
    Ok(())
}

/// # Safety
/// `fd` must be new, and `place` a descriptor that may be replaced.
unsafe fn moved(step: &'static str, fd: c_int, place: RawFd) -> Result<(), StepFailure> {
    check(step, fd)?;
    // SAFETY: the caller's promise.
    let put = unsafe { libc::dup3(fd, place, libc::O_CLOEXEC) };
    check("dup3", put)?;
    // SAFETY: as above; the copy stays.
    unsafe { libc::close(fd) };
    Ok(())
}

fn replace(fd: &OwnedFd, place: RawFd, flags: c_int) -> Result<(), StepFailure> {
    // SAFETY: replaces one of this process's own descriptors. A received descriptor has another number than the fixed ones,
    // which are all in use.
    check("dup3", unsafe { libc::dup3(fd.as_raw_fd(), place, flags) })?;
    Ok(())
}

fn wait_for_go() -> Result<Option<Vec<u8>>, StepFailure> {
    const BAD: StepFailure = ("go", libc::EBADMSG);
    let mut head = [0; GO_HEAD];
    let received = patiently(CHANNEL_FD, || receive(CHANNEL_FD, &mut head));
    let (got, received) = received.map_err(|errno| ("recvmsg", errno))?;
    let Received::Message(mut fds) = received else {
        return Ok(None);
    };
    // The host sends it at once into an empty socket.
    let [GO, a, b, c, d] = head else { return Err(BAD) };
    let length = u32::from_ne_bytes([a, b, c, d]) as usize;
    if got != GO_HEAD || length > LONGEST_PATH {
        return Err(BAD);
    }
    let _ = STATM.set(fds.pop().ok_or(BAD)?);
    let mut path = vec![0; length];
    read_exactly(CHANNEL_FD, &mut path)?;
    Ok(Some(path))
}

/// Resident bytes of this process, a forked child. `None` in others.
pub fn resident_bytes() -> Option<u64> {
    let mut text = [0; 128];
    let length = rustix::io::pread(STATM.get()?, &mut text, 0).ok()?;
    let text = std::str::from_utf8(&text[..length]).ok()?;
    let pages: u64 = text.split_ascii_whitespace().nth(1)?.parse().ok()?;
    Some(pages * rustix::param::page_size() as u64)
}
