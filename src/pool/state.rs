//! The pool's state and its transitions.

use std::time::{Duration, Instant};

use super::limits::{Limits, REFILL_PATIENCE};
use super::queue::{CallId, Queue};
use super::slots::{Slots, State, WorkerId};
use super::start_gate::StartGate;

/// An action that the caller must carry out, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Start a process under this id.
    Start(WorkerId),
    /// Hand the call to the process.
    Assign(CallId, WorkerId),
    /// The process is no longer needed and should end.
    End(WorkerId),
    /// The queue went from full to not full.
    Drain,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The pool in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Processes being started.
    pub starting: usize,
    /// Ready processes without a call.
    pub idle: usize,
    /// Processes with a call.
    pub busy: usize,
    /// Calls waiting for a process.
    pub queued: usize,
}

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
    /// Whether the entrypoint must be imported by some process although no call waits.
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

    /// A waiting call was withdrawn. False when it was not waiting.
    pub fn withdraw(&mut self, call: CallId, now: Instant, out: &mut Vec<Action>) -> bool {
        let waited = self.queue.remove(call);
        self.settle(now, out);
        waited
    }

    /// A started process has imported the entrypoint.
    pub fn ready(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.came_up(now);
        self.wanted = false;
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state == State::Starting
        {
            slot.state = State::Ready;
            slot.idle_since = now;
        }
        self.settle(now, out);
    }

    /// A start failed. The slot becomes free when [`exited`](Self::exited) is called. `retry_at` is `None` when
    /// starting again is pointless until a call asks for it.
    pub fn start_failed(&mut self, worker: WorkerId, retry_at: Option<Instant>, now: Instant, out: &mut Vec<Action>) {
        self.start_gate.failed(now, retry_at);
        if retry_at.is_none() {
            self.wanted = false;
        }
        if let Some(slot) = self.slots.get_mut(worker) {
            slot.state = State::Dying;
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
            if slot.state == State::Ready && limits.served_out(slot.served) {
                slot.state = State::Retiring;
            }
            if slot.state == State::Retiring && slot.in_flight == 0 {
                slot.state = State::Dying;
                out.push(Action::End(worker));
            }
        }
        self.refill_at = None;
        self.settle(now, out);
    }

    /// The process is given no further call; it ends once the calls in flight are over.
    pub fn retire(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state == State::Ready
        {
            slot.state = if slot.in_flight == 0 {
                State::Dying
            } else {
                State::Retiring
            };
            if slot.in_flight == 0 {
                out.push(Action::End(worker));
            }
        }
        self.settle(now, out);
    }

    /// The process is being killed or is about to end, so it is given no call. If its start failed,
    /// [`start_failed`](Self::start_failed) follows, otherwise only [`exited`](Self::exited).
    pub fn condemn(&mut self, worker: WorkerId, now: Instant, out: &mut Vec<Action>) {
        if let Some(slot) = self.slots.get_mut(worker)
            && slot.state != State::Dying
        {
            slot.state = if slot.served == 0 {
                State::Unjudged
            } else {
                State::Dying
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

    /// Lets time pass; to be called at [`next_wake`](Self::next_wake).
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
            .filter(|_| self.slots.count(State::Starting) == 0 && self.start_needed());
        [idle, start, self.refill_at].into_iter().flatten().min()
    }

    /// No new calls will come: waiting calls are served, then every process ends.
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

    /// No process is left.
    pub fn is_empty(&self) -> bool {
        self.slots.len() == 0
    }

    /// Whether as many processes as the minimum asks for have imported the entrypoint. Processes that serve their last
    /// call count, because under a steady load there may never be an idle one.
    pub fn warmed(&self) -> bool {
        self.slots.count(State::Ready) + self.slots.count(State::Retiring) >= self.limits.min
    }

    /// Prewarming is off after repeated or permanent start failures.
    pub fn gave_up(&self) -> bool {
        !self.start_gate.prewarm
    }

    /// The pool in numbers.
    pub fn gauges(&self) -> Gauges {
        let idle = self.slots.idle();
        Gauges {
            starting: self.slots.count(State::Starting),
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
            slot.state = State::Retiring;
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
            let starting = self.slots.count(State::Starting);
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
        if self.slots.len() >= self.limits.max || self.slots.count(State::Unjudged) > 0 {
            return false;
        }
        let starting = self.slots.count(State::Starting);
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
                self.slots.count(State::Ready)
            };
        (self.refill_at.is_none() && spare < self.limits.min) || (self.wanted && starting == 0)
    }

    pub(super) fn accepts(&self) -> bool {
        let free: usize = self
            .slots
            .iter()
            .map(|slot| match slot.state {
                State::Ready => self.limits.concurrent.saturating_sub(slot.in_flight),
                // A dying process frees its slot in a moment, so a call that comes now does not really wait.
                State::Starting | State::Unjudged | State::Dying => self.limits.concurrent,
                State::Retiring => 0,
            })
            .sum();
        let startable = self.limits.max.saturating_sub(self.slots.len()) * self.limits.concurrent;
        self.limits.queue_allows(self.queue.len(), free + startable)
    }

    fn surplus(&self) -> bool {
        self.slots.count(State::Ready) > self.limits.min
    }

    fn oldest_idle(&self) -> Option<Instant> {
        self.slots
            .iter()
            .filter(|slot| slot.state == State::Ready && slot.in_flight == 0)
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
                .find(|slot| slot.state == State::Ready && slot.in_flight == 0 && slot.idle_since == since);
            let Some(slot) = unused else { break };
            slot.state = State::Dying;
            out.push(Action::End(slot.id));
        }
    }

    fn end_idle(&mut self, out: &mut Vec<Action>) {
        for slot in self.slots.iter_mut() {
            let unused = slot.in_flight == 0 && matches!(slot.state, State::Ready | State::Starting | State::Retiring);
            if unused {
                slot.state = State::Dying;
                out.push(Action::End(slot.id));
            }
        }
    }
}
