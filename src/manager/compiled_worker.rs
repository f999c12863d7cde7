//! Compiles the worker file. Where each call has its own process, starting processes is most of the work, and parsing
//! the worker file is a quarter of a start. After a few calls Bun compiles the file, in a process that is started like
//! a worker, and later processes run the compiled form.
//!
//! Nothing waits for the compilation. If it fails, processes continue to run the source.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::module_cache::ModuleCache;
use super::one_shot_process::OneShotProcess;
use crate::config::{Config, Isolation, RuntimeType};
use crate::dispatch::Dispatcher;
use crate::spawn::LaunchOptions;
use crate::worker::{
    BundleReply, Compiled, CompiledLocation, InstalledCompiled, WorkerFile, WorkerSettings, compile_script,
};

/// Compiling costs what it saves in twenty starts. A host that has called this often will call again.
const CALLS_BEFORE: u64 = 4;

pub(super) struct CompiledWorker {
    compiler: OneShotProcess,
    /// Filled where the entrypoint imports modules.
    modules: Option<Arc<ModuleCache>>,
    settings: WorkerSettings,
    location: CompiledLocation,
    /// The number of finished calls. It is not part of the state, whose lock is held while files are written: a host
    /// must not wait for a disk.
    served: AtomicU64,
    state: Mutex<State>,
}

/// The main module that runs instead of the worker file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Main {
    pub(super) form: InstalledCompiled,
    /// The entrypoint imports nothing except what the runtime provides.
    pub(super) alone: bool,
}

#[derive(Default)]
struct State {
    main: Option<Main>,
    closed: bool,
}

impl CompiledWorker {
    /// `None` where it would not pay off, and with Node, which has no bytecode.
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
            location: file.compiled_location(),
            served: AtomicU64::new(0),
            state: Mutex::default(),
        }))
    }

    pub(super) fn begin(&self, dispatcher: &Arc<Dispatcher>) {
        self.compiler.begin(dispatcher);
    }

    /// Counts a finished call. Must not run on the spawner's thread: a thread that it starts would inherit its filter.
    pub(super) fn served(self: &Arc<Self>) {
        if self.served.fetch_add(1, Ordering::Relaxed) + 1 != CALLS_BEFORE {
            return;
        }
        let worker = Arc::clone(self);
        // Without a thread processes continue to run the source.
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
            // Under the lock: a file that is stored after the worker file is gone would stay.
            let mut state = self.lock();
            if state.closed {
                return;
            }
            state.main = self.location.put(&compiled).ok().map(|form| Main { form, alone });
        }
        if let Some(modules) = self.modules.as_ref().filter(|_| !alone) {
            modules.fill();
        }
    }

    /// Where a process that is started now finds transpiled modules.
    pub(super) fn modules(&self) -> Option<PathBuf> {
        self.modules.as_ref()?.choose()
    }

    /// What a process that is started now runs. `None`: the worker file, also from now on where somebody changed or
    /// removed the compiled form.
    pub(super) fn choose(&self) -> Option<Main> {
        let mut state = self.lock();
        if state
            .main
            .as_ref()
            .is_some_and(|main| !self.location.is_current(&main.form))
        {
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
