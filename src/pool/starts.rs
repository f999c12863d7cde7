//! When a process may be started after starts have failed.

use std::time::{Duration, Instant};

/// What is known of failing starts. A failure in a row closes the gate until its delay is over, and lets only one start
/// through at a time; after `patience` without a success nothing is started that no call waits for.
#[derive(Debug)]
pub(super) struct Starts {
    patience: Duration,
    failing_since: Option<Instant>,
    not_before: Option<Instant>,
    /// Processes are started for the minimum alone, without a waiting call.
    pub(super) prewarm: bool,
}

impl Starts {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            patience,
            failing_since: None,
            not_before: None,
            prewarm: true,
        }
    }

    pub(super) fn succeeded(&mut self) {
        self.failing_since = None;
        self.not_before = None;
        self.prewarm = true;
    }

    /// `retry_at`: the earliest next start; none: starting again is pointless until somebody asks.
    pub(super) fn failed(&mut self, now: Instant, retry_at: Option<Instant>) {
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
