//! The failed starts of each group: how long the next start is delayed, and what the last failure was.
//!
//! Groups start under different sandboxes, so one may fail while another works.

use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::config::BackoffLimits;
use crate::dispatch::facts::StartFailure;
use crate::pool::GroupId;
use crate::spawn::Delays;

/// What is remembered of one group since its first failed start.
struct Failed {
    delays: Delays,
    /// A delay was drawn since the last answer; the next answer resets it.
    delayed: bool,
    /// The earliest moment of the next start, as drawn after the last failure.
    next: Option<Instant>,
    last: Option<StartFailure>,
    /// How many starts have failed since one worked.
    in_a_row: u32,
}

pub(super) struct FailedStarts {
    backoff: BackoffLimits,
    groups: FxHashMap<GroupId, Failed>,
}

impl FailedStarts {
    pub(super) fn new(backoff: BackoffLimits) -> Self {
        Self {
            backoff,
            groups: FxHashMap::default(),
        }
    }

    /// Draws the delay after a failed start.
    pub(super) fn draw(&mut self, group: GroupId, now: Instant) -> Instant {
        let failed = self.group(group);
        let next = now + failed.delays.next_delay();
        failed.delayed = true;
        failed.next = Some(next);
        next
    }

    /// Counts a failed start; how many there are in a row.
    pub(super) fn count(&mut self, group: GroupId) -> u32 {
        let failed = self.group(group);
        failed.in_a_row += 1;
        failed.in_a_row
    }

    /// How many starts have failed since one worked.
    pub(super) fn in_a_row(&self, group: GroupId) -> u32 {
        self.groups.get(&group).map_or(0, |failed| failed.in_a_row)
    }

    pub(super) fn set_last(&mut self, group: GroupId, failure: StartFailure) {
        self.group(group).last = Some(failure);
    }

    /// Why the last start failed, unless one worked since.
    pub(super) fn last(&self, group: GroupId) -> Option<&StartFailure> {
        self.groups.get(&group)?.last.as_ref()
    }

    /// A process became ready. The next delay stays as long as it was until a process has answered.
    pub(super) fn worked(&mut self, group: GroupId) {
        if let Some(failed) = self.groups.get_mut(&group) {
            (failed.next, failed.last, failed.in_a_row) = (None, None, 0);
        }
    }

    /// A process has answered: the next delay is the shortest again.
    pub(super) fn answered(&mut self, group: GroupId) {
        if self.groups.is_empty() {
            return;
        }
        if let Some(failed) = self.groups.get_mut(&group)
            && std::mem::take(&mut failed.delayed)
        {
            failed.delays.reset();
            failed.next = None;
        }
    }

    /// Nothing more will be started for the group.
    pub(super) fn forget(&mut self, group: GroupId) {
        self.groups.remove(&group);
    }

    #[cfg(test)]
    pub(super) fn next(&self, group: GroupId) -> Option<Instant> {
        self.groups.get(&group)?.next
    }

    fn group(&mut self, group: GroupId) -> &mut Failed {
        let backoff = &self.backoff;
        self.groups.entry(group).or_insert_with(|| Failed {
            delays: Delays::new(backoff),
            delayed: false,
            next: None,
            last: None,
            in_a_row: 0,
        })
    }
}
