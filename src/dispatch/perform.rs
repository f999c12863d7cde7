//! Carries out what the pool and the phases decided.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::call::Call;
use super::driver::Spawned;
use super::facts::{Doom, End, StartFailure, StartFault};
use super::hub::{Closing, Hub, State};
use super::outgoing::Outgoing;
use super::phase::{Effect, Phase};
use super::station::Station;
use crate::pool::{Action, WorkerId};
use crate::spawn::Captured;
use crate::worker::Nonce;
use crate::worker::frame::{self, AbortReason, CallFrame};

impl State {
    /// Everything the pool wants done, and what it wants then.
    pub(super) fn perform(&mut self, hub: &Arc<Hub>) {
        loop {
            let urgent = self.closing != Closing::Open || self.pool.waiting().next().is_some();
            let wanted = std::mem::take(&mut self.actions);
            let now = self.replacement.sort(wanted, urgent, self.now);
            if now.is_empty() {
                return;
            }
            for action in now {
                match action {
                    Action::Start(worker) => self.start(hub, worker),
                    Action::Assign(number, worker) => self.assign(hub, number, worker),
                    Action::End(worker) => self.end(hub, worker),
                    Action::Drain => {
                        hub.settings.sink.drained();
                        hub.settings.sink.flush();
                    }
                }
            }
        }
    }

    fn start(&mut self, hub: &Arc<Hub>, worker: WorkerId) {
        let now = self.now;
        self.stations
            .insert(worker, Station::new(worker, hub.settings.stderr_cap, now));
        let Some(spawner) = &self.spawner else { return };
        let replies = hub.spawned.clone();
        spawner.spawn(Arc::clone(&hub.settings.launch), move |result| {
            // A driver that is gone has ended every process: a child nobody takes is killed when it is dropped.
            let _ = replies.send(Spawned { worker, result });
        });
    }

    fn assign(&mut self, hub: &Hub, number: u32, worker: WorkerId) {
        let now = self.now;
        // Since the pool decided, in the same batch, either may have met its end.
        let Some(call) = self.calls.get_mut(&number) else {
            self.pool.release(worker, now, &mut self.actions);
            return;
        };
        let Some(station) = self.stations.get_mut(&worker).filter(|station| !station.ending) else {
            self.pool.condemn(worker, now, &mut self.actions);
            self.pool.resubmit(number, now, &mut self.actions);
            return;
        };
        let Ok(nonce) = Nonce::generate() else {
            // No secret, no call: without one an answer could be forged.
            self.doom(hub, number, Doom::NoRandomness);
            self.pool.release(worker, now, &mut self.actions);
            hub.settings.sink.flush();
            return;
        };
        call.attempts.begin(now);
        if call.attempts.made > 1 {
            self.counters.retried += 1;
        }
        call.nonce = Some(nonce);
        call.slot = station.take_slot();
        call.entered = !hub.settings.shared;
        call.pid = station.pid();
        let phase = Phase::assigned(worker, now, call.request.timeout);
        self.alarms.moved(number, call.phase.wake(), phase.wake());
        call.phase = phase;
        call.stderr = Captured::new(hub.settings.stderr_cap);
        station.calls.push(number);
        station.used = true;
        self.watch.active(now);
        let request = &call.request;
        let env = call.env_json();
        let framed = CallFrame {
            call: number,
            nonce: &nonce,
            tool_id: request.tool.as_str(),
            exec_id: request.exec.as_str(),
            attempt: request.attempt.unwrap_or(call.attempts.made),
            env: env.as_deref(),
            input: request.input.as_str(),
            config: request.config.as_str(),
            entered: hub.settings.shared && call.slot.is_none(),
            slot: call.slot,
            progress: request.progress,
            idempotency_key: request.idempotency_key.as_str(),
        }
        .append(&mut station.outgoing.waiting());
        debug_assert!(framed.is_ok(), "validation bounds what a call carries");
        mark(&mut self.dirty, &station.outgoing);
    }

