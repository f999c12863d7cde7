//! Which flags follow from what the tools of a manager that learns did, as JSON text.

use std::collections::BTreeMap;

use serde::Serialize;

use super::confinement::{config_of, normalised, policy_of};
use super::groups::Ground;
use super::lessons::{Lessons, OfTool};
use crate::config::{Config, Permissions, RuntimeType, Scope, in_nodes_words};
use crate::outcome::matters;
use crate::sandbox::{Disk, Learned, Surroundings};

/// The public `LearnedTool`.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Lesson {
    flags: Vec<String>,
    beyond: Vec<String>,
    left_out: Vec<String>,
    notices: Vec<String>,
    calls: u64,
    failed: u64,
}

/// The smallest flags of each tool that was called. It looks at files.
pub(super) fn report(lessons: &Lessons, ground: &Ground) -> String {
    let found = lessons.by_tool().into_iter().map(|(id, tool)| {
        let lesson = lesson(&id, &tool, ground);
        (id, lesson)
    });
    let found: BTreeMap<String, Lesson> = found.collect();
    serde_json::to_string(&found).unwrap_or_else(|_| "{}".to_owned())
}

fn lesson(id: &str, tool: &OfTool, ground: &Ground) -> Lesson {
    let config = match ground.config.tools.find(id) {
        Some(entry) => config_of(&ground.config, entry),
        None => ground.config.clone(),
    };
    let places = ground.places(None);
    let home = std::env::home_dir();
    let working_dir = ground.working_dir.as_path();
    let learned = Learned::of(
        &tool.activity,
        &Surroundings {
            files: &Disk,
            working_dir,
            home: home.as_deref(),
            path_var: &ground.path_var,
            plan: &|permissions| policy_of(&config, permissions, &places),
            is_needed_variable: &matters,
        },
    );
    let allowed = normalised(
        &Config {
            learn: None,
            ..config.clone()
        },
        None,
        &places,
    );
    let allowed = allowed.unwrap_or_default();
    let policy = policy_of(&config, &allowed, &places);
    let beyond = learned.beyond(&allowed, policy.as_ref(), working_dir);
    let mut notices = learned.notices;
    if let (RuntimeType::Node, Scope::Only(names)) = (config.runtime_type, &learned.permissions.env) {
        notices.push(format!(
            "{} was read: with Node variables come with a call's `env` only",
            names.join(" and ")
        ));
    }
    Lesson {
        flags: written(&learned.permissions, config.runtime_type, ground),
        beyond: written(&beyond, config.runtime_type, ground),
        left_out: written(&learned.left_out, config.runtime_type, ground),
        notices,
        calls: tool.calls,
        failed: tool.failed,
    }
}

/// The flags in the words of the runtime.
fn written(permissions: &Permissions, runtime: RuntimeType, ground: &Ground) -> Vec<String> {
    let flags = permissions.to_relative_flags(ground.working_dir.as_path());
    match runtime {
        RuntimeType::Bun => flags,
        RuntimeType::Node => flags.iter().filter_map(|flag| in_nodes_words(flag)).collect(),
    }
}
