//! Bounds how much of the supervisor one worker may use: a number of calls at once; further ones wait in the worker's
//! own queue.
//!
//! A tool can make calls that take long, or as many as it has threads. Its neighbours in the same manager must be
//! served meanwhile, so the bound applies to each worker and not to all of them together. Quick calls have a lane of
//! their own: connections that block must not keep a process from opening files.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};

use super::listener::Call;

/// Calls of one worker that are processed at once; each occupies a thread.
const AT_ONCE: usize = 16;
/// Calls of one worker that may wait; each is a thread of the tool's.
const IN_LINE: usize = 4096;

/// Identifies a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct LaneKey {
    pub(super) worker: u32,
    /// The lane of calls that are answered without waiting for anything.
    pub(super) quick: bool,
}

#[derive(Debug, Default)]
pub(super) struct Lanes(Mutex<HashMap<LaneKey, Lane>>);

/// Exists while calls of the worker are processed.
#[derive(Debug, Default)]
struct Lane {
    running: usize,
    line: VecDeque<Call>,
}

/// What happens to a call that enters a lane.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Admission {
    /// It is processed now; `next` must be called afterwards.
    Run,
    /// It waits until `next` returns it to a thread that has finished another call.
    Queued,
    /// The worker has too many calls.
    Rejected,
}

impl Lanes {
    pub(super) fn enter(&self, of: LaneKey, call: &Call) -> Admission {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.entry(of).or_default();
        if lane.running < AT_ONCE {
            lane.running += 1;
            return Admission::Run;
        }
        if lane.line.len() < IN_LINE {
            lane.line.push_back(*call);
            return Admission::Queued;
        }
        Admission::Rejected
    }

    /// One call of the worker is finished: returns the next one in its queue.
    pub(super) fn next(&self, of: LaneKey) -> Option<Call> {
        let mut lanes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let lane = lanes.get_mut(&of)?;
        let next = lane.line.pop_front();
        if next.is_none() {
            lane.running -= 1;
            if lane.running == 0 {
                lanes.remove(&of);
            }
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn of(worker: u32) -> LaneKey {
        LaneKey { worker, quick: false }
    }

    fn call(id: u64) -> Call {
        Call {
            id,
            thread: 1,
            number: 0,
            args: [0; 6],
            instruction: 0,
        }
    }

    #[test]
    fn one_worker_does_not_use_the_threads_of_another() {
        let lanes = Lanes::default();
        for id in 0..AT_ONCE as u64 {
            assert_eq!(lanes.enter(of(1), &call(id)), Admission::Run);
        }
        for id in 0..IN_LINE as u64 {
            assert_eq!(lanes.enter(of(1), &call(100 + id)), Admission::Queued);
        }
        assert_eq!(lanes.enter(of(1), &call(7)), Admission::Rejected);
        assert_eq!(lanes.enter(of(2), &call(8)), Admission::Run);
    }

    #[test]
    fn blocking_requests_do_not_delay_quick_ones() {
        let lanes = Lanes::default();
        for id in 0..AT_ONCE as u64 + 1 {
            lanes.enter(of(1), &call(id));
        }
        let quick = LaneKey { worker: 1, quick: true };
        assert_eq!(lanes.enter(quick, &call(100)), Admission::Run);
        assert!(lanes.next(quick).is_none());
        assert_eq!(lanes.next(of(1)).map(|call| call.id), Some(AT_ONCE as u64));
    }

    #[test]
    fn waiting_requests_are_served_in_order_and_the_queue_ends_empty() {
        let lanes = Lanes::default();
        for id in 0..AT_ONCE as u64 + 2 {
            lanes.enter(of(1), &call(id));
        }
        assert_eq!(lanes.next(of(1)).map(|call| call.id), Some(AT_ONCE as u64));
        assert_eq!(lanes.next(of(1)).map(|call| call.id), Some(AT_ONCE as u64 + 1));
        for _ in 0..AT_ONCE {
            assert!(lanes.next(of(1)).is_none());
        }
        assert!(lanes.0.lock().expect("unpoisoned").is_empty());
        assert!(lanes.next(of(1)).is_none());
    }
}
