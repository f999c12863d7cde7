//! Reaps processes of a worker's group whose parent has ended, where the host inherits them.
//!
//! Orphans are given to the system's init, or to the nearest process that adopts them. In a container that is often the
//! host itself, as process 1, which waits only for what it started: a tool that may run programs would leave one zombie
//! after the other, until no process can be started any more. Nothing but a worker and its descendants can be in the
//! group, so the host's own children are never touched.

use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};

use crate::sandbox::proc_stat::ProcStat;

/// Reaps this member of the group if it has ended and is the host's. The leader is reaped by its owner.
pub(super) fn reap(member: u32, stat: &ProcStat, leader: u32) {
    if member == leader || stat.group != leader || !stat.has_ended() || stat.parent != std::process::id() {
        return;
    }
    if let Some(pid) = Pid::from_raw(member.cast_signed()) {
        // The number is the zombie's until it is reaped, which happens here only.
        let _ = waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}
