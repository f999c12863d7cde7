//! Makes the limits of a process's control group readable. DuckDB, Node and others size themselves by them, and DuckDB
//! does not start where the files exist and cannot be read.
//!
//! A limit is a figure that a tool can find out anyway by trying. The other files of these directories, such as the
//! processes and the usage of each group, are not readable.

use std::path::{Path, PathBuf};

use super::super::Files;

const MOUNT: &str = "/sys/fs/cgroup";
const UNIFIED: &[&str] = &["memory.max", "memory.high", "cpu.max", "cpuset.cpus.effective"];
const MEMORY: &[&str] = &["memory.limit_in_bytes"];
const CPU: &[&str] = &["cpu.cfs_quota_us", "cpu.cfs_period_us"];
/// Each level adds some rules to every start; services and containers are four levels deep.
const MOST_LEVELS: usize = 6;

/// The limit files of this process's groups and of the groups above them.
pub(super) fn limits(files: &dyn Files) -> Vec<PathBuf> {
    let list = files.bytes(Path::new("/proc/self/cgroup")).unwrap_or_default();
    let mut found = Vec::new();
    for line in String::from_utf8_lossy(&list).lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let has = |wanted| controllers.split(',').any(|controller| controller == wanted);
        let (tops, names) = match controllers {
            // Beside version 1, version 2 is mounted below it.
            "" => (vec![PathBuf::from(MOUNT), Path::new(MOUNT).join("unified")], UNIFIED),
            _ if has("memory") => (vec![Path::new(MOUNT).join(controllers)], MEMORY),
            _ if has("cpu") => (vec![Path::new(MOUNT).join(controllers)], CPU),
            _ => continue,
        };
        for top in tops {
            let group = top.join(group.trim_start_matches('/'));
            let levels = group
                .ancestors()
                .take_while(|level| level.starts_with(&top))
                .take(MOST_LEVELS);
            for level in levels {
                found.extend(names.iter().filter_map(|name| files.real(&level.join(name)).ok()));
            }
            // A container may see its own group as the top while the kernel reports the machine's name of it.
            found.extend(names.iter().filter_map(|name| files.real(&top.join(name)).ok()));
        }
    }
    // Drops what a name with `..`, or a link, leads to elsewhere.
    found.retain(|path| path.starts_with(MOUNT));
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::files::fake::Fake;
    use super::*;

    fn shown(files: &Fake) -> Vec<String> {
        limits(files).iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn version_2_has_limits_at_each_level() {
        let files = Fake::default()
            .content("/proc/self/cgroup", b"0::/system.slice/app.service\n")
            .file("/sys/fs/cgroup/system.slice/memory.max")
            .file("/sys/fs/cgroup/system.slice/app.service/memory.max")
            .file("/sys/fs/cgroup/system.slice/app.service/cpu.max")
            .file("/sys/fs/cgroup/system.slice/app.service/cgroup.procs")
            .file("/sys/fs/cgroup/system.slice/other.service/memory.max");
        assert_eq!(
            shown(&files),
            [
                "/sys/fs/cgroup/system.slice/app.service/cpu.max",
                "/sys/fs/cgroup/system.slice/app.service/memory.max",
                "/sys/fs/cgroup/system.slice/memory.max",
            ]
        );
    }

    #[test]
    fn version_1_has_them_by_controller() {
        let files = Fake::default()
            .content(
                "/proc/self/cgroup",
                b"4:memory:/a/b\n1:cpu,cpuacct:/\n9:name=systemd:/x\n",
            )
            .link("/sys/fs/cgroup/cpu", "cpu,cpuacct")
            .file("/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us")
            .file("/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes")
            .file("/sys/fs/cgroup/memory/a/b/memory.usage_in_bytes");
        assert_eq!(
            shown(&files),
            [
                "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us",
                "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes"
            ]
        );
    }

    #[test]
    fn a_container_that_sees_the_hosts_cgroup_path_has_its_own_root() {
        let files = Fake::default()
            .content("/proc/self/cgroup", b"0::/docker/abc\n")
            .file("/sys/fs/cgroup/memory.max");
        assert_eq!(shown(&files), ["/sys/fs/cgroup/memory.max"]);
    }

    #[test]
    fn a_strange_group_leads_nowhere_else() {
        let files = Fake::default()
            .content("/proc/self/cgroup", b"0::/../../../etc\n\n0:\nx\n")
            .file("/etc/memory.max");
        assert!(shown(&files).is_empty(), "{:?}", shown(&files));
    }
}
