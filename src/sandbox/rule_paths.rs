//! Which paths get a rule. "Everything except /proc and /dev" cannot be one rule, because Landlock rules only add
//! rights.

use std::path::{Path, PathBuf};

use super::mountinfo::{Mount, mounts};
use super::policy::{Files, Kind};

/// File systems without ordinary files: they show or control processes, devices and the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct KernelMounts {
    /// Excluded from every rule about a directory that contains them.
    pub(super) apart: Vec<PathBuf>,
    /// Readable like files, but never writable.
    pub(super) read_only: Vec<PathBuf>,
}

impl KernelMounts {
    /// Parses the text of /proc/self/mountinfo; /proc, /dev and /sys are included even when they are not mounted.
    pub(super) fn parse(mountinfo: &[u8]) -> Self {
        let mut found = KernelMounts {
            apart: vec!["/proc".into(), "/dev".into()],
            read_only: vec!["/sys".into()],
        };
        for Mount { point, kind, .. } in mounts(mountinfo) {
            let of = match kind {
                // Processes, devices, terminals and message queues.
                "proc" | "devtmpfs" | "devpts" | "mqueue" => &mut found.apart,
                // A container's /dev, seen from outside.
                "tmpfs" if point.ends_with("dev") => &mut found.apart,
                // Kernel tracing and crash data, which root can read as its owner without any capability.
                "debugfs" | "tracefs" | "bpf" | "pstore" | "rpc_pipefs" | "nfsd" => &mut found.apart,
                "sysfs" | "cgroup" | "cgroup2" | "securityfs" | "configfs" | "efivarfs" | "binfmt_misc" | "fusectl"
                | "selinuxfs" | "smackfs" | "resctrl" => &mut found.read_only,
                _ => continue,
            };
            if !of.iter().any(|known| point.starts_with(known)) {
                of.push(point);
            }
        }
        found
    }

    pub(super) fn all(&self) -> Vec<PathBuf> {
        self.apart.iter().chain(&self.read_only).cloned().collect()
    }
}

/// The paths whose trees together are `top` without the avoided paths.
pub(super) fn without(files: &dyn Files, top: &Path, avoid: &[PathBuf]) -> Vec<PathBuf> {
    if avoid.iter().any(|path| path == top) {
        return Vec::new();
    }
    if !avoid.iter().any(|path| path.starts_with(top)) {
        return vec![top.to_path_buf()];
    }
    files
        .list(top)
        .iter()
        .filter(|path| files.kind(path) != Some(Kind::Symlink))
        .flat_map(|path| without(files, path, avoid))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::policy::Disk;
    use super::*;

    const MOUNTS: &[u8] = b"\
22 1 8:1 / / rw,relatime - ext4 /dev/sda rw
23 22 0:4 / /proc rw - proc proc rw
24 22 0:5 / /srv/jail\\040one/proc rw shared:3 - proc proc rw
25 22 0:6 / /sys rw - sysfs sysfs rw
26 25 0:7 / /sys/fs/cgroup rw - cgroup2 cgroup rw
27 22 0:7 / /mnt/groups rw - cgroup2 cgroup rw
28 22 0:8 / /dev rw - devtmpfs udev rw
29 28 0:9 / /dev/pts rw - devpts devpts rw
30 22 0:8 / /srv/jail/dev rw - devtmpfs udev rw
31 30 0:9 / /srv/jail/dev/pts rw - devpts devpts rw
32 22 0:10 / /srv/pod/dev rw - tmpfs tmpfs rw
33 22 0:11 / /srv/queue rw - mqueue mqueue rw
34 25 0:12 / /sys/kernel/debug rw - debugfs debugfs rw
35 34 0:13 / /sys/kernel/debug/tracing rw - tracefs tracefs rw
36 22 0:14 / /tmp rw - tmpfs tmpfs rw
";

    #[test]
    fn finds_every_mount_of_the_kernels_file_systems() {
        let mounts = KernelMounts::parse(MOUNTS);
        let apart = [
            "/proc",
            "/dev",
            "/srv/jail one/proc",
            "/srv/jail/dev",
            "/srv/pod/dev",
            "/srv/queue",
            "/sys/kernel/debug",
        ];
        assert_eq!(mounts.apart, apart.map(PathBuf::from));
        assert_eq!(mounts.read_only, [Path::new("/sys"), Path::new("/mnt/groups")]);
    }

    #[test]
    fn a_tree_without_a_part_is_its_other_branches() {
        let top = tempfile::tempdir().expect("a directory");
        let at = |name: &str| top.path().join(name);
        for name in ["a/x", "a/y", "b"] {
            std::fs::create_dir_all(at(name)).expect("made");
        }
        std::os::unix::fs::symlink(at("a/x"), at("link")).expect("linked");
        assert_eq!(without(&Disk, top.path(), &[at("a/x")]), [at("a/y"), at("b")]);
        assert_eq!(without(&Disk, top.path(), &[at("c")]), [at("a"), at("b")]);
        assert_eq!(without(&Disk, &at("a"), &[at("b")]), [at("a")]);
        assert!(without(&Disk, &at("b"), &[at("b")]).is_empty());
    }
}
