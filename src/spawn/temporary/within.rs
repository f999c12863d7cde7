//! Opens what is inside of a directory: through no symlink, no `..` and no mount.

use std::ffi::CStr;
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, fstat, openat};
use rustix::io::Errno;

use crate::system;

/// A step on the way.
const STEP: OFlags = system::PATH_ONLY
    .union(OFlags::DIRECTORY)
    .union(OFlags::NOFOLLOW)
    .union(OFlags::CLOEXEC);

/// `flags` must contain NOFOLLOW.
#[cfg(not(portable))]
pub(super) fn open_within(top: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    use rustix::fs::{ResolveFlags, openat2};
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    match openat2(top, path, flags, Mode::empty(), within) {
        // Linux before 5.6.
        Err(Errno::NOSYS) => step_by_step(top, path, flags),
        done => done,
    }
}

/// `flags` must contain NOFOLLOW.
#[cfg(portable)]
pub(super) fn open_within(top: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    // Refused as one call for the whole path would be: the steps of deep paths take long.
    if path.to_bytes_with_nul().len() > usize::try_from(libc::PATH_MAX).unwrap_or_default() {
        return Err(Errno::NAMETOOLONG);
    }
    step_by_step(top, path, flags)
}

fn step_by_step(top: BorrowedFd<'_>, path: &CStr, flags: OFlags) -> Result<OwnedFd, Errno> {
    let device = fstat(top)?.st_dev;
    let mut at = openat(top, c".", STEP, Mode::empty())?;
    let mut parts = path.to_bytes().split(|byte| *byte == b'/').peekable();
    while let Some(part) = parts.next() {
        if part == b".." || part.is_empty() {
            return Err(Errno::XDEV);
        }
        let how = if parts.peek().is_some() { STEP } else { flags };
        at = openat(&at, part, how, Mode::empty())?;
        if fstat(&at)?.st_dev != device {
            return Err(Errno::XDEV);
        }
    }
    Ok(at)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::os::fd::AsFd;

    use super::*;

    #[test]
    fn both_ways_open_the_same_and_lead_nowhere_else() {
        let made = tempfile::tempdir().expect("a directory");
        std::fs::create_dir_all(made.path().join("in/deeper")).expect("made");
        std::os::unix::fs::symlink("in", made.path().join("link")).expect("linked");
        let top = std::fs::File::open(made.path()).expect("opened");
        let root = std::fs::File::open("/").expect("opened");
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        for way in [open_within, step_by_step] {
            for inside in [c"in", c"in/deeper", c"."] {
                assert!(way(top.as_fd(), inside, flags).is_ok(), "{inside:?}");
            }
            for elsewhere in [c"..", c"in/../..", c"link", c"link/deeper", c"/", c"gone"] {
                assert!(way(top.as_fd(), elsewhere, flags).is_err(), "{elsewhere:?}");
            }
            let mount = if cfg!(target_os = "linux") { c"proc" } else { c"dev" };
            assert_eq!(way(root.as_fd(), mount, flags).err(), Some(Errno::XDEV));
        }
    }
}
