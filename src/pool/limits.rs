//! The pool's limits: how many processes it may keep and start, and how many calls may wait.

use std::time::Duration;

use super::group::GroupId;
use crate::config::{Config, Count, Isolation};

/// How long a running call may delay the start of the process that replaces the one it took. Most calls are over by
/// then, so that their answer is delivered before the new process competes for the CPU; a long call does not leave the
/// pool without a spare.
pub(super) const REFILL_PATIENCE: Duration = Duration::from_millis(25);

/// How long the busy processes of a group may take none of its waiting calls before a process of another group has to make
/// room for one more. Most calls are over by then, and starting a process takes about as long.
pub(super) const OWN_PROCESS_PATIENCE: Duration = Duration::from_millis(25);

/// How long a process that serves call after call may serve the calls of its group before it gives way to an older call of
/// another group. Without it each process would be ended after a call or two while calls of more groups wait than there are
/// processes.
pub(super) const TURN: Duration = Duration::from_millis(25);

/// The pool's settings.
#[derive(Debug, Clone)]
pub struct Limits {
    /// How many processes of the manager's own group are kept ready, without a call that waits for one.
    pub min: usize,
    /// How many processes may be alive at once. Those that are starting or being killed count.
    pub max: usize,
    /// How many calls may wait. Any further call is rejected.
    pub queue: Count,
    /// How long an unused process above `min` is kept.
    pub idle: Duration,
    /// How many calls one process serves before it is replaced.
    pub calls_per_worker: Count,
    /// How many calls one process may have in flight at once.
    pub concurrent: usize,
    /// Every process serves exactly one call.
    pub single_use: bool,
    /// Processes that may be starting at the same time: as many as there are processors. While calls wait, one more is
    /// allowed, because one of the starts is always blocked on a thread or the disk. The extra one gives a tenth more
    /// starts per second; a second extra one gives nothing.
    pub starts_at_once: usize,
}

impl Limits {
    /// The limits that a configuration asks for on a machine with `cpus` processors.
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

    /// Whether each process of the group serves one call only.
    pub(super) fn single_use(&self, group: GroupId) -> bool {
        self.single_use || group.is_narrowed()
    }

    /// How many calls one process of the group may have in flight at once.
    pub(super) fn concurrent(&self, group: GroupId) -> usize {
        if group.is_narrowed() { 1 } else { self.concurrent }
    }

    pub(super) fn served_out(&self, group: GroupId, served: u64) -> bool {
        match self.calls_per_worker {
            _ if self.single_use(group) => served >= 1,
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
