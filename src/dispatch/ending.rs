//! A process is gone: what that means for the calls it served, or for those that waited for it.

use std::sync::Arc;
use std::time::Instant;

use super::call::Call;
use super::facts::{Doom, End, Facts, StartFailure, StartFault};
use super::hub::{Hub, State};
use super::phase::Phase;
use super::printed::Listeners;
use super::retry::Failure;
use super::station::Station;
use crate::pool::WorkerId;
use crate::sandbox::TakenDenials as Taken;
use crate::spawn::Exit;

impl State {
    /// The process and its group are gone and reaped.
    pub(super) fn exited(&mut self, hub: &Arc<Hub>, worker: WorkerId, exit: Exit) {
        let Some(mut station) = self.stations.remove(&worker) else {
            return;
        };
        let now = self.now;
        // No call may be handed to a process that is gone, not even one of its own that it never entered.
        self.pool.condemn(worker, now, &mut self.actions);
        let exits = &mut self.counters.exits;
        *match (&station.doom, station.ready, station.ending) {
            (Some(_), ..) => &mut exits.killed,
            (None, true, true) => &mut exits.retired,
            (None, true, false) => &mut exits.crashed,
            (None, false, _) if station.fault.is_none() && station.ending => &mut exits.retired,
            (None, false, _) => &mut exits.start_failed,
        } += 1;
        Listeners {
            calls: &mut self.calls,
            sink: &*hub.settings.sink,
        }
        .finish_all(&mut station);
        // What it never read, no tool was entered with. Where calls share a process each entry is announced.
        if !hub.settings.shared && (station.unread || station.outgoing.has_unsent()) {
            for number in &station.calls {
                if let Some(call) = self.calls.get_mut(number) {
                    call.entered = false;
                }
            }
        }
        for number in &station.calls {
            if let Some(call) = self.calls.get_mut(number) {
                call.entered |= station.noted(call.slot, *number);
            }
        }
        let entered = |number: &u32| self.calls.get(number).is_some_and(|call| call.entered);
        let blamed = station.doom.is_some() || station.calls.iter().any(entered);
        let mut told_another = false;
        // The last one first: each that goes back to the queue goes before the others.
        for number in std::mem::take(&mut station.calls).into_iter().rev() {
            if let Some(call) = self.calls.get_mut(&number) {
                call.denials_unsure |= told_another;
            }
            told_another |= self.take_denials_of(hub, station.pid(), number);
            self.orphaned(hub, &station, blamed, (number, exit), now);
        }
        let by_itself = station.doom.is_none() && !station.ending;
        if station.ready && by_itself && !station.used {
            // It came up, and ended before anybody asked it anything. Its successors must not follow each other without a
            // pause.
            let next_start = self.next_start(now);
            self.pool.start_failed(worker, Some(next_start), now, &mut self.actions);
            // Who waits for processes that stay hears of this, should no other come.
            self.last_failure = Some(StartFailure {
                fault: StartFault::Died(exit),
                stderr: station.stderr.redacted::<&str>(&[]),
                in_a_row: self.failed_starts + 1,
                denials: denials_of(hub, station.pid()).denials,
                missed: Vec::new(),
            });
        }
        if !station.ready {
            let fault = match station.fault.take() {
                Some(fault) => Some(fault),
                // Told to end before it was ready: nobody's failure.
                None if station.ending => None,
                None => Some(StartFault::Died(exit)),
            };
            if let Some(fault) = fault {
                self.start_failed(hub, &station, fault, now);
            }
        }
        self.pool.exited(worker, now, &mut self.actions);
    }

    /// There is no process: the system or the sandbox refused.
    pub(super) fn not_spawned(&mut self, hub: &Hub, worker: WorkerId, fault: StartFault) {
        let Some(station) = self.stations.remove(&worker) else {
            return;
        };
        let now = self.now;
        if !station.ending {
            self.start_failed(hub, &station, fault, now);
        }
        self.pool.exited(worker, now, &mut self.actions);
    }

