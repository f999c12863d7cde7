//! Which process may fork itself now. An origin gives children of itself to the host when it is asked to, and only
//! then: the host grants one clone just before it asks, and the supervisor lets exactly that one pass.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The only flags with which an origin may call clone: the child is the host's own, like every process that the host
/// starts, and the C library finds its thread id where it expects it.
pub(crate) const ORIGIN_CLONE: u32 =
    (libc::CLONE_PARENT | libc::CLONE_CHILD_SETTID | libc::CLONE_CHILD_CLEARTID | libc::SIGCHLD) as u32;

/// Grants for one policy. Its spawner makes one process at a time, so there is at most one.
#[derive(Debug, Clone, Default)]
pub(super) struct Forks(Arc<AtomicU32>);

impl Forks {
    /// This origin may call clone once.
    pub(super) fn grant(&self, origin: u32) {
        self.0.store(origin, Ordering::SeqCst);
    }

    /// Takes back a grant that was not used.
    pub(super) fn revoke(&self) {
        self.0.store(0, Ordering::SeqCst);
    }

    /// Whether this call is the granted one, which is used up by that. `flags` are the first argument of clone.
    pub(super) fn uses(&self, thread: u32, flags: u64) -> bool {
        let order = Ordering::SeqCst;
        thread != 0 && flags == u64::from(ORIGIN_CLONE) && self.0.compare_exchange(thread, 0, order, order).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FLAGS: u64 = ORIGIN_CLONE as u64;

    #[test]
    fn a_grant_is_for_one_clone_of_one_thread() {
        let forks = Forks::default();
        assert!(!forks.uses(7, FLAGS) && !forks.uses(0, FLAGS));
        forks.grant(7);
        assert!(!forks.uses(8, FLAGS));
        assert!(forks.uses(7, FLAGS));
        assert!(!forks.uses(7, FLAGS));
    }

    #[test]
    fn other_flags_use_no_grant() {
        let forks = Forks::default();
        forks.grant(7);
        for flags in [
            0,
            libc::SIGCHLD as u64,
            FLAGS | libc::CLONE_VM as u64,
            FLAGS & !(libc::CLONE_PARENT as u64),
            FLAGS | 1 << 32,
        ] {
            assert!(!forks.uses(7, flags), "{flags:#x}");
        }
        assert!(forks.uses(7, FLAGS));
    }

    #[test]
    fn a_grant_that_is_taken_back_is_none() {
        let forks = Forks::default();
        forks.grant(7);
        forks.revoke();
        assert!(!forks.uses(7, FLAGS));
    }
}
