//! The state of one manager, and everything that may happen to it.
//!
//! One lock guards it: the host's thread holds it while it submits or cancels, the driver thread while it handles a batch
//! of frames. Neither waits for anything with the lock held; a frame is sent only as far as the channel takes it at once.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::{Duration, Instant};

use rustc_hash::{FxHashMap, FxHashSet};
use tokio::sync::{Notify, mpsc::UnboundedSender};

use super::alarms::Alarms;
use super::call::{Call, Request};
use super::counters::Counters;
use super::driver::Spawned;
use super::facts::{Doom, Sink, StartFailure};
use super::host_reads::HostReads;
use super::outgoing::Outgoing;
use super::replacement::Replacement;
use super::station::Station;
use super::watch::{CAPS, Watch, lock_meter};
use crate::config::BackoffLimits;
use crate::pool::{Action, Gauges, Pool, WorkerId};
use crate::sandbox::Denials;
use crate::spawn::{Child, Delays, Launch, LaunchSource, SpawnFailure, Spawner};

/// Looks at a held lock before sleeping on it; some ten microseconds.
const SPINS: u32 = 400;

/// Why a call was not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// As many calls wait as may.
    QueueFull,
    /// `close()` was called.
    Closed,
}

/// What does not change while the manager lives.
pub(super) struct Settings {
    pub(super) grace: Duration,
    pub(super) backoff: BackoffLimits,
    pub(super) stderr_cap: usize,
    pub(super) output_cap: u64,
    pub(super) max_memory_mb: u64,
    pub(super) single_use: bool,
    /// A process can have children.
    pub(super) may_start_programs: bool,
    /// Several calls may be in flight in one process.
    pub(super) shared: bool,
    /// Calls one process may have in flight.
    pub(super) concurrent: usize,
    pub(super) launch: Arc<dyn LaunchSource>,
    pub(super) sink: Arc<dyn Sink>,
    pub(super) denials: Option<Denials>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Closing {
    Open,
    Draining,
    Forced,
    Done,
}

pub(super) struct State {
    pub(super) pool: Pool,
    /// When this batch began.
    pub(super) now: Instant,
    pub(super) calls: FxHashMap<u32, Call>,
    pub(super) stations: FxHashMap<WorkerId, Station>,
    /// Of the calls' phases.
    pub(super) alarms: Alarms,
    pub(super) closing: Closing,
    /// When the clock wakes next; none: not before it is told.
    pub(super) armed: Option<Instant>,
    /// What the pool wants done, not done yet.
    pub(super) actions: Vec<Action>,
    /// Of processes that served their one call.
    pub(super) replacement: Replacement,
    /// Of processes with frames not sent yet.
    pub(super) dirty: Vec<Arc<Outgoing>>,
    pub(super) start_delays: Delays,
    /// Some of them were used since a process last proved to be of use.
    pub(super) delayed: bool,
    pub(super) last_failure: Option<StartFailure>,
    /// Since a start worked.
    pub(super) failed_starts: u32,
    /// What the entrypoint exports, as the latest process said.
    pub(super) tools: Option<String>,
    /// Their ids.
    pub(super) tool_ids: FxHashSet<String>,
    pub(super) ready_tickets: Vec<u32>,
    pub(super) tools_tickets: Vec<u32>,
    pub(super) counters: Counters,
    pub(super) spawner: Option<Spawner>,
    pub(super) watch: Watch,
    /// Where the host's own thread waits for channels, as long as there may be any.
    pub(super) host_reads: Option<HostReads>,
    /// It leaves them lying, and the driver reads them meanwhile.
    pub(super) host_busy_until: Option<Instant>,
    /// When the next of the processes that said more than their share is read again.
    pub(super) rests_end: Option<Instant>,
}

/// The manager's core; shared by the host's thread and the driver.
pub struct Hub {
    pub(super) settings: Settings,
    pub(super) clock: Notify,
    pub(super) spawned: UnboundedSender<Spawned>,
    state: Mutex<State>,
}

impl Hub {
    pub(super) fn new(
        settings: Settings,
        pool: Pool,
        spawner: Spawner,
        host_reads: Option<HostReads>,
        spawned: UnboundedSender<Spawned>,
    ) -> Self {
        let start_delays = Delays::new(&settings.backoff);
        let state = State {
            pool,
            now: Instant::now(),
            calls: FxHashMap::default(),
            stations: FxHashMap::default(),
            alarms: Alarms::default(),
            closing: Closing::Open,
            armed: None,
            actions: Vec::new(),
            replacement: Replacement::default(),
            dirty: Vec::new(),
            start_delays,
            delayed: false,
            last_failure: None,
            failed_starts: 0,
            tools: None,
            tool_ids: FxHashSet::default(),
            ready_tickets: Vec::new(),
            tools_tickets: Vec::new(),
            counters: Counters::default(),
            spawner: Some(spawner),
            watch: Watch::default(),
            host_reads,
            host_busy_until: None,
            rests_end: None,
        };
        Self {
            settings,
            clock: Notify::new(),
            spawned,
            state: Mutex::new(state),
        }
    }

