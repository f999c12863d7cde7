//! What this machine's kernel offers the sandbox, for `toolwarden doctor`.

use super::landlock;
use super::probe::{filters_load, probe};
use super::surroundings::modules;

/// What a kernel offers, found by trying it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey {
    /// The kernel's Landlock ABI; 0 without Landlock.
    pub landlock_abi: u32,
    /// The active security modules; `None` where securityfs does not tell.
    pub modules: Option<String>,
    /// System call filters can be loaded.
    pub seccomp: bool,
    /// A supervisor can listen.
    pub listener: bool,
    /// Why the sandbox cannot be enforced, and what to do; `None` where it can.
    pub problem: Option<(String, Option<String>)>,
}

pub fn survey() -> Survey {
    let support = probe();
    Survey {
        landlock_abi: landlock::version().unwrap_or(0),
        modules: modules(),
        seccomp: support.is_ok() || filters_load(),
        listener: support.as_ref().is_ok_and(|support| support.listener),
        problem: support.err().map(|error| (error.message.clone(), error.hint.clone())),
    }
}
