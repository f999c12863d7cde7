//! The pool's state and its transitions.

use std::time::{Duration, Instant};

use super::action::{Action, Gauges, Refused};
use super::demand::Demand;
use super::group::{GroupId, Groups};
use super::limits::Limits;
use super::queue::{CallId, Queue};
use super::slots::{Slots, WorkerId, WorkerState};

/// The state of all processes and of the queue.
#[derive(Debug)]
pub struct Pool {
    pub(super) limits: Limits,
    pub(super) slots: Slots,
    pub(super) queue: Queue,
    pub(super) groups: Groups,
    /// The moment of the last event.
    pub(super) now: Option<Instant>,
    pub(super) closing: bool,
    pub(super) full: bool,
    pub(super) refill_at: Option<Instant>,
    /// Whether some process must import the entrypoint although no call waits.
    pub(super) wanted: bool,
}

impl Pool {
    /// Creates an empty pool. `patience` is how long failing starts are repeated while no call waits.
    pub fn new(limits: Limits, patience: Duration) -> Self {
        Self {
            limits,
            slots: Slots::default(),
            queue: Queue::default(),
            groups: Groups::new(patience),
            now: None,
            closing: false,
            full: false,
            refill_at: None,
            wanted: false,
        }
    }

    /// Starts processes up to the minimum. With `import`, at least one is started, even when the minimum is 0.
    pub fn warm(&mut self, import: bool, now: Instant, out: &mut Vec<Action>) {
        self.groups.get(GroupId::OWN).start_gate.asked();
        self.wanted |= import;
        self.settle(now, out);
    }

    /// Takes a new call of this group.
    pub fn submit(&mut self, call: CallId, group: GroupId, now: Instant, out: &mut Vec<Action>) -> Result<(), Refused> {
        if !self.accepts() {
            return Err(Refused);
        }
        let of_group = self.groups.get(group);
        of_group.start_gate.asked();
        of_group.called = Some(now);
        // When no call waits before it, a call that can be served at once never enters the queue.
        if !self.queue.is_empty() || !self.serve(call, group, now, out) {
            self.queue.push_back(call, group, now);
        }
        self.settle(now, out);
        Ok(())
    }

    /// An accepted call needs a process again. It is queued before all calls that came after it.
    pub fn resubmit(&mut self, call: CallId, group: GroupId, now: Instant, out: &mut Vec<Action>) {
        self.groups.get(group).start_gate.asked();
        self.queue.push_front(call, group, now);
        self.settle(now, out);
    }

    /// Removes a waiting call from the queue. Returns false when it was not waiting.
    pub fn withdraw(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) -> bool {
        let group = self.queue.remove(call);
        self.settle(now, out);
        if let Some(group) = group {
            self.forget_if_over(group);
        }
        group.is_some()
    }

    /// The system has created the process that was requested.
    pub fn spawned(&mut self, worker: WorkerId) {
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state == WorkerState::Spawning
        {
            slot.state = WorkerState::Importing;
        }
    }

    /// The process has imported the entrypoint.
    pub fn imported(&mut self, worker: WorkerId) {
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state.is_starting()
        {
            slot.state = WorkerState::WarmingUp;
        }
    }

