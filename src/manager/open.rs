//! Opens a manager, and serves requests to an open one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::compiled_worker::CompiledWorker;
use super::confinement::{Places, confine, memory_control, support};
use super::entrypoint_cache::EntrypointCache;
use super::forkable::forkable;
use super::launch_selector::{LaunchSelector, WorkerFilePlace};
use super::module_cache::ModuleCache;
use super::origins::Forking;
use super::outcome_sink::OutcomeSink;
use super::refused::refused;
use super::report::{self, Enforcement};
use crate::config::{self, Config, RuntimeType};
use crate::dispatch::{Dispatcher, Driver, HostReads, Parts, Request, Sink, cgroup_limits};
use crate::error::descriptors::{self, DescriptorReservation};
use crate::error::{Code, Error};
use crate::observe::Observer;
use crate::outcome::{DenialExplainer, GaugeSnapshot, InterpretContext, Variables};
use crate::spawn::{
    Cgroups, Delegated, EnvironmentInput, FindRuntime, LaunchOptions, LaunchSource, Spawner, TemporaryDirectories,
    bun_arguments, check_entrypoint, environment, find_runtime, node_arguments, temporary_names,
};
use crate::validate::{
    CallEnv, CallTimeout, Entrypoint, ExecId, InputText, ToolId, WorkingDir, check_importable, retry_policy,
};
use crate::worker::{WorkerFile, WorkerSettings, render};

/// Descriptors that a manager and its first process need together, those included that are open only briefly.
const TO_OPEN: usize = 32;

/// The variable of the host that makes a manager write its events and effects to stderr; see docs/debugging.md.
const TRACE: &str = "TOOLWARDEN_TRACE";

/// What a host passes to open a manager.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The project root, as given.
    pub working_dir: String,
    /// The configuration, as given.
    pub config: Box<RawValue>,
    /// The directories of the host program, where a `bun` package may be found.
    pub host_dirs: Vec<PathBuf>,
    /// The host's PATH.
    pub path: String,
    /// The host's environment.
    pub env: BTreeMap<String, String>,
    /// The host's own executable, where the host is Node.
    #[serde(default)]
    pub node: Option<PathBuf>,
}

/// One call, with its texts as they came from the host.
#[derive(Debug, Default)]
pub struct RawCall<'a> {
    /// The caller's number: unique among its unfinished calls, never 0.
    pub number: u32,
    /// The tool's id.
    pub tool: &'a str,
    /// The execution's id; `None`: a new one is generated.
    pub exec: Option<&'a str>,
    /// JSON text of the first argument.
    pub input: Option<&'a str>,
    /// JSON text of the second argument.
    pub config: Option<&'a str>,
    /// JSON array of `[name, value]`.
    pub env: Option<&'a str>,
    /// JSON text of a duration.
    pub timeout: Option<&'a str>,
    /// JSON text of `RetryOptions`.
    pub retry: Option<&'a str>,
    /// Its lines are wanted.
    pub logs: bool,
    /// Its progress values are wanted.
    pub progress: bool,
    /// Which attempt this is for whoever hands out the work.
    pub attempt: Option<u32>,
    /// JSON text of a string.
    pub idempotency_key: Option<&'a str>,
}

/// A manager of tools: one entrypoint, one configuration, the processes that serve it.
pub struct Manager {
    config: Config,
    working_dir: WorkingDir,
    worker_file_hash: String,
    enforcement: Enforcement,
    dispatcher: Arc<Dispatcher>,
    sink: Arc<OutcomeSink>,
}

