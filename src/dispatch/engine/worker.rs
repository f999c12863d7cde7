//! One process as the engine knows it: which calls it serves, what it printed, why it ends.
//!
//! Its state, from Spawning to its exit, is the pool's [`WorkerState`](crate::pool::WorkerState) and is not kept here as well.

use std::time::Instant;

use super::lines::Lines;
use super::pace::Pace;
use crate::dispatch::facts::{StartFault, TerminationReason};
use crate::pool::{CallId, GroupId, WorkerId};
use crate::sandbox::TakenDenials;
use crate::spawn::Captured;

pub(super) struct Worker {
    pub(super) id: WorkerId,
    /// The group whose calls it serves.
    pub(super) group: GroupId,
    pub(super) started: Instant,
    /// When it could be given its first call.
    pub(super) ready: Option<Instant>,
    /// The process id; set once the process exists.
    pub(super) pid: Option<u32>,
    /// It was forked from an origin.
    pub(super) forked: bool,
    /// It was given a call.
    pub(super) served: bool,
    /// The calls in flight.
    pub(super) calls: Vec<CallId>,
    /// Why the start failed, if that is known before the process has ended.
    pub(super) fault: Option<StartFault>,
    /// The first reason why it is being killed while it serves calls.
    pub(super) reason: Option<TerminationReason>,
    /// The call whose tool ended the process.
    pub(super) left_by: Option<CallId>,
    /// When the process is killed if it has not ended by then, after it was asked to end or closed its channel.
    pub(super) kill_at: Option<Instant>,
    /// It closed its channel before it had read all frames that were sent to it.
    pub(super) unread: bool,
    /// What it printed to stderr outside of calls.
    pub(super) stderr: Captured,
    pub(super) lines: Lines,
    pub(super) pace: Pace,
    /// It shares memory with the host in which it notes the calls that it enters.
    pub(super) entry_table: bool,
    /// All its frames come through the ring.
    pub(super) all_in_ring: bool,
    /// Variables that the entrypoint read while it was imported and that were not set.
    pub(super) missed: Vec<String>,
    /// What the sandbox refused to it and is attributed to no call yet.
    pub(super) refused: TakenDenials,
    /// Its memory in bytes when it was measured last.
    pub(super) memory: u64,
    /// It has the lowest priority, because it had too many threads.
    pub(super) stands_back: bool,
    /// The slots of the entry table that no call uses.
    free_slots: Vec<u32>,
}

impl Worker {
    pub(super) fn new(id: WorkerId, group: GroupId, stderr_cap: usize, now: Instant) -> Self {
        Self {
            id,
            group,
            started: now,
            ready: None,
            pid: None,
            forked: false,
            served: false,
            calls: Vec::new(),
            fault: None,
            reason: None,
            left_by: None,
            kill_at: None,
            unread: false,
            stderr: Captured::new(stderr_cap),
            lines: Lines::default(),
            pace: Pace::new(now),
            entry_table: false,
            all_in_ring: false,
            missed: Vec::new(),
            refused: TakenDenials::default(),
            memory: 0,
            stands_back: false,
            free_slots: Vec::new(),
        }
    }

    /// Notes that it writes to its entry table, which has this many slots.
    pub(super) fn use_board(&mut self, slots: usize) {
        self.free_slots = (0..u32::try_from(slots).unwrap_or(u32::MAX)).rev().collect();
    }

    pub(super) fn take_slot(&mut self) -> Option<u32> {
        self.free_slots.pop()
    }

    /// Removes a call that is over. Its slot becomes free.
    pub(super) fn give_slot(&mut self, slot: Option<u32>) {
        self.free_slots.extend(slot);
    }

    /// The call that output without the number of a call belongs to.
    pub(super) fn only_call(&self) -> Option<CallId> {
        match self.calls[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Adds refusals of the sandbox.
    pub(super) fn add_refused(&mut self, taken: TakenDenials) {
        self.refused.denials.extend(taken.denials);
        self.refused.dropped += taken.dropped;
        self.refused.unsure |= taken.unsure;
    }
}
