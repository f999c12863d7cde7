//! Prepares the confinement groups: each has its own policy, sandbox, environment and spawner, made once.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use super::confinement::{Confinement, Places, config_of, confine, memory_control};
use super::launch_selector::{GroupLaunch, LaunchSelector};
use super::lessons::Lessons;
use crate::config::{Config, Permissions, RuntimeType, moved, place};
use crate::dispatch::{GroupProcesses, cgroup_limits};
use crate::error::{Code, Error};
use crate::outcome::{DenialExplainer, InterpretContext, Variables};
use crate::sandbox::Policy;
use crate::spawn::{
    Cgroups, Delegated, EnvironmentInput, LaunchOptions, LaunchSource, SpawnFailure, Spawner, TemporaryDirectories,
    bun_arguments, environment, learned_variables, node_arguments, temporary_names,
};
use crate::validate::{Entrypoint, WorkingDir};
use crate::worker::protocol::GROUP_VARIABLE;

/// Everything about one group that is known before its processes are started.
pub(super) struct Group {
    pub(super) confinement: Confinement,
    pub(super) launch: LaunchOptions,
    pub(super) context: InterpretContext,
    /// It is the manager's own.
    own: bool,
}

impl Group {
    pub(super) fn policy(&self) -> Option<&Policy> {
        self.confinement.policy.as_deref()
    }

    /// Begins to start processes of the group. The sandbox is gone from it afterwards.
    pub(super) fn start(&mut self, selector: &Arc<LaunchSelector>) -> Result<GroupProcesses, NotStarted> {
        let launch =
            GroupLaunch::new(Arc::clone(selector), self.launch.clone(), self.own).map_err(NotStarted::Launch)?;
        let spawner = Spawner::start(self.confinement.setup.take()).map_err(NotStarted::Spawner)?;
        Ok(GroupProcesses {
            spawner: Mutex::new(spawner),
            launch: Arc::new(launch) as Arc<dyn LaunchSource>,
            denials: self.confinement.denials.clone(),
            connections: self.confinement.connections.clone(),
            may_start_programs: self.confinement.may_start_programs,
        })
    }
}

/// Why processes of a group cannot be started.
pub(super) enum NotStarted {
    Launch(SpawnFailure),
    Spawner(Box<Error>),
}

/// What all groups of a manager have in common, also those that are made later.
pub(super) struct Ground {
    pub(super) config: Config,
    pub(super) working_dir: WorkingDir,
    pub(super) entrypoint: Entrypoint,
    pub(super) worker_file: PathBuf,
    pub(super) runtime: PathBuf,
    /// The host's environment.
    pub(super) env: BTreeMap<String, String>,
    pub(super) path_var: String,
    pub(super) plug_n_play: bool,
    /// What origins load, or why processes cannot be forked.
    pub(super) forkable: Result<PathBuf, String>,
    /// What the tools did, where the manager learns.
    pub(super) lessons: Option<Lessons>,
}

impl Ground {
    pub(super) fn places<'a>(&'a self, temporary: Option<&'a Path>) -> Places<'a> {
        Places {
            working_dir: &self.working_dir,
            entrypoint: &self.entrypoint,
            worker_file: &self.worker_file,
            runtime_binary: &self.runtime,
            path_var: &self.path_var,
            temporary,
            addon: None,
            observations: self.lessons.as_ref().map(Lessons::observations),
        }
    }

    /// What makes the temporary directories of the processes with these permissions.
    fn temporary(&self, config: &Config) -> Option<Arc<TemporaryDirectories>> {
        TemporaryDirectories::open(
            self.env.get("TMPDIR").map(Path::new),
            temporary_names(&config.permissions),
        )
    }
}

