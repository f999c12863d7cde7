//! Carries out what the pool and the phases decided.

use std::sync::Arc;
use std::time::Instant;

use super::clock::START_LIMIT;
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
    /// Everything the pool wants done.
    pub(super) fn perform(&mut self, hub: &Arc<Hub>) {
        for action in std::mem::take(&mut self.actions) {
            match action {
                Action::Start(worker) => self.start(hub, worker),
                Action::Assign(number, worker) => self.assign(hub, number, worker),
                Action::End(worker) => self.end(hub, worker),
                Action::Drain => hub.settings.sink.drained(),
            }
        }
    }

    fn start(&mut self, hub: &Arc<Hub>, worker: WorkerId) {
        let now = Instant::now();
        self.stations
            .insert(worker, Station::new(worker, hub.settings.stderr_cap, now));
        let Some(spawner) = &self.spawner else { return };
        let replies = hub.spawned.clone();
        self.due = Some(self.due.map_or(now + START_LIMIT, |due| due.min(now + START_LIMIT)));
        spawner.spawn(Arc::clone(&hub.settings.launch), move |result| {
            // A driver that is gone has ended every process: a child nobody takes is killed when it is dropped.
            let _ = replies.send(Spawned { worker, result });
        });
    }

    fn assign(&mut self, hub: &Hub, number: u32, worker: WorkerId) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        let Some(station) = self.stations.get_mut(&worker) else {
            // The pool knows no process that has no station; were it to, the call would wait for ever.
            debug_assert!(false, "a call was handed to a process that is gone");
            self.pool.resubmit(number, Instant::now(), &mut self.actions);
            return;
        };
        let Ok(nonce) = Nonce::generate() else {
            // No secret, no call: without one an answer could be forged.
            self.doom(hub, number, Doom::NoRandomness);
            self.pool.release(worker, Instant::now(), &mut self.actions);
            return;
        };
        let now = Instant::now();
        call.attempts.begin(now);
        if call.attempts.made > 1 {
            self.counters.retried += 1;
        }
        call.nonce = Some(nonce);
        call.slot = station.take_slot();
        call.entered = !hub.settings.shared;
        call.pid = station.pid();
        call.phase = Phase::assigned(worker, now, call.request.timeout);
        call.stderr = Captured::new(hub.settings.stderr_cap);
        station.calls.push(number);
        self.watch.active(now);
        let due = [call.phase.wake(), self.watch.next()].into_iter().flatten().min();
        let request = &call.request;
        let env = call.env_json();
        let framed = CallFrame {
            call: number,
            nonce: &nonce,
            tool_id: request.tool.as_str(),
            exec_id: request.exec.as_str(),
            attempt: call.attempts.made,
            env: env.as_deref(),
            input: request.input.as_str(),
            config: request.config.as_str(),
            entered: hub.settings.shared && call.slot.is_none(),
            slot: call.slot,
            progress: request.progress,
        }
        .append(&mut station.outgoing.waiting());
        debug_assert!(framed.is_ok(), "validation bounds what a call carries");
        mark(&mut self.dirty, &station.outgoing);
        if let Some(at) = due {
            self.due_at(at);
        }
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
            let kill_at = Instant::now() + hub.settings.grace;
            station.kill_at = Some(kill_at);
            mark(&mut self.dirty, &station.outgoing);
            self.due_at(kill_at);
        }
    }

    /// Something ends the call before its tool answered.
    pub(super) fn doom(&mut self, hub: &Hub, number: u32, why: Doom) {
        let Some(call) = self.calls.get_mut(&number) else {
            return;
        };
        let phase = std::mem::replace(&mut call.phase, Phase::Waiting);
        let (phase, effect) = phase.doomed(why.clone(), Instant::now(), hub.settings.grace);
        let wake = phase.wake();
        call.phase = phase;
        if let Some(at) = wake {
            self.due_at(at);
        }
        self.apply(hub, number, effect, why);
    }

    /// Carries out what a phase decided for a call.
    pub(super) fn apply(&mut self, hub: &Hub, number: u32, effect: Effect, why: Doom) {
        match effect {
            Effect::Nothing => {}
            Effect::Settle => {
                self.resting.retain(|other| *other != number);
                self.pool.withdraw(number, Instant::now(), &mut self.actions);
                if let Some(call) = self.calls.remove(&number) {
                    self.settle(hub, call, End::Doomed(why));
                }
            }
            Effect::Abort(worker) => {
                let (Some(call), Some(station)) = (self.calls.get(&number), self.stations.get_mut(&worker)) else {
                    return;
                };
                let reason = if why == Doom::Timeout {
                    AbortReason::Timeout
                } else {
                    AbortReason::Cancelled
                };
                if let Some(nonce) = &call.nonce {
                    frame::append_abort(&mut station.outgoing.waiting(), number, nonce, reason);
                }
                // No other call may come to a process that is about to be ended.
                self.pool.condemn(worker, Instant::now(), &mut self.actions);
                mark(&mut self.dirty, &station.outgoing);
            }
            Effect::Kill(worker) => self.kill(worker, why),
        }
    }

    /// Kills a process under its calls.
    pub(super) fn kill(&mut self, worker: WorkerId, why: Doom) {
        self.pool.condemn(worker, Instant::now(), &mut self.actions);
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
            for number in self.calls.keys().copied().collect::<Vec<_>>() {
                self.doom(hub, number, Doom::Closed);
            }
        }
        self.pool.close(Instant::now(), &mut self.actions);
    }

    /// Answers those who wait for readiness or for the catalogue, where there is an answer.
    pub(super) fn answer_tickets(&mut self, hub: &Hub) {
        let sink = &hub.settings.sink;
        if self.closing != Closing::Open {
            let failure = StartFailure {
                fault: StartFault::Closed,
                stderr: String::new(),
                in_a_row: 0,
            };
            self.ready_tickets
                .drain(..)
                .for_each(|ticket| sink.warmed(ticket, Err(&failure)));
            self.tools_tickets
                .drain(..)
                .for_each(|ticket| sink.tools(ticket, Err(&failure)));
            return;
        }
        if let Some(tools) = &self.tools {
            self.tools_tickets
                .drain(..)
                .for_each(|ticket| sink.tools(ticket, Ok(tools)));
        }
        if self.pool.warmed() {
            self.ready_tickets
                .drain(..)
                .for_each(|ticket| sink.warmed(ticket, Ok(())));
        } else if self.pool.gave_up()
            && let Some(failure) = &self.last_failure
        {
            self.ready_tickets
                .drain(..)
                .for_each(|ticket| sink.warmed(ticket, Err(failure)));
            self.tools_tickets
                .drain(..)
                .for_each(|ticket| sink.tools(ticket, Err(failure)));
        }
    }

    /// The last process is gone and no call is left: that is the end.
    pub(super) fn finish_closing(&mut self, hub: &Hub) {
        let over = matches!(self.closing, Closing::Draining | Closing::Forced)
            && self.calls.is_empty()
            && self.stations.is_empty();
        if over {
            self.closing = Closing::Done;
            self.spawner = None;
            self.guardian = None;
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
