//! Ends calls and processes before they end by themselves.

use super::call::{Edge, Step};
use super::effect::{Effect, Effects, FrameKind};
use super::state::EngineState;
use crate::dispatch::facts::{End, StartFault, TerminationReason};
use crate::pool::{CallId, WorkerId};
use crate::spawn::Exit;
use crate::worker::frame::{AbortReason, append_abort};

/// Ends a call before its tool has answered.
pub(super) fn terminate_call(state: &mut EngineState, out: &mut Effects, number: CallId, reason: &TerminationReason) {
    let step = state.advance(number, Edge::Terminated(reason.clone()));
    follow(state, out, number, step, reason);
}

/// Moves a call along an edge that carries no reason of its own, and does what follows from it.
pub(super) fn step_call(state: &mut EngineState, out: &mut Effects, number: CallId, edge: Edge) {
    let step = state.advance(number, edge);
    let reason = state.calls.get(&number).and_then(|call| call.phase.reason());
    let reason = reason.cloned().unwrap_or(TerminationReason::Timeout);
    follow(state, out, number, step, &reason);
}

/// Does what an edge asks for.
fn follow(state: &mut EngineState, out: &mut Effects, number: CallId, step: Step, reason: &TerminationReason) {
    match step {
        // The call was put into the queue by `advance`.
        Step::Nothing | Step::Requeue => {}
        Step::Settle => {
            state.pool.withdraw(number, state.now, &mut state.actions);
            state.settle(out, number, End::Terminated(reason.clone()));
        }
        Step::Abort(worker) => abort(state, out, worker, number, reason),
        Step::Kill(worker) => kill(state, out, worker, reason),
    }
}

/// Aborts the signal of the tool.
fn abort(state: &mut EngineState, out: &mut Effects, worker: WorkerId, number: CallId, reason: &TerminationReason) {
    let Some(call) = state.calls.get(&number) else { return };
    let (kind, words) = match reason {
        TerminationReason::Timeout => (AbortReason::Timeout, None),
        _ => (AbortReason::Cancelled, call.why_cancelled.as_deref()),
    };
    if let Some(nonce) = &call.nonce {
        let abort = FrameKind::Abort(number, reason.name());
        out.send(worker, abort, |frames| append_abort(frames, number, nonce, kind, words));
    }
    // No other call may be given to a process that is about to be killed.
    state.pool.quarantine(worker, state.now, &mut state.actions);
}

/// Kills a process while it serves calls.
pub(super) fn kill(state: &mut EngineState, out: &mut Effects, id: WorkerId, reason: &TerminationReason) {
    let starting = state.is_starting(id);
    state.pool.terminate(id, state.now, &mut state.actions);
    let Some(worker) = state.workers.get_mut(&id) else {
        return;
    };
    if starting {
        // The process exceeded a limit before it was ready. That counts as a failed start, so that the next start is delayed.
        worker
            .fault
            .get_or_insert(StartFault::Died(Exit::Signal(libc::SIGKILL)));
    }
    worker.reason.get_or_insert_with(|| reason.clone());
    kill_process(out, id, worker.pid, reason.name());
}

/// Kills a process whose start is known to have failed. Its exit reports the failure.
pub(super) fn fail_start(state: &mut EngineState, out: &mut Effects, id: WorkerId, fault: StartFault) {
    state.pool.terminate(id, state.now, &mut state.actions);
    if let Some(worker) = state.workers.get_mut(&id) {
        worker.fault.get_or_insert(fault);
        kill_process(out, id, worker.pid, "start-failed");
    }
}

/// Kills a process. One that does not exist yet is killed when it is created.
fn kill_process(out: &mut Effects, worker: WorkerId, pid: Option<u32>, why: &'static str) {
    if pid.is_some() {
        out.push(Effect::Kill(worker, why));
    }
}

/// Kills a process that is no longer needed.
pub(super) fn discard(state: &EngineState, out: &mut Effects, worker: WorkerId) {
    if let Some(worker) = state.workers.get(&worker) {
        kill_process(out, worker.id, worker.pid, "not-needed");
    }
}

/// Ends a process that cannot be trusted or used any more, and all its calls for the same reason.
pub(super) fn terminate_all(state: &mut EngineState, out: &mut Effects, id: WorkerId, reason: &TerminationReason) {
    let Some(worker) = state.workers.get(&id) else {
        return;
    };
    for number in worker.calls.clone() {
        terminate_call(state, out, number, reason);
    }
    kill(state, out, id, reason);
}
