//! How the processes of each confinement group are started and watched.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::pool::GroupId;
use crate::sandbox::{Connections, Denials};
use crate::spawn::{Child, LaunchSource, SpawnFailure, Spawner};

/// How processes of one group are started. Each group has a spawner of its own, because a thread starts all its processes
/// under one filter.
pub struct GroupProcesses {
    /// The thread that starts processes.
    pub spawner: Mutex<Spawner>,
    /// How a process is started.
    pub launch: Arc<dyn LaunchSource>,
    /// The source of the refusals of the sandbox.
    pub denials: Option<Denials>,
    /// The TCP connections of its processes, where a supervisor makes them.
    pub connections: Option<Connections>,
    /// Whether tools can start programs, so that a process may have children.
    pub may_start_programs: bool,
}

impl GroupProcesses {
    /// The same, whose end nobody waits for.
    pub fn without_waiting(self) -> Self {
        let spawner = self.spawner.into_inner().unwrap_or_else(PoisonError::into_inner);
        Self {
            spawner: Mutex::new(spawner.without_waiting()),
            ..self
        }
    }

    /// Requests a process.
    pub(super) fn spawn(
        &self,
        launch: Arc<impl LaunchSource + ?Sized + 'static>,
        reply: impl FnOnce(Result<Child, SpawnFailure>) + Send + 'static,
    ) {
        let spawner = self.spawner.lock().unwrap_or_else(PoisonError::into_inner);
        spawner.spawn(launch, reply);
    }
}

/// The groups of a manager.
#[derive(Default)]
pub(super) struct GroupTable(Mutex<Groups>);

#[derive(Default)]
struct Groups {
    all: FxHashMap<GroupId, Arc<GroupProcesses>>,
    closed: bool,
}

impl GroupTable {
    /// The groups that exist as long as the manager, by their numbers.
    pub(super) fn new(groups: Vec<GroupProcesses>) -> Self {
        let numbered = (0..).map(GroupId::of).zip(groups.into_iter().map(Arc::new));
        Self(Mutex::new(Groups {
            all: numbered.collect(),
            closed: false,
        }))
    }

    /// Adds a group; false once the manager is closed.
    pub(super) fn add(&self, group: GroupId, processes: GroupProcesses) -> bool {
        let mut groups = self.lock();
        if !groups.closed {
            groups.all.insert(group, Arc::new(processes));
        }
        !groups.closed
    }

    /// Removes a group and returns it, so that the caller drops it without the lock. Its processes keep it while they run.
    pub(super) fn remove(&self, group: GroupId) -> Option<Arc<GroupProcesses>> {
        self.lock().all.remove(&group)
    }

    /// `None` once the manager is closed.
    pub(super) fn get(&self, group: GroupId) -> Option<Arc<GroupProcesses>> {
        self.lock().all.get(&group).cloned()
    }

    /// Removes all groups and returns them, so that the caller drops them without the lock: their spawners end then.
    pub(super) fn clear(&self) -> Vec<Arc<GroupProcesses>> {
        let mut groups = self.lock();
        groups.closed = true;
        groups.all.drain().map(|(_, group)| group).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Groups> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
