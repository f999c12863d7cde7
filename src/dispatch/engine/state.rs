//! All calls and processes of a manager, and the steps that touch several of them at once.

use std::sync::Arc;
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::alarms::Alarms;
use super::call::{Call, Edge, Phase, Step};
use super::catalogue::Catalogue;
use super::counters::Counters;
use super::effect::Effects;
use super::failed_starts::FailedStarts;
use super::lines::Delivery;
use super::replacement::Replacement;
use super::retry::Failure;
use super::sampling::Sampling;
use super::worker::Worker;
use crate::config::{BackoffLimits, ToolTable};
use crate::dispatch::facts::{End, Facts};
use crate::pool::{Action, CallId, GroupId, Pool, WorkerId, WorkerState};
use crate::worker::Nonce;

/// What does not change while the manager lives.
pub(in crate::dispatch) struct EngineSettings {
    /// How long a process that is asked to end may take.
    pub(in crate::dispatch) grace: Duration,
    pub(in crate::dispatch) backoff: BackoffLimits,
    pub(in crate::dispatch) stderr_cap: usize,
    /// The largest result of tools without a limit of their own.
    pub(in crate::dispatch) output_cap: u64,
    /// The memory limit of each group, by the group's number.
    pub(in crate::dispatch) memory_mb: Vec<u64>,
    /// The settings of single tools.
    pub(in crate::dispatch) tools: Arc<ToolTable>,
    /// Every process serves a single call.
    pub(in crate::dispatch) single_use: bool,
    /// Processes announce the entry of each call: several may be in flight in one, or the system does not tell what a process that
    /// has ended left unread.
    pub(in crate::dispatch) announced: bool,
    /// How many calls one process may have in flight.
    pub(in crate::dispatch) concurrent: usize,
    /// Draws the secret of an attempt; `None` where the system provides no random bytes.
    pub(in crate::dispatch) nonce: fn() -> Option<Nonce>,
}

/// How far the end of the manager has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::dispatch) enum Closing {
    /// It accepts calls.
    Open,
    /// It finishes the calls that it has.
    Draining,
    /// It ends the calls that it has.
    Forced,
    /// Every process has ended.
    Done,
}

pub(super) struct EngineState {
    pub(super) settings: EngineSettings,
    /// The moment of the event that is being handled.
    pub(super) now: Instant,
    pub(super) pool: Pool,
    pub(super) calls: FxHashMap<CallId, Call>,
    pub(super) workers: FxHashMap<WorkerId, Worker>,
    /// The alarms of the calls' phases.
    pub(super) alarms: Alarms,
    pub(super) closing: Closing,
    /// What the pool asks for and is not carried out yet.
    pub(super) actions: Vec<Action>,
    /// The part of it that is being carried out; empty between two events.
    pub(super) ready_actions: Vec<Action>,
    /// The replacement of processes that served their only call.
    pub(super) replacement: Replacement,
    pub(super) failed_starts: FailedStarts,
    pub(super) catalogue: Catalogue,
    pub(super) ready_questions: Vec<u32>,
    pub(super) tools_questions: Vec<u32>,
    pub(super) counters: Counters,
    pub(super) sampling: Sampling,
    /// Somebody listens to every line.
    pub(super) logs_wanted: bool,
}

impl EngineState {
    pub(super) fn new(settings: EngineSettings, pool: Pool, now: Instant) -> Self {
        let failed_starts = FailedStarts::new(settings.backoff);
        Self {
            settings,
            now,
            pool,
            calls: FxHashMap::default(),
            workers: FxHashMap::default(),
            alarms: Alarms::default(),
            closing: Closing::Open,
            actions: Vec::new(),
            ready_actions: Vec::new(),
            replacement: Replacement::default(),
            failed_starts,
            catalogue: Catalogue::default(),
            ready_questions: Vec::new(),
            tools_questions: Vec::new(),
            counters: Counters::default(),
            sampling: Sampling::default(),
            logs_wanted: false,
        }
    }

