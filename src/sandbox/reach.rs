//! Which paths get a rule: "everything but /proc" has no rule of its own, as rights can only be added.

use std::path::{Path, PathBuf};

use super::policy::{Files, Kind};

/// File systems that show processes or steer the kernel.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct KernelMounts {
    pub(super) proc: Vec<PathBuf>,
    pub(super) sys: Vec<PathBuf>,
}

impl KernelMounts {
    /// Reads the text of /proc/self/mountinfo; /proc and /sys count even when they are not mounted.
    pub(super) fn parse(mountinfo: &str) -> Self {
        let mut mounts = KernelMounts {
            proc: vec!["/proc".into()],
            sys: vec!["/sys".into()],
        };
        for line in mountinfo.lines() {
            let Some((mount, source)) = line.split_once(" - ") else {
                continue;
            };
            let (Some(point), Some(kind)) = (mount.split(' ').nth(4), source.split(' ').next()) else {
                continue;
            };
            let point = PathBuf::from(unescaped(point));
            match kind {
                "proc" if !point.starts_with("/proc") => mounts.proc.push(point),
                "sysfs" | "cgroup" | "cgroup2" | "securityfs" | "debugfs" | "tracefs" | "bpf" | "configfs"
                    if !point.starts_with("/sys") =>
                {
                    mounts.sys.push(point);
                }
                _ => {}
            }
        }
        mounts
    }

    pub(super) fn all(&self) -> Vec<PathBuf> {
        self.proc.iter().chain(&self.sys).cloned().collect()
    }
}

/// The kernel writes space, tab, newline and backslash as three octal digits.
fn unescaped(point: &str) -> String {
    let mut text = String::new();
    let mut rest = point;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        match rest
            .get(at + 1..at + 4)
            .and_then(|digits| u8::from_str_radix(digits, 8).ok())
        {
            Some(byte) => {
                text.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                text.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    text + rest
}

/// The paths whose trees together are `top` without the avoided ones.
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

/// What of /proc is about the machine and not about a process.
pub(super) fn of_the_machine(files: &dyn Files) -> Vec<PathBuf> {
    let entries = files.list(Path::new("/proc"));
    let is_process = |path: &Path| {
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned())
            .unwrap_or_default();
        name.bytes().all(|byte| byte.is_ascii_digit())
    };
    entries
        .into_iter()
        .filter(|path| !is_process(path) && files.kind(path) != Some(Kind::Symlink))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::policy::Disk;
    use super::*;

    const MOUNTS: &str = "\
22 1 8:1 / / rw,relatime - ext4 /dev/sda rw
23 22 0:4 / /proc rw - proc proc rw
24 22 0:5 / /srv/jail\\040one/proc rw shared:3 - proc proc rw
25 22 0:6 / /sys rw - sysfs sysfs rw
26 25 0:7 / /sys/fs/cgroup rw - cgroup2 cgroup rw
27 22 0:7 / /mnt/groups rw - cgroup2 cgroup rw
";

    #[test]
    fn finds_every_mount_of_the_kernels_file_systems() {
        let mounts = KernelMounts::parse(MOUNTS);
        assert_eq!(mounts.proc, [Path::new("/proc"), Path::new("/srv/jail one/proc")]);
        assert_eq!(mounts.sys, [Path::new("/sys"), Path::new("/mnt/groups")]);
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

    #[test]
    fn the_machines_entries_name_no_process() {
        let entries = of_the_machine(&Disk);
        assert!(entries.contains(&PathBuf::from("/proc/meminfo")));
        let own = format!("/proc/{}", std::process::id());
        assert!(
            !entries
                .iter()
                .any(|path| path == Path::new(&own) || path == Path::new("/proc/self"))
        );
    }
}
