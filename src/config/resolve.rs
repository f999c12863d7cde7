//! Resolves a partial configuration: fills in defaults and reports every problem at once.
//!
//! The decisions behind it: docs/decisions.md#configuration.

use super::fields;
use super::in_force::set_permissions;
use super::learn;
use super::presets::{Preset, default_max_workers, preset};
use super::set::{TOOLS, set};
use super::settings::Config;
use super::user_value::UserValue;
use crate::error::{Code, Error, Problem, Result, hints};

/// Resolves a partial configuration, which is JSON text.
pub fn resolve(given_json: &str) -> Result<Config> {
    let whole = |message: String| Error::config_invalid(vec![Problem::new("config", message)]);
    let given = UserValue::from_json(given_json)
        .map_err(|reason| whole(format!("expected `config` to be an object, but it is {reason}")))?;
    let entries = match &given {
        UserValue::Object(entries) => entries.as_slice(),
        given if given.is_undefined() => &[],
        given => {
            return Err(Box::new(whole(format!(
                "expected `config` to be an object, got {given}"
            ))));
        }
    };

    let mut config = preset(Preset::Default);
    let mut problems = Vec::new();
    let mut tools = None;
    let is_known = |name: &str| fields::FIELDS.iter().any(|(known, _)| *known == name);
    for (name, value) in entries {
        // JavaScript's undefined counts as not given; an unknown name is wrong whatever its value is.
        if value.is_undefined() && is_known(name) {
            continue;
        }
        if name == TOOLS {
            tools = Some(value);
            continue;
        }
        if let Err(found) = set(&mut config, name, value) {
            problems.extend(found);
        }
    }
    let is_given = |name: &str| {
        entries
            .iter()
            .any(|(given, value)| given == name && !value.is_undefined())
    };
    if !is_given("maxWorkers") {
        config.max_workers = default_max_workers(config.min_workers);
    }
    problems.extend(contradictions(&config, &problems));
    problems.extend(learn::apply(&mut config));
    set_permissions(&mut config, &mut problems);
    // What a tool does not set is the manager's, so these come last.
    if let Some(tools) = tools
        && let Err(found) = set(&mut config, TOOLS, tools)
    {
        problems.extend(found);
    }

    if problems.is_empty() {
        Ok(config)
    } else {
        Err(Box::new(failure(problems)))
    }
}

/// Problems between several fields. A field that is wrong by itself is skipped, because it still has its default.
fn contradictions(config: &Config, problems: &[Problem]) -> Vec<Problem> {
    let sound = |names: [&str; 2]| !problems.iter().any(|problem| names.contains(&problem.field.as_str()));
    let mut found = Vec::new();
    let backoff = &config.backoff;
    if sound(["backoffInitialInterval", "backoffMaxInterval"]) && backoff.max < backoff.initial {
        found.push(Problem::new(
            "backoffMaxInterval",
            format!(
                "expected `backoffMaxInterval` to be at least `backoffInitialInterval`, got {:?}, which is less than {:?}",
                backoff.max, backoff.initial
            ),
        ));
    }
    if sound(["minWorkers", "maxWorkers"]) && config.max_workers < config.min_workers {
        found.push(Problem::new(
            "minWorkers",
            format!(
                "expected `minWorkers` to be at most `maxWorkers`, got {}, which is more than {}",
                config.min_workers, config.max_workers
            ),
        ));
    }
    found
}

/// The error with all problems; an unsupported runtime as the only problem has its own code.
pub(super) fn failure(problems: Vec<Problem>) -> Error {
    let [problem] = problems.as_slice() else {
        return Error::config_invalid(problems);
    };
    if problem.field != "runtimeType" {
        return Error::config_invalid(problems);
    }
    Error::new(Code::RuntimeUnsupported, problem.message.clone())
        .hint(hints::RUNTIME_UNSUPPORTED)
        .with(|context| context.problems = problems)
}

#[cfg(test)]
#[path = "resolve_tests.rs"]
mod tests;
