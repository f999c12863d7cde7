//! What the waiting calls need: which group's process is started next, and when a process of one group gives way to a call of
//! another.
//!
//! A group *claims* a process for its waiting calls where no process of it will take them soon: it has none and none is
//! starting, or those that it has are busy with long calls. Where each process serves one call, every waiting call claims one.
//! Claims are met in the order in which the calls came. A process that could take a younger call ends instead, once it has
//! served its group for a turn, while an older call of another group has a claim that no ending process and no free place
//! meets. Other waiting calls get another process only where there is a free place, because ending a process that serves call
//! after call for one more of another group would cost both groups more than the wait.
//!
//! The decisions behind it: docs/decisions.md#confinement-groups.

use std::time::Instant;

use super::group::{GroupId, Groups};
use super::limits::{Limits, OWN_PROCESS_PATIENCE};
use super::queue::{Queue, Waiting};
use super::slots::{Slot, Slots, WorkerState};

/// A look at the pool at one moment.
pub(super) struct Demand<'a> {
    pub(super) limits: &'a Limits,
    pub(super) queue: &'a Queue,
    pub(super) slots: &'a Slots,
    pub(super) groups: &'a Groups,
    pub(super) now: Instant,
}

impl Demand<'_> {
    /// Whether a process of the group may be started now, as far as failed starts are concerned.
    pub(super) fn is_open(&self, group: GroupId) -> bool {
        let allowed = self
            .groups
            .gate(group)
            .is_none_or(|gate| gate.allowed(self.now, self.slots.starting_of(group)));
        allowed && !self.slots.of(group).any(Slot::is_unjudged)
    }

    /// The group of the process that a waiting call needs next.
    pub(super) fn next_start(&self) -> Option<GroupId> {
        self.earliest(|group| self.claims(group, i64::MAX) > 0)
            .or_else(|| self.earliest(|_| true))
    }

    /// How many processes all waiting calls claim.
    pub(super) fn all_claims(&self) -> usize {
        self.queue.heads().map(|(_, group)| self.claims(group, i64::MAX)).sum()
    }

    /// Whether the calls that came before this place claim more processes than there are places that are free or become so.
    pub(super) fn must_give_way(&self, place: i64) -> bool {
        if self.groups.is_one() {
            return false;
        }
        let older = self.queue.heads().take_while(|(head, _)| *head < place);
        let claims: usize = older.map(|(_, group)| self.claims(group, place)).sum();
        claims > 0 && claims > self.room() + self.freeing(true)
    }

    /// The places in which a process could be started now.
    pub(super) fn room(&self) -> usize {
        self.limits.max.saturating_sub(self.slots.len())
    }

    /// The processes that leave their place without being given another call. `busy`: also those that first finish calls.
    pub(super) fn freeing(&self, busy: bool) -> usize {
        let leaves = |slot: &&Slot| match slot.state {
            WorkerState::Spawning | WorkerState::Importing | WorkerState::WarmingUp | WorkerState::Ready => false,
            // A process that serves its only call was not asked to make room, and may take long.
            WorkerState::Retiring => busy && !self.limits.single_use(slot.group),
            WorkerState::Quarantined => busy,
            WorkerState::Stopping | WorkerState::Terminating | WorkerState::Failing | WorkerState::Judged => true,
        };
        self.slots.iter().filter(leaves).count()
    }

    /// When a group with waiting calls begins to claim a process, if nothing else happens before.
    pub(super) fn next_claim(&self) -> Option<Instant> {
        if self.limits.single_use || self.groups.is_one() || self.room() > 0 {
            return None;
        }
        let of_group = |(_, group)| self.claims_at(group).filter(|at| *at > self.now);
        self.queue.heads().filter_map(of_group).min()
    }

    /// The waiting calls that the group's starting processes will not take, as many as matter.
    fn uncovered(&self, group: GroupId) -> impl Iterator<Item = Waiting> {
        let each = self.limits.concurrent(group);
        let covered = self.slots.starting_of(group).saturating_mul(each);
        let most = self.limits.max.saturating_mul(each);
        self.queue.of(group).skip(covered).take(most)
    }

    /// How many processes the group's calls before this place claim.
    fn claims(&self, group: GroupId, before: i64) -> usize {
        if !self.is_open(group) {
            return 0;
        }
        let older = || self.uncovered(group).take_while(|waiting| waiting.place < before);
        if self.limits.single_use(group) {
            return older().count();
        }
        let claims = older().next().is_some() && self.claims_at(group).is_some_and(|at| at <= self.now);
        usize::from(claims)
    }

    /// When a group whose processes serve call after call begins to claim one more, if its calls still wait then.
    fn claims_at(&self, group: GroupId) -> Option<Instant> {
        let first = self.queue.of(group).next()?;
        if self.slots.starting_of(group) > 0 {
            return None;
        }
        if self.slots.ready_of(group) == 0 {
            return Some(first.since);
        }
        let served = self
            .groups
            .served(group)
            .map_or(first.since, |served| served.max(first.since));
        Some(served + OWN_PROCESS_PATIENCE)
    }

    /// Of the groups that may start a process, the one whose first call without a process came first.
    fn earliest(&self, wanted: impl Fn(GroupId) -> bool) -> Option<GroupId> {
        let mut found: Option<(i64, GroupId)> = None;
        for (head, group) in self.queue.heads() {
            if found.is_some_and(|(place, _)| place < head) {
                break;
            }
            if let Some(first) = self.uncovered(group).next()
                && found.is_none_or(|(place, _)| first.place < place)
                && self.is_open(group)
                && wanted(group)
            {
                found = Some((first.place, group));
            }
        }
        found.map(|(_, group)| group)
    }
}
