//! Selects how the next process is started: with the compiled worker file or its source, and with the bundle of the entrypoint
//! or its source.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::compiled_worker::{CompiledWorker, Main};
use super::entrypoint_cache::EntrypointCache;
use super::module_cache::set_place;
use super::origins::Forking;
use crate::dispatch::Dispatcher;
use crate::sandbox::{CleanupRegistration, Guardian, Policy};
use crate::spawn::{
    Launch, LaunchOptions, LaunchSource, Origin, SpawnFailure, TemporaryDirectories, WORKER_FILE_CONTENT,
    WORKER_FILE_OWNER, WORKER_FILE_PLACE, bun_arguments,
};
use crate::worker::protocol::{BUNDLE_VARIABLE, NO_THREADS_VALUE, NO_THREADS_VARIABLE};
use crate::worker::{WorkerFile, WorkerSettings, render};

/// What the processes of all groups have in common.
pub(super) struct LaunchSelector {
    pub(super) cache: Option<Arc<EntrypointCache>>,
    pub(super) compiled: Option<Arc<CompiledWorker>>,
    pub(super) forking: Forking,
    worker_file: Mutex<WorkerFilePlace>,
    /// What makes the temporary directories of each group's processes.
    temporary: Vec<Arc<TemporaryDirectories>>,
}

/// How the processes of one group are started.
pub(super) struct GroupLaunch {
    selector: Arc<LaunchSelector>,
    /// It is the manager's own group, whose processes are forked where there is an origin.
    forks: bool,
    options: LaunchOptions,
    source: Arc<Launch>,
    /// The launch that was used last, other than `source`.
    last: Mutex<Option<(Choice, Arc<Launch>)>>,
}

/// The worker file, with what is needed to write it again.
pub(super) struct WorkerFilePlace {
    /// `None` once the manager is closed.
    file: Option<WorkerFile>,
    settings: WorkerSettings,
    /// Whether every process could read the file if its directory was created again. The sandbox's own rule applies to the
    /// directory that existed when the sandbox was prepared, so a directory above it must be readable.
    elsewhere: bool,
    /// The process that removes the file when the host dies; `None` where the system could not create it.
    guardian: Option<Guardian>,
    kept: Option<CleanupRegistration>,
}

impl WorkerFilePlace {
    pub(super) fn new(file: WorkerFile, settings: WorkerSettings, policies: &[Option<&Policy>]) -> Self {
        let working_dir = file.path().parent().and_then(Path::parent);
        let reads = |policy: &Policy| {
            let code = policy.code.rules();
            let mut rules = policy.files.iter().chain(&code).filter(|rule| rule.rights.read);
            policy.read_all || rules.any(|rule| working_dir.is_some_and(|below| below.starts_with(&rule.path)))
        };
        let elsewhere = policies.iter().all(|policy| policy.is_none_or(reads));
        let mut place = Self {
            file: Some(file),
            settings,
            elsewhere,
            guardian: Guardian::of_this_host().ok(),
            kept: None,
        };
        place.keep();
        place
    }

    /// Registers with the guardian what it must remove.
    fn keep(&mut self) {
        // The former registration is removed first, because it may occupy the last free place.
        self.kept = None;
        let remains = self.file.as_ref().and_then(WorkerFile::dead_host_cleanup);
        self.kept = self
            .guardian
            .as_ref()
            .zip(remains)
            .and_then(|(guardian, remains)| guardian.register_cleanup(remains));
    }
}

#[derive(PartialEq, Eq)]
struct Choice {
    main: Option<Main>,
    bundle: Option<String>,
    modules: Option<PathBuf>,
}

impl LaunchSelector {
    pub(super) fn new(
        cache: Option<Arc<EntrypointCache>>,
        compiled: Option<Arc<CompiledWorker>>,
        forking: Forking,
        worker_file: WorkerFilePlace,
        temporary: Vec<Arc<TemporaryDirectories>>,
    ) -> Self {
        Self {
            cache,
            compiled,
            forking,
            worker_file: Mutex::new(worker_file),
            temporary,
        }
    }

    pub(super) fn begin(self: &Arc<Self>, dispatcher: &Arc<Dispatcher>) {
        if let Some(cache) = &self.cache {
            cache.begin(dispatcher);
        }
        if let Some(compiled) = &self.compiled {
            compiled.begin(dispatcher);
        }
        let selector = Arc::downgrade(self);
        let check = move || {
            selector
                .upgrade()
                .map_or(Ok(()), |selector| selector.check_worker_file())
        };
        self.forking.begin(dispatcher, Arc::new(check));
    }

