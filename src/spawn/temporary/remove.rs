//! Removes a tree that a tool made, whatever is in it.
//!
//! The removal does not descend: a tree can be deeper than there are descriptors, and its paths longer than a path may
//! be. Each directory that is found in another one is moved to the top of the tree and emptied there, so two
//! descriptors are enough for any tree.

use std::ffi::{CStr, CString};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, RenameFlags, openat, renameat_with, unlinkat};
use rustix::io::Errno;

use super::within::open_within;
use crate::system;

/// Something is left: the time is up, or the system refused a step.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Left;

/// How much work may still be done.
#[derive(Debug)]
pub(super) struct Budget {
    until: Instant,
    entries: u64,
    /// The number in the next name given to a moved directory.
    moved: u64,
}

impl Budget {
    pub(super) fn new(time: Duration, entries: u64) -> Self {
        Self {
            until: Instant::now() + time,
            entries,
            moved: 0,
        }
    }

    fn spend(&mut self) -> Result<(), Left> {
        if self.entries == 0 || Instant::now() >= self.until {
            return Err(Left);
        }
        self.entries -= 1;
        Ok(())
    }
}

/// Removes an entry of `parent` with everything in it. A missing entry counts as removed.
pub(super) fn remove(parent: BorrowedFd<'_>, name: &CStr, budget: &mut Budget) -> Result<(), Left> {
    if remove_empty(parent, name)? {
        return Ok(());
    }
    let top = Opened::enter(parent, name)?;
    // Each pass empties what the previous one moved to the top; the loop ends when nothing was there.
    while top.pass(budget)? {}
    remove_empty(parent, name)?.then_some(()).ok_or(Left)
}

/// Removes a file or an empty directory. False: it is a directory that is not empty.
fn remove_empty(parent: BorrowedFd<'_>, name: &CStr) -> Result<bool, Left> {
    match unlinkat(parent, name, AtFlags::REMOVEDIR) {
        Ok(()) | Err(Errno::NOENT) => Ok(true),
        // NFS reports EXIST.
        Err(Errno::NOTEMPTY | Errno::EXIST) => Ok(false),
        Err(Errno::NOTDIR) => unlink(parent, name).map(|()| true),
        Err(_) => Err(Left),
    }
}

fn unlink(parent: BorrowedFd<'_>, name: &CStr) -> Result<(), Left> {
    match unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(_) => Err(Left),
    }
}

/// An open directory of the tree, readable and writable.
struct Opened(OwnedFd);

impl Opened {
    fn enter(parent: BorrowedFd<'_>, name: &CStr) -> Result<Self, Left> {
        let flags = system::PATH_ONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        system::before_opening(parent, name);
        // Crosses no mount: what is mounted there is not part of the tree.
        let place = open_within(parent, name, flags).map_err(|_| Left)?;
        // Changes the mode through the descriptor. A tool may have taken every right from its own directories, and
        // nobody else may come in.
        system::change_mode(&place, Mode::RWXU).map_err(|_| Left)?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        openat(&place, ".", flags, Mode::empty()).map(Self).map_err(|_| Left)
    }

    fn entries(&self) -> Result<impl Iterator<Item = Result<(CString, FileType), Left>>, Left> {
        let entries = Dir::read_from(&self.0).map_err(|_| Left)?;
        Ok(entries.filter_map(|entry| match entry {
            Ok(entry) if [c".", c".."].contains(&entry.file_name()) => None,
            Ok(entry) => Some(Ok((entry.file_name().to_owned(), entry.file_type()))),
            Err(_) => Some(Err(Left)),
        }))
    }

    /// Removes the entries, and moves the content of subdirectories to the top. False: the directory was empty.
    fn pass(&self, budget: &mut Budget) -> Result<bool, Left> {
        let mut found = false;
        for entry in self.entries()? {
            let (name, kind) = entry?;
            budget.spend()?;
            found = true;
            if is_directory(kind) && !remove_empty(self.0.as_fd(), &name)? {
                let inner = Self::enter(self.0.as_fd(), &name)?;
                inner.raise_all(self, budget)?;
                remove_empty(self.0.as_fd(), &name)?;
            } else if !is_directory(kind) {
                unlink(self.0.as_fd(), &name)?;
            }
        }
        Ok(found)
    }

    /// Empties this directory: files are removed, directories that are not empty are moved to the top.
    fn raise_all(&self, top: &Self, budget: &mut Budget) -> Result<(), Left> {
        loop {
            let mut found = false;
            for entry in self.entries()? {
                let (name, kind) = entry?;
                budget.spend()?;
                found = true;
                if !is_directory(kind) {
                    unlink(self.0.as_fd(), &name)?;
                } else if !remove_empty(self.0.as_fd(), &name)? {
                    self.raise(&name, top, budget)?;
                }
            }
            if !found {
                return Ok(());
            }
        }
    }

