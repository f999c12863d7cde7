//! What the tools of a manager that learns did, by tool, and which flags follow from it.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::confinement::{config_of, normalised, policy_of};
use super::groups::Ground;
use crate::config::{Config, Permissions, RuntimeType, Scope};
use crate::dispatch::Facts;
use crate::outcome::matters;
use crate::sandbox::{Activity, Disk, Learned, Observations, Surroundings};

/// What the tools did so far.
#[derive(Default)]
pub(super) struct Lessons {
    observations: Observations,
    by_tool: Mutex<BTreeMap<String, OfTool>>,
}

#[derive(Default, Clone)]
struct OfTool {
    activity: Activity,
    calls: u64,
    failed: u64,
}

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

impl Lessons {
    pub(super) fn observations(&self) -> &Observations {
        &self.observations
    }

    /// A call is over: what its process did since the last one belongs to its tool.
    pub(super) fn settled(&self, facts: &Facts) {
        let Some(pid) = facts.pid else { return };
        let activity = self.observations.take(pid);
        if !facts.known_tool {
            return;
        }
        let mut by_tool = self.by_tool.lock().unwrap_or_else(PoisonError::into_inner);
        let tool = by_tool.entry(facts.tool.as_str().to_owned()).or_default();
        tool.activity.add(activity);
        tool.calls += 1;
        tool.failed += u64::from(!facts.end.is_success());
    }

    /// The smallest flags of each tool that was called, as JSON text. It looks at files.
    pub(super) fn report(&self, ground: &Ground) -> String {
        let by_tool = self.by_tool.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let lessons = by_tool.into_iter().map(|(id, tool)| {
            let lesson = lesson(&id, &tool, ground);
            (id, lesson)
        });
        let lessons: BTreeMap<String, Lesson> = lessons.collect();
        serde_json::to_string(&lessons).unwrap_or_else(|_| "{}".to_owned())
    }
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

/// Node has no list of programs, and no flag for variables.
fn in_nodes_words(flag: &str) -> Option<String> {
    let (name, value) = flag.split_once('=').unwrap_or((flag, ""));
    match name {
        "--allow-read" => Some(format!("--allow-fs-read={value}")),
        "--allow-write" => Some(format!("--allow-fs-write={value}")),
        "--allow-run" => Some("--allow-child-process".to_owned()),
        "--allow-env" => None,
        _ => Some(flag.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_has_words_of_its_own() {
        for (flag, word) in [
            ("--allow-read=./a,./b", Some("--allow-fs-read=./a,./b")),
            ("--allow-write=.", Some("--allow-fs-write=.")),
            ("--allow-run=git", Some("--allow-child-process")),
            ("--allow-net=a.test:1", Some("--allow-net=a.test:1")),
            ("--allow-env=KEY", None),
        ] {
            assert_eq!(in_nodes_words(flag).as_deref(), word);
        }
    }
}
