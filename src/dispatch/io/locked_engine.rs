//! The engine behind its lock, as threads share it.
//!
//! Every event goes through [`LockedEngine::handle`] or [`LockedEngine::batch`]: the engine is locked and decides, then it is
//! unlocked and its effects are carried out. A second lock, the performer's, keeps their order. It is taken before the engine's
//! lock is released or, where another thread is carrying out effects, waited for afterwards. The thread that has it carries out
//! all effects that are pending then.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::lock::SpinLock;
use super::perform::{Ending, Outside, Performer};
use super::trace::Trace;
use crate::dispatch::engine::{Closing, Effects, Engine, Event, Reading, Refusal, Request};
use crate::pool::WorkerId;
use crate::sandbox::Denials;

/// How many effects one turn may gather before they are carried out. A process may print a hundred thousand lines at once.
const MOST_EFFECTS: usize = 4096;

/// The interval between two checks for channels that a busy host leaves unread.
const CLOSER: Duration = Duration::from_millis(1);

/// What the engine's lock guards.
pub(super) struct Core {
    pub(super) engine: Engine,
    /// The effects that no thread has begun to carry out.
    pending: Effects,
    trace: Option<Trace>,
    /// When the clock wakes next; `None`: only when it is notified.
    pub(super) armed: Option<Instant>,
    /// Until when the host counts as busy, so that the driver reads its channels.
    pub(super) host_busy_until: Option<Instant>,
    /// When the next one of the processes that sent more than their share is read again.
    pub(super) rests_end: Option<Instant>,
}

impl Core {
    /// Lets the engine handle an event.
    pub(super) fn feed(&mut self, event: Event<'_>, now: Instant) {
        let Some(trace) = &mut self.trace else {
            return self.engine.on(event, now, &mut self.pending);
        };
        trace.event(&event, now);
        let before = self.pending.len();
        self.engine.on(event, now, &mut self.pending);
        trace.effects(&self.pending, before, now);
    }

    /// Gives the engine what the sandbox refused to this process since the last time.
    pub(super) fn feed_refused(&mut self, now: Instant, worker: WorkerId, pid: u32, denials: Option<&Denials>) {
        if let Some(denials) = denials {
            let taken = denials.take(pid);
            self.feed(Event::Refused { worker, taken }, now);
        }
    }

    /// Lets the engine decide after the last one of the events that came together.
    fn decide(&mut self, now: Instant) {
        let before = self.pending.len();
        self.engine.decide(&mut self.pending);
        if let Some(trace) = &mut self.trace {
            trace.effects(&self.pending, before, now);
        }
    }

    /// Whether so many effects were gathered that they must be carried out before another event is handled.
    pub(super) fn is_full(&self) -> bool {
        self.pending.len() >= MOST_EFFECTS
    }

    /// What the reader of this process has to know.
    pub(super) fn reading(&mut self, worker: WorkerId, now: Instant) -> Reading {
        let reading = self.engine.reading(worker, now);
        self.rests_end = self.rests_end.into_iter().chain(reading.rests_until).min();
        reading
    }

    pub(super) fn take_refused(&mut self) -> Vec<(Request, Refusal)> {
        std::mem::take(&mut self.pending.refused)
    }

    /// When the clock has something to do, if nothing else happens before.
    pub(super) fn next_wake(&self, now: Instant) -> Option<Instant> {
        let busy = self.host_busy_until.is_some_and(|until| now < until);
        let look_again = busy.then(|| now + CLOSER);
        look_again
            .into_iter()
            .chain(self.rests_end)
            .chain(self.engine.next_wake())
            .min()
    }
}

/// The engine with everything that its effects are carried out with.
pub(super) struct LockedEngine {
    core: SpinLock<Core>,
    performer: SpinLock<Performer>,
    /// Whether a panic of the sink left effects with the performer.
    interrupted: AtomicBool,
    pub(super) outside: Outside,
}

