//! Finds the delegated directory of this host, and tries once whether the kernel enforces limits there.

use std::os::fd::AsRawFd as _;
use std::sync::{Arc, OnceLock};

use super::delegated::Delegated;
use super::own::Cgroup;
use super::place::{Place, place};
use crate::sandbox::in_short_child;
use crate::spawn::cgroup_account::CgroupLimits;

/// Limits for the trial: a short-lived process that shares the host's memory needs almost none of its own.
const TRIED: CgroupLimits = CgroupLimits {
    memory: Some(64 * 1024 * 1024),
    threads: 64,
};

impl Delegated {
    /// The delegated directory of this host, if there is one and it passed the trial. Found once in a host's life,
    /// because a host does not change its cgroup.
    pub fn of_this_host() -> Option<Arc<Self>> {
        static FOUND: OnceLock<Option<Arc<Delegated>>> = OnceLock::new();
        FOUND.get_or_init(find).clone()
    }

    /// Whether the kernel takes limits here, and lets a process that the host starts enter.
    pub(super) fn holds(self: &Arc<Self>) -> bool {
        let Ok(cgroup) = Cgroup::new(self, TRIED) else {
            return false;
        };
        let Ok(door) = cgroup.door() else { return false };
        let door = door.as_raw_fd();
        // SAFETY: the action makes one system call, on text that lives as long as the program.
        let entered = unsafe { in_short_child(&|| u8::from(libc::write(door, c"0".as_ptr().cast(), 1) == 1)) };
        matches!(entered, Ok(1)) && cgroup.has(TRIED)
    }
}

fn find() -> Option<Arc<Delegated>> {
    let cgroup = std::fs::read("/proc/self/cgroup").ok()?;
    let mountinfo = std::fs::read("/proc/self/mountinfo").ok()?;
    let Place { parent, own } = place(&String::from_utf8_lossy(&cgroup), &mountinfo)?;
    let delegated = Delegated::open(&parent)?;
    if !delegated.is_for(&parent, &own) || !delegated.holds() {
        return None;
    }
    delegated.sweep();
    Some(delegated)
}
