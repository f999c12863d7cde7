//! What an observer outside of the engine can know, and the checks of every effect.
//!
//! The world records which processes exist and what they were sent, which tools were entered and when delays end. It plays the
//! parts of the processes and of time.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use super::Refusal;
use super::effect::{Effect, Effects, FrameKind};
use super::engine::Engine;
use super::event::Event;
use super::model_steps_test::Setup;
use super::state::EngineSettings;
use crate::config::{BackoffLimits, Count, RetryPolicy};
use crate::dispatch::facts::End;
use crate::pool::{GroupId, Limits, Pool, WorkerId};
use crate::worker::Nonce;

const BACKOFF: BackoffLimits = BackoffLimits {
    initial: Duration::from_millis(50),
    max: Duration::from_millis(200),
    max_elapsed: Duration::from_secs(2),
};

/// The groups of the tools that are called.
pub(super) const GROUPS: [GroupId; 2] = [GroupId::OWN, GroupId::of(1)];

pub(super) fn nonce() -> Option<Nonce> {
    Nonce::generate().ok()
}

/// A process as an observer sees it.
#[derive(Debug, Default)]
pub(super) struct Process {
    /// The group whose calls it may be given.
    pub(super) group: GroupId,
    /// Its process id; `None` before it exists.
    pub(super) pid: Option<u32>,
    pub(super) imported: bool,
    pub(super) ready: bool,
    pub(super) killed: bool,
    pub(super) silent: bool,
    pub(super) told_to_end: bool,
    /// It was measured with many threads.
    pub(super) crowded: bool,
    pub(super) stands_back: bool,
    /// The calls that it was sent and has not answered, with their nonces and whether their tools were entered in it.
    pub(super) calls: BTreeMap<u32, ([u8; 16], bool)>,
    pub(super) aborted: BTreeSet<u32>,
}

#[derive(Debug)]
pub(super) struct Asked {
    pub(super) group: GroupId,
    pub(super) policy: RetryPolicy,
    /// Whether its tool may be entered, because it was not entered before or because the end of the last attempt allows another
    /// one.
    pub(super) may_enter: bool,
}

pub(super) struct World {
    pub(super) engine: Engine,
    pub(super) setup: Setup,
    pub(super) out: Effects,
    pub(super) now: Instant,
    pub(super) processes: BTreeMap<WorkerId, Process>,
    pub(super) gone: BTreeSet<WorkerId>,
    pub(super) calls: BTreeMap<u32, Asked>,
    pub(super) settled: BTreeSet<u32>,
    pub(super) next_call: u32,
    /// After a failed start of each group, the moment before which no other start of it may follow unless a call asks for one after the pool gave
    /// up.
    pub(super) delayed_until: [Option<Instant>; 2],
    /// Starts that had been decided, and put off by a moment, when the delay was drawn.
    pub(super) decided_before: BTreeSet<WorkerId>,
    pub(super) questions: BTreeSet<u32>,
    pub(super) closed: usize,
    pub(super) closing: bool,
    /// Whether the next event comes together with this one.
    pub(super) more_follows: bool,
    pub(super) next_pid: Cell<u32>,
}

pub(super) fn pick<T: Copy>(items: &[T], at: usize) -> Option<T> {
    (!items.is_empty()).then(|| items[at % items.len()])
}

impl World {
    pub(super) fn new(setup: Setup) -> Self {
        let now = Instant::now();
        let limits = Limits {
            min: setup.min,
            max: setup.max,
            queue: setup.queue.map_or(Count::Infinite, Count::Limited),
            idle: Duration::from_millis(500),
            calls_per_worker: if setup.single_use {
                Count::Limited(1)
            } else {
                Count::Limited(5)
            },
            concurrent: setup.concurrent,
            single_use: setup.single_use,
            starts_at_once: 2,
        };
        let settings = EngineSettings {
            grace: Duration::from_millis(setup.grace_ms),
            backoff: BACKOFF,
            stderr_cap: 1000,
            output_cap: 1000,
            memory_mb: vec![100; 2],
            tools: std::sync::Arc::default(),
            single_use: setup.single_use,
            announced: setup.concurrent > 1,
            concurrent: setup.concurrent,
            nonce,
        };
        let pool = Pool::new(limits, BACKOFF.max_elapsed);
        let mut world = Self {
            engine: Engine::new(settings, pool, now),
            setup,
            out: Effects::default(),
            now,
            processes: BTreeMap::new(),
            gone: BTreeSet::new(),
            calls: BTreeMap::new(),
            settled: BTreeSet::new(),
            next_call: 0,
            delayed_until: [None; 2],
            decided_before: BTreeSet::new(),
            questions: BTreeSet::new(),
            closed: 0,
            closing: false,
            more_follows: false,
            next_pid: Cell::new(1000),
        };
        world.on(Event::Warm);
        world
    }

    pub(super) fn on(&mut self, event: Event<'_>) {
        let now = self.now;
        let gave_up = GROUPS.map(|group| self.engine.state.pool.gave_up(group));
        let drawn = GROUPS.map(|group| self.engine.state.failed_starts.next(group));
        // A start that was put off may be released by the very event that draws a delay for later ones.
        let put_off: Vec<WorkerId> = self.engine.state.replacement.put_off_starts().collect();
        self.engine.on(event, now, &mut self.out);
        if !self.more_follows {
            self.engine.decide(&mut self.out);
        }
        for (at, group) in GROUPS.into_iter().enumerate() {
            let draws = self.engine.state.failed_starts.next(group);
            // Where the pool had given up, a process that a call asks for is started at once.
            if gave_up[at] && !self.engine.state.pool.gave_up(group) {
                self.delayed_until[at] = None;
            }
            if draws != drawn[at] {
                self.delayed_until[at] = draws;
                let still_put_off = self.engine.state.replacement.put_off_starts();
                self.decided_before = still_put_off.chain(put_off.iter().copied()).collect();
            }
        }
        for (request, refusal) in std::mem::take(&mut self.out.refused) {
            assert!(refusal == Refusal::QueueFull || self.closing);
            assert!(!self.settled.contains(&request.number), "refused and settled");
            self.calls.remove(&request.number);
        }
        self.check();
    }

