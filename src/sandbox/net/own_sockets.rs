//! Unix sockets in a worker's own temporary directory: the worker may create them there and connect to those that it
//! created.
//!
//! A tool that may also write elsewhere can move or link a daemon's socket into the directory. Connections are
//! therefore made only to sockets that the supervisor created for this worker. They are recognised by their inode,
//! which is kept open so that its number is not reused.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::fs::{FileType, Mode, OFlags, ResolveFlags, fstat, openat2};

use super::address;
use super::socket::Socket;
use crate::sandbox::caps;
use crate::sandbox::lives::lives;
use crate::sandbox::own_directories::OwnDirectories;

/// Sockets kept for one worker; a further one replaces the oldest, which cannot be reached any more.
const KEPT: usize = 8;
/// From this many workers on, entries of ended workers are dropped.
const WORKERS: usize = 16;

#[derive(Debug, Default)]
pub(in super::super) struct OwnSockets {
    directories: OwnDirectories,
    made: Mutex<HashMap<u32, VecDeque<OwnedFd>>>,
}

impl OwnSockets {
    pub(in super::super) fn new(directories: OwnDirectories) -> Self {
        Self {
            directories,
            made: Mutex::default(),
        }
    }

    /// Binds the socket if the path is in the worker's directory.
    pub(super) fn bind(&self, socket: &Socket, path: &Path, worker: u32) -> Option<Result<(), i32>> {
        let (top, below) = self.within(path, worker)?;
        Some(self.bind_below(socket, &top, &below, worker).map_err(errno))
    }

    fn bind_below(&self, socket: &Socket, top: &OwnedFd, below: &Path, worker: u32) -> io::Result<()> {
        let invalid = || io::Error::from_raw_os_error(libc::EINVAL);
        let name = below.file_name().ok_or_else(invalid)?;
        let directory = match below.parent() {
            Some(parent) if parent != Path::new("") => open(top, parent, OFlags::DIRECTORY)?,
            _ => open(top, Path::new("."), OFlags::DIRECTORY)?,
        };
        let place = [
            format!("/proc/self/fd/{}/", directory.as_raw_fd()).as_bytes(),
            name.as_bytes(),
        ]
        .concat();
        let address = address::of_unix(&place).ok_or_else(|| io::Error::from_raw_os_error(libc::ENAMETOOLONG))?;
        // Binds with the worker's rights, which include no capabilities.
        caps::without(|| socket.bind(&address)).map_err(io::Error::from_raw_os_error)?;
        let made = open(&directory, Path::new(name), OFlags::empty())?;
        if is_socket(&made) {
            self.note(worker, made);
        }
        Ok(())
    }

    fn note(&self, worker: u32, socket: OwnedFd) {
        let mut all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= WORKERS && !all.contains_key(&worker) {
            all.retain(|worker, _| lives(*worker));
        }
        let made = all.entry(worker).or_default();
        if made.len() == KEPT {
            made.pop_front();
        }
        made.push_back(socket);
    }

    /// The socket to connect to, if the path is in the worker's directory.
    pub(super) fn open(&self, path: &Path, worker: u32) -> Option<Result<OwnedFd, i32>> {
        let (top, below) = self.within(path, worker)?;
        Some(match open(&top, &below, OFlags::empty()) {
            Ok(found) if self.is_made(worker, &found) => Ok(found),
            // Whatever listens there is not the worker's.
            Ok(_) => Err(libc::ECONNREFUSED),
            Err(error) => Err(errno(error)),
        })
    }

    fn is_made(&self, worker: u32, found: &OwnedFd) -> bool {
        let identity = |file: &OwnedFd| fstat(file).ok().map(|stat| (stat.st_dev, stat.st_ino));
        let Some(found) = identity(found) else { return false };
        let all = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&worker)
            .is_some_and(|made| made.iter().any(|socket| identity(socket) == Some(found)))
    }

    /// The worker's directory, and the path relative to it.
    fn within(&self, path: &Path, worker: u32) -> Option<(OwnedFd, PathBuf)> {
        let own = self.directories.of(worker)?;
        let below: PathBuf = path.strip_prefix(own.path()).ok()?.components().collect();
        let plain = below.components().all(|part| matches!(part, Component::Normal(_)));
        (plain && below != Path::new("")).then_some(())?;
        Some((own.open()?, below))
    }
}

