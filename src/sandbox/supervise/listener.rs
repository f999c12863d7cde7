//! The descriptor on which reported calls arrive.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, FromRawFd, OwnedFd};

use libc::{seccomp_notif, seccomp_notif_resp};

use crate::sandbox::seccomp::LoadedListener;

/// Wakes the supervisor on the CPU of the caller, which waits anyway; kernels before 6.6 do without.
const SYNC_WAKE_UP: u64 = 1;

/// One reported call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Call {
    pub(super) id: u64,
    /// The thread that made it.
    pub(super) thread: u32,
    pub(super) number: u32,
    pub(super) args: [u64; 6],
    /// The address of the instruction after the call.
    pub(super) instruction: u64,
}

/// The answer that the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The call returns this.
    Value(i64),
    /// The call fails with this errno.
    Errno(i32),
    /// The kernel continues the call: for the host's own thread, and where the kernel itself enforces the rule.
    Continue,
}

#[derive(Debug)]
pub(super) struct Listener {
    fd: OwnedFd,
    interruptible: bool,
}

impl Listener {
    /// # Safety
    /// It must be a listener that nobody else owns.
    pub(super) unsafe fn from_raw(loaded: LoadedListener) -> Self {
        let LoadedListener { fd, interruptible } = loaded;
        // SAFETY: no memory is passed.
        unsafe { libc::ioctl(fd, libc::SECCOMP_IOCTL_NOTIF_SET_FLAGS, SYNC_WAKE_UP) };
        // SAFETY: guaranteed by the caller.
        let fd = unsafe { OwnedFd::from_raw_fd(fd) };
        Listener { fd, interruptible }
    }

    /// Whether a signal can end a caller's wait for its answer.
    pub(super) fn interruptible(&self) -> bool {
        self.interruptible
    }

    /// The next call; `None` when its caller has ended meanwhile.
    pub(super) fn receive(&self) -> io::Result<Option<Call>> {
        // SAFETY: zeroed is a valid seccomp_notif, and the kernel demands that it is zeroed.
        let mut notification: seccomp_notif = unsafe { std::mem::zeroed() };
        // SAFETY: the structure has the kernel's layout and outlives the call.
        let done = unsafe {
            libc::ioctl(
                self.fd.as_raw_fd(),
                libc::SECCOMP_IOCTL_NOTIF_RECV,
                &raw mut notification,
            )
        };
        if done == 0 {
            return Ok(Some(Call {
                id: notification.id,
                thread: notification.pid,
                number: notification.data.nr as u32,
                args: notification.data.args,
                instruction: notification.data.instruction_pointer,
            }));
        }
        match io::Error::last_os_error() {
            gone if matches!(gone.raw_os_error(), Some(libc::ENOENT | libc::EINTR)) => Ok(None),
            error => Err(error),
        }
    }

    /// Whether the caller still waits; if so, what was read before through its thread id was its own.
    pub(super) fn waits(&self, id: u64) -> bool {
        // SAFETY: the id outlives the call.
        unsafe { libc::ioctl(self.fd.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ID_VALID, &raw const id) == 0 }
    }

    /// Answers an open with a copy of `file`; an errno when the caller has no free descriptor.
    pub(super) fn give(&self, id: u64, file: BorrowedFd<'_>, close_on_exec: bool) -> io::Result<()> {
        let add = |flags| {
            let given = libc::seccomp_notif_addfd {
                id,
                flags,
                srcfd: file.as_raw_fd() as u32,
                newfd: 0,
                newfd_flags: if close_on_exec { libc::O_CLOEXEC as u32 } else { 0 },
            };
            // SAFETY: the structure has the kernel's layout and outlives the call.
            let number = unsafe { libc::ioctl(self.fd.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_ADDFD, &raw const given) };
            if number < 0 {
                Err(io::Error::last_os_error())
            } else {
                Ok(number)
            }
        };
        match add(libc::SECCOMP_ADDFD_FLAG_SEND as u32) {
            // Before Linux 5.14 the answer is a step of its own.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => {
                let number = add(0)?;
                self.answer(id, Answer::Value(number.into()));
                Ok(())
            }
            done => done.map(drop),
        }
    }

    /// Whether the answer arrived: not when the caller was killed, or interrupted by a signal.
    pub(super) fn answer(&self, id: u64, answer: Answer) -> bool {
        let (val, error, flags) = match answer {
            Answer::Value(value) => (value, 0, 0),
            Answer::Errno(errno) => (0, -errno, 0),
            Answer::Continue => (0, 0, libc::SECCOMP_USER_NOTIF_FLAG_CONTINUE as u32),
        };
        let response = seccomp_notif_resp { id, val, error, flags };
        // SAFETY: the structure has the kernel's layout and outlives the call.
        unsafe { libc::ioctl(self.fd.as_raw_fd(), libc::SECCOMP_IOCTL_NOTIF_SEND, &raw const response) == 0 }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}
