//! Removes what a killed host leaves in `.toolwarden`; the code runs in the guardian, which outlives the host.
//!
//! The guardian shares the dead host's memory, whose locks will never be released: the code here makes system calls
//! without libc on data that was prepared while the host lived, allocates nothing and takes no lock. It removes only
//! files that are known to be the host's own, and it announces itself like every remover (`claim.rs`). What it leaves,
//! the next manager of the directory finds.

use std::ffi::{CStr, CString};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use super::claim::{CLAIM, REMOVAL};
use super::directory::{TEMPORARY_PREFIX, temporary_prefix};
use super::names::{IGNORE_FILE, WORKER_PREFIX, is_hash};
use super::raw_directory::RawDirectory;
use super::trust::for_us_to_write;

/// How often the directory is read: an entry that is removed meanwhile may hide another one.
const ROUNDS: usize = 8;

/// One manager's claim and the files of its stem.
#[derive(Debug)]
pub struct DeadHostCleanup {
    directory: CString,
    stem: CString,
    claim: CString,
    /// Unique names for announcing the removal.
    removal: CString,
    unannounced: CString,
    /// The prefix of the names of files that the host was still writing.
    unfinished: CString,
    user: u32,
}

impl DeadHostCleanup {
    /// `None` where a name contains NUL, which no file name does.
    pub(super) fn new(directory: &Path, stem: &str, claim: &str, unique: &str, user: u32) -> Option<Self> {
        debug_assert!(stem.starts_with(WORKER_PREFIX));
        Some(Self {
            directory: CString::new(directory.as_os_str().as_bytes()).ok()?,
            stem: CString::new(stem).ok()?,
            claim: CString::new(claim).ok()?,
            removal: CString::new(format!("{stem}.{unique}{REMOVAL}")).ok()?,
            unannounced: CString::new(format!("{TEMPORARY_PREFIX}{unique}")).ok()?,
            unfinished: CString::new(temporary_prefix().ok()?).ok()?,
            user,
        })
    }

    /// Removes the claim. All claims of one host are removed first, so that none is taken for another host's.
    pub fn disclaim(&self) {
        if let Some(directory) = self.open() {
            directory.remove(&self.claim);
        }
    }

    /// Removes the files if nobody else claims them, and the directory with its last file.
    pub fn remove(&self) {
        let Some(directory) = self.open() else {
            return;
        };
        if !directory.announce(&self.unannounced, &self.removal) {
            return;
        }
        let mut claimed = false;
        directory.each(|name| {
            if self.is_of_stem(name) && name.to_bytes().ends_with(CLAIM.as_bytes()) {
                claimed |= directory.is_held(name);
            }
        });
        if !claimed {
            for _ in 0..ROUNDS {
                let mut removed = false;
                directory.each(|name| {
                    let announcement = name.to_bytes().ends_with(REMOVAL.as_bytes());
                    if self.is_of_stem(name) && !announcement {
                        removed |= directory.remove(name);
                    }
                });
                if !removed {
                    break;
                }
            }
        }
        directory.remove(&self.removal);
        self.remove_unfinished(&directory);
        let mut empty = true;
        directory.each(|name| {
            let of_no_use = [b".".as_slice(), b"..", IGNORE_FILE.as_bytes()];
            empty &= of_no_use.contains(&name.to_bytes());
        });
        if empty {
            directory.remove_last(IGNORE_FILE, &self.directory);
        }
    }

    /// Removes the files that the host was still writing or removing when it was killed.
    fn remove_unfinished(&self, directory: &RawDirectory) {
        for _ in 0..ROUNDS {
            let mut removed = false;
            directory.each(|name| {
                let unfinished = name.to_bytes().starts_with(self.unfinished.to_bytes());
                if unfinished || (is_announcement(name) && !directory.is_held(name)) {
                    removed |= directory.remove(name);
                }
            });
            if !removed {
                break;
            }
        }
    }

    /// Whether a name is `worker-0123456789abcdef` with what follows it in names of the same stem.
    fn is_of_stem(&self, name: &CStr) -> bool {
        let rest = name.to_bytes().strip_prefix(self.stem.to_bytes());
        rest.is_some_and(|rest| matches!(rest.first(), Some(b'.' | b'-')))
    }

    /// The directory, if only this user may still write to it: see `trust.rs`.
    fn open(&self) -> Option<RawDirectory> {
        let directory = RawDirectory::open(&self.directory)?;
        let (owner, mode) = directory.owner_and_mode()?;
        let ours = owner == self.user && for_us_to_write(mode) == mode;
        ours.then_some(directory)
    }
}

