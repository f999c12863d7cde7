//! The core of a manager: the requests of the host's thread, and which thread reads the processes when.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::groups::GroupProcesses;
use super::host_reads::HostReads;
use super::locked_engine::LockedEngine;
use super::reader::ProcessReader;
use crate::dispatch::engine::{Counters, Event, Refusal, Request};
use crate::pool::{Gauges, GroupId, WorkerId};
use crate::spawn::{Child, LaunchSource, SpawnFailure};

/// How long a host counts as busy after it left something unread.
const BUSY_FOR: Duration = Duration::from_millis(20);

/// How many turns of reading come before a deadline is judged.
const MOST_TURNS: usize = 8;

/// The core of a manager, shared by the host's thread and the driver.
pub struct Dispatcher {
    pub(super) engine: LockedEngine,
    /// The readers of the running processes.
    readers: Mutex<FxHashMap<WorkerId, Arc<ProcessReader>>>,
    /// The channels that the host's own thread watches; `None` where it watches none.
    host_reads: Mutex<Option<HostReads>>,
}

impl Dispatcher {
    pub(super) fn new(engine: LockedEngine, host_reads: Option<HostReads>) -> Self {
        Self {
            engine,
            readers: Mutex::default(),
            host_reads: Mutex::new(host_reads),
        }
    }

    /// Begins to prewarm processes.
    pub fn warm(&self) {
        self.engine.handle(Event::Warm);
    }

    /// Submits calls, and sends the frames of those that get a process at once. Returns the calls that are refused, with the
    /// reason.
    pub fn submit(&self, requests: Vec<Request>) -> Vec<(Request, Refusal)> {
        self.engine.batch(|core, now| {
            for request in requests {
                core.feed(Event::Submit(request), now);
            }
            core.take_refused()
        })
    }

    /// Asks for the minimum of processes to be ready. `Sink::ready` gets the answer with this number: they are, or why they
    /// cannot be.
    pub fn ready(&self, question: u32) {
        self.engine.handle(Event::AskReady(question));
    }

    /// Asks for the tools. `Sink::tools` gets the answer with this number.
    pub fn tools(&self, question: u32) {
        self.engine.handle(Event::AskTools(question));
    }

    /// Starts a process that serves no calls, in the sandbox of the manager's own group. A closed dispatcher drops `reply`.
    pub fn start_aside(
        &self,
        launch: Arc<impl LaunchSource + 'static>,
        reply: impl FnOnce(Result<Child, SpawnFailure>) + Send + 'static,
    ) {
        if let Some(group) = self.engine.outside.groups.get(GroupId::OWN) {
            group.spawn(launch, reply);
        }
    }

    /// Adds a group for calls that are narrowed; false once the manager is closed.
    pub fn add_group(&self, group: GroupId, processes: GroupProcesses) -> bool {
        self.engine.outside.groups.add(group, processes)
    }

    /// Removes such a group, whose calls are over.
    pub fn remove_group(&self, group: GroupId) {
        drop(self.engine.outside.groups.remove(group));
    }

    /// The memory of all processes in bytes, as it was measured last.
    pub fn resident_bytes(&self) -> u64 {
        self.engine.lock().engine.resident_bytes()
    }

    /// The pool in numbers.
    pub fn gauges(&self) -> Gauges {
        self.engine.lock().engine.gauges()
    }

    /// Counts since the manager was made.
    pub fn counters(&self) -> Counters {
        self.engine.lock().engine.counters()
    }

    /// Reads what processes have sent. The host's thread calls it when [`HostReads`] notifies it.
    pub fn read(&self) {
        self.engine.lock().host_busy_until = None;
        // What stays unread because of congestion is read later: the descriptor stays readable, and data that a doorbell
        // announced is found by the driver.
        if let Some(host_reads) = self.host_reads()
            && !self.engine.outside.sink.congested()
        {
            self.read_each(&host_reads, host_reads.waiting());
        }
    }

    /// Reads everything that any process has sent so far, whichever thread reads its channel otherwise, because it came before
    /// what is about to be decided. It also finds channels that have ended.
    pub fn read_all(&self) {
        let host_reads = self.host_reads();
        let readers: Vec<_> = self.readers().values().cloned().collect();
        for reader in readers.iter().filter(|reader| reader.is_waiting()) {
            // A full socket buffer takes a few turns.
            for _ in 0..MOST_TURNS {
                let status = reader.drain(&self.engine);
                if let Some(host_reads) = &host_reads {
                    host_reads.after_reading(reader, status);
                }
                if !status.more {
                    break;
                }
            }
        }
    }

    /// Cancels a call. `why` is the caller's own reason, which the tool gets.
    pub fn cancel(&self, call: u32, why: Option<String>) {
        self.read_all();
        self.engine.handle(Event::Cancel { call, why });
    }

    /// Refuses new calls, and ends when the accepted ones are over; with `force` those are ended as well. `Sink::closed`
    /// follows.
    pub fn close(&self, force: bool) {
        self.read_all();
        self.engine.handle(Event::Close { force });
    }

    /// Reads in place of a host that is busy elsewhere. Once it was found busy, its channels are read each time for a while,
    /// because what does not fit into a socket buffer comes in many pieces.
    pub(super) fn read_neglected(&self, now: Instant) {
        let Some(host_reads) = self.host_reads() else { return };
        let busy = self.engine.lock().host_busy_until.is_some_and(|until| now < until);
        let readers = match busy {
            _ if self.engine.outside.sink.congested() => Vec::new(),
            true => host_reads.all_waiting(),
            false => host_reads.neglected(),
        };
        if !readers.is_empty() {
            self.engine.lock().host_busy_until = Some(now + BUSY_FOR);
        }
        self.read_each(&host_reads, readers);
    }

    /// Reads the processes that sent more than their share and have waited long enough.
    pub(super) fn read_rested(&self, now: Instant) {
        // The recorded moment is cleared first, so that one which another thread records meanwhile is kept.
        self.engine.lock().rests_end = None;
        let host_reads = self.host_reads();
        let (rested, next) = host_reads.as_ref().map(|reads| reads.rested(now)).unwrap_or_default();
        if let Some(next) = next {
            let rests_end = &mut self.engine.lock().rests_end;
            *rests_end = Some(rests_end.map_or(next, |end| end.min(next)));
        }
        if let Some(host_reads) = host_reads
            && !self.engine.outside.sink.congested()
        {
            self.read_each(&host_reads, rested);
        }
    }

    pub(super) fn host_reads(&self) -> Option<HostReads> {
        self.host_reads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The readers of processes that run.
    pub(super) fn readers(&self) -> MutexGuard<'_, FxHashMap<WorkerId, Arc<ProcessReader>>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read_each(&self, host_reads: &HostReads, readers: Vec<Arc<ProcessReader>>) {
        for reader in readers {
            let status = reader.drain(&self.engine);
            host_reads.after_reading(&reader, status);
        }
    }

    /// Ends everything that still runs, which may take a while. The driver thread calls it before it ends.
    pub(super) fn end(&self) {
        self.readers().clear();
        *self.host_reads.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.engine.end();
    }
}