    /// Moves a call along one edge, and its alarm with it. The caller must do what the returned step asks for, except that a
    /// call that waits for a process again is put into the queue here.
    pub(super) fn advance(&mut self, number: CallId, edge: Edge) -> Step {
        let Some(call) = self.calls.get_mut(&number) else {
            return Step::Nothing;
        };
        let before = call.phase.wake();
        let phase = std::mem::replace(&mut call.phase, Phase::Over);
        let (phase, step) = phase.next(edge, self.now, call.request.grace);
        self.alarms.moved(number, before, phase.wake());
        call.phase = phase;
        if step == Step::Requeue {
            let group = call.request.group;
            self.pool.resubmit(number, group, self.now, &mut self.actions);
        }
        step
    }

    /// When the call is tried again after this failure; `None` where it is not.
    pub(super) fn retry_at(&mut self, number: CallId, failure: Failure) -> Option<Instant> {
        let forced = self.closing == Closing::Forced;
        let call = self.calls.get_mut(&number).filter(|call| !forced && !call.cancelled)?;
        call.attempts
            .next(failure, &call.request.retry, &self.settings.backoff, self.now)
    }

    /// Forgets a call and reports how it ended.
    pub(super) fn settle(&mut self, out: &mut Effects, number: CallId, end: End) {
        let Some(call) = self.calls.remove(&number) else { return };
        self.alarms.moved(number, call.phase.wake(), None);
        if end.is_success() {
            self.counters.succeeded += 1;
        } else {
            self.counters.failed += 1;
        }
        let known_tool = self.catalogue.has(call.request.tool.as_str());
        out.settle(facts(call, end, known_tool, self.now));
    }

    /// Attributes to this call what the sandbox has refused to the process so far.
    pub(super) fn take_refused(&mut self, worker: WorkerId, number: CallId) {
        let Some(worker) = self.workers.get_mut(&worker) else {
            return;
        };
        let taken = std::mem::take(&mut worker.refused);
        if !taken.denials.is_empty() || taken.dropped > 0 {
            // Some of the refusals may belong to the other calls.
            for other in worker.calls.iter().filter(|other| **other != number) {
                if let Some(call) = self.calls.get_mut(other) {
                    call.denials_unsure = true;
                }
            }
        }
        if let Some(call) = self.calls.get_mut(&number) {
            call.add_refused(taken);
        }
    }

    /// What delivers the lines of a process, and the calls that it serves.
    pub(super) fn delivery<'a>(
        &'a mut self,
        worker: WorkerId,
        out: &'a mut Effects,
    ) -> Option<(Delivery<'a>, &'a [CallId])> {
        let worker = self.workers.get_mut(&worker)?;
        let delivery = Delivery {
            calls: &mut self.calls,
            lines: &mut worker.lines,
            pace: &mut worker.pace,
            stderr: &mut worker.stderr,
            out,
            all_wanted: self.logs_wanted,
        };
        Some((delivery, &worker.calls))
    }

    /// Whether the process exists and is not ready yet.
    pub(super) fn is_starting(&self, worker: WorkerId) -> bool {
        self.pool.state(worker).is_some_and(WorkerState::is_starting)
    }

    /// The memory limit of a group's processes in MiB; 0: none.
    pub(super) fn memory_mb(&self, group: GroupId) -> u64 {
        let limits = &self.settings.memory_mb;
        let of_group = limits.get(group.base as usize).or_else(|| limits.first());
        of_group.copied().unwrap_or(0)
    }
}

/// The account of a call that is over.
fn facts(call: Call, end: End, known_tool: bool, now: Instant) -> Facts {
    let output_bytes = match &end {
        End::Value(text) | End::Threw(text) => text.len() as u64,
        _ => 0,
    };
    Facts {
        call: call.request.number,
        group: call.request.group,
        end,
        known_tool,
        attempts: call.attempts.made,
        given_attempt: call.request.attempt,
        queue_time: now
            .saturating_duration_since(call.submitted)
            .saturating_sub(call.execution_time),
        start_time: call.start_time,
        execution_time: call.execution_time,
        timeout: call.request.timeout,
        input_bytes: call.request.input.len() as u64,
        output_bytes,
        peak_memory_mb: call.peak_memory_mb,
        pid: call.pid,
        forked: call.forked,
        stderr: call.stderr(),
        denials: call.denials,
        denials_complete: !call.denials_unsure && call.denials_dropped == 0,
        denials_dropped: call.denials_dropped,
        missed: call.missed,
        tool: call.request.tool,
        exec: call.request.exec,
    }
}
