//! Chooses where temporary directories are made.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, fstat, open};

use crate::system;
use crate::worker::{FileStatus, keeps_entries};

/// Used where the host's TMPDIR cannot be.
const USUAL: [&str; 2] = ["/tmp", "/var/tmp"];

/// The first of TMPDIR and the usual places that can be used, by its real path.
pub(super) fn find(tmpdir: Option<&Path>) -> Option<PathBuf> {
    let usual = USUAL.iter().map(Path::new);
    let mut places = tmpdir.filter(|path| path.is_absolute()).into_iter().chain(usual);
    places.find_map(|place| {
        let real = place.canonicalize().ok()?;
        let stat = fstat(enter(&real).ok()?).ok()?;
        keeps_entries(FileStatus::from(&stat), rustix::process::geteuid().as_raw()).then_some(real)
    })
}

/// Opens a directory as a path only.
pub(super) fn enter(path: &Path) -> rustix::io::Result<OwnedFd> {
    let flags = system::PATH_ONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    open(path, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_place_where_others_can_exchange_entries_is_passed_over() {
        let place = tempfile::tempdir().expect("a directory");
        let real = place.path().canonicalize().expect("there");
        let with_mode = |mode| {
            std::fs::set_permissions(&real, Permissions::from_mode(mode)).expect("set");
            find(Some(&real))
        };
        assert_eq!(with_mode(0o700).as_deref(), Some(real.as_path()));
        assert_eq!(with_mode(0o1777).as_deref(), Some(real.as_path()));
        for mode in [0o777, 0o770, 0o720] {
            assert_ne!(with_mode(mode).as_deref(), Some(real.as_path()), "{mode:o}");
        }
    }

    #[test]
    fn a_place_that_is_none_is_passed_over() {
        let usual = find(None);
        for none in ["/nonexistent/place", "relative", "", "/etc/hostname"] {
            assert_eq!(find(Some(Path::new(none))), usual, "{none}");
        }
    }
}