impl LockedEngine {
    /// With `trace`, events and effects are written to stderr.
    pub(super) fn new(engine: Engine, outside: Outside, trace: bool) -> Self {
        Self {
            core: SpinLock::new(Core {
                engine,
                pending: Effects::default(),
                trace: trace.then(|| Trace::new(Instant::now())),
                armed: None,
                host_busy_until: None,
                rests_end: None,
            }),
            performer: SpinLock::default(),
            interrupted: AtomicBool::new(false),
            outside,
        }
    }

    /// Locks the engine for a question. No effects are carried out.
    pub(super) fn lock(&self) -> MutexGuard<'_, Core> {
        self.core.lock()
    }

    /// Whether every process has ended and every call is over.
    pub(super) fn is_over(&self) -> bool {
        self.lock().engine.closing() == Closing::Done
    }

    /// Handles one event.
    pub(super) fn handle(&self, event: Event<'_>) {
        self.batch(|core, now| core.feed(event, now));
    }

    /// Handles one event that happened at `now`, which is a moment ago.
    pub(super) fn handle_at(&self, event: Event<'_>, now: Instant) {
        self.batch(|core, _| core.feed(event, now));
    }

    /// Locks the engine while `work` gives it the events that came together, and then carries out its effects.
    pub(super) fn batch<R>(&self, work: impl FnOnce(&mut Core, Instant) -> R) -> R {
        let logs_wanted = self.outside.sink.wants_logs();
        let mut core = self.core.lock();
        core.engine.listen(logs_wanted);
        let now = Instant::now();
        let result = work(&mut core, now);
        core.decide(now);
        self.arm(&mut core, now);
        self.perform(core);
        result
    }

    /// Carries out the pending effects in their order.
    fn perform<'a>(&'a self, mut core: MutexGuard<'a, Core>) {
        let interrupted = self.interrupted.swap(false, Ordering::Relaxed);
        if core.pending.is_empty() && core.trace.is_none() && !interrupted {
            return;
        }
        let _noted = NoteInterruption(&self.interrupted);
        match self.performer.try_lock() {
            Some(mut performer) if performer.effects.is_empty() => {
                take_pending(&mut core, &mut performer);
                drop(core);
                performer.run(&self.outside);
            }
            other => {
                drop(other);
                drop(core);
                let mut performer = self.performer.lock();
                // These are the effects that a panic of the sink left.
                performer.run(&self.outside);
                take_pending(&mut self.core.lock(), &mut performer);
                performer.run(&self.outside);
            }
        }
    }

    /// Wakes the clock when something is due before it would wake by itself.
    fn arm(&self, core: &mut Core, now: Instant) {
        if let Some(next) = core.next_wake(now)
            && core.armed.is_none_or(|armed| next < armed)
        {
            core.armed = Some(next);
            self.outside.clock.notify_one();
        }
    }

    /// Ends everything for a driver thread that is about to end: kills and reaps the processes that still run, settles every
    /// call and reports the end. This may wait, and no other thread has to wait for it.
    pub(super) fn end(&self) {
        let processes = self.outside.processes.clear();
        for running in &processes {
            running.process.kill_group();
        }
        drop(processes);
        // The driver may have failed because the sink panics, and the sink may panic again. Each effect is tried once, so the
        // loop ends.
        let give_up = || self.handle(Event::Abandoned);
        let mut left = true;
        while left {
            left = std::panic::catch_unwind(std::panic::AssertUnwindSafe(give_up)).is_err();
        }
        drop(self.outside.groups.clear());
        *self.outside.ending.lock().unwrap_or_else(PoisonError::into_inner) = Ending::Reported;
        self.outside.sink.closed();
        self.outside.sink.flush();
    }
}

/// Notes while a panic unwinds that effects are left.
struct NoteInterruption<'a>(&'a AtomicBool);

impl Drop for NoteInterruption<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn take_pending(core: &mut Core, performer: &mut Performer) {
    std::mem::swap(&mut core.pending, &mut performer.effects);
    if let Some(trace) = &mut core.trace {
        performer.trace.push_str(&trace.take());
    }
}

#[cfg(test)]
#[path = "locked_engine_tests.rs"]
mod tests;
