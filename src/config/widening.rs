//! Finds settings in a file that would allow more than the defaults.
//!
//! A file in a project was written by the author of the project. It may restrict what is allowed without confirmation,
//! but the user decides about what it adds. Each setting is judged by itself, and a setting that is not in the table
//! counts as allowing more, so that a new setting cannot be forgotten here.

use super::fields;
use super::permissions::{Deny, NetScope, Permissions, Scope};
use super::presets::{Preset, preset};
use super::retry_policy::RetryPolicy;
use super::set::TOOLS;
use super::settings::{Config, SandboxMode};
use super::tools::place;
use super::user_value::UserValue;

/// One setting of the file that allows more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Widening {
    /// The field's name.
    pub field: String,
    /// The value in a form that a person recognises.
    pub given: String,
    /// The value without the file.
    pub instead: String,
}

/// All settings in the JSON text of an object that allow more than the defaults. Wrong settings are not reported here,
/// because nothing is made of them.
pub fn widenings(given_json: &str) -> Vec<Widening> {
    let Ok(UserValue::Object(entries)) = UserValue::from_json(given_json) else {
        return Vec::new();
    };
    let base = preset(Preset::Default);
    entries
        .iter()
        .flat_map(|(name, value)| match (name.as_str(), value) {
            (TOOLS, UserValue::Object(tools)) => of_tools(&base, tools),
            (TOOLS, _) => Vec::new(),
            _ => widening(&base, name, value).into_iter().collect(),
        })
        .collect()
}

fn widening(base: &Config, name: &str, value: &UserValue) -> Option<Widening> {
    let mut config = base.clone();
    fields::set(&mut config, name, value).ok()?;
    let instead = wider(name, &config, base)?;
    Some(Widening {
        field: name.to_owned(),
        given: shown(value),
        instead,
    })
}

/// The settings of single tools are judged like those of the manager, each by itself.
fn of_tools(base: &Config, tools: &[(String, UserValue)]) -> Vec<Widening> {
    let mut found = Vec::new();
    for (key, settings) in tools {
        let UserValue::Object(settings) = settings else {
            continue;
        };
        for (name, value) in settings {
            let widening = match name.as_str() {
                // The author of the tools gives them words of their own.
                "env" => None,
                // A tool would run twice although nobody allowed that.
                "retry" => repeats(value).then(|| Widening {
                    field: name.clone(),
                    given: shown(value),
                    instead: "failed starts only".to_owned(),
                }),
                name => widening(base, name, value),
            };
            found.extend(widening.map(|widening| Widening {
                field: format!("{}.{}", place(key), widening.field),
                ..widening
            }));
        }
    }
    found
}

fn repeats(given: &UserValue) -> bool {
    RetryPolicy::from_json(&given.to_json()).is_ok_and(|policy| policy.on.crash || policy.on.timeout || policy.on.tool)
}

