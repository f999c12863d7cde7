//! `--allow-net=unix:/path`: the listed unix sockets.
//!
//! A path that a tool passes is compared as text and never looked up. The supervisor connects to the path that was real
//! when the manager was made, so a symlink that was put there since leads nowhere else.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, fstat, openat2};

use super::address;
use crate::sandbox::policy::UnixSocket;

/// The list.
#[derive(Debug, Default)]
pub(in super::super) struct UnixSockets(pub(in super::super) Vec<Listed>);

/// One entry.
#[derive(Debug)]
pub(in super::super) struct Listed {
    pub(in super::super) socket: UnixSocket,
    /// The tool may write to its directory, and so create it.
    pub(in super::super) may_make: bool,
}

impl UnixSockets {
    /// The entry for a path as a tool passed it.
    pub(super) fn find(&self, path: &Path) -> Option<&Listed> {
        // Without `.` and doubled slashes. `..` leads elsewhere where there are symlinks, so no entry contains it.
        let path: PathBuf = path.components().collect();
        self.0
            .iter()
            .find(|listed| path == listed.socket.given || path == listed.socket.real)
    }
}

impl Listed {
    /// Opens the socket that is there now.
    pub(super) fn open(&self) -> io::Result<OwnedFd> {
        let fd = open(&self.socket.real, OFlags::empty())?;
        if FileType::from_raw_mode(fstat(&fd)?.st_mode) != FileType::Socket {
            return Err(io::Error::from_raw_os_error(libc::ECONNREFUSED));
        }
        Ok(fd)
    }

    /// The directory in which it is to be created, and the address to bind to there.
    pub(super) fn place(&self) -> io::Result<(OwnedFd, Vec<u8>)> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let directory = self.socket.real.parent().ok_or_else(invalid)?;
        let name = self.socket.real.file_name().ok_or_else(invalid)?;
        let fd = open(directory, OFlags::DIRECTORY)?;
        let path = [format!("/proc/self/fd/{}/", fd.as_raw_fd()).as_bytes(), name.as_bytes()].concat();
        let address = address::of_unix(&path).ok_or_else(|| io::Error::from_raw_os_error(libc::ENAMETOOLONG))?;
        Ok((fd, address))
    }
}

fn open(path: &Path, more: OFlags) -> io::Result<OwnedFd> {
    let flags = OFlags::PATH | OFlags::CLOEXEC | more;
    let no_links = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    Ok(openat2(CWD, path, flags, Mode::empty(), no_links)?)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn listed(given: &Path, real: &Path) -> Listed {
        Listed {
            socket: UnixSocket {
                given: given.to_path_buf(),
                real: real.to_path_buf(),
            },
            may_make: false,
        }
    }

    #[test]
    fn paths_are_compared_as_text() {
        let sockets = UnixSockets(vec![listed(Path::new("/var/run/x.sock"), Path::new("/run/x.sock"))]);
        for (path, found) in [
            ("/var/run/x.sock", true),
            ("/run/x.sock", true),
            ("/run/./x.sock", true),
            ("//run//x.sock", true),
            ("/run/y/../x.sock", false),
            ("/run/x.sock/y", false),
            ("/run", false),
            ("run/x.sock", false),
            ("", false),
        ] {
            assert_eq!(sockets.find(Path::new(path)).is_some(), found, "{path}");
        }
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
    fn only_a_socket_that_is_there_itself_is_opened() {
        let scratch = std::env::temp_dir().join(format!("toolwarden-unix-{}", std::process::id()));
        std::fs::create_dir_all(scratch.join("real")).expect("made");
        let scratch = scratch.canonicalize().expect("real");
        let _server = UnixListener::bind(scratch.join("real/server")).expect("bound");
        std::fs::write(scratch.join("real/file"), "").expect("written");
        std::os::unix::fs::symlink(scratch.join("real/server"), scratch.join("link")).expect("linked");
        std::os::unix::fs::symlink(scratch.join("real"), scratch.join("directory")).expect("linked");
        let opened = |path: &str| {
            let path = scratch.join(path);
            listed(&path, &path)
                .open()
                .map(|_| ())
                .map_err(|error| error.raw_os_error())
        };
        assert_eq!(opened("real/server"), Ok(()));
        assert_eq!(opened("real/file"), Err(Some(libc::ECONNREFUSED)));
        assert_eq!(opened("real/none"), Err(Some(libc::ENOENT)));
        assert_eq!(opened("link"), Err(Some(libc::ELOOP)));
        assert_eq!(opened("directory/server"), Err(Some(libc::ELOOP)));
        std::fs::remove_dir_all(scratch).expect("removed");
    }
}
