//! The setting `learn`: a switch, or the flags that bound what tools may do meanwhile.

use super::limits;
use super::permissions::{NetScope, Permissions, Scope};
use super::settings::{Config, Learn, ProcessStart, SandboxMode};
use super::user_value::UserValue;
use crate::error::Problem;

const WITHIN: &str = "within";

pub(super) fn read(given: &UserValue) -> Result<Option<Learn>, Vec<Problem>> {
    let UserValue::Object(entries) = given else {
        let switch =
            limits::switch(given).map_err(|rest| vec![expected(&format!("{rest}, or {{ within: flags }}"))])?;
        return Ok(switch.then(Learn::default));
    };
    let mut learn = Learn::default();
    for (key, value) in entries {
        if key != WITHIN {
            let shown = format!("learn.{key}").escape_debug().to_string();
            let message = format!("`{shown}` is not a setting; there is `learn.{WITHIN}`");
            return Err(vec![Problem::new(format!("learn.{key}"), message)]);
        }
        if !value.is_undefined() {
            learn.within = Some(flags(value)?);
        }
    }
    Ok(Some(learn))
}

fn flags(given: &UserValue) -> Result<Vec<String>, Vec<Problem>> {
    let field = format!("learn.{WITHIN}");
    let not_strings = || {
        vec![Problem::new(
            &field,
            format!("expected `{field}` to be an array of strings, got {given}"),
        )]
    };
    let UserValue::List(entries) = given else {
        return Err(not_strings());
    };
    let texts = entries.iter().map(|entry| match entry {
        UserValue::Text(text) => Some(text.clone()),
        _ => None,
    });
    let flags = texts.collect::<Option<Vec<String>>>().ok_or_else(not_strings)?;
    let permissions = Permissions::from_bun_flags(&flags).map_err(|problems| {
        let moved = problems
            .into_iter()
            .map(|problem| Problem::new(&field, problem.message));
        moved.collect::<Vec<_>>()
    })?;
    match permissions.all {
        true => Err(vec![Problem::new(
            &field,
            format!("`{field}` cannot be --allow-all, which bounds nothing; leave it out"),
        )]),
        false => Ok(flags),
    }
}

fn expected(rest: &str) -> Problem {
    Problem::new("learn", format!("expected `learn` to be {rest}"))
}

/// What is different where a manager learns. Each process serves one call at a time, because what it does is attributed to the
/// tool that it runs, and is started as a program of its own, as a forked process can start none.
pub(super) fn apply(config: &mut Config) -> Option<Problem> {
    config.learn.as_ref()?;
    config.concurrent_calls_per_worker = 1;
    config.process_start = ProcessStart::Spawn;
    config.entrypoint_cache = false;
    (config.sandbox == SandboxMode::Off).then(|| {
        let message = "`learn` needs the sandbox, whose supervisor sees what tools do; leave `sandbox` out";
        Problem::new("sandbox", message)
    })
}

impl Learn {
    /// What tools may do meanwhile.
    pub fn bound(&self) -> Permissions {
        let within = self
            .within
            .as_deref()
            .and_then(|flags| Permissions::from_bun_flags(flags).ok());
        within.unwrap_or_else(|| Permissions {
            read: Scope::All,
            write: Scope::All,
            net: NetScope::All,
            env: Scope::All,
            run: Scope::All,
            ..Permissions::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::resolve::resolve;
    use super::*;

    fn learn(json: &str) -> Result<Option<Learn>, String> {
        let resolved = resolve(&format!("{{\"learn\":{json}}}"));
        resolved
            .map(|config| config.learn)
            .map_err(|error| error.message.clone())
    }

    #[test]
    fn it_is_a_switch_or_has_flags() {
        assert_eq!(learn("false"), Ok(None));
        assert_eq!(learn("true"), Ok(Some(Learn { within: None })));
        assert_eq!(learn("{}"), Ok(Some(Learn { within: None })));
        let within = Some(vec!["--allow-read=./data".to_owned()]);
        assert_eq!(
            learn(r#"{"within":["--allow-read=./data"]}"#),
            Ok(Some(Learn { within }))
        );
        for (wrong, named) in [
            ("1", "`learn`"),
            (r#"{"inside":[]}"#, "learn.inside"),
            (r#"{"within":"--allow-read"}"#, "learn.within"),
            (r#"{"within":[1]}"#, "learn.within"),
            (r#"{"within":["--allow-raed"]}"#, "--allow-raed"),
            (r#"{"within":["--allow-all"]}"#, "bounds nothing"),
        ] {
            let message = learn(wrong).expect_err(wrong);
            assert!(message.contains(named), "{message}");
        }
    }

    #[test]
    fn a_process_that_learns_serves_one_call_at_a_time() {
        let json = r#"{"learn":true,"isolation":"worker","concurrentCallsPerWorker":8,"processStart":"auto","entrypointCache":true}"#;
        let config = resolve(json).expect("valid");
        assert_eq!(config.concurrent_calls_per_worker, 1);
        assert_eq!(
            (config.process_start, config.entrypoint_cache),
            (ProcessStart::Spawn, false)
        );
        let off = resolve(r#"{"learn":true,"sandbox":"off"}"#).expect_err("no supervisor");
        assert!(off.message.contains("sandbox"), "{}", off.message);
    }

    #[test]
    fn an_empty_bound_allows_nothing_and_none_everything() {
        let none = Learn { within: None }.bound();
        assert_eq!((none.read, none.env, none.all), (Scope::All, Scope::All, false));
        let empty = Learn {
            within: Some(Vec::new()),
        }
        .bound();
        assert_eq!(empty, Permissions::default());
    }
}
