//! The running processes by their ids.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use super::send_queue::SendQueue;
use crate::pool::WorkerId;
use crate::sandbox::Denials;
use crate::spawn::{Process, UsageMeter};

/// What the shell needs of one running process.
#[derive(Clone)]
pub(super) struct RunningProcess {
    pub(super) process: Arc<Process>,
    pub(super) queue: Arc<SendQueue>,
    /// `None` where the process had ended before it could be measured.
    pub(super) meter: Option<Arc<Mutex<UsageMeter>>>,
    /// What the sandbox refuses to it; `None` without a sandbox.
    pub(super) denials: Option<Denials>,
}

/// All running processes. The lock is held for a look-up only.
#[derive(Default)]
pub(super) struct Processes(Mutex<FxHashMap<WorkerId, RunningProcess>>);

impl Processes {
    pub(super) fn insert(&self, worker: WorkerId, process: RunningProcess) {
        self.lock().insert(worker, process);
    }

    /// Removes a process and returns it, so that the caller drops it without the lock.
    pub(super) fn remove(&self, worker: WorkerId) -> Option<RunningProcess> {
        self.lock().remove(&worker)
    }

    /// Removes all processes and returns them.
    pub(super) fn clear(&self) -> Vec<RunningProcess> {
        self.lock().drain().map(|(_, process)| process).collect()
    }

    pub(super) fn process(&self, worker: WorkerId) -> Option<Arc<Process>> {
        self.lock().get(&worker).map(|running| Arc::clone(&running.process))
    }

    pub(super) fn with_denials(&self, worker: WorkerId) -> Option<(Arc<Process>, Option<Denials>)> {
        let all = self.lock();
        let running = all.get(&worker)?;
        Some((Arc::clone(&running.process), running.denials.clone()))
    }

    pub(super) fn queue(&self, worker: WorkerId) -> Option<Arc<SendQueue>> {
        self.lock().get(&worker).map(|running| Arc::clone(&running.queue))
    }

    pub(super) fn meter(&self, worker: WorkerId) -> Option<Arc<Mutex<UsageMeter>>> {
        self.lock().get(&worker)?.meter.clone()
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<WorkerId, RunningProcess>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
