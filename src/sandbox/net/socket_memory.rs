//! What the kernel accounts to a socket.

use std::os::fd::{AsRawFd, OwnedFd};

/// The number of fields of SO_MEMINFO.
pub(super) const MEMINFO: usize = 9;
const RECEIVED: usize = 0;
const SENT: usize = 2;
const QUEUED: usize = 5;
const OPTIONS: usize = 6;
const BACKLOG: usize = 7;

/// The bytes that the fields of SO_MEMINFO add up to.
pub(super) fn accounted(fields: &[u32; MEMINFO]) -> u64 {
    let field = |at: usize| u64::from(fields[at]);
    field(RECEIVED) + field(SENT).max(field(QUEUED)) + field(OPTIONS) + field(BACKLOG)
}

/// What the kernel accounts to the socket itself, in both directions.
pub(crate) fn of_socket(socket: &OwnedFd) -> Option<u64> {
    let mut info = [0u32; MEMINFO];
    let mut length = size_of_val(&info) as libc::socklen_t;
    // SAFETY: the buffer is as long as `length` says, and both outlive the call.
    let done = unsafe {
        libc::getsockopt(
            socket.as_raw_fd(),
            libc::SOL_SOCKET,
            libc::SO_MEMINFO,
            info.as_mut_ptr().cast(),
            &raw mut length,
        )
    };
    (done == 0).then(|| accounted(&info))
}
