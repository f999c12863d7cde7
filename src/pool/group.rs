//! Confinement groups: tools that share processes, and what the pool remembers of each group.

use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;

use super::start_gate::StartGate;

/// Which processes may serve a call: those that were started for the same group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct GroupId {
    /// The number of the tools' group; 0 is the manager's own.
    pub base: u32,
    /// Not 0: calls that are narrowed further. Each of their processes is made for one call.
    pub narrowed: u32,
}

impl GroupId {
    /// The group of the tools without settings of their own.
    pub const OWN: GroupId = GroupId { base: 0, narrowed: 0 };

    /// The group with this number, not narrowed.
    pub const fn of(base: u32) -> Self {
        Self { base, narrowed: 0 }
    }

    /// Each process of the group serves exactly one call.
    pub const fn is_narrowed(self) -> bool {
        self.narrowed != 0
    }
}

/// What the pool remembers of one group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) start_gate: StartGate,
    /// When a call of it came last.
    pub(super) called: Option<Instant>,
    /// When a process took a call of it last.
    pub(super) served: Option<Instant>,
}

/// The manager's own group, and each other one that was called or has processes.
#[derive(Debug)]
pub(super) struct Groups {
    patience: Duration,
    all: FxHashMap<GroupId, Group>,
}

impl Groups {
    pub(super) fn new(patience: Duration) -> Self {
        let mut groups = Self {
            patience,
            all: FxHashMap::default(),
        };
        groups.get(GroupId::OWN);
        groups
    }

    pub(super) fn get(&mut self, id: GroupId) -> &mut Group {
        let patience = self.patience;
        self.all.entry(id).or_insert_with(|| Group {
            start_gate: StartGate::new(patience),
            called: None,
            served: None,
        })
    }

    pub(super) fn gate(&self, id: GroupId) -> Option<&StartGate> {
        self.all.get(&id).map(|group| &group.start_gate)
    }

    /// When a call of the group came last.
    pub(super) fn called(&self, id: GroupId) -> Option<Instant> {
        self.all.get(&id)?.called
    }

    /// When a process took a call of the group last.
    pub(super) fn served(&self, id: GroupId) -> Option<Instant> {
        self.all.get(&id)?.served
    }

    /// A narrowed group is forgotten when nothing of it is left, because its calls may never come again.
    pub(super) fn forget(&mut self, id: GroupId) {
        self.all.remove(&id);
    }

    /// Whether there is only the manager's own.
    pub(super) fn is_one(&self) -> bool {
        self.all.len() == 1
    }

    /// What each group's failed starts allow.
    pub(super) fn gates(&self) -> impl Iterator<Item = (GroupId, &StartGate)> {
        self.all.iter().map(|(id, group)| (*id, &group.start_gate))
    }

    /// Whether it is one of [`in_use`](Self::in_use).
    pub(super) fn is_in_use(&self, id: GroupId, idle: Duration, now: Instant) -> bool {
        let called = self.called(id).is_some_and(|called| now.duration_since(called) < idle);
        id.base != 0 && !id.is_narrowed() && called
    }

    /// The groups other than the manager's own that were called less than `idle` ago: a process is kept for each. Narrowed
    /// ones are none of them.
    pub(super) fn in_use(&self, idle: Duration, now: Instant) -> impl Iterator<Item = GroupId> {
        self.all
            .keys()
            .copied()
            .filter(move |id| self.is_in_use(*id, idle, now))
    }
}