impl Manager {
    /// Checks everything that can be checked now, writes the worker file and begins to start processes. `host_reads`:
    /// the caller watches its descriptor and calls [`read`](Self::read).
    pub fn open(
        options: &Options,
        observer: Arc<dyn Observer>,
        host_reads: Option<HostReads>,
    ) -> Result<Self, Box<Error>> {
        let config = config::resolve(options.config.get())?;
        // Checked first: a file that cannot be opened because of a shortage of descriptors must not be taken for a
        // missing one.
        drop(DescriptorReservation::new(TO_OPEN).map_err(|error| no_room(&error))?);
        let working_dir = WorkingDir::open(&options.working_dir)?;
        let entrypoint = Entrypoint::resolve(working_dir.as_path(), config.entrypoint_path.as_deref())?;
        check_importable(&working_dir, &entrypoint, config.runtime_type)?;
        let runtime = find_runtime(&FindRuntime {
            kind: config.runtime_type,
            runtime_path: config.runtime_path.as_deref(),
            working_dir: working_dir.as_path(),
            host_dirs: &options.host_dirs,
            path_var: &options.path,
            host_executable: options.node.as_deref(),
        })?;
        if let Some(file) = entrypoint.as_path() {
            check_entrypoint(&runtime, file, &config.runtime_options)?;
        }
        // Node cannot map a descriptor as memory.
        let shared_memory = config.runtime_type == RuntimeType::Bun;
        let settings = WorkerSettings {
            entrypoint: entrypoint.as_str().map(str::to_owned),
            project_root: working_dir.as_str().to_owned(),
            max_output_size: config.max_output_size,
            concurrent: config.concurrent_calls_per_worker,
            isolation: config.isolation,
            shared_memory,
            all_in_ring: host_reads.as_ref().is_some_and(HostReads::are_doorbells),
        };
        let named = |name| options.env.get(name).map(Path::new);
        let places: Vec<&Path> = ["XDG_RUNTIME_DIR", "TMPDIR"].into_iter().filter_map(named).collect();
        let source = render(&settings);
        let worker_file = WorkerFile::write_at_home(working_dir.as_path(), &places, &source, config.worker_file_perm)?;
        let cgroup = Delegated::of_this_host().map(|parent| Cgroups {
            parent,
            limits: cgroup_limits(&config),
        });
        let temporary = TemporaryDirectories::open(named("TMPDIR"), temporary_names(&config.permissions));
        let temporary_path = temporary.as_ref().and_then(|directories| directories.path());
        let forkable = forkable(&config, entrypoint.as_path().is_some(), support().ok());
        let places = Places {
            working_dir: &working_dir,
            entrypoint: &entrypoint,
            worker_file: worker_file.path(),
            runtime_binary: &runtime.path,
            path_var: &options.path,
            temporary: temporary_path.as_deref(),
            addon: forkable.as_deref().ok(),
        };
        let confinement = confine(&config, &places, memory_control(config.max_memory_mb, cgroup.is_some()))?;
        let launch_options = LaunchOptions {
            program: runtime.path.clone(),
            args: match config.runtime_type {
                RuntimeType::Bun => bun_arguments(worker_file.path()),
                RuntimeType::Node => node_arguments(&config.runtime_options, worker_file.path()),
            },
            env: environment(&EnvironmentInput {
                host: &options.env.clone().into_iter().collect::<Vec<_>>(),
                permissions: &config.permissions,
                project_root: working_dir.as_path(),
                extra: &confinement
                    .environment
                    .iter()
                    .map(|(name, value)| (name.into(), value.into()))
                    .collect::<Vec<_>>(),
            }),
            cwd: working_dir.as_path().to_owned(),
            max_open_files: None,
            max_processes: None,
            shared_memory: shared_memory.then_some(config.concurrent_calls_per_worker as usize),
            die_with_parent: true,
            cgroup,
            temporary,
            origin: false,
        };
        let variables = Variables::new(
            options.env.keys(),
            &launch_options.env,
            &config.permissions,
            config.runtime_type,
        );
        let cache = EntrypointCache::open(&config, worker_file.home(), &entrypoint, &launch_options);
        let policy = confinement.policy.as_deref();
        let modules = ModuleCache::open(&config, &places, policy, &worker_file, &launch_options);
        let compiled = CompiledWorker::open(&config, settings.clone(), &worker_file, &launch_options, modules);
        let forking = Forking::open(
            &config,
            forkable.clone(),
            entrypoint.as_path(),
            &launch_options,
            &observer,
        )
        .map_err(|failure| not_launchable(&runtime.path, &failure))?;
        let worker_file_hash = worker_file.hash().to_owned();
        let place = WorkerFilePlace::new(worker_file, settings, confinement.policy.as_deref());
        let launches = LaunchSelector::new(launch_options, cache, compiled, forking, place)
            .map(Arc::new)
            .map_err(|failure| not_launchable(&runtime.path, &failure))?;
        let denied = |policy| {
            let home = options.env.get("HOME").map(Path::new);
            DenialExplainer::new(policy, working_dir.as_path(), home, config.runtime_type)
        };
        let context = InterpretContext {
            max_output_size: config.max_output_size,
            max_memory_mb: config.max_memory_mb,
            denied: denied(confinement.policy),
            variables,
            plug_n_play: uses_plug_n_play(entrypoint.as_path().unwrap_or(working_dir.as_path())),
        };
        let blind = InterpretContext {
            denied: denied(None),
            ..context.clone()
        };
        let sink = Arc::new(OutcomeSink::new(observer, Arc::clone(&launches), context, blind));
        let parts = Parts {
            spawner: Spawner::start(confinement.setup)?,
            launch: Arc::clone(&launches) as Arc<dyn LaunchSource>,
            denials: confinement.denials,
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            may_start_programs: confinement.may_start_programs,
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            host_reads,
            trace: options.env.get(TRACE).is_some_and(|value| value == "1"),
        };
        let dispatcher = Driver::start(&config, parts)?;
        launches.begin(&dispatcher);
        dispatcher.warm();
        Ok(Self {
            config,
            working_dir,
            worker_file_hash,
            enforcement: confinement.enforcement,
            dispatcher,
            sink,
        })
    }

