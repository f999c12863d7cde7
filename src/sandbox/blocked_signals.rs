//! Blocks every signal around a clone that shares the host's memory: a signal handler of the host that ran in the child
//! would change the host's memory.

/// Runs `action` with every signal blocked in this thread, and restores the signal mask afterwards.
pub(super) fn with_all_blocked<T>(action: impl FnOnce() -> T) -> T {
    let before = set(u64::MAX);
    let result = action();
    set(before);
    result
}

/// A system call, because libc leaves out the signals that it uses itself.
fn set(mask: u64) -> u64 {
    let mut before = 0u64;
    // SAFETY: both point to a kernel signal set of 8 bytes.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask,
            &raw mut before,
            8usize,
        )
    };
    before
}
