//! One process as the hub knows it: its channel, what it serves, why it ends.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::Instant;

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::sync::Notify;

use super::facts::{Doom, StartFault};
use super::printed::Printed;
use crate::pool::WorkerId;
use crate::spawn::{Captured, Process, UsageMeter};

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
    out: Vec<u8>,
    /// How much of `out` was sent.
    sent: usize,
}

/// The living part.
#[derive(Debug)]
pub(super) struct Link {
    pub(super) channel: Arc<OwnedFd>,
    pub(super) process: Arc<Process>,
    /// None where the process was gone at once.
    pub(super) usage: Option<UsageMeter>,
    /// Tells the serving task that the channel did not take everything.
    pub(super) blocked: Arc<Notify>,
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
            out: Vec::new(),
            sent: 0,
        }
    }

    /// Where frames for it are written.
    pub(super) fn outgoing(&mut self) -> &mut Vec<u8> {
        &mut self.out
    }

    pub(super) fn has_output(&self) -> bool {
        !self.out.is_empty()
    }

    /// Sends as much as the channel takes without waiting. What remains is the serving task's, once it is told.
    pub(super) fn send(&mut self) {
        let Some(link) = &self.link else { return };
        while self.sent < self.out.len() {
            match send(
                &link.channel,
                &self.out[self.sent..],
                SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
            ) {
                Ok(count) => self.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    link.blocked.notify_one();
                    return;
                }
                // The other end is gone: the process's exit is about to say so.
                Err(_) => break,
            }
        }
        self.sent = 0;
        self.out.clear();
        // One large input must not keep its memory for the life of the process.
        self.out.shrink_to(256 * 1024);
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
