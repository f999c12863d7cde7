//! Linux's way; see `mod.rs`.

use std::ffi::CStr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{Mode, OFlags, chmod};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, socketpair};
use rustix::pipe::{PipeFlags, pipe_with};

/// Opens a file or a directory as a path only, which needs no right to read it.
pub(crate) const PATH_ONLY: OFlags = OFlags::PATH;

/// The mode of a directory that its user can enter but not list. This holds for workers of root too, because they have none
/// of root's capabilities.
pub(crate) const NOT_LISTED: Mode = Mode::WUSR.union(Mode::XUSR);

/// A send to a process that has ended raises no signal.
pub(crate) const NO_SIGNAL: SendFlags = SendFlags::NOSIGNAL;

/// Whether the end of a socket tells that what was sent through it was not read: it is reset then.
pub(crate) const TELLS_UNREAD: bool = true;

/// Changes the mode of an open file, which may be open as a path only.
pub(crate) fn change_mode(file: impl AsFd, mode: Mode) -> Result<(), Errno> {
    chmod(path_of_open(file.as_fd(), Path::new("")), mode)
}

/// Prepares a directory for being opened: nothing is needed.
pub(crate) fn before_opening(_parent: BorrowedFd<'_>, _name: &CStr) {}

/// A path to an open directory, whatever its own path leads to by now.
pub(crate) fn path_of_open(directory: BorrowedFd<'_>, _own: &Path) -> PathBuf {
    format!("/proc/self/fd/{}", directory.as_raw_fd()).into()
}

/// The reading and the writing end of a pipe, both close-on-exec.
pub(crate) fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    pipe_with(PipeFlags::CLOEXEC)
}

/// Two connected stream sockets, both close-on-exec.
pub(crate) fn socket_pair() -> Result<(OwnedFd, OwnedFd), Errno> {
    socketpair(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)
}

/// A descriptor that stands for one which is still to be opened. It counts as an open file of the machine.
pub(crate) fn placeholder() -> Result<OwnedFd, Errno> {
    eventfd(0, EventfdFlags::CLOEXEC)
}
