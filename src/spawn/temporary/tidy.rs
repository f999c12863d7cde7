//! The one thread of a host that removes what is too large to be removed at once.
//!
//! It is started when the host's first directory is made, by the thread that opens a manager, and lives as long as the host. It must
//! not be started later by whoever has something to remove: that may be the thread that starts processes, whose system call filter
//! every thread inherits that it starts.

use std::ffi::CString;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;

use super::held::Held;
use super::sweep;

pub(super) enum Job {
    /// Remove what dead hosts left at a place.
    Sweep(PathBuf),
    /// Remove one process's directory. How many more times it may be begun.
    Remove(Arc<Held>, CString, u32),
}

/// Without a thread nothing is done: a later host sweeps.
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
            Job::Sweep(place) => sweep::sweep(&place),
            Job::Remove(held, name, more) => {
                // A piece at a time: what others left does not wait for one that is very large.
                if !held.remove_piece(&name) && more > 0 {
                    ask(Job::Remove(held, name, more - 1));
                }
            }
        }
    }
}
