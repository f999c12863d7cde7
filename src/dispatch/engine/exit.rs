//! Handles the exit of a process: what follows for the calls that it served, and for those that waited for it.

use super::call::{Edge, Lost, Step};
use super::effect::Effects;
use super::entered::{AfterLoss, Channel, Loss, after_loss};
use super::event::Ended;
use super::start::{ended_unused, start_failed};
use super::state::EngineState;
use super::usage::ran_out_of_memory;
use super::worker::Worker;
use crate::dispatch::facts::{StartFault, TerminationReason};
use crate::pool::{CallId, WorkerId, WorkerState};

/// Handles the end of a process and its group, which were reaped.
pub(super) fn on_exited(state: &mut EngineState, out: &mut Effects, id: WorkerId, ended: &Ended) {
    if let Some((mut delivery, _)) = state.delivery(id, out) {
        delivery.finish_all();
    }
    let Some(mut worker) = state.workers.remove(&id) else {
        return;
    };
    if let Some(account) = ended.out_of_memory {
        ran_out_of_memory(state, &worker, account.peak);
        let reason = match account.of_the_host {
            true => TerminationReason::OutOfHostMemory,
            false => TerminationReason::OutOfMemory,
        };
        end_calls(state, &mut worker, reason);
    }
    let stood = state.pool.state(id).unwrap_or(WorkerState::Stopping);
    // No call may be given to a process that has ended, not even one of its own that it never entered.
    state.pool.terminate(id, state.now, &mut state.actions);
    count(state, stood);
    lose_calls(state, out, &mut worker, ended);
    match stood {
        WorkerState::Spawning | WorkerState::Importing | WorkerState::WarmingUp | WorkerState::Failing => {
            let fault = worker.fault.take().unwrap_or(StartFault::Died(ended.exit));
            start_failed(state, out, &worker, fault);
        }
        WorkerState::Ready | WorkerState::Retiring | WorkerState::Quarantined if !state.pool.was_used(id) => {
            ended_unused(state, &worker, ended.exit);
        }
        _ => {}
    }
    state.pool.exited(id, state.now, &mut state.actions);
}

/// Treats the calls as if this manager had killed the process for this reason a moment before.
fn end_calls(state: &mut EngineState, worker: &mut Worker, reason: TerminationReason) {
    for number in &worker.calls {
        // The process has ended already, so the step of killing it is left out.
        let _ = state.advance(*number, Edge::Terminated(reason.clone()));
    }
    state.pool.terminate(worker.id, state.now, &mut state.actions);
    worker.reason.get_or_insert(reason);
}

/// Counts the exit by `stood`, the state in which the process ended.
fn count(state: &mut EngineState, stood: WorkerState) {
    let exits = &mut state.counters.exits;
    *match stood {
        WorkerState::Terminating | WorkerState::Judged => &mut exits.killed,
        WorkerState::Stopping => &mut exits.retired,
        WorkerState::Ready | WorkerState::Retiring | WorkerState::Quarantined => &mut exits.crashed,
        WorkerState::Spawning | WorkerState::Importing | WorkerState::WarmingUp | WorkerState::Failing => {
            &mut exits.start_failed
        }
    } += 1;
}

/// Moves each call of the process on: to another process, to the delay before another attempt, or to its end.
fn lose_calls(state: &mut EngineState, out: &mut Effects, worker: &mut Worker, ended: &Ended) {
    let channel = Channel {
        announced: state.settings.announced,
        unread: worker.unread || ended.unsent,
        entry_table: &ended.entry_table,
    };
    let calls = std::mem::take(&mut worker.calls);
    let entered = |state: &EngineState, number: CallId| {
        let call = state.calls.get(&number);
        call.is_some_and(|call| call.entry.was_entered(number, channel))
    };
    let blamed = worker.reason.is_some() || calls.iter().any(|number| entered(state, *number));
    let unsure = worker.refused.unsure;
    let mut taken_by_another = false;
    // The last call is handled first, because each one that returns to the queue is put before the others.
    for number in calls.into_iter().rev() {
        let entered = entered(state, number);
        let taken = std::mem::take(&mut worker.refused);
        let some = !taken.denials.is_empty() || taken.dropped > 0;
        if let Some(call) = state.calls.get_mut(&number) {
            call.denials_unsure |= unsure || taken_by_another;
            call.add_refused(taken);
        }
        taken_by_another |= some;
        let loss = Loss {
            exit: ended.exit,
            reason: worker.reason.as_ref(),
            left_by_another: worker.left_by.is_some_and(|other| other != number),
            blamed,
        };
        on_worker_lost(state, out, number, entered, loss);
    }
}

fn on_worker_lost(state: &mut EngineState, out: &mut Effects, number: CallId, entered: bool, loss: Loss<'_>) {
    let now = state.now;
    let Some(call) = state.calls.get_mut(&number) else {
        return;
    };
    if let Some(on) = call.phase.served() {
        call.execution_time += now - on.since;
    }
    match after_loss(entered, call.phase.reason(), loss) {
        AfterLoss::AnotherProcess => {
            let step = state.advance(number, Edge::WorkerLost(Lost::AnotherProcess));
            debug_assert_eq!(step, Step::Requeue);
        }
        AfterLoss::Failed(end, failure) => {
            let again = failure.and_then(|failure| state.retry_at(number, failure));
            let lost = again.map_or(Lost::Failed, Lost::TriedAgain);
            if state.advance(number, Edge::WorkerLost(lost)) == Step::Settle {
                state.settle(out, number, end);
            }
        }
    }
}
