//! The host's standard streams, for a program that uses them itself.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::PathBuf;

use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io::Errno;
use rustix::termios::ttyname;

/// The paths of the terminals among these. A runtime opens the terminal that it has once more, and does without.
pub(super) fn terminals(standard: &[OwnedFd]) -> Vec<PathBuf> {
    let path = |stream: &OwnedFd| Some(PathBuf::from(ttyname(stream, Vec::new()).ok()?.to_str().ok()?));
    standard.iter().filter_map(path).collect()
}

/// Copies of descriptors 0, 1 and 2. One that the host was started without leads nowhere.
pub(super) fn standard() -> io::Result<[OwnedFd; 3]> {
    Ok([
        copy(io::stdin().as_fd())?,
        copy(io::stdout().as_fd())?,
        copy(io::stderr().as_fd())?,
    ])
}

fn copy(stream: BorrowedFd<'_>) -> io::Result<OwnedFd> {
    let copied = match rustix::io::fcntl_dupfd_cloexec(stream, 0) {
        Err(Errno::BADF) => return Ok(open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?),
        copied => copied?,
    };
    // Runtimes make their own standard streams non-blocking, and the program shares that state: one that does not
    // expect it loses what a full pipe does not take.
    let flags = fcntl_getfl(&copied)?;
    if flags.contains(OFlags::NONBLOCK) {
        fcntl_setfl(&copied, flags.difference(OFlags::NONBLOCK))?;
    }
    Ok(copied)
}
