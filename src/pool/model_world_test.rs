//! What an observer outside of the pool knows, and the checks of every action.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use super::limits::{OWN_PROCESS_PATIENCE, TURN};
use super::model_steps_test::Step;
use super::{Action, CallId, GroupId, Limits, Pool, Refused, WorkerId, WorkerState};
use crate::config::Count;

/// The model: what an observer outside of the pool knows.
pub(super) struct World {
    pub(super) pool: Pool,
    limits: Limits,
    pub(super) now: Instant,
    alive: BTreeMap<WorkerId, GroupId>,
    starting: Vec<WorkerId>,
    /// Calls on each process that is not dying.
    serving: BTreeMap<WorkerId, Vec<CallId>>,
    served: BTreeMap<WorkerId, u64>,
    dying: Vec<WorkerId>,
    /// Processes that must not be given another call.
    retired: BTreeSet<WorkerId>,
    pub(super) waiting: VecDeque<Waiting>,
    groups: BTreeMap<CallId, GroupId>,
    /// When each process became ready.
    ready_at: BTreeMap<WorkerId, Instant>,
    /// When a process took a call of each group last.
    taken: BTreeMap<GroupId, Instant>,
    pub(super) next: CallId,
    full: bool,
    closed: bool,
    /// After a failed start of a group, the moment before which no other one of it may follow.
    delayed_until: BTreeMap<GroupId, Instant>,
    pub(super) out: Vec<Action>,
}

/// A call in the queue, with when it came there.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Waiting {
    pub(super) call: CallId,
    group: GroupId,
    since: Instant,
}

/// The delay after each failed start.
const DELAY: Duration = Duration::from_millis(100);

impl World {
    pub(super) fn new(limits: Limits) -> Self {
        let pool = Pool::new(limits.clone(), Duration::from_secs(1));
        Self {
            pool,
            limits,
            now: Instant::now(),
            alive: BTreeMap::new(),
            starting: Vec::new(),
            serving: BTreeMap::new(),
            served: BTreeMap::new(),
            dying: Vec::new(),
            retired: BTreeSet::new(),
            waiting: VecDeque::new(),
            groups: BTreeMap::new(),
            ready_at: BTreeMap::new(),
            taken: BTreeMap::new(),
            next: 0,
            full: false,
            closed: false,
            delayed_until: BTreeMap::new(),
            out: Vec::new(),
        }
    }

