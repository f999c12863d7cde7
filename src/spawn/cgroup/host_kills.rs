//! How many processes the kernel has killed because the host's own cgroup was full: a container's limit can be lower than
//! the manager's, and the kernel then kills a worker before the watchdog does.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Component, Path, PathBuf};
use std::sync::OnceLock;

use super::text;
use crate::sandbox::mounts;

/// The file with the count, by the kind of the mount; the number stands in it in the same way.
const FILES: [(&str, &str); 2] = [("cgroup2", "memory.events"), ("cgroup", "memory.oom_control")];
/// Longer than either file.
const LONGEST: usize = 1024;

/// The number so far. `None` where the host's cgroup has no memory controller, or is not visible.
pub(in crate::spawn) fn kills() -> Option<u64> {
    static FILE: OnceLock<Option<File>> = OnceLock::new();
    let mut bytes = [0; LONGEST];
    let length = FILE.get_or_init(find).as_ref()?.read_at(&mut bytes, 0).ok()?;
    Some(text::oom_kills(&String::from_utf8_lossy(&bytes[..length])))
}

fn find() -> Option<File> {
    let cgroup = std::fs::read("/proc/self/cgroup").ok()?;
    let mountinfo = std::fs::read("/proc/self/mountinfo").ok()?;
    let paths = paths(&String::from_utf8_lossy(&cgroup), &mountinfo);
    paths.iter().find_map(|path| File::open(path).ok())
}

/// Where the file may be.
fn paths(cgroup: &str, mountinfo: &[u8]) -> Vec<PathBuf> {
    let own = |kind: &str| match kind {
        "cgroup2" => cgroup.lines().find_map(|line| line.strip_prefix("0::")),
        _ => cgroup.lines().find_map(|line| {
            let (controllers, path) = line.split_once(':')?.1.split_once(':')?;
            controllers
                .split(',')
                .any(|controller| controller == "memory")
                .then_some(path)
        }),
    };
    let mut found = Vec::new();
    for (kind, file) in FILES {
        let Some(own) = own(kind).map(Path::new) else { continue };
        for mount in mounts(mountinfo).filter(|mount| mount.kind == kind) {
            let Ok(below) = own.strip_prefix(&mount.root) else {
                continue;
            };
            // A cgroup outside of the host's namespace is shown with `..`.
            if below.components().all(|part| matches!(part, Component::Normal(_))) {
                found.push(
                    mount
                        .point
                        .components()
                        .chain(below.components())
                        .collect::<PathBuf>()
                        .join(file),
                );
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(cgroup: &str, mounts: &str) -> Vec<String> {
        let paths = paths(cgroup, mounts.as_bytes());
        paths.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn a_containers_own_cgroup_is_the_root_of_what_it_sees() {
        let mounts = "41 31 0:38 / /sys/fs/cgroup ro,relatime - cgroup2 cgroup rw\n";
        assert_eq!(of("0::/\n", mounts), ["/sys/fs/cgroup/memory.events"]);
        assert_eq!(of("0::/a/b\n", mounts), ["/sys/fs/cgroup/a/b/memory.events"]);
        assert_eq!(of("0::/../a\n", mounts), [""; 0]);
        assert_eq!(of("0::/\n", "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n"), [""; 0]);
    }

    #[test]
    fn version_1_names_the_controller() {
        let mounts = "35 31 0:30 /docker/x /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n\
            36 31 0:31 /docker/x /sys/fs/cgroup/pids ro - cgroup cgroup rw,pids\n";
        let cgroup = "8:pids:/docker/x\n4:memory:/docker/x\n0::/\n";
        // The second has no such file, so it is passed over.
        let expected = [
            "/sys/fs/cgroup/memory/memory.oom_control",
            "/sys/fs/cgroup/pids/memory.oom_control",
        ];
        assert_eq!(of(cgroup, mounts), expected);
        assert_eq!(of("8:pids:/docker/x\n", mounts), [""; 0]);
    }

    #[test]
    fn both_files_tell_the_number() {
        assert_eq!(text::oom_kills("oom_kill_disable 0\nunder_oom 0\noom_kill 2\n"), 2);
    }
}
