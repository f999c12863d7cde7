//! The end of a manager, and the answers to those who wait for its processes.

use super::effect::{Effect, Effects};
use super::replacement::Replacement;
use super::state::{Closing, EngineState};
use super::terminate::terminate_call;
use crate::dispatch::facts::{End, StartFailure, TerminationReason};
use crate::pool::GroupId;

/// Refuses new calls. With `force` the accepted ones are ended as well.
pub(super) fn on_close(state: &mut EngineState, out: &mut Effects, force: bool) {
    if state.closing == Closing::Done {
        out.push(Effect::Closed);
        return;
    }
    state.closing = if force || state.closing == Closing::Forced {
        Closing::Forced
    } else {
        Closing::Draining
    };
    if force {
        // The queue is emptied before calls are ended one by one. Otherwise the end of one call would give the next one a
        // process.
        state.pool.dismiss();
    }
    state.pool.close(state.now, &mut state.actions);
    if force {
        for number in state.calls.keys().copied().collect::<Vec<_>>() {
            terminate_call(state, out, number, &TerminationReason::Closed);
        }
    }
}

/// The driver has failed. The shell kills every process, and the calls that are left fail here.
pub(super) fn on_abandoned(state: &mut EngineState, out: &mut Effects) {
    if state.closing == Closing::Done {
        return;
    }
    state.workers.clear();
    for number in state.calls.keys().copied().collect::<Vec<_>>() {
        state.settle(out, number, End::Terminated(TerminationReason::Broken));
    }
    // No process may be started any more. What is left to do is to answer questions and to report the end.
    state.pool.dismiss();
    state.pool.close(state.now, &mut state.actions);
    state.actions.clear();
    state.replacement = Replacement::default();
    state.closing = Closing::Forced;
}

/// Answers the questions about readiness and about the catalogue, where there is an answer.
pub(super) fn answer_questions(state: &mut EngineState, out: &mut Effects) {
    if state.ready_questions.is_empty() && state.tools_questions.is_empty() {
        return;
    }
    let closed = (state.closing != Closing::Open).then(StartFailure::closed);
    // With a minimum of zero the manager is always ready, although the tools may be unknown.
    let failure = match &closed {
        Some(closed) => Some(closed),
        None => state
            .failed_starts
            .last(GroupId::OWN)
            .filter(|_| state.pool.gave_up(GroupId::OWN)),
    };
    let boxed = |failure: &StartFailure| Box::new(failure.clone());
    let tools = match (state.catalogue.json(), failure) {
        (Some(tools), _) if closed.is_none() => Some(Ok(tools)),
        (_, failure) => failure.map(Err),
    };
    if let Some(tools) = tools {
        for question in state.tools_questions.drain(..) {
            let answer = tools.map(str::to_owned).map_err(boxed);
            out.push(Effect::Tools { question, answer });
        }
    }
    // Settings that name a tool are compared with the tools before `ready()` resolves.
    let checked = state.settings.tools.is_empty() || state.catalogue.json().is_some();
    let ready = if closed.is_none() && checked && state.pool.warmed() {
        Some(None)
    } else {
        failure.map(Some)
    };
    if let Some(failure) = ready {
        for question in state.ready_questions.drain(..) {
            let failure = failure.map(boxed);
            out.push(Effect::Ready { question, failure });
        }
    }
}

/// Reports the end once every process has exited and no call is left.
pub(super) fn finish(state: &mut EngineState, out: &mut Effects) {
    let closing = matches!(state.closing, Closing::Draining | Closing::Forced);
    if closing && state.calls.is_empty() && state.workers.is_empty() {
        state.closing = Closing::Done;
        out.push(Effect::Closed);
    }
}
