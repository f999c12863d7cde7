//! When a process may be started after starts have failed.

use std::time::{Duration, Instant};

/// What is known of failing starts. A failure in a row closes the gate until its delay is over, and lets only one start
/// through at a time; after `patience` without a success nothing is started that no call waits for.
///
/// A process that came up is no success yet: one that always ends before it is given a call would be started for ever.
/// It is a success once it has answered a call, or has lived for as long as `patience`.
#[derive(Debug)]
pub(super) struct StartGate {
    patience: Duration,
    failing_since: Option<Instant>,
    not_before: Option<Instant>,
    /// When the first process came up since the latest failure.
    up_since: Option<Instant>,
    /// Processes are started for the minimum alone, without a waiting call.
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

    /// A process came up: the next one may be started at once.
    pub(super) fn came_up(&mut self, now: Instant) {
        self.up_since.get_or_insert(now);
        self.not_before = None;
        self.prewarm = true;
    }

    /// A process has answered a call.
    pub(super) fn proved(&mut self) {
        self.failing_since = None;
        self.not_before = None;
        self.prewarm = true;
    }

    /// `retry_at`: the earliest next start; none: starting again is pointless until somebody asks.
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

    /// Somebody asks again after the pool had given up.
    pub(super) fn asked(&mut self) {
        if !self.prewarm {
            self.prewarm = true;
            self.failing_since = None;
            self.not_before = None;
        }
    }

    pub(super) fn allowed(&self, now: Instant, starting: usize) -> bool {
        self.failing_since.is_none() || (starting == 0 && self.not_before.is_none_or(|at| now >= at))
    }

    /// When the gate opens, if it is closed by a delay.
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
        let mut starts = StartGate::new(PATIENCE);
        for _ in 0..=30 {
            assert!(starts.prewarm);
            starts.came_up(now);
            starts.failed(now, Some(now + STEP));
            assert!(!starts.allowed(now, 0), "the delay holds");
            now += STEP;
            assert!(starts.allowed(now, 0) && !starts.allowed(now, 1));
        }
        assert!(!starts.prewarm);
        starts.asked();
        assert!(starts.prewarm && starts.allowed(now, 1));
    }

    #[test]
    fn a_process_that_answered_or_lived_long_makes_the_next_failure_a_first_one() {
        let start = Instant::now();
        for answers in [true, false] {
            let mut starts = StartGate::new(PATIENCE);
            starts.failed(start, Some(start + STEP));
            starts.came_up(start + STEP);
            let late = start + STEP + PATIENCE;
            if answers {
                starts.proved();
            }
            starts.failed(late, Some(late + STEP));
            assert!(starts.prewarm, "answers: {answers}");
        }
    }
}
