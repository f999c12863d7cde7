//! The engine: it takes events and gives effects.

use std::time::Instant;

use super::assign::carry_out;
use super::call::{Call, Request};
use super::close::{answer_questions, finish, on_abandoned, on_close};
use super::counters::Counters;
use super::effect::{Effects, Refusal};
use super::event::Event;
use super::exit::on_exited;
use super::frames::{on_eof, on_frame, on_printed, on_protocol_error};
use super::start::{Kind, on_start_failed, on_started};
use super::state::{Closing, EngineSettings, EngineState};
use super::terminate::terminate_call;
use super::tick::{next_wake, on_tick};
use super::usage::on_usage;
use crate::dispatch::facts::TerminationReason;
use crate::pool::{Gauges, Pool, WorkerId, WorkerState};

/// Everything a manager knows and decides.
pub(in crate::dispatch) struct Engine {
    pub(super) state: EngineState,
}

/// What the reader of a process has to know after it has read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::dispatch) struct Reading {
    /// The process serves calls.
    pub(in crate::dispatch) serves: bool,
    /// All its frames come through the ring.
    pub(in crate::dispatch) all_in_ring: bool,
    /// The process has sent more than its share and must not be read before this moment.
    pub(in crate::dispatch) rests_until: Option<Instant>,
}

impl Engine {
    pub(in crate::dispatch) fn new(settings: EngineSettings, pool: Pool, now: Instant) -> Self {
        Self {
            state: EngineState::new(settings, pool, now),
        }
    }

    /// Handles an event that happened at `now`, and adds what has to be done to `out`. After the last one of the events that
    /// came together [`decide`](Self::decide) must be called.
    pub(in crate::dispatch) fn on(&mut self, event: Event<'_>, now: Instant, out: &mut Effects) {
        let state = &mut self.state;
        state.now = now;
        match event {
            Event::Submit(request) => submit(state, out, request),
            Event::Cancel { call: number, why } => {
                if let Some(call) = state.calls.get_mut(&number) {
                    call.cancelled = true;
                    call.why_cancelled = why;
                    terminate_call(state, out, number, &TerminationReason::Cancelled);
                }
            }
            Event::Warm => state.pool.warm(false, now, &mut state.actions),
            Event::AskReady(question) => {
                state.ready_questions.push(question);
                let unchecked = !state.settings.tools.is_empty() && state.catalogue.json().is_none();
                state.pool.warm(unchecked, now, &mut state.actions);
            }
            Event::AskTools(question) => {
                state.tools_questions.push(question);
                if state.catalogue.json().is_none() {
                    state.pool.warm(true, now, &mut state.actions);
                }
            }
            Event::Close { force } => on_close(state, out, force),
            Event::Started {
                worker,
                pid,
                entry_table,
                forked,
            } => on_started(state, out, worker, pid, Kind { entry_table, forked }),
            Event::StartFailed { worker, fault } => on_start_failed(state, out, worker, fault),
            Event::Frame { worker, frame } => on_frame(state, out, worker, &frame),
            Event::BadFrame { worker, error } => on_protocol_error(state, out, worker, error),
            Event::Printed { worker, source, bytes } => on_printed(state, out, worker, source, bytes),
            Event::Refused { worker, taken } => {
                if let Some(worker) = state.workers.get_mut(&worker) {
                    worker.add_refused(taken);
                }
            }
            Event::Eof { worker, unread } => on_eof(state, worker, unread),
            Event::Exited { worker, ended } => on_exited(state, out, worker, &ended),
            Event::Usage(samples) => on_usage(state, out, samples),
            Event::Tick => on_tick(state, out),
            Event::Abandoned => on_abandoned(state, out),
        }
    }

    /// Starts and ends processes and gives calls to processes, after all events that came together were handled. Otherwise a
    /// call could be given to a process that one of these events frees and the next one ends.
    pub(in crate::dispatch) fn decide(&mut self, out: &mut Effects) {
        answer_questions(&mut self.state, out);
        carry_out(&mut self.state, out);
        finish(&mut self.state, out);
    }

    /// When [`Event::Tick`] is due, if nothing else happens.
    pub(in crate::dispatch) fn next_wake(&self) -> Option<Instant> {
        (self.state.closing != Closing::Done).then(|| next_wake(&self.state))?
    }

    /// When the phase of a call ends by itself next. The shell reads what processes have sent by then before it lets this time pass.
    pub(in crate::dispatch) fn next_deadline(&self) -> Option<Instant> {
        self.state.alarms.next()
    }

    /// When [`Event::Usage`] is due next.
    pub(in crate::dispatch) fn next_sample(&self) -> Option<Instant> {
        self.state.sampling.next()
    }

    /// The processes to measure: those that run and are not being killed.
    pub(in crate::dispatch) fn measured(&self) -> impl Iterator<Item = WorkerId> {
        let pool = &self.state.pool;
        self.state
            .workers
            .values()
            .filter(|worker| {
                worker.pid.is_some() && pool.state(worker.id).is_some_and(|stands| !stands.is_being_killed())
            })
            .map(|worker| worker.id)
    }

    /// What the reader of this process has to know, as of `now`.
    pub(in crate::dispatch) fn reading(&mut self, worker: WorkerId, now: Instant) -> Reading {
        let stands = self.state.pool.state(worker);
        let Some(worker) = self.state.workers.get_mut(&worker) else {
            return Reading::default();
        };
        Reading {
            serves: matches!(
                stands,
                Some(WorkerState::Ready | WorkerState::Retiring | WorkerState::Quarantined)
            ),
            all_in_ring: worker.all_in_ring,
            rests_until: worker.pace.rest(now).map(|rest| now + rest),
        }
    }

    /// Sets whether somebody listens to every line.
    pub(in crate::dispatch) fn listen(&mut self, logs_wanted: bool) {
        self.state.logs_wanted = logs_wanted;
    }

    pub(in crate::dispatch) fn closing(&self) -> Closing {
        self.state.closing
    }

    pub(in crate::dispatch) fn gauges(&self) -> Gauges {
        self.state.pool.gauges()
    }

    pub(in crate::dispatch) fn counters(&self) -> Counters {
        self.state.counters
    }

    /// The memory of all processes in bytes, as it was measured last.
    pub(in crate::dispatch) fn resident_bytes(&self) -> u64 {
        self.state.workers.values().map(|worker| worker.memory).sum()
    }
}

fn submit(state: &mut EngineState, out: &mut Effects, request: Request) {
    let number = request.number;
    let now = state.now;
    if state.closing != Closing::Open {
        out.refused.push((request, Refusal::Closed));
    } else if state
        .pool
        .submit(number, request.group, now, &mut state.actions)
        .is_err()
    {
        out.refused.push((request, Refusal::QueueFull));
    } else {
        state.counters.started += 1;
        let call = Call::new(request, state.settings.stderr_cap, now);
        state.calls.insert(number, call);
    }
}
