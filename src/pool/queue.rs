//! The queue of waiting calls, first come first served.
//!
//! A call may leave the queue at any time, and a million calls may wait, so every operation takes constant or
//! logarithmic time. Each group has a queue of its own, because its processes serve no other calls; a call's place counts
//! across all of them.

use std::collections::BTreeMap;
use std::time::Instant;

use rustc_hash::FxHashMap;

use super::group::GroupId;

/// A call's number in the pool.
pub type CallId = u32;

/// A waiting call.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    pub(super) place: i64,
    pub(super) call: CallId,
    pub(super) since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    of_groups: FxHashMap<GroupId, BTreeMap<i64, (CallId, Instant)>>,
    /// The place of the first call of each group that has waiting calls.
    heads: BTreeMap<i64, GroupId>,
    places: FxHashMap<CallId, (i64, GroupId)>,
    first: i64,
    last: i64,
}

impl Queue {
    pub(super) fn push_back(&mut self, call: CallId, group: GroupId, now: Instant) {
        self.last += 1;
        self.put(self.last, call, group, now);
    }

    /// Puts the call before all others.
    pub(super) fn push_front(&mut self, call: CallId, group: GroupId, now: Instant) {
        self.put(self.first, call, group, now);
        self.first -= 1;
    }

    /// The groups with waiting calls and the place of the first one of each, in the order of these places.
    pub(super) fn heads(&self) -> impl Iterator<Item = (i64, GroupId)> {
        self.heads.iter().map(|(place, group)| (*place, *group))
    }

    /// The waiting calls of a group, in the order of their arrival.
    pub(super) fn of(&self, group: GroupId) -> impl Iterator<Item = Waiting> {
        let calls = self.of_groups.get(&group).into_iter().flatten();
        calls.map(|(&place, &(call, since))| Waiting { place, call, since })
    }

    pub(super) fn len_of(&self, group: GroupId) -> usize {
        self.of_groups.get(&group).map_or(0, BTreeMap::len)
    }

    pub(super) fn pop_front(&mut self, group: GroupId) -> Option<CallId> {
        let first = self.of(group).next()?;
        self.remove(first.call);
        Some(first.call)
    }

    /// Removes the call and returns its group; `None` when it was not waiting.
    pub(super) fn remove(&mut self, call: CallId) -> Option<GroupId> {
        let (place, group) = self.places.remove(&call)?;
        let calls = self.of_groups.get_mut(&group)?;
        calls.remove(&place);
        if self.heads.remove(&place).is_some()
            && let Some((next, _)) = calls.first_key_value()
        {
            self.heads.insert(*next, group);
        }
        // The manager's own map is kept: it is used again and again.
        if calls.is_empty() && group != GroupId::OWN {
            self.of_groups.remove(&group);
        }
        Some(group)
    }

    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    fn put(&mut self, place: i64, call: CallId, group: GroupId, now: Instant) {
        let calls = self.of_groups.entry(group).or_default();
        if let Some((&head, _)) = calls.first_key_value() {
            if place < head {
                self.heads.remove(&head);
                self.heads.insert(place, group);
            }
        } else {
            self.heads.insert(place, group);
        }
        calls.insert(place, (call, now));
        self.places.insert(call, (place, group));
    }
}
