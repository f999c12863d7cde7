//! Removes what hosts left that died before they could clean up.

use std::ffi::{CStr, CString};
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use rustix::fs::{Dir, FileType, Mode, OFlags, Stat, fstat, openat};
use rustix::io::Errno;

use super::layout::{HOST_DIGITS, LOCK, PIECE, PREFIX};
use super::place::enter;
use super::remove::{Budget, remove};
use crate::system;
use crate::worker::lock;

/// A younger directory without a lock may still be in the making; an older one belongs to a host that died while making
/// it.
const MAKING: Duration = Duration::from_secs(60);

/// The directories of dead hosts at this location, of which there may be thousands.
pub(super) fn dead_at(place: &Path) -> Vec<CString> {
    let Ok(place) = enter(place) else { return Vec::new() };
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let Ok(entries) = openat(&place, ".", flags, Mode::empty()).and_then(Dir::new) else {
        return Vec::new();
    };
    entries
        .flatten()
        .map(|entry| entry.file_name().to_owned())
        .filter(|name| is_hosts(name) && is_dead_hosts(&place, name))
        .collect()
}

/// Continues to remove one of them for a while; true when it is gone. A dead host stays dead, so that is not checked
/// again.
pub(super) fn remove_piece(place: &Path, name: &CStr) -> bool {
    let Ok(place) = enter(place) else { return true };
    remove(place.as_fd(), name, &mut Budget::new(PIECE, u64::MAX)).is_ok()
}

fn is_hosts(name: &CStr) -> bool {
    let digits = name.to_bytes().strip_prefix(PREFIX.as_bytes());
    digits.is_some_and(|digits| {
        digits.len() == HOST_DIGITS && digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    })
}

/// In doubt the host lives.
fn is_dead_hosts(place: &OwnedFd, name: &CStr) -> bool {
    let me = rustix::process::geteuid().as_raw();
    let flags = system::PATH_ONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let Ok(directory) = openat(place, name, flags, Mode::empty()) else {
        return false;
    };
    let Ok(stat) = fstat(&directory) else { return false };
    // Another user's directory is not ours to remove, whatever its name is.
    if stat.st_uid != me {
        return false;
    }
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    match openat(&directory, LOCK, flags, Mode::empty()) {
        Ok(file) => is_unlocked(file.into(), me),
        Err(Errno::NOENT) => is_old(&stat),
        Err(_) => false,
    }
}

fn is_unlocked(file: File, me: u32) -> bool {
    let is_file = |stat: Stat| FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile && stat.st_uid == me;
    fstat(&file).is_ok_and(is_file) && matches!(lock::is_held(&file), Ok(false))
}

#[allow(
    clippy::cast_sign_loss,
    clippy::allow_attributes,
    reason = "no directory was changed before 1970"
)]
fn is_old(stat: &Stat) -> bool {
    let changed = UNIX_EPOCH + Duration::from_secs(stat.st_ctime.max(0) as u64);
    SystemTime::now().duration_since(changed).is_ok_and(|age| age > MAKING)
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt, symlink};
    use std::path::PathBuf;

    use super::*;

    fn sweep(place: &Path) {
        for name in dead_at(place) {
            remove_piece(place, &name);
        }
    }

    const NAME: &str = "toolwarden-0123456789abcdef";

    /// Makes what a killed host leaves.
    fn left_in(place: &Path, name: &str) -> PathBuf {
        let host = place.join(name);
        fs::create_dir_all(host.join("0123/deep/er")).expect("made");
        fs::write(host.join("0123/deep/file"), "x").expect("written");
        fs::write(host.join("lock"), "").expect("written");
        fs::set_permissions(&host, fs::Permissions::from_mode(system::bits(system::NOT_LISTED))).expect("set");
        host
    }

    #[test]
    fn the_directory_of_a_dead_host_is_removed() {
        let place = tempfile::tempdir().expect("a directory");
        let dead = left_in(place.path(), NAME);
        sweep(place.path());
        assert!(!dead.exists());
    }

    #[test]
    fn the_directory_of_a_living_host_is_not_removed() {
        let place = tempfile::tempdir().expect("a directory");
        let living = left_in(place.path(), NAME);
        let file = fs::OpenOptions::new()
            .write(true)
            .open(living.join("lock"))
            .expect("opened");
        lock::hold(&file).expect("locked");
        sweep(place.path());
        assert!(living.join("0123/deep/file").exists());
        drop(file);
        sweep(place.path());
        assert!(!living.exists());
    }

    #[test]
    fn a_directory_that_is_being_made_is_not_removed() {
        let place = tempfile::tempdir().expect("a directory");
        fs::create_dir(place.path().join(NAME)).expect("made");
        sweep(place.path());
        assert!(place.path().join(NAME).exists());
    }

    #[test]
    fn a_file_with_such_a_name_is_not_removed() {
        let place = tempfile::tempdir().expect("a directory");
        let outside = tempfile::tempdir().expect("a directory");
        let target = left_in(outside.path(), "target");
        symlink(&target, place.path().join(NAME)).expect("linked");
        let others = [
            "toolwarden-0123456789abcde",
            "toolwarden-0123456789ABCDEF",
            "toolwarden-spawn-cost-abcd",
            "other",
        ];
        let others = others.map(|name| left_in(place.path(), name));
        fs::write(place.path().join("toolwarden-0123456789abcdee"), "a file").expect("written");
        sweep(place.path());
        assert!(target.join("0123/deep/file").exists());
        assert!(others.iter().all(|other| other.exists()));
        assert!(place.path().join("toolwarden-0123456789abcdee").exists());
    }

    #[test]
    fn a_lock_file_that_is_a_link_is_ignored() {
        let place = tempfile::tempdir().expect("a directory");
        let host = left_in(place.path(), NAME);
        fs::remove_file(host.join("lock")).expect("removed");
        symlink("/dev/null", host.join("lock")).expect("linked");
        sweep(place.path());
        assert!(host.exists());
    }
}
