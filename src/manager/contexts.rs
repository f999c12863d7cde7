//! What interpreting the outcome of a call needs, for each tool's settings.

use std::sync::Arc;

use crate::config::{ToolTable, place};
use crate::outcome::InterpretContext;

/// What interpreting needs of the tools that one entry of `tools` names, or of all others.
pub(super) struct ToolContext {
    pub(super) seeing: InterpretContext,
    /// The same, and looks at no file.
    pub(super) blind: InterpretContext,
}

/// The contexts of all tools.
pub(super) struct Contexts {
    tools: Arc<ToolTable>,
    own: ToolContext,
    /// By the keys of `tools`.
    entries: Vec<(String, ToolContext)>,
}

impl Contexts {
    /// `groups`: for each group, by its number, what its tools have in common.
    pub(super) fn new(tools: Arc<ToolTable>, groups: &[InterpretContext]) -> Self {
        let of_entry = |entry: &crate::config::ToolEntry| {
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
        }
    }

    /// Of the tools without settings of their own.
    pub(super) fn own(&self) -> &ToolContext {
        &self.own
    }

    pub(super) fn of(&self, tool: &str) -> &ToolContext {
        let Some(entry) = self.tools.find(tool) else {
            return &self.own;
        };
        let found = self.entries.iter().find(|(key, _)| *key == entry.key);
        found.map_or(&self.own, |(_, context)| context)
    }
}

impl ToolContext {
    fn new(seeing: InterpretContext) -> Self {
        Self {
            blind: InterpretContext {
                denied: seeing.denied.clone().without_policy(),
                ..seeing.clone()
            },
            seeing,
        }
    }
}
