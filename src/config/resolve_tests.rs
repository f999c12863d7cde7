//! Which configurations are accepted, and which problems the others have.

use std::time::Duration;

use super::super::permissions::{NetScope, Scope};
use super::super::settings::{Count, Isolation, ProcessStart, RuntimeType, SandboxMode, Telemetry};
use super::*;

fn problems(json: &str) -> Vec<Problem> {
    let error = resolve(json).expect_err(json);
    assert_eq!(error.code, Code::ConfigInvalid, "{json}: {error}");
    error.context.problems
}

#[test]
fn nothing_given_is_the_default() {
    for json in [
        "{}",
        r#"{"$js":"undefined","text":"undefined"}"#,
        r#"{"maxQueue":{"$js":"undefined","text":"undefined"}}"#,
    ] {
        assert_eq!(resolve(json).expect(json), preset(Preset::Default));
    }
}

#[test]
fn every_field_is_read() {
    let config = resolve(
        r#"{"backoffInitialInterval":"1ms","backoffMaxInterval":2,"backoffMaxElapsedTime":"3ms","workerFilePerm":420,
            "sandbox":"off","toolExecutionTimeout":"1.5s","gracePeriod":0,"maxMemoryMb":0,"maxOutputSize":1,
            "maxStderrCaptureSize":0,"runtimeType":"node","runtimePath":"/bin/node","entrypointPath":"src/t.ts",
            "bunPermissions":[],"nodeOptions":["--allow-net","--no-warnings"],"isolation":"worker","minWorkers":0,"maxWorkers":1,
            "maxQueue":0,"idleTimeout":5,"maxCallsPerWorker":6,"concurrentCallsPerWorker":7,
            "telemetry":{"recordInputs":true},"entrypointCache":true,"processStart":"fork"}"#,
    )
    .expect("valid");
    let milliseconds = Duration::from_millis;
    assert_eq!(
        (config.backoff.initial, config.backoff.max, config.backoff.max_elapsed),
        (milliseconds(1), milliseconds(2), milliseconds(3))
    );
    assert_eq!((config.worker_file_perm, config.sandbox), (0o644, SandboxMode::Off));
    assert_eq!(
        (config.tool_execution_timeout, config.grace_period),
        (milliseconds(1500), Duration::ZERO)
    );
    assert_eq!(
        (
            config.max_memory_mb,
            config.max_output_size,
            config.max_stderr_capture_size
        ),
        (0, 1, 0)
    );
    assert_eq!(config.runtime_type, RuntimeType::Node);
    assert_eq!(
        (config.runtime_path.as_deref(), config.entrypoint_path.as_deref()),
        (Some("/bin/node"), Some("src/t.ts"))
    );
    assert_eq!((config.bun_permissions.len(), config.node_options.len()), (0, 2));
    assert_eq!(
        (config.isolation, config.min_workers, config.max_workers),
        (Isolation::Worker, 0, 1)
    );
    assert_eq!(
        (config.max_queue, config.max_calls_per_worker),
        (Count::Limited(0), Count::Limited(6))
    );
    assert_eq!(
        (config.idle_timeout, config.concurrent_calls_per_worker),
        (milliseconds(5), 7)
    );
    assert_eq!(
        config.telemetry,
        Telemetry {
            record_inputs: true,
            record_outputs: false
        }
    );
    assert!(config.entrypoint_cache);
    assert_eq!(config.process_start, ProcessStart::Fork);
    assert_eq!(
        (&config.permissions.net, &config.permissions.read),
        (&NetScope::All, &Scope::None)
    );
    assert_eq!(config.runtime_options, ["--no-warnings"]);
}

