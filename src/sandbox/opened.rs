//! Keeps open what policies name: one descriptor for each file or directory, however many managers of this host name
//! it.
//!
//! A Landlock ruleset is made anew for each start, because the process's own /proc entries are part of it and the
//! kernel cannot copy a ruleset. The targets of its rules therefore stay open for as long as a manager lives, since a
//! path could lead elsewhere by the next start. Most of these paths are the same for all managers: the top directories,
//! the runtime's libraries, entries of /proc.

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError, Weak};

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat2};

/// A path and the inode it led to. The inode's number is not reused while the inode is open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Identity {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// A file or directory that a policy names, by an O_PATH descriptor.
#[derive(Debug)]
pub(super) struct Opened {
    file: File,
    identity: Identity,
    is_dir: bool,
}

type Known = HashMap<Identity, Weak<Opened>>;

/// The descriptors that some manager uses.
fn known() -> MutexGuard<'static, Known> {
    static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Opens what is at the real path now. A link that somebody has put into it since it was looked up is an error that
/// `is_gone` knows: it would lead to what nobody has allowed. The descriptor is shared with another manager that has the
/// same inode open under the same path.
pub(super) fn open(path: &Path) -> io::Result<Arc<Opened>> {
    let flags = OFlags::PATH | OFlags::CLOEXEC;
    let no_links = ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let file = File::from(openat2(CWD, path, flags, Mode::empty(), no_links)?);
    let metadata = file.metadata()?;
    let identity = Identity {
        path: path.to_owned(),
        device: metadata.dev(),
        inode: metadata.ino(),
    };
    let mut known = known();
    if let Some(opened) = known.get(&identity).and_then(Weak::upgrade) {
        return Ok(opened);
    }
    let opened = Arc::new(Opened {
        file,
        identity: identity.clone(),
        is_dir: metadata.is_dir(),
    });
    known.insert(identity, Arc::downgrade(&opened));
    Ok(opened)
}

/// Whether opening failed because the path does not lead any more to what it led to.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ENOTDIR | libc::ELOOP))
}

impl Opened {
    pub(super) fn is_dir(&self) -> bool {
        self.is_dir
    }
}

impl AsFd for Opened {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        let mut known = known();
        // Another thread may have opened the same path meanwhile.
        if known
            .get(&self.identity)
            .is_some_and(|opened| opened.strong_count() == 0)
        {
            known.remove(&self.identity);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::fd::AsRawFd;

    use super::*;

    fn number(opened: &Opened) -> i32 {
        opened.as_fd().as_raw_fd()
    }

    #[test]
    fn an_open_file_is_shared_and_closed_by_its_last_user() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("file");
        fs::write(&path, "").expect("written");
        let (one, other) = (open(&path).expect("open"), open(&path).expect("open"));
        assert!(Arc::ptr_eq(&one, &other) && !one.is_dir());
        let identity = one.identity.clone();
        drop(one);
        assert!(known().contains_key(&identity));
        drop(other);
        assert!(!known().contains_key(&identity));
    }

    #[test]
    fn a_path_that_leads_elsewhere_by_now_is_another() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("entry");
        fs::write(&path, "first").expect("written");
        let first = open(&path).expect("open");
        fs::remove_file(&path).expect("removed");
        fs::write(&path, "second").expect("written");
        let second = open(&path).expect("open");
        fs::remove_file(&path).expect("removed");
        fs::create_dir(&path).expect("made");
        let third = open(&path).expect("open");
        let numbers = [number(&first), number(&second), number(&third)];
        assert!(numbers[0] != numbers[1] && numbers[1] != numbers[2] && numbers[0] != numbers[2]);
        let read = |opened: &Opened| fs::read_to_string(format!("/proc/self/fd/{}", number(opened)));
        assert_eq!(read(&first).expect("read"), "first");
        assert_eq!(read(&second).expect("read"), "second");
        assert!(third.is_dir());
        // The end of the first one does not affect those that came after it.
        drop(first);
        assert!(Arc::ptr_eq(&third, &open(&path).expect("open")));
    }

    #[test]
    fn a_link_that_was_put_into_a_path_is_not_followed() {
        let made = tempfile::tempdir().expect("a directory");
        let place = made.path().canonicalize().expect("real");
        fs::create_dir_all(place.join("outside/inner")).expect("made");
        fs::create_dir_all(place.join("listed/inner")).expect("made");
        assert!(open(&place.join("listed/inner")).is_ok(), "the twin");
        fs::rename(place.join("listed"), place.join("moved")).expect("moved");
        std::os::unix::fs::symlink(place.join("outside"), place.join("listed")).expect("linked");
        for path in ["listed", "listed/inner", "moved/none", "moved/inner/none"] {
            let error = open(&place.join(path)).map(|_| ()).expect_err(path);
            assert!(is_gone(&error), "{path}: {error}");
        }
    }

    #[test]
    fn one_file_under_two_paths_is_open_twice() {
        let place = tempfile::tempdir().expect("a directory");
        let (one, other) = (place.path().join("one"), place.path().join("other"));
        fs::write(&one, "").expect("written");
        fs::hard_link(&one, &other).expect("linked");
        assert!(!Arc::ptr_eq(&open(&one).expect("open"), &open(&other).expect("open")));
    }

    #[test]
    fn many_threads_that_open_and_close_the_same_agree() {
        let place = tempfile::tempdir().expect("a directory");
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..500 {
                        let opened = open(place.path()).expect("open");
                        assert!(opened.is_dir() && opened.as_fd().try_clone_to_owned().is_ok());
                    }
                });
            }
        });
        assert!(!known().keys().any(|identity| identity.path == place.path()));
    }
}
