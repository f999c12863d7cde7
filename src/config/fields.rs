//! Every setting: its name, its syntax as text, and its valid values.

use std::time::Duration;

use super::duration::{ZeroAllowed, parse_duration};
use super::learn;
use super::limits::{self, MOST_BYTES, MOST_MEMORY_MB, MOST_WORKERS};
use super::nearest::nearest;
use super::permissions::Permissions;
use super::settings::{Config, Isolation, ProcessStart, RuntimeType, SandboxMode, Telemetry};
use super::user_value::UserValue;
use crate::error::Problem;

/// How a setting is written where everything is text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TextSyntax {
    Duration,
    Number,
    Mode,
    Switch,
    Text,
    List,
    Json,
}

/// Every field of the public `Config`, in its order.
pub(super) const FIELDS: [(&str, TextSyntax); 27] = [
    ("backoffInitialInterval", TextSyntax::Duration),
    ("backoffMaxInterval", TextSyntax::Duration),
    ("backoffMaxElapsedTime", TextSyntax::Duration),
    ("workerFilePerm", TextSyntax::Mode),
    ("sandbox", TextSyntax::Text),
    ("toolExecutionTimeout", TextSyntax::Duration),
    ("gracePeriod", TextSyntax::Duration),
    ("maxMemoryMb", TextSyntax::Number),
    ("maxOutputSize", TextSyntax::Number),
    ("maxStderrCaptureSize", TextSyntax::Number),
    ("runtimeType", TextSyntax::Text),
    ("runtimePath", TextSyntax::Text),
    ("entrypointPath", TextSyntax::Text),
    ("bunPermissions", TextSyntax::List),
    ("nodeOptions", TextSyntax::List),
    ("isolation", TextSyntax::Text),
    ("minWorkers", TextSyntax::Number),
    ("maxWorkers", TextSyntax::Number),
    ("maxQueue", TextSyntax::Number),
    ("idleTimeout", TextSyntax::Duration),
    ("maxCallsPerWorker", TextSyntax::Number),
    ("concurrentCallsPerWorker", TextSyntax::Number),
    ("telemetry", TextSyntax::Json),
    ("entrypointCache", TextSyntax::Switch),
    ("processStart", TextSyntax::Text),
    ("tools", TextSyntax::Json),
    ("learn", TextSyntax::Switch),
];

/// The keys of `telemetry`.
const TELEMETRY: [&str; 2] = ["recordInputs", "recordOutputs"];

/// Sets one field, or reports everything that is wrong with the value. The permissions that follow from the lists of
/// flags are not set here, because other fields decide which list applies.
pub(super) fn set(config: &mut Config, name: &str, given: &UserValue) -> Result<(), Vec<Problem>> {
    let expected = |rest: String| vec![Problem::new(name, format!("expected `{name}` to be {rest}"))];
    let time = |zero| -> Result<Duration, Vec<Problem>> { parse_duration(given, zero).map_err(expected) };
    let whole = |least, most| limits::integer(given, least..=most).map_err(expected);
    let bytes = |least| whole(least, MOST_BYTES);
    // In range of u32 by the bound.
    let workers = |least| whole(least, MOST_WORKERS).map(|number| number as u32);
    match name {
        "backoffInitialInterval" => config.backoff.initial = time(ZeroAllowed::No)?,
        "backoffMaxInterval" => config.backoff.max = time(ZeroAllowed::No)?,
        "backoffMaxElapsedTime" => config.backoff.max_elapsed = time(ZeroAllowed::No)?,
        "workerFilePerm" => config.worker_file_perm = limits::mode(given).map_err(expected)?,
        "sandbox" => {
            let modes = [("required", SandboxMode::Required), ("off", SandboxMode::Off)];
            config.sandbox = limits::choice(given, &modes).map_err(expected)?;
        }
        "toolExecutionTimeout" => config.tool_execution_timeout = time(ZeroAllowed::No)?,
        "gracePeriod" => config.grace_period = time(ZeroAllowed::Yes)?,
        "maxMemoryMb" => config.max_memory_mb = whole(0, MOST_MEMORY_MB)?,
        "maxOutputSize" => config.max_output_size = bytes(1)?,
        "maxStderrCaptureSize" => config.max_stderr_capture_size = bytes(0)?,
        "runtimeType" => config.runtime_type = runtime_type(given)?,
        "runtimePath" => config.runtime_path = limits::path(given).map_err(expected)?,
        "entrypointPath" => config.entrypoint_path = limits::path(given).map_err(expected)?,
        "bunPermissions" => {
            let flags = strings(name, given, |flags| {
                Permissions::from_numbered_bun_flags(flags).map(drop)
            })?;
            config.bun_permissions = flags;
        }
        "nodeOptions" => {
            let options = strings(name, given, |options| {
                Permissions::from_numbered_node_options(options).map(drop)
            })?;
            config.node_options = options;
        }
        "isolation" => {
            let kinds = [("call", Isolation::Call), ("worker", Isolation::Worker)];
            config.isolation = limits::choice(given, &kinds).map_err(expected)?;
        }
        "minWorkers" => config.min_workers = workers(0)?,
        "maxWorkers" => config.max_workers = workers(1)?,
        "maxQueue" => config.max_queue = limits::count(given, 0).map_err(expected)?,
        "idleTimeout" => config.idle_timeout = time(ZeroAllowed::No)?,
        "maxCallsPerWorker" => config.max_calls_per_worker = limits::count(given, 1).map_err(expected)?,
        "concurrentCallsPerWorker" => config.concurrent_calls_per_worker = workers(1)?,
        "telemetry" => config.telemetry = telemetry(given)?,
        "entrypointCache" => config.entrypoint_cache = limits::switch(given).map_err(expected)?,
        "learn" => config.learn = learn::read(given)?,
        "processStart" => {
            let ways = ProcessStart::ALL.map(|way| (way.as_str(), way));
            config.process_start = limits::choice(given, &ways).map_err(expected)?;
        }
        unknown => return Err(vec![unknown_field(unknown)]),
    }
    Ok(())
}

