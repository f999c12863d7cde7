//! Whether a process is still there.

/// Whether a process with this id exists that is not reaped.
pub(super) fn lives(process: u32) -> bool {
    // SAFETY: signal 0 only checks for existence, and no memory is passed.
    unsafe { libc::kill(process as libc::pid_t, 0) == 0 }
}
