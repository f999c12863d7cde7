//! Finds the host's own cgroup from what the kernel says about the process.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::sandbox::mounts;

/// The directory above the host's own cgroup, and the name of the host's in it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) parent: PathBuf,
    pub(super) own: OsString,
}

/// `None` where there is no cgroup v2, or where the parent is in no mount that the host sees.
///
/// `cgroup` is the text of /proc/self/cgroup, `mountinfo` that of /proc/self/mountinfo.
pub(super) fn place(cgroup: &str, mountinfo: &[u8]) -> Option<Place> {
    let own = Path::new(cgroup.lines().find_map(|line| line.strip_prefix("0::"))?);
    mounts(mountinfo)
        .filter(|mount| mount.kind == "cgroup2")
        .find_map(|mount| {
            let below = own.strip_prefix(&mount.root).ok()?;
            // A cgroup outside of the host's namespace is shown with `..`.
            let is_inside = below.components().all(|part| matches!(part, Component::Normal(_)));
            // `None` for the mount's root itself: its parent is not visible.
            let above = below.parent().filter(|_| is_inside)?;
            Some(Place {
                parent: mount.point.components().chain(above.components()).collect(),
                own: below.file_name()?.to_owned(),
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const MOUNTS: &str = "22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        31 22 0:28 / /sys/fs/cgroup rw,nosuid - tmpfs tmpfs ro,mode=755\n\
        35 31 0:30 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        41 31 0:38 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate\n";

    fn of(cgroup: &str, mounts: &str) -> Option<String> {
        let Place { parent, own } = place(cgroup, mounts.as_bytes())?;
        assert!(cgroup.trim_end().ends_with(&format!("/{}", own.to_str().unwrap())));
        Some(parent.to_str().unwrap().to_owned())
    }

    #[test]
    fn the_parent_is_the_directory_above_the_hosts_own() {
        let service = "12:memory:/other\n0::/system.slice/agent.service/host\n";
        assert_eq!(
            of(service, MOUNTS).as_deref(),
            Some("/sys/fs/cgroup/unified/system.slice/agent.service")
        );
        assert_eq!(of("0::/host\n", MOUNTS).as_deref(), Some("/sys/fs/cgroup/unified"));
    }

    #[test]
    fn a_part_of_the_tree_may_be_mounted() {
        let mounts = "41 31 0:38 /machine/a\\040b /mnt/c\\134d rw - cgroup2 cgroup2 rw\n";
        assert_eq!(of("0::/machine/a b/c/host\n", mounts).as_deref(), Some("/mnt/c\\d/c"));
        assert_eq!(of("0::/machine/a b/host\n", mounts).as_deref(), Some("/mnt/c\\d"));
        assert_eq!(of("0::/machine/a b\n", mounts), None, "its parent is not mounted");
        assert_eq!(of("0::/machine/a bc/host\n", mounts), None, "another's");
    }

    #[test]
    fn there_is_none_where_the_host_cannot_see_it() {
        assert_eq!(of("0::/\n", MOUNTS), None, "the root of the tree");
        assert_eq!(of("0::/../other/host\n", MOUNTS), None, "outside of the namespace");
        assert_eq!(of("4:memory:/a/b\n", MOUNTS), None, "version 1 alone");
        assert_eq!(
            of("0::/a/b\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"),
            None,
            "not mounted"
        );
        assert_eq!(of("", ""), None);
    }

    proptest! {
        #[test]
        fn nothing_the_files_may_hold_is_fatal(cgroup in ".{0,60}", mounts in "[ -~\\\\\n]{0,200}") {
            let _ = place(&cgroup, mounts.as_bytes());
            let _ = place(&format!("0::/{cgroup}"), format!("1 2 3:4 {mounts} - cgroup2 x rw").as_bytes());
        }
    }
}
