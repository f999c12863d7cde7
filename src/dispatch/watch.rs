//! Weighs and counts processes, and ends those that use more than they may.

use std::time::{Duration, Instant};

use super::facts::Doom;
use super::hub::{Hub, State};
use crate::pool::WorkerId;

/// Between two samples while a call is served. A tool that allocates as fast as it can passes its limit by some 30 MiB
/// meanwhile.
const EVERY: Duration = Duration::from_millis(10);
/// Between two samples when no call is: what an earlier call left running must not grow for ever either.
const IDLE_EVERY: Duration = Duration::from_millis(500);
/// Sampling goes on at the fast pace this long after the last call began, so that calls that follow each other closely need
/// not wake the clock each time.
const LINGER: Duration = Duration::from_millis(500);
/// A worker and the programs it started, at once. A build tool's own parallelism stays far below, a fork bomb does not.
pub(super) const MOST_PROCESSES: u32 = 256;
const MIB: u64 = 1024 * 1024;

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
        let soon = now + EVERY;
        self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
    }

    /// There is a process.
    pub(super) fn exists(&mut self, now: Instant) {
        self.next.get_or_insert(now + IDLE_EVERY);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// A sample was taken; `busy`: somebody still works, `any`: there is a process at all.
    fn taken(&mut self, now: Instant, busy: bool, any: bool) {
        let fast = busy || self.until.is_some_and(|until| now < until);
        self.next = match (fast, any) {
            (true, _) => Some(now + EVERY),
            (false, true) => Some(now + IDLE_EVERY),
            (false, false) => None,
        };
    }
}

/// Where a process is replaced once its calls are over.
const fn worn(limit: u64) -> u64 {
    limit / 4 * 3
}

impl State {
    pub(super) fn weigh(&mut self, hub: &Hub, now: Instant) {
        if self.watch.next().is_none_or(|at| now < at) {
            return;
        }
        let limit = hub.settings.max_memory_mb.saturating_mul(MIB);
        let mut over: Vec<(WorkerId, Doom)> = Vec::new();
        let mut near: Vec<WorkerId> = Vec::new();
        let living = self.stations.values_mut().filter(|station| !station.is_doomed());
        for station in living {
            let meter = station.link.as_mut().and_then(|link| link.usage.as_mut());
            let Some(usage) = meter.and_then(|meter| meter.usage(MOST_PROCESSES, now)) else {
                continue;
            };
            for number in &station.calls {
                if let Some(call) = self.calls.get_mut(number) {
                    call.peak_memory_mb = call.peak_memory_mb.max(Some(usage.resident.div_ceil(MIB)));
                }
            }
            if limit > 0 && usage.resident > limit {
                over.push((station.id, Doom::OutOfMemory));
            } else if usage.processes > MOST_PROCESSES {
                over.push((station.id, Doom::TooManyProcesses(MOST_PROCESSES)));
            } else if limit > 0 && usage.resident > worn(limit) && station.used && !hub.settings.single_use {
                near.push(station.id);
            }
        }
        for worker in near {
            self.pool.retire(worker, now, &mut self.actions);
        }
        for (worker, why) in over {
            self.doom_all(hub, worker, &why);
        }
        let busy = self.stations.values().any(|station| !station.calls.is_empty());
        self.watch.taken(now, busy, !self.stations.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_close_while_somebody_works_and_rare_otherwise() {
        let start = Instant::now();
        let mut watch = Watch::default();
        assert_eq!(watch.next(), None);
        watch.exists(start);
        assert_eq!(watch.next(), Some(start + IDLE_EVERY));
        watch.active(start);
        assert_eq!(watch.next(), Some(start + EVERY));
        watch.taken(start + EVERY, false, true);
        assert_eq!(watch.next(), Some(start + 2 * EVERY), "calls that follow each other");
        let later = start + LINGER;
        watch.taken(later, true, true);
        assert_eq!(watch.next(), Some(later + EVERY));
        watch.taken(later, false, true);
        assert_eq!(watch.next(), Some(later + IDLE_EVERY));
        watch.taken(later, false, false);
        assert_eq!(watch.next(), None);
    }
}
