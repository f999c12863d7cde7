//! Limits what a process and the programs that it started may use.

use crate::config::Config;
use crate::dispatch::facts::{Crowd, TerminationReason};
use crate::pool::{WorkerId, WorkerState};
use crate::spawn::{Caps, CgroupLimits, Usage};

use super::effect::{Effect, Effects};
use super::state::EngineState;
use super::terminate::terminate_all;
use super::worker::Worker;

/// What a worker and the programs it started may be, at once. A build tool's own parallelism stays far below, a fork bomb
/// does not: processes; threads, of which Bun and Node need up to 30 a process; watches of epoll, where the least that a
/// small machine gives each user is some 400,000; inotify descriptors, of which each user has 128 and a runtime needs one.
pub const CAPS: Caps = Caps {
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
/// The number of threads from which on a group of processes gives way to all others.
pub(super) const CROWD: u32 = CAPS.threads / 4;
/// How many files and directories the directory for temporary files of one process may contain. Every file system has a limited
/// number of them.
const TEMPORARY_FILES: u64 = 65_536;

/// The memory from which on a process is replaced once its calls are over.
const fn worn(limit: u64) -> u64 {
    limit / 4 * 3
}

/// The memory above which a process is killed.
fn most_memory(limit: u64) -> u64 {
    limit.saturating_add(OF_THE_RUNTIME.max(limit / OF_THE_HEAP))
}

/// The same limits for a cgroup, in which the kernel enforces them without sampling.
pub fn cgroup_limits(config: &Config) -> CgroupLimits {
    let limit = config.max_memory_mb.saturating_mul(MIB);
    CgroupLimits {
        memory: (limit > 0).then(|| most_memory(limit)),
        threads: CAPS.threads,
    }
}

/// The reason to kill a process that uses this much, if there is one. `limit`: bytes of memory, 0 = none.
pub fn verdict(usage: &Usage, limit: u64) -> Option<TerminationReason> {
    if limit > 0 && usage.memory > most_memory(limit) {
        Some(TerminationReason::OutOfMemory)
    } else if usage.processes > CAPS.processes {
        Some(TerminationReason::TooMany(Crowd::Processes(CAPS.processes)))
    } else if usage.threads > CAPS.threads {
        Some(TerminationReason::TooMany(Crowd::Threads(CAPS.threads)))
    } else if usage.watches > CAPS.watches {
        Some(TerminationReason::TooMany(Crowd::Watches(CAPS.watches)))
    } else if usage.notifiers > CAPS.notifiers {
        Some(TerminationReason::TooMany(Crowd::Notifiers(CAPS.notifiers)))
    } else if limit > 0 && usage.temporary.bytes > limit {
        // In a file system that is kept in memory the files occupy memory.
        Some(TerminationReason::TooMany(Crowd::TemporaryBytes(limit)))
    } else if usage.temporary.entries > TEMPORARY_FILES {
        Some(TerminationReason::TooMany(Crowd::TemporaryFiles(TEMPORARY_FILES)))
    } else {
        None
    }
}

/// Whether a process and its programs have so many threads that others would hardly get a processor: a scheduler is fair to
/// threads, not to processes. Such a group gets the lowest priority, which it keeps, because only root may raise it again.
const fn crowded(usage: &Usage) -> bool {
    usage.threads > CROWD || usage.processes > CAPS.processes
}

/// Handles a measurement of what processes use.
pub(super) fn on_usage(state: &mut EngineState, out: &mut Effects, samples: &[(WorkerId, Usage)]) {
    for (id, usage) in samples {
        let id = *id;
        let group = state.pool.group_of(id).unwrap_or_default();
        let limit = state.memory_mb(group).saturating_mul(MIB);
        let ending = state.pool.state(id).is_none_or(WorkerState::is_being_killed);
        let Some(worker) = state.workers.get_mut(&id).filter(|_| !ending) else {
            continue;
        };
        worker.memory = usage.memory;
        if crowded(usage) && !worker.stands_back {
            worker.stands_back = true;
            out.push(Effect::StandBack(id));
        }
        // A process that has ended and is not reaped yet has no memory: that is no measurement of its calls.
        let measured = (usage.memory > 0).then(|| usage.memory.div_ceil(MIB));
        for number in &worker.calls {
            if let Some(call) = state.calls.get_mut(number) {
                call.peak_memory_mb = call.peak_memory_mb.max(measured);
            }
        }
        let near = limit > 0 && usage.memory > worn(limit) && !state.settings.single_use && state.pool.was_used(id);
        if let Some(why) = verdict(usage, limit) {
            terminate_all(state, out, id, &why);
        } else if near {
            let now = state.now;
            state.pool.retire(id, now, &mut state.actions);
        }
    }
    let busy = state.workers.values().any(|worker| !worker.calls.is_empty());
    state.sampling.taken(state.now, busy, !state.workers.is_empty());
}

/// Notes that the kernel killed the process because its cgroup had no memory left, which happens before a sample can show it.
/// `peak` is the most memory that it had, in bytes.
pub(super) fn ran_out_of_memory(state: &mut EngineState, worker: &Worker, peak: Option<u64>) {
    let peak = peak.map(|bytes| bytes.div_ceil(MIB));
    for number in &worker.calls {
        if let Some(call) = state.calls.get_mut(number) {
            call.peak_memory_mb = call.peak_memory_mb.max(peak);
        }
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
        assert_eq!(
            verdict(&usage(most + 1, 1, 1, 0), LIMIT),
            Some(TerminationReason::OutOfMemory)
        );
        assert_eq!(verdict(&usage(u64::MAX, 1, 1, 0), 0), None, "no limit");
        assert_eq!(most_memory(64 * MIB), 96 * MIB);
        assert_eq!(most_memory(2048 * MIB), 2304 * MIB);
        for (usage, crowd) in [
            (usage(0, 257, 1, 0), Crowd::Processes(256)),
            (usage(0, 1, 1025, 0), Crowd::Threads(1024)),
            (usage(0, 1, 1, 64 * 1024 + 1), Crowd::Watches(64 * 1024)),
        ] {
            assert_eq!(verdict(&usage, 0), Some(TerminationReason::TooMany(crowd)));
        }
        let notified = Usage {
            notifiers: 17,
            ..usage(0, 1, 1, 0)
        };
        assert_eq!(
            verdict(&notified, 0),
            Some(TerminationReason::TooMany(Crowd::Notifiers(16)))
        );
        let kept = |bytes, entries| Usage {
            temporary: DiskUsage { bytes, entries },
            ..usage(0, 1, 1, 0)
        };
        assert_eq!(verdict(&kept(LIMIT, TEMPORARY_FILES), LIMIT), None);
        assert_eq!(
            verdict(&kept(LIMIT + 1, 1), LIMIT),
            Some(TerminationReason::TooMany(Crowd::TemporaryBytes(LIMIT)))
        );
        assert_eq!(verdict(&kept(u64::MAX, 1), 0), None, "no limit");
        assert_eq!(
            verdict(&kept(0, TEMPORARY_FILES + 1), 0),
            Some(TerminationReason::TooMany(Crowd::TemporaryFiles(TEMPORARY_FILES)))
        );
    }
}