    /// Takes calls; their results come as events with their numbers. A returned error is the call's result, and no
    /// event follows.
    pub fn execute<'a>(&self, calls: impl Iterator<Item = RawCall<'a>>) -> Vec<(u32, Box<Error>)> {
        let mut answered = Vec::new();
        let mut requests = Vec::with_capacity(calls.size_hint().1.unwrap_or_default());
        for call in calls {
            let number = call.number;
            match self.request(&call) {
                Ok(request) => requests.push(request),
                Err(error) => answered.push((number, error)),
            }
        }
        for (request, refusal) in self.dispatcher.submit(requests) {
            let error = refused(refusal, request.tool.as_str(), &self.config).with(|context| {
                context.operation = Some("queue");
                context.tool_id = Some(request.tool.as_str().to_owned());
                context.tool_exec_id = Some(request.exec.as_str().to_owned());
            });
            answered.push((request.number, Box::new(error)));
        }
        answered
    }

    fn request(&self, call: &RawCall<'_>) -> Result<Request, Box<Error>> {
        Ok(Request {
            number: call.number,
            tool: ToolId::parse(call.tool)?,
            exec: match call.exec {
                Some(exec) => ExecId::parse(exec)?,
                None => ExecId::generate(),
            },
            env: call.env.map(CallEnv::from_json).transpose()?.unwrap_or_default(),
            timeout: call
                .timeout
                .map(CallTimeout::from_json)
                .transpose()?
                .map_or(self.config.tool_execution_timeout, CallTimeout::get),
            retry: retry_policy(call.retry)?,
            input: InputText::from_host("input", call.input.map(str::to_owned))?,
            config: InputText::from_host("config", call.config.map(str::to_owned))?,
            logs: call.logs,
            progress: call.progress,
            attempt: call.attempt,
            idempotency_key: InputText::from_host("idempotencyKey", call.idempotency_key.map(str::to_owned))?,
        })
    }

    /// Processes what workers have sent; for the thread that is notified by `host_reads`.
    pub fn read(&self) {
        self.dispatcher.read();
    }

    /// The same, and finds out which of them have closed their channel.
    pub fn read_all(&self) {
        self.dispatcher.read_all();
    }

    /// Cancels a call; `why` is what its tool is told.
    pub fn cancel(&self, number: u32, why: Option<String>) {
        self.dispatcher.cancel(number, why);
    }

    /// Answers with `Event::Ready`.
    pub fn ready(&self, question: u32) {
        let dispatcher = Arc::clone(&self.dispatcher);
        let sink = Arc::clone(&self.sink);
        self.sink
            .launches
            .forking
            .when_known(Box::new(move |known| match known {
                Ok(()) => dispatcher.ready(question),
                Err(reason) => sink.not_forked(question, &reason),
            }));
    }

    /// Answers with `Event::Tools`.
    pub fn list_tools(&self, question: u32) {
        self.dispatcher.tools(question);
    }

    /// Answers with `Event::Closed`.
    pub fn close(&self, force: bool) {
        self.dispatcher.close(force);
    }

    /// The host is about to end: kills every process and removes the worker file before this returns.
    pub fn abandon(&self) {
        self.dispatcher.close(true);
        self.sink.launches.close();
    }

    /// The fixed properties of an open manager, as JSON text.
    pub fn info(&self) -> String {
        report::info(&report::Info {
            // Kept as text, because the contract defines the order of its fields.
            config: RawValue::from_string(self.config.to_json()).ok(),
            working_dir: self.working_dir.as_str(),
            worker_file_hash: &self.worker_file_hash,
            enforcement: &self.enforcement,
        })
    }

    /// Counters and gauges: the native part of `ManagerStats`, as JSON text.
    pub fn stats(&self) -> String {
        report::stats(
            &self.dispatcher.gauges(),
            &self.dispatcher.counters(),
            self.sink.launches.forking.report(),
        )
    }
}

impl Manager {
    /// Counters, gauges and histograms, as Prometheus text.
    pub fn metrics(&self) -> String {
        let counters = self.dispatcher.counters();
        let origin = self.sink.launches.forking.report();
        self.sink.metrics().render(&GaugeSnapshot {
            gauges: self.dispatcher.gauges(),
            exits: counters.exits,
            resident_bytes: self.dispatcher.resident_bytes(),
            starts: [counters.spawned, counters.forked],
            origin: (origin.state, origin.reason),
        })
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.dispatcher.close(true);
    }
}

fn no_room(error: &std::io::Error) -> Box<Error> {
    let what = format!("a manager cannot be opened, which needs {TO_OPEN} descriptors with its first process");
    Box::new(descriptors::shortage(
        &what,
        error.raw_os_error().unwrap_or(libc::EMFILE),
    ))
}

fn not_launchable(program: &Path, failure: &crate::spawn::SpawnFailure) -> Box<Error> {
    Box::new(
        Error::new(
            Code::WorkerStart,
            format!("{} cannot be started: {failure}", program.display()),
        )
        .with(|context| context.operation = Some("start worker")),
    )
}

/// Whether yarn's Plug'n'Play has the packages for files in or below this place.
fn uses_plug_n_play(place: &Path) -> bool {
    place.ancestors().any(|above| above.join(".pnp.cjs").is_file())
}
