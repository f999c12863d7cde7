//! The list of tools as callers get it: what a process reported, with the flags that are in force for each tool.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::config::ToolTable;
use crate::worker::json;

/// The normalised flags of every tool.
pub(super) struct ToolFlags {
    pub(super) tools: Arc<ToolTable>,
    /// Of the tools without settings of their own.
    pub(super) own: Vec<String>,
    /// By the keys of `tools`.
    pub(super) entries: BTreeMap<String, Vec<String>>,
}

/// A `ToolInfo` as a process reports it. Its texts are passed on as they are, however deep they nest.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Reported {
    id: Box<RawValue>,
    description: Box<RawValue>,
    input_schema: Box<RawValue>,
    output_schema: Box<RawValue>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Listed<'a> {
    id: &'a RawValue,
    description: &'a RawValue,
    input_schema: &'a RawValue,
    output_schema: &'a RawValue,
    permissions: &'a [String],
}

impl ToolFlags {
    /// The `ToolInfo[]` of a process with each tool's flags.
    pub(super) fn add_to(&self, reported: &str) -> String {
        let Ok(tools) = serde_json::from_str::<Vec<Reported>>(reported) else {
            return reported.to_owned();
        };
        let listed: Vec<_> = tools
            .iter()
            .map(|tool| Listed {
                id: &tool.id,
                description: &tool.description,
                input_schema: &tool.input_schema,
                output_schema: &tool.output_schema,
                permissions: self.of(&json::read::<String>(tool.id.get()).unwrap_or_default()),
            })
            .collect();
        serde_json::to_string(&listed).unwrap_or_else(|_| reported.to_owned())
    }

    fn of(&self, id: &str) -> &[String] {
        let entry = self.tools.find(id);
        entry
            .and_then(|entry| self.entries.get(&entry.key))
            .unwrap_or(&self.own)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_tool_has_the_flags_of_its_settings() {
        let config = crate::config::resolve(r#"{"tools":{"a":{},"b/*":{}}}"#).expect("valid");
        let flags = ToolFlags {
            tools: Arc::clone(&config.tools),
            own: vec!["--allow-read".to_owned()],
            entries: [("a", vec![]), ("b/*", vec!["--allow-net".to_owned()])]
                .map(|(key, flags)| (key.to_owned(), flags))
                .into(),
        };
        let tool = |id: &str| {
            format!(r#"{{"id":"{id}","description":"é","inputSchema":{{"z":1,"a":2.50}},"outputSchema":null}}"#)
        };
        let listed = flags.add_to(&format!("[{},{},{}]", tool("a"), tool("b/x"), tool("c")));
        let with = |id: &str, flags: &str| tool(id).replace("null}", &format!("null,\"permissions\":{flags}}}"));
        assert_eq!(
            listed,
            format!(
                "[{},{},{}]",
                with("a", "[]"),
                with("b/x", r#"["--allow-net"]"#),
                with("c", r#"["--allow-read"]"#)
            )
        );
        assert_eq!(flags.add_to("[7]"), "[7]");
    }
}
