//! Where each call has a process of its own, starting processes is most of the work, and parsing the worker file a quarter of a start:
//! after a few calls Bun compiles it, in a process started like a worker, and later processes run what came of it.
//!
//! Nothing waits for that. Where it fails, processes go on with the source.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::module_cache::ModuleCache;
use super::one_shot_process::OneShotProcess;
use crate::config::{Config, Isolation, RuntimeType};
use crate::dispatch::Dispatcher;
use crate::spawn::LaunchOptions;
use crate::worker::{Beside, BundleReply, Compiled, InPlace, WorkerFile, WorkerSettings, compile_script};

/// Compiling takes what it saves in twenty starts. Who calls this often will call again.
const CALLS_BEFORE: u64 = 4;

pub(super) struct CompiledWorker {
    compiler: OneShotProcess,
    /// Filled where the entrypoint imports modules.
    modules: Option<Arc<ModuleCache>>,
    settings: WorkerSettings,
    beside: Beside,
    /// Calls that are over. Not in the state, whose lock is held while files are written: a host must not wait for a disk.
    served: AtomicU64,
    state: Mutex<State>,
}

/// What is run instead of the worker file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Main {
    pub(super) form: InPlace,
    /// The entrypoint imports nothing but what the runtime has.
    pub(super) alone: bool,
}

#[derive(Default)]
struct State {
    main: Option<Main>,
    closed: bool,
}

impl CompiledWorker {
    /// None where it would not pay, and with Node, which has no such thing.
    pub(super) fn open(
        config: &Config,
        settings: WorkerSettings,
        file: &WorkerFile,
        options: &LaunchOptions,
        modules: Option<Arc<ModuleCache>>,
    ) -> Option<Arc<Self>> {
        if config.isolation != Isolation::Call || config.runtime_type != RuntimeType::Bun {
            return None;
        }
        Some(Arc::new(Self {
            compiler: OneShotProcess::new(&compile_script(settings.entrypoint.as_deref()), options)?,
            modules,
            settings,
            beside: file.beside(),
            served: AtomicU64::new(0),
            state: Mutex::default(),
        }))
    }

    pub(super) fn begin(&self, dispatcher: &Arc<Dispatcher>) {
        self.compiler.begin(dispatcher);
    }

    /// A call is over. Not for the spawner's own thread: what it starts inherits its filter.
    pub(super) fn served(self: &Arc<Self>) {
        if self.served.fetch_add(1, Ordering::Relaxed) + 1 != CALLS_BEFORE {
            return;
        }
        let worker = Arc::clone(self);
        // Without a thread processes go on with the source.
        let _ = thread::Builder::new()
            .name("toolwarden-compile".to_owned())
            .spawn(move || worker.compile());
    }

    fn compile(&self) {
        let Some(BundleReply::Compiled { files, alone }) = self.compiler.run() else {
            return;
        };
        let compiled = Compiled {
            files,
            settings: self.settings.clone(),
        };
        {
            // Under the lock: what is put there after the worker file is gone would stay.
            let mut state = self.lock();
            if state.closed {
                return;
            }
            state.main = self.beside.put(&compiled).ok().map(|form| Main { form, alone });
        }
        if let Some(modules) = self.modules.as_ref().filter(|_| !alone) {
            modules.fill();
        }
    }

    /// Where a process started now finds modules that are transpiled.
    pub(super) fn modules(&self) -> Option<PathBuf> {
        self.modules.as_ref()?.choose()
    }

    /// What a process started now is to run; none: the worker file, also from now on where somebody changed or removed the compiled one.
    pub(super) fn choose(&self) -> Option<Main> {
        let mut state = self.lock();
        if state.main.as_ref().is_some_and(|main| !self.beside.holds(&main.form)) {
            state.main = None;
        }
        state.main.clone()
    }

    /// Nothing is compiled or written after this.
    pub(super) fn close(&self) {
        self.lock().closed = true;
        self.compiler.close();
        if let Some(modules) = &self.modules {
            modules.close();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
