//! Handles processes that start and starts that fail.

use super::call::{Edge, Step};
use super::effect::{Effect, Effects};
use super::state::EngineState;
use super::worker::Worker;
use crate::dispatch::facts::{End, StartFailure, StartFault};
use crate::pool::{GroupId, WorkerId, WorkerState};
use crate::spawn::Exit;

/// Handles the creation of a process.
/// What kind of process was made.
pub(super) struct Kind {
    pub(super) entry_table: bool,
    pub(super) forked: bool,
}

pub(super) fn on_started(state: &mut EngineState, out: &mut Effects, id: WorkerId, pid: u32, kind: Kind) {
    let Some(worker) = state.workers.get_mut(&id) else {
        return;
    };
    worker.pid = Some(pid);
    worker.entry_table = kind.entry_table;
    worker.forked = kind.forked;
    if kind.forked {
        state.counters.forked += 1;
    } else {
        state.counters.spawned += 1;
    }
    state.pool.spawned(id);
    state.sampling.exists(state.now);
    if state.pool.state(id).is_none_or(WorkerState::is_ending) {
        out.push(Effect::Kill(id, "not-needed"));
    }
}

/// Handles the refusal of the system or of the sandbox to create a process.
pub(super) fn on_start_failed(state: &mut EngineState, out: &mut Effects, id: WorkerId, fault: StartFault) {
    let Some(worker) = state.workers.remove(&id) else {
        return;
    };
    if !state.pool.state(id).is_none_or(WorkerState::is_ending) {
        start_failed(state, out, &worker, fault);
    }
    state.pool.exited(id, state.now, &mut state.actions);
}

/// Handles a failed start. Every call of its group that waits for a process loses an attempt, which may be its last one.
pub(super) fn start_failed(state: &mut EngineState, out: &mut Effects, worker: &Worker, fault: StartFault) {
    let group = worker.group;
    let in_a_row = state.failed_starts.count(group);
    let failure = failure_of(worker, fault, in_a_row);
    let next_start = state.failed_starts.draw(group, state.now);
    let may_pass = failure.may_pass();
    let waiting: Vec<u32> = state.pool.waiting_of(group).collect();
    for number in waiting {
        let Some(call) = state.calls.get_mut(&number) else {
            continue;
        };
        call.attempts.begin(worker.started.max(call.submitted));
        state.counters.retried += u64::from(call.attempts.made > 1);
        let waits_on = may_pass
            && call
                .attempts
                .outlives_failed_start(&call.request.retry, &state.settings.backoff, next_start);
        if !waits_on && state.advance(number, Edge::NotStarted) == Step::Settle {
            state.pool.withdraw(number, state.now, &mut state.actions);
            state.settle(out, number, End::NotStarted(failure.clone()));
        }
    }
    let retry_at = may_pass.then_some(next_start);
    state
        .pool
        .start_failed(worker.id, retry_at, state.now, &mut state.actions);
    state.failed_starts.set_last(group, failure);
    forget_if_over(state, group);
}

/// A narrowed group has no other calls than those that wait, so nothing is remembered of it without them.
fn forget_if_over(state: &mut EngineState, group: GroupId) {
    if group.is_narrowed() && state.pool.waiting_of(group).next().is_none() {
        state.failed_starts.forget(group);
    }
}

/// Handles the end of a process that became ready and was never given a call. It delays the next start, because otherwise
/// processes that always end would be started in a loop.
pub(super) fn ended_unused(state: &mut EngineState, worker: &Worker, exit: Exit) {
    let group = worker.group;
    let next_start = state.failed_starts.draw(group, state.now);
    state
        .pool
        .start_failed(worker.id, Some(next_start), state.now, &mut state.actions);
    // Callers that wait for a ready process get this failure if no other process becomes ready.
    let in_a_row = state.failed_starts.in_a_row(group) + 1;
    let failure = StartFailure {
        missed: Vec::new(),
        ..failure_of(worker, StartFault::Died(exit), in_a_row)
    };
    state.failed_starts.set_last(group, failure);
    forget_if_over(state, group);
}

fn failure_of(worker: &Worker, fault: StartFault, in_a_row: u32) -> StartFailure {
    StartFailure {
        fault,
        stderr: worker.stderr.redacted::<&str>(&[]),
        in_a_row,
        denials: worker.refused.denials.clone(),
        denials_dropped: worker.refused.dropped,
        denials_unsure: worker.refused.unsure,
        missed: worker.missed.clone(),
    }
}
