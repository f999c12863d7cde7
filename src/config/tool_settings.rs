//! Reads `tools`: the settings of single tools.

use super::env_rules::{name_problem, value_problem};
use super::fields;
use super::in_force::set_permissions;
use super::nearest::nearest;
use super::resolved::given_fields;
use super::retry_policy::RetryPolicy;
use super::settings::{Config, RuntimeType};
use super::tools::{ToolEntry, ToolTable, place};
use super::user_value::UserValue;
use crate::error::Problem;

/// The settings that a tool may have and the manager has too.
pub(super) const SHARED: [&str; 6] = [
    "bunPermissions",
    "nodeOptions",
    "toolExecutionTimeout",
    "gracePeriod",
    "maxMemoryMb",
    "maxOutputSize",
];
/// Those that only a tool has.
const OWN: [&str; 2] = ["env", "retry"];

/// Reads all entries; `config` has the settings of the manager.
pub(super) fn read(config: &Config, given: &UserValue) -> Result<ToolTable, Vec<Problem>> {
    let UserValue::Object(entries) = given else {
        let message = format!("expected `tools` to be an object with settings by tool id, got {given}");
        return Err(vec![Problem::new("tools", message)]);
    };
    let mut problems = Vec::new();
    let mut found = Vec::new();
    for (key, settings) in entries.iter().filter(|(_, settings)| !settings.is_undefined()) {
        match entry(config, key, settings) {
            Ok(entry) => found.push(entry),
            Err(more) => problems.extend(more),
        }
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let own = (&config.permissions, &config.runtime_options[..], config.max_memory_mb);
    Ok(ToolTable::new(found, own))
}

fn entry(manager: &Config, key: &str, given: &UserValue) -> Result<ToolEntry, Vec<Problem>> {
    let place = place(key);
    let wrong = |message: String| vec![Problem::new(place.clone(), message)];
    if key.is_empty() || key.trim_end_matches('*').len() + 1 < key.len() || key.trim_end_matches('*').contains('*') {
        return Err(wrong(format!(
            "expected a key of `tools` to be the id of a tool, or the beginning of ids and `*`, got {key:?}"
        )));
    }
    let UserValue::Object(entries) = given else {
        return Err(wrong(format!("expected `{place}` to be an object, got {given}")));
    };
    let mut config = manager.clone();
    config.tools = std::sync::Arc::default();
    let mut problems = Vec::new();
    let (mut env, mut retry, mut set) = (Vec::new(), None, Vec::new());
    for (name, value) in entries {
        let is_known = SHARED.contains(&name.as_str()) || OWN.contains(&name.as_str());
        if is_known && value.is_undefined() {
            continue;
        }
        let read = match name.as_str() {
            "env" => variables(value).map(|found| env = found),
            "retry" => RetryPolicy::from_json(&value.to_json())
                .map(|policy| retry = Some(policy))
                .map_err(|problem| vec![problem]),
            name if SHARED.contains(&name) => fields::set(&mut config, name, value),
            unknown => Err(vec![unknown_setting(unknown)]),
        };
        match read {
            Ok(()) => set.push((name.as_str(), value)),
            Err(found) => problems.extend(found),
        }
    }
    let flags = match config.runtime_type {
        RuntimeType::Bun => "bunPermissions",
        RuntimeType::Node => "nodeOptions",
    };
    let has_own_list = set.iter().any(|(name, _)| *name == flags);
    if has_own_list {
        set_permissions(&mut config, &mut problems);
    }
    if !problems.is_empty() {
        return Err(problems.into_iter().map(|problem| moved(problem, &place)).collect());
    }
    Ok(ToolEntry {
        key: key.to_owned(),
        group: 0,
        has_own_list,
        given: given_fields(&config, &set),
        permissions: config.permissions,
        runtime_options: config.runtime_options,
        max_memory_mb: config.max_memory_mb,
        timeout: config.tool_execution_timeout,
        grace: config.grace_period,
        max_output_size: config.max_output_size,
        env,
        retry,
    })
}

/// The problem of a setting as one of this tool's.
pub fn moved(problem: Problem, place: &str) -> Problem {
    let named = format!("`{}", problem.field);
    let message = problem
        .message
        .replacen(&named, &format!("`{place}.{}", problem.field), 1);
    Problem::new(format!("{place}.{}", problem.field), message)
}

fn unknown_setting(name: &str) -> Problem {
    let shown = name.escape_debug();
    let all = SHARED.into_iter().chain(OWN);
    let rest = match nearest(name, all.clone()) {
        Some(nearest) => format!("the nearest is `{nearest}`"),
        None => format!("there are {}", all.collect::<Vec<_>>().join(", ")),
    };
    Problem::new(name, format!("`{shown}` is not a setting of a tool; {rest}"))
}

fn variables(given: &UserValue) -> Result<Vec<(String, String)>, Vec<Problem>> {
    let UserValue::Object(entries) = given else {
        let message = "expected `env` to be an object with names of variables and their values, all of them text";
        return Err(vec![Problem::new("env", message)]);
    };
    let mut found = Vec::new();
    let mut problems = Vec::new();
    for (name, value) in entries.iter().filter(|(_, value)| !value.is_undefined()) {
        let rule = name_problem(name).or_else(|| value_problem(value));
        match (rule, value) {
            (None, UserValue::Text(text)) => found.push((name.clone(), text.clone())),
            (rule, _) => {
                let rule = rule.map_or_else(|| "its value must be a string".to_owned(), |(rule, _)| rule);
                let shown = name.escape_debug();
                problems.push(Problem::new(
                    format!("env.{name}"),
                    format!("invalid environment variable `{shown}`: {rule}"),
                ));
            }
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(problems) }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::resolve;

    fn problems(json: &str) -> Vec<(String, String)> {
        let error = resolve(json).expect_err(json);
        let problems = error.context.problems.iter();
        problems
            .map(|problem| (problem.field.clone(), problem.message.clone()))
            .collect()
    }

    #[test]
    fn each_problem_names_its_place() {
        let cases = [
            (r#"{"tools":[]}"#, "tools", "expected `tools` to be an object"),
            (
                r#"{"tools":{"a":1}}"#,
                "tools.a",
                "expected `tools.a` to be an object, got 1 (number)",
            ),
            (
                r#"{"tools":{"a":{"maxMemoryMb":-1}}}"#,
                "tools.a.maxMemoryMb",
                "expected `tools.a.maxMemoryMb` to be a whole number",
            ),
            (
                r#"{"tools":{"a/b":{"bunPermissions":[1]}}}"#,
                r#"tools["a/b"].bunPermissions[0]"#,
                r#"expected `tools["a/b"].bunPermissions[0]` to be a string"#,
            ),
            (
                r#"{"tools":{"a":{"bunPermision":[]}}}"#,
                "tools.a.bunPermision",
                "is not a setting of a tool; the nearest is `bunPermissions`",
            ),
            (
                r#"{"tools":{"a":{"isolation":"call"}}}"#,
                "tools.a.isolation",
                "is not a setting of a tool",
            ),
            (
                r#"{"tools":{"a*b":{}}}"#,
                r#"tools["a*b"]"#,
                "the beginning of ids and `*`",
            ),
            (
                r#"{"tools":{"a**":{}}}"#,
                r#"tools["a**"]"#,
                "the beginning of ids and `*`",
            ),
            (r#"{"tools":{"":{}}}"#, r#"tools[""]"#, "the id of a tool"),
            (
                r#"{"tools":{"a":{"env":{"x":"secret"}}}}"#,
                "tools.a.env.x",
                "its name must not have lower-case letters",
            ),
            (
                r#"{"tools":{"a":{"env":{"LD_PRELOAD":"secret"}}}}"#,
                "tools.a.env.LD_PRELOAD",
                "this name is refused",
            ),
            (
                r#"{"tools":{"a":{"env":{"X":1}}}}"#,
                "tools.a.env.X",
                "its value must be a string",
            ),
            (
                r#"{"tools":{"a":{"retry":{"maxAttempts":0}}}}"#,
                "tools.a.retry.maxAttempts",
                "`tools.a.retry.maxAttempts`",
            ),
            (
                r#"{"runtimeType":"node","tools":{"a":{"nodeOptions":["--require=./x.cjs"]}}}"#,
                "tools.a.nodeOptions[0]",
                "--require",
            ),
        ];
        for (json, field, part) in cases {
            let found = problems(json);
            assert_eq!(found.len(), 1, "{json}: {found:?}");
            assert_eq!(found[0].0, field, "{json}");
            assert!(found[0].1.contains(part), "{json}: {}", found[0].1);
            assert!(!found[0].1.contains("secret"), "{json}");
        }
    }

    #[test]
    fn a_tool_has_the_managers_settings_where_it_sets_none() {
        let config = resolve(
            r#"{"tools":{"a":{"gracePeriod":7,"env":{"X":"1"},"retry":{"on":["crash"]}}},"maxMemoryMb":99,"toolExecutionTimeout":"3s"}"#,
        )
        .expect("valid");
        let entry = config.tools.find("a").expect("there");
        assert_eq!((entry.max_memory_mb, entry.timeout.as_secs()), (99, 3));
        assert_eq!(entry.grace.as_millis(), 7);
        assert_eq!(entry.permissions, config.permissions);
        assert!(!entry.has_own_list && entry.retry.is_some_and(|retry| retry.on.crash));
        assert_eq!(entry.env, [("X".to_owned(), "1".to_owned())]);
    }

    #[test]
    fn resolved_settings_of_tools_read_as_themselves() {
        let json = r#"{"tools":{"b":{"toolExecutionTimeout":"1m","bunPermissions":["-R"],"env":{"X":"1"},"retry":{"on":["start"]}},"a":{}}}"#;
        let config = resolve(json).expect("valid");
        let shown = config.to_json();
        assert!(
            shown.contains(
                r#""tools":{"b":{"bunPermissions":["-R"],"toolExecutionTimeout":60000,"env":{"X":"1"},"retry":{"on":["start"]}},"a":{}}"#
            ),
            "{shown}"
        );
        assert_eq!(resolve(&shown).expect("valid"), config);
    }
}
