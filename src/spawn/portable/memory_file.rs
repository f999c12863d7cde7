//! The file behind memory that a process and the host share: a temporary one whose name was removed. Unlike Linux's it can be
//! shrunk by whoever has it, which ends the host at its next read: a tool without a sandbox may signal the host just as well.

use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::ftruncate;
use rustix::io::Errno;

/// What fails where there is none.
pub(in crate::spawn) const STEP: &str = "open of a temporary file";

/// A file of `len` zeros without a name.
pub(in crate::spawn) fn create(len: usize) -> Result<OwnedFd, Errno> {
    let usual = ["/tmp", "/var/tmp"].map(PathBuf::from);
    let mut made = Err(Errno::NOENT);
    for place in std::iter::once(std::env::temp_dir()).chain(usual) {
        made = tempfile::tempfile_in(place).map_err(|error| Errno::from_io_error(&error).unwrap_or(Errno::IO));
        if made.is_ok() {
            break;
        }
    }
    let file = made?;
    ftruncate(&file, len as u64)?;
    Ok(file.into())
}
