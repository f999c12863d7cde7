//! A file or directory identified by its path and inode, so that a replacement at the same path is noticed.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Mode, OFlags, Stat, fstat, open, statat};

/// The target of a rule, as it was when the rule was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    path: PathBuf,
    identity: (u64, u64),
}

impl Place {
    /// `path` must be real: without symlinks.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let stat = statat(CWD, path, AtFlags::SYMLINK_NOFOLLOW).ok()?;
        Some(Self {
            path: path.to_owned(),
            identity: identity(&stat),
        })
    }

    /// The place of an open file, by the path that the kernel reports for it.
    pub(super) fn of(file: BorrowedFd<'_>) -> Option<Self> {
        Some(Self {
            path: path_of(file)?,
            identity: identity(&fstat(file).ok()?),
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Opens the directory as a path only, if it is still the same.
    pub(super) fn open(&self) -> Option<OwnedFd> {
        let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = open(&self.path, flags, Mode::empty()).ok()?;
        (identity(&fstat(&opened).ok()?) == self.identity).then_some(opened)
    }

    /// Whether it still exists and is the same.
    pub(super) fn stands(&self) -> bool {
        statat(CWD, &self.path, AtFlags::SYMLINK_NOFOLLOW).is_ok_and(|stat| identity(&stat) == self.identity)
    }

    /// Whether a path that the kernel reports for an open file is this one or below it.
    pub(super) fn holds(&self, path: &Path) -> bool {
        path.starts_with(&self.path) && self.stands()
    }
}

fn identity(stat: &Stat) -> (u64, u64) {
    (stat.st_dev, stat.st_ino)
}

/// The current path of an open file according to the kernel. `None` for a file without one, such as a pipe.
pub(super) fn path_of(file: BorrowedFd<'_>) -> Option<PathBuf> {
    use std::os::fd::AsRawFd;
    let path = std::fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()?;
    path.is_absolute().then_some(path)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs::{self, File};
    use std::os::fd::AsFd;

    use super::*;

    fn directory() -> (tempfile::TempDir, PathBuf) {
        let made = tempfile::tempdir().expect("a directory");
        let real = made.path().canonicalize().expect("there");
        (made, real)
    }

    #[test]
    fn a_path_contains_paths_below_it_and_none_beside_it() {
        let (_made, real) = directory();
        let inner = real.join("in");
        fs::create_dir(&inner).expect("made");
        let place = Place::at(&inner).expect("there");
        for inside in ["in", "in/a", "in/a/b", "in/x (deleted)"] {
            assert!(place.holds(&real.join(inside)), "{inside}");
        }
        for beside in ["", "inner", "in2/a", "other", "in (deleted)"] {
            assert!(!place.holds(&real.join(beside)), "{beside}");
        }
    }

    #[test]
    fn another_directory_in_its_place_is_not_it() {
        let (_made, real) = directory();
        let inner = real.join("in");
        fs::create_dir(&inner).expect("made");
        let place = Place::at(&inner).expect("there");
        fs::rename(&inner, real.join("moved")).expect("moved");
        assert!(!place.holds(&inner.join("a")) && !place.holds(&real.join("moved/a")));
        fs::create_dir(&inner).expect("made");
        assert!(!place.holds(&inner.join("a")));
    }

    #[test]
    fn an_open_file_is_named_by_the_kernel() {
        let (_made, real) = directory();
        fs::write(real.join("file"), "x").expect("written");
        std::os::unix::fs::symlink("file", real.join("link")).expect("linked");
        let file = File::open(real.join("link")).expect("opened");
        assert_eq!(path_of(file.as_fd()), Some(real.join("file")));
        assert_eq!(Place::of(file.as_fd()), Place::at(&real.join("file")));
        let (pipe, _end) = rustix::pipe::pipe().expect("a pipe");
        assert_eq!(path_of(pipe.as_fd()), None);
    }
}