/// Names of our settings in other libraries, where the spelling alone would suggest another setting.
const OTHER_NAMES: [(&str, &str); 11] = [
    ("timeout", "toolExecutionTimeout"),
    ("permissions", "bunPermissions"),
    ("flags", "bunPermissions"),
    ("entrypoint", "entrypointPath"),
    ("entry", "entrypointPath"),
    ("memory", "maxMemoryMb"),
    ("memoryLimit", "maxMemoryMb"),
    ("runtime", "runtimeType"),
    ("workers", "maxWorkers"),
    ("concurrency", "maxWorkers"),
    ("queueSize", "maxQueue"),
];

/// The setting that an unknown name probably means.
pub(super) fn meant(name: &str) -> Option<&'static str> {
    let other = OTHER_NAMES.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
    other
        .map(|(_, field)| *field)
        .or_else(|| nearest(name, FIELDS.iter().map(|(name, _)| *name)))
}

fn unknown_field(name: &str) -> Problem {
    let shown = name.escape_debug();
    let nearest = meant(name).map_or_else(String::new, |field| format!("; the nearest is `{field}`"));
    Problem::new(name, format!("`{shown}` is not a setting{nearest}"))
}

fn runtime_type(given: &UserValue) -> Result<RuntimeType, Vec<Problem>> {
    let words = RuntimeType::ALL.map(|runtime| (runtime.as_str(), runtime));
    limits::choice(given, &words).map_err(|rest| {
        vec![Problem::new(
            "runtimeType",
            format!("unsupported runtime type: expected `runtimeType` to be {rest}"),
        )]
    })
}

/// A list of strings that pass a check. An entry that is not a string does not stop the check of the others.
fn strings(
    name: &str,
    given: &UserValue,
    check: impl FnOnce(&mut dyn Iterator<Item = (usize, &str)>) -> Result<(), Vec<Problem>>,
) -> Result<Vec<String>, Vec<Problem>> {
    let UserValue::List(entries) = given else {
        let message = format!("expected `{name}` to be an array of strings, got {given}");
        return Err(vec![Problem::new(name, message)]);
    };
    let mut strings = Vec::new();
    let mut problems = Vec::new();
    for (index, entry) in entries.iter().enumerate() {
        match entry {
            UserValue::Text(text) => strings.push((index, text.as_str())),
            other => {
                let field = format!("{name}[{index}]");
                let message = format!("expected `{field}` to be a string, got {other}");
                problems.push(Problem::new(field, message));
            }
        }
    }
    if let Err(found) = check(&mut strings.iter().copied()) {
        problems.extend(found);
    }
    if problems.is_empty() {
        Ok(strings.into_iter().map(|(_, text)| text.to_owned()).collect())
    } else {
        Err(problems)
    }
}

fn telemetry(given: &UserValue) -> Result<Telemetry, Vec<Problem>> {
    let UserValue::Object(entries) = given else {
        let message = format!("expected `telemetry` to be an object, got {given}");
        return Err(vec![Problem::new("telemetry", message)]);
    };
    let mut telemetry = Telemetry::default();
    let mut problems = Vec::new();
    for (key, value) in entries {
        let field = format!("telemetry.{key}");
        let target = match key.as_str() {
            "recordInputs" => &mut telemetry.record_inputs,
            "recordOutputs" => &mut telemetry.record_outputs,
            unknown => {
                let shown = field.escape_debug().to_string();
                let rest = match nearest(unknown, TELEMETRY) {
                    Some(nearest) => format!("the nearest is `telemetry.{nearest}`"),
                    None => "there are `telemetry.recordInputs` and `telemetry.recordOutputs`".to_owned(),
                };
                problems.push(Problem::new(field, format!("`{shown}` is not a setting; {rest}")));
                continue;
            }
        };
        if value.is_undefined() {
            continue;
        }
        match limits::switch(value) {
            Ok(value) => *target = value,
            Err(rest) => {
                let message = format!("expected `{field}` to be {rest}");
                problems.push(Problem::new(field, message));
            }
        }
    }
    if problems.is_empty() {
        Ok(telemetry)
    } else {
        Err(problems)
    }
}
