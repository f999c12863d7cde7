//! Carries out what the pool decided: processes are started and ended, calls are given to processes.

use std::mem::take;
use std::time::Duration;

use super::call::Edge;
use super::effect::{Effect, Effects, FrameKind};
use super::entered::Entry;
use super::state::{Closing, EngineState};
use super::terminate::{discard, terminate_call};
use super::worker::Worker;
use crate::dispatch::facts::TerminationReason;
use crate::pool::{Action, CallId, GroupId, WorkerId, WorkerState};
use crate::spawn::Captured;
use crate::worker::frame::{CallFrame, append_end};

/// Carries out the actions of the pool, and those that follow from them.
pub(super) fn carry_out(state: &mut EngineState, out: &mut Effects) {
    if state.closing == Closing::Done {
        // The driver has ended, so nobody would supervise a new process.
        state.actions.clear();
        return;
    }
    while !state.actions.is_empty() || state.replacement.has_work() {
        let urgent = state.closing != Closing::Open || state.pool.has_waiting();
        // Both vectors are put back when they are empty, so that their memory is used again.
        let (mut wanted, mut ready) = (take(&mut state.actions), take(&mut state.ready_actions));
        state.replacement.sort(&mut wanted, urgent, state.now, &mut ready);
        state.actions = wanted;
        let none = ready.is_empty();
        for action in ready.drain(..) {
            match action {
                Action::Start(worker, group) => start(state, out, worker, group),
                Action::Assign(number, worker) => assign(state, out, number, worker),
                Action::End(worker) => end(state, out, worker),
                Action::Discard(worker) => discard(state, out, worker),
                Action::Drain => out.push(Effect::Drained),
            }
        }
        state.ready_actions = ready;
        if none {
            return;
        }
    }
}

fn start(state: &mut EngineState, out: &mut Effects, id: WorkerId, group: GroupId) {
    let worker = Worker::new(id, group, state.settings.stderr_cap, state.now);
    state.workers.insert(id, worker);
    out.push(Effect::Start(id, group));
}

fn assign(state: &mut EngineState, out: &mut Effects, number: CallId, id: WorkerId) {
    let now = state.now;
    // The call or the process may have ended since the pool decided.
    let Some(group) = state.calls.get(&number).map(|call| call.request.group) else {
        state.pool.release(id, now, &mut state.actions);
        return;
    };
    let serves = matches!(state.pool.state(id), Some(WorkerState::Ready | WorkerState::Retiring));
    // The pool keeps groups apart; no mistake of it may give a call to a process that can do more.
    let is_of_group = state.workers.get(&id).is_some_and(|worker| worker.group == group);
    debug_assert!(
        state.workers.get(&id).is_none_or(|worker| worker.group == group),
        "a call of another group"
    );
    if !serves || !is_of_group {
        state.pool.resubmit(number, group, now, &mut state.actions);
        return;
    }
    let Some(nonce) = (state.settings.nonce)() else {
        // Without a secret an answer could be forged, so the call fails.
        terminate_call(state, out, number, &TerminationReason::NoRandomness);
        state.pool.release(id, now, &mut state.actions);
        return;
    };
    let (Some(call), Some(worker)) = (state.calls.get_mut(&number), state.workers.get_mut(&id)) else {
        return;
    };
    call.attempts.begin(now);
    state.counters.retried += u64::from(call.attempts.made > 1);
    let waited_from = worker.started.max(call.submitted);
    call.start_time += worker
        .ready
        .map_or(Duration::ZERO, |ready| ready.saturating_duration_since(waited_from));
    let announced = state.settings.announced;
    let slot = worker.take_slot();
    call.nonce = Some(nonce);
    call.entry = Entry::assigned(announced, slot);
    call.pid = worker.pid;
    call.forked = worker.forked;
    call.stderr = Captured::new(state.settings.stderr_cap);
    worker.served = true;
    worker.calls.push(number);
    state.sampling.active(now);
    let request = &call.request;
    let env = call.env_json();
    let frame = CallFrame {
        call: number,
        nonce: &nonce,
        tool_id: request.tool.as_str(),
        exec_id: request.exec.as_str(),
        attempt: request.attempt.unwrap_or(call.attempts.made),
        env: env.as_deref(),
        input: request.input.as_str(),
        config: request.config.as_str(),
        entered: call.entry.needs_frame(announced),
        slot,
        progress: request.progress,
        output_cap: (request.output_cap != state.settings.output_cap).then_some(request.output_cap),
        idempotency_key: request.idempotency_key.as_str(),
    };
    out.send(id, FrameKind::Call(number), |frames| {
        let framed = frame.append(frames);
        debug_assert!(framed.is_ok(), "validation bounds what a call carries");
    });
    let timeout = request.timeout;
    let _ = state.advance(number, Edge::Assigned { worker: id, timeout });
}

/// Ends a process that was ready and is no longer needed.
fn end(state: &mut EngineState, out: &mut Effects, id: WorkerId) {
    if state.settings.single_use && state.workers.get(&id).is_some_and(|worker| worker.served) {
        out.push(Effect::KillServed(id));
    } else if state.settings.single_use || state.settings.grace.is_zero() {
        discard(state, out, id);
    } else if let Some(worker) = state.workers.get_mut(&id) {
        // A process that served many calls may have to clean up, so it is asked to end and is killed only later.
        worker.kill_at = Some(state.now + state.settings.grace);
        out.send(id, FrameKind::End, append_end);
    }
}
