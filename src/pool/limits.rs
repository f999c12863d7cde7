//! What the pool is allowed to do.

use std::time::Duration;

use crate::config::{Config, Count, Isolation};

/// How long a running call may put off the refill of the process it took. A short call is over by then and its answer
/// was delivered before the next process competes for the CPU; a long one does not leave the pool without a spare.
pub(super) const REFILL_PATIENCE: Duration = Duration::from_millis(25);

/// The pool's settings.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Processes kept started before any call asks.
    pub min: usize,
    /// Processes alive at once, starting and dying ones included.
    pub max: usize,
    /// Calls that may wait; one more is refused.
    pub queue: Count,
    /// How long an unused process above `min` is kept.
    pub idle: Duration,
    /// Calls one process serves in its life.
    pub calls_per_worker: Count,
    /// Calls one process has in flight at once.
    pub concurrent: usize,
    /// Every process serves exactly one call.
    pub single_use: bool,
    /// Processes being started at the same time, as many as there are processors; one more while calls wait for them, as one of
    /// them always waits itself, for a thread or the disk. That is a tenth more starts a second, and a second one gives nothing.
    pub starts_at_once: usize,
}

impl Limits {
    /// The limits a configuration asks for, on a machine with `cpus` processors.
    pub fn new(config: &Config, cpus: usize) -> Self {
        let single_use = config.isolation == Isolation::Call;
        Self {
            min: config.min_workers as usize,
            max: config.max_workers as usize,
            queue: config.max_queue,
            idle: config.idle_timeout,
            calls_per_worker: if single_use {
                Count::Limited(1)
            } else {
                config.max_calls_per_worker
            },
            concurrent: if single_use {
                1
            } else {
                config.concurrent_calls_per_worker as usize
            },
            single_use,
            starts_at_once: cpus,
        }
    }

    pub(super) fn served_out(&self, served: u64) -> bool {
        match self.calls_per_worker {
            Count::Limited(limit) => served >= limit,
            Count::Infinite => false,
        }
    }

    pub(super) fn queue_allows(&self, waiting: usize, extra: usize) -> bool {
        match self.queue {
            Count::Limited(limit) => (waiting as u64) < limit.saturating_add(extra as u64),
            Count::Infinite => true,
        }
    }
}
