//! A short-lived child: it shares the host's memory while the calling thread waits, makes system calls and ends.

use std::ffi::{c_int, c_void};
use std::io;

use super::blocked_signals::with_all_blocked;

/// Enough for a few system calls; nothing here recurses.
const STACK: usize = 64 * 1024;

/// Runs `action` in a child that shares this process's memory, and returns its result (0 to 255). The host's SIGCHLD
/// handler is not called.
///
/// # Safety
/// `action` must be async-signal-safe: other threads of the host may hold any lock.
pub(crate) unsafe fn run(action: &dyn Fn() -> u8) -> io::Result<u8> {
    let mut stack = vec![0u128; STACK / size_of::<u128>()];
    let cloned = with_all_blocked(|| {
        // SAFETY: the stack is used by this child alone, this thread is suspended until it has ended; `action` outlives it.
        let pid = unsafe {
            libc::clone(
                entry,
                stack.as_mut_ptr_range().end.cast::<c_void>(),
                libc::CLONE_VM | libc::CLONE_VFORK,
                (&raw const action).cast_mut().cast::<c_void>(),
            )
        };
        if pid < 0 {
            Err(io::Error::last_os_error())
        } else {
            Ok(pid)
        }
    });
    let pid = cloned?;
    let mut status: c_int = 0;
    // SAFETY: `status` outlives the call. __WALL: the child has no exit signal.
    while unsafe { libc::waitpid(pid, &raw mut status, libc::__WALL) } < 0 {
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    if libc::WIFEXITED(status) {
        Ok(libc::WEXITSTATUS(status) as u8)
    } else {
        Err(io::Error::other(format!("ended by signal {}", libc::WTERMSIG(status))))
    }
}

extern "C" fn entry(action: *mut c_void) -> c_int {
    // SAFETY: `run` passes a pointer to a reference that lives until this child has ended.
    let action = unsafe { &*action.cast::<&dyn Fn() -> u8>() };
    let code = c_int::from(action());
    // SAFETY: ends the child only, without the host's exit handlers.
    unsafe { libc::_exit(code) }
}

#[cfg(test)]
mod tests {
    #[test]
    fn returns_the_result_of_the_action() {
        let host = std::process::id();
        // SAFETY: the action makes one system call.
        let own = unsafe { super::run(&|| u8::from(libc::getpid() as u32 != host)) };
        assert_eq!(own.expect("ran"), 1);
    }
}
