//! Weighs processes while they work, and ends those that use more memory than they may.
//!
//! A process that serves call after call and comes near its limit is replaced before a call that did nothing wrong is
//! the one under which it passes it.

use std::time::{Duration, Instant};

use super::facts::Doom;
use super::hub::{Hub, State};
use crate::pool::WorkerId;

/// Between two samples. A tool that allocates as fast as it can passes its limit by some 30 MiB meanwhile.
const EVERY: Duration = Duration::from_millis(10);
/// Sampling goes on this long after the last call began, so that calls that follow each other closely need not wake the
/// clock each time.
const LINGER: Duration = Duration::from_millis(500);
const MIB: u64 = 1024 * 1024;

/// Where a process is replaced once its calls are over.
const fn worn(limit: u64) -> u64 {
    limit / 4 * 3
}

/// When the next sample is due.
#[derive(Debug, Default)]
pub(super) struct Watch {
    next: Option<Instant>,
    until: Option<Instant>,
}

impl Watch {
    /// A call begins.
    pub(super) fn active(&mut self, now: Instant) {
        self.until = Some(now + LINGER);
        self.next.get_or_insert(now + EVERY);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// A sample was taken; `busy`: somebody still works.
    fn taken(&mut self, now: Instant, busy: bool) {
        let on = busy || self.until.is_some_and(|until| now < until);
        self.next = on.then(|| now + EVERY);
    }
}

impl State {
    pub(super) fn weigh(&mut self, hub: &Hub, now: Instant) {
        if self.watch.next().is_none_or(|at| now < at) {
            return;
        }
        let limit = hub.settings.max_memory_mb.saturating_mul(MIB);
        let (mut over, mut near): (Vec<WorkerId>, Vec<WorkerId>) = Default::default();
        let reused = !hub.settings.single_use;
        for station in self
            .stations
            .values_mut()
            .filter(|station| !station.calls.is_empty() || (reused && station.ready && !station.ending))
        {
            let meter = station.link.as_mut().and_then(|link| link.memory.as_mut());
            let Some(bytes) = meter.and_then(|meter| meter.resident(now)) else {
                continue;
            };
            for number in &station.calls {
                if let Some(call) = self.calls.get_mut(number) {
                    call.peak_memory_mb = call.peak_memory_mb.max(Some(bytes.div_ceil(MIB)));
                }
            }
            if limit > 0 && bytes > limit && !station.calls.is_empty() {
                over.push(station.id);
            } else if limit > 0 && bytes > worn(limit) && station.used {
                near.push(station.id);
            }
        }
        for worker in near {
            self.pool.retire(worker, now, &mut self.actions);
        }
        for worker in over {
            self.doom_all(hub, worker, &Doom::OutOfMemory);
        }
        let busy = self.stations.values().any(|station| !station.calls.is_empty());
        self.watch.taken(now, busy);
    }
}
