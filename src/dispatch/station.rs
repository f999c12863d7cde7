//! One process as the hub knows it: its channel, what it serves, why it ends.

use std::sync::Arc;
use std::time::Instant;

use super::facts::{Doom, StartFault};
use super::outgoing::Outgoing;
use super::printed::Printed;
use crate::pool::WorkerId;
use crate::spawn::{Captured, MemoryMeter, Process};

#[derive(Debug)]
pub(super) struct Station {
    pub(super) id: WorkerId,
    pub(super) started: Instant,
    /// Set once the process exists.
    pub(super) link: Option<Link>,
    /// The entrypoint is imported and the process was warmed.
    pub(super) ready: bool,
    /// Calls in flight.
    pub(super) calls: Vec<u32>,
    /// Why the start failed, as far as it is known before the process is gone.
    pub(super) fault: Option<StartFault>,
    /// Why it is being killed under its calls.
    pub(super) doom: Option<Doom>,
    /// It was told to end or to die: its exit surprises nobody.
    pub(super) ending: bool,
    /// A process that was asked to end is killed then.
    pub(super) kill_at: Option<Instant>,
    /// What it printed to stderr outside of calls.
    pub(super) stderr: Captured,
    pub(super) printed: Printed,
    pub(super) outgoing: Arc<Outgoing>,
}

/// The living part.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) process: Arc<Process>,
    /// None where the process was gone at once.
    pub(super) memory: Option<MemoryMeter>,
}

impl Station {
    pub(super) fn new(id: WorkerId, stderr_cap: usize, now: Instant) -> Self {
        Self {
            id,
            started: now,
            link: None,
            ready: false,
            calls: Vec::new(),
            fault: None,
            doom: None,
            ending: false,
            kill_at: None,
            stderr: Captured::new(stderr_cap),
            printed: Printed::default(),
            outgoing: Arc::default(),
        }
    }

    /// SIGKILL to the process group. Before the process exists, its arrival is met with it.
    pub(super) fn kill(&mut self) {
        self.ending = true;
        if let Some(link) = &self.link {
            link.process.kill_group();
        }
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