/// All groups by their numbers, or every problem with what their tools may do.
pub(super) fn groups(ground: &Ground) -> Result<Vec<Group>, Box<Error>> {
    let config = &ground.config;
    let mut groups = Vec::new();
    let mut problems = Vec::new();
    let own = own_group(ground);
    let of_tools = config.tools.groups().into_iter().map(|entry| {
        let config = config_of(config, entry);
        let found = group(ground, &config, entry.group, ground.temporary(&config));
        // Without a list of its own the entry has the manager's flags, whose problems are reported already.
        found.map_err(|error| (error, Some(entry).filter(|entry| entry.has_own_list)))
    });
    for found in std::iter::once(own.map_err(|error| (error, None))).chain(of_tools) {
        match found {
            Ok(group) => groups.push(group),
            Err((error, entry)) if error.code == Code::ConfigInvalid => {
                let all = error.context.problems.into_iter();
                match entry {
                    Some(entry) => problems.extend(all.map(|problem| moved(problem, &place(&entry.key)))),
                    None if problems.is_empty() => problems.extend(all),
                    None => {}
                }
            }
            Err((error, _)) => return Err(error),
        }
    }
    if problems.is_empty() {
        return Ok(groups);
    }
    Err(Box::new(Error::config_invalid(problems)))
}

/// The manager's own group, the only one whose processes are forked where there is an origin.
fn own_group(ground: &Ground) -> Result<Group, Box<Error>> {
    let config = &ground.config;
    let addon = ground.forkable.as_deref().ok();
    let made = make(ground, config, 0, ground.temporary(config), addon)?;
    Ok(Group { own: true, ..made })
}

/// A group with this number. `config`: as it is for its tools; `temporary`: what makes its processes' temporary directories.
pub(super) fn group(
    ground: &Ground,
    config: &Config,
    number: u32,
    temporary: Option<Arc<TemporaryDirectories>>,
) -> Result<Group, Box<Error>> {
    make(ground, config, number, temporary, None)
}

/// `addon`: where its processes may be forked.
fn make(
    ground: &Ground,
    config: &Config,
    number: u32,
    temporary: Option<Arc<TemporaryDirectories>>,
    addon: Option<&Path>,
) -> Result<Group, Box<Error>> {
    let cgroup = Delegated::of_this_host().map(|parent| Cgroups {
        parent,
        limits: cgroup_limits(config),
    });
    let temporary_path = temporary.as_ref().and_then(|directories| directories.path());
    let places = Places {
        addon,
        ..ground.places(temporary_path.as_deref())
    };
    let confinement = confine(config, &places, memory_control(config.max_memory_mb, cgroup.is_some()))?;
    let mut extra: Vec<_> = confinement
        .environment
        .iter()
        .map(|(name, value)| (name.into(), value.into()))
        .collect();
    if number > 0 {
        extra.push((GROUP_VARIABLE.into(), number.to_string().into()));
    }
    let host: Vec<(String, String)> = ground.env.clone().into_iter().collect();
    let none = Permissions::default();
    let given = match &config.learn {
        Some(learn) => {
            extra.extend(learned_variables(&host, &learn.bound()));
            &none
        }
        None => &config.permissions,
    };
    let launch = LaunchOptions {
        program: places.runtime_binary.to_owned(),
        name: None,
        args: match config.runtime_type {
            RuntimeType::Bun => bun_arguments(places.worker_file),
            RuntimeType::Node => node_arguments(&config.runtime_options, places.worker_file),
        },
        env: environment(&EnvironmentInput {
            host: &host,
            permissions: given,
            project_root: places.working_dir.as_path(),
            extra: &extra,
        }),
        cwd: places.working_dir.as_path().to_owned(),
        max_open_files: None,
        max_processes: None,
        // Node cannot map a descriptor as memory.
        shared_memory: (config.runtime_type == RuntimeType::Bun).then_some(config.concurrent_calls_per_worker as usize),
        die_with_parent: true,
        cgroup,
        temporary,
        origin: false,
    };
    let variables = Variables::new(ground.env.keys(), &launch.env, &config.permissions, config.runtime_type);
    let home = ground.env.get("HOME").map(Path::new);
    let policy = confinement.policy.clone();
    let context = InterpretContext {
        max_output_size: config.max_output_size,
        max_memory_mb: config.max_memory_mb,
        denied: DenialExplainer::new(policy, places.working_dir.as_path(), home, config.runtime_type),
        variables,
        plug_n_play: ground.plug_n_play,
    };
    Ok(Group {
        confinement,
        launch,
        context,
        own: false,
    })
}
