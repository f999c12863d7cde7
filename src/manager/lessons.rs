//! What the tools of a manager that learns did, by tool.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::dispatch::Facts;
use crate::sandbox::{Activity, Observations};

/// What the tools did so far.
#[derive(Default)]
pub(super) struct Lessons {
    observations: Observations,
    by_tool: Mutex<BTreeMap<String, OfTool>>,
}

/// What one tool did.
#[derive(Default, Clone)]
pub(super) struct OfTool {
    pub(super) activity: Activity,
    pub(super) calls: u64,
    pub(super) failed: u64,
}

impl Lessons {
    pub(super) fn observations(&self) -> &Observations {
        &self.observations
    }

    /// A call is over: what its process did since the last one belongs to its tool.
    pub(super) fn settled(&self, facts: &Facts) {
        let Some(pid) = facts.pid else { return };
        let activity = self.observations.take(pid);
        if !facts.known_tool {
            return;
        }
        let mut by_tool = self.lock();
        let tool = by_tool.entry(facts.tool.as_str().to_owned()).or_default();
        tool.activity.add(activity);
        tool.calls += 1;
        tool.failed += u64::from(!facts.end.is_success());
    }

    /// Every tool that was called.
    pub(super) fn by_tool(&self) -> BTreeMap<String, OfTool> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, OfTool>> {
        self.by_tool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
