//! Slows a worker down that is refused something without end.
//!
//! A refusal costs the host more than the tool: threads that are woken, descriptors that are copied, paths that are
//! resolved. An ordinary program is refused some dozens of times and tries something else; a loop around a refused call
//! would take as much of the host's processors as the tool has threads. From a certain rate on, each further call of
//! such a worker therefore waits a little before it is looked at.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Refusals that a worker may have at once.
const BURST: u32 = 1000;
/// After a burst, one more refusal per this time is free.
const ONE_PER: Duration = Duration::from_millis(2);
/// How long a call of a restrained worker waits. With the calls of a worker that are processed at once (`lanes.rs`)
/// this leaves it some hundreds per second.
const REST: Duration = Duration::from_millis(20);
/// From this many workers on, those that have not been refused anything lately are forgotten.
const WORKERS: usize = 64;

#[derive(Debug, Default)]
pub(super) struct Restraint(Mutex<HashMap<u32, Credit>>);

/// How many refusals a worker may still have.
#[derive(Debug)]
struct Credit {
    left: u32,
    at: Instant,
}

impl Credit {
    /// Adds what has become free since the last time.
    fn renew(&mut self, now: Instant) {
        let free = now.saturating_duration_since(self.at).as_micros() / ONE_PER.as_micros();
        let free = u32::try_from(free).unwrap_or(BURST);
        if free > 0 {
            self.left = self.left.saturating_add(free).min(BURST);
            self.at = now;
        }
    }
}

impl Restraint {
    /// Notes that the worker was refused something.
    pub(super) fn refused(&self, worker: u32, now: Instant) {
        let mut all = self.lock();
        if all.len() >= WORKERS && !all.contains_key(&worker) {
            all.retain(|_, credit| {
                credit.renew(now);
                credit.left < BURST
            });
        }
        let credit = all.entry(worker).or_insert(Credit { left: BURST, at: now });
        credit.renew(now);
        credit.left = credit.left.saturating_sub(1);
    }

    /// How long the worker's next call waits before it is looked at, if it does.
    pub(super) fn rest(&self, worker: u32, now: Instant) -> Option<Duration> {
        let mut all = self.lock();
        let credit = all.get_mut(&worker)?;
        credit.renew(now);
        (credit.left == 0).then_some(REST)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<u32, Credit>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(restraint: &Restraint, worker: u32, times: u32, now: Instant) {
        for _ in 0..times {
            restraint.refused(worker, now);
        }
    }

    #[test]
    fn only_the_worker_that_is_refused_without_end_waits() {
        let restraint = Restraint::default();
        let now = Instant::now();
        refused(&restraint, 1, BURST - 1, now);
        refused(&restraint, 2, 10, now);
        assert_eq!(restraint.rest(1, now), None);
        restraint.refused(1, now);
        assert_eq!(restraint.rest(1, now), Some(REST));
        assert_eq!(restraint.rest(2, now), None);
        assert_eq!(restraint.rest(3, now), None);
    }

    #[test]
    fn a_worker_that_goes_on_is_slow_and_one_that_stops_is_free_again() {
        let restraint = Restraint::default();
        let mut now = Instant::now();
        refused(&restraint, 1, BURST, now);
        for _ in 0..100 {
            now += ONE_PER;
            restraint.refused(1, now);
            assert_eq!(restraint.rest(1, now), Some(REST));
        }
        now += ONE_PER;
        assert_eq!(restraint.rest(1, now), None);
        now += ONE_PER * BURST * 2;
        refused(&restraint, 1, BURST - 1, now);
        assert_eq!(restraint.rest(1, now), None);
        restraint.refused(1, now);
        assert_eq!(restraint.rest(1, now), Some(REST));
    }

    #[test]
    fn workers_that_have_ended_are_forgotten() {
        let restraint = Restraint::default();
        let now = Instant::now();
        for worker in 0..WORKERS as u32 {
            restraint.refused(worker, now);
        }
        restraint.refused(1000, now + ONE_PER * 2);
        assert_eq!(restraint.lock().len(), 1);
    }
}
