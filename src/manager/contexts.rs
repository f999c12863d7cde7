//! What interpreting the outcome of a call needs, for each tool's settings and for calls that are narrowed.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

use crate::config::{ToolEntry, ToolTable, place};
use crate::dispatch::Facts;
use crate::outcome::InterpretContext;
use crate::pool::GroupId;

/// What interpreting needs of some calls.
pub(super) struct ToolContext {
    pub(super) seeing: InterpretContext,
    /// The same, and looks at no file.
    pub(super) blind: InterpretContext,
}

/// The contexts of all calls.
pub(super) struct Contexts {
    tools: Arc<ToolTable>,
    own: Arc<ToolContext>,
    /// By the keys of `tools`.
    entries: FxHashMap<String, Arc<ToolContext>>,
    narrowed: Mutex<FxHashMap<GroupId, Arc<ToolContext>>>,
}

impl Contexts {
    /// `groups`: for each group, by its number, what its tools have in common.
    pub(super) fn new(tools: Arc<ToolTable>, groups: &[InterpretContext]) -> Self {
        let of_entry = |entry: &ToolEntry| {
            let context = InterpretContext {
                max_output_size: entry.max_output_size,
                ..groups[entry.group as usize].clone()
            };
            let context = match entry.has_own_list {
                true => context.of_tool(&place(&entry.key)),
                // Its flags are the manager's, whose list a hint has to name.
                false => context,
            };
            (entry.key.clone(), ToolContext::new(context))
        };
        Self {
            own: ToolContext::new(groups[0].clone()),
            entries: tools.entries().iter().map(of_entry).collect(),
            tools,
            narrowed: Mutex::default(),
        }
    }

    /// Of the tools without settings of their own.
    pub(super) fn own(&self) -> Arc<ToolContext> {
        Arc::clone(&self.own)
    }

    /// Of a call that is over.
    pub(super) fn of(&self, facts: &Facts) -> Arc<ToolContext> {
        if facts.group.is_narrowed()
            && let Some(context) = self.narrowed().get(&facts.group)
        {
            return Arc::clone(context);
        }
        let entry = self.tools.find(facts.tool.as_str());
        let context = entry.and_then(|entry| self.entries.get(&entry.key));
        Arc::clone(context.unwrap_or(&self.own))
    }

    /// Adds that of a narrowed group.
    pub(super) fn add(&self, group: GroupId, context: InterpretContext) {
        self.narrowed().insert(group, ToolContext::new(context));
    }

    pub(super) fn remove(&self, group: GroupId) {
        self.narrowed().remove(&group);
    }

    fn narrowed(&self) -> MutexGuard<'_, FxHashMap<GroupId, Arc<ToolContext>>> {
        self.narrowed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ToolContext {
    fn new(seeing: InterpretContext) -> Arc<Self> {
        Arc::new(Self {
            blind: InterpretContext {
                denied: seeing.denied.clone().without_policy(),
                ..seeing.clone()
            },
            seeing,
        })
    }
}
