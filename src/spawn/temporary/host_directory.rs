//! The host's directory, in which its processes have theirs. All managers of a host that use one place share it.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::fs::{
    AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, chmod, flock, fstat, mkdirat, open, openat, renameat, statat,
    unlinkat,
};
use rustix::io::Errno;

use super::remove::{Budget, remove};
use super::tidy::{self, Job};
use crate::worker::lock;

/// Of the names of hosts' directories; 16 digits follow.
pub(super) const PREFIX: &str = "toolwarden-";
pub(super) const HOST_DIGITS: usize = 16;
/// So many that nobody who cannot list the host's directory finds one; and no more, as paths of unix sockets are short.
const PROCESS_DIGITS: usize = 24;
/// What says that the host lives. It has this name once it is locked.
pub(super) const LOCK: &CStr = c"lock";
const NEW_LOCK: &CStr = c".lock";
/// The host's directory can be entered by its user and not be listed: workers have none of root's capabilities.
const NOT_LISTED: Mode = Mode::WUSR.union(Mode::XUSR);
/// How long the thread for that works on one tree before it turns to another, and how often it comes back. What cannot be removed in
/// this time is removed after the host's end.
pub(super) const PIECE: Duration = Duration::from_millis(500);
pub(super) const PIECES: u32 = 120;
/// Tries at making a directory: another host may take it for a dead one's until it is locked.
const TRIES: usize = 4;

static HOST_DIRECTORIES: Mutex<Vec<Weak<HostDirectory>>> = Mutex::new(Vec::new());

/// A directory that is made and locked. Dropped, it is removed.
#[derive(Debug)]
pub(super) struct HostDirectory {
    place: PathBuf,
    path: PathBuf,
    fd: OwnedFd,
    /// Its lock is what counts.
    _lock: File,
}

