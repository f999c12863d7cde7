//! The way of every Unix; see `mod.rs`.

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, FileType, Mode, OFlags, chmodat, fchmod, open, statat};
use rustix::io::{Errno, FdFlags, fcntl_setfd};
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};

/// Opens a file or a directory for reading: no descriptor is only a path. A pipe is not waited for.
pub(crate) const PATH_ONLY: OFlags = OFlags::RDONLY.union(OFlags::NONBLOCK);

/// The mode of a directory of the host. It can be listed, because it could not be opened otherwise; nothing keeps a tool without
/// a sandbox from doing so anyway.
pub(crate) const NOT_LISTED: Mode = Mode::RWXU;

/// A send to a process that has ended raises no signal; where there is no such flag, `socket_pair` sees to it.
#[cfg(not(target_vendor = "apple"))]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;
/// A send to a process that has ended raises no signal; where there is no such flag, `socket_pair` sees to it.
#[cfg(target_vendor = "apple")]
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::empty();

/// Whether the end of a socket tells that what was sent through it was not read: only Linux resets it then.
pub(crate) const TELLS_UNREAD: bool = false;

/// Changes the mode of an open file.
pub(crate) fn change_mode(file: impl AsFd, mode: Mode) -> Result<(), Errno> {
    fchmod(file, mode)
}

/// Prepares a directory for being opened: gives its owner the rights that a tool may have taken from it. What is no directory
/// stays as it is.
pub(crate) fn before_opening(parent: BorrowedFd<'_>, name: &CStr) {
    let is_directory = |found: &rustix::fs::Stat| FileType::from_raw_mode(found.st_mode) == FileType::Directory;
    if statat(parent, name, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|found| is_directory(&found)) {
        // If this fails, opening it says why.
        let _ = chmodat(parent, name, Mode::RWXU, AtFlags::empty());
    }
}

/// The directory's own path: there is none to what a descriptor names.
pub(crate) fn path_of_open(_directory: BorrowedFd<'_>, own: &Path) -> PathBuf {
    own.to_owned()
}

/// The reading and the writing end of a pipe, both close-on-exec.
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    close_on_exec(rustix::pipe::pipe()?)
}

/// Two connected stream sockets, both close-on-exec.
pub(crate) fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    let pair = socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::empty(), None)?;
    #[cfg(target_vendor = "apple")]
    for end in [&pair.0, &pair.1] {
        rustix::net::sockopt::set_socket_nosigpipe(end, true)?;
    }
    close_on_exec(pair)
}

/// Marks both. A program that another thread of the host starts in between inherits them: there is no call that does both at
/// once everywhere. Workers close what they did not get (`spawn/portable/child.rs`).
fn close_on_exec(pair: (OwnedFd, OwnedFd)) -> Result<(OwnedFd, OwnedFd), Errno> {
    fcntl_setfd(&pair.0, FdFlags::CLOEXEC)?;
    fcntl_setfd(&pair.1, FdFlags::CLOEXEC)?;
    Ok(pair)
}

/// A descriptor that stands for one which is still to be opened. It counts as an open file of the machine.
pub(crate) fn placeholder() -> Result<OwnedFd, Errno> {
    open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
}

#[cfg(test)]
mod tests {
    use rustix::fs::CWD;

    use super::*;

    #[test]
    fn what_is_made_is_closed_on_exec() {
        let (reading, writing) = pipe().expect("a pipe");
        let (one, other) = socket_pair().expect("sockets");
        for fd in [reading, writing, one, other, placeholder().expect("a descriptor")] {
            assert!(rustix::io::fcntl_getfd(&fd).expect("flags").contains(FdFlags::CLOEXEC));
        }
    }

    #[test]
    fn a_directory_without_rights_can_be_opened_afterwards_and_a_link_stays_what_it_is() {
        let made = tempfile::tempdir().expect("a directory");
        let top = open(made.path(), PATH_ONLY, Mode::empty()).expect("opened");
        let outside = tempfile::tempdir().expect("a directory");
        rustix::fs::mkdirat(&top, c"shut", Mode::empty()).expect("made");
        rustix::fs::symlinkat(outside.path(), &top, c"link").expect("linked");
        chmodat(CWD, outside.path(), Mode::RUSR, AtFlags::empty()).expect("changed");
        for name in [c"shut", c"link", c"gone"] {
            before_opening(top.as_fd(), name);
        }
        let mode = |path: &Path| Mode::from_raw_mode(rustix::fs::stat(path).expect("there").st_mode);
        assert_eq!(mode(&made.path().join("shut")), Mode::RWXU);
        assert_eq!(mode(outside.path()), Mode::RUSR);
    }
}
