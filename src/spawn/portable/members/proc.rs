//! What /proc tells.

use std::fs;

use super::Member;

const KIB: u64 = 1024;

/// The running processes of a group. `None` where the system does not tell.
pub(in crate::spawn) fn of_group(group: u32) -> Option<Vec<Member>> {
    let entries = fs::read_dir("/proc").ok()?.flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    // SAFETY: a number; no memory is passed.
    let group_of = |id: u32| unsafe { libc::getpgid(id.cast_signed()) };
    let members = ids.filter(|id| group_of(*id) == group.cast_signed());
    Some(members.filter_map(look_at).collect())
}

/// What a process uses; `None` where it has ended.
pub(in crate::spawn) fn look_at(id: u32) -> Option<Member> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let number = |name: &str| -> Option<u64> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_ascii_whitespace().next()?.parse().ok()
    };
    // A zombie has no memory any more.
    Some(Member {
        id,
        memory: (number("RssAnon:")? + number("RssShmem:")?) * KIB,
        threads: u32::try_from(number("Threads:")?).ok()?,
    })
}
