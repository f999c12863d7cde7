//! Checks the guarantees of the pool on random histories against a simple model of it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::{Action, CallId, Limits, Pool, Refused, WorkerId};
use crate::config::Count;

#[derive(Debug, Clone)]
enum Step {
    Submit,
    Withdraw(usize),
    Ready(usize),
    /// The process is marked for killing first, and its failed start is reported a moment later.
    StartFails(usize, bool),
    /// A process that became ready ends before it was given a call.
    DiesUnused(usize),
    Release(usize),
    Crash(usize),
    Retire(usize),
    /// A process ends while calls run on it, and they are given to another process.
    Returned(usize),
    Exit(usize),
    Wait(u64),
    Close,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => Just(Step::Submit),
        1 => any::<usize>().prop_map(Step::Withdraw),
        5 => any::<usize>().prop_map(Step::Ready),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, again)| Step::StartFails(at, again)),
        1 => any::<usize>().prop_map(Step::DiesUnused),
        5 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Crash),
        1 => any::<usize>().prop_map(Step::Returned),
        1 => any::<usize>().prop_map(Step::Retire),
        6 => any::<usize>().prop_map(Step::Exit),
        2 => (1u64..2000).prop_map(Step::Wait),
        1 => Just(Step::Close),
    ]
}

fn limits() -> impl Strategy<Value = Limits> {
    (
        0usize..4,
        1usize..5,
        prop_oneof![Just(None), (0u64..4).prop_map(Some)],
        1usize..4,
        prop_oneof![Just(None), (1u64..5).prop_map(Some)],
        any::<bool>(),
    )
        .prop_map(|(min, max, queue, concurrent, calls, single_use)| Limits {
            min: min.min(max),
            max,
            queue: queue.map_or(Count::Infinite, Count::Limited),
            idle: Duration::from_millis(500),
            calls_per_worker: if single_use {
                Count::Limited(1)
            } else {
                calls.map_or(Count::Infinite, Count::Limited)
            },
            concurrent: if single_use { 1 } else { concurrent },
            single_use,
            starts_at_once: 2,
        })
}

/// The model: what an observer outside of the pool knows.
struct World {
    pool: Pool,
    limits: Limits,
    now: Instant,
    alive: BTreeSet<WorkerId>,
    starting: Vec<WorkerId>,
    /// Calls on each process that is not dying.
    serving: BTreeMap<WorkerId, Vec<CallId>>,
    served: BTreeMap<WorkerId, u64>,
    dying: Vec<WorkerId>,
    /// Processes that must not be given another call.
    retired: BTreeSet<WorkerId>,
    waiting: VecDeque<CallId>,
    next: CallId,
    full: bool,
    closed: bool,
    /// After a failed start, the moment before which no other one may follow.
    delayed_until: Option<Instant>,
    out: Vec<Action>,
}

/// The delay after each failed start.
const DELAY: Duration = Duration::from_millis(100);

impl World {
    fn new(limits: Limits) -> Self {
        let pool = Pool::new(limits.clone(), Duration::from_secs(1));
        Self {
            pool,
            limits,
            now: Instant::now(),
            alive: BTreeSet::new(),
            starting: Vec::new(),
            serving: BTreeMap::new(),
            served: BTreeMap::new(),
            dying: Vec::new(),
            retired: BTreeSet::new(),
            waiting: VecDeque::new(),
            next: 0,
            full: false,
            closed: false,
            delayed_until: None,
            out: Vec::new(),
        }
    }

    fn carry_out(&mut self) {
        for action in std::mem::take(&mut self.out) {
            match action {
                Action::Start(id) => {
                    assert!(self.alive.insert(id), "an id was used twice");
                    self.starting.push(id);
                    assert!(self.alive.len() <= self.limits.max, "more processes alive than allowed");
                    assert!(self.starting.len() <= self.limits.starts_at_once + 1);
                    assert!(
                        self.delayed_until.is_none_or(|until| self.now >= until),
                        "started within the delay after a failed start"
                    );
                }
                Action::Assign(call, id) => {
                    assert_eq!(self.waiting.pop_front(), Some(call), "first come, first served");
                    assert!(
                        !self.starting.contains(&id) && !self.dying.contains(&id),
                        "handed to a process that is not ready"
                    );
                    assert!(!self.retired.contains(&id), "handed to a process that was to end");
                    let calls = self.serving.entry(id).or_default();
                    calls.push(call);
                    assert!(
                        calls.len() <= self.limits.concurrent,
                        "too many calls in flight on one process"
                    );
                    let served = self.served.entry(id).or_default();
                    *served += 1;
                    if let Count::Limited(limit) = self.limits.calls_per_worker {
                        assert!(*served <= limit, "a process served more calls than allowed");
                    }
                }
                Action::End(id) | Action::Discard(id) => {
                    assert!(
                        self.serving.remove(&id).unwrap_or_default().is_empty(),
                        "ended under a call"
                    );
                    self.starting.retain(|other| *other != id);
                    assert!(!self.dying.contains(&id), "ended twice");
                    self.dying.push(id);
                }
                Action::Drain => {
                    assert!(self.full, "drain without having been full");
                    self.full = false;
                }
            }
        }
        self.full = !self.pool.accepts();
        self.nothing_is_overdue();
        assert_eq!(self.pool.gauges().queued, self.waiting.len());
    }

    /// A wake-up time in the past that stays would keep the clock spinning.
    fn nothing_is_overdue(&mut self) {
        if self.pool.next_wake().is_some_and(|at| at <= self.now) {
            let mut out = Vec::new();
            self.pool.tick(self.now, &mut out);
            let next = self.pool.next_wake();
            assert!(
                next.is_none_or(|at| at > self.now),
                "wakes for nothing: {:?}",
                self.pool
            );
            self.out.extend(out);
            if !self.out.is_empty() {
                self.carry_out();
            }
        }
    }

