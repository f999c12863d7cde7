//! The processes that the pool counts, each in one of five states.
//!
//! | state    | takes calls | left by                                                            |
//! |----------|-------------|--------------------------------------------------------------------|
//! | Starting | no          | ready -> Ready; start failed -> Dying; condemned -> Unjudged       |
//! | Ready    | yes         | served out -> Retiring; idle too long, closing -> Dying; condemned |
//! | Retiring | no          | last call released -> Dying (asked to end); condemned              |
//! | Unjudged | no          | start failed -> Dying; exited -> slot is free                      |
//! | Dying    | no          | exited -> slot is free                                             |
//!
//! A process is condemned when it is being killed or is about to end. If it was never given a call it becomes Unjudged,
//! otherwise Dying. While a process is Unjudged it is not known yet whether its end counts as a failed start, so no
//! other process is started: such a start would escape the delay that follows a failure.

use std::time::Instant;

/// Identifies one process for its whole life. A pool never uses an id twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Starting,
    Ready,
    Retiring,
    Unjudged,
    Dying,
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: WorkerId,
    pub(super) state: State,
    pub(super) in_flight: usize,
    /// Calls assigned to it so far.
    pub(super) served: u64,
    /// When it became idle; valid only while the slot is Ready with no call in flight.
    pub(super) idle_since: Instant,
}

#[derive(Debug, Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    last: u32,
}

impl Slots {
    pub(super) fn open(&mut self, now: Instant) -> WorkerId {
        self.last = self.last.wrapping_add(1);
        let id = WorkerId(self.last);
        self.all.push(Slot {
            id,
            state: State::Starting,
            in_flight: 0,
            served: 0,
            idle_since: now,
        });
        id
    }

    pub(super) fn get_mut(&mut self, id: WorkerId) -> Option<&mut Slot> {
        self.all.iter_mut().find(|slot| slot.id == id)
    }

    pub(super) fn remove(&mut self, id: WorkerId) -> Option<Slot> {
        let index = self.all.iter().position(|slot| slot.id == id)?;
        Some(self.all.swap_remove(index))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Slot> {
        self.all.iter()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Slot> {
        self.all.iter_mut()
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn count(&self, state: State) -> usize {
        self.all.iter().filter(|slot| slot.state == state).count()
    }

    /// Ready processes with nothing in flight.
    pub(super) fn idle(&self) -> usize {
        self.all
            .iter()
            .filter(|slot| slot.state == State::Ready && slot.in_flight == 0)
            .count()
    }

    /// The ready process that should take the next call: the least loaded one; of equally loaded ones, the one used
    /// last, so that surplus processes stay idle long enough to be retired.
    pub(super) fn best(&mut self, concurrent: usize) -> Option<&mut Slot> {
        self.all
            .iter_mut()
            .filter(|slot| slot.state == State::Ready && slot.in_flight < concurrent)
            .min_by(|a, b| a.in_flight.cmp(&b.in_flight).then(b.idle_since.cmp(&a.idle_since)))
    }
}
