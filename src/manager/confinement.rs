//! Prepares the sandbox that a manager's configuration asks for, and describes what it enforces.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::report::Enforcement;
use crate::config::{Config, Learn, Permissions, RuntimeType, SandboxMode, Scope, ToolEntry};
use crate::error::{Code, Error, Problem};
use crate::sandbox::{
    ChildSetup, Connections, Denials, Learning, Observations, PlanInput, Policy, Run, Support, plan, prepare_learning,
};
use crate::validate::{Entrypoint, WorkingDir};
use crate::worker::protocol::MODULE_CACHE_VARIABLE;

/// Everything that follows from the sandbox, or from its absence.
pub(super) struct Confinement {
    /// For the spawner's thread.
    pub(super) setup: Option<Box<dyn ChildSetup>>,
    /// The variables that every process needs for it to work.
    pub(super) environment: Vec<(&'static str, &'static str)>,
    pub(super) denials: Option<Denials>,
    pub(super) connections: Option<Connections>,
    pub(super) may_start_programs: bool,
    /// `None` without a sandbox.
    pub(super) policy: Option<Arc<Policy>>,
    pub(super) enforcement: Enforcement,
}

/// The locations that the sandbox must allow.
#[derive(Clone, Copy)]
pub(super) struct Places<'a> {
    pub(super) working_dir: &'a WorkingDir,
    pub(super) entrypoint: &'a Entrypoint,
    pub(super) worker_file: &'a Path,
    pub(super) runtime_binary: &'a Path,
    pub(super) path_var: &'a str,
    /// The directory in which each process has its own directory.
    pub(super) temporary: Option<&'a Path>,
    /// The addon, where processes may be forked from an origin, which loads it.
    pub(super) addon: Option<&'a Path>,
    /// Where it is noted what tools do, while the manager learns.
    pub(super) observations: Option<&'a Observations>,
}

/// Prepares the sandbox that the configuration asks for. An error where it cannot be enforced.
/// `memory`: see `memory_control`.
pub(super) fn confine(config: &Config, places: &Places<'_>, memory: &'static str) -> Result<Confinement, Box<Error>> {
    if config.learn.is_none() && (config.sandbox == SandboxMode::Off || config.permissions.all) {
        return Ok(unconfined(config, places, memory));
    }
    let support = Support::of_this_machine()?;
    let complete = |mut policy: Policy| {
        policy.forked = places.addon.is_some();
        policy.files_supervised = support.listener;
        policy.temporary = places.temporary.map(Path::to_owned);
        policy.identify();
        policy
    };
    let policy = complete(match &config.learn {
        Some(learn) => planned(&with(config, learn.bound()), places).map_err(of_bound)?,
        None => planned(config, places)?,
    });
    let learning = match places.observations {
        Some(observations) => Some(Learning {
            without_flags: complete(planned(&with(config, Permissions::default()), places)?),
            observations: observations.clone(),
        }),
        None => None,
    };
    let sandbox = prepare_learning(policy.clone(), &support, learning)?;
    let mut environment = sandbox.environment();
    if config.runtime_type == RuntimeType::Bun && (!policy.read_all || config.learn.is_some()) {
        // Otherwise it would try in vain, for each module, to read and then to write its cache in the home directory.
        environment.push((MODULE_CACHE_VARIABLE, "0"));
    }
    Ok(Confinement {
        environment,
        denials: Some(sandbox.denials()),
        connections: Some(sandbox.connections()),
        may_start_programs: policy.run != Run::None,
        enforcement: Enforcement {
            tools: BTreeMap::new(),
            level: match &config.learn {
                // What is learnt goes on, and only a bound is enforced.
                Some(Learn { within: None }) => "none",
                _ => "kernel",
            },
            landlock_abi: Some(support.landlock_abi),
            seccomp: true,
            held_by: Some(sandbox.held_by()),
            memory,
            permissions: policy.permissions.to_flags(places.working_dir.as_path()),
            readable: policy.readable(),
            secrets: policy.unnamed_secrets(),
            temporary: shown(places.temporary),
        },
        policy: Some(Arc::new(policy)),
        setup: Some(Box::new(sandbox)),
    })
}

/// What the tools may do, with real and absolute paths. `policy`: the one that was made of it, if any.
pub(super) fn normalised(
    config: &Config,
    policy: Option<&Policy>,
    places: &Places<'_>,
) -> Result<Permissions, Box<Error>> {
    match policy {
        Some(policy) => Ok(policy.permissions.clone()),
        None if config.permissions.all => Ok(config.permissions.clone()),
        None => Ok(planned(config, places)?.permissions),
    }
}

