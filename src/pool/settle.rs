//! What follows from each event: calls are given to processes, and processes are started and ended.

use std::time::Instant;

use super::action::Action;
use super::demand::Demand;
use super::group::GroupId;
use super::limits::{REFILL_PATIENCE, TURN};
use super::queue::CallId;
use super::slots::{Slot, Slots, WorkerState};
use super::state::Pool;

impl Pool {
    pub(super) fn settle(&mut self, now: Instant, out: &mut Vec<Action>) {
        self.now = Some(now);
        self.assign(now, out);
        self.make_room(now, out);
        self.start(now, out);
        if self.closing && self.queue.is_empty() {
            end_idle(&mut self.slots, |_| true, out);
        } else if !self.groups.is_one() {
            // A process that was made for one call serves no other one.
            let over = |group: GroupId| group.is_narrowed() && self.queue.len_of(group) == 0;
            end_idle(&mut self.slots, over, out);
        }
        let full = !self.accepts();
        if self.full && !full && !self.closing {
            out.push(Action::Drain);
        }
        self.full = full;
    }

    /// Gives waiting calls to processes: of all calls that a process could take, the one that came first.
    fn assign(&mut self, now: Instant, out: &mut Vec<Action>) {
        while let Some((place, group, turn_over)) = self.next_servable(now) {
            if turn_over && self.demand(now).must_give_way(place) {
                self.give_way(group, out);
            } else if let Some(call) = self.queue.pop_front(group) {
                self.serve(call, group, now, out);
            }
        }
    }

    /// The place and the group of the first call that a process could take, and whether that process has had its turn.
    fn next_servable(&mut self, now: Instant) -> Option<(i64, GroupId, bool)> {
        let (limits, slots) = (&self.limits, &mut self.slots);
        self.queue.heads().find_map(|(place, group)| {
            let slot = slots.best(group, limits.concurrent(group))?;
            let turn_over = limits.single_use(group) || now >= slot.ready_since + TURN;
            Some((place, group, turn_over))
        })
    }

    /// Assigns the call to a process; false when none of its group has capacity.
    pub(super) fn serve(&mut self, call: CallId, group: GroupId, now: Instant, out: &mut Vec<Action>) -> bool {
        let Some(slot) = self.slots.best(group, self.limits.concurrent(group)) else {
            return false;
        };
        slot.in_flight += 1;
        slot.served += 1;
        slot.idle_since = now;
        if self.limits.served_out(group, slot.served) {
            slot.state = WorkerState::Retiring;
        }
        out.push(Action::Assign(call, slot.id));
        self.groups.get(group).served = Some(now);
        if self.limits.single_use {
            self.refill_at = Some(now + REFILL_PATIENCE);
        }
        true
    }

    /// The process of the group that would take the next call takes no more, because a call of another group came first.
    fn give_way(&mut self, group: GroupId, out: &mut Vec<Action>) {
        let Some(slot) = self.slots.best(group, self.limits.concurrent(group)) else {
            return;
        };
        if slot.in_flight == 0 {
            slot.state = WorkerState::Stopping;
            out.push(Action::End(slot.id));
        } else {
            slot.state = WorkerState::Retiring;
        }
    }

    /// Ends idle processes for calls of other groups that claim a process.
    fn make_room(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.queue.is_empty() || self.groups.is_one() {
            return;
        }
        let demand = self.demand(now);
        let lacking = demand
            .all_claims()
            .saturating_sub(demand.room() + demand.freeing(false));
        for _ in 0..lacking {
            let idle = self.slots.iter_mut().filter(|slot| slot.is_idle());
            let Some(slot) = idle.min_by_key(|slot| slot.idle_since) else {
                return;
            };
            slot.state = WorkerState::Stopping;
            out.push(Action::End(slot.id));
        }
    }

    fn start(&mut self, now: Instant, out: &mut Vec<Action>) {
        if self.refill_at.is_some_and(|at| now >= at) {
            self.refill_at = None;
        }
        while self.slots.len() < self.limits.max {
            let demand = self.demand(now);
            let demanded = demand.next_start();
            let spare = || self.groups_spare(&demand);
            let most = self.limits.starts_at_once + usize::from(demanded.is_some());
            let Some(group) = demanded.or_else(spare).filter(|_| self.slots.starting() < most) else {
                break;
            };
            out.push(Action::Start(self.slots.open(group, now), group));
        }
    }

    /// The group of which a process is to be started although no call waits for one.
    fn groups_spare(&self, demand: &Demand<'_>) -> Option<GroupId> {
        if self.closing {
            return None;
        }
        let imports = self.wanted && self.slots.starting_of(GroupId::OWN) == 0;
        if imports && demand.may_prewarm(GroupId::OWN) && demand.is_open(GroupId::OWN) {
            return Some(GroupId::OWN);
        }
        demand.next_spare().filter(|_| self.refill_at.is_none())
    }

    /// Nothing is left of a narrowed group.
    pub(super) fn forget_if_over(&mut self, group: GroupId) {
        if group.is_narrowed() && self.queue.len_of(group) == 0 && self.slots.of(group).next().is_none() {
            self.groups.forget(group);
        }
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

    pub(super) fn retire_unused(&mut self, now: Instant, out: &mut Vec<Action>) {
        let idle = self.limits.idle;
        let unused = |pool: &Self| {
            let demand = pool.demand(now);
            let slot = demand.oldest_surplus()?;
            (now.duration_since(slot.idle_since) >= idle).then_some(slot.id)
        };
        while let Some(worker) = unused(self) {
            let Some(slot) = self.slots.get_mut(worker) else { break };
            slot.state = WorkerState::Stopping;
            out.push(Action::End(worker));
        }
    }
}

/// Ends the processes of the chosen groups that serve no call.
fn end_idle(slots: &mut Slots, chosen: impl Fn(GroupId) -> bool, out: &mut Vec<Action>) {
    let unused = |slot: &&mut Slot| slot.in_flight == 0 && chosen(slot.group);
    for slot in slots.iter_mut().filter(unused) {
        let action = match slot.state {
            WorkerState::Ready | WorkerState::Retiring => Action::End(slot.id),
            state if state.is_starting() => Action::Discard(slot.id),
            _ => continue,
        };
        slot.state = WorkerState::Stopping;
        out.push(action);
    }
}
