//! One process as the engine knows it: what it serves, what it printed, why it ends.
//!
//! Where it stands, from Spawning to its exit, is the pool's [`WorkerState`](crate::pool::WorkerState), and is kept nowhere else.

use std::time::Instant;

use super::lines::Lines;
use super::pace::Pace;
use crate::dispatch::facts::{StartFault, TerminationReason};
use crate::pool::{CallId, WorkerId};
use crate::sandbox::TakenDenials;
use crate::spawn::Captured;

pub(super) struct Worker {
    pub(super) id: WorkerId,
    pub(super) started: Instant,
    /// Set once the process exists.
    pub(super) pid: Option<u32>,
    /// Calls in flight.
    pub(super) calls: Vec<CallId>,
    /// Why the start failed, as far as it is known before the process is gone.
    pub(super) fault: Option<StartFault>,
    /// Why it is being killed under its calls: the first reason.
    pub(super) reason: Option<TerminationReason>,
    /// The call whose tool ended it.
    pub(super) left_by: Option<CallId>,
    /// When the process is killed because it was told to end or closed its channel, and did not end by then.
    pub(super) kill_at: Option<Instant>,
    /// It closed its channel without having read everything that was sent to it.
    pub(super) unread: bool,
    /// What it printed to stderr outside of calls.
    pub(super) stderr: Captured,
    pub(super) lines: Lines,
    pub(super) pace: Pace,
    /// It shares memory with the host in which it can note the calls it entered.
    pub(super) board: bool,
    /// All its frames come through the ring.
    pub(super) all_in_ring: bool,
    /// Variables that the entrypoint read in vain while it was imported.
    pub(super) missed: Vec<String>,
    /// What it was refused and no call has taken yet.
    pub(super) refused: TakenDenials,
    /// Bytes of memory it used when it was measured last.
    pub(super) memory: u64,
    /// Slots of the board that no call has.
    free_slots: Vec<u32>,
}

impl Worker {
    pub(super) fn new(id: WorkerId, stderr_cap: usize, now: Instant) -> Self {
        Self {
            id,
            started: now,
            pid: None,
            calls: Vec::new(),
            fault: None,
            reason: None,
            left_by: None,
            kill_at: None,
            unread: false,
            stderr: Captured::new(stderr_cap),
            lines: Lines::default(),
            pace: Pace::new(now),
            board: false,
            all_in_ring: false,
            missed: Vec::new(),
            refused: TakenDenials::default(),
            memory: 0,
            free_slots: Vec::new(),
        }
    }

    /// It writes to its board, which has so many slots.
    pub(super) fn use_board(&mut self, slots: usize) {
        self.free_slots = (0..u32::try_from(slots).unwrap_or(u32::MAX)).rev().collect();
    }

    pub(super) fn take_slot(&mut self) -> Option<u32> {
        self.free_slots.pop()
    }

    /// A call is over; its slot may be another's.
    pub(super) fn give_slot(&mut self, slot: Option<u32>) {
        self.free_slots.extend(slot);
    }

    /// The call that what is printed without a name belongs to.
    pub(super) fn only_call(&self) -> Option<CallId> {
        match self.calls[..] {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Adds what the sandbox refused to it.
    pub(super) fn add_refused(&mut self, taken: TakenDenials) {
        self.refused.denials.extend(taken.denials);
        self.refused.dropped += taken.dropped;
        self.refused.unsure |= taken.unsure;
    }
}