    /// Removes the worker file and the directory of the processes' temporary directories. Nothing is created, written or
    /// started after this.
    pub(super) fn close(&self) {
        self.forking.close();
        for temporary in &self.temporary {
            temporary.close();
        }
        if let Some(cache) = &self.cache {
            cache.close();
        }
        if let Some(compiled) = &self.compiled {
            compiled.close();
        }
        let (file, kept, guardian) = {
            let mut place = self.worker_file.lock().unwrap_or_else(PoisonError::into_inner);
            (place.file.take(), place.kept.take(), place.guardian.take())
        };
        drop(file);
        // The last use of the guardian ends it.
        let _ended = (kept, guardian);
    }

    /// Ensures before a start that the worker file is unchanged. Where it is missing or differs it is written again.
    fn check_worker_file(&self) -> Result<(), SpawnFailure> {
        let mut place = self.worker_file.lock().unwrap_or_else(PoisonError::into_inner);
        let WorkerFilePlace {
            file,
            settings,
            elsewhere,
            ..
        } = &mut *place;
        let Some(file) = file else {
            return Err(SpawnFailure::of_worker_file(WORKER_FILE_CONTENT, libc::ECANCELED));
        };
        let written = file
            .check(|| render(settings), *elsewhere)
            .map_err(|error| not_in_place(&error))?;
        if written {
            place.keep();
        }
        Ok(())
    }

    fn choose(&self) -> Choice {
        Choice {
            main: self.compiled.as_ref().and_then(|compiled| compiled.choose()),
            bundle: self.cache.as_ref().and_then(|cache| cache.choose()),
            modules: self.compiled.as_ref().and_then(|compiled| compiled.modules()),
        }
    }
}

impl GroupLaunch {
    /// `options` are those of a process that runs sources only.
    pub(super) fn new(
        selector: Arc<LaunchSelector>,
        options: LaunchOptions,
        forks: bool,
    ) -> Result<Self, SpawnFailure> {
        Ok(Self {
            selector,
            forks,
            source: Arc::new(Launch::new(options.clone())?),
            options,
            last: Mutex::new(None),
        })
    }

    fn launch(&self, choice: &Choice) -> Option<Launch> {
        let mut options = self.options.clone();
        if let Some(main) = &choice.main {
            options.args = bun_arguments(&main.form.path);
        }
        let one_module = choice.bundle.is_some() || choice.main.as_ref().is_some_and(|main| main.alone);
        if one_module && !options.env.iter().any(|(name, _)| name == NO_THREADS_VARIABLE) {
            options.env.push((NO_THREADS_VARIABLE.into(), NO_THREADS_VALUE.into()));
        }
        if let Some(url) = &choice.bundle {
            options.env.push((BUNDLE_VARIABLE.into(), url.into()));
        }
        if let Some(place) = &choice.modules {
            set_place(&mut options, place);
        }
        Launch::new(options).ok()
    }
}

fn not_in_place(error: &io::Error) -> SpawnFailure {
    match error.raw_os_error() {
        Some(libc::ESTALE) => SpawnFailure::of_worker_file(WORKER_FILE_PLACE, libc::ESTALE),
        Some(errno) => SpawnFailure::of_worker_file(WORKER_FILE_CONTENT, errno),
        // No system call failed, so the file or its directory is not trusted.
        None => SpawnFailure::of_worker_file(WORKER_FILE_OWNER, libc::EPERM),
    }
}

impl LaunchSource for GroupLaunch {
    fn choose(self: Arc<Self>) -> Result<Arc<Launch>, SpawnFailure> {
        self.selector.check_worker_file()?;
        let choice = self.selector.choose();
        if choice.main.is_none() && choice.bundle.is_none() && choice.modules.is_none() {
            return Ok(Arc::clone(&self.source));
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, launch)) = last.as_ref().filter(|(of, _)| *of == choice) {
            return Ok(Arc::clone(launch));
        }
        let Some(launch) = self.launch(&choice).map(Arc::new) else {
            return Ok(Arc::clone(&self.source));
        };
        *last = Some((choice, Arc::clone(&launch)));
        Ok(launch)
    }

    fn origin(&self) -> Option<(Arc<Origin>, Arc<Launch>)> {
        self.forks.then(|| self.selector.forking.choose()).flatten()
    }
}
