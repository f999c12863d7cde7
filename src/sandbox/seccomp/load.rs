//! Selects the rows of each filter, and loads a filter into the kernel.

use libc::{sock_filter, sock_fprog};

use super::assemble::{ForeignArch, assemble};
use super::filter_profile::FilterProfile;
use super::native_table::NATIVE;
use super::program::Program;
use super::rules::rows;

/// The filter that a child applies to itself.
pub(crate) fn child_program(profile: &FilterProfile) -> Program {
    assemble(
        &NATIVE,
        rows().filter(|row| row.applies.in_child(profile)),
        ForeignArch::Kill,
    )
}

/// The filter that reports to the supervisor; `None` when this policy reports nothing.
pub(crate) fn listener_program(profile: &FilterProfile) -> Option<Program> {
    let rows: Vec<_> = rows().filter(|row| row.applies.in_listener(profile)).collect();
    (!rows.is_empty()).then(|| assemble(&NATIVE, rows, ForeignArch::Allow))
}

/// Loads a filter for the calling thread; 0 or an errno. Async-signal-safe.
///
/// # Safety
/// `code` must point to `len` instructions; the thread must have no_new_privs.
pub(crate) unsafe fn load(code: *const sock_filter, len: u16) -> i32 {
    // SAFETY: the caller guarantees that the instructions are valid.
    match unsafe { set_filter(code, len, 0) } {
        0.. => 0,
        errno => -errno,
    }
}

/// The descriptor that receives a filter's notifications.
#[derive(Debug, Clone, Copy)]
pub(crate) struct LoadedListener {
    pub(crate) fd: i32,
    /// A signal interrupts a caller that waits for its answer, and the call is then made again. Before Linux 5.19.
    pub(crate) interruptible: bool,
}

/// Loads a filter for the calling thread, and returns the descriptor that receives its notifications.
/// Async-signal-safe.
pub(crate) fn load_with_listener(program: &Program) -> std::io::Result<LoadedListener> {
    let len = u16::try_from(program.code.len()).map_err(|_| std::io::Error::from_raw_os_error(libc::E2BIG))?;
    let load = |flags| {
        // SAFETY: the program outlives the call.
        unsafe {
            set_filter(
                program.code.as_ptr(),
                len,
                libc::SECCOMP_FILTER_FLAG_NEW_LISTENER | flags,
            )
        }
    };
    match load(libc::SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) {
        fd @ 0.. => {
            return Ok(LoadedListener {
                fd,
                interruptible: false,
            });
        }
        errno if errno == -libc::EINVAL => {}
        errno => return Err(std::io::Error::from_raw_os_error(-errno)),
    }
    match load(0) {
        fd @ 0.. => Ok(LoadedListener {
            fd,
            interruptible: true,
        }),
        errno => Err(std::io::Error::from_raw_os_error(-errno)),
    }
}

/// The descriptor or 0, or a negative errno.
///
/// # Safety
/// `code` must point to `len` instructions.
unsafe fn set_filter(code: *const sock_filter, len: u16, flags: libc::c_ulong) -> i32 {
    let program = sock_fprog {
        len,
        filter: code.cast_mut(),
    };
    // SAFETY: `program` outlives the call and the kernel only reads the instructions.
    let done = unsafe {
        libc::syscall(
            libc::SYS_seccomp,
            libc::SECCOMP_SET_MODE_FILTER,
            flags,
            std::ptr::from_ref(&program),
        )
    };
    if done >= 0 {
        return done as i32;
    }
    // SAFETY: the location is this thread's own (a vfork child borrows its parent's, which is suspended).
    unsafe { -*libc::__errno_location() }
}
