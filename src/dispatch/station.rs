//! One process as the hub knows it: its channel, what it serves, why it ends.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use super::facts::{Doom, StartFault};
use super::inlet::Inlet;
use super::outgoing::Outgoing;
use super::pace::Pace;
use super::printed::Printed;
use crate::pool::WorkerId;
use crate::spawn::{Captured, EntryTable, Process, UsageMeter};

pub(super) struct Station {
    pub(super) id: WorkerId,
    pub(super) started: Instant,
    /// Set once the process exists.
    pub(super) link: Option<Link>,
    /// The entrypoint is imported.
    pub(super) imported: bool,
    /// And the process was warmed.
    pub(super) ready: bool,
    /// It was given a call.
    pub(super) used: bool,
    /// Calls in flight.
    pub(super) calls: Vec<u32>,
    /// Why the start failed, as far as it is known before the process is gone.
    pub(super) fault: Option<StartFault>,
    /// The call whose tool ended it.
    pub(super) left_by: Option<u32>,
    /// Why it is being killed under its calls.
    pub(super) doom: Option<Doom>,
    /// It was told to end or to die: its exit surprises nobody.
    pub(super) ending: bool,
    /// A process that was asked to end, or whose channel closed, is killed then.
    pub(super) kill_at: Option<Instant>,
    /// It ended without having read everything that was sent to it.
    pub(super) unread: bool,
    /// What it printed to stderr outside of calls.
    pub(super) stderr: Captured,
    pub(super) printed: Printed,
    pub(super) pace: Pace,
    pub(super) outgoing: Arc<Outgoing>,
    /// Which calls it entered; none where it tells so by frames.
    pub(super) board: Option<EntryTable>,
    /// All its frames come through the ring.
    pub(super) all_in_ring: bool,
    /// Variables that the entrypoint read in vain while it was imported.
    pub(super) missed: Vec<String>,
    /// Slots of the board that no call has.
    free_slots: Vec<u32>,
}

/// The living part.
pub(super) struct Link {
    pub(super) process: Arc<Process>,
    /// None where the process was gone at once.
    pub(super) usage: Option<Arc<Mutex<UsageMeter>>>,
    /// What it sends: read once more before a deadline is judged.
    pub(super) inlet: Arc<Inlet>,
}

impl Station {
    pub(super) fn new(id: WorkerId, stderr_cap: usize, now: Instant) -> Self {
        Self {
            id,
            started: now,
            link: None,
            imported: false,
            ready: false,
            used: false,
            unread: false,
            calls: Vec::new(),
            fault: None,
            left_by: None,
            doom: None,
            ending: false,
            kill_at: None,
            stderr: Captured::new(stderr_cap),
            printed: Printed::default(),
            pace: Pace::new(now),
            outgoing: Arc::default(),
            board: None,
            all_in_ring: false,
            missed: Vec::new(),
            free_slots: Vec::new(),
        }
    }

    /// It writes to its board.
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

    /// Whether the process noted that it entered this call.
    pub(super) fn noted(&self, slot: Option<u32>, number: u32) -> bool {
        slot.zip(self.board.as_ref())
            .is_some_and(|(slot, board)| board.read(slot) == number)
    }

    /// SIGKILL to the process group. Before the process exists, its arrival is met with it.
    pub(super) fn kill(&mut self) {
        self.ending = true;
        if let Some(link) = &self.link {
            link.process.kill_group();
        }
    }

    /// Its end is already decided.
    pub(super) fn is_doomed(&self) -> bool {
        self.doom.is_some()
    }

    pub(super) fn pid(&self) -> Option<u32> {
        self.link.as_ref().map(|link| link.process.pid())
    }

    /// The call that what is printed without a name belongs to.
    pub(super) fn only_call(&self) -> Option<u32> {
        match self.calls[..] {
            [only] => Some(only),
            _ => None,
        }
    }
}
