//! From a command line and permissions to a running process.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};

use rustix::process::Signal;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::event::Event;
use super::refusals::Refusals;
use super::streams;
use super::terminal::Terminal;
use super::watch::{Kept, Watch};
use crate::config::{self, Config, RuntimeType, SandboxMode};
use crate::dispatch::cgroup_limits;
use crate::error::{Code, Error, hints};
use crate::sandbox::{
    ChildSetup, Command, Connections, Denials, Disk, NoProgram, PlanInput, Policy, Run, Support, plan, prepare,
};
use crate::spawn::{
    Cgroups, Delegated, EnvironmentInput, Launch, LaunchOptions, Process, SpawnFailure, Spawner, TemporaryDirectories,
    environment, temporary_names,
};
use crate::validate::WorkingDir;
use crate::worker::protocol::MODULE_CACHE_VARIABLE;

/// What a host passes to start a program.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The current directory, in which relative paths are looked up.
    pub working_dir: String,
    /// The configuration, as given. Only settings about permissions, memory and time have a meaning here.
    pub config: Box<RawValue>,
    /// The program's name and its arguments.
    pub command: Vec<String>,
    /// Whether `toolExecutionTimeout` holds.
    pub timed: bool,
    /// The host's PATH.
    pub path: String,
    /// The host's environment.
    pub env: BTreeMap<String, String>,
}

/// A started program. It is ended when the host dies.
#[derive(Debug)]
pub struct Wrapped {
    process: Arc<Process>,
}

/// What follows from the sandbox, or from its absence.
struct Confined {
    setup: Option<Box<dyn ChildSetup>>,
    denials: Option<Denials>,
    connections: Option<Connections>,
    environment: Vec<(OsString, OsString)>,
    may_start_programs: bool,
}

impl Wrapped {
    /// Starts the program with the host's standard streams. `tell` is called on another thread, last with
    /// [`Event::Ended`].
    pub fn start(options: &Options, tell: impl Fn(Event) + Send + 'static) -> Result<Self, Box<Error>> {
        let config = config::resolve(options.config.get())?;
        let working_dir = WorkingDir::open(&options.working_dir)?;
        let command = Command::find(&Disk, &options.command, working_dir.as_path(), &options.path)
            .map_err(|reason| no_program(&reason))?;
        let temporary = TemporaryDirectories::open(
            options.env.get("TMPDIR").map(Path::new),
            temporary_names(&config.permissions),
        );
        let place = temporary.as_ref().and_then(|directories| directories.path());
        let confined = confine(&config, &working_dir, &command, &options.path, place)?;
        let launch = Launch::new(LaunchOptions {
            program: command.binary.clone(),
            name: command.words.first().map(OsString::from),
            args: command.words.iter().skip(1).map(OsString::from).collect(),
            env: environment(&EnvironmentInput {
                host: &options.env.clone().into_iter().collect::<Vec<_>>(),
                permissions: &config.permissions,
                project_root: working_dir.as_path(),
                extra: &confined.environment,
            }),
            cwd: working_dir.as_path().to_owned(),
            max_open_files: None,
            max_processes: None,
            shared_memory: None,
            die_with_parent: true,
            cgroup: Delegated::of_this_host().map(|parent| Cgroups {
                parent,
                limits: cgroup_limits(&config),
            }),
            temporary: temporary.clone(),
            origin: false,
        })
        .map_err(|failure| not_started(&command, failure))?;
        let standard = streams::standard().map_err(|error| {
            let message = "the standard streams of this process cannot be passed on";
            Box::new(Error::new(Code::WorkerStart, message).source(error))
        })?;
        let terminal = Terminal::of(&standard[0]);
        let own_terminals = streams::terminals(&standard);
        let spawner = Spawner::start(confined.setup)?;
        let (sender, started) = mpsc::channel();
        spawner.spawn_unconnected(launch, standard, move |result| {
            let _ = sender.send(result);
        });
        let started = started
            .recv()
            .map_err(|_| SpawnFailure::closed())
            .and_then(|result| result)
            .map_err(|failure| not_started(&command, failure))?;
        let process = Arc::new(started.process);
        let watched = Watch::new(
            Arc::clone(&process),
            &config,
            options.timed.then_some(config.tool_execution_timeout),
            confined.may_start_programs,
            confined.connections,
            started.temporary,
        )
        .and_then(|watch| {
            let kept = Kept { spawner, temporary };
            watch.begin(kept, terminal, Refusals::new(confined.denials, own_terminals), tell)
        });
        watched.map_err(|error| {
            let message = format!("{} cannot be watched and was ended", command.words[0]);
            Box::new(Error::new(Code::WorkerStart, message).source(error))
        })?;
        Ok(Self { process })
    }

    /// Passes a signal on. An interrupt goes to the whole group, as a terminal sends it.
    pub fn signal(&self, number: i32) {
        if let Some(signal) = Signal::from_named_raw(number) {
            self.process.signal(signal, signal == Signal::INT);
        }
    }
}

fn confine(
    config: &Config,
    working_dir: &WorkingDir,
    command: &Command,
    path_var: &str,
    temporary: Option<PathBuf>,
) -> Result<Confined, Box<Error>> {
    if config.sandbox == SandboxMode::Off || config.permissions.all {
        return Ok(Confined {
            setup: None,
            denials: None,
            connections: None,
            environment: Vec::new(),
            may_start_programs: true,
        });
    }
    let support = Support::of_this_machine()?;
    let mut policy: Policy = plan(&PlanInput {
        permissions: &config.permissions,
        working_dir: working_dir.as_path(),
        entrypoint: command.entrypoint.as_deref(),
        worker_file: None,
        command: Some(command),
        runtime_binary: &command.binary,
        runtime: RuntimeType::Bun,
        path_var,
        home: std::env::home_dir().as_deref(),
        addon: None,
    })?;
    policy.files_supervised = support.listener;
    policy.temporary = temporary;
    policy.identify();
    let reads_everything = policy.read_all;
    let may_start_programs = policy.run != Run::None;
    let sandbox = prepare(policy, &support)?;
    let own = sandbox.environment();
    let cache = (command.is_javascript() && !reads_everything).then_some((MODULE_CACHE_VARIABLE, "0"));
    Ok(Confined {
        denials: Some(sandbox.denials()),
        connections: Some(sandbox.connections()),
        environment: own
            .into_iter()
            .chain(cache)
            .map(|(name, value)| (name.into(), value.into()))
            .collect(),
        may_start_programs,
        setup: Some(Box::new(sandbox)),
    })
}

fn no_program(reason: &NoProgram) -> Box<Error> {
    Box::new(match reason {
        NoProgram::NotFound(name) if name.contains('/') => {
            Error::new(Code::RuntimeNotFound, format!("there is no program {name}")).hint(hints::PROGRAM_PATH)
        }
        NoProgram::NotFound(name) => {
            Error::new(Code::RuntimeNotFound, format!("no program {name} is on PATH")).hint(hints::PROGRAM_NAME)
        }
        NoProgram::NotExecutable(name) => {
            Error::new(Code::WorkerStart, format!("{name} is no executable file")).hint(hints::PROGRAM_NOT_EXECUTABLE)
        }
    })
}

fn not_started(command: &Command, failure: SpawnFailure) -> Box<Error> {
    let message = format!("{} cannot be started: {failure}", command.words[0]);
    Box::new(Error::new(Code::WorkerStart, message).source(failure))
}
