//! The end of a child: a pidfd, which is readable from then on and names this child and no other.

use std::os::fd::{AsFd, OwnedFd};

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, waitid};

/// Waits for a child; `end` is the descriptor that came with it.
pub(super) fn wait(_pid: Pid, end: &OwnedFd, options: WaitIdOptions) -> Result<Option<WaitIdStatus>, Errno> {
    retry_on_intr(|| waitid(WaitId::PidFd(end.as_fd()), options))
}
