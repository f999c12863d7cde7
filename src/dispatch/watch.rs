//! Weighs and counts processes, and ends those that use more than they may.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::facts::{Crowd, Doom};
use super::hub::{Hub, State};
use crate::config::Config;
use crate::pool::WorkerId;
use crate::spawn::{Account, Caps, CgroupLimits, Exit, Usage, UsageMeter};

/// Between two samples while a call is served. A tool that allocates as fast as it can passes its limit by some 30 MiB
/// meanwhile.
const EVERY: Duration = Duration::from_millis(10);
/// Between two samples when no call is: what an earlier call left running must not grow for ever either.
const IDLE_EVERY: Duration = Duration::from_millis(500);
/// Sampling goes on at the fast pace this long after the last call began, so that calls that follow each other closely need
/// not wake the clock each time.
const LINGER: Duration = Duration::from_millis(500);
/// What a worker and the programs it started may be, at once. A build tool's own parallelism stays far below, a fork bomb
/// does not: processes; threads, of which Bun and Node need up to 30 a process; watches of epoll, where the least that a
/// small machine gives each user is some 400,000; inotify descriptors, of which each user has 128 and a runtime needs one.
pub(super) const CAPS: Caps = Caps {
    processes: 256,
    threads: 1024,
    watches: 64 * 1024,
    notifiers: 16,
};
/// What a runtime needs before it runs a line of anybody's code, and what its heap needs around the values in it, comes on
/// top of `maxMemoryMb`: this, or an eighth of the limit where that is more.
const OF_THE_RUNTIME: u64 = 32 * MIB;
const OF_THE_HEAP: u64 = 8;
const MIB: u64 = 1024 * 1024;
/// Files and directories in one process's directory for temporary files: every file system has only so many.
const TEMPORARY_FILES: u64 = 65_536;

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

/// A process's meter, and what it is asked for.
type Meter = Arc<Mutex<UsageMeter>>;

pub(super) fn lock_meter(meter: &Meter) -> MutexGuard<'_, UsageMeter> {
    meter.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Above this a process is killed.
fn most_memory(limit: u64) -> u64 {
    limit.saturating_add(OF_THE_RUNTIME.max(limit / OF_THE_HEAP))
}

/// The same limits for a cgroup, which holds them without looking.
pub fn cgroup_limits(config: &Config) -> CgroupLimits {
    let limit = config.max_memory_mb.saturating_mul(MIB);
    CgroupLimits {
        memory: (limit > 0).then(|| most_memory(limit)),
        threads: CAPS.threads,
    }
}

/// Why a process that uses this much is to be killed.
fn verdict(usage: &Usage, limit: u64) -> Option<Doom> {
    if limit > 0 && usage.memory > most_memory(limit) {
        Some(Doom::OutOfMemory)
    } else if usage.processes > CAPS.processes {
        Some(Doom::TooMany(Crowd::Processes(CAPS.processes)))
    } else if usage.threads > CAPS.threads {
        Some(Doom::TooMany(Crowd::Threads(CAPS.threads)))
    } else if usage.watches > CAPS.watches {
        Some(Doom::TooMany(Crowd::Watches(CAPS.watches)))
    } else if usage.notifiers > CAPS.notifiers {
        Some(Doom::TooMany(Crowd::Notifiers(CAPS.notifiers)))
    } else if limit > 0 && usage.temporary.bytes > limit {
        // Where the file system is kept in memory, that is what it occupies.
        Some(Doom::TooMany(Crowd::TemporaryBytes(limit)))
    } else if usage.temporary.entries > TEMPORARY_FILES {
        Some(Doom::TooMany(Crowd::TemporaryFiles(TEMPORARY_FILES)))
    } else {
        None
    }
}

impl Hub {
    /// Weighs every process, when that is due. Reading /proc takes a tenth of a millisecond a process, and more now and then:
    /// nobody waits for it with the state.
    pub(super) fn weigh(self: &Arc<Self>, now: Instant) {
        let meters = {
            let state = self.lock();
            if state.watch.next().is_none_or(|at| now < at) {
                return;
            }
            state.meters()
        };
        let weigh = |(worker, meter): (WorkerId, Meter)| Some((worker, lock_meter(&meter).usage(CAPS, now)?));
        let weights: Vec<_> = meters.into_iter().filter_map(weigh).collect();
        self.batch(|state, hub| state.weighed(hub, &weights, now));
    }
}

