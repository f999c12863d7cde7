//! Wires the rooms; the one file that knows their order.

mod entrypoint_cache;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use serde::Deserialize;
use serde_json::value::RawValue;

use self::entrypoint_cache::EntrypointCache;
use crate::config::{self, Config, RuntimeType, SandboxMode};
use crate::dispatch::{Driver, Facts, Hub, LogEntry, Parts, Refusal, Request, Sink, StartFailure};
use crate::error::{Code, Error};
use crate::observe::{Event, Observer};
use crate::outcome::{self, Meaning, Metrics, Moment, interpret, start_error};
use crate::spawn::{
    EnvironmentInput, FindRuntime, Launch, LaunchOptions, Launches, Spawner, bun_arguments, check_entrypoint,
    environment, find_runtime, node_arguments,
};
use crate::validate::{CallEnv, CallTimeout, Entrypoint, ExecId, InputText, ToolId, WorkingDir, retry_policy};
use crate::worker::{WorkerFile, WorkerSettings, render};

/// What a host passes to open a manager.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// The project root, as given.
    pub working_dir: String,
    /// The configuration, as given.
    pub config: Box<RawValue>,
    /// Where the host itself lives: places where a `bun` package may be found.
    pub host_dirs: Vec<PathBuf>,
    /// The host's PATH.
    pub path: String,
    /// The host's environment.
    pub env: BTreeMap<String, String>,
    /// The host's own executable, where it is Node.
    #[serde(default)]
    pub node: Option<PathBuf>,
}

/// One call, as given.
#[derive(Debug, Default)]
pub struct Asked<'a> {
    /// The caller's number; unique among its calls that are not over, never 0.
    pub number: u32,
    /// The tool.
    pub tool: &'a str,
    /// The execution's id; none: a new one.
    pub exec: Option<&'a str>,
    /// JSON text of the first argument.
    pub input: Option<String>,
    /// JSON text of the second argument.
    pub config: Option<String>,
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
}

/// A manager of tools: one entrypoint, one configuration, the processes that serve it.
pub struct Manager {
    config: Config,
    working_dir: WorkingDir,
    worker_file_hash: String,
    permissions: Vec<String>,
    hub: Arc<Hub>,
    told: Arc<Told>,
}

