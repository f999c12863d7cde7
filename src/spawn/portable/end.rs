//! The end of a child: a thread waits for it and closes its end of a pipe, whose other end is readable from then on.

use std::io;
use std::os::fd::OwnedFd;
use std::thread;

use rustix::io::{Errno, retry_on_intr};
use rustix::process::{Pid, WaitId, WaitIdOptions, WaitIdStatus, waitid};

use crate::system;

/// The thread only makes one call.
const STACK: usize = 64 * 1024;

/// A thread that is ready to wait, made before the child: where there is none, no process is started.
pub(super) struct Watcher {
    /// The watching thread takes the child's id from it.
    child: std::sync::mpsc::Sender<Pid>,
    ended: OwnedFd,
}

impl Watcher {
    pub(super) fn new() -> io::Result<Self> {
        let (ended, open) = system::pipe()?;
        let (child, taken) = std::sync::mpsc::channel();
        thread::Builder::new()
            .name("toolwarden-wait".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                if let Ok(pid) = taken.recv() {
                    // It stays for whoever reaps it. An error means that somebody else has reaped it.
                    let _ = retry_on_intr(|| waitid(WaitId::Pid(pid), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT));
                }
                drop(open);
            })?;
        Ok(Self { child, ended })
    }

    /// Watches this child. The descriptor is readable once it has ended.
    pub(super) fn watch(self, pid: Pid) -> OwnedFd {
        // The thread lives until it has received this.
        let _ = self.child.send(pid);
        self.ended
    }
}

/// Waits for a child.
pub(in crate::spawn) fn wait(pid: Pid, _end: &OwnedFd, options: WaitIdOptions) -> Result<Option<WaitIdStatus>, Errno> {
    retry_on_intr(|| waitid(WaitId::Pid(pid), options))
}
