//! The driver thread: one single-threaded runtime on which every process of a manager is served.
//!
//! After a panic on it, which is a bug, nothing keeps the time or notices the end of a process. The manager ends then: its
//! processes are killed and its calls fail, so that no caller waits for an answer that cannot come.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use tokio::task::JoinSet;

use super::dispatcher::Dispatcher;
use super::groups::{GroupProcesses, GroupTable};
use super::host_reads::HostReads;
use super::locked_engine::LockedEngine;
use super::perform::{Ending, Outside, Spawned};
use super::processes::Processes;
use super::{clock, process_task};
use crate::config::{Config, Isolation};
use crate::dispatch::engine::{Engine, EngineSettings, Event};
use crate::dispatch::facts::StartFault;
use crate::dispatch::sink::Sink;
use crate::error::descriptors::{self, Holder};
use crate::error::{Code, Error};
use crate::pool::{Limits, Pool};
use crate::spawn::SpawnFailure;
use crate::system::TELLS_UNREAD;
use crate::worker::Nonce;

/// What a driver is made of.
pub struct Parts {
    /// How the processes of each group are started, by the groups' numbers.
    pub groups: Vec<GroupProcesses>,
    /// Receives what happens.
    pub sink: Arc<dyn Sink>,
    /// The number of processors of this machine.
    pub cpus: usize,
    /// The channels that the host's own thread watches; `None` where it cannot watch any.
    pub host_reads: Option<HostReads>,
    /// Whether events and effects are written to stderr.
    pub trace: bool,
}

/// The driver thread.
pub struct Driver;

impl Driver {
    /// Starts the thread. It ends once the dispatcher was closed and every process has ended.
    pub fn start(config: &Config, parts: Parts) -> Result<Arc<Dispatcher>, Box<Error>> {
        let (sender, receiver) = unbounded_channel();
        let settings = EngineSettings {
            grace: config.grace_period,
            backoff: config.backoff,
            stderr_cap: usize::try_from(config.max_stderr_capture_size).unwrap_or(usize::MAX),
            output_cap: config.max_output_size,
            memory_mb: std::iter::once(config.max_memory_mb)
                .chain(config.tools.groups().iter().map(|group| group.max_memory_mb))
                .collect(),
            tools: Arc::clone(&config.tools),
            single_use: config.isolation == Isolation::Call,
            announced: !TELLS_UNREAD
                || (config.isolation == Isolation::Worker && config.concurrent_calls_per_worker > 1),
            concurrent: config.concurrent_calls_per_worker as usize,
            nonce: || Nonce::generate().ok(),
        };
        let of_processes = process_task::Settings {
            output_cap: largest_output(config),
            slots: settings.concurrent,
        };
        let pool = Pool::new(Limits::new(config, parts.cpus), config.backoff.max_elapsed);
        // Where each process serves a single call, the driver reads it, because registering a channel with the host for one
        // answer gains nothing.
        let host_reads = parts.host_reads.filter(|_| !settings.single_use);
        let outside = Outside {
            sink: parts.sink,
            processes: Processes::default(),
            groups: GroupTable::new(parts.groups),
            spawned: sender,
            clock: Notify::new(),
            ending: Mutex::new(Ending::Running),
        };
        let engine = LockedEngine::new(Engine::new(settings, pool, Instant::now()), outside, parts.trace);
        let dispatcher = Arc::new(Dispatcher::new(engine, host_reads));
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(no_thread)?;
        let driven = Arc::clone(&dispatcher);
        let holder = Holder::manager();
        thread::Builder::new()
            .name("toolwarden-drive".to_owned())
            .spawn(move || {
                let driving = drive(Arc::clone(&driven), receiver, of_processes);
                let _ = catch_unwind(AssertUnwindSafe(|| runtime.block_on(driving)));
                // Its tasks own handles of processes and pipes, which are dropped with it.
                drop(runtime);
                driven.end();
                drop(driven);
                drop(holder);
            })
            .map_err(no_thread)?;
        Ok(dispatcher)
    }
}

/// The largest result that any tool may give, in bytes.
fn largest_output(config: &Config) -> u64 {
    let of_tools = config.tools.entries().iter().map(|entry| entry.max_output_size);
    of_tools.chain([config.max_output_size]).max().unwrap_or_default()
}

fn no_thread(error: std::io::Error) -> Box<Error> {
    let what = "the thread that supervises processes could not be started";
    Box::new(match error.raw_os_error() {
        Some(errno) if descriptors::is_shortage(errno) => descriptors::shortage(what, errno),
        _ => Error::new(Code::WorkerStart, format!("{what}: {error}"))
            .with(|context| context.operation = Some("start worker"))
            .source(error),
    })
}

async fn drive(
    dispatcher: Arc<Dispatcher>,
    mut spawned: UnboundedReceiver<Spawned>,
    of_processes: process_task::Settings,
) {
    let mut tasks = JoinSet::new();
    tasks.spawn(clock::run(Arc::clone(&dispatcher)));
    loop {
        tokio::select! {
            // The clock ends with the manager, and each other task with its process.
            Some(ended) = tasks.join_next() => if ended.is_err() || dispatcher.engine.is_over() {
                break;
            },
            Some(Spawned { worker, group, result }) = spawned.recv() => match (result, group) {
                (Ok(child), Some(group)) => {
                    tasks.spawn(process_task::run(Arc::clone(&dispatcher), worker, child, group, of_processes));
                }
                // The call that it was made for is over; dropping the process kills it.
                (Ok(child), None) => {
                    drop(child);
                    let fault = fault(SpawnFailure::permanent("group"));
                    dispatcher.engine.handle(Event::StartFailed { worker, fault });
                }
                (Err(failure), _) => dispatcher.engine.handle(Event::StartFailed { worker, fault: fault(failure) }),
            },
        }
    }
}

fn fault(failure: SpawnFailure) -> StartFault {
    let SpawnFailure { step, errno, retryable } = failure;
    StartFault::Spawn { step, errno, retryable }
}
