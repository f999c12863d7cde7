//! The processes of the pool, each in one state of one machine.
//!
//! | state       | takes calls | left by                                                              |
//! |-------------|-------------|----------------------------------------------------------------------|
//! | Spawning    | no          | spawned -> Importing                                                 |
//! | Importing   | no          | imported -> WarmingUp                                                |
//! | WarmingUp   | no          | ready -> Ready                                                       |
//! | Ready       | yes         | its last call assigned, retired under calls -> Retiring              |
//! | Retiring    | no          | its last call released -> Stopping                                   |
//! | Quarantined | no          | terminated -> Terminating                                            |
//! | Stopping    | no          | the exit only                                                        |
//! | Terminating | no          | start failed -> Judged                                               |
//! | Failing     | no          | start failed -> Judged                                               |
//! | Judged      | no          | the exit only                                                        |
//!
//! Spawning, Importing and WarmingUp together are "starting"; ready leads from each of them to Ready. A process that is not needed
//! any more goes from any state above Quarantined to Stopping. One that is given up goes from Ready or Retiring to Quarantined (it
//! may still answer the calls it has) or Terminating (it is being killed), and from a starting state to Failing. Its exit removes
//! it, whatever its state.
//!
//! Quarantined, Terminating and Failing processes that were never given a call are "unjudged": it is not known yet whether their
//! end counts as a failed start, so no other process is started meanwhile. A start in that moment would escape the delay that
//! follows a failure.

use std::time::Instant;

use super::group::GroupId;

/// Identifies one process for its whole life. A pool never uses an id twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WorkerId(pub u32);

/// Where a process stands; see the table of this file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WorkerState {
    /// It was requested, and the system has not created it yet.
    Spawning,
    /// It runs, and imports the entrypoint.
    Importing,
    /// It has imported the entrypoint, and rehearses a call so that the first real one is fast.
    WarmingUp,
    /// It takes calls.
    Ready,
    /// It finishes the calls that it has, and takes no other one.
    Retiring,
    /// It takes no more calls, because one of its calls is being aborted or its channel has ended.
    Quarantined,
    /// It is not needed any more: it was asked to end, or is being killed.
    Stopping,
    /// It was ready once and is being killed, or has ended.
    Terminating,
    /// It never became ready and is being killed, or has ended.
    Failing,
    /// Its end was counted as a failed start.
    Judged,
}

impl WorkerState {
    /// The process is not ready yet, and is expected to become ready.
    pub fn is_starting(self) -> bool {
        matches!(self, Self::Spawning | Self::Importing | Self::WarmingUp)
    }

    /// The process was asked to end or is being killed, so its exit is expected.
    pub fn is_ending(self) -> bool {
        self == Self::Stopping || self.is_being_killed()
    }

    /// The process is being killed, or has ended.
    pub fn is_being_killed(self) -> bool {
        matches!(self, Self::Terminating | Self::Failing | Self::Judged)
    }
}

#[derive(Debug)]
pub(super) struct Slot {
    pub(super) id: WorkerId,
    /// The group whose calls it serves; it never changes.
    pub(super) group: GroupId,
    pub(super) state: WorkerState,
    pub(super) in_flight: usize,
    /// Calls assigned to it so far.
    pub(super) served: u64,
    /// When it began to take calls; valid only once the slot is Ready.
    pub(super) ready_since: Instant,
    /// When it became idle; valid only while the slot is Ready with no call in flight.
    pub(super) idle_since: Instant,
}

impl Slot {
    /// It takes calls and has none.
    pub(super) fn is_idle(&self) -> bool {
        self.state == WorkerState::Ready && self.in_flight == 0
    }

    /// It is not known yet whether the end of this process counts as a failed start.
    pub(super) fn is_unjudged(&self) -> bool {
        let given_up = matches!(
            self.state,
            WorkerState::Quarantined | WorkerState::Terminating | WorkerState::Failing
        );
        given_up && self.served == 0
    }
}

#[derive(Debug, Default)]
pub(super) struct Slots {
    all: Vec<Slot>,
    last: u32,
}

impl Slots {
    pub(super) fn open(&mut self, group: GroupId, now: Instant) -> WorkerId {
        self.last = self.last.wrapping_add(1);
        let id = WorkerId(self.last);
        self.all.push(Slot {
            id,
            group,
            state: WorkerState::Spawning,
            in_flight: 0,
            served: 0,
            ready_since: now,
            idle_since: now,
        });
        id
    }

    pub(super) fn get(&self, id: WorkerId) -> Option<&Slot> {
        self.all.iter().find(|slot| slot.id == id)
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

    /// Processes that are not ready yet.
    pub(super) fn starting(&self) -> usize {
        self.all.iter().filter(|slot| slot.state.is_starting()).count()
    }

    /// Ready processes with nothing in flight.
    pub(super) fn idle(&self) -> usize {
        self.all.iter().filter(|slot| slot.is_idle()).count()
    }

    /// The processes of one group.
    pub(super) fn of(&self, group: GroupId) -> impl Iterator<Item = &Slot> {
        self.all.iter().filter(move |slot| slot.group == group)
    }

    /// Processes of this group that are not ready yet.
    pub(super) fn starting_of(&self, group: GroupId) -> usize {
        self.of(group).filter(|slot| slot.state.is_starting()).count()
    }

    /// Processes of this group that take calls.
    pub(super) fn ready_of(&self, group: GroupId) -> usize {
        self.of(group).filter(|slot| slot.state == WorkerState::Ready).count()
    }

    /// The ready process of the group that should take the next call: the least loaded one; of equally loaded ones, the one
    /// used last, so that surplus processes stay idle long enough to be retired.
    pub(super) fn best(&mut self, group: GroupId, concurrent: usize) -> Option<&mut Slot> {
        self.all
            .iter_mut()
            .filter(|slot| slot.group == group && slot.state == WorkerState::Ready && slot.in_flight < concurrent)
            .min_by(|a, b| a.in_flight.cmp(&b.in_flight).then(b.idle_since.cmp(&a.idle_since)))
    }
}
