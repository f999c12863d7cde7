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
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn fields_of(json: &str) -> Vec<String> {
        widenings(json).into_iter().map(|found| found.field).collect()
    }

    #[test]
    fn settings_that_restrict_need_no_consent() {
        for json in [
            "{}",
            r#"{"sandbox":"required","runtimePath":"","runtimeType":"node","entrypointPath":"x.ts"}"#,
            r#"{"bunPermissions":[]}"#,
            r#"{"bunPermissions":["--allow-read=/etc,./data","--deny-write","--deny-net=a.com","-R"]}"#,
            r#"{"nodeOptions":["--permission","--allow-fs-read=/etc"]}"#,
            r#"{"toolExecutionTimeout":"10s","gracePeriod":0,"maxMemoryMb":64,"maxOutputSize":1,"maxStderrCaptureSize":0}"#,
            r#"{"minWorkers":0,"maxWorkers":1,"maxQueue":0,"idleTimeout":"1h","maxCallsPerWorker":1}"#,
            r#"{"workerFilePerm":256,"telemetry":{"recordInputs":false},"entrypointCache":false,"isolation":"call"}"#,
        ] {
            assert_eq!(fields_of(json), [""; 0], "{json}");
        }
    }

    #[test]
    fn every_setting_that_widens_is_listed() {
        for json in [
            r#"{"sandbox":"off"}"#,
            r#"{"runtimePath":"./evil.sh"}"#,
            r#"{"bunPermissions":["--allow-all"]}"#,
            r#"{"bunPermissions":["-A"]}"#,
            r#"{"bunPermissions":["--allow-read","--allow-write=./out"]}"#,
            r#"{"bunPermissions":["--allow-net=a.com"]}"#,
            r#"{"bunPermissions":["--allow-env=HOME"]}"#,
            r#"{"bunPermissions":["--allow-run=ls"]}"#,
            r#"{"nodeOptions":["--permission","--allow-fs-write=*"]}"#,
            r#"{"nodeOptions":["--require=./x.cjs"]}"#,
            r#"{"nodeOptions":["--no-warnings"]}"#,
            r#"{"nodeOptions":["--allow_child_process"]}"#,
            r#"{"toolExecutionTimeout":"61s"}"#,
            r#"{"gracePeriod":"1m"}"#,
            r#"{"maxMemoryMb":0}"#,
            r#"{"maxMemoryMb":2049}"#,
            r#"{"maxOutputSize":10485761}"#,
            r#"{"maxStderrCaptureSize":1048577}"#,
            r#"{"workerFilePerm":438}"#,
            r#"{"minWorkers":100}"#,
            r#"{"maxWorkers":10000}"#,
            r#"{"concurrentCallsPerWorker":2}"#,
            r#"{"isolation":"worker"}"#,
            r#"{"telemetry":{"recordOutputs":true}}"#,
            r#"{"entrypointCache":true}"#,
            r#"{"processStart":"auto"}"#,
        ] {
            assert_eq!(fields_of(json).len(), 1, "{json}");
        }
    }

    #[test]
    fn the_settings_of_single_tools_are_judged_one_by_one() {
        let narrow = r#"{"tools":{"a":{"bunPermissions":["--allow-read=/etc"],"maxMemoryMb":64,"env":{"X":"1"},"retry":{"on":[]}},"b":{}}}"#;
        assert_eq!(fields_of(narrow), [""; 0]);
        let wide = r#"{"tools":{"a":{"bunPermissions":["--allow-net"],"gracePeriod":0},"b/c":{"maxMemoryMb":0,"retry":{"on":["crash"]},"maxOutputSize":11000000}}}"#;
        let found = r#"tools.a.bunPermissions tools["b/c"].maxMemoryMb tools["b/c"].retry tools["b/c"].maxOutputSize"#;
        assert_eq!(fields_of(wide).join(" "), found);
        assert_eq!(fields_of(r#"{"tools":7}"#), [""; 0]);
    }

    #[test]
    fn a_wrong_setting_hides_no_other() {
        assert_eq!(
            fields_of(r#"{"minWorkers":-1,"gracePeriod":"soon","wat":1,"sandbox":"off","maxWorkers":0}"#),
            ["sandbox"]
        );
        // Each is valid by itself; resolving them reports the contradiction.
        assert_eq!(
            fields_of(r#"{"minWorkers":1,"maxWorkers":1,"backoffMaxInterval":1,"runtimePath":"x"}"#),
            ["runtimePath"]
        );
    }

    #[test]
    fn every_setting_is_in_the_table() {
        let base = preset(Preset::Default);
        for (name, _) in fields::FIELDS {
            assert_eq!(wider(name, &base, &base), None, "{name}");
        }
    }

    #[test]
    fn the_network_without_a_list_includes_no_unix_socket_and_no_metadata_service() {
        let of = |flags: &[&str]| {
            let json = serde_json::json!({ "bunPermissions": flags }).to_string();
            super::super::resolve(&json).expect("valid flags").permissions
        };
        let wide = of(&["--allow-net"]);
        for more in [
            &["--allow-net=unix:/run/x.sock"][..],
            &["--allow-net=169.254.169.254"],
            &["--allow-net", "--allow-net=unix:/run/x.sock"],
        ] {
            assert!(!is_within(&of(more), &wide), "{more:?}");
            assert!(is_within(&of(more), &of(more)), "{more:?}");
        }
        assert!(is_within(&of(&[]), &wide) && is_within(&wide, &wide));
    }

    fn scope() -> impl Strategy<Value = Scope> {
        prop_oneof![
            Just(Scope::None),
            Just(Scope::All),
            prop::collection::vec("[a-c]", 1..3).prop_map(Scope::Only)
        ]
    }

    fn allows(scope: &Scope, what: &str) -> bool {
        match scope {
            Scope::None => false,
            Scope::All => true,
            Scope::Only(listed) => listed.iter().any(|entry| entry == what),
        }
    }

    proptest! {
        #[test]
        fn what_is_within_allows_nothing_more(
            (read, write, env, run) in (scope(), scope(), scope(), scope()),
            (base_read, base_write, base_env, base_run) in (scope(), scope(), scope(), scope()),
        ) {
            let inner = Permissions { read, write, env, run, ..Permissions::default() };
            let base = Permissions { read: base_read, write: base_write, env: base_env, run: base_run, ..Permissions::default() };
            if is_within(&inner, &base) {
                for what in ["a", "b", "c", "another"] {
                    for (inner, base) in [
                        (&inner.read, &base.read),
                        (&inner.write, &base.write),
                        (&inner.env, &base.env),
                        (&inner.run, &base.run),
                    ] {
                        prop_assert!(!allows(inner, what) || allows(base, what));
                    }
                }
            }
            prop_assert!(is_within(&inner, &inner));
        }

        #[test]
        fn flags_that_allow_more_than_reading_are_never_passed_over(
            flags in prop::collection::vec(
                "(--allow-(read|write|net|env|run|all|sys|ffi)|--deny-(read|write|net|env)|-[ARWNE])(=[a-z./,]{1,6})?", 0..4
            )
        ) {
            let json = serde_json::json!({ "bunPermissions": &flags }).to_string();
            let resolved = super::super::resolve(&json);
            if widenings(&json).is_empty() && let Ok(config) = resolved {
                let given = &config.permissions;
                prop_assert!(!given.all);
                prop_assert_eq!(&given.write, &Scope::None);
                prop_assert_eq!(&given.net, &NetScope::None);
                prop_assert_eq!(&given.env, &Scope::None);
                prop_assert_eq!(&given.run, &Scope::None);
            }
        }
    }
}
