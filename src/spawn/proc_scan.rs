//! Who is in a process group, according to /proc. Asked only when a signal 0 says that somebody is.

use std::fs;

use rustix::process::Pid;

/// Entries looked at; a machine with more processes than this is told that the group still runs.
const MOST_ENTRIES: usize = 65_536;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum GroupState {
    /// Nobody, or zombies only.
    Empty,
    /// Somebody; `leader`: one of them has the group's number as its own id.
    Running { leader: bool },
}

pub(super) fn group(group: Pid) -> GroupState {
    let group = group.as_raw_nonzero().get();
    let Ok(entries) = fs::read_dir("/proc") else {
        return GroupState::Running { leader: false };
    };
    let (mut running, mut leader) = (false, false);
    for (seen, entry) in entries.flatten().enumerate() {
        if seen == MOST_ENTRIES {
            return GroupState::Running { leader };
        }
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        // A process that ended meanwhile has no file, or an empty one.
        let Some((state, its_group)) = fs::read(entry.path().join("stat")).ok().and_then(|stat| parse(&stat)) else {
            continue;
        };
        if its_group == group && !matches!(state, b'Z' | b'X') {
            running = true;
            leader |= pid == group;
        }
    }
    if running {
        GroupState::Running { leader }
    } else {
        GroupState::Empty
    }
}

/// State and process group of a /proc/<pid>/stat. The name in brackets may itself contain spaces and brackets.
fn parse(stat: &[u8]) -> Option<(u8, i32)> {
    let end_of_name = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(end_of_name + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    let group = fields.nth(1)?.parse().ok()?;
    Some((state, group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_may_look_like_the_fields() {
        assert_eq!(parse(b"12 (a) Z 1 2 (b)) S 7 42 9 0"), Some((b'S', 42)));
        assert_eq!(parse(b"12 (\xff\xfe) R 1 5 5 0"), Some((b'R', 5)));
    }

    #[test]
    fn what_is_no_stat_is_nobody() {
        assert_eq!(parse(b""), None);
        assert_eq!(parse(b"12 (x)"), None);
        assert_eq!(parse(b"12 (x) S 1 notanumber"), None);
    }

    #[test]
    fn this_process_runs_in_its_group() {
        let own = rustix::process::getpgrp();
        assert!(matches!(group(own), GroupState::Running { .. }));
    }
}