    /// `blamed`: another call, or a kill, explains the end of the process.
    fn orphaned(&mut self, hub: &Hub, station: &Station, blamed: bool, (number, exit): (u32, Exit), now: Instant) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        if let Some(on) = call.phase.served() {
            call.execution_time += now - on.since;
        }
        let (end, failure) = match (call.phase.doom().cloned(), &station.doom) {
            (Some(Doom::Timeout), _) => (End::Doomed(Doom::Timeout), Some(Failure::Timeout)),
            (Some(doom), _) => (End::Doomed(doom), None),
            (None, _) if !call.entered && blamed => {
                // Its tool was never reached: it goes to another process, and no policy has to allow that.
                self.set_phase(number, Phase::Waiting);
                self.pool.resubmit(number, now, &mut self.actions);
                return;
            }
            // Neither was this one's. But a process that ends by itself whenever it is given a call must not go on for ever.
            (None, _) if !call.entered => (End::Exited(exit), Some(Failure::Unreached)),
            (None, Some(doom)) => (End::Neighbour(doom.clone()), Some(Failure::Crash)),
            (None, None) if station.left_by.is_some_and(|other| other != number) => {
                (End::Neighbour(Doom::Left), Some(Failure::Crash))
            }
            (None, None) => (End::Exited(exit), Some(Failure::Crash)),
        };
        if failure.is_some_and(|failure| self.rest(hub, number, failure, now)) {
            return;
        }
        if let Some(call) = self.take_call(number) {
            self.settle(hub, call, end);
        }
    }

    /// A start failed: every call that waits for a process has lost an attempt, and may have lost its last.
    fn start_failed(&mut self, hub: &Hub, station: &Station, fault: StartFault, now: Instant) {
        self.failed_starts += 1;
        let failure = StartFailure {
            fault,
            stderr: station.stderr.redacted::<&str>(&[]),
            in_a_row: self.failed_starts,
            denials: denials_of(hub, station.pid()).denials,
            missed: station.missed.clone(),
        };
        let next_start = self.next_start(now);
        let waiting: Vec<u32> = self.pool.waiting().collect();
        let may_pass = failure.may_pass();
        for number in waiting {
            let Some(call) = self.calls.get_mut(&number) else {
                continue;
            };
            call.attempts.begin(station.started.max(call.submitted));
            self.counters.retried += u64::from(call.attempts.made > 1);
            if may_pass
                && call
                    .attempts
                    .outlives_failed_start(&call.request.retry, &hub.settings.backoff, next_start)
            {
                continue;
            }
            self.pool.withdraw(number, now, &mut self.actions);
            if let Some(call) = self.take_call(number) {
                self.settle(hub, call, End::NotStarted(failure.clone()));
            }
        }
        self.pool
            .start_failed(station.id, may_pass.then_some(next_start), now, &mut self.actions);
        self.last_failure = Some(failure);
    }

    fn next_start(&mut self, now: Instant) -> Instant {
        self.delayed = true;
        now + self.start_delays.next_delay()
    }

    /// What the sandbox refused to this process so far belongs to this call.
    pub(super) fn take_denials(&mut self, hub: &Hub, worker: WorkerId, number: u32) {
        let station = self.stations.get(&worker);
        let pid = station.and_then(Station::pid);
        let others: Vec<u32> = station.map_or_else(Vec::new, |station| station.calls.clone());
        if !self.take_denials_of(hub, pid, number) {
            return;
        }
        // Some of it may have been theirs.
        for other in others {
            if let Some(call) = self.calls.get_mut(&other) {
                call.denials_unsure = true;
            }
        }
    }

    /// Whether there was something to take.
    fn take_denials_of(&mut self, hub: &Hub, pid: Option<u32>, number: u32) -> bool {
        let Some(call) = self.calls.get_mut(&number) else {
            return false;
        };
        let taken = denials_of(hub, pid);
        let some = !taken.denials.is_empty() || taken.dropped > 0;
        call.denials.extend(taken.denials);
        call.denials_dropped += taken.dropped;
        call.denials_unsure |= taken.unsure;
        some
    }
}

impl State {
    /// The call is over: its facts go out.
    pub(super) fn settle(&mut self, hub: &Hub, call: Call, end: End) {
        let known_tool = self.tool_ids.contains(call.request.tool.as_str());
        if hub.settings.sink.settled(facts(call, end, known_tool, self.now)) {
            self.counters.succeeded += 1;
        } else {
            self.counters.failed += 1;
        }
    }
}

/// Takes what the supervisor refused to this process since it was asked last.
fn denials_of(hub: &Hub, pid: Option<u32>) -> Taken {
    match (&hub.settings.denials, pid) {
        (Some(denials), Some(pid)) => denials.take(pid),
        _ => Taken::default(),
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
        end,
        known_tool,
        attempts: call.attempts.made,
        given_attempt: call.request.attempt,
        queue_time: now
            .saturating_duration_since(call.submitted)
            .saturating_sub(call.execution_time),
        execution_time: call.execution_time,
        timeout: call.request.timeout,
        input_bytes: call.request.input.len() as u64,
        output_bytes,
        peak_memory_mb: call.peak_memory_mb,
        pid: call.pid,
        stderr: call.stderr(),
        denials: call.denials,
        denials_complete: !call.denials_unsure && call.denials_dropped == 0,
        denials_dropped: call.denials_dropped,
        missed: call.missed,
        tool: call.request.tool,
        exec: call.request.exec,
    }
}
