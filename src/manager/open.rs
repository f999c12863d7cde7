//! Opens a manager, and serves requests to an open one.

use std::path::Path;
use std::sync::Arc;

use serde_json::value::RawValue;

use super::compiled_worker::CompiledWorker;
use super::contexts::Contexts;
use super::entrypoint_cache::EntrypointCache;
use super::forkable::forkable;
use super::groups::{Ground, Group, NotStarted, groups};
use super::launch_selector::{LaunchSelector, WorkerFilePlace};
use super::learned_report;
use super::lessons::Lessons;
use super::module_cache::ModuleCache;
use super::narrowing::{Base, Narrowing};
use super::options::Options;
use super::origins::Forking;
use super::outcome_sink::OutcomeSink;
use super::refused::refused;
use super::report::{self, Enforcement};
use super::tool_list::ToolFlags;
use crate::config::{self, Config, RuntimeType};
use crate::dispatch::{Dispatcher, Driver, HostReads, Parts, Request, Sink};
use crate::error::descriptors::{self, DescriptorReservation};
use crate::error::{Code, Error};
use crate::observe::Observer;
use crate::outcome::GaugeSnapshot;
use crate::pool::GroupId;
use crate::sandbox::Support;
use crate::spawn::{FindRuntime, check_entrypoint, find_runtime};
use crate::validate::{
    CallEnv, CallTimeout, Entrypoint, ExecId, InputText, ToolId, WorkingDir, check_importable, retry_policy,
};
use crate::worker::{WorkerFile, WorkerSettings, render};

/// Descriptors that a manager and its first process need together, those included that are open only briefly.
const TO_OPEN: usize = 32;

/// The variable of the host that makes a manager write its events and effects to stderr; see docs/debugging.md.
const TRACE: &str = "TOOLWARDEN_TRACE";

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
    /// JSON array of the flags to which the call is narrowed.
    pub permissions: Option<&'a str>,
}

/// A manager of tools: one entrypoint, one configuration, the processes that serve it.
pub struct Manager {
    ground: Arc<Ground>,
    worker_file_hash: String,
    enforcement: Enforcement,
    dispatcher: Arc<Dispatcher>,
    sink: Arc<OutcomeSink>,
    narrowing: Arc<Narrowing>,
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
        let settings = WorkerSettings {
            entrypoint: entrypoint.as_str().map(str::to_owned),
            project_root: working_dir.as_str().to_owned(),
            max_output_size: config.max_output_size,
            concurrent: config.concurrent_calls_per_worker,
            isolation: config.isolation,
            // Node cannot map a descriptor as memory.
            shared_memory: config.runtime_type == RuntimeType::Bun,
            tools: Arc::clone(&config.tools),
            all_in_ring: host_reads.as_ref().is_some_and(HostReads::are_doorbells),
        };
        let named = |name| options.env.get(name).map(Path::new);
        let homes: Vec<&Path> = ["XDG_RUNTIME_DIR", "TMPDIR"].into_iter().filter_map(named).collect();
        let source = render(&settings);
        let worker_file = WorkerFile::write_at_home(working_dir.as_path(), &homes, &source, config.worker_file_perm)?;
        let forkable = forkable(&config, entrypoint.as_path().is_some(), Support::of_this_machine().ok());
        let ground = Arc::new(Ground {
            lessons: config.learn.is_some().then(Lessons::default),
            forkable,
            plug_n_play: uses_plug_n_play(entrypoint.as_path().unwrap_or(working_dir.as_path())),
            config,
            working_dir,
            entrypoint,
            worker_file: worker_file.path().to_owned(),
            runtime: runtime.path,
            env: options.env.clone(),
            path_var: options.path.clone(),
        });
        let config = &ground.config;
        let mut groups = groups(&ground)?;
        let policies: Vec<_> = groups.iter().map(Group::policy).collect();
        let own = &groups[0].launch;
        let cache = EntrypointCache::open(config, worker_file.home(), &ground.entrypoint, own);
        let modules = ModuleCache::open(config, &ground.places(None), &policies, &worker_file, own);
        let compiled = CompiledWorker::open(config, settings.clone(), &worker_file, own, modules);
        let worker_file_hash = worker_file.hash().to_owned();
        let place = WorkerFilePlace::new(worker_file, settings, &policies);
        let forking = Forking::open(
            config,
            ground.forkable.clone(),
            ground.entrypoint.as_path(),
            own,
            &observer,
        )
        .map_err(|failure| not_launchable(&ground.runtime, &failure))?;
        let temporary = groups.iter().filter_map(|group| group.launch.temporary.clone());
        let launches = Arc::new(LaunchSelector::new(
            cache,
            compiled,
            forking,
            place,
            temporary.collect(),
        ));
        let contexts: Vec<_> = groups.iter().map(|group| group.context.clone()).collect();
        let contexts = Contexts::new(Arc::clone(&config.tools), &contexts);
        let flags = flags(&groups, config);
        let sink = Arc::new(OutcomeSink::new(
            observer,
            Arc::clone(&launches),
            contexts,
            flags,
            Arc::clone(&ground),
        ));
        let started = groups.iter_mut().map(|group| group.start(&launches));
        let started = started
            .collect::<Result<Vec<_>, _>>()
            .map_err(|failure| match failure {
                NotStarted::Launch(failure) => not_launchable(&ground.runtime, &failure),
                NotStarted::Spawner(error) => error,
            })?;
        let parts = Parts {
            groups: started,
            sink: Arc::clone(&sink) as Arc<dyn Sink>,
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            host_reads,
            trace: options.env.get(TRACE).is_some_and(|value| value == "1"),
        };
        let dispatcher = Driver::start(config, parts)?;
        launches.begin(&dispatcher);
        dispatcher.warm();
        sink.begin(&dispatcher);
        let bases = groups.iter().map(Base::of).collect();
        let enforcement = enforcement(groups, config);
        Ok(Self {
            narrowing: Narrowing::new(
                Arc::clone(&ground),
                bases,
                launches,
                Arc::clone(&sink),
                Arc::clone(&dispatcher),
            ),
            ground,
            worker_file_hash,
            enforcement,
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
            // What a call may do is not enforced while the manager learns.
            let narrowed = call.permissions.filter(|_| self.ground.lessons.is_none());
            match (self.request(&call), narrowed) {
                (Ok(request), None) => requests.push(request),
                (Ok(request), Some(flags)) => {
                    if let Err(error) = self.narrowing.submit(request, flags) {
                        answered.push((number, error));
                    }
                }
                (Err(error), _) => answered.push((number, error)),
            }
        }
        for (request, refusal) in self.dispatcher.submit(requests) {
            answered.push((request.number, refused(refusal, &request, &self.ground.config)));
        }
        answered
    }

