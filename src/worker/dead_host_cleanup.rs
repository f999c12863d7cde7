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
use super::raw::syscall;
use super::raw_directory::RawDirectory;
use super::trust::for_us_to_write;

/// How often the directory is read: an entry that is removed meanwhile may hide another one.
const ROUNDS: usize = 8;
/// How often announcements that are locked are looked at again, and the time between: the host's descriptors are closed one after
/// the other when it ends, so the lock of its own announcement may outlive the pipe that tells of its end. Others hold one for
/// microseconds.
const LOOKS: usize = 100;
static PAUSE: libc::timespec = libc::timespec {
    tv_sec: 0,
    tv_nsec: 2_000_000,
};

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
        for _ in 0..LOOKS {
            let (mut removed, mut held) = (false, false);
            directory.each(|name| {
                let unfinished = name.to_bytes().starts_with(self.unfinished.to_bytes());
                let announcement = is_announcement(name);
                let living = announcement && directory.is_held(name);
                held |= living;
                if unfinished || (announcement && !living) {
                    removed |= directory.remove(name);
                }
            });
            if held {
                pause();
            } else if !removed {
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

fn pause() {
    // SAFETY: reads a constant; the guardian's signals are blocked.
    unsafe { syscall(libc::SYS_nanosleep, &raw const PAUSE as usize, 0, 0, 0) };
}

/// Whether a file of this name announces a removal; see `claim.rs`.
fn is_announcement(name: &CStr) -> bool {
    let stem = name.to_str().ok().and_then(|name| name.strip_suffix(REMOVAL));
    stem.and_then(|stem| stem.rsplit_once('.'))
        .is_some_and(|(_, unique)| is_hash(unique))
}

#[cfg(test)]
#[path = "dead_host_cleanup_tests.rs"]
mod tests;
