//! Measures what processes use.

use std::sync::PoisonError;
use std::time::Instant;

use super::locked_engine::LockedEngine;
use crate::dispatch::engine::{CAPS, Event};
use crate::pool::WorkerId;

/// Measures every process when that is due. Reading /proc takes a tenth of a millisecond for each process and sometimes more,
/// so it is done while the engine is not locked.
pub(super) fn measure(engine: &LockedEngine, now: Instant) {
    let workers: Vec<WorkerId> = {
        let core = engine.lock();
        if core.engine.next_sample().is_none_or(|at| now < at) {
            return;
        }
        core.engine.measured().collect()
    };
    let usage = |worker: WorkerId| {
        let meter = engine.outside.processes.meter(worker)?;
        let usage = meter.lock().unwrap_or_else(PoisonError::into_inner).usage(CAPS, now)?;
        Some((worker, usage))
    };
    let samples: Vec<_> = workers.into_iter().filter_map(usage).collect();
    engine.handle_at(Event::Usage(&samples), now);
}
