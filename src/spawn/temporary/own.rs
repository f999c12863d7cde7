//! One process's directory, and a manager's right to make them.

use std::ffi::{CString, OsStr};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::disk_usage::{self, DiskUsage};
use super::host_directory::{self, HostDirectory};
use super::place;
use super::tidy::{self, Job, Removal};
use crate::error::descriptors::is_shortage_error;

/// How long closing waits for removals, and for processes that were killed. Both take a few milliseconds, but longer on a busy
/// machine, and what is left stays until the next manager of the user comes.
const LAST_WAIT: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_micros(500);

/// Gives each process of one manager a directory of its own, until it is closed.
#[derive(Debug)]
pub struct TemporaryDirectories {
    place: PathBuf,
    /// `None` once it is closed.
    host_directory: Mutex<Option<Arc<HostDirectory>>>,
    /// The number of directories that nobody has tried to remove yet.
    living: Arc<AtomicUsize>,
    /// The variables that name the directory.
    names: Vec<&'static str>,
}

impl TemporaryDirectories {
    /// Uses the host's TMPDIR, otherwise /tmp or /var/tmp; `None` where no directory can be made in the first of them
    /// that may be used.
    /// `names`: the variables that tell a process where its directory is.
    pub fn open(tmpdir: Option<&Path>, names: Vec<&'static str>) -> Option<Arc<Self>> {
        let place = place::find(tmpdir)?;
        let host_directory = host_directory_at(&place).ok()?;
        Some(Arc::new(Self {
            place,
            host_directory: Mutex::new(Some(host_directory)),
            living: Arc::default(),
            names,
        }))
    }

    /// The directory that contains the processes' directories; `None` once it is closed.
    pub fn path(&self) -> Option<PathBuf> {
        self.host_directory()
            .as_ref()
            .map(|host_directory| host_directory.path().to_owned())
    }

    pub(in crate::spawn) fn names(&self) -> &[&'static str] {
        &self.names
    }

    /// Makes a directory for the next process.
    pub(in crate::spawn) fn make(&self) -> io::Result<Temporary> {
        let mut current = self.host_directory();
        let host_directory = current.as_mut().ok_or(io::ErrorKind::NotFound)?;
        let (name, fd) = match host_directory.directory() {
            Ok(made) => made,
            // The next location is the same one, so there is no point in another try.
            Err(error) if is_shortage_error(&error) => return Err(error),
            // Somebody removed the host's directory.
            Err(_) => {
                *host_directory = host_directory_at(&self.place)?;
                host_directory.directory()?
            }
        };
        let path = host_directory.path().join(OsStr::from_bytes(name.as_bytes()));
        self.living.fetch_add(1, Ordering::AcqRel);
        Ok(Temporary {
            host_directory: Arc::clone(host_directory),
            name,
            path,
            fd,
            living: Arc::clone(&self.living),
            discarded: AtomicBool::new(false),
            _outer: None,
        })
    }

    /// Makes no further directory. Waits a moment for the removal of directories whose processes are gone.
    pub fn close(&self) {
        let host_directory = self.host_directory().take();
        let until = Instant::now() + LAST_WAIT;
        while host_directory.is_some() && self.living.load(Ordering::Acquire) > 0 && Instant::now() < until {
            thread::sleep(PAUSE);
        }
    }

    fn host_directory(&self) -> MutexGuard<'_, Option<Arc<HostDirectory>>> {
        self.host_directory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One process's directory. Dropping or discarding it removes it; that must happen after the process and its group are
/// gone.
#[derive(Debug)]
pub struct Temporary {
    host_directory: Arc<HostDirectory>,
    name: CString,
    path: PathBuf,
    fd: OwnedFd,
    living: Arc<AtomicUsize>,
    discarded: AtomicBool,
    /// The directory that contains it, if that is a process's own, too. It is removed after this one.
    _outer: Option<Arc<Temporary>>,
}

impl Temporary {
    /// Its path, without symlinks.
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(in crate::spawn) fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// How much it contains; `None` where the host has no descriptor left to look with.
    pub(in crate::spawn) fn disk_usage(&self) -> Option<DiskUsage> {
        disk_usage::tree(self.fd())
    }

