//! `entrypointCache`: processes import a bundle of the entrypoint where a valid one exists.
//!
//! Nothing waits for a bundle. Right before each start the spawner asks how to start: with the bundle when all its
//! dependencies are unchanged, otherwise from the source. In the latter case a thread of this cache has a new bundle
//! made, by Bun, in a process that is started like a worker and confined by the same sandbox. A bundle that cannot be
//! made is not tried again before the entrypoint changes or some time has passed.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::confinement::reads_alike;
use super::one_shot_process::OneShotProcess;
use crate::config::{Config, RuntimeType};
use crate::dispatch::Dispatcher;
use crate::spawn::LaunchOptions;
use crate::validate::Entrypoint;
use crate::worker::{Bundle, BundleReply, BundleStore, Manifest, Verdict, bundle_script};

/// No local file system's timestamps are coarser than this.
const CLOCK_TICK: Duration = Duration::from_millis(10);
/// The delay after the inputs changed during bundling, and the least time between two bundles.
const SOON: Duration = Duration::from_secs(1);
/// The delay after bundling failed.
const LATER: Duration = Duration::from_secs(60);

pub(super) struct EntrypointCache {
    bundler: OneShotProcess,
    store: BundleStore,
    entrypoint: PathBuf,
    /// The runtime's executable.
    program: PathBuf,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// Whether the store was read.
    looked: bool,
    /// Requests a bundle from the thread; `None` once the cache is closed.
    asks: Option<Sender<()>>,
    asked: bool,
    not_before: Option<Instant>,
    closed: bool,
}

/// Valid as long as the manifest is.
struct Known {
    manifest: Manifest,
    /// `None`: the source is to be run.
    bundled: Option<Bundle>,
}

/// The result of an attempt to bundle.
enum Attempt {
    Known(Box<Known>),
    /// Files changed meanwhile.
    Moving,
    Failed,
}

impl EntrypointCache {
    /// `None` where nothing is to be bundled: the setting is off, there is no entrypoint, the runtime is Node, or some tools may
    /// read other files than the rest. `home`: what the bundle's directory is in.
    pub(super) fn open(
        config: &Config,
        home: &Path,
        entrypoint: &Entrypoint,
        options: &LaunchOptions,
    ) -> Option<Arc<Self>> {
        // A bundle contains code of whatever the manager's own group may read, and every process may read the bundle.
        if !config.entrypoint_cache || config.runtime_type != RuntimeType::Bun || !reads_alike(config) {
            return None;
        }
        let (entrypoint, text) = (entrypoint.as_path()?, entrypoint.as_str()?);
        Some(Arc::new(Self {
            bundler: OneShotProcess::new(&bundle_script(text), options)?,
            store: BundleStore::new(home, entrypoint, &options.program, config.worker_file_perm),
            entrypoint: entrypoint.to_owned(),
            program: options.program.clone(),
            state: Mutex::new(State::default()),
        }))
    }

    /// From now on bundles are made. The thread is started here and not on demand, because the spawner's own thread may
    /// be under a filter that a new thread would inherit.
    pub(super) fn begin(self: &Arc<Self>, dispatcher: &Arc<Dispatcher>) {
        let (sender, asks) = mpsc::channel();
        let cache = Arc::downgrade(self);
        let thread = thread::Builder::new().name("toolwarden-bundle".to_owned());
        let started = self.bundler.begin(dispatcher) && thread.spawn(move || serve(&asks, &cache)).is_ok();
        if started {
            self.lock().asks = Some(sender);
        }
    }

    /// Ends the bundler and releases the bundle. Nothing is written after this.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.known = None;
        state.asks = None;
        drop(state);
        self.bundler.close();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a bundle, or finds out that there must be none.
    fn refresh(&self) {
        // A file that was written within this clock tick could be written again within it, unnoticed.
        thread::sleep(CLOCK_TICK * 2);
        let before = SystemTime::now() - CLOCK_TICK;
        let reply = self.bundler.run();
        let mut state = self.lock();
        state.asked = false;
        if state.closed {
            return;
        }
        let attempt = reply.map_or(Attempt::Failed, |reply| self.keep(reply, before));
        let pause = match attempt {
            Attempt::Known(known) => {
                state.known = Some(*known);
                SOON
            }
            Attempt::Moving => SOON,
            Attempt::Failed => LATER,
        };
        state.not_before = Some(Instant::now() + pause);
    }

    fn keep(&self, reply: BundleReply, before: SystemTime) -> Attempt {
        let (inputs, verdict, files) = match reply {
            BundleReply::Bundled { inputs, files } => {
                (inputs, Verdict::Bundled(BundleStore::hash(&files)), Some(files))
            }
            BundleReply::Objection { inputs, reason } => (inputs, Verdict::Refused(reason), None),
            BundleReply::Compiled { .. } | BundleReply::Failure { .. } => return Attempt::Failed,
        };
        let Some(manifest) = Manifest::take(&self.entrypoint, &self.program, &inputs, verdict, before) else {
            return Attempt::Moving;
        };
        let Some(files) = files else {
            // A verdict that cannot be stored still counts here.
            let _ = self.store.put_manifest(&manifest);
            return Attempt::Known(Box::new(Known {
                manifest,
                bundled: None,
            }));
        };
        match self.store.put(&files, &manifest) {
            Ok((manifest, bundle)) => Attempt::Known(Box::new(Known {
                manifest,
                bundled: Some(bundle),
            })),
            Err(_) => Attempt::Failed,
        }
    }

    /// The `file:` URL of the bundle that a process started now imports; `None`: it imports the source.
    pub(super) fn choose(&self) -> Option<String> {
        let mut state = self.lock();
        if state.closed {
            return None;
        }
        if !state.looked {
            state.looked = true;
            state.known = self.store.find().map(|(manifest, bundled)| Known { manifest, bundled });
        } else if state.known.as_ref().is_some_and(|known| !known.manifest.is_current()) {
            state.known = None;
        }
        if let Some(known) = &state.known {
            return known.bundled.as_ref().map(Bundle::url);
        }
        let due = state.not_before.is_none_or(|moment| Instant::now() >= moment);
        if due && !state.asked && state.asks.as_ref().is_some_and(|asks| asks.send(()).is_ok()) {
            state.asked = true;
        }
        None
    }
}

fn serve(asks: &Receiver<()>, cache: &Weak<EntrypointCache>) {
    while asks.recv().is_ok() {
        match cache.upgrade() {
            Some(cache) => cache.refresh(),
            None => return,
        }
    }
}
