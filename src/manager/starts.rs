//! How the next process is started: with the compiled worker file or the worker file, with the bundle of the entrypoint or its source.

use std::sync::{Arc, Mutex, PoisonError};

use super::compiled_worker::{CompiledWorker, Main};
use super::entrypoint_cache::EntrypointCache;
use crate::dispatch::Hub;
use crate::spawn::{Launch, LaunchOptions, Launches, SpawnFailure, bun_arguments};

/// What tells the worker file where the bundle is; see `template/environment.mjs`.
const BUNDLE: &str = "TOOLWARDEN_BUNDLE";
/// Modules are transpiled by threads made for that, which is faster where there are several and costs a tenth of a start where
/// there is one. Bun takes any value; by ours the worker file knows whose it is, see `template/environment.mjs`.
const NO_THREADS: (&str, &str) = ("BUN_FEATURE_FLAG_DISABLE_ASYNC_TRANSPILER", "toolwarden");

pub(super) struct Starts {
    pub(super) cache: Option<Arc<EntrypointCache>>,
    pub(super) compiled: Option<Arc<CompiledWorker>>,
    options: LaunchOptions,
    source: Arc<Launch>,
    /// The last other than `source`.
    last: Mutex<Option<(Choice, Arc<Launch>)>>,
}

#[derive(PartialEq, Eq)]
struct Choice {
    main: Option<Main>,
    bundle: Option<String>,
}

impl Starts {
    /// `options`: of a process that runs nothing but sources.
    pub(super) fn new(
        options: LaunchOptions,
        cache: Option<Arc<EntrypointCache>>,
        compiled: Option<Arc<CompiledWorker>>,
    ) -> Result<Self, SpawnFailure> {
        Ok(Self {
            cache,
            compiled,
            source: Arc::new(Launch::new(options.clone())?),
            options,
            last: Mutex::new(None),
        })
    }

    pub(super) fn begin(&self, hub: &Arc<Hub>) {
        if let Some(cache) = &self.cache {
            cache.begin(hub);
        }
        if let Some(compiled) = &self.compiled {
            compiled.begin(hub);
        }
    }

    /// Nothing is made or written after this.
    pub(super) fn close(&self) {
        if let Some(cache) = &self.cache {
            cache.close();
        }
        if let Some(compiled) = &self.compiled {
            compiled.close();
        }
    }

    fn launch(&self, choice: &Choice) -> Option<Launch> {
        let mut options = self.options.clone();
        if let Some(main) = &choice.main {
            options.args = bun_arguments(&main.path);
        }
        let one_module = choice.bundle.is_some() || choice.main.as_ref().is_some_and(|main| main.alone);
        if one_module && !options.env.iter().any(|(name, _)| name == NO_THREADS.0) {
            options.env.push((NO_THREADS.0.into(), NO_THREADS.1.into()));
        }
        if let Some(url) = &choice.bundle {
            options.env.push((BUNDLE.into(), url.into()));
        }
        Launch::new(options).ok()
    }
}

impl Launches for Starts {
    fn choose(self: Arc<Self>) -> Arc<Launch> {
        let choice = Choice {
            main: self.compiled.as_ref().and_then(|compiled| compiled.choose()),
            bundle: self.cache.as_ref().and_then(|cache| cache.choose()),
        };
        if choice.main.is_none() && choice.bundle.is_none() {
            return Arc::clone(&self.source);
        }
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, launch)) = last.as_ref().filter(|(of, _)| *of == choice) {
            return Arc::clone(launch);
        }
        let Some(launch) = self.launch(&choice).map(Arc::new) else {
            return Arc::clone(&self.source);
        };
        *last = Some((choice, Arc::clone(&launch)));
        launch
    }
}
