//! Where the worker file lies when the project cannot be written, as in a container with a read-only root or with files
//! of another user: below a directory of this user's own. All projects of the user share it, because the names of worker
//! files contain the hash of what is in them.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, Mode, OFlags, fstat, mkdirat, open};
use rustix::io::Errno;

use super::trust::{FileStatus, judge_directory, keeps_entries};

/// Used where the host's variables name no place that can be used. Containers have /dev/shm even with a read-only root.
const USUAL: [&str; 3] = ["/tmp", "/var/tmp", "/dev/shm"];
/// The beginning of the directory's name; the user's number follows.
const PREFIX: &str = "toolwarden-worker-";

/// The directories that may be made, in the order of preference. `named`: the values of XDG_RUNTIME_DIR and TMPDIR.
pub(super) fn candidates<'a>(named: impl IntoIterator<Item = &'a Path>) -> Vec<PathBuf> {
    let me = rustix::process::geteuid().as_raw();
    let usual = USUAL.iter().map(Path::new);
    let places = named.into_iter().filter(|path| path.is_absolute()).chain(usual);
    let usable = places.filter_map(|place| {
        let real = place.canonicalize().ok()?;
        let status = FileStatus::from(&fstat(enter(&real).ok()?).ok()?);
        keeps_entries(status, me).then(|| real.join(format!("{PREFIX}{me}")))
    });
    let mut found: Vec<PathBuf> = Vec::new();
    for path in usable {
        if !found.contains(&path) {
            found.push(path);
        }
    }
    found
}

/// Makes the directory where it is missing, and checks that it is this user's alone.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let made = match mkdirat(CWD, path, Mode::RWXU) {
        Ok(()) => true,
        Err(Errno::EXIST) => false,
        Err(error) => return Err(error.into()),
    };
    let status = FileStatus::from(&fstat(enter(path)?)?);
    judge_directory(path, status, rustix::process::geteuid().as_raw(), made)
}

/// Whether another place can help: the project itself is all right, and this process may not write to it.
pub(super) fn helps(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(libc::EROFS | libc::EACCES | libc::EPERM))
}

fn enter(path: &Path) -> rustix::io::Result<std::os::fd::OwnedFd> {
    let flags = crate::system::PATH_ONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::empty())
}

#[cfg(test)]
#[allow(clippy::disallowed_methods, reason = "a test makes files of its own")]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn places_where_others_can_exchange_entries_and_places_that_are_none_are_passed_over() {
        let usual = candidates([]);
        let place = tempfile::tempdir().unwrap();
        let real = place.path().canonicalize().unwrap();
        for (mode, used) in [(0o700, true), (0o1777, true), (0o777, false), (0o770, false)] {
            fs::set_permissions(&real, Permissions::from_mode(mode)).unwrap();
            let found = candidates([real.as_path()]);
            assert_eq!(found[0].starts_with(&real), used, "{mode:o}");
            assert!(found.ends_with(&usual));
        }
        for none in ["/nonexistent/place", "relative", "", "/etc/hostname"] {
            assert_eq!(candidates([Path::new(none)]), usual, "{none}");
        }
    }

    #[test]
    fn a_directory_that_is_not_this_users_alone_is_refused() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("home");
        make(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o700);
        make(&path).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o770)).unwrap();
        assert!(make(&path).is_err());
        fs::remove_dir(&path).unwrap();
        symlink(place.path(), &path).unwrap();
        assert!(make(&path).is_err());
        fs::remove_file(&path).unwrap();
        fs::write(&path, "").unwrap();
        assert!(make(&path).is_err());
    }

    #[test]
    fn only_what_the_place_is_to_blame_for_leads_elsewhere() {
        for (errno, expected) in [
            (libc::EROFS, true),
            (libc::EACCES, true),
            (libc::EPERM, true),
            (libc::ENOSPC, false),
            (libc::EMFILE, false),
            (libc::ENOENT, false),
        ] {
            assert_eq!(helps(&io::Error::from_raw_os_error(errno)), expected);
        }
        assert!(!helps(&io::Error::from(io::ErrorKind::PermissionDenied)), "not trusted");
    }
}