#[test]
fn each_wrong_value_is_a_problem_with_field_value_and_type() {
    let cases = [
        (
            r#"{"toolExecutionTimeout":-1}"#,
            "toolExecutionTimeout",
            "expected `toolExecutionTimeout` to be a duration",
        ),
        (
            r#"{"toolExecutionTimeout":-1}"#,
            "toolExecutionTimeout",
            "got -1 (number)",
        ),
        (
            r#"{"toolExecutionTimeout":0}"#,
            "toolExecutionTimeout",
            "got 0 (number)",
        ),
        (r#"{"gracePeriod":-1}"#, "gracePeriod", "got -1 (number)"),
        (r#"{"gracePeriod":null}"#, "gracePeriod", "got null"),
        (
            r#"{"idleTimeout":{"$js":"number","text":"Infinity"}}"#,
            "idleTimeout",
            "got Infinity (number)",
        ),
        (
            r#"{"backoffMaxElapsedTime":"soon"}"#,
            "backoffMaxElapsedTime",
            "got \"soon\" (string)",
        ),
        (r#"{"workerFilePerm":512}"#, "workerFilePerm", "got 512 (number)"),
        (
            r#"{"workerFilePerm":"0600"}"#,
            "workerFilePerm",
            "got \"0600\" (string)",
        ),
        (
            r#"{"sandbox":"on"}"#,
            "sandbox",
            "\"required\" or \"off\", got \"on\" (string)",
        ),
        (r#"{"maxMemoryMb":1.5}"#, "maxMemoryMb", "got 1.5 (number)"),
        (
            r#"{"maxOutputSize":0}"#,
            "maxOutputSize",
            "from 1 to 1073741824, got 0 (number)",
        ),
        (
            r#"{"maxStderrCaptureSize":-1}"#,
            "maxStderrCaptureSize",
            "got -1 (number)",
        ),
        (r#"{"runtimePath":7}"#, "runtimePath", "got 7 (number)"),
        (r#"{"entrypointPath":"a\u0000b"}"#, "entrypointPath", "NUL"),
        (
            r#"{"bunPermissions":"--allow-read"}"#,
            "bunPermissions",
            "an array of strings, got \"--allow-read\" (string)",
        ),
        (
            r#"{"bunPermissions":["-A",1]}"#,
            "bunPermissions[1]",
            "a string, got 1 (number)",
        ),
        (
            r#"{"bunPermissions":["--allow-net="]}"#,
            "bunPermissions[0]",
            "empty scope",
        ),
        (
            r#"{"nodeOptions":["--require=./x.cjs"],"runtimeType":"node"}"#,
            "nodeOptions[0]",
            "set `sandbox` to \"off\"",
        ),
        (
            r#"{"nodeOptions":["x.js"]}"#,
            "nodeOptions[0]",
            "does not begin with `-`",
        ),
        (r#"{"isolation":"fork"}"#, "isolation", "\"call\" or \"worker\""),
        (r#"{"minWorkers":-1}"#, "minWorkers", "got -1 (number)"),
        (r#"{"maxWorkers":0}"#, "maxWorkers", "got 0 (number)"),
        (
            r#"{"maxQueue":{"$js":"number","text":"NaN"}}"#,
            "maxQueue",
            "or Infinity, got NaN (number)",
        ),
        (r#"{"maxCallsPerWorker":0}"#, "maxCallsPerWorker", "got 0 (number)"),
        (
            r#"{"concurrentCallsPerWorker":{"$js":"bigint","text":"1n"}}"#,
            "concurrentCallsPerWorker",
            "got 1n (bigint)",
        ),
        (r#"{"telemetry":true}"#, "telemetry", "an object, got true (boolean)"),
        (
            r#"{"telemetry":{"recordInputs":1}}"#,
            "telemetry.recordInputs",
            "true or false, got 1 (number)",
        ),
        (
            r#"{"telemetry":{"recordInput":true}}"#,
            "telemetry.recordInput",
            "nearest is `telemetry.recordInputs`",
        ),
        (
            r#"{"entrypointCache":"yes"}"#,
            "entrypointCache",
            "got \"yes\" (string)",
        ),
        (
            r#"{"toolExecutionTimout":5}"#,
            "toolExecutionTimout",
            "nearest is `toolExecutionTimeout`",
        ),
        (r#"{"timeout":5}"#, "timeout", "nearest is `toolExecutionTimeout`"),
        (r#"{"permissions":[]}"#, "permissions", "nearest is `bunPermissions`"),
        (r#"{"entrypoint":"x"}"#, "entrypoint", "nearest is `entrypointPath`"),
        (r#"{"Memory":1}"#, "Memory", "nearest is `maxMemoryMb`"),
        (r#"{"runtime":"bun"}"#, "runtime", "nearest is `runtimeType`"),
        (
            r#"{"telemetry":{"spans":true}}"#,
            "telemetry.spans",
            "there are `telemetry.recordInputs` and",
        ),
        (r#"{"__proto__":5}"#, "__proto__", "is not a setting"),
        (
            r#"{"wat":{"$js":"undefined","text":"undefined"}}"#,
            "wat",
            "is not a setting",
        ),
        (
            r#"{"minWorkers":3,"maxWorkers":2}"#,
            "minWorkers",
            "at most `maxWorkers`, got 3, which is more than 2",
        ),
        (
            r#"{"backoffInitialInterval":"6s"}"#,
            "backoffMaxInterval",
            "at least `backoffInitialInterval`, got 5s, which is less than 6s",
        ),
        ("[]", "config", "to be an object, got [] (array)"),
        ("null", "config", "to be an object, got null"),
        ("{", "config", "not readable"),
    ];
    for (json, field, message) in cases {
        let problems = problems(json);
        assert_eq!(problems.len(), 1, "{json}: {problems:?}");
        assert_eq!(problems[0].field, field, "{json}");
        assert!(problems[0].message.contains(message), "{json}: {}", problems[0].message);
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let found = problems(
        r#"{"toolExecutionTimeout":-1,"runtimeType":"deno","bunPermissions":["--x","-A=1"],"maxWorker":1,"minWorkers":9,"maxWorkers":"2"}"#,
    );
    let fields: Vec<_> = found.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "toolExecutionTimeout",
            "runtimeType",
            "bunPermissions[0]",
            "bunPermissions[1]",
            "maxWorker",
            "maxWorkers"
        ]
    );
}

#[test]
fn nothing_is_suggested_where_nothing_is_like_it() {
    for name in ["cwd", "env", "zzzzzzzz"] {
        let problems = problems(&format!(r#"{{"{name}":1}}"#));
        assert_eq!(problems[0].message, format!("`{name}` is not a setting"));
    }
}

#[test]
fn an_entry_that_is_no_text_hides_no_other_problem() {
    for (list, unknown) in [("bunPermissions", "--x"), ("nodeOptions", "--allow-x")] {
        let found = problems(&format!(
            r#"{{"{list}":["--allow-net",5,"{unknown}","--allow-net="],"sandbox":1}}"#
        ));
        let fields: Vec<_> = found.iter().map(|problem| problem.field.clone()).collect();
        let expected = [1, 2, 3].map(|index| format!("{list}[{index}]"));
        assert_eq!(fields[..3], expected, "{found:?}");
        assert_eq!(fields[3], "sandbox");
    }
}

#[test]
fn an_unsupported_runtime_alone_has_a_code_of_its_own() {
    for given in [r#""deno""#, r#""Bun""#, r#""""#, "null", "1"] {
        let error = resolve(&format!(r#"{{"runtimeType":{given}}}"#)).expect_err(given);
        assert_eq!(error.code, Code::RuntimeUnsupported, "{given}");
        assert!(error.message.contains("unsupported runtime type"), "{error}");
        assert!(error.message.contains(r#""bun" or "node", got "#), "{error}");
        assert_eq!(error.context.problems.len(), 1);
        assert!(error.hint.is_some());
    }
}

#[test]
fn max_workers_is_at_least_min_workers() {
    assert_eq!(resolve(r#"{"minWorkers":300}"#).expect("valid").max_workers, 300);
    assert!(resolve(r#"{"minWorkers":0}"#).expect("valid").max_workers >= 2);
}

#[test]
fn options_that_need_no_sandbox_pass_without_one() {
    let json = r#"{"runtimeType":"node","sandbox":"off","nodeOptions":["--inspect=0"]}"#;
    assert_eq!(resolve(json).expect("valid").runtime_options, ["--inspect=0"]);
    assert!(
        resolve(r#"{"nodeOptions":["--inspect=0"]}"#).is_ok(),
        "Bun does not get them"
    );
}