    fn end(&mut self, hub: &Hub, worker: WorkerId) {
        let Some(station) = self.stations.get_mut(&worker) else {
            return;
        };
        station.ending = true;
        if hub.settings.single_use || hub.settings.grace.is_zero() || !station.ready {
            station.kill();
        } else {
            // A process that served many calls may have things to put away.
            frame::append_end(&mut station.outgoing.waiting());
            let kill_at = self.now + hub.settings.grace;
            station.kill_at = Some(kill_at);
            mark(&mut self.dirty, &station.outgoing);
        }
    }

    /// Something ends the call before its tool answered.
    pub(super) fn doom(&mut self, hub: &Hub, number: u32, why: Doom) {
        let now = self.now;
        if let Some(effect) = self.turn(number, |phase| phase.doomed(why.clone(), now, hub.settings.grace)) {
            self.apply(hub, number, effect, why);
        }
    }

    /// One transition of a call's phase that happened by itself.
    pub(super) fn step(&mut self, hub: &Hub, number: u32, transition: impl FnOnce(Phase) -> (Phase, Effect)) {
        if let Some(effect) = self.turn(number, transition) {
            let doom = self.calls.get(&number).and_then(|call| call.phase.doom());
            let why = doom.cloned().unwrap_or(Doom::Timeout);
            self.apply(hub, number, effect, why);
        }
    }

    fn turn(&mut self, number: u32, transition: impl FnOnce(Phase) -> (Phase, Effect)) -> Option<Effect> {
        let call = self.calls.get(&number)?;
        let (phase, effect) = transition(call.phase.clone());
        self.set_phase(number, phase);
        Some(effect)
    }

    pub(super) fn set_phase(&mut self, number: u32, phase: Phase) {
        if let Some(call) = self.calls.get_mut(&number) {
            self.alarms.moved(number, call.phase.wake(), phase.wake());
            call.phase = phase;
        }
    }

    /// Forgets the call: what is known of it goes out next.
    pub(super) fn take_call(&mut self, number: u32) -> Option<Call> {
        let call = self.calls.remove(&number)?;
        self.alarms.moved(number, call.phase.wake(), None);
        Some(call)
    }

    /// Carries out what a phase decided for a call.
    pub(super) fn apply(&mut self, hub: &Hub, number: u32, effect: Effect, why: Doom) {
        match effect {
            Effect::Nothing => {}
            Effect::Settle => {
                self.pool.withdraw(number, self.now, &mut self.actions);
                if let Some(call) = self.take_call(number) {
                    self.settle(hub, call, End::Doomed(why));
                }
            }
            Effect::Abort(worker) => {
                let (Some(call), Some(station)) = (self.calls.get(&number), self.stations.get_mut(&worker)) else {
                    return;
                };
                let (reason, words) = if why == Doom::Timeout {
                    (AbortReason::Timeout, None)
                } else {
                    (AbortReason::Cancelled, call.why_cancelled.as_deref())
                };
                if let Some(nonce) = &call.nonce {
                    frame::append_abort(&mut station.outgoing.waiting(), number, nonce, reason, words);
                }
                // No other call may come to a process that is about to be ended.
                self.pool.condemn(worker, self.now, &mut self.actions);
                mark(&mut self.dirty, &station.outgoing);
            }
            Effect::Kill(worker) => self.kill(worker, why),
        }
    }

    /// Kills a process under its calls.
    pub(super) fn kill(&mut self, worker: WorkerId, why: Doom) {
        self.pool.condemn(worker, self.now, &mut self.actions);
        if let Some(station) = self.stations.get_mut(&worker) {
            station.doom.get_or_insert(why);
            station.kill();
        }
    }

