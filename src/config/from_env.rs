//! Turns `TOOLWARDEN_<FIELD_NAME>` variables into a partial configuration.

use super::fields::{self, FIELDS, TextSyntax};
use super::presets::{Preset, preset};
use super::resolve::failure;
use super::set::set;
use super::user_value::UserValue;
use crate::error::{Problem, Result};

const PREFIX: &str = "TOOLWARDEN_";
/// Variables that are no fields: those that the manager sets for tools, which a manager inside a tool must ignore, and the one
/// that turns traces on.
pub(crate) const MARKERS: [&str; 3] = ["TOOLWARDEN_PROJECT_ROOT", "TOOLWARDEN_TOOL_EXEC_ID", "TOOLWARDEN_TRACE"];

/// The partial configuration that variables mean, as JSON text for `resolve`. Empty variables count as unset; every
/// unknown or wrong one is reported.
pub fn from_env(vars: &[(String, String)]) -> Result<String> {
    let names: Vec<_> = FIELDS
        .iter()
        .map(|(name, form)| (variable(name), *name, *form))
        .collect();
    // Each value is tried on a throw-away configuration, so that a problem names its variable.
    let mut trial = preset(Preset::Default);
    let mut entries = Vec::new();
    let mut problems = Vec::new();
    for (variable, text) in vars {
        if !variable.starts_with(PREFIX) || text.is_empty() || MARKERS.contains(&variable.as_str()) {
            continue;
        }
        let Some((_, name, form)) = names.iter().find(|(known, ..)| known == variable) else {
            let nearest = meant(variable).map_or_else(String::new, |known| format!("; the nearest is `{known}`"));
            let shown = variable.escape_debug();
            let message = format!("`{shown}` is not a variable of toolwarden{nearest}");
            problems.push(Problem::new(variable, message));
            continue;
        };
        let given = read(*form, text);
        match set(&mut trial, name, &given) {
            Ok(()) => entries.push(((*name).to_owned(), given)),
            Err(found) => problems.extend(
                found
                    .into_iter()
                    .map(|problem| Problem::new(problem.field, format!("`{variable}`: {}", problem.message))),
            ),
        }
    }
    if problems.is_empty() {
        Ok(UserValue::Object(entries).to_json())
    } else {
        Err(Box::new(failure(problems)))
    }
}

/// `toolExecutionTimeout` is set by `TOOLWARDEN_TOOL_EXECUTION_TIMEOUT`.
fn variable(field: &str) -> String {
    field.chars().fold(PREFIX.to_owned(), |mut name, c| {
        if c.is_ascii_uppercase() {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
        name
    })
}

/// The variable that an unknown one probably means.
fn meant(unknown: &str) -> Option<String> {
    // Compared as field names: the common prefix would make any two variables look alike.
    let name = unknown.strip_prefix(PREFIX)?.replace('_', "");
    fields::meant(&name).map(variable)
}

/// The value that a text means in a field of this syntax. A text without such a meaning stays text, which the field
/// then rejects.
fn read(form: TextSyntax, text: &str) -> UserValue {
    let as_text = || UserValue::Text(text.to_owned());
    match form {
        TextSyntax::Text => as_text(),
        TextSyntax::Duration | TextSyntax::Number => number(text).map_or_else(as_text, UserValue::Number),
        TextSyntax::Mode => mode(text).map_or_else(as_text, |mode| UserValue::Number(f64::from(mode))),
        TextSyntax::Switch => match text {
            "true" | "1" => UserValue::Bool(true),
            "false" | "0" => UserValue::Bool(false),
            _ => as_text(),
        },
        TextSyntax::List if !text.starts_with('[') => {
            UserValue::List(split(text).into_iter().map(UserValue::Text).collect())
        }
        TextSyntax::List | TextSyntax::Json => UserValue::from_json(text).unwrap_or_else(|_| as_text()),
    }
}

fn number(text: &str) -> Option<f64> {
    match text {
        "Infinity" => Some(f64::INFINITY),
        // Rust accepts more words as numbers than JavaScript.
        _ if text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b)) => text.parse().ok(),
        _ => None,
    }
}

