//! Does what is due at a moment: alarms of calls, late starts, processes that did not end.

use std::time::{Duration, Instant};

use super::call::Edge;
use super::effect::{Effect, Effects};
use super::frames::on_channel_lost;
use super::state::EngineState;
use super::terminate::{fail_start, step_call};
use super::worker::Worker;
use crate::dispatch::facts::StartFault;
use crate::pool::{WorkerId, WorkerState};

/// The longest time that a process may take from its start until it is ready. It does not count in the timeout of a call.
const START_LIMIT: Duration = Duration::from_secs(30);

/// When the next tick is due, if no other event comes before.
pub(super) fn next_wake(state: &EngineState) -> Option<Instant> {
    let workers = state.workers.values().flat_map(|worker| {
        let start = state.is_starting(worker.id).then(|| worker.started + START_LIMIT);
        start.into_iter().chain(worker.kill_at)
    });
    workers
        .chain(state.alarms.next())
        .chain(state.pool.next_wake())
        .chain(state.sampling.next())
        .chain(state.replacement.due())
        .min()
}

/// Handles a tick. The shell has read what processes sent until now, so no answer that came in time is missed.
pub(super) fn on_tick(state: &mut EngineState, out: &mut Effects) {
    let now = state.now;
    // The latest is handled first, because each call that returns to the queue is put before the others.
    for number in state.alarms.due(now).into_iter().rev() {
        step_call(state, out, number, Edge::Elapsed);
    }
    let late = |worker: &&Worker| now >= worker.started + START_LIMIT && state.is_starting(worker.id);
    for id in ids(state, late) {
        fail_start(state, out, id, StartFault::TimedOut(START_LIMIT));
    }
    for id in ids(state, |worker| worker.kill_at.is_some_and(|at| now >= at)) {
        if let Some(worker) = state.workers.get_mut(&id) {
            worker.kill_at = None;
        }
        match state.pool.state(id) {
            Some(WorkerState::Stopping) => out.push(Effect::Kill(id, "not-needed")),
            Some(stands) if !stands.is_ending() => on_channel_lost(state, out, id),
            _ => {}
        }
    }
    state.pool.tick(now, &mut state.actions);
}

fn ids(state: &EngineState, chosen: impl Fn(&&Worker) -> bool) -> Vec<WorkerId> {
    state.workers.values().filter(chosen).map(|worker| worker.id).collect()
}