    /// The process can serve calls.
    pub fn ready(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker) {
            self.groups.get(slot.group).start_gate.came_up(now);
            self.wanted = false;
            if slot.state.is_starting() {
                slot.state = WorkerState::Ready;
                slot.ready_since = now;
                slot.idle_since = now;
            }
        }
        self.settle(now, out);
    }

    /// A start failed. The slot becomes free with [`exited`](Self::exited). `retry_at` is the earliest time of the next start;
    /// `None` means that another start is pointless until a call asks for it.
    pub fn start_failed(&mut self, worker: WorkerId, retry_at: Option<Instant>, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker) {
            self.groups.get(slot.group).start_gate.failed(now, retry_at);
            self.wanted &= retry_at.is_some() || slot.group != GroupId::OWN;
            slot.state = WorkerState::Judged;
        }
        self.settle(now, out);
    }

    /// A call on this process ended, and the process can take the next one.
    pub fn release(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        let limits = &self.limits;
        if let Some(slot) = self.slots.get_mut(worker) {
            self.groups.get(slot.group).start_gate.proved_useful();
            slot.in_flight = slot.in_flight.saturating_sub(1);
            slot.idle_since = now;
            if slot.state == WorkerState::Ready && limits.served_out(slot.group, slot.served) {
                slot.state = WorkerState::Retiring;
            }
            if slot.state == WorkerState::Retiring && slot.in_flight == 0 {
                slot.state = WorkerState::Stopping;
                out.push(Action::End(worker));
            }
        }
        self.refill_at = None;
        self.settle(now, out);
    }

    /// Gives the process no further call. It ends once its calls in flight are over.
    pub fn retire(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state == WorkerState::Ready
        {
            slot.state = if slot.in_flight == 0 {
                WorkerState::Stopping
            } else {
                WorkerState::Retiring
            };
            if slot.in_flight == 0 {
                out.push(Action::End(worker));
            }
        }
        self.settle(now, out);
    }

    /// Gives the process no further call. It may still answer those that it has.
    pub fn quarantine(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        self.give_up(worker, WorkerState::Quarantined, now, out);
    }

    /// The process is being killed, or has ended. If that was a failed start, [`start_failed`](Self::start_failed) follows
    /// before [`exited`](Self::exited).
    pub fn terminate(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        self.give_up(worker, WorkerState::Terminating, now, out);
    }

    fn give_up(&mut self, worker: WorkerId, next: WorkerState, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker) {
            slot.state = match slot.state {
                WorkerState::Ready | WorkerState::Retiring => next,
                WorkerState::Quarantined if next == WorkerState::Terminating => next,
                state if state.is_starting() => WorkerState::Failing,
                state => state,
            };
        }
        self.settle(now, out);
    }

    /// The process has ended and was reaped.
    pub fn exited(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        let group = self.slots.remove(worker).map(|slot| slot.group);
        self.refill_at = None;
        self.settle(now, out);
        if let Some(group) = group {
            self.forget_if_over(group);
        }
    }

    /// Does what is due at `now`. It must be called at [`next_wake`](Self::next_wake).
    pub fn tick(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.retire_unused(now, out);
        self.settle(now, out);
    }

    /// When [`tick`](Self::tick) has something to do if nothing else happens before.
    pub fn next_wake(&self) -> Option<Instant> {
        let demand = self.demand(self.now?);
        let opening = demand.next_opening(!self.closing, self.wanted);
        [demand.next_surplus(), opening, demand.next_claim(), self.refill_at]
            .into_iter()
            .flatten()
            .min()
    }

    /// Closes the pool: no new call comes, the waiting calls are served, and then every process ends.
    pub fn close(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.closing = true;
        self.wanted = false;
        self.settle(now, out);
    }

    /// Drops every waiting call; the caller is about to settle them itself.
    pub fn dismiss(&mut self) {
        self.queue.clear();
    }

    /// Whether any call waits.
    pub fn has_waiting(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The waiting calls of a group, in the order of their arrival.
    pub fn waiting_of(&self, group: GroupId) -> impl Iterator<Item = CallId> {
        self.queue.of(group).map(|waiting| waiting.call)
    }

    /// The group that the process serves; `None` once it has exited.
    pub fn group_of(&self, worker: WorkerId) -> Option<GroupId> {
        self.slots.get(worker).map(|slot| slot.group)
    }

    /// The state of the process; `None` once it has exited.
    pub fn state(&self, worker: WorkerId) -> Option<WorkerState> {
        self.slots.get(worker).map(|slot| slot.state)
    }

    /// Whether the process was ever given a call.
    pub fn was_used(&self, worker: WorkerId) -> bool {
        self.slots.get(worker).is_some_and(|slot| slot.served > 0)
    }

    /// Whether as many processes as the minimum asks for have imported the entrypoint. Processes that serve their last call
    /// count, because under a steady load there may never be an idle one; and those of other groups, because calls may need
    /// every place for them.
    pub fn warmed(&self) -> bool {
        let up = |state| matches!(state, WorkerState::Ready | WorkerState::Retiring);
        self.slots.iter().filter(|slot| up(slot.state)).count() >= self.limits.min
    }

    /// Prewarming of the group is off after repeated or permanent start failures.
    pub fn gave_up(&self, group: GroupId) -> bool {
        self.groups.gate(group).is_some_and(|gate| !gate.prewarm)
    }

    /// Whether a start of the group failed since a process of it proved useful.
    #[cfg(test)]
    pub(super) fn has_failed(&self, group: GroupId) -> bool {
        self.groups.gate(group).is_some_and(|gate| gate.has_failed())
    }

    /// The pool in numbers.
    pub fn gauges(&self) -> Gauges {
        let idle = self.slots.idle();
        Gauges {
            starting: self.slots.starting(),
            idle,
            busy: self.slots.iter().filter(|slot| slot.in_flight > 0).count(),
            queued: self.queue.len(),
        }
    }

    pub(super) fn demand(&self, now: Instant) -> Demand<'_> {
        Demand {
            limits: &self.limits,
            queue: &self.queue,
            slots: &self.slots,
            groups: &self.groups,
            now,
        }
    }
}