    fn request(&self, call: &RawCall<'_>) -> Result<Request, Box<Error>> {
        let tool = ToolId::parse(call.tool)?;
        let config = &self.ground.config;
        // What an entry does not set is the manager's.
        let own = config.tools.find(tool.as_str());
        let env = call.env.map(CallEnv::from_json).transpose()?.unwrap_or_default();
        Ok(Request {
            number: call.number,
            group: own.map_or(GroupId::OWN, |entry| GroupId::of(entry.group)),
            tool,
            exec: match call.exec {
                Some(exec) => ExecId::parse(exec)?,
                None => ExecId::generate(),
            },
            env: own.map_or_else(|| env.clone(), |entry| env.clone().over(&entry.env)),
            timeout: call.timeout.map(CallTimeout::from_json).transpose()?.map_or_else(
                || own.map_or(config.tool_execution_timeout, |entry| entry.timeout),
                CallTimeout::get,
            ),
            grace: own.map_or(config.grace_period, |entry| entry.grace),
            output_cap: own.map_or(config.max_output_size, |entry| entry.max_output_size),
            retry: match (call.retry, own.and_then(|entry| entry.retry)) {
                (None, Some(retry)) => retry,
                (given, _) => retry_policy(given)?,
            },
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

    /// Cancels a call; `why` becomes the reason of its tool's signal.
    pub fn cancel(&self, number: u32, why: Option<String>) {
        self.narrowing.cancel(number, why);
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
        self.narrowing.close(force);
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
            config: RawValue::from_string(self.ground.config.to_json()).ok(),
            working_dir: self.ground.working_dir.as_str(),
            worker_file_hash: &self.worker_file_hash,
            enforcement: &self.enforcement,
        })
    }

    /// The smallest flags of each tool that was called, as JSON text; none where the manager does not learn.
    pub fn learned(&self) -> Option<String> {
        Some(learned_report::report(self.ground.lessons.as_ref()?, &self.ground))
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

/// What is enforced for the tools without settings of their own, and the flags of each entry.
fn enforcement(mut groups: Vec<Group>, config: &Config) -> Enforcement {
    Enforcement {
        tools: flags(&groups, config).entries,
        ..groups.swap_remove(0).confinement.enforcement
    }
}

fn flags(groups: &[Group], config: &Config) -> ToolFlags {
    let of = |group: u32| groups[group as usize].confinement.enforcement.permissions.clone();
    let entries = config.tools.entries().iter();
    ToolFlags {
        tools: Arc::clone(&config.tools),
        own: of(0),
        entries: entries.map(|entry| (entry.key.clone(), of(entry.group))).collect(),
    }
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
