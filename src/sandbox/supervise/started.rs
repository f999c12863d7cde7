//! Remembers which processes have already executed their program.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::target::ProcessIdentity;

/// From this many entries on, those of ended processes are removed.
const SWEPT_FROM: usize = 64;

/// A process that may run nothing executes once, when the host turns it into the runtime. It is remembered for as long
/// as it lives, however many start after it.
#[derive(Debug, Default)]
pub(super) struct Started(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// The start time in clock ticks, by process id.
    start_times: HashMap<u32, u64>,
    sweep_at: usize,
}

impl Started {
    /// True once for each process. `lives` tells whether a process exists that is not reaped.
    pub(super) fn first(&self, identity: ProcessIdentity, lives: impl Fn(u32) -> bool) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.start_times.get(&identity.process) == Some(&identity.at) {
            return false;
        }
        if known.start_times.len() >= known.sweep_at.max(SWEPT_FROM) {
            known.start_times.retain(|process, _| lives(*process));
            // The next sweep comes when as many have been added as remained: one check per start on average.
            known.sweep_at = known.start_times.len() * 2;
        }
        known.start_times.insert(identity.process, identity.at);
        true
    }

    /// The process has not executed its program after all.
    pub(super) fn forget(&self, process: u32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.start_times.remove(&process);
    }

    /// Whether a process of this id has executed its program; it may have been an earlier one.
    pub(super) fn knows(&self, process: u32) -> bool {
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.start_times.contains_key(&process)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn born(process: u32, at: u64) -> ProcessIdentity {
        ProcessIdentity { process, at }
    }

    #[test]
    fn a_process_that_lives_is_never_forgotten() {
        let started = Started::default();
        let lives = |process| process < 100;
        for process in 0..100 {
            assert!(started.first(born(process, 1), lives));
        }
        for process in 100..20_000 {
            assert!(started.first(born(process, 2), lives));
        }
        for process in 0..100 {
            assert!(!started.first(born(process, 1), lives), "{process}");
        }
        assert!(started.0.lock().expect("unpoisoned").start_times.len() <= 2 * 100 + SWEPT_FROM);
    }

    #[test]
    fn a_number_that_is_used_again_is_another_process() {
        let started = Started::default();
        assert!(started.first(born(7, 1), |_| true));
        assert!(started.knows(7) && !started.knows(8));
        assert!(!started.first(born(7, 1), |_| true));
        assert!(started.first(born(7, 2), |_| true));
        assert!(!started.first(born(7, 2), |_| true));
        started.forget(7);
        assert!(started.first(born(7, 2), |_| true));
    }
}
