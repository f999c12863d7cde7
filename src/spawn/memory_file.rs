//! The file behind memory that a process and the host share: anonymous, of a size that nobody can change.

use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, ftruncate, memfd_create};
use rustix::io::Errno;

/// What fails where there is none.
pub(super) const STEP: &str = "memfd_create";

/// A file of `len` zeros without a name.
pub(super) fn create(len: usize) -> Result<OwnedFd, Errno> {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    // The memory is never executed. Linux before 6.3 does not know the flag.
    let memory =
        memfd_create("toolwarden", flags | MemfdFlags::NOEXEC_SEAL).or_else(|_| memfd_create("toolwarden", flags))?;
    ftruncate(&memory, len as u64)?;
    // A process that shrank the memory would crash the host at its next read.
    fcntl_add_seals(&memory, SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL)?;
    Ok(memory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_size_cannot_be_changed() {
        let file = create(16).unwrap();
        assert!(ftruncate(&file, 0).is_err() && ftruncate(&file, 1 << 20).is_err());
    }
}