/// The base's value, where the setting allows more than it.
fn wider(name: &str, config: &Config, base: &Config) -> Option<String> {
    let more = |is_more: bool, base: String| is_more.then_some(base);
    let ms = |duration: std::time::Duration| format!("{} ms", duration.as_millis());
    match name {
        // Code would run without the sandbox, or code that nobody chose.
        "sandbox" => more(config.sandbox != SandboxMode::Required, "\"required\"".to_owned()),
        "learn" => more(config.learn.is_some(), "false".to_owned()),
        "runtimePath" => more(config.runtime_path.is_some(), "found by toolwarden".to_owned()),
        "bunPermissions" => {
            let allowed = Permissions::from_bun_flags(&config.bun_permissions).ok()?;
            more(!is_within(&allowed, &base.permissions), "--allow-read".to_owned())
        }
        "nodeOptions" => {
            let options = Permissions::from_node_options(&config.node_options).ok()?;
            let plain = options.rest.is_empty() && options.needs_no_sandbox.is_empty();
            more(
                !plain || !is_within(&options.permissions, &base.permissions),
                "reading, and no other option".to_owned(),
            )
        }
        "workerFilePerm" => more(
            config.worker_file_perm & !base.worker_file_perm != 0,
            format!("0o{:o}", base.worker_file_perm),
        ),
        // Resources that tools may use.
        "toolExecutionTimeout" => more(
            config.tool_execution_timeout > base.tool_execution_timeout,
            ms(base.tool_execution_timeout),
        ),
        "gracePeriod" => more(config.grace_period > base.grace_period, ms(base.grace_period)),
        "maxMemoryMb" => more(
            config.max_memory_mb == 0 || config.max_memory_mb > base.max_memory_mb,
            base.max_memory_mb.to_string(),
        ),
        "maxOutputSize" => more(
            config.max_output_size > base.max_output_size,
            base.max_output_size.to_string(),
        ),
        "maxStderrCaptureSize" => more(
            config.max_stderr_capture_size > base.max_stderr_capture_size,
            base.max_stderr_capture_size.to_string(),
        ),
        "minWorkers" => more(config.min_workers > base.min_workers, base.min_workers.to_string()),
        "maxWorkers" => more(config.max_workers > base.max_workers, base.max_workers.to_string()),
        "concurrentCallsPerWorker" => more(
            config.concurrent_calls_per_worker > base.concurrent_calls_per_worker,
            base.concurrent_calls_per_worker.to_string(),
        ),
        // Inputs and results would be passed to whoever observes the calls.
        "telemetry" => more(
            config.telemetry.record_inputs || config.telemetry.record_outputs,
            "both false".to_owned(),
        ),
        // A process that serves several calls does not separate them.
        "isolation" => more(config.isolation != base.isolation, "\"call\"".to_owned()),
        "entrypointCache" => more(config.entrypoint_cache, "false".to_owned()),
        // Calls share what the entrypoint made when it was imported.
        "processStart" => more(config.process_start != base.process_start, "\"spawn\"".to_owned()),
        // Only a choice between existing things, or how long something is waited for.
        "runtimeType" | "entrypointPath" | "maxQueue" | "idleTimeout" | "maxCallsPerWorker" => None,
        "backoffInitialInterval" | "backoffMaxInterval" | "backoffMaxElapsedTime" => None,
        // Judged setting by setting.
        TOOLS => None,
        unknown => Some(format!("nothing is known about {unknown}")),
    }
}

/// Whether the permissions allow nothing that the base does not. True is certain: lists are compared entry by entry,
/// and an entry that the other list covers in another way counts as more.
fn is_within(inner: &Permissions, base: &Permissions) -> bool {
    // Every field is named, so that a new kind of permission does not compile before it is compared here.
    let Permissions {
        all,
        read,
        write,
        net,
        net_besides,
        env,
        run,
        deny_read,
        deny_write,
        deny_net,
        deny_env,
    } = inner;
    if base.all {
        return true;
    }
    !*all
        && scope_within(read, &base.read)
        && scope_within(write, &base.write)
        && scope_within(env, &base.env)
        && scope_within(run, &base.run)
        && net_within(net, &base.net)
        && contains(&base.net_besides, net_besides)
        && contains(deny_read, &base.deny_read)
        && contains(deny_write, &base.deny_write)
        && contains(deny_net, &base.deny_net)
        && denies(deny_env, &base.deny_env)
}

fn scope_within(inner: &Scope, base: &Scope) -> bool {
    match (inner, base) {
        (Scope::None, _) | (_, Scope::All) => true,
        (Scope::Only(inner), Scope::Only(base)) => contains(base, inner),
        (Scope::All | Scope::Only(_), _) => false,
    }
}

fn net_within(inner: &NetScope, base: &NetScope) -> bool {
    match (inner, base) {
        (NetScope::None, _) | (NetScope::All, NetScope::All) => true,
        (NetScope::Only(inner), NetScope::Only(base)) => contains(base, inner),
        // A list may name unix sockets and metadata services, which the flag without a list does not include.
        (NetScope::All | NetScope::Only(_), _) => false,
    }
}

fn denies(inner: &Deny, base: &Deny) -> bool {
    match (inner, base) {
        (Deny::All, _) | (_, Deny::None) => true,
        (Deny::Only(inner), Deny::Only(base)) => contains(inner, base),
        (Deny::None | Deny::Only(_), _) => false,
    }
}

fn contains<T: PartialEq>(all: &[T], some: &[T]) -> bool {
    some.iter().all(|entry| all.contains(entry))
}

fn shown(value: &UserValue) -> String {
    match value {
        UserValue::List(entries) => entries
            .iter()
            .map(|entry| match entry {
                UserValue::Text(text) => text.escape_debug().to_string(),
                other => other.to_string(),
            })
            .collect::<Vec<_>>()
            .join(" "),
        UserValue::Text(text) => format!("{text:?}"),
        UserValue::Number(number) => number.to_string(),
        UserValue::Bool(flag) => flag.to_string(),
        other => other.to_string(),
    }
}

#[cfg(test)]
#[path = "widening_tests.rs"]
mod tests;
