//! Whether a file's own mode allows an access by a worker. Workers run as the host's user, without root's capabilities.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct WantedAccess {
    pub read: bool,
    pub write: bool,
}

impl WantedAccess {
    pub const READ: WantedAccess = WantedAccess {
        read: true,
        write: false,
    };
    pub const WRITE: WantedAccess = WantedAccess {
        read: false,
        write: true,
    };
}

const READ: u32 = 4;
const WRITE: u32 = 2;
const SEARCH: u32 = 1;

/// Whether the modes of this real path and of its parent directories allow the access. A missing file is not refused.
pub fn let_through(real: &Path, wanted: WantedAccess) -> bool {
    let reached = real.ancestors().skip(1).all(|directory| has(directory, SEARCH));
    let bits = if wanted.read { READ } else { 0 } | if wanted.write { WRITE } else { 0 };
    reached && has(real, bits)
}

fn has(path: &Path, bits: u32) -> bool {
    let Ok(metadata) = path.metadata() else {
        return true;
    };
    let of_our_groups = || {
        let group = metadata.gid();
        let others = rustix::process::getgroups().unwrap_or_default();
        rustix::process::getegid().as_raw() == group || others.iter().any(|other| other.as_raw() == group)
    };
    let shift = if rustix::process::geteuid().as_raw() == metadata.uid() {
        6
    } else if of_our_groups() {
        3
    } else {
        0
    };
    (metadata.mode() >> shift) & bits == bits
}

#[cfg(test)]
mod tests {
    use std::fs::{Permissions, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn modes_hold_for_root_too() {
        let made = tempfile::tempdir().expect("a directory");
        let file = made.path().join("file");
        std::fs::write(&file, "x").expect("written");
        let both = WantedAccess {
            read: true,
            write: true,
        };
        let chmod = |path: &Path, mode| set_permissions(path, Permissions::from_mode(mode)).expect("changed");
        for (mode, read, write) in [
            (0o600, true, true),
            (0o400, true, false),
            (0o200, false, true),
            (0o077, false, false),
        ] {
            chmod(&file, mode);
            assert_eq!(let_through(&file, WantedAccess::READ), read, "{mode:o}");
            assert_eq!(let_through(&file, WantedAccess::WRITE), write, "{mode:o}");
            assert_eq!(let_through(&file, both), read && write, "{mode:o}");
        }
        chmod(&file, 0o600);
        chmod(made.path(), 0o600);
        // Root may still examine the file, while the kernel refuses that to other users.
        let reached = let_through(&file, WantedAccess::READ);
        chmod(made.path(), 0o700);
        assert!(!reached);
    }
}
