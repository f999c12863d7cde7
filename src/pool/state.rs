//! The pool's state and its transitions.

use std::time::{Duration, Instant};

use super::action::{Action, Gauges, Refused};
use super::limits::{Limits, REFILL_PATIENCE};
use super::queue::{CallId, Queue};
use super::slots::{Slot, Slots, WorkerId, WorkerState};
use super::start_gate::StartGate;

/// The state of all processes and of the queue.
#[derive(Debug)]
pub struct Pool {
    limits: Limits,
    slots: Slots,
    queue: Queue,
    start_gate: StartGate,
    closing: bool,
    full: bool,
    refill_at: Option<Instant>,
    /// Whether some process must import the entrypoint although no call waits.
    wanted: bool,
}

impl Pool {
    /// Creates an empty pool. `patience` is how long failing starts are repeated while no call waits.
    pub fn new(limits: Limits, patience: Duration) -> Self {
        Self {
            limits,
            slots: Slots::default(),
            queue: Queue::default(),
            start_gate: StartGate::new(patience),
            closing: false,
            full: false,
            refill_at: None,
            wanted: false,
        }
    }

    /// Starts processes up to the minimum. With `import`, at least one is started, even when the minimum is 0.
    pub fn warm(&mut self, import: bool, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.asked();
        self.wanted |= import;
        self.settle(now, out);
    }

    /// Takes a new call.
    pub fn submit(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) -> Result<(), Refused> {
        if !self.accepts() {
            return Err(Refused);
        }
        self.start_gate.asked();
        // When no call waits before it, a call that can be served at once never enters the queue.
        if !self.queue.is_empty() || !self.serve(call, now, out) {
            self.queue.push_back(call);
        }
        self.settle(now, out);
        Ok(())
    }

    /// An accepted call needs a process again. It is queued before all calls that came after it.
    pub fn resubmit(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.asked();
        self.queue.push_front(call);
        self.settle(now, out);
    }

    /// Removes a waiting call from the queue. Returns false when it was not waiting.
    pub fn withdraw(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) -> bool {
        let waited = self.queue.remove(call);
        self.settle(now, out);
        waited
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
        self.start_gate.came_up(now);
        self.wanted = false;
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state.is_starting()
        {
            slot.state = WorkerState::Ready;
            slot.idle_since = now;
        }
        self.settle(now, out);
    }

    /// A start failed. The slot becomes free with [`exited`](Self::exited). `retry_at` is the earliest time of the next start;
    /// `None` means that another start is pointless until a call asks for it.
    pub fn start_failed(&mut self, worker: WorkerId, retry_at: Option<Instant>, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.failed(now, retry_at);
        if retry_at.is_none() {
            self.wanted = false;
        }
        if let Some(slot) = self.slots.get_mut(worker) {
            slot.state = WorkerState::Judged;
        }
        self.settle(now, out);
    }

