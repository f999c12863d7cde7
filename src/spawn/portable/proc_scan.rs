//! Whether a process group has running members. Used only after signal 0 showed that the group is not empty.

use rustix::process::Pid;

use super::members::of_group;

#[derive(Debug, PartialEq, Eq)]
pub(in crate::spawn) enum GroupState {
    /// The group is empty or has zombies only.
    Empty,
    /// The group has running members; `leader`: one of them has the group's number as its own id.
    Running { leader: bool },
}

pub(in crate::spawn) fn group(group: Pid) -> GroupState {
    let leader = group.as_raw_nonzero().get().unsigned_abs();
    match of_group(leader) {
        None => GroupState::Running { leader: false },
        Some(members) if members.is_empty() => GroupState::Empty,
        Some(members) => GroupState::Running {
            leader: members.iter().any(|member| member.id == leader),
        },
    }
}