/// Whether a file of this name announces a removal; see `claim.rs`.
fn is_announcement(name: &CStr) -> bool {
    let stem = name.to_str().ok().and_then(|name| name.strip_suffix(REMOVAL));
    stem.and_then(|stem| stem.rsplit_once('.'))
        .is_some_and(|(_, unique)| is_hash(unique))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::store::WorkerFile;
    use super::*;

    const SOURCE: &str = "// a worker";

    /// Behaves as if the host of the files had been killed: their locks are released.
    fn killed(file: WorkerFile) -> DeadHostCleanup {
        let cleanup = file.dead_host_cleanup().expect("a claim");
        let claim = file.claim_path().expect("a claim");
        let kept = fs::read(file.path()).expect("the worker file");
        let path = file.path().to_owned();
        let ignored = path.with_file_name(IGNORE_FILE);
        drop(file);
        fs::create_dir_all(path.parent().expect("a directory")).expect("made");
        fs::write(&path, kept).expect("written");
        fs::write(ignored, "*\n").expect("written");
        fs::write(claim, "").expect("written");
        cleanup
    }

    #[test]
    fn everything_of_a_killed_host_goes() {
        let project = tempfile::tempdir().expect("a directory");
        let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
        let compiled = project.path().join(format!(
            ".toolwarden/{}-0123456789abcdef.js.jsc",
            cleanup.stem.to_string_lossy()
        ));
        fs::write(compiled, "").expect("written");
        cleanup.disclaim();
        cleanup.remove();
        assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
    }

    #[test]
    fn files_that_the_killed_host_was_writing_are_removed() {
        use std::os::unix::fs::PermissionsExt;
        let project = tempfile::tempdir().expect("a directory");
        let remains = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
        let directory = project.path().join(".toolwarden");
        let unfinished = directory.join(format!("{}AbCdEfGh", temporary_prefix().expect("random bytes")));
        fs::write(&unfinished, "").expect("written");
        fs::set_permissions(&unfinished, fs::Permissions::from_mode(0o0)).expect("changed");
        let digits = "0123456789abcdef";
        fs::write(directory.join(format!("worker-{digits}.{digits}.removal")), "").expect("written");
        remains.disclaim();
        remains.remove();
        assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
    }

    #[test]
    fn files_that_another_host_is_writing_or_removing_stay() {
        use super::super::lock;
        let project = tempfile::tempdir().expect("a directory");
        let remains = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
        let directory = project.path().join(".toolwarden");
        let digits = "0123456789abcdef";
        let announced = fs::File::create(directory.join(format!("worker-{digits}.{digits}.removal"))).expect("made");
        lock::hold(&announced).expect("locked");
        fs::write(directory.join(format!("{TEMPORARY_PREFIX}{digits}-AbCdEfGh")), "").expect("written");
        remains.disclaim();
        remains.remove();
        assert_eq!(fs::read_dir(&directory).expect("read").count(), 3);
    }

    #[test]
    fn files_of_another_manager_stay() {
        let project = tempfile::tempdir().expect("a directory");
        let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
        let other = WorkerFile::write(project.path(), SOURCE, 0o600).expect("written");
        cleanup.disclaim();
        cleanup.remove();
        assert_eq!(fs::read_to_string(other.path()).expect("there"), SOURCE);
        assert_eq!(
            fs::read_dir(project.path().join(".toolwarden")).expect("read").count(),
            3
        );
        drop(other);
        assert_eq!(fs::read_dir(project.path()).expect("read").count(), 0);
    }

    #[test]
    fn strangers_files_stay_and_their_directory_is_not_touched() {
        use std::os::unix::fs::PermissionsExt;
        let project = tempfile::tempdir().expect("a directory");
        let cleanup = killed(WorkerFile::write(project.path(), SOURCE, 0o600).expect("written"));
        let directory = project.path().join(".toolwarden");
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o777)).expect("changed");
        cleanup.remove();
        assert_eq!(fs::read_dir(&directory).expect("read").count(), 3);
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).expect("changed");
        fs::write(directory.join("notes.txt"), "mine").expect("written");
        cleanup.disclaim();
        cleanup.remove();
        let mut left: Vec<_> = fs::read_dir(&directory)
            .expect("read")
            .map(|entry| entry.expect("read").file_name())
            .collect();
        left.sort();
        assert_eq!(left, [".gitignore", "notes.txt"]);
    }
}