    fn raise(&self, name: &CStr, top: &Self, budget: &mut Budget) -> Result<(), Left> {
        // Moving a directory changes its `..` entry, so it must be writable.
        let _writable = Self::enter(self.0.as_fd(), name)?;
        loop {
            budget.spend()?;
            budget.moved += 1;
            let at_top = CString::new(format!(".raised-{}", budget.moved)).map_err(|_| Left)?;
            match renameat_with(&self.0, name, &top.0, &at_top, RenameFlags::NOREPLACE) {
                Ok(()) | Err(Errno::NOENT) => return Ok(()),
                Err(Errno::EXIST | Errno::NOTEMPTY) => {}
                Err(_) => return Err(Left),
            }
        }
    }
}

/// Where the file system does not tell the kind, trying to remove the entry as a directory does.
fn is_directory(kind: FileType) -> bool {
    matches!(kind, FileType::Directory | FileType::Unknown)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::os::unix::net::UnixListener;
    use std::path::Path;

    use rustix::fs::{CWD, mkdirat};
    use tempfile::TempDir;

    use super::super::place::enter;
    use super::*;

    fn budget() -> Budget {
        Budget::new(Duration::from_secs(30), u64::MAX)
    }

    fn removed(parent: &Path, budget: &mut Budget) -> Result<(), Left> {
        remove(enter(parent).expect("there").as_fd(), c"tree", budget)
    }

    fn tree() -> TempDir {
        let parent = tempfile::tempdir().expect("a directory");
        fs::create_dir(parent.path().join("tree")).expect("made");
        parent
    }

    #[test]
    fn targets_of_links_are_kept() {
        let outside = tempfile::tempdir().expect("a directory");
        fs::write(outside.path().join("kept"), "kept").expect("written");
        let parent = tree();
        symlink(outside.path(), parent.path().join("tree/link")).expect("linked");
        symlink("/", parent.path().join("tree/root")).expect("linked");
        fs::hard_link(outside.path().join("kept"), parent.path().join("tree/hard")).expect("linked");
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
        assert!(!parent.path().join("tree").exists());
        assert_eq!(fs::read_to_string(outside.path().join("kept")).expect("there"), "kept");
    }

    #[test]
    fn a_link_in_the_place_of_the_tree_is_removed_itself() {
        let outside = tempfile::tempdir().expect("a directory");
        let parent = tempfile::tempdir().expect("a directory");
        fs::write(outside.path().join("kept"), "").expect("written");
        symlink(outside.path(), parent.path().join("tree")).expect("linked");
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
        assert!(outside.path().join("kept").exists() && parent.path().join("tree").symlink_metadata().is_err());
    }

    #[test]
    fn removing_a_missing_directory_succeeds() {
        let parent = tempfile::tempdir().expect("a directory");
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
    }

    #[test]
    fn files_of_every_kind_and_unreadable_directories_go() {
        let parent = tree();
        let of = |name: &str| parent.path().join("tree").join(name);
        fs::create_dir_all(of("a/b/c")).expect("made");
        fs::write(of("a/b/c/file"), "x").expect("written");
        fs::write(of("a/.raised-1"), "x").expect("written");
        fs::create_dir(of(".raised-1")).expect("made");
        fs::write(of(".raised-1/x"), "x").expect("written");
        drop(UnixListener::bind(of("a/socket")).expect("bound"));
        mkdirat(CWD, of("a/b/pipe"), Mode::RWXU).expect("made");
        for locked in ["a/b/c", "a/b", "a", ""] {
            fs::set_permissions(of(locked), fs::Permissions::from_mode(0o000)).expect("set");
        }
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
        assert!(!of("").exists());
    }

    #[test]
    fn a_tree_deeper_than_a_path_and_than_there_are_descriptors_goes() {
        let parent = tree();
        let mut at = enter(&parent.path().join("tree")).expect("there");
        for _ in 0..3000 {
            mkdirat(&at, "deeper", Mode::RWXU).expect("made");
            let flags = system::PATH_ONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            let below = openat(&at, "deeper", flags, Mode::empty()).expect("there");
            mkdirat(&at, "beside", Mode::RWXU).expect("made");
            at = below;
        }
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
        assert!(!parent.path().join("tree").exists());
    }

    #[test]
    fn a_spent_budget_leaves_the_rest_for_another() {
        let parent = tree();
        for file in 0..20 {
            fs::write(parent.path().join(format!("tree/{file}")), "x").expect("written");
        }
        let mut spent = Budget::new(Duration::from_secs(30), 5);
        assert_eq!(removed(parent.path(), &mut spent), Err(Left));
        assert_eq!(fs::read_dir(parent.path().join("tree")).expect("there").count(), 15);
        let mut none = Budget::new(Duration::ZERO, 100);
        assert_eq!(removed(parent.path(), &mut none), Err(Left));
        assert_eq!(removed(parent.path(), &mut budget()), Ok(()));
    }
}
