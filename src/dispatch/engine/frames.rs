//! Handles the frames and bytes that a process sends.

use std::time::Duration;

use super::call::{Edge, Phase, Step};
use super::effect::{Effect, Effects, FrameKind};
use super::lines::Source;
use super::retry::Failure;
use super::state::EngineState;
use super::terminate::{fail_start, step_call, terminate_all};
use crate::dispatch::facts::{End, StartFault, TerminationReason};
use crate::pool::{WorkerId, WorkerState};
use crate::worker::frame::{FrameError, FromWorker, Ready, ResultFrame, Retry, Status, append_ping};
use crate::worker::json::{MAX_DEPTH, is_too_deep};
use crate::worker::protocol::{LONGEST_NAME, MOST_NAMES};

/// How long a process may live after its channel closed before it is killed. A process that is ending exits within a few
/// milliseconds, on a busy machine within some hundred, and then its exit is reported as the cause.
const LAST_MOMENT: Duration = Duration::from_secs(1);

pub(super) fn on_frame(state: &mut EngineState, out: &mut Effects, id: WorkerId, frame: &FromWorker<'_>) {
    match *frame {
        FromWorker::Result(ref result) => on_result(state, out, id, result),
        FromWorker::Log(ref log) => {
            if let Some((mut delivery, calls)) = state.delivery(id, out) {
                delivery.frame(calls, log);
            }
        }
        FromWorker::Progress { call, nonce, json } => {
            if speaks_for(state, id, call, nonce) {
                on_progress(state, out, id, call, json);
            }
        }
        FromWorker::Entered { call, nonce } => {
            if speaks_for(state, id, call, nonce)
                && let Some(call) = state.calls.get_mut(&call)
            {
                call.entry.announced();
            }
        }
        FromWorker::AbortAck { call, nonce, listens } => {
            if speaks_for(state, id, call, nonce) {
                step_call(state, out, call, Edge::Acknowledged { listens });
            }
        }
        FromWorker::Leaving { call, nonce } => {
            if speaks_for(state, id, call, nonce)
                && let Some(worker) = state.workers.get_mut(&id)
            {
                worker.left_by = Some(call);
            }
        }
        FromWorker::Ready { json } => on_imported(state, out, id, json),
        FromWorker::Pong => on_warmed_up(state, id),
        // The reader has noted it before.
        FromWorker::Wants { .. } | FromWorker::Reads { .. } => {}
        FromWorker::Missed { call, nonce, names } => on_missed(state, id, call, nonce, names),
        // The frame only wakes the reader, which has found the frames in the ring.
        FromWorker::Printed => {}
        FromWorker::LoadFailed { json } => {
            if state.is_starting(id) {
                fail_start(state, out, id, StartFault::Load(json.to_owned()));
            }
        }
    }
}

/// Handles raw bytes from a pipe.
pub(super) fn on_printed(state: &mut EngineState, out: &mut Effects, id: WorkerId, source: Source, bytes: &[u8]) {
    let call = state.workers.get(&id).and_then(|worker| worker.only_call());
    if let Some((mut delivery, _)) = state.delivery(id, out) {
        delivery.raw(source, call, bytes);
    }
}

/// Handles bytes that are not a frame. Nothing that follows them can be trusted.
pub(super) fn on_protocol_error(state: &mut EngineState, out: &mut Effects, id: WorkerId, error: FrameError) {
    if state.is_starting(id) {
        return fail_start(state, out, id, StartFault::Protocol(error.to_string()));
    }
    let reason = match error {
        FrameError::TooLarge { .. } => TerminationReason::OutputTooLarge,
        other => TerminationReason::Protocol(other.to_string()),
    };
    terminate_all(state, out, id, &reason);
}

/// Handles the end of the channel. Most often the process is ending, and its exit follows soon and shows the cause. A process
/// that lives on without a channel can neither be given calls nor answer them.
pub(super) fn on_eof(state: &mut EngineState, id: WorkerId, unread: bool) {
    let now = state.now;
    let Some(worker) = state.workers.get_mut(&id) else {
        return;
    };
    worker.unread |= unread;
    let stands = state.pool.state(id);
    if stands.is_none_or(WorkerState::is_ending) {
        return;
    }
    worker.kill_at = Some(now + LAST_MOMENT);
    if !stands.is_some_and(WorkerState::is_starting) {
        state.pool.quarantine(id, now, &mut state.actions);
    }
}

/// Ends a process that did not end although its channel is closed.
pub(super) fn on_channel_lost(state: &mut EngineState, out: &mut Effects, id: WorkerId) {
    if state.is_starting(id) {
        let what = "it closed the channel".to_owned();
        return fail_start(state, out, id, StartFault::Protocol(what));
    }
    terminate_all(state, out, id, &TerminationReason::ChannelClosed);
}

/// Whether the process serves this call and knows its nonce.
fn speaks_for(state: &EngineState, worker: WorkerId, number: u32, nonce: [u8; 16]) -> bool {
    state.calls.get(&number).is_some_and(|call| {
        call.phase.served().is_some_and(|on| on.worker == worker)
            && call.nonce.is_some_and(|given| given.matches(&nonce))
    })
}

fn on_progress(state: &mut EngineState, out: &mut Effects, id: WorkerId, number: u32, json: &str) {
    if !state.calls.get(&number).is_some_and(|call| call.request.progress) {
        return;
    }
    if is_too_deep(json) {
        // The worker file refuses such a value, so the tool has written this one to the channel itself.
        let reason = TerminationReason::Protocol(too_deep("a progress value"));
        return terminate_all(state, out, id, &reason);
    }
    if let Some(worker) = state.workers.get_mut(&id) {
        worker.pace.progress(json.len());
    }
    out.progress(number, json);
}

