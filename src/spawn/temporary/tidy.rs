//! The one thread of a host that removes directories. Removing even an empty directory can take the disk some
//! milliseconds, and no call or start should wait for that.
//!
//! The thread is started when the host's first directory is made, by the thread that opens a manager, and lives as long
//! as the host. It must not be started later by whoever has something to remove: that may be the spawner thread, whose
//! system call filter is inherited by every thread that it starts.

use std::ffi::CString;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use super::host_directory::HostDirectory;
use super::layout::PIECES;
use super::sweep;

pub(super) enum Job {
    /// Remove what dead hosts left at a location.
    Sweep(PathBuf),
    /// Remove what one of them left. The number says how often it may be resumed.
    SweepOne(PathBuf, CString, u32),
    /// Remove one process's directory.
    Remove(Removal),
}

pub(super) struct Removal {
    host_directory: Arc<HostDirectory>,
    name: CString,
    /// Counts the manager's directories that are not yet removed. This one is counted until its first try: closing a
    /// manager waits no longer than that.
    living: Option<Arc<AtomicUsize>>,
    /// How often it may be resumed.
    more: u32,
}

impl Removal {
    pub(super) fn new(host_directory: Arc<HostDirectory>, name: CString, living: Arc<AtomicUsize>) -> Self {
        Self {
            host_directory,
            name,
            living: Some(living),
            more: PIECES,
        }
    }

    /// Works in short pieces, so that a very large tree does not delay the removal of others.
    fn go_on(mut self) {
        let gone = self.host_directory.remove_piece(&self.name);
        let counted = self.living.take();
        if !gone && self.more > 0 {
            self.more -= 1;
            ask(Job::Remove(self));
        } else {
            // Dropped before the count goes down, so that whoever waits for the count finds the host's directory free
            // of it.
            drop(self);
        }
        if let Some(living) = counted {
            living.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

/// Without a thread nothing is removed; a later host sweeps.
pub(super) fn ask(job: Job) {
    static JOBS: OnceLock<Option<Sender<Job>>> = OnceLock::new();
    if let Some(jobs) = JOBS.get_or_init(start) {
        let _ = jobs.send(job);
    }
}

fn start() -> Option<Sender<Job>> {
    let (jobs, asked) = channel();
    let thread = thread::Builder::new().name("toolwarden-tidy".to_owned());
    thread.spawn(move || work(&asked)).ok()?;
    Some(jobs)
}

fn work(asked: &Receiver<Job>) {
    while let Ok(job) = asked.recv() {
        match job {
            Job::Sweep(place) => {
                for name in sweep::dead_at(&place) {
                    ask(Job::SweepOne(place.clone(), name, PIECES));
                }
            }
            Job::SweepOne(place, name, more) => {
                if !sweep::remove_piece(&place, &name) && more > 0 {
                    ask(Job::SweepOne(place, name, more - 1));
                }
            }
            Job::Remove(removal) => removal.go_on(),
        }
    }
}