fn open(directory: &OwnedFd, path: &Path, flags: OFlags) -> io::Result<OwnedFd> {
    let flags = flags | OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let within = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_XDEV;
    Ok(openat2(directory.as_fd(), path, flags, Mode::empty(), within)?)
}

fn is_socket(file: &OwnedFd) -> bool {
    fstat(file).is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Socket)
}

fn errno(error: io::Error) -> i32 {
    error.raw_os_error().unwrap_or(libc::EIO)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;
    use crate::sandbox::place::Place;

    fn socket() -> Socket {
        let fd = rustix::net::socket(rustix::net::AddressFamily::UNIX, rustix::net::SocketType::STREAM, None);
        Socket::of(fd.expect("a socket")).expect("a socket")
    }

    /// A directory of worker 1, and another one beside it.
    fn own() -> (OwnSockets, tempfile::TempDir, PathBuf) {
        let made = tempfile::tempdir().expect("a directory");
        let real = made.path().canonicalize().expect("there");
        for directory in ["own/sub", "beside"] {
            std::fs::create_dir_all(real.join(directory)).expect("made");
        }
        let directories = OwnDirectories::default();
        directories.add(1, Place::at(&real.join("own")).expect("there"));
        (OwnSockets::new(directories), made, real)
    }

    #[test]
    fn a_worker_may_connect_to_its_own_listeners() {
        let (own, _made, real) = own();
        for name in ["own/socket", "own/sub/socket", "own/./other"] {
            let path = real.join(name);
            assert_eq!(own.bind(&socket(), &path, 1), Some(Ok(())), "{name}");
            assert!(own.open(&path, 1).expect("own").is_ok(), "{name}");
            assert!(own.open(&path, 2).is_none(), "another worker's: {name}");
        }
        assert_eq!(
            own.bind(&socket(), &real.join("own/socket"), 1),
            Some(Err(libc::EADDRINUSE))
        );
        assert_eq!(
            own.open(&real.join("own/none"), 1).expect("own").err(),
            Some(libc::ENOENT)
        );
    }

    #[test]
    fn listeners_of_other_processes_are_not_reachable() {
        let (own, _made, real) = own();
        let daemon = UnixListener::bind(real.join("beside/daemon")).expect("bound");
        std::os::unix::fs::symlink(real.join("beside/daemon"), real.join("own/link")).expect("linked");
        std::os::unix::fs::symlink(real.join("beside"), real.join("own/directory")).expect("linked");
        std::fs::hard_link(real.join("beside/daemon"), real.join("own/hard")).expect("linked");
        assert!(UnixStream::connect(real.join("own/hard")).is_ok(), "the twin");
        let open = |name: &str| own.open(&real.join(name), 1).map(|found| found.err());
        assert_eq!(open("own/hard"), Some(Some(libc::ECONNREFUSED)));
        assert_eq!(open("own/link"), Some(Some(libc::ECONNREFUSED)));
        assert_eq!(open("own/directory/daemon"), Some(Some(libc::ELOOP)));
        assert_eq!(open("own/../beside/daemon"), None);
        assert_eq!(open("beside/daemon"), None);
        assert_eq!(
            own.bind(&socket(), &real.join("own/directory/new"), 1),
            Some(Err(libc::ENOTDIR))
        );
        assert_eq!(own.bind(&socket(), &real.join("beside/new"), 1), None);
        drop(daemon);
    }

    #[test]
    fn a_directory_that_is_another_by_now_is_nobodys() {
        let (own, _made, real) = own();
        std::fs::rename(real.join("own"), real.join("moved")).expect("moved");
        std::fs::create_dir(real.join("own")).expect("made");
        assert_eq!(own.bind(&socket(), &real.join("own/socket"), 1), None);
    }
}