    /// The state, whatever became of a thread that held it: every transition leaves it whole.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        // The other thread holds it for microseconds. To sleep and be woken costs both of them tens.
        for _ in 0..SPINS {
            match self.state.try_lock() {
                Ok(state) => return state,
                Err(TryLockError::Poisoned(state)) => return state.into_inner(),
                Err(TryLockError::WouldBlock) => std::hint::spin_loop(),
            }
        }
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state at the beginning of a batch.
    fn begin(&self) -> MutexGuard<'_, State> {
        let mut state = self.lock();
        state.now = Instant::now();
        state
    }

    /// Begins to warm processes.
    pub fn warm(self: &Arc<Self>) {
        self.batch(|state, _| state.pool.warm(false, state.now, &mut state.actions));
    }

    /// Takes calls and sends the frames of those that have a process; gives back those that are refused, with why.
    pub fn submit(self: &Arc<Self>, requests: Vec<Request>) -> Vec<(Request, Refusal)> {
        let mut refused = Vec::new();
        let mut state = self.begin();
        let now = state.now;
        for request in requests {
            let State {
                pool, actions, closing, ..
            } = &mut *state;
            if *closing != Closing::Open {
                refused.push((request, Refusal::Closed));
            } else if pool.submit(request.number, now, actions).is_err() {
                refused.push((request, Refusal::QueueFull));
            } else {
                state.counters.started += 1;
                let number = request.number;
                let call = Call::new(request, self.settings.stderr_cap, now);
                state.calls.insert(number, call);
            }
        }
        state.perform(self);
        let ready = std::mem::take(&mut state.dirty);
        self.arm(&mut state);
        drop(state);
        ready.iter().for_each(|outgoing| _ = outgoing.send());
        refused
    }

    /// The caller does not want the call any more; `why`, in its own words, is for the tool.
    pub fn cancel(self: &Arc<Self>, number: u32, why: Option<String>) {
        self.read_all();
        self.batch(|state, hub| {
            if let Some(call) = state.calls.get_mut(&number) {
                call.cancelled = true;
                call.why_cancelled = why;
            }
            state.doom(hub, number, Doom::Cancelled);
        });
    }

    /// Answers `Sink::warmed` with this ticket once the minimum of processes is ready, or with why it could not be.
    pub fn ready(self: &Arc<Self>, ticket: u32) {
        self.batch(|state, _| {
            state.ready_tickets.push(ticket);
            state.pool.warm(false, state.now, &mut state.actions);
        });
    }

    /// Answers `Sink::tools` with this ticket.
    pub fn tools(self: &Arc<Self>, ticket: u32) {
        self.batch(|state, _| {
            state.tools_tickets.push(ticket);
            if state.tools.is_none() {
                state.pool.warm(true, state.now, &mut state.actions);
            }
        });
    }

    /// Refuses new calls and ends when the accepted ones are over; `force`: ends them too. `Sink::closed` follows.
    pub fn close(self: &Arc<Self>, force: bool) {
        self.read_all();
        self.batch(|state, hub| state.close(hub, force));
    }

    /// Starts a process that serves no calls, in the same sandbox as those that do. A closed hub drops `reply`.
    pub fn start_aside(&self, launch: Arc<Launch>, reply: impl FnOnce(Result<Child, SpawnFailure>) + Send + 'static) {
        if let Some(spawner) = &self.lock().spawner {
            spawner.spawn(launch, reply);
        }
    }

    /// Memory of all processes, in bytes.
    pub fn resident_bytes(&self) -> u64 {
        let now = Instant::now();
        let meters = self.lock().meters();
        meters
            .iter()
            .filter_map(|(_, meter)| Some(lock_meter(meter).usage(CAPS, now)?.memory))
            .sum()
    }

    /// The pool in numbers.
    pub fn gauges(&self) -> Gauges {
        self.lock().pool.gauges()
    }

    /// Counts since the manager was made.
    pub fn counters(&self) -> Counters {
        self.lock().counters
    }

    /// Runs `work` on the state and then carries out what the pool decided, sets the clock, tells the reader and sends
    /// frames. Where processes serve one call each, the reader is told first: an answer is delivered before the process it
    /// freed is replaced.
    pub(super) fn batch<R>(self: &Arc<Self>, work: impl FnOnce(&mut State, &Arc<Self>) -> R) -> R {
        let mut state = self.begin();
        let result = work(&mut state, self);
        state.answer_tickets(self);
        if self.settings.single_use && !state.actions.is_empty() {
            self.settings.sink.flush();
        }
        state.perform(self);
        let ready = std::mem::take(&mut state.dirty);
        state.finish_closing(self);
        self.arm(&mut state);
        drop(state);
        self.settings.sink.flush();
        ready.iter().for_each(|outgoing| _ = outgoing.send());
        result
    }

    /// The driver thread is about to end. Where that is no end it chose, everything else ends here.
    pub(super) fn abandoned(&self) {
        let stations = {
            let state = &mut *self.lock();
            if state.closing == Closing::Done {
                return;
            }
            // Nothing new comes from here on.
            state.closing = Closing::Forced;
            for station in state.stations.values_mut() {
                station.kill();
            }
            std::mem::take(&mut state.stations)
        };
        // Reaped without holding the lock meanwhile.
        drop(stations);
        self.lock().give_up(self);
    }

    /// Wakes the clock when something is due before it would wake by itself.
    fn arm(&self, state: &mut State) {
        if let Some(next) = state.next_wake()
            && state.armed.is_none_or(|armed| next < armed)
        {
            state.armed = Some(next);
            self.clock.notify_one();
        }
    }
}
