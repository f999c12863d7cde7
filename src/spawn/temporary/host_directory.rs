//! The host's directory, which contains the directories of its processes. All managers of a host with the same location
//! share it.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fs::{
    AtFlags, CWD, Dir, FlockOperation, Mode, OFlags, flock, fstat, mkdirat, open, openat, renameat, statat, unlinkat,
};
use rustix::io::Errno;

use super::layout::{HOST_DIGITS, LOCK, PIECE, PREFIX};
use super::remove::{Budget, remove};
use crate::system;
use crate::worker::lock;

/// Enough digits that nobody who cannot list the host's directory can guess a name, and no more, because paths of unix
/// sockets must be short.
const PROCESS_DIGITS: usize = 24;
/// The same for a directory inside of a process's own one. Its path has two such names.
const INNER_DIGITS: usize = 16;
const NEW_LOCK: &CStr = c".lock";
/// How often making the directory is tried: until it is locked, another host may take it for a dead host's.
const TRIES: usize = 4;

static HOST_DIRECTORIES: Mutex<Vec<Weak<HostDirectory>>> = Mutex::new(Vec::new());

/// A directory that exists and is locked. Dropping it removes it.
#[derive(Debug)]
pub(super) struct HostDirectory {
    place: PathBuf,
    path: PathBuf,
    fd: OwnedFd,
    /// Keeps the lock.
    _lock: File,
}

impl HostDirectory {
    /// This host's directory at this location. `made` runs if it had to be made.
    pub(super) fn at(place: &Path, made: impl FnOnce()) -> io::Result<Arc<Self>> {
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
        made();
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
        // Programs that clean /tmp by age skip directories that are locked like this.
        let _ = flock(&fd, FlockOperation::NonBlockingLockShared);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = File::from(openat(&fd, NEW_LOCK, flags, Mode::RUSR | Mode::WUSR)?);
        // On a file system without locks there is none; nobody takes such a directory for a dead host's.
        let _ = lock::hold(&file);
        renameat(&fd, NEW_LOCK, &fd, LOCK)?;
        system::change_mode(&fd, system::NOT_LISTED)?;
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

    /// Whether the path still leads to this directory; somebody may have removed it.
    fn stands(&self) -> bool {
        let named = statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW);
        let same =
            |named: rustix::fs::Stat, own: rustix::fs::Stat| (named.st_dev, named.st_ino) == (own.st_dev, own.st_ino);
        named.is_ok_and(|named| fstat(&self.fd).is_ok_and(|own| same(named, own)))
    }

    /// Makes a directory for one process and opens it as a path only.
    pub(super) fn directory(&self) -> io::Result<(CString, OwnedFd)> {
        make(self.fd(), PROCESS_DIGITS)
    }

    /// Continues to remove a directory for a while; true when it is gone.
    pub(super) fn remove_piece(&self, name: &CStr) -> bool {
        remove(self.fd(), name, &mut Budget::new(PIECE, u64::MAX)).is_ok()
    }

    fn is_empty(&self) -> bool {
        // Reads through a copy of the descriptor, because the directory's mode forbids opening it again for reading.
        let Ok(mut entries) = self.fd.try_clone().map_err(|_| Errno::MFILE).and_then(Dir::new) else {
            return false;
        };
        entries.rewind();
        entries
            .flatten()
            .all(|entry| [c".", c"..", LOCK].contains(&entry.file_name()))
    }
}

/// Keeps everybody who has only the user's rights from listing a process's own directory.
pub(super) fn hide(directory: BorrowedFd<'_>) -> io::Result<()> {
    Ok(system::change_mode(directory, system::NOT_LISTED)?)
}

/// Makes a directory in a process's own one.
pub(super) fn inside(directory: BorrowedFd<'_>) -> io::Result<(CString, OwnedFd)> {
    make(directory, INNER_DIGITS)
}

fn make(directory: BorrowedFd<'_>, digits: usize) -> io::Result<(CString, OwnedFd)> {
    let name = CString::new(random(digits)?)?;
    mkdirat(directory, &name, Mode::RWXU)?;
    let flags = system::PATH_ONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(directory, &name, flags, Mode::empty()) {
        Ok(opened) => Ok((name, opened)),
        Err(errno) => {
            let _ = unlinkat(directory, &name, AtFlags::REMOVEDIR);
            Err(errno.into())
        }
    }
}

impl Drop for HostDirectory {
    fn drop(&mut self) {
        // What is left includes the lock's file, which nobody locks from now on: a later host sees that at once.
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
    fn the_path_is_short_enough_for_a_socket() {
        let added = "/".len() + PREFIX.len() + HOST_DIGITS + "/".len() + PROCESS_DIGITS;
        let chromiums = "/org.chromium.Chromium.123456/SingletonSocket".len();
        assert!("/var/tmp".len() + added + chromiums <= 107);
    }

    #[test]
    fn managers_share_it_and_it_goes_with_the_last() {
        let (_place, real) = place();
        let first = HostDirectory::at(&real, || {}).expect("made");
        let second = HostDirectory::at(&real, || {}).expect("found");
        assert_eq!(first.path(), second.path());
        assert_eq!(
            first.path().metadata().expect("there").mode() & 0o7777,
            system::bits(system::NOT_LISTED)
        );
        let path = first.path().to_owned();
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn a_processs_directory_is_its_own_and_goes() {
        let (_place, real) = place();
        let host_directory = HostDirectory::at(&real, || {}).expect("made");
        let (name, fd) = host_directory.directory().expect("made");
        let path = host_directory.path().join(name.to_str().expect("digits"));
        assert_eq!(path.metadata().expect("there").mode() & 0o7777, 0o700);
        assert_eq!(fstat(&fd).expect("open").st_ino, path.metadata().expect("there").ino());
        fs::write(path.join("file"), "x").expect("written");
        assert!(host_directory.remove_piece(&name));
        assert!(!path.exists());
    }

    #[test]
    fn a_removed_directory_is_made_again() {
        let (_place, real) = place();
        let first = HostDirectory::at(&real, || {}).expect("made");
        fs::remove_dir_all(first.path()).expect("removed");
        assert!(first.directory().is_err());
        let second = HostDirectory::at(&real, || {}).expect("made");
        assert_ne!(first.path(), second.path());
        second.directory().expect("made");
    }
}
