//! What the entrypoint exports, as processes say it.

use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::worker::json;

/// A `ToolInfo`. All of it must be there and of its type: callers are handed the text as it came.
#[derive(Deserialize)]
struct Listed {
    id: String,
    #[serde(rename = "description")]
    _description: Option<String>,
    #[serde(rename = "inputSchema")]
    _input_schema: IgnoredAny,
    #[serde(rename = "outputSchema")]
    _output_schema: IgnoredAny,
}

/// The tools, as the latest process listed them.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    json: Option<String>,
    ids: FxHashSet<String>,
}

impl Catalogue {
    /// Takes a process's list; false where it cannot be read. With a process for every call the list comes for every call, and
    /// seldom says anything new.
    pub(super) fn take(&mut self, tools: String) -> bool {
        if self.json.as_ref() == Some(&tools) {
            return true;
        }
        let Some(listed) = json::read::<Vec<Listed>>(&tools) else {
            return false;
        };
        self.ids = listed.into_iter().map(|tool| tool.id).collect();
        self.json = Some(tools);
        true
    }

    /// `ToolInfo[]` as JSON text; none before the first process has listed its tools.
    pub(super) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    pub(super) fn has(&self, tool: &str) -> bool {
        self.ids.contains(tool)
    }
}
