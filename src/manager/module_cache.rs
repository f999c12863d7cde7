//! Transpiles modules once for all processes. Where each call has its own process, each of them would transpile every
//! module again, which is half of the time that importing takes. After a few calls Bun does it once, into a directory
//! that later processes can read but not write.
//!
//! The process that writes there runs nobody's code (`template/bundle/modules.mjs`), in a sandbox of its own: it may
//! read what the tools may, write to the directory, and do nothing else. Nothing waits for it. If it fails, processes
//! continue without the cache.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Duration;

use super::confinement::{Places, reads_alike};
use crate::config::{Config, Isolation, Permissions, RuntimeType, Scope};
use crate::sandbox::{ChildSetup, PlanInput, Policy, Support, plan, prepare};
use crate::spawn::{Child, Launch, LaunchOptions, Process, SpawnFailure, Spawner, collect, transpiler_arguments};
use crate::worker::protocol::MODULE_CACHE_VARIABLE;
use crate::worker::{CompiledLocation, Modules, WorkerFile, transpile_script};

/// The longest time it may take; the largest measured entrypoints took two seconds.
const LONGEST: Duration = Duration::from_secs(30);
/// It answers with one line.
const LARGEST_ANSWER: usize = 4096;

pub(super) struct ModuleCache {
    launch: LaunchOptions,
    script: String,
    location: CompiledLocation,
    permissions: Permissions,
    working_dir: PathBuf,
    entrypoint: Option<PathBuf>,
    worker_file: PathBuf,
    path_var: String,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    modules: Option<Modules>,
    running: Option<Arc<Process>>,
    closed: bool,
}

impl ModuleCache {
    /// `None` where it would not pay off, where Bun's own cache is in use (without a sandbox), and where a tool could
    /// write to it.
    pub(super) fn open(
        config: &Config,
        places: &Places<'_>,
        policies: &[Option<&Policy>],
        file: &WorkerFile,
        options: &LaunchOptions,
    ) -> Option<Arc<Self>> {
        let pays =
            config.isolation == Isolation::Call && config.runtime_type == RuntimeType::Bun && !config.entrypoint_cache;
        let writes = |policy: &Option<&Policy>| policy.is_none_or(|policy| policy.may_write(places.worker_file));
        if !pays || policies.iter().any(writes) {
            return None;
        }
        // What it makes is readable for every process, so it reads no more than each of them may.
        let read = match reads_alike(config) {
            true => config.permissions.read.clone(),
            false => Scope::None,
        };
        Some(Arc::new(Self {
            launch: options.clone(),
            script: transpile_script(places.entrypoint.as_str()),
            location: file.compiled_location(),
            permissions: Permissions {
                read,
                ..Permissions::default()
            },
            working_dir: places.working_dir.as_path().to_owned(),
            entrypoint: places.entrypoint.as_path().map(Into::into),
            worker_file: places.worker_file.to_owned(),
            path_var: places.path_var.to_owned(),
            state: Mutex::default(),
        }))
    }

    /// Has the modules transpiled. Blocks; called once in a manager's life.
    pub(super) fn fill(&self) {
        let made = {
            // Under the lock: a directory that is made after the worker file is gone would stay.
            let state = self.lock();
            if state.closed {
                None
            } else {
                self.location.make_modules().ok()
            }
        };
        let Some(modules) = made else { return };
        let done = self.run(&modules).is_some();
        let mut state = self.lock();
        // The process has ended by now, so nobody may write there any more.
        if done && !state.closed && modules.is_filled() {
            state.modules = Some(modules);
        }
    }

    fn run(&self, modules: &Modules) -> Option<()> {
        let mut options = LaunchOptions {
            args: transpiler_arguments(&self.script),
            shared_memory: None,
            temporary: None,
            ..self.launch.clone()
        };
        set_place(&mut options, &modules.path());
        // A spawner of its own, because it starts processes under another filter. Dropping it ends what it started.
        let spawner = Spawner::start(Some(self.confined(modules)?)).ok()?;
        let (sender, reply) = mpsc::channel::<Result<Child, SpawnFailure>>();
        spawner.spawn(Arc::new(Launch::new(options).ok()?), move |result| {
            // A caller that stopped waiting gets no process: it ends when it is dropped here.
            let _ = sender.send(result);
        });
        let child = reply.recv_timeout(LONGEST).ok()?.ok()?;
        let process = Arc::new(child.process);
        {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            state.running = Some(Arc::clone(&process));
        }
        let answer = collect(&child.channel, [child.stdout, child.stderr], LONGEST, LARGEST_ANSWER);
        process.kill_group();
        // Dropping the last handle waits for the spawner's end, so it must be dropped here, outside of the lock.
        let shared = self.lock().running.take();
        drop(shared);
        drop(process);
        answer?.starts_with(br#"{"transpiled":"#).then_some(())
    }

    fn confined(&self, modules: &Modules) -> Option<Box<dyn ChildSetup>> {
        let policy = plan(&PlanInput {
            permissions: &self.permissions,
            working_dir: &self.working_dir,
            entrypoint: self.entrypoint.as_deref(),
            worker_file: Some(&self.worker_file),
            command: None,
            runtime_binary: &self.launch.program,
            runtime: RuntimeType::Bun,
            path_var: &self.path_var,
            home: std::env::home_dir().as_deref(),
            addon: None,
        })
        .ok()?;
        let policy = policy.and_writing(modules.path());
        Some(Box::new(prepare(policy, &Support::of_this_machine().ok()?).ok()?))
    }

    /// Where a process that is started now finds them.
    pub(super) fn choose(&self) -> Option<PathBuf> {
        let mut state = self.lock();
        if state.modules.as_ref().is_some_and(|modules| !modules.is_filled()) {
            state.modules = None;
        }
        state.modules.as_ref().map(Modules::path)
    }

    /// Ends the process and removes the directory; nothing is made after this.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        let modules = state.modules.take();
        if let Some(process) = state.running.take() {
            process.kill_group();
        }
        drop(state);
        drop(modules);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes Bun store what it transpiles there.
pub(super) fn set_place(options: &mut LaunchOptions, place: &Path) {
    options.env.retain(|(name, _)| name != MODULE_CACHE_VARIABLE);
    options.env.push((MODULE_CACHE_VARIABLE.into(), place.into()));
}
