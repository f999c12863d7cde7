//! When calls have to be looked at again, soonest first: deadlines, grace periods, ends of pauses.
//!
//! The engine looks for the next one after every batch, so finding it must not take longer with more calls.
//!
//! The decisions behind it: docs/decisions.md#time.

use std::collections::BTreeSet;
use std::time::Instant;

#[derive(Debug, Default)]
pub(super) struct Alarms {
    due: BTreeSet<(Instant, u32)>,
}

impl Alarms {
    /// The call's alarm was `before` and is `after` now.
    pub(super) fn moved(&mut self, number: u32, before: Option<Instant>, after: Option<Instant>) {
        if before == after {
            return;
        }
        if let Some(at) = before {
            self.due.remove(&(at, number));
        }
        if let Some(at) = after {
            self.due.insert((at, number));
        }
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.due.first().map(|(at, _)| *at)
    }

    /// The calls whose time has come, the earliest first. Their alarms stand until their phase changes.
    pub(super) fn due(&self, now: Instant) -> Vec<u32> {
        self.due
            .iter()
            .take_while(|(at, _)| *at <= now)
            .map(|(_, number)| *number)
            .collect()
    }
}