impl Manager {
    /// Checks everything that can be known now, writes the worker file and begins to warm processes.
    pub fn open(options: &Options, observer: Arc<dyn Observer>) -> Result<Self, Box<Error>> {
        let config = config::resolve(options.config.get())?;
        let working_dir = WorkingDir::open(&options.working_dir)?;
        let entrypoint = Entrypoint::resolve(working_dir.as_path(), config.entrypoint_path.as_deref())?;
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
        let worker_file = WorkerFile::write(
            working_dir.as_path(),
            &render(&WorkerSettings {
                entrypoint: entrypoint.as_str().map(str::to_owned),
                project_root: working_dir.as_str().to_owned(),
                max_output_size: config.max_output_size,
                concurrent: config.concurrent_calls_per_worker,
                isolation: config.isolation,
            }),
            config.worker_file_perm,
        )?;
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
                extra: &[],
            }),
            cwd: working_dir.as_path().to_owned(),
            memory_limit_mb: (config.max_memory_mb > 0).then_some(config.max_memory_mb),
            max_open_files: None,
            max_processes: None,
            die_with_parent: true,
        };
        let launch = Launch::new(launch_options.clone()).map_err(|failure| not_launchable(&runtime.path, &failure))?;
        let cache = EntrypointCache::open(&config, &working_dir, &entrypoint, &launch_options);
        let worker_file_hash = worker_file.hash().to_owned();
        let permissions = config.permissions.to_flags(working_dir.as_path());
        let told = Arc::new(Told {
            observer,
            metrics: Metrics::default(),
            worker_file: Mutex::new(Some(worker_file)),
            cache: cache.clone(),
            meaning: Meaning {
                max_output_size: config.max_output_size,
                max_memory_mb: config.max_memory_mb,
                denied: outcome::Denied::default(),
            },
        });
        let parts = Parts {
            spawner: Spawner::start(None)?,
            launch: match &cache {
                Some(cache) => Arc::clone(cache) as Arc<dyn Launches>,
                None => Arc::new(launch),
            },
            denials: None,
            sink: Arc::clone(&told) as Arc<dyn Sink>,
            may_start_programs: true,
            cpus: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
        };
        let hub = Driver::start(&config, parts)?;
        if let Some(cache) = &cache {
            cache.begin(&hub);
        }
        hub.warm();
        Ok(Self {
            config,
            working_dir,
            worker_file_hash,
            permissions,
            hub,
            told,
        })
    }

    /// Takes a call; its result comes as an event with its number. An error is the call's answer: nothing follows.
    pub fn execute(&self, asked: Asked<'_>) -> Result<(), Box<Error>> {
        let tool = ToolId::parse(asked.tool)?;
        let exec = match asked.exec {
            Some(exec) => ExecId::parse(exec)?,
            None => ExecId::generate(),
        };
        let request = Request {
            number: asked.number,
            env: asked.env.map(CallEnv::from_json).transpose()?.unwrap_or_default(),
            timeout: asked
                .timeout
                .map(CallTimeout::from_json)
                .transpose()?
                .map_or(self.config.tool_execution_timeout, CallTimeout::get),
            retry: retry_policy(asked.retry)?,
            input: InputText::parse("input", asked.input)?,
            config: InputText::parse("config", asked.config)?,
            logs: asked.logs,
            progress: asked.progress,
            tool,
            exec,
        };
        let (tool, exec) = (request.tool.as_str().to_owned(), request.exec.as_str().to_owned());
        self.hub.submit(request).map_err(|refusal| {
            Box::new(refused(refusal, &tool, &self.config).with(|context| {
                context.operation = Some("queue");
                context.tool_id = Some(tool);
                context.tool_exec_id = Some(exec);
            }))
        })
    }

    /// Sends what [`execute`](Self::execute) left to be sent in one piece.
    pub fn flush(&self) {
        self.hub.flush();
    }

    /// Cancels a call.
    pub fn cancel(&self, number: u32) {
        self.hub.cancel(number);
    }

    /// Answers with `Event::Ready`.
    pub fn ready(&self, ticket: u32) {
        self.hub.ready(ticket);
    }

    /// Answers with `Event::Tools`.
    pub fn list_tools(&self, ticket: u32) {
        self.hub.tools(ticket);
    }

    /// Answers with `Event::Closed`.
    pub fn close(&self, force: bool) {
        self.hub.close(force);
    }

    /// The host is about to end: kills every process and removes the worker file before this returns.
    pub fn abandon(&self) {
        self.hub.close(true);
        self.told.remove_worker_file();
    }

    /// What a host may ask of an open manager, as JSON text.
    pub fn info(&self) -> String {
        let config: serde_json::Value = serde_json::from_str(&self.config.to_json()).unwrap_or_default();
        serde_json::json!({
            "config": config,
            "workingDir": self.working_dir.as_str(),
            "workerFileHash": self.worker_file_hash,
            "enforcement": {
                "level": "none",
                "landlockAbi": null,
                "seccomp": false,
                "permissions": self.permissions,
            },
        })
        .to_string()
    }

    /// Whether the kernel has to hold the permissions.
    pub fn sandbox(&self) -> SandboxMode {
        self.config.sandbox
    }

    /// Counters and gauges: the native part of `ManagerStats`, as JSON text.
    pub fn stats(&self) -> String {
        let (gauges, counters) = (self.hub.gauges(), self.hub.counters());
        serde_json::json!({
            "workers": { "starting": gauges.starting, "idle": gauges.idle, "busy": gauges.busy },
            "queued": gauges.queued,
            "calls": {
                "started": counters.started,
                "succeeded": counters.succeeded,
                "failed": counters.failed,
                "retried": counters.retried,
            },
            "workerExits": counters.exits.total(),
        })
        .to_string()
    }
}

