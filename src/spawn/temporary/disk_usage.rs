//! Measures how much a directory tree contains.

use std::ffi::{CStr, CString};
use std::os::fd::{BorrowedFd, OwnedFd};

use rustix::fs::{AtFlags, Dir, FileType, OFlags, Stat, statat};
use rustix::io::Errno;

use super::within::open_within;
use crate::system;

/// Entries counted at most, which takes up to a tenth of a second. A tree with more is over the limit anyway.
const MOST_ENTRIES: u64 = 100_000;
/// Bytes of the paths that are still to be visited, at most.
const MOST_TO_DO: usize = 4 << 20;
/// The size of the blocks that `stat` counts.
const BLOCK: u64 = 512;
/// The mode bits that a directory's owner needs to put something into it.
const USABLE: u32 = 0o300;

/// The size of a tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct DiskUsage {
    /// Bytes that its files occupy.
    pub bytes: u64,
    /// Files and directories.
    pub entries: u64,
}

/// Measures what is below an open directory; a tool may change it meanwhile. `entries` is `u64::MAX` where a part
/// cannot be read: because of its number of entries, because its path is too long, or because its mode lets the owner
/// use it without reading it. `None` where the host has no descriptor left.
pub(super) fn tree(top: BorrowedFd<'_>) -> Option<DiskUsage> {
    let mut disk_usage = DiskUsage::default();
    match add(top, &mut disk_usage) {
        Ok(()) => {}
        Err(ScanError::Unreadable) => disk_usage.entries = u64::MAX,
        Err(ScanError::NoDescriptor) => return None,
    }
    Some(disk_usage)
}

/// Why a part was not counted.
enum ScanError {
    /// The part cannot be read, which counts as being over the limit.
    Unreadable,
    /// The host has no descriptor left, which is not the tool's doing.
    NoDescriptor,
}

/// One directory is open at a time, and it is named by its path from the top.
fn add(top: BorrowedFd<'_>, disk_usage: &mut DiskUsage) -> Result<(), ScanError> {
    let mut to_do = vec![(c".".to_owned(), USABLE)];
    let mut waiting = 0;
    while let Some((path, mode)) = to_do.pop() {
        waiting -= path.as_bytes().len().min(waiting);
        let (directory, entries) = match open(top, &path).and_then(|fd| Ok((Dir::read_from(&fd)?, fd))) {
            Ok((entries, directory)) => (directory, entries),
            // It was removed or replaced meanwhile.
            Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP | Errno::XDEV) => continue,
            // Not even its owner can use it in this mode.
            Err(Errno::ACCESS) if mode & USABLE != USABLE => continue,
            Err(Errno::MFILE | Errno::NFILE) => return Err(ScanError::NoDescriptor),
            Err(_) => return Err(ScanError::Unreadable),
        };
        for entry in entries.flatten() {
            let name = entry.file_name();
            if name == c"." || name == c".." {
                continue;
            }
            if disk_usage.entries >= MOST_ENTRIES {
                return Err(ScanError::Unreadable);
            }
            disk_usage.entries += 1;
            // A removed entry counts nothing.
            let Ok(stat) = statat(&directory, name, AtFlags::SYMLINK_NOFOLLOW) else {
                continue;
            };
            disk_usage.bytes = disk_usage.bytes.saturating_add(occupied(&stat));
            if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
                let below = below(&path, name);
                waiting += below.as_bytes().len();
                if waiting > MOST_TO_DO {
                    return Err(ScanError::Unreadable);
                }
                to_do.push((below, system::mode(&stat)));
            }
        }
    }
    Ok(())
}

fn below(path: &CStr, name: &CStr) -> CString {
    let bytes = [path.to_bytes(), b"/", name.to_bytes()].concat();
    // Neither part has a NUL in it.
    CString::new(bytes).unwrap_or_default()
}

fn open(top: BorrowedFd<'_>, path: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open_within(top, path, flags)
}

#[allow(
    clippy::cast_sign_loss,
    clippy::allow_attributes,
    reason = "no file has less than no blocks"
)]
fn occupied(stat: &Stat) -> u64 {
    (stat.st_blocks.max(0) as u64).saturating_mul(BLOCK)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::fd::AsFd;

    use super::super::place::enter;
    use super::*;

    #[test]
    fn files_count_by_the_space_that_they_occupy() {
        let top = tempfile::tempdir().expect("a directory");
        let of = || tree(enter(top.path()).expect("there").as_fd()).expect("looked at");
        assert_eq!(of(), DiskUsage::default());
        fs::create_dir_all(top.path().join("a/b")).expect("made");
        fs::write(top.path().join("a/b/file"), vec![1; 1 << 20]).expect("written");
        fs::File::create(top.path().join("sparse"))
            .and_then(|file| file.set_len(1 << 30))
            .expect("made");
        std::os::unix::fs::symlink("/", top.path().join("link")).expect("linked");
        let disk_usage = of();
        assert_eq!(disk_usage.entries, 5);
        assert!((1 << 20..2 << 20).contains(&disk_usage.bytes), "{disk_usage:?}");
    }

    #[test]
    fn directories_deeper_than_a_path_are_too_large() {
        use rustix::fs::{Mode, mkdirat, openat};
        let top = tempfile::tempdir().expect("a directory");
        let mut at = enter(top.path()).expect("there");
        for _ in 0..2000 {
            mkdirat(&at, "deep", Mode::RWXU).expect("made");
            at = openat(&at, "deep", system::PATH_ONLY | OFlags::CLOEXEC, Mode::empty()).expect("there");
        }
        let disk_usage = tree(enter(top.path()).expect("there").as_fd());
        assert_eq!(disk_usage.map(|disk_usage| disk_usage.entries), Some(u64::MAX));
        let place = enter(top.path()).expect("there");
        let mut budget = super::super::remove::Budget::new(std::time::Duration::from_secs(30), u64::MAX);
        super::super::remove::remove(place.as_fd(), c"deep", &mut budget).expect("removed");
    }
}
