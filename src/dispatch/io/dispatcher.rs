//! A manager's core: what the host's thread asks for, and who reads what processes say.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::host_reads::HostReads;
use super::locked_engine::LockedEngine;
use super::reader::ProcessReader;
use crate::dispatch::engine::{Counters, Event, Refusal, Request};
use crate::pool::{Gauges, WorkerId};
use crate::spawn::{Child, Launch, SpawnFailure};

/// How long a host that left something lying is taken to be busy.
const BUSY_FOR: Duration = Duration::from_millis(20);

/// Turns of reading before a deadline is judged.
const MOST_TURNS: usize = 8;

/// The manager's core; shared by the host's thread and the driver.
pub struct Dispatcher {
    pub(super) engine: LockedEngine,
    /// Of the processes that run.
    readers: Mutex<FxHashMap<WorkerId, Arc<ProcessReader>>>,
    /// Where the host's own thread waits for channels, as long as there may be any.
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

    /// Begins to warm processes.
    pub fn warm(&self) {
        self.engine.handle(Event::Warm);
    }

    /// Takes calls and sends the frames of those that have a process; gives back those that are refused, with why.
    pub fn submit(&self, requests: Vec<Request>) -> Vec<(Request, Refusal)> {
        self.engine.batch(|core, now| {
            for request in requests {
                core.feed(Event::Submit(request), now);
            }
            core.take_refused()
        })
    }

    /// Answers `Sink::ready` with this number once the minimum of processes is ready, or with why it could not be.
    pub fn ready(&self, question: u32) {
        self.engine.handle(Event::AskReady(question));
    }

    /// Answers `Sink::tools` with this number.
    pub fn tools(&self, question: u32) {
        self.engine.handle(Event::AskTools(question));
    }

    /// Starts a process that serves no calls, in the same sandbox as those that do. A closed dispatcher drops `reply`.
    pub fn start_aside(&self, launch: Arc<Launch>, reply: impl FnOnce(Result<Child, SpawnFailure>) + Send + 'static) {
        let spawner = &self.engine.outside.spawner;
        if let Some(spawner) = &*spawner.lock().unwrap_or_else(PoisonError::into_inner) {
            spawner.spawn(launch, reply);
        }
    }

    /// Memory of all processes in bytes, as it was measured last.
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

    /// Reads what processes have said; for the thread that hears of it by [`HostReads`].
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

    /// Reads everything that was said so far, by whatever process and whoever reads its channel otherwise: it came before
    /// what is about to be decided. Also finds channels that have ended.
    pub fn read_all(&self) {
        let host_reads = self.host_reads();
        let readers: Vec<_> = self.readers().values().cloned().collect();
        for reader in readers.iter().filter(|reader| reader.is_waiting()) {
            // What fits into a socket's buffer is a few turns' share.
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

    /// The caller does not want the call any more; `why`, in its own words, is for the tool.
    pub fn cancel(&self, call: u32, why: Option<String>) {
        self.read_all();
        self.engine.handle(Event::Cancel { call, why });
    }

    /// Refuses new calls and ends when the accepted ones are over; `force`: ends them too. `Sink::closed` follows.
    pub fn close(&self, force: bool) {
        self.read_all();
        self.engine.handle(Event::Close { force });
    }

    /// Reads in place of a host that is busy elsewhere. Once it is found to be, it is looked after closely for a while: what does
    /// not fit a socket's buffer comes in many pieces.
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

    /// Reads those that said more than their share and have waited for it.
    pub(super) fn read_rested(&self, now: Instant) {
        // TakenDenials first: what another thread notes meanwhile stands beside what is found here.
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

    /// The driver thread is about to end. What still runs ends here, which may take a while.
    pub(super) fn end(&self) {
        self.readers().clear();
        *self.host_reads.lock().unwrap_or_else(PoisonError::into_inner) = None;
        self.engine.end();
    }
}
