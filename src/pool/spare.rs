//! Which processes are kept although no call waits for them: those of the manager's own group up to the minimum, and one of
//! each other group that was called within the idle timeout.

use std::time::Instant;

use super::demand::Demand;
use super::group::GroupId;
use super::slots::Slot;
use super::start_gate::StartGate;

impl Demand<'_> {
    /// How many processes of the group are kept.
    pub(super) fn kept(&self, group: GroupId) -> usize {
        if group == GroupId::OWN {
            return self.limits.min;
        }
        usize::from(self.groups.is_in_use(group, self.limits.idle, self.now))
    }

    /// The group that has fewer processes than are kept for it.
    pub(super) fn next_spare(&self) -> Option<GroupId> {
        let lacks = |group: &GroupId| {
            self.spare(*group) < self.kept(*group) && self.may_prewarm(*group) && self.is_open(*group)
        };
        let own = Some(GroupId::OWN).filter(lacks);
        own.or_else(|| self.groups.in_use(self.limits.idle, self.now).find(lacks))
    }

    /// Whether failed starts leave it sensible to start a process of the group although no call waits.
    pub(super) fn may_prewarm(&self, group: GroupId) -> bool {
        self.groups.gate(group).is_none_or(|gate| gate.prewarm)
    }

    fn spare(&self, group: GroupId) -> usize {
        let ready = if self.limits.single_use(group) {
            self.slots.of(group).filter(|slot| slot.is_idle()).count()
        } else {
            self.slots.ready_of(group)
        };
        self.slots.starting_of(group) + ready
    }

    /// The unused process that has been idle for the longest time, and how it counts: its group has more than are kept.
    pub(super) fn oldest_surplus(&self) -> Option<&Slot> {
        let surplus = |slot: &&Slot| slot.is_idle() && self.slots.ready_of(slot.group) > self.kept(slot.group);
        self.slots.iter().filter(surplus).min_by_key(|slot| slot.idle_since)
    }

    /// When an unused process is to be ended.
    pub(super) fn next_surplus(&self) -> Option<Instant> {
        let idle = self.limits.idle;
        let surplus = self.oldest_surplus().map(|slot| slot.idle_since + idle);
        // Then the group no longer counts as used, and its process as surplus.
        let unused = self
            .groups
            .in_use(idle, self.now)
            .filter(|group| self.slots.of(*group).any(Slot::is_idle))
            .filter_map(|group| self.groups.called(group))
            .map(|called| called + idle)
            .min();
        surplus.into_iter().chain(unused).min()
    }

    /// When the delay after failed starts of a group is over that needs a process. `prewarms`: also without a waiting call;
    /// `wanted`: the manager's own group does, because its tools are asked for.
    pub(super) fn next_opening(&self, prewarms: bool, wanted: bool) -> Option<Instant> {
        let lacks = |group: GroupId| {
            let spare = self.spare(group) < self.kept(group) || (wanted && group == GroupId::OWN);
            prewarms && spare && self.room() > 0 && self.may_prewarm(group)
        };
        // While a start is in progress the gate waits for its result, not for a time.
        let waits = |group: GroupId| {
            self.slots.starting_of(group) == 0
                && !self.slots.of(group).any(Slot::is_unjudged)
                && (self.queue.len_of(group) > 0 || lacks(group))
        };
        let opening = |(id, gate): (GroupId, &StartGate)| {
            let at = gate.opens_at().filter(|at| *at > self.now)?;
            waits(id).then_some(at)
        };
        self.groups.gates().filter_map(opening).min()
    }
}