    /// From now on it contains directories of other processes, which must not find each other's.
    pub(in crate::spawn) fn hide(&self) -> io::Result<()> {
        host_directory::hide(self.fd())
    }

    /// Makes a directory inside of this one, for a child of the process that this one belongs to.
    pub(in crate::spawn) fn make_inside(self: &Arc<Self>) -> io::Result<Self> {
        let (inner, fd) = host_directory::inside(self.fd.as_fd())?;
        let mut name = self.name.as_bytes().to_vec();
        name.push(b'/');
        name.extend(inner.as_bytes());
        self.living.fetch_add(1, Ordering::AcqRel);
        Ok(Self {
            host_directory: Arc::clone(&self.host_directory),
            name: CString::new(name)?,
            path: self.path.join(OsStr::from_bytes(inner.as_bytes())),
            fd,
            living: Arc::clone(&self.living),
            discarded: AtomicBool::new(false),
            _outer: Some(Arc::clone(self)),
        })
    }

    /// Lets the removal thread remove it.
    pub fn discard(&self) {
        if !self.discarded.swap(true, Ordering::AcqRel) {
            let (host_directory, living) = (Arc::clone(&self.host_directory), Arc::clone(&self.living));
            tidy::ask(Job::Remove(Removal::new(host_directory, self.name.clone(), living)));
        }
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        self.discard();
    }
}

/// The host's directory at a location. When it is made, what dead hosts left at the location is removed.
fn host_directory_at(place: &Path) -> io::Result<Arc<HostDirectory>> {
    HostDirectory::at(place, || tidy::ask(Job::Sweep(place.to_owned())))
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use super::*;

    /// Waits for a removal on the other thread.
    fn gone(path: &Path) {
        let limit = Instant::now() + Duration::from_secs(30);
        while path.exists() {
            assert!(Instant::now() < limit, "{} is still there", path.display());
            thread::yield_now();
        }
    }

    #[test]
    fn processes_have_directories_of_their_own_until_the_manager_is_closed() {
        let place = tempfile::tempdir().expect("a directory");
        let directories = TemporaryDirectories::open(Some(place.path()), vec!["TMPDIR"]).expect("opened");
        let host = directories.path().expect("open");
        assert_eq!(
            host.parent(),
            Some(place.path().canonicalize().expect("there").as_path())
        );
        let (first, second) = (directories.make().expect("made"), directories.make().expect("made"));
        assert_ne!(first.path(), second.path());
        assert!(
            [&first, &second]
                .iter()
                .all(|one| one.path().is_dir() && one.path().starts_with(&host))
        );
        let (left, kept) = (first.path().to_owned(), second.path().to_owned());
        drop(first);
        gone(&left);
        directories.close();
        assert!(directories.make().is_err());
        assert!(kept.is_dir());
        drop(second);
        gone(&kept);
        gone(&host);
    }

    #[test]
    fn closing_removes_the_directories_of_ended_processes() {
        let place = tempfile::tempdir().expect("a directory");
        let directories = TemporaryDirectories::open(Some(place.path()), Vec::new()).expect("opened");
        for one in 0..20 {
            let made = directories.make().expect("made");
            std::fs::write(made.path().join("file"), one.to_string()).expect("written");
        }
        directories.close();
        assert_eq!(std::fs::read_dir(place.path()).expect("there").count(), 0);
    }

    #[test]
    fn a_discarded_directory_is_removed_once() {
        let place = tempfile::tempdir().expect("a directory");
        let directories = TemporaryDirectories::open(Some(place.path()), Vec::new()).expect("opened");
        let made = directories.make().expect("made");
        made.discard();
        made.discard();
        drop(made);
        directories.close();
        assert_eq!(directories.living.load(Ordering::Acquire), 0);
    }

    #[test]
    fn a_directory_that_was_tidied_up_is_made_again() {
        let place = tempfile::tempdir().expect("a directory");
        let directories = TemporaryDirectories::open(Some(place.path()), Vec::new()).expect("opened");
        std::fs::remove_dir_all(directories.path().expect("open")).expect("removed");
        assert!(directories.make().expect("made").path().is_dir());
    }
}