impl Manager {
    /// Counters, gauges and histograms, as Prometheus text.
    pub fn metrics(&self) -> String {
        self.told.metrics.render(&Moment {
            gauges: self.hub.gauges(),
            exits: self.hub.counters().exits,
            resident_bytes: self.hub.resident_bytes(),
        })
    }
}

impl Drop for Manager {
    fn drop(&mut self) {
        self.hub.close(true);
    }
}

/// Turns raw facts into what the outside understands.
struct Told {
    observer: Arc<dyn Observer>,
    metrics: Metrics,
    /// Removed with the last process.
    worker_file: Mutex<Option<WorkerFile>>,
    cache: Option<Arc<EntrypointCache>>,
    meaning: Meaning,
}

impl Told {
    fn remove_worker_file(&self) {
        if let Some(cache) = &self.cache {
            cache.close();
        }
        self.worker_file.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

impl Sink for Told {
    fn settled(&self, mut facts: Facts) -> bool {
        let call = facts.call;
        let records = self.observer.wants_records();
        let result = interpret(&mut facts, &self.meaning);
        let error = result.as_ref().err().map(AsRef::as_ref);
        let succeeded = error.is_none();
        self.metrics.record(&facts, error);
        let record = records.then(|| outcome::record(&facts, error));
        self.observer.notify(match result {
            Ok(json) => Event::Value { call, json },
            Err(error) => Event::Failed { call, error },
        });
        if let Some(json) = record {
            self.observer.notify(Event::Record { json });
        }
        succeeded
    }

    fn log(&self, entry: LogEntry, tool: Option<(&ToolId, &ExecId)>, wanted_by_call: bool) {
        let json = outcome::line(&entry, tool);
        self.observer.notify(Event::Log {
            call: entry.call.filter(|_| wanted_by_call),
            json,
        });
    }

    fn wants_logs(&self) -> bool {
        self.observer.wants_logs()
    }

    fn progress(&self, call: u32, json: &str) {
        self.observer.notify(Event::Progress {
            call,
            json: json.to_owned(),
        });
    }

    fn drained(&self) {
        self.observer.notify(Event::Drain);
    }

    fn warmed(&self, ticket: u32, result: Result<(), &StartFailure>) {
        self.observer.notify(Event::Ready {
            ticket,
            result: result.map_err(|failure| Box::new(start_error(failure))),
        });
    }

    fn tools(&self, ticket: u32, result: Result<&str, &StartFailure>) {
        let result = result
            .map(str::to_owned)
            .map_err(|failure| Box::new(start_error(failure)));
        self.observer.notify(Event::Tools { ticket, result });
    }

    fn closed(&self) {
        self.remove_worker_file();
        self.observer.notify(Event::Closed);
    }

    fn flush(&self) {
        self.observer.flush();
    }

    fn congested(&self) -> bool {
        self.observer.congested()
    }
}

fn refused(refusal: Refusal, tool: &str, config: &Config) -> Error {
    match refusal {
        Refusal::QueueFull => {
            let limit = match config.max_queue {
                config::Count::Limited(limit) => limit.to_string(),
                config::Count::Infinite => "any number of".to_owned(),
            };
            Error::new(
                Code::QueueFull,
                format!("tool {tool} was not called: {limit} calls wait already, as many as maxQueue allows"),
            )
            .hint("wait for the manager's 'drain' event, or raise `maxQueue` or `maxWorkers`")
        }
        Refusal::Closed => Error::new(
            Code::ManagerClosed,
            format!("tool {tool} was not called: the manager is closed"),
        )
        .hint("make a new Manager; a closed one does not open again"),
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
