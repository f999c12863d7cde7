//! Reads what an origin sends. The host's ends do not block, so that every wait has a bound.

use std::os::fd::OwnedFd;
use std::time::Instant;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read, retry_on_intr};

/// What can be read now: 0 at the end, none where there is nothing yet.
pub(super) fn take(fd: &OwnedFd, chunk: &mut [u8]) -> Result<Option<usize>, Errno> {
    match retry_on_intr(|| read(fd, &mut *chunk)) {
        Ok(count) => Ok(Some(count)),
        Err(Errno::AGAIN) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads an origin's answer.
pub(super) fn read_number(channel: &OwnedFd, until: Instant) -> Result<i32, Errno> {
    let mut bytes = [0; size_of::<i32>()];
    let mut got = 0;
    while got < bytes.len() {
        match take(channel, &mut bytes[got..])? {
            Some(0) => return Err(Errno::PIPE),
            Some(count) => got += count,
            None => {
                let left = until.checked_duration_since(Instant::now()).ok_or(Errno::TIMEDOUT)?;
                let left = Timespec::try_from(left).map_err(|_| Errno::TIMEDOUT)?;
                let mut readable = [PollFd::new(channel, PollFlags::IN)];
                if retry_on_intr(|| poll(&mut readable, Some(&left)))? == 0 {
                    return Err(Errno::TIMEDOUT);
                }
            }
        }
    }
    Ok(i32::from_ne_bytes(bytes))
}
