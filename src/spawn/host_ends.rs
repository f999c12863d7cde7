//! The descriptors of one start: the ends that the host keeps and those that the child gets.
//!
//! The child's ends are moved above its fixed numbers 0 to 4 here, in the host, where a failure is easy to report. The
//! kernel gives out such low numbers when a host has closed its own stdin.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, fcntl_dupfd_cloexec};

use super::failure::SpawnFailure;
use crate::system;
use crate::worker::protocol::MEMORY_FD;

const FIRST_FREE: i32 = MEMORY_FD + 1;

/// Non-blocking and close-on-exec.
pub(super) struct HostEnds {
    pub(super) channel: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

/// Blocking, close-on-exec, numbered from 5.
pub(super) struct ChildEnds {
    pub(super) channel: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
}

pub(super) fn open() -> Result<(HostEnds, ChildEnds), SpawnFailure> {
    let (host_channel, channel) = system::socket_pair().map_err(|errno| failed("socketpair", errno))?;
    let (host_stdout, stdout) = system::pipe().map_err(|errno| failed("pipe2", errno))?;
    let (host_stderr, stderr) = system::pipe().map_err(|errno| failed("pipe2", errno))?;
    let host = HostEnds {
        channel: non_blocking(host_channel)?,
        stdout: non_blocking(host_stdout)?,
        stderr: non_blocking(host_stderr)?,
    };
    let child = ChildEnds {
        channel: above_fixed(channel)?,
        stdout: above_fixed(stdout)?,
        stderr: above_fixed(stderr)?,
    };
    Ok((host, child))
}

/// /dev/null, which every child has as its stdin. All managers of this host share one descriptor while there are any.
pub(super) fn null() -> Result<Arc<OwnedFd>, SpawnFailure> {
    static SHARED: Mutex<Weak<OwnedFd>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(null) = shared.upgrade() {
        return Ok(null);
    }
    let null = Arc::new(open_null()?);
    *shared = Arc::downgrade(&null);
    Ok(null)
}

fn open_null() -> Result<OwnedFd, SpawnFailure> {
    let null = rustix::fs::open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, rustix::fs::Mode::empty())
        .map_err(|errno| failed("open", errno))?;
    above_fixed(null)
}

pub(super) fn above_fixed(fd: OwnedFd) -> Result<OwnedFd, SpawnFailure> {
    if fd.as_raw_fd() >= FIRST_FREE {
        return Ok(fd);
    }
    fcntl_dupfd_cloexec(fd.as_fd(), FIRST_FREE).map_err(|errno| failed("fcntl", errno))
}

fn non_blocking(fd: OwnedFd) -> Result<OwnedFd, SpawnFailure> {
    fcntl_getfl(&fd)
        .and_then(|flags| fcntl_setfl(&fd, flags | OFlags::NONBLOCK))
        .map_err(|errno| failed("fcntl", errno))?;
    Ok(fd)
}

fn failed(step: &'static str, errno: Errno) -> SpawnFailure {
    SpawnFailure::system(step, errno.raw_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_ends_do_not_block_and_the_childs_do() {
        let (host, child) = open().unwrap();
        for fd in [&host.channel, &host.stdout, &host.stderr] {
            assert!(fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK));
        }
        for fd in [&child.channel, &child.stdout, &child.stderr] {
            assert!(!fcntl_getfl(fd).unwrap().contains(OFlags::NONBLOCK));
            assert!(fd.as_raw_fd() >= FIRST_FREE);
        }
    }

    #[test]
    fn there_is_one_stdin_for_all() {
        let (one, other) = (null().unwrap(), null().unwrap());
        assert!(Arc::ptr_eq(&one, &other) && one.as_raw_fd() >= FIRST_FREE);
    }

    #[test]
    fn every_end_is_closed_on_exec() {
        let (host, child) = open().unwrap();
        let null = open_null().unwrap();
        for fd in [
            &host.channel,
            &host.stdout,
            &host.stderr,
            &child.channel,
            &child.stdout,
            &child.stderr,
            &null,
        ] {
            let flags = rustix::io::fcntl_getfd(fd).unwrap();
            assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        }
    }
}