/// A file mode as chmod takes it: always octal.
fn mode(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("0o").unwrap_or(text);
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    u32::from_str_radix(digits, 8).ok()
}

/// Flags separated by commas. A comma inside a flag is not followed by "-".
fn split(text: &str) -> Vec<String> {
    let mut flags: Vec<String> = Vec::new();
    for piece in text.split(',') {
        match flags.last_mut() {
            Some(flag) if !piece.starts_with('-') => {
                flag.push(',');
                flag.push_str(piece);
            }
            _ => flags.push(piece.to_owned()),
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use proptest::prelude::*;

    use super::super::resolve::resolve;
    use super::super::settings::{Count, RuntimeType};
    use super::*;

    fn read_all(vars: &[(&str, &str)]) -> Result<String> {
        let vars: Vec<_> = vars
            .iter()
            .map(|&(name, value)| (name.to_owned(), value.to_owned()))
            .collect();
        from_env(&vars)
    }

    #[test]
    fn every_field_has_its_variable() {
        let names = FIELDS.map(|(name, _)| variable(name));
        assert!(names.contains(&"TOOLWARDEN_TOOL_EXECUTION_TIMEOUT".to_owned()));
        assert!(names.contains(&"TOOLWARDEN_MAX_MEMORY_MB".to_owned()));
        assert!(names.contains(&"TOOLWARDEN_SANDBOX".to_owned()));
    }

    #[test]
    fn values_of_every_form() {
        let json = read_all(&[
            ("TOOLWARDEN_TOOL_EXECUTION_TIMEOUT", "30s"),
            ("TOOLWARDEN_GRACE_PERIOD", "0"),
            ("TOOLWARDEN_IDLE_TIMEOUT", "1500"),
            ("TOOLWARDEN_MAX_WORKERS", "8"),
            ("TOOLWARDEN_MAX_QUEUE", "Infinity"),
            ("TOOLWARDEN_RUNTIME_TYPE", "node"),
            ("TOOLWARDEN_RUNTIME_PATH", "123"),
            ("TOOLWARDEN_WORKER_FILE_PERM", "0o640"),
            ("TOOLWARDEN_ENTRYPOINT_CACHE", "true"),
            ("TOOLWARDEN_TELEMETRY", r#"{"recordOutputs":true}"#),
            ("TOOLWARDEN_BUN_PERMISSIONS", "--allow-read=a,b,--allow-net"),
            ("TOOLWARDEN_NODE_OPTIONS", r#"["--allow-fs-read=x,-y"]"#),
        ]);
        let config = resolve(&json.expect("valid")).expect("valid");
        assert_eq!(config.tool_execution_timeout, Duration::from_secs(30));
        assert_eq!(config.grace_period, Duration::ZERO);
        assert_eq!(config.idle_timeout, Duration::from_millis(1500));
        assert_eq!((config.max_workers, config.max_queue), (8, Count::Infinite));
        assert_eq!(
            (config.runtime_type, config.runtime_path.as_deref()),
            (RuntimeType::Node, Some("123"))
        );
        assert_eq!(config.worker_file_perm, 0o640);
        assert!(config.entrypoint_cache && config.telemetry.record_outputs);
        assert_eq!(config.bun_permissions, ["--allow-read=a,b", "--allow-net"]);
        assert_eq!(config.node_options, ["--allow-fs-read=x,-y"]);
    }

    #[test]
    fn modes_are_octal_however_they_are_written() {
        for text in ["0o600", "0600", "600"] {
            let json = read_all(&[("TOOLWARDEN_WORKER_FILE_PERM", text)]).expect(text);
            assert_eq!(json, r#"{"workerFilePerm":384}"#);
        }
        for text in ["0x180", "888", "1000", "-600", "+600", "0o+600", "rw", "99999999999999"] {
            assert!(read_all(&[("TOOLWARDEN_WORKER_FILE_PERM", text)]).is_err(), "{text}");
        }
    }

    #[test]
    fn unset_empty_and_foreign_variables_are_left_out() {
        let json = read_all(&[
            ("TOOLWARDEN_MAX_WORKERS", ""),
            ("TOOLWARDEN_WHATEVER", ""),
            ("TOOLWARDEN", "1"),
            ("TOOLWARDEN_PROJECT_ROOT", "/x"),
            ("TOOLWARDEN_TOOL_EXEC_ID", "y"),
            ("PATH", "/bin"),
            ("MY_TOOLWARDEN_X", "z"),
        ]);
        assert_eq!(json.expect("valid"), "{}");
    }

    #[test]
    fn every_wrong_variable_is_a_problem_that_names_it() {
        let error = read_all(&[
            ("TOOLWARDEN_MAX_WORKER", "2"),
            ("TOOLWARDEN_TIMEOUT", "2"),
            ("TOOLWARDEN_HOME", "2"),
            ("TOOLWARDEN_MAX_QUEUE", "many"),
            ("TOOLWARDEN_TOOL_EXECUTION_TIMEOUT", "-5"),
            ("TOOLWARDEN_ENTRYPOINT_CACHE", "yes"),
            ("TOOLWARDEN_TELEMETRY", "{"),
            ("TOOLWARDEN_BUN_PERMISSIONS", "--allow-red,--allow-net="),
            ("TOOLWARDEN_IDLE_TIMEOUT", "inf"),
        ])
        .expect_err("wrong");
        let found: Vec<_> = error
            .context
            .problems
            .iter()
            .map(|problem| (problem.field.as_str(), problem.message.as_str()))
            .collect();
        let expected = [
            ("TOOLWARDEN_MAX_WORKER", "the nearest is `TOOLWARDEN_MAX_WORKERS`"),
            (
                "TOOLWARDEN_TIMEOUT",
                "the nearest is `TOOLWARDEN_TOOL_EXECUTION_TIMEOUT`",
            ),
            ("TOOLWARDEN_HOME", "`TOOLWARDEN_HOME` is not a variable of toolwarden"),
            (
                "maxQueue",
                "`TOOLWARDEN_MAX_QUEUE`: expected `maxQueue` to be a whole number not below 0, or Infinity, got \"many\" (string)",
            ),
            ("toolExecutionTimeout", "got -5 (number)"),
            ("entrypointCache", "`TOOLWARDEN_ENTRYPOINT_CACHE`: expected"),
            ("telemetry", "got \"{\" (string)"),
            (
                "bunPermissions[0]",
                "`TOOLWARDEN_BUN_PERMISSIONS`: `--allow-red` is not",
            ),
            ("bunPermissions[1]", "empty scope"),
            ("idleTimeout", "got \"inf\" (string)"),
        ];
        assert_eq!(found.len(), expected.len(), "{found:?}");
        for ((field, message), (expected_field, part)) in found.into_iter().zip(expected) {
            assert_eq!(field, expected_field);
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn an_unsupported_runtime_alone_has_its_code_here_too() {
        let error = read_all(&[("TOOLWARDEN_RUNTIME_TYPE", "deno")]).expect_err("wrong");
        assert_eq!(error.code, crate::error::Code::RuntimeUnsupported);
        assert!(
            error
                .message
                .contains("`TOOLWARDEN_RUNTIME_TYPE`: unsupported runtime type"),
            "{error}"
        );
    }

    #[test]
    fn lists_split_at_commas_before_a_dash() {
        let cases: [(&str, &[&str]); 5] = [
            ("--a", &["--a"]),
            ("--a,--b", &["--a", "--b"]),
            ("--a=x,y,--b=z", &["--a=x,y", "--b=z"]),
            ("-A,-R=x", &["-A", "-R=x"]),
            ("x,y", &["x,y"]),
        ];
        for (text, flags) in cases {
            assert_eq!(split(text), flags, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_value_is_read_or_refused_and_what_is_read_resolves(field in 0..FIELDS.len(), text in any::<String>()) {
            let (name, _) = FIELDS[field];
            if let Ok(json) = from_env(&[(variable(name), text)]) {
                // The value is valid alone, but may contradict the defaults.
                if let Err(error) = resolve(&json) {
                    prop_assert!(error.message.contains("at least") || error.message.contains("at most"), "{error}");
                }
            }
        }
    }
}
