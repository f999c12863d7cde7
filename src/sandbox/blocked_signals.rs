//! Blocks signals in a thread. A signal handler of the host that ran in a child which shares the host's memory would change that
//! memory, and one that ran in a thread of ours would interrupt its system calls.

/// Runs `action` with every signal blocked in this thread, and restores the signal mask afterwards.
pub(crate) fn with_all_blocked<T>(action: impl FnOnce() -> T) -> T {
    let before = block_all();
    let result = action();
    restore(before);
    result
}

/// Blocks every signal in this thread; gives what was blocked before. Only for the moment around a clone, see
/// [`block_in_own_thread`].
#[cfg(not(portable))]
pub(crate) fn block_all() -> u64 {
    set(u64::MAX)
}

/// Blocks every signal in this thread; gives what was blocked before.
#[cfg(portable)]
pub(crate) fn block_all() -> libc::sigset_t {
    // SAFETY: zeroed is a valid set, which sigfillset replaces.
    set(unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        all
    })
}

/// Blocks these signals in this thread, and no others.
#[cfg(not(portable))]
pub(crate) fn restore(mask: u64) {
    set(mask);
}

/// Blocks these signals in this thread, and no others.
#[cfg(portable)]
pub(crate) fn restore(mask: libc::sigset_t) {
    set(mask);
}

/// Blocks signals in a thread of ours for as long as it lives, but not those that libc uses itself: with them blocked, a host's
/// `setuid` would wait for this thread for ever.
#[cfg(not(portable))]
pub(super) fn block_in_own_thread() {
    // SAFETY: an all-ones set is valid and outlives the call; only this thread's mask changes.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

/// Makes the system call itself, because libc's wrapper leaves out the signals that it uses; their handlers need the host's threads.
#[cfg(not(portable))]
fn set(mask: u64) -> u64 {
    let mut before = 0u64;
    // SAFETY: both point to a kernel signal set of 8 bytes.
    unsafe {
        libc::syscall(
            libc::SYS_rt_sigprocmask,
            libc::SIG_SETMASK,
            &raw const mask,
            &raw mut before,
            size_of::<u64>(),
        )
    };
    before
}

#[cfg(portable)]
fn set(mask: libc::sigset_t) -> libc::sigset_t {
    // SAFETY: zeroed is a valid set; both outlive the call.
    unsafe {
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const mask, &raw mut before);
        before
    }
}