    pub(super) fn carry_out(&mut self) {
        for action in std::mem::take(&mut self.out) {
            match action {
                Action::Start(id, group) => {
                    assert!(self.alive.insert(id, group).is_none(), "an id was used twice");
                    assert_eq!(self.pool.group_of(id), Some(group));
                    self.starting.push(id);
                    assert!(self.alive.len() <= self.limits.max, "more processes alive than allowed");
                    assert!(self.starting.len() <= self.limits.starts_at_once + 1);
                    assert!(
                        self.delayed_until.get(&group).is_none_or(|until| self.now >= *until),
                        "started within the delay after a failed start"
                    );
                }
                Action::Assign(call, id) => {
                    let group = self.groups[&call];
                    assert_eq!(self.alive[&id], group, "handed to a process of another group");
                    let place = self.waiting.iter().position(|waiting| waiting.group == group);
                    let place = place.expect("a call that waits");
                    assert_eq!(self.waiting[place].call, call, "first come, first served");
                    let single = self.limits.single_use || group.is_narrowed();
                    if single || self.now >= self.ready_at[&id] + TURN {
                        self.nobody_is_overtaken(place);
                    }
                    self.waiting.remove(place);
                    self.taken.insert(group, self.now);
                    assert!(
                        !self.starting.contains(&id) && !self.dying.contains(&id),
                        "handed to a process that is not ready"
                    );
                    assert!(!self.retired.contains(&id), "handed to a process that was to end");
                    let calls = self.serving.entry(id).or_default();
                    calls.push(call);
                    let most = if group.is_narrowed() { 1 } else { self.limits.concurrent };
                    assert!(calls.len() <= most, "too many calls in flight on one process");
                    let served = self.served.entry(id).or_default();
                    *served += 1;
                    assert!(
                        *served == 1 || !group.is_narrowed(),
                        "a process made for one call served two"
                    );
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

    /// Calls of other groups that came before the one at this place and have no process that takes them soon: as many
    /// places are free, or left by processes that take no more calls, as they need processes.
    fn nobody_is_overtaken(&self, place: usize) {
        let mut needed = 0;
        let older: Vec<_> = self.waiting.iter().take(place).collect();
        let groups: BTreeSet<GroupId> = older.iter().map(|waiting| waiting.group).collect();
        for group in groups {
            let of_group = |id: &&WorkerId| self.alive[*id] == group;
            let starting = self.starting.iter().filter(of_group).count();
            let unjudged = |id: &&WorkerId| {
                of_group(id)
                    && !self.served.contains_key(*id)
                    && matches!(
                        self.pool.state(**id),
                        Some(WorkerState::Terminating | WorkerState::Failing)
                    )
            };
            // After a failure one process is started at a time, and none within the delay.
            if self.pool.has_failed(group) || self.alive.keys().filter(unjudged).count() > 0 {
                continue;
            }
            let ready = |id: &&WorkerId| of_group(id) && self.pool.state(**id) == Some(WorkerState::Ready);
            let single = self.limits.single_use || group.is_narrowed();
            let each = if group.is_narrowed() { 1 } else { self.limits.concurrent };
            let uncovered = older
                .iter()
                .filter(|waiting| waiting.group == group)
                .skip(starting * each);
            let all = uncovered.clone().count();
            let first = older
                .iter()
                .find(|waiting| waiting.group == group)
                .map(|first| first.since);
            let none = self.alive.keys().filter(ready).count() == 0;
            let stuck = first.into_iter().chain(self.taken.get(&group).copied()).max();
            let long = stuck.is_some_and(|since| self.now >= since + OWN_PROCESS_PATIENCE);
            needed += match single {
                true => all,
                false => usize::from(all > 0 && starting == 0 && (none || long)),
            };
        }
        let retiring = |id: &&WorkerId| {
            !self.limits.single_use
                && !self.alive[*id].is_narrowed()
                && self.pool.state(**id) == Some(WorkerState::Retiring)
        };
        let leaving = self.dying.len() + self.serving.keys().filter(retiring).count();
        let free = self.limits.max - self.alive.len();
        assert!(
            needed <= leaving + free,
            "a younger call was served: {needed} processes needed, {leaving} leaving, {free} free"
        );
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

    /// Somebody asks for a process; where the pool had given the group up, the delay is over.
    fn asks(&mut self, group: GroupId) {
        if self.pool.gave_up(group) {
            self.delayed_until.remove(&group);
        }
    }

    /// A process ends, and only afterwards the pool learns that its start failed. No process may be started in between.
    fn fail(&mut self, id: WorkerId, again: bool) {
        let group = self.alive[&id];
        self.pool.terminate(id, self.now, &mut self.out);
        assert!(
            !self
                .out
                .iter()
                .any(|action| matches!(action, Action::Start(_, of) if *of == group)),
            "started before the failure was judged"
        );
        self.carry_out();
        let retry_at = again.then(|| self.now + DELAY);
        self.delayed_until.remove(&group);
        self.delayed_until.extend(retry_at.map(|at| (group, at)));
        self.pool.start_failed(id, retry_at, self.now, &mut self.out);
    }

    pub(super) fn apply(&mut self, step: &Step) {
        match *step {
            Step::Submit(group) if !self.closed => {
                self.asks(group);
                self.next += 1;
                self.groups.insert(self.next, group);
                self.waiting.push_back(Waiting {
                    call: self.next,
                    group,
                    since: self.now,
                });
                if self.pool.submit(self.next, group, self.now, &mut self.out) == Err(Refused) {
                    self.waiting.pop_back();
                    assert!(!matches!(self.limits.queue, Count::Infinite));
                }
            }
            Step::Submit(_) => {}
            Step::Withdraw(at) => {
                let all: Vec<CallId> = self.waiting.iter().map(|waiting| waiting.call).collect();
                if let Some(call) = Self::pick(&all, at) {
                    self.waiting.retain(|other| other.call != call);
                    assert!(self.pool.withdraw(call, self.now, &mut self.out));
                }
            }
            Step::Ready(at) => {
                if let Some(id) = Self::pick(&self.starting, at) {
                    self.starting.retain(|other| *other != id);
                    self.serving.insert(id, Vec::new());
                    self.ready_at.insert(id, self.now);
                    self.delayed_until.remove(&self.alive[&id]);
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
                    self.delayed_until.remove(&self.alive[&id]);
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
                        let group = self.groups[&call];
                        self.asks(group);
                        self.waiting.push_front(Waiting {
                            call,
                            group,
                            since: self.now,
                        });
                        self.pool.resubmit(call, group, self.now, &mut self.out);
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
    pub(super) fn run_out(&mut self) {
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
