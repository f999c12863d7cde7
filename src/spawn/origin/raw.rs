//! System calls of an origin and its children. Each returns the step's name with its errno where it fails.

use std::ffi::{c_int, c_long, c_void};
use std::io;
use std::os::fd::RawFd;

use crate::sandbox::{ORIGIN_CLONE, StepFailure};

/// A step that returned -1 has failed.
pub(super) fn check(step: &'static str, value: impl Into<c_long>) -> Result<c_long, StepFailure> {
    let value = value.into();
    if value < 0 { Err((step, errno())) } else { Ok(value) }
}

pub(super) fn errno() -> c_int {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}

/// Where the kernel writes the thread's id at a fork, which is where the C library keeps it.
pub(super) fn thread_id_address() -> Result<*mut c_int, StepFailure> {
    let mut address: *mut c_int = std::ptr::null_mut();
    // SAFETY: writes one pointer.
    let got = unsafe { libc::prctl(libc::PR_GET_TID_ADDRESS, &raw mut address, 0, 0, 0) };
    check("PR_GET_TID_ADDRESS", got)?;
    Ok(address)
}

/// Forks without the C library, which would refuse these flags: the child's id, or 0 in the child.
///
/// # Safety
/// Only with one thread, and with the address that `thread_id_address` gave.
pub(super) unsafe fn fork(thread_id: *mut c_int) -> Result<i32, StepFailure> {
    let none = std::ptr::null_mut::<c_void>();
    // The stack is the caller's own: a null pointer means a copy of it.
    // SAFETY: the caller's promise; the order of the last two differs between the architectures.
    let pid = unsafe {
        #[cfg(target_arch = "x86_64")]
        {
            libc::syscall(libc::SYS_clone, ORIGIN_CLONE as c_long, none, none, thread_id, none)
        }
        #[cfg(target_arch = "aarch64")]
        {
            libc::syscall(libc::SYS_clone, ORIGIN_CLONE as c_long, none, none, none, thread_id)
        }
    };
    Ok(check("clone", pid)? as i32)
}

/// Waits until something arrives or the other end is closed.
pub(super) fn wait_readable(fd: RawFd) {
    let mut waits = libc::pollfd {
        fd,
        events: libc::POLLIN,
        revents: 0,
    };
    // SAFETY: one pollfd that outlives the call. After an interruption the caller tries again.
    unsafe { libc::poll(&raw mut waits, 1, -1) };
}

/// Calls `attempt` until it neither blocks nor is interrupted.
pub(super) fn patiently<T>(fd: RawFd, mut attempt: impl FnMut() -> io::Result<T>) -> Result<T, c_int> {
    loop {
        match attempt() {
            Ok(value) => return Ok(value),
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN) => wait_readable(fd),
                Some(libc::EINTR) => {}
                other => return Err(other.unwrap_or(libc::EIO)),
            },
        }
    }
}

/// Reads exactly so many bytes.
pub(super) fn read_exactly(fd: RawFd, into: &mut [u8]) -> Result<(), StepFailure> {
    let mut got = 0;
    while got < into.len() {
        let rest = &mut into[got..];
        let read = patiently(fd, || {
            // SAFETY: the buffer outlives the call.
            let read = unsafe { libc::read(fd, rest.as_mut_ptr().cast(), rest.len()) };
            usize::try_from(read).map_err(|_| io::Error::last_os_error())
        });
        match read.map_err(|errno| ("read", errno))? {
            0 => return Err(("read", libc::EPIPE)),
            read => got += read,
        }
    }
    Ok(())
}

/// Sends a number to the host, entirely or not at all.
pub(super) fn send_number(fd: RawFd, number: i32) -> Result<(), StepFailure> {
    let bytes = number.to_ne_bytes();
    // SAFETY: the bytes outlive the call.
    let sent = unsafe { libc::send(fd, bytes.as_ptr().cast(), bytes.len(), libc::MSG_NOSIGNAL) };
    match usize::try_from(sent) {
        Ok(sent) if sent == bytes.len() => Ok(()),
        Ok(_) => Err(("send", libc::EPIPE)),
        Err(_) => Err(("send", errno())),
    }
}
