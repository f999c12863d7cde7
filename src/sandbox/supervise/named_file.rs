//! Opens the file that a call names, as the caller would find it, and once: the file that is judged is the one that is
//! used.

use std::ffi::OsStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Mode, OFlags, ResolveFlags, open, openat2};

use super::descriptor_wait::retry_while_short_of_descriptors;
use super::target::Target;
use crate::error::descriptors::is_shortage;

/// Opens as a path only: nothing is read, written or waited for.
const NAMED: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// How a call names a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name {
    /// A descriptor, or AT_FDCWD.
    pub(super) base: i32,
    /// The address of a path; `None` where the call is about the descriptor.
    pub(super) path: Option<u64>,
    /// Whether a final symlink is followed.
    pub(super) follow: bool,
    /// Whether an empty path means the descriptor.
    pub(super) may_be_empty: bool,
}

impl Name {
    pub(super) const fn descriptor(number: u64) -> Self {
        Self {
            base: number as i32,
            path: None,
            follow: true,
            may_be_empty: false,
        }
    }

    pub(super) const fn path(base: i32, path: u64, follow: bool) -> Self {
        Self {
            base,
            path: Some(path),
            follow,
            may_be_empty: false,
        }
    }

    /// The file, as soon as the host has a descriptor for it; the error is an errno for the caller.
    pub(super) fn open(&self, target: &Target, worker: u32, wanted: impl Fn() -> bool) -> Result<OwnedFd, i32> {
        let open = || self.try_open(target).map_err(io::Error::from_raw_os_error);
        retry_while_short_of_descriptors(worker, open, wanted)
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))
    }

    fn try_open(&self, target: &Target) -> Result<OwnedFd, i32> {
        let Some(path) = self.path else {
            return descriptor(target, self.base);
        };
        let path = target
            .read_string(path)
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EFAULT))?;
        let base = match (path.first(), self.base) {
            (None, _) if !self.may_be_empty => return Err(libc::ENOENT),
            // The base does not matter.
            (Some(b'/'), _) => open("/", NAMED, Mode::empty()).map_err(errno)?,
            (_, libc::AT_FDCWD) => open(target.working_directory(), NAMED, Mode::empty()).map_err(errno)?,
            (_, number) => descriptor(target, number)?,
        };
        if path.is_empty() {
            return Ok(base);
        }
        let flags = if self.follow { NAMED } else { NAMED | OFlags::NOFOLLOW };
        // /proc/self would be the host, so a path through it is not found.
        openat2(
            &base,
            OsStr::from_bytes(&path),
            flags,
            Mode::empty(),
            ResolveFlags::NO_MAGICLINKS,
        )
        .map_err(errno)
    }
}

fn descriptor(target: &Target, number: i32) -> Result<OwnedFd, i32> {
    let copied = target.pidfd().and_then(|pidfd| target.descriptor(&pidfd, number));
    // Where descriptors may not be copied, the link in /proc leads to the same open file's inode.
    let copied = copied.or_else(|error| match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES | libc::ENOSYS) => open(target.descriptor_link(number), NAMED, Mode::empty())
            .map_err(|error| match error {
                rustix::io::Errno::NOENT => io::Error::from_raw_os_error(libc::EBADF),
                error => error.into(),
            }),
        _ => Err(error),
    });
    copied.map_err(|error| match error.raw_os_error() {
        Some(errno) if errno == libc::EBADF || is_shortage(errno) => errno,
        _ => libc::EPERM,
    })
}

fn errno(error: rustix::io::Errno) -> i32 {
    error.raw_os_error()
}
