//! Decides when a process may be started after starts have failed.
//!
//! The decisions behind it: docs/decisions.md#pool.

use std::time::{Duration, Instant};

/// The history of failed starts. Each failure in a row closes the gate until its delay is over; then the gate lets one
/// start through at a time. After `patience` without a success, processes are started only for calls that wait.
///
/// A process that became ready does not count as a success yet: otherwise a process that always ends before its first
/// call would be started for ever. It counts once it has answered a call or has lived for `patience`.
#[derive(Debug)]
pub(super) struct StartGate {
    patience: Duration,
    failing_since: Option<Instant>,
    not_before: Option<Instant>,
    /// When the first process became ready after the latest failure.
    up_since: Option<Instant>,
    /// Whether processes are started to reach the minimum although no call waits.
    pub(super) prewarm: bool,
}

impl StartGate {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            failing_since: None,
            not_before: None,
            up_since: None,
            prewarm: true,
        }
    }

    /// A process became ready: the next one may be started at once.
    pub(super) fn came_up(&mut self, now: Instant) {
        self.up_since.get_or_insert(now);
        self.not_before = None;
        self.prewarm = true;
    }

    /// A process has answered a call: the failures are forgotten.
    pub(super) fn proved_useful(&mut self) {
        self.failing_since = None;
        self.not_before = None;
        self.prewarm = true;
    }

    /// A start failed. `retry_at` is the earliest time of the next start; `None` means that starting again is pointless
    /// until a call asks for it.
    pub(super) fn failed(&mut self, now: Instant, retry_at: Option<Instant>) {
        let up_since = self.up_since.take();
        if up_since.is_some_and(|up| now.duration_since(up) >= self.patience) {
            self.failing_since = None;
        }
        let since = *self.failing_since.get_or_insert(now);
        self.not_before = retry_at;
        match retry_at {
            Some(at) if at.duration_since(since) <= self.patience => {}
            _ => self.prewarm = false,
        }
    }

    /// A call came after the pool had stopped prewarming.
    pub(super) fn asked(&mut self) {
        if !self.prewarm {
            self.prewarm = true;
            self.failing_since = None;
            self.not_before = None;
        }
    }

    #[cfg(test)]
    pub(super) fn has_failed(&self) -> bool {
        self.failing_since.is_some()
    }

    pub(super) fn allowed(&self, now: Instant, starting: usize) -> bool {
        self.failing_since.is_none() || (starting == 0 && self.not_before.is_none_or(|at| now >= at))
    }

    /// When the gate opens, if a delay keeps it closed.
    pub(super) fn opens_at(&self) -> Option<Instant> {
        self.not_before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(30);
    const STEP: Duration = Duration::from_secs(1);

    #[test]
    fn processes_that_come_up_and_end_unused_are_given_up_after_the_patience() {
        let mut now = Instant::now();
        let mut gate = StartGate::new(PATIENCE);
        for _ in 0..=30 {
            assert!(gate.prewarm);
            gate.came_up(now);
            gate.failed(now, Some(now + STEP));
            assert!(!gate.allowed(now, 0), "no start during the delay");
            now += STEP;
            assert!(gate.allowed(now, 0) && !gate.allowed(now, 1));
        }
        assert!(!gate.prewarm);
        gate.asked();
        assert!(gate.prewarm && gate.allowed(now, 1));
    }

    #[test]
    fn a_process_that_answered_or_lived_long_makes_the_next_failure_a_first_one() {
        let start = Instant::now();
        for answers in [true, false] {
            let mut gate = StartGate::new(PATIENCE);
            gate.failed(start, Some(start + STEP));
            gate.came_up(start + STEP);
            let late = start + STEP + PATIENCE;
            if answers {
                gate.proved_useful();
            }
            gate.failed(late, Some(late + STEP));
            assert!(gate.prewarm, "answers: {answers}");
        }
    }
}
