//! The file behind memory that a process and the host share: a temporary one whose name was removed. Unlike Linux's it can be
//! shrunk by whoever has it, which ends the host at its next read: a tool without a sandbox may signal the host just as well.

use std::os::fd::OwnedFd;

use rustix::fs::ftruncate;
use rustix::io::Errno;

/// A file of `len` zeros without a name.
pub(in crate::spawn) fn create(len: usize) -> Result<OwnedFd, Errno> {
    let file = tempfile::tempfile().map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO))?;
    ftruncate(&file, len as u64)?;
    Ok(file.into())
}
