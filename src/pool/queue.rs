//! The queue of waiting calls, first come first served.
//!
//! A call may leave the queue at any time, and a million calls may wait, so every operation takes constant or
//! logarithmic time.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

/// A call's number in the pool.
pub type CallId = u32;

#[derive(Debug, Default)]
pub(super) struct Queue {
    by_place: BTreeMap<i64, CallId>,
    places: FxHashMap<CallId, i64>,
}

impl Queue {
    pub(super) fn push_back(&mut self, call: CallId) {
        let place = self.by_place.last_key_value().map_or(0, |(last, _)| last + 1);
        self.put(place, call);
    }

    /// Puts the call before all others.
    pub(super) fn push_front(&mut self, call: CallId) {
        let place = self.by_place.first_key_value().map_or(0, |(first, _)| first - 1);
        self.put(place, call);
    }

    pub(super) fn first(&self) -> Option<CallId> {
        self.by_place.first_key_value().map(|(_, call)| *call)
    }

    pub(super) fn pop_front(&mut self) -> Option<CallId> {
        let (_, call) = self.by_place.pop_first()?;
        self.places.remove(&call);
        Some(call)
    }

    /// Removes the call; false when it was not waiting.
    pub(super) fn remove(&mut self, call: CallId) -> bool {
        match self.places.remove(&call) {
            Some(place) => self.by_place.remove(&place).is_some(),
            None => false,
        }
    }

    pub(super) fn clear(&mut self) {
        self.by_place.clear();
        self.places.clear();
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = CallId> {
        self.by_place.values().copied()
    }

    pub(super) fn len(&self) -> usize {
        self.by_place.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.by_place.is_empty()
    }

    fn put(&mut self, place: i64, call: CallId) {
        self.by_place.insert(place, call);
        self.places.insert(call, place);
    }
}
