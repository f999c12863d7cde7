//! Records who uses a file and who is removing it. Each user has a claim file beside it, `<stem>.<16 digits>.claim`; a
//! remover has `<stem>.<16 digits>.removal` meanwhile. Both are empty and locked while their owner lives; see
//! `lock.rs`. They are locked before they get these names, so a file without a lock belongs to a dead owner.
//!
//! A user makes its claim and then looks for removals; a remover announces the removal and then looks for claims. So
//! one of them sees the other: a remover that finds a claim leaves the file alone, and a user that finds a removal
//! waits until it is over, which takes microseconds. It waits at most [`LONGEST_WAIT`], because a remover may be
//! stopped; a user that misses the file then writes it again.
//!
//! The decisions behind it: docs/decisions.md#worker-file.

use std::collections::HashSet;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::fstat;
use rustix::io::Errno;

use super::directory::{Directory, Stamp, Temporary, unique};
use super::lock;
use super::names::is_hash;
use super::trust::{FileStatus, for_us_to_write, is_own_file};

pub(super) const CLAIM: &str = ".claim";
pub(super) const REMOVAL: &str = ".removal";
/// The longest wait for removals.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
/// The time between two checks.
const PAUSE: Duration = Duration::from_micros(100);

/// Keeps the files of a stem in use until it is dropped or its process ends.
#[derive(Debug)]
pub(super) struct Claim {
    working_dir: PathBuf,
    name: String,
    stamp: Stamp,
    /// Keeps the lock.
    _file: File,
}

impl Claim {
    /// From now on nobody removes the files of the stem.
    pub(super) fn for_use(directory: &Directory, stem: &str, mode: u32) -> io::Result<Self> {
        let claim = Self::publish(directory, stem, CLAIM, mode)?;
        let end = Instant::now() + LONGEST_WAIT;
        while owned(directory, &directory.names()?, REMOVAL).contains(stem) && Instant::now() < end {
            thread::sleep(PAUSE);
        }
        Ok(claim)
    }

    /// Announces a removal: new users wait until it is over.
    pub(super) fn for_removal(directory: &Directory, stem: &str, mode: u32) -> io::Result<Self> {
        Self::publish(directory, stem, REMOVAL, mode)
    }

    fn publish(directory: &Directory, stem: &str, suffix: &str, mode: u32) -> io::Result<Self> {
        let name = format!("{stem}.{}{suffix}", unique()?);
        // Every sweeper must be able to open the file, and nobody else may lock it.
        let mode = for_us_to_write(mode) | 0o400;
        let (file, stamp) = Temporary::new(directory)?.publish(&name, mode)?;
        Ok(Self {
            working_dir: directory.path().parent().unwrap_or(Path::new("/")).to_owned(),
            name,
            stamp,
            _file: file,
        })
    }

    /// The name of its file.
    #[cfg(not(portable))]
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether others find it in this directory.
    fn stands(&self, directory: &Directory) -> bool {
        directory
            .stat(&self.name)
            .is_ok_and(|stat| self.stamp.is_file_of(&Stamp::from(&stat)))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Ok(directory) = Directory::open(&self.working_dir)
            && self.stands(&directory)
        {
            let _ = directory.remove(&self.name);
        }
    }
}

/// The stems among these names that are in use. Claims of dead owners that were examined are removed; one living claim
/// is enough for a stem.
pub(super) fn in_use<'a>(directory: &Directory, names: &'a [String]) -> HashSet<&'a str> {
    owned(directory, names, CLAIM)
}

/// Removes the announcements of dead removers.
pub(super) fn forget_removals(directory: &Directory, names: &[String]) {
    owned(directory, names, REMOVAL);
}

fn owned<'a>(directory: &Directory, names: &'a [String], suffix: &str) -> HashSet<&'a str> {
    let mut owned = HashSet::new();
    for name in names {
        let Some(stem) = stem_of(name, suffix) else { continue };
        if owned.contains(stem) {
            continue;
        }
        if lives(directory, name) {
            owned.insert(stem);
        } else {
            let _ = directory.remove(name);
        }
    }
    owned
}

/// Whether it is the name of a claim or of a removal.
pub(super) fn is_claim(name: &str) -> bool {
    [CLAIM, REMOVAL].iter().any(|suffix| stem_of(name, suffix).is_some())
}

fn stem_of<'a>(name: &'a str, suffix: &str) -> Option<&'a str> {
    let (stem, unique) = name.strip_suffix(suffix)?.rsplit_once('.')?;
    is_hash(unique).then_some(stem)
}

/// In doubt the owner lives: a file that is kept too long is removed later.
fn lives(directory: &Directory, name: &str) -> bool {
    let file = match directory.open_entry(name) {
        Ok(file) => file,
        Err(error) => {
            // A claim is never a link, and its user can always open it.
            let none = [Errno::NOENT, Errno::LOOP, Errno::ACCESS].map(Errno::raw_os_error);
            return !error.raw_os_error().is_some_and(|errno| none.contains(&errno));
        }
    };
    match fstat(&file) {
        Ok(stat) => is_own_file(FileStatus::from(&stat), directory.me()) && lock::is_held(&file).unwrap_or(true),
        Err(_) => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_names_its_file() {
        let digits = "0123456789abcdef";
        for (name, stem) in [
            (
                format!("worker-{digits}.{digits}.claim"),
                Some(format!("worker-{digits}")),
            ),
            (format!("x.{digits}.claim"), Some("x".to_owned())),
            (format!("{digits}.claim"), None),
            ("worker-x.claim".to_owned(), None),
            (format!("worker-{digits}.{digits}.lock"), None),
        ] {
            assert_eq!(stem_of(&name, CLAIM), stem.as_deref(), "{name}");
        }
    }
}