    fn pick<T: Copy>(items: &[T], at: usize) -> Option<T> {
        (!items.is_empty()).then(|| items[at % items.len()])
    }

    /// A process ends, and only afterwards the pool learns that its start failed. No process may be started in between.
    fn fail(&mut self, id: WorkerId, again: bool) {
        self.pool.terminate(id, self.now, &mut self.out);
        assert!(
            !self.out.iter().any(|action| matches!(action, Action::Start(_))),
            "started before the failure was judged"
        );
        self.carry_out();
        let retry_at = again.then(|| self.now + DELAY);
        self.delayed_until = retry_at;
        self.pool.start_failed(id, retry_at, self.now, &mut self.out);
    }

    fn apply(&mut self, step: &Step) {
        match *step {
            Step::Submit if !self.closed => {
                if self.pool.gave_up() {
                    self.delayed_until = None;
                }
                self.next += 1;
                self.waiting.push_back(self.next);
                if self.pool.submit(self.next, self.now, &mut self.out) == Err(Refused) {
                    self.waiting.pop_back();
                    assert!(!matches!(self.limits.queue, Count::Infinite));
                }
            }
            Step::Submit => {}
            Step::Withdraw(at) => {
                let all: Vec<CallId> = self.waiting.iter().copied().collect();
                if let Some(call) = Self::pick(&all, at) {
                    self.waiting.retain(|other| *other != call);
                    assert!(self.pool.withdraw(call, self.now, &mut self.out));
                }
            }
            Step::Ready(at) => {
                if let Some(id) = Self::pick(&self.starting, at) {
                    self.starting.retain(|other| *other != id);
                    self.serving.insert(id, Vec::new());
                    self.delayed_until = None;
                    self.pool.ready(id, self.now, &mut self.out);
                }
            }
            Step::StartFails(at, again) => {
                if let Some(id) = Self::pick(&self.starting, at) {
                    self.starting.retain(|other| *other != id);
                    self.dying.push(id);
                    self.fail(id, again);
                }
            }
            Step::DiesUnused(at) => {
                let unused: Vec<WorkerId> = self
                    .serving
                    .keys()
                    .copied()
                    .filter(|id| !self.served.contains_key(id))
                    .collect();
                if let Some(id) = Self::pick(&unused, at) {
                    self.serving.remove(&id);
                    self.dying.push(id);
                    self.fail(id, true);
                }
            }
            Step::Release(at) => {
                let busy: Vec<WorkerId> = self
                    .serving
                    .iter()
                    .filter(|(_, calls)| !calls.is_empty())
                    .map(|(id, _)| *id)
                    .collect();
                if let Some(id) = Self::pick(&busy, at) {
                    self.serving.entry(id).or_default().pop();
                    self.delayed_until = None;
                    self.pool.release(id, self.now, &mut self.out);
                }
            }
            Step::Crash(at) => {
                let up: Vec<WorkerId> = self.serving.keys().copied().collect();
                if let Some(id) = Self::pick(&up, at) {
                    self.serving.remove(&id);
                    self.dying.push(id);
                    self.pool.terminate(id, self.now, &mut self.out);
                }
            }
            Step::Retire(at) => {
                let up: Vec<WorkerId> = self.serving.keys().copied().collect();
                if let Some(id) = Self::pick(&up, at) {
                    self.pool.retire(id, self.now, &mut self.out);
                    self.retired.insert(id);
                }
            }
            Step::Returned(at) => {
                let up: Vec<WorkerId> = self.serving.keys().copied().collect();
                if let Some(id) = Self::pick(&up, at) {
                    let calls = self.serving.remove(&id).unwrap_or_default();
                    self.dying.push(id);
                    self.pool.terminate(id, self.now, &mut self.out);
                    self.carry_out();
                    for call in calls.into_iter().rev() {
                        // As with a new call, somebody asks for a process after the pool gave up.
                        if self.pool.gave_up() {
                            self.delayed_until = None;
                        }
                        self.waiting.push_front(call);
                        self.pool.resubmit(call, self.now, &mut self.out);
                        self.carry_out();
                    }
                }
            }
            Step::Exit(at) => {
                if let Some(id) = Self::pick(&self.dying, at) {
                    self.dying.retain(|other| *other != id);
                    self.alive.remove(&id);
                    self.pool.exited(id, self.now, &mut self.out);
                }
            }
            Step::Wait(ms) => {
                self.now += Duration::from_millis(ms);
                self.pool.tick(self.now, &mut self.out);
            }
            Step::Close => {
                self.closed = true;
                self.pool.close(self.now, &mut self.out);
            }
        }
        self.carry_out();
    }

    /// From here on everything succeeds: every waiting call must be served and, once the pool is closed, every process
    /// must end.
    fn run_out(&mut self) {
        self.apply(&Step::Close);
        for _ in 0..10_000 {
            if self.waiting.is_empty() && self.alive.is_empty() {
                return;
            }
            self.apply(&Step::Ready(0));
            self.apply(&Step::Release(0));
            self.apply(&Step::Exit(0));
            self.apply(&Step::Wait(200));
        }
        panic!(
            "stuck: waiting {:?}, alive {:?}, {:?}",
            self.waiting, self.alive, self.pool
        );
    }
}

proptest! {
    #[test]
    fn every_call_is_served_in_order_within_the_limits(limits in limits(), steps in prop::collection::vec(step(), 0..120)) {
        let mut world = World::new(limits);
        world.pool.warm(false, world.now, &mut world.out);
        world.carry_out();
        for step in &steps {
            world.apply(step);
        }
        world.run_out();
    }
}
