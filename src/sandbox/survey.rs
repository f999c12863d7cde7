//! What this machine's kernel offers the sandbox, for `toolwarden doctor`.

use super::landlock;
use super::probe::{filters_load, probe};
use super::support::Survey;
use super::surroundings::modules;

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