    /// Whether the next event comes together with one that follows it.
    pub(super) fn together(&mut self, more_follows: bool) {
        if self.more_follows && !more_follows {
            self.engine.decide(&mut self.out);
            self.check();
        }
        self.more_follows = more_follows;
    }

    /// Checks every effect against what an observer knows.
    pub(super) fn check(&mut self) {
        while let Some(effect) = self.out.next() {
            match effect {
                Effect::Start(worker, group) => self.starts(worker, group),
                Effect::Send { worker, what, bytes } => {
                    let frame = self.out.take_frame(bytes).to_vec();
                    self.sends(worker, what, &frame);
                }
                Effect::Kill(worker, _) => self.alive(worker).killed = true,
                Effect::KillServed(worker) => {
                    let process = self.alive(worker);
                    assert!(process.calls.is_empty(), "a process that serves is killed");
                    process.killed = true;
                }
                Effect::StandBack(worker) => {
                    let process = self.alive(worker);
                    assert!(process.crowded, "a process stands back without a reason");
                    assert!(!process.stands_back, "a process stands back twice");
                    process.stands_back = true;
                }
                Effect::Imported(worker) => {
                    self.alive(worker);
                }
                Effect::Settle(number, _) => self.settles(number),
                Effect::Line(_) | Effect::Progress { .. } => panic!("nobody printed or reported anything"),
                Effect::Drained => assert!(self.setup.queue.is_some(), "a queue without an end is never full"),
                Effect::Ready { question, .. } | Effect::Tools { question, .. } => {
                    assert!(
                        self.questions.remove(&question),
                        "question {question} was answered twice"
                    );
                }
                Effect::Closed => {
                    assert!(self.closing, "closed by itself");
                    assert_eq!(
                        self.settled.len(),
                        self.calls.len(),
                        "closed before its calls were over"
                    );
                    assert!(self.processes.is_empty(), "closed before its processes were gone");
                    self.closed += 1;
                }
            }
        }
        assert!(self.processes.len() <= self.setup.max, "more processes than allowed");
    }

    pub(super) fn alive(&mut self, worker: WorkerId) -> &mut Process {
        assert!(!self.gone.contains(&worker), "an effect for a process that has exited");
        let process = self.processes.get_mut(&worker).expect("a process that was started");
        assert!(process.pid.is_some(), "an effect for a process that does not exist yet");
        process
    }

    pub(super) fn starts(&mut self, worker: WorkerId, group: GroupId) {
        assert!(!self.gone.contains(&worker), "an id was used twice");
        let process = Process {
            group,
            ..Process::default()
        };
        assert!(self.processes.insert(worker, process).is_none());
        let delayed_until = self.delayed_until[group.base as usize];
        assert!(
            self.decided_before.contains(&worker) || delayed_until.is_none_or(|until| self.now >= until),
            "started before the delay that was drawn was over"
        );
    }

    pub(super) fn sends(&mut self, worker: WorkerId, what: FrameKind, frame: &[u8]) {
        let limit = self.setup.concurrent;
        match what {
            FrameKind::Call(number) => {
                let body: serde_json::Value = serde_json::from_slice(&frame[5..]).expect("a CALL is JSON");
                let nonce = body["n"]
                    .as_str()
                    .expect("a nonce")
                    .as_bytes()
                    .try_into()
                    .expect("16 bytes");
                assert!(!self.settled.contains(&number), "a call that is over was sent");
                let elsewhere = self
                    .processes
                    .values()
                    .any(|process| process.calls.contains_key(&number));
                assert!(!elsewhere, "a call is in two processes");
                let group = self.calls[&number].group;
                assert_eq!(self.alive(worker).group, group, "a call in a process of another group");
                let process = self.alive(worker);
                let takes = process.ready && !process.killed && !process.silent && !process.told_to_end;
                assert!(takes, "a call was sent to a process that cannot take it");
                process.calls.insert(number, (nonce, false));
                assert!(process.calls.len() <= limit, "too many calls in one process");
            }
            FrameKind::Abort(number, _) => {
                let process = self.alive(worker);
                assert!(
                    process.calls.contains_key(&number),
                    "the abort of a call that is not there"
                );
                assert!(process.aborted.insert(number), "a call was aborted twice");
            }
            FrameKind::Ping => assert!(!self.alive(worker).ready, "rehearsed twice"),
            FrameKind::End => {
                let process = self.alive(worker);
                assert!(process.calls.is_empty(), "ended under a call");
                process.told_to_end = true;
            }
        }
    }

    pub(super) fn settles(&mut self, number: u32) {
        let facts = self.out.facts.pop_front().expect("facts come with it");
        assert_eq!(facts.call, number);
        assert!(self.calls.contains_key(&number), "a call that nobody submitted");
        assert!(self.settled.insert(number), "call {number} was settled twice");
        if let End::Value(text) = &facts.end {
            assert_eq!(text, &number.to_string(), "an answer of another call");
        }
    }

    pub(super) fn of(&self, chosen: impl Fn(&Process) -> bool) -> Vec<WorkerId> {
        let chosen = self.processes.iter().filter(|(_, process)| chosen(process));
        chosen.map(|(worker, _)| *worker).collect()
    }
}
