//! The configuration as the user sees it: the public `ResolvedConfig`.

use serde::Serialize;
use serde_json::value::RawValue;

use super::duration::milliseconds;
use super::settings::{Config, Count, Isolation, Learn, RuntimeType, SandboxMode};
use super::tools::ToolTable;
use super::user_value::UserValue;

impl Config {
    /// Every field, durations in milliseconds, an absent path as "". `Infinity` is written as `UserValue` reads it.
    pub fn to_json(&self) -> String {
        let time = |duration| raw(&milliseconds(duration));
        let resolved = Resolved {
            backoff_initial_interval: time(self.backoff.initial),
            backoff_max_interval: time(self.backoff.max),
            backoff_max_elapsed_time: time(self.backoff.max_elapsed),
            worker_file_perm: self.worker_file_perm,
            sandbox: match self.sandbox {
                SandboxMode::Required => "required",
                SandboxMode::Off => "off",
            },
            tool_execution_timeout: time(self.tool_execution_timeout),
            grace_period: time(self.grace_period),
            max_memory_mb: self.max_memory_mb,
            max_output_size: self.max_output_size,
            max_stderr_capture_size: self.max_stderr_capture_size,
            runtime_type: RuntimeType::as_str(self.runtime_type),
            runtime_path: self.runtime_path.as_deref().unwrap_or_default(),
            entrypoint_path: self.entrypoint_path.as_deref().unwrap_or_default(),
            bun_permissions: &self.bun_permissions,
            node_options: &self.node_options,
            isolation: match self.isolation {
                Isolation::Call => "call",
                Isolation::Worker => "worker",
            },
            min_workers: self.min_workers,
            max_workers: self.max_workers,
            max_queue: count(self.max_queue),
            idle_timeout: time(self.idle_timeout),
            max_calls_per_worker: count(self.max_calls_per_worker),
            concurrent_calls_per_worker: self.concurrent_calls_per_worker,
            telemetry: Telemetry {
                record_inputs: self.telemetry.record_inputs,
                record_outputs: self.telemetry.record_outputs,
            },
            entrypoint_cache: self.entrypoint_cache,
            process_start: self.process_start.as_str(),
            tools: RawValue::from_string(tools(&self.tools)).ok(),
            learn: RawValue::from_string(learn(self.learn.as_ref())).ok(),
        };
        // Strings, numbers and booleans can always be serialised.
        serde_json::to_string(&resolved).unwrap_or_default()
    }
}

fn learn(given: Option<&Learn>) -> String {
    match given {
        None => "false".to_owned(),
        Some(Learn { within: None }) => "true".to_owned(),
        Some(Learn { within: Some(flags) }) => format!("{{\"within\":{}}}", serde_json::Value::from(flags.as_slice())),
    }
}

/// Every entry with what the user set, in the order given.
fn tools(table: &ToolTable) -> String {
    let entries: Vec<String> = table
        .entries()
        .iter()
        .map(|entry| format!("{}:{}", serde_json::Value::from(entry.key.as_str()), entry.given))
        .collect();
    format!("{{{}}}", entries.join(","))
}

/// The fields of a tool that the user set, in the order of the contract; `config` has their resolved values.
pub(super) fn given_fields(config: &Config, set: &[(&str, &UserValue)]) -> String {
    let resolved = |name: &str| match name {
        "bunPermissions" => serde_json::to_string(&config.bun_permissions).ok(),
        "nodeOptions" => serde_json::to_string(&config.node_options).ok(),
        "toolExecutionTimeout" => Some(milliseconds(config.tool_execution_timeout).to_json()),
        "gracePeriod" => Some(milliseconds(config.grace_period).to_json()),
        "maxMemoryMb" => Some(config.max_memory_mb.to_string()),
        "maxOutputSize" => Some(config.max_output_size.to_string()),
        _ => None,
    };
    const ORDER: [&str; 8] = [
        "bunPermissions",
        "nodeOptions",
        "toolExecutionTimeout",
        "gracePeriod",
        "maxMemoryMb",
        "maxOutputSize",
        "env",
        "retry",
    ];
    let mut fields = Vec::new();
    for name in ORDER {
        if let Some((_, value)) = set.iter().find(|(given, _)| *given == name) {
            let text = resolved(name).unwrap_or_else(|| value.to_json());
            fields.push(format!("\"{name}\":{text}"));
        }
    }
    format!("{{{}}}", fields.join(","))
}

