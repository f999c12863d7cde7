//! The tools that the entrypoint exports, as processes report them.

use rustc_hash::FxHashSet;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::config::ToolTable;
use crate::error::Problem;
use crate::worker::json;

/// A `ToolInfo`. All fields must be present and have their type, because callers get the text unchanged.
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

/// The tools as the latest process listed them.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    json: Option<String>,
    ids: FxHashSet<String>,
    /// Settings that name none of the tools.
    problems: Vec<Problem>,
}

impl Catalogue {
    /// Takes the list of a process. Returns false where it cannot be read. With a process for every call the list comes with
    /// every call, and it has seldom changed, so an equal text is not parsed again.
    pub(super) fn take(&mut self, tools: String, settings: &ToolTable) -> bool {
        if self.json.as_ref() == Some(&tools) {
            return true;
        }
        let Some(listed) = json::read::<Vec<Listed>>(&tools) else {
            return false;
        };
        self.ids = listed.into_iter().map(|tool| tool.id).collect();
        self.json = Some(tools);
        self.problems = settings.unknown(self.ids.iter().map(String::as_str));
        true
    }

    /// `ToolInfo[]` as JSON text; `None` before the first process has listed its tools, and where settings name tools that
    /// are not among them.
    pub(super) fn json(&self) -> Option<&str> {
        self.json.as_deref().filter(|_| self.problems.is_empty())
    }

    /// What is wrong with the settings of single tools, now that the tools are known.
    pub(super) fn problems(&self) -> &[Problem] {
        &self.problems
    }

    pub(super) fn has(&self, tool: &str) -> bool {
        self.ids.contains(tool)
    }
}
