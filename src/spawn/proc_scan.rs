//! Lists the members of a process group from /proc, and reaps those that the host has inherited. Used only after signal 0 showed that the group is not empty.

use std::fs;

use rustix::process::Pid;

use super::orphans;
use crate::sandbox::proc_stat::{ProcStat, may_be_of};

/// Entries read at most. On a machine with more processes the group counts as running.
const MOST_ENTRIES: usize = 65_536;

#[derive(Debug, PartialEq, Eq)]
pub(super) enum GroupState {
    /// The group is empty or has zombies only.
    Empty,
    /// The group has running members; `leader`: one of them has the group's number as its own id.
    Running { leader: bool },
}

pub(super) fn group(group: Pid) -> GroupState {
    let group = group.as_raw_nonzero().get().unsigned_abs();
    let Ok(entries) = fs::read_dir("/proc") else {
        return GroupState::Running { leader: false };
    };
    let (mut running, mut leader) = (false, false);
    for (seen, entry) in entries.flatten().enumerate() {
        if seen == MOST_ENTRIES {
            return GroupState::Running { leader };
        }
        let name = entry.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if !may_be_of(pid, group) {
            continue;
        }
        // A process that has ended meanwhile has no file, or an empty one.
        let Ok(stat) = ProcStat::read(pid) else {
            continue;
        };
        orphans::reap(pid, &stat, group);
        if stat.group == group && !stat.has_ended() {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_runs_in_its_group() {
        let own = rustix::process::getpgrp();
        assert!(matches!(group(own), GroupState::Running { .. }));
    }
}
