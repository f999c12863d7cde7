//! Locks that mean "this file's owner lives", and nothing else. The kernel releases them with the process, whatever
//! container it ran in.
//!
//! They are write locks of an open file description (`F_OFD_SETLK`). Taking one needs a file that is open for writing,
//! which only its maker has; a tool that may read the file can take at most a read lock, which the check here does not
//! see. So a tool can neither pretend to be an owner nor keep an owner from its lock. Nobody ever waits: an owner locks
//! a file that nobody else has seen yet, and everybody else only checks.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;

use libc::{c_int, c_short};

/// The type that libc gives the kinds of locks differs between systems.
#[cfg(target_os = "linux")]
type LockKind = c_int;
/// The type that libc gives the kinds of locks differs between systems.
#[cfg(not(target_os = "linux"))]
type LockKind = c_short;

#[allow(
    clippy::unnecessary_cast,
    clippy::allow_attributes,
    reason = "types differ between systems"
)]
fn whole_file(kind: LockKind) -> libc::flock {
    libc::flock {
        l_type: kind as c_short,
        l_whence: libc::SEEK_SET as c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}

fn control(file: &File, command: c_int, lock: &mut libc::flock) -> io::Result<()> {
    // SAFETY: the descriptor is open, and the kernel reads and writes one `flock`, which outlives the call.
    match unsafe { libc::fcntl(file.as_raw_fd(), command, std::ptr::from_mut(lock)) } {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

/// Locks a file that is open for writing, for as long as it stays open.
pub(crate) fn hold(file: &File) -> io::Result<()> {
    control(file, libc::F_OFD_SETLK, &mut whole_file(libc::F_WRLCK))
}

/// Whether somebody has locked it with [`hold`].
pub(crate) fn is_held(file: &File) -> io::Result<bool> {
    // A read lock conflicts with write locks only.
    let mut lock = whole_file(libc::F_RDLCK);
    control(file, libc::F_OFD_GETLK, &mut lock)?;
    Ok(LockKind::from(lock.l_type) != libc::F_UNLCK)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::OpenOptions;

    #[test]
    fn only_a_writer_that_has_the_file_open_counts() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        let owner = File::create_new(&path).expect("created");
        let reader = File::open(&path).expect("opened");
        assert!(!is_held(&reader).expect("asked"));
        hold(&owner).expect("locked");
        assert!(is_held(&reader).expect("asked"));
        let copy = owner.try_clone().expect("another descriptor of the same open file");
        drop(owner);
        assert!(is_held(&reader).expect("asked"));
        drop(copy);
        assert!(!is_held(&reader).expect("asked"));
    }

    #[test]
    fn locks_of_readers_are_ignored() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("file");
        File::create_new(&path).expect("created");
        let tool = File::open(&path).expect("opened");
        assert_eq!(
            hold(&tool).expect_err("not open for writing").raw_os_error(),
            Some(libc::EBADF)
        );
        control(&tool, libc::F_OFD_SETLK, &mut whole_file(libc::F_RDLCK)).expect("a read lock");
        tool.lock().expect("the lock of flock");
        assert!(!is_held(&File::open(&path).expect("opened")).expect("asked"));
        drop(tool);
        // It conflicts with writers only, and those lock before the file has a name.
        let writer = OpenOptions::new().write(true).open(&path).expect("opened");
        hold(&writer).expect("locked");
    }
}
