//! The format of the kernel's files, and the names of our directories.

/// The beginning of the name of each of our directories.
const PREFIX: &str = "toolwarden-";
/// The controllers that the parent must have enabled for its children.
const CONTROLLERS: [&str; 2] = ["memory", "pids"];

/// Whether `cgroup.subtree_control` names every controller that is needed.
pub(super) fn has_controllers(subtree_control: &str) -> bool {
    CONTROLLERS
        .iter()
        .all(|needed| subtree_control.split_ascii_whitespace().any(|found| found == *needed))
}

/// How many processes the kernel killed because this cgroup was full, from `memory.events`.
pub(super) fn oom_kills(events: &str) -> u64 {
    events
        .lines()
        .find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
        .unwrap_or(0)
}

/// The number in a file; none where it says "max".
pub(super) fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// The name of a worker's directory; it contains the host's process id.
pub(super) fn name(host: u32, number: u64) -> String {
    format!("{PREFIX}{host}-{number}")
}

/// The process id of the host that made the directory of this name; none where the name is not one of ours.
pub(super) fn host_of(name: &str) -> Option<u32> {
    let (host, number) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(host) && is_number(number)).then(|| host.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_controller_has_to_be_there() {
        assert!(has_controllers("cpuset cpu io memory hugetlb pids rdma\n"));
        assert!(has_controllers("pids memory"));
        for lacking in ["", "memory\n", "cpu pids\n", "memory_x pids\n"] {
            assert!(!has_controllers(lacking), "{lacking}");
        }
    }

    #[test]
    fn kills_are_not_confused_with_their_neighbours() {
        let events = "low 0\nhigh 0\nmax 41\noom 2\noom_kill 3\noom_group_kill 1\n";
        assert_eq!(oom_kills(events), 3);
        assert_eq!(oom_kills("max 41\noom 2\noom_group_kill 1\n"), 0);
        assert_eq!(oom_kills("oom_kill many\n"), 0);
        assert_eq!(oom_kills(""), 0);
    }

    #[test]
    fn a_limit_may_be_none() {
        assert_eq!(number("268435456\n"), Some(268_435_456));
        assert_eq!(number("max\n"), None);
    }

    #[test]
    fn a_cgroups_name_identifies_its_host() {
        assert_eq!(host_of(&name(4711, 3)), Some(4711));
        for other in [
            "toolwarden-",
            "toolwarden-1",
            "toolwarden-1-",
            "toolwarden--1",
            "toolwarden-+1-2",
            "toolwarden-1-2-3",
            "toolwarden-x-2",
            "toolwarden-99999999999-2",
            "user.slice",
            "host",
        ] {
            assert_eq!(host_of(other), None, "{other}");
        }
    }
}