impl HostDirectory {
    /// The one of this host at this place.
    pub(super) fn at(place: &Path) -> io::Result<Arc<Self>> {
        let mut all = HOST_DIRECTORIES.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|host_directory| host_directory.strong_count() > 0);
        let mut living = all.iter().filter_map(Weak::upgrade);
        if let Some(host_directory) =
            living.find(|host_directory| host_directory.place == place && host_directory.stands())
        {
            return Ok(host_directory);
        }
        let host_directory = Arc::new(Self::make(place)?);
        all.push(Arc::downgrade(&host_directory));
        drop(all);
        tidy::ask(Job::Sweep(place.to_owned()));
        Ok(host_directory)
    }

    fn make(place: &Path) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::AlreadyExists);
        for _ in 0..TRIES {
            match Self::try_make(place) {
                Ok(host_directory) => return Ok(host_directory),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn try_make(place: &Path) -> io::Result<Self> {
        let path = place.join(format!("{PREFIX}{}", random(HOST_DIGITS)?));
        mkdirat(CWD, &path, Mode::RWXU)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let fd = open(&path, flags, Mode::empty())?;
        if fstat(&fd)?.st_uid != rustix::process::geteuid().as_raw() {
            let _ = unlinkat(CWD, &path, AtFlags::REMOVEDIR);
            return Err(io::Error::from(io::ErrorKind::PermissionDenied));
        }
        // What tidies up /tmp by age passes over directories that are locked so.
        let _ = flock(&fd, FlockOperation::NonBlockingLockShared);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&fd, NEW_LOCK, flags, Mode::RUSR | Mode::WUSR)?);
        // A file system without locks has to do without: nobody takes its directories for a dead host's then.
        let _ = lock::hold(&file);
        renameat(&fd, NEW_LOCK, &fd, LOCK)?;
        chmod(format!("/proc/self/fd/{}", fd.as_raw_fd()), NOT_LISTED)?;
        Ok(Self {
            place: place.to_owned(),
            path,
            fd,
            _lock: file,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Whether it is still what its path leads to: somebody may have tidied up.
    fn stands(&self) -> bool {
        let named = statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        let same =
            |named: rustix::fs::Stat, own: rustix::fs::Stat| (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino);
        named.is_ok_and(|named| fstat(&self.fd).is_ok_and(|own| same(named, own)))
    }

    /// A new directory for one process, open to name it.
    pub(super) fn directory(&self) -> io::Result<(CString, OwnedFd)> {
        let name = CString::new(random(PROCESS_DIGITS)?)?;
        mkdirat(&self.fd, &name, Mode::RWXU)?;
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        match openat(&self.fd, &name, flags, Mode::empty()) {
            Ok(opened) => Ok((name, opened)),
            Err(errno) => {
                let _ = unlinkat(&self.fd, &name, AtFlags::REMOVEDIR);
                Err(errno.into())
            }
        }
    }

    /// Goes on removing a directory for a while. Whether it is gone.
    pub(super) fn remove_piece(&self, name: &CStr) -> bool {
        remove(self.fd(), name, &mut Budget::new(PIECE, u64::MAX)).is_ok()
    }

    fn is_empty(&self) -> bool {
        // By a copy of the descriptor: its mode keeps it from being opened for reading once more.
        let Ok(mut entries) = self.fd.try_clone().map_err(|_| Errno::MFILE).and_then(Dir::new) else {
            return false;
        };
        entries.rewind();
        entries
            .flatten()
            .all(|entry| [c".", c"..", LOCK].contains(&entry.file_name()))
    }
}

impl Drop for HostDirectory {
    fn drop(&mut self) {
        // What is left keeps the lock's file, which nobody holds from now on: a later host sees that at once.
        if self.is_empty() && self.stands() {
            let _ = unlinkat(&self.fd, LOCK, AtFlags::empty());
            let _ = unlinkat(CWD, &self.path, AtFlags::REMOVEDIR);
        }
    }
}

/// Hexadecimal digits that nobody can guess.
fn random(digits: usize) -> Result<String, Errno> {
    use std::fmt::Write as _;
    let mut bytes = [0; PROCESS_DIGITS / 2];
    getrandom::fill(&mut bytes[..digits / 2]).map_err(|_| Errno::AGAIN)?;
    Ok(bytes[..digits / 2].iter().fold(String::new(), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;

    fn place() -> (tempfile::TempDir, PathBuf) {
        let place = tempfile::tempdir().expect("a directory");
        let real = place.path().canonicalize().expect("there");
        (place, real)
    }

    #[test]
    fn the_path_leaves_room_for_a_socket() {
        let added = "/".len() + PREFIX.len() + HOST_DIGITS + "/".len() + PROCESS_DIGITS;
        let chromiums = "/org.chromium.Chromium.123456/SingletonSocket".len();
        assert!("/var/tmp".len() + added + chromiums <= 107);
    }

    #[test]
    fn managers_share_it_and_it_goes_with_the_last() {
        let (_place, real) = place();
        let first = HostDirectory::at(&real).expect("made");
        let second = HostDirectory::at(&real).expect("found");
        assert_eq!(first.path(), second.path());
        assert_eq!(first.path().metadata().expect("there").mode() & 0o7777, 0o300);
        let path = first.path().to_owned();
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_processs_directory_is_its_own_and_goes() {
        let (_place, real) = place();
        let host_directory = HostDirectory::at(&real).expect("made");
        let (name, fd) = host_directory.directory().expect("made");
        let path = host_directory.path().join(name.to_str().expect("digits"));
        assert_eq!(path.metadata().expect("there").mode() & 0o7777, 0o700);
        assert_eq!(fstat(&fd).expect("open").st_ino, path.metadata().expect("there").ino());
        fs::write(path.join("file"), "x").expect("written");
        assert!(host_directory.remove_piece(&name));
        assert!(!path.exists());
    }

    #[test]
    fn one_that_somebody_removed_is_made_again() {
        let (_place, real) = place();
        let first = HostDirectory::at(&real).expect("made");
        fs::remove_dir_all(first.path()).expect("removed");
        assert!(first.directory().is_err());
        let second = HostDirectory::at(&real).expect("made");
        assert_ne!(first.path(), second.path());
        second.directory().expect("made");
    }
}