    /// A process that can't be believed or used any more: all its calls share its fate.
    pub(super) fn doom_all(&mut self, hub: &Hub, worker: WorkerId, why: &Doom) {
        let Some(station) = self.stations.get(&worker) else {
            return;
        };
        for number in station.calls.clone() {
            self.doom(hub, number, why.clone());
        }
        self.kill(worker, why.clone());
    }

    pub(super) fn close(&mut self, hub: &Hub, force: bool) {
        if self.closing == Closing::Done {
            hub.settings.sink.closed();
            return;
        }
        self.closing = if force || self.closing == Closing::Forced {
            Closing::Forced
        } else {
            Closing::Draining
        };
        if force {
            // Before its calls are ended one by one: no process is started for, or given, one whose turn is next.
            self.pool.dismiss();
        }
        self.pool.close(self.now, &mut self.actions);
        if force {
            for number in self.calls.keys().copied().collect::<Vec<_>>() {
                self.doom(hub, number, Doom::Closed);
            }
        }
    }

    /// Answers those who wait for readiness or for the catalogue, where there is an answer.
    pub(super) fn answer_tickets(&mut self, hub: &Hub) {
        let sink = &hub.settings.sink;
        if self.closing != Closing::Open {
            let failure = StartFailure {
                fault: StartFault::Closed,
                stderr: String::new(),
                in_a_row: 0,
                denials: Vec::new(),
                missed: Vec::new(),
            };
            self.ready_tickets
                .drain(..)
                .for_each(|ticket| sink.warmed(ticket, Err(&failure)));
            self.tools_tickets
                .drain(..)
                .for_each(|ticket| sink.tools(ticket, Err(&failure)));
            return;
        }
        // A minimum of none is always ready, and still nobody may know the tools.
        let failure = self.last_failure.as_ref().filter(|_| self.pool.gave_up());
        let tools = match (&self.tools, failure) {
            (Some(tools), _) => Some(Ok(tools.as_str())),
            (None, failure) => failure.map(Err),
        };
        if let Some(tools) = tools {
            self.tools_tickets
                .drain(..)
                .for_each(|ticket| sink.tools(ticket, tools));
        }
        let ready = if self.pool.warmed() {
            Some(Ok(()))
        } else {
            failure.map(Err)
        };
        if let Some(ready) = ready {
            self.ready_tickets
                .drain(..)
                .for_each(|ticket| sink.warmed(ticket, ready));
        }
    }

    /// Nobody drives any more: what is left can only be ended here.
    pub(super) fn give_up(&mut self, hub: &Hub) {
        if self.closing == Closing::Done {
            return;
        }
        let sink = &hub.settings.sink;
        self.actions.clear();
        self.closing = Closing::Done;
        let numbers: Vec<u32> = self.calls.keys().copied().collect();
        for number in numbers {
            if let Some(call) = self.take_call(number) {
                // What broke the driver may have been the telling; the others are to hear of it all the same.
                let told = catch_unwind(AssertUnwindSafe(|| self.settle(hub, call, End::Doomed(Doom::Broken))));
                self.counters.failed += u64::from(told.is_err());
            }
        }
        self.answer_tickets(hub);
        self.spawner = None;
        self.host_reads = None;
        sink.closed();
        sink.flush();
    }

    /// The last process is gone and no call is left: that is the end.
    pub(super) fn finish_closing(&mut self, hub: &Hub) {
        let over = matches!(self.closing, Closing::Draining | Closing::Forced)
            && self.calls.is_empty()
            && self.stations.is_empty();
        if over {
            self.closing = Closing::Done;
            self.spawner = None;
            self.host_reads = None;
            hub.settings.sink.closed();
            hub.settings.sink.flush();
            hub.clock.notify_one();
        }
    }
}

/// Notes that frames wait for a process.
pub(super) fn mark(dirty: &mut Vec<Arc<Outgoing>>, outgoing: &Arc<Outgoing>) {
    if !dirty.iter().any(|known| Arc::ptr_eq(known, outgoing)) {
        dirty.push(Arc::clone(outgoing));
    }
}