fn with(config: &Config, permissions: Permissions) -> Config {
    Config {
        permissions,
        ..config.clone()
    }
}

/// Problems of flags as those of the bound.
fn of_bound(error: Box<Error>) -> Box<Error> {
    let moved = |problem: &Problem| Problem::new("learn.within", problem.message.clone());
    match error.code {
        Code::ConfigInvalid => Box::new(Error::config_invalid(
            error.context.problems.iter().map(moved).collect(),
        )),
        _ => error,
    }
}

/// The policy that these permissions make for tools with this configuration; none where they make none.
pub(super) fn policy_of(config: &Config, permissions: &Permissions, places: &Places<'_>) -> Option<Policy> {
    planned(&with(config, permissions.clone()), places).ok()
}

/// The configuration as it is for the tools of one entry.
pub(super) fn config_of(config: &Config, entry: &ToolEntry) -> Config {
    Config {
        permissions: entry.permissions.clone(),
        runtime_options: entry.runtime_options.clone(),
        max_memory_mb: entry.max_memory_mb,
        ..config.clone()
    }
}

/// Whether all tools may read the same files.
pub(super) fn reads_alike(config: &Config) -> bool {
    let read = |permissions: &Permissions| (permissions.all, permissions.read.clone(), permissions.deny_read.clone());
    let own = read(&config.permissions);
    config
        .tools
        .entries()
        .iter()
        .all(|entry| read(&entry.permissions) == own)
}

fn planned(config: &Config, places: &Places<'_>) -> Result<Policy, Box<Error>> {
    plan(&PlanInput {
        permissions: &config.permissions,
        working_dir: places.working_dir.as_path(),
        entrypoint: places.entrypoint.as_path(),
        worker_file: Some(places.worker_file),
        command: None,
        runtime_binary: places.runtime_binary,
        runtime: config.runtime_type,
        path_var: places.path_var,
        home: std::env::home_dir().as_deref(),
        addon: places.addon,
    })
}

/// What enforces `maxMemoryMb`, with or without a sandbox: the public `Enforcement.memory`. `delegated`: processes get
/// cgroups.
pub(super) fn memory_control(max_memory_mb: u64, delegated: bool) -> &'static str {
    match (max_memory_mb, delegated) {
        (0, _) => "none",
        (_, true) => "cgroup",
        (_, false) => "watchdog",
    }
}

fn unconfined(config: &Config, places: &Places<'_>, memory: &'static str) -> Confinement {
    Confinement {
        setup: None,
        environment: match config.permissions.run {
            Scope::None => Vec::new(),
            // See Sandbox::environment.
            _ => vec![("SHLVL", "1")],
        },
        denials: None,
        connections: None,
        may_start_programs: true,
        policy: None,
        enforcement: Enforcement {
            tools: BTreeMap::new(),
            level: "none",
            landlock_abi: None,
            seccomp: false,
            held_by: None,
            memory,
            permissions: in_force_unconfined(&config.permissions).to_flags(places.working_dir.as_path()),
            readable: Vec::new(),
            secrets: Vec::new(),
            temporary: shown(places.temporary),
        },
    }
}

fn shown(path: Option<&Path>) -> Option<String> {
    path.map(|path| path.to_string_lossy().into_owned())
}

/// What applies without a sandbox: the environment is still built from the flags, and nothing else is enforced.
fn in_force_unconfined(given: &Permissions) -> Permissions {
    if given.all {
        return given.clone();
    }
    Permissions {
        env: given.env.clone(),
        deny_env: given.deny_env.clone(),
        ..Permissions::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mechanism_behind_the_memory_limit_is_reported() {
        assert_eq!(memory_control(256, true), "cgroup");
        assert_eq!(memory_control(256, false), "watchdog");
        assert_eq!(memory_control(0, true), "none");
        assert_eq!(memory_control(0, false), "none");
    }

    #[test]
    fn without_a_sandbox_only_the_environment_is_restricted() {
        let flags = |given: &[&str]| {
            let given: Vec<_> = given.iter().map(|&flag| flag.to_owned()).collect();
            let permissions = Permissions::from_bun_flags(&given).expect("valid");
            in_force_unconfined(&permissions).to_flags(Path::new("/base"))
        };
        assert_eq!(flags(&["--allow-read", "--allow-net=a.test", "--allow-run"]), [""; 0]);
        assert_eq!(
            flags(&["--allow-read", "--allow-env=A", "--deny-env=B"]),
            ["--allow-env=A", "--deny-env=B"]
        );
        assert_eq!(flags(&["-A"]), ["--allow-all"]);
    }
}