impl State {
    /// Those of processes whose end is not decided yet.
    pub(super) fn meters(&self) -> Vec<(WorkerId, Meter)> {
        let living = self.stations.values().filter(|station| !station.is_doomed());
        living
            .filter_map(|station| Some((station.id, Arc::clone(station.link.as_ref()?.usage.as_ref()?))))
            .collect()
    }

    /// A process has ended that had a cgroup. The kernel is faster than any watch: what passes the limit there is gone before a
    /// sample shows it.
    pub(super) fn accounted(&mut self, hub: &Hub, worker: WorkerId, exit: Exit, account: Account) {
        if !account.was_out_of_memory || exit != Exit::Signal(libc::SIGKILL) {
            return;
        }
        let Some(station) = self.stations.get(&worker) else {
            return;
        };
        let peak = account.peak.map(|bytes| bytes.div_ceil(MIB));
        for number in &station.calls {
            if let Some(call) = self.calls.get_mut(number) {
                call.peak_memory_mb = call.peak_memory_mb.max(peak);
            }
        }
        self.doom_all(hub, worker, &Doom::OutOfMemory);
    }

    fn weighed(&mut self, hub: &Hub, weights: &[(WorkerId, Usage)], now: Instant) {
        let limit = hub.settings.max_memory_mb.saturating_mul(MIB);
        for (worker, usage) in weights {
            let Some(station) = self.stations.get(worker).filter(|station| !station.is_doomed()) else {
                continue;
            };
            for number in &station.calls {
                if let Some(call) = self.calls.get_mut(number) {
                    call.peak_memory_mb = call.peak_memory_mb.max(Some(usage.memory.div_ceil(MIB)));
                }
            }
            let near = limit > 0 && usage.memory > worn(limit) && station.used && !hub.settings.single_use;
            if let Some(why) = verdict(usage, limit) {
                if let (Doom::TooMany(_), Some(link)) = (&why, &station.link) {
                    link.process.stand_back();
                }
                self.doom_all(hub, *worker, &why);
            } else if near {
                self.pool.retire(*worker, now, &mut self.actions);
            }
        }
        let busy = self.stations.values().any(|station| !station.calls.is_empty());
        self.watch.taken(now, busy, !self.stations.is_empty());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawn::DiskUsage;

    #[test]
    fn each_limit_has_its_verdict() {
        const LIMIT: u64 = 256 * MIB;
        let usage = |memory, processes, threads, watches| Usage {
            memory,
            processes,
            threads,
            watches,
            notifiers: 0,
            temporary: DiskUsage::default(),
        };
        let most = most_memory(LIMIT);
        assert_eq!(verdict(&usage(most, 256, 1024, 64 * 1024), LIMIT), None);
        assert_eq!(verdict(&usage(most + 1, 1, 1, 0), LIMIT), Some(Doom::OutOfMemory));
        assert_eq!(verdict(&usage(u64::MAX, 1, 1, 0), 0), None, "no limit");
        assert_eq!(most_memory(64 * MIB), 96 * MIB);
        assert_eq!(most_memory(2048 * MIB), 2304 * MIB);
        for (usage, crowd) in [
            (usage(0, 257, 1, 0), Crowd::Processes(256)),
            (usage(0, 1, 1025, 0), Crowd::Threads(1024)),
            (usage(0, 1, 1, 64 * 1024 + 1), Crowd::Watches(64 * 1024)),
        ] {
            assert_eq!(verdict(&usage, 0), Some(Doom::TooMany(crowd)));
        }
        let notified = Usage {
            notifiers: 17,
            ..usage(0, 1, 1, 0)
        };
        assert_eq!(verdict(&notified, 0), Some(Doom::TooMany(Crowd::Notifiers(16))));
        let kept = |bytes, entries| Usage {
            temporary: DiskUsage { bytes, entries },
            ..usage(0, 1, 1, 0)
        };
        assert_eq!(verdict(&kept(LIMIT, TEMPORARY_FILES), LIMIT), None);
        assert_eq!(
            verdict(&kept(LIMIT + 1, 1), LIMIT),
            Some(Doom::TooMany(Crowd::TemporaryBytes(LIMIT)))
        );
        assert_eq!(verdict(&kept(u64::MAX, 1), 0), None, "no limit");
        assert_eq!(
            verdict(&kept(0, TEMPORARY_FILES + 1), 0),
            Some(Doom::TooMany(Crowd::TemporaryFiles(TEMPORARY_FILES)))
        );
    }

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