    /// A call on this process ended, and the process can take the next one.
    pub fn release(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.proved_useful();
        let limits = &self.limits;
        if let Some(slot) = self.slots.get_mut(worker) {
            slot.in_flight = slot.in_flight.saturating_sub(1);
            slot.idle_since = now;
            if slot.state == WorkerState::Ready && limits.served_out(slot.served) {
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
        self.slots.remove(worker);
        self.refill_at = None;
        self.settle(now, out);
    }

    /// Does what is due at `now`. It must be called at [`next_wake`](Self::next_wake).
    pub fn tick(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.retire_unused(now, out);
        self.settle(now, out);
    }

    /// When [`tick`](Self::tick) has something to do if nothing else happens before.
    pub fn next_wake(&self) -> Option<Instant> {
        let idle = self
            .surplus()
            .then(|| self.oldest_idle())
            .flatten()
            .map(|since| since + self.limits.idle);
        // While a start is in progress the gate waits for its result, not for a time.
        let start = self
            .start_gate
            .opens_at()
            .filter(|_| self.slots.starting() == 0 && self.start_needed());
        [idle, start, self.refill_at].into_iter().flatten().min()
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

    /// The waiting calls, in the order of their arrival.
    pub fn waiting(&self) -> impl Iterator<Item = CallId> {
        self.queue.iter()
    }

    /// The state of the process; `None` once it has exited.
    pub fn state(&self, worker: WorkerId) -> Option<WorkerState> {
        self.slots.get(worker).map(|slot| slot.state)
    }

    /// Whether the process was ever given a call.
    pub fn was_used(&self, worker: WorkerId) -> bool {
        self.slots.get(worker).is_some_and(|slot| slot.served > 0)
    }

    /// Whether as many processes as the minimum asks for have imported the entrypoint. Processes that serve their last
    /// call count, because under a steady load there may never be an idle one.
    pub fn warmed(&self) -> bool {
        self.slots.count(WorkerState::Ready) + self.slots.count(WorkerState::Retiring) >= self.limits.min
    }

    /// Prewarming is off after repeated or permanent start failures.
    pub fn gave_up(&self) -> bool {
        !self.start_gate.prewarm
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

    fn settle(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.assign(now, out);
        self.start(now, out);
        if self.closing && self.queue.is_empty() {
            self.end_idle(out);
        }
        let full = !self.accepts();
        if self.full && !full && !self.closing {
            out.push(Action::Drain);
        }
        self.full = full;
    }

    fn assign(&mut self, now: Instant, out: &mut Vec<Action>) {
        while let Some(call) = self.queue.first() {
            if !self.serve(call, now, out) {
                break;
            }
            self.queue.pop_front();
        }
    }

    /// Assigns the call to a process; false when none has capacity.
    fn serve(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) -> bool {
        let Some(slot) = self.slots.best(self.limits.concurrent) else {
            return false;
        };
        slot.in_flight += 1;
        slot.served += 1;
        slot.idle_since = now;
        if self.limits.served_out(slot.served) {
            slot.state = WorkerState::Retiring;
        }
        out.push(Action::Assign(call, slot.id));
        if self.limits.single_use {
            self.refill_at = Some(now + REFILL_PATIENCE);
        }
        true
    }

    fn start(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.refill_at.is_some_and(|at| now >= at) {
            self.refill_at = None;
        }
        while self.start_needed() {
            let starting = self.slots.starting();
            let most = self.limits.starts_at_once + usize::from(self.start_demanded(starting));
            if starting >= most || !self.start_gate.allowed(now, starting) {
                break;
            }
            out.push(Action::Start(self.slots.open(now)));
        }
    }

    /// More calls wait than the starting processes will take.
    fn start_demanded(&self, starting: usize) -> bool {
        self.queue.len() > starting * self.limits.concurrent
    }

    fn start_needed(&self) -> bool {
        if self.slots.len() >= self.limits.max || self.slots.iter().any(Slot::is_unjudged) {
            return false;
        }
        let starting = self.slots.starting();
        if self.start_demanded(starting) {
            return true;
        }
        if self.closing || !self.start_gate.prewarm {
            return false;
        }
        let spare = starting
            + if self.limits.single_use {
                self.slots.idle()
            } else {
                self.slots.count(WorkerState::Ready)
            };
        (self.refill_at.is_none() && spare < self.limits.min) || (self.wanted && starting == 0)
    }

    pub(super) fn accepts(&self) -> bool {
        let free: usize = self
            .slots
            .iter()
            .map(|slot| match slot.state {
                WorkerState::Ready => self.limits.concurrent.saturating_sub(slot.in_flight),
                WorkerState::Retiring => 0,
                // A process that ends frees its slot in a moment, so a call that comes now does not really wait.
                _ => self.limits.concurrent,
            })
            .sum();
        let startable = self.limits.max.saturating_sub(self.slots.len()) * self.limits.concurrent;
        self.limits.queue_allows(self.queue.len(), free + startable)
    }

    fn surplus(&self) -> bool {
        self.slots.count(WorkerState::Ready) > self.limits.min
    }

    fn oldest_idle(&self) -> Option<Instant> {
        self.slots
            .iter()
            .filter(|slot| slot.state == WorkerState::Ready && slot.in_flight == 0)
            .map(|slot| slot.idle_since)
            .min()
    }

    fn retire_unused(&mut self, now: Instant, out: &mut Vec<Action>) {
        while self.surplus()
            && let Some(since) = self.oldest_idle()
            && now.duration_since(since) >= self.limits.idle
        {
            let unused = self
                .slots
                .iter_mut()
                .find(|slot| slot.state == WorkerState::Ready && slot.in_flight == 0 && slot.idle_since == since);
            let Some(slot) = unused else { break };
            slot.state = WorkerState::Stopping;
            out.push(Action::End(slot.id));
        }
    }

    fn end_idle(&mut self, out: &mut Vec<Action>) {
        for slot in self.slots.iter_mut().filter(|slot| slot.in_flight == 0) {
            let action = match slot.state {
                WorkerState::Ready | WorkerState::Retiring => Action::End(slot.id),
                state if state.is_starting() => Action::Discard(slot.id),
                _ => continue,
            };
            slot.state = WorkerState::Stopping;
            out.push(action);
        }
    }
}