fn count(count: Count) -> Option<Box<RawValue>> {
    raw(&UserValue::Number(match count {
        // At most 2^53 - 1, which a JavaScript number holds exactly.
        Count::Limited(number) => number as f64,
        Count::Infinite => f64::INFINITY,
    }))
}

fn raw(given: &UserValue) -> Option<Box<RawValue>> {
    RawValue::from_string(given.to_json()).ok()
}

/// Names and order are those of the public `Config`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Resolved<'a> {
    backoff_initial_interval: Option<Box<RawValue>>,
    backoff_max_interval: Option<Box<RawValue>>,
    backoff_max_elapsed_time: Option<Box<RawValue>>,
    worker_file_perm: u32,
    sandbox: &'static str,
    tool_execution_timeout: Option<Box<RawValue>>,
    grace_period: Option<Box<RawValue>>,
    max_memory_mb: u64,
    max_output_size: u64,
    max_stderr_capture_size: u64,
    runtime_type: &'static str,
    runtime_path: &'a str,
    entrypoint_path: &'a str,
    bun_permissions: &'a [String],
    node_options: &'a [String],
    isolation: &'static str,
    min_workers: u32,
    max_workers: u32,
    max_queue: Option<Box<RawValue>>,
    idle_timeout: Option<Box<RawValue>>,
    max_calls_per_worker: Option<Box<RawValue>>,
    concurrent_calls_per_worker: u32,
    telemetry: Telemetry,
    entrypoint_cache: bool,
    process_start: &'static str,
    tools: Option<Box<RawValue>>,
    learn: Option<Box<RawValue>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Telemetry {
    record_inputs: bool,
    record_outputs: bool,
}

#[cfg(test)]
mod tests {
    use super::super::fields::FIELDS;
    use super::super::presets::{Preset, preset};
    use super::super::resolve::resolve;
    use super::*;

    #[test]
    fn a_resolved_configuration_has_every_field_in_order() {
        let Ok(UserValue::Object(entries)) = UserValue::from_json(&preset(Preset::Default).to_json()) else {
            panic!("an object");
        };
        let names: Vec<_> = entries.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, FIELDS.map(|(name, _)| name));
    }

    #[test]
    fn the_contract_has_the_same_fields() {
        let contract = include_str!("../../index.d.ts");
        let body = contract.split("export interface Config {").nth(1).expect("Config");
        let body = body.split("\n}").next().expect("its end");
        let names: Vec<_> = body
            .lines()
            .filter(|line| line.starts_with("  ") && !line.trim_start().starts_with(['/', '*']))
            .filter_map(|line| Some(line.trim().split_once("?:")?.0))
            .collect();
        assert_eq!(names, FIELDS.map(|(name, _)| name));
    }

    #[test]
    fn a_resolved_configuration_reads_as_itself() {
        let config = resolve(r#"{"gracePeriod":"0.5ms","maxQueue":7,"runtimePath":"/x","toolExecutionTimeout":"1m"}"#);
        let config = config.expect("valid");
        let json = config.to_json();
        assert_eq!(resolve(&json).expect("valid"), config);
        for part in [
            r#""gracePeriod":0.5,"#,
            r#""maxQueue":7,"#,
            r#""runtimePath":"/x","entrypointPath":"","#,
            r#""toolExecutionTimeout":60000,"#,
            r#""workerFilePerm":384,"#,
            r#""maxCallsPerWorker":{"$js":"number","text":"Infinity"},"#,
            r#""telemetry":{"recordInputs":false,"recordOutputs":false},"entrypointCache":false,"processStart":"spawn","tools":{},"learn":false}"#,
        ] {
            assert!(json.contains(part), "{part} in {json}");
        }
    }
}