fn on_missed(state: &mut EngineState, id: WorkerId, number: u32, nonce: [u8; 16], names: &str) {
    if speaks_for(state, id, number, nonce) {
        if let Some(call) = state.calls.get_mut(&number) {
            call.missed = variables(names);
        }
    } else if number == 0
        && state.is_starting(id)
        && let Some(worker) = state.workers.get_mut(&id)
    {
        worker.missed = variables(names);
    }
}

fn on_imported(state: &mut EngineState, out: &mut Effects, id: WorkerId, json: &str) {
    // READY is accepted once only, because a tool that writes to the channel must not change which tools the manager offers.
    if state.pool.state(id) != Some(WorkerState::Importing) {
        return;
    }
    if is_too_deep(json) {
        return fail_start(state, out, id, StartFault::Protocol(too_deep("its list of tools")));
    }
    let Ready {
        tools,
        entry_table,
        ring,
        warmup,
    } = match Ready::parse(json) {
        Ok(ready) => ready,
        Err(why) => return fail_start(state, out, id, StartFault::not_ready(why)),
    };
    let tools = tools.map_or_else(|| "[]".to_owned(), |tools| tools.get().to_owned());
    if !state.catalogue.take(tools, &state.settings.tools) {
        let what = "its list of tools cannot be read".to_owned();
        return fail_start(state, out, id, StartFault::Protocol(what));
    }
    if !state.catalogue.problems().is_empty() {
        let problems = state.catalogue.problems().to_vec();
        return fail_start(state, out, id, StartFault::Settings(problems));
    }
    if let Some(worker) = state.workers.get_mut(&id) {
        worker.all_in_ring = ring;
        if entry_table && worker.entry_table {
            worker.use_board(state.settings.concurrent);
        }
    }
    state.pool.imported(id);
    out.push(Effect::Imported(id));
    let waits = state
        .pool
        .group_of(id)
        .is_some_and(|group| state.pool.waiting_of(group).next().is_some());
    if !warmup && waits {
        // A call waits for this process already, and a rehearsal would only delay it.
        return on_warmed_up(state, id);
    }
    out.send(id, FrameKind::Ping, append_ping);
}

fn on_warmed_up(state: &mut EngineState, id: WorkerId) {
    if state.pool.state(id) != Some(WorkerState::WarmingUp) {
        return;
    }
    if let Some(group) = state.pool.group_of(id) {
        state.failed_starts.worked(group);
    }
    if let Some(worker) = state.workers.get_mut(&id) {
        worker.ready = Some(state.now);
    }
    state.pool.ready(id, state.now, &mut state.actions);
}

fn on_result(state: &mut EngineState, out: &mut Effects, id: WorkerId, result: &ResultFrame<'_>) {
    let number = result.call;
    if !speaks_for(state, id, number, result.nonce) {
        return;
    }
    let now = state.now;
    let Some(call) = state.calls.get_mut(&number) else {
        return;
    };
    let Phase::Running { on, .. } = call.phase else {
        return step_call(state, out, number, Edge::Answered { again_at: None });
    };
    if state.settings.single_use {
        state.replacement.answered();
    }
    call.execution_time += now - on.since;
    let slot = call.entry.slot();
    state.failed_starts.answered(call.request.group);
    let output_cap = call.request.output_cap;
    if let Some((mut delivery, _)) = state.delivery(id, out) {
        delivery.finish_of(number);
    }
    if let Some(worker) = state.workers.get_mut(&id) {
        worker.calls.retain(|other| *other != number);
        worker.give_slot(slot);
    }
    state.take_refused(id, number);
    let again_at = match result.status {
        Status::Threw => state.retry_at(number, thrown(result)),
        _ => None,
    };
    if state.advance(number, Edge::Answered { again_at }) == Step::Settle {
        let end = end_of(result, output_cap);
        state.settle(out, number, end);
    }
    state.pool.release(id, now, &mut state.actions);
}

fn thrown(result: &ResultFrame<'_>) -> Failure {
    Failure::Tool {
        retryable: match result.retry {
            Retry::Unsaid => None,
            Retry::Retryable => Some(true),
            Retry::NotRetryable => Some(false),
        },
        retry_after: result.retry_after_ms.map(|ms| Duration::from_millis(u64::from(ms))),
    }
}

/// The names of variables that a worker lists, limited to as many as the worker file lists.
fn variables(names: &str) -> Vec<String> {
    let names = names.lines().filter(|name| name.len() <= LONGEST_NAME);
    names.take(MOST_NAMES).map(str::to_owned).collect()
}

fn too_deep(what: &str) -> String {
    format!("{what} is nested deeper than {MAX_DEPTH} levels")
}

fn end_of(result: &ResultFrame<'_>, output_cap: u64) -> End {
    let text = || result.text.to_owned();
    match result.status {
        // The worker file refuses such a result, but a tool can have tampered with it.
        Status::Value if result.text.len() as u64 > output_cap => End::OutputTooLarge(Some(result.text.len() as u64)),
        Status::Value if is_too_deep(result.text) => {
            End::OutputInvalid(serde_json::json!({ "message": too_deep("it") }).to_string())
        }
        Status::Value => End::Value(text()),
        Status::Undefined => End::Undefined,
        Status::Threw => End::Threw(text()),
        Status::NotFound => End::NotFound(text()),
        Status::InputInvalid => End::InputInvalid(text()),
        Status::OutputInvalid => End::OutputInvalid(text()),
        Status::OtherGroup => End::OtherGroup,
        Status::OutputTooLarge => End::OutputTooLarge(result.text.parse().ok()),
    }
}
