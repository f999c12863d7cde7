//! `entrypointCache`: processes import a bundle of the entrypoint where there is one that holds.
//!
//! Nothing waits for a bundle. The spawner asks, right before each start, how to start: with the bundle when everything it
//! depends on is as it was, else from the source; in the latter case a thread of this cache has a new bundle made, by Bun, in
//! a process started like a worker and held by the same sandbox. A bundle that cannot be made is not asked for again before
//! the entrypoint changes or some time has passed.

use std::path::PathBuf;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use crate::config::{Config, RuntimeType};
use crate::dispatch::Hub;
use crate::spawn::{Child, Launch, LaunchOptions, Launches, Process, SpawnFailure, bundler_arguments, collect};
use crate::validate::{Entrypoint, WorkingDir};
use crate::worker::{Bundle, BundleReply, Manifest, Shelf, Verdict, bundle_script};

/// What tells the worker file where the bundle is; see `template/environment.mjs`.
const BUNDLE: &str = "TOOLWARDEN_BUNDLE";
/// How long one bundling may take; the largest entrypoints measured took two seconds.
const LONGEST: Duration = Duration::from_secs(30);
/// No file's times are coarser than this on a local disk.
const CLOCK_TICK: Duration = Duration::from_millis(10);
/// After the inputs changed under the bundler, and between two bundles at least.
const SOON: Duration = Duration::from_secs(1);
/// After bundling failed.
const LATER: Duration = Duration::from_secs(60);

pub(super) struct EntrypointCache {
    source: Arc<Launch>,
    bundler: Arc<Launch>,
    /// Of a process that imports the bundle, but for the variable that says where it is.
    options: LaunchOptions,
    shelf: Shelf,
    entrypoint: PathBuf,
    hub: OnceLock<Weak<Hub>>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    known: Option<Known>,
    /// The shelf was looked at.
    looked: bool,
    /// Asks the thread for a bundle; gone once the cache is closed.
    asks: Option<Sender<()>>,
    asked: bool,
    not_before: Option<Instant>,
    /// The bundler, while it runs.
    process: Option<Arc<Process>>,
    closed: bool,
}

/// What holds as long as the manifest does.
struct Known {
    manifest: Manifest,
    /// None: the source is to be run.
    bundled: Option<(Arc<Launch>, Bundle)>,
}

/// What came of an attempt to bundle.
enum Attempt {
    Known(Known),
    /// Files changed meanwhile.
    Moving,
    Failed,
}

impl EntrypointCache {
    /// None where nothing is to be bundled: it is off, there is no entrypoint, or Node runs the tools.
    pub(super) fn open(
        config: &Config,
        working_dir: &WorkingDir,
        entrypoint: &Entrypoint,
        options: &LaunchOptions,
    ) -> Option<Arc<Self>> {
        if !config.entrypoint_cache || config.runtime_type != RuntimeType::Bun {
            return None;
        }
        let (entrypoint, text) = (entrypoint.as_path()?, entrypoint.as_str()?);
        let bundler = LaunchOptions {
            args: bundler_arguments(&bundle_script(text)),
            ..options.clone()
        };
        Some(Arc::new(Self {
            source: Arc::new(Launch::new(options.clone()).ok()?),
            bundler: Arc::new(Launch::new(bundler).ok()?),
            shelf: Shelf::new(
                working_dir.as_path(),
                entrypoint,
                &options.program,
                config.worker_file_perm,
            ),
            entrypoint: entrypoint.to_owned(),
            options: options.clone(),
            hub: OnceLock::new(),
            state: Mutex::new(State::default()),
        }))
    }

    /// From now on bundles are made. The thread is started here and not where it is needed: the spawner's own thread may be
    /// under a filter that its children would inherit.
    pub(super) fn begin(self: &Arc<Self>, hub: &Arc<Hub>) {
        let (sender, asks) = mpsc::channel();
        let cache = Arc::downgrade(self);
        let thread = thread::Builder::new().name("toolwarden-bundle".to_owned());
        let started = self.hub.set(Arc::downgrade(hub)).is_ok() && thread.spawn(move || serve(&asks, &cache)).is_ok();
        if started {
            self.lock().asks = Some(sender);
        }
    }

    /// Ends the bundler and lets go of the bundle. Nothing is written after this.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.known = None;
        state.asks = None;
        if let Some(process) = state.process.take() {
            process.kill_group();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a bundle, or finds out that there must be none.
    fn refresh(&self) {
        // What was written within this tick of the clock could be written again within it, unseen.
        thread::sleep(CLOCK_TICK * 2);
        let before = SystemTime::now() - CLOCK_TICK;
        let reply = self.bundle();
        let mut state = self.lock();
        state.asked = false;
        if state.closed {
            return;
        }
        let attempt = reply.map_or(Attempt::Failed, |reply| self.keep(reply, before));
        let pause = match attempt {
            Attempt::Known(known) => {
                state.known = Some(known);
                SOON
            }
            Attempt::Moving => SOON,
            Attempt::Failed => LATER,
        };
        state.not_before = Some(Instant::now() + pause);
    }

    fn bundle(&self) -> Option<BundleReply> {
        let (sender, reply) = mpsc::channel::<Result<Child, SpawnFailure>>();
        self.hub
            .get()?
            .upgrade()?
            .start_aside(Arc::clone(&self.bundler), move |result| {
                // Whoever stopped waiting gets no process: it ends where it is dropped.
                let _ = sender.send(result);
            });
        let child = reply.recv_timeout(LONGEST).ok()?.ok()?;
        let process = Arc::new(child.process);
        {
            let mut state = self.lock();
            if state.closed {
                return None;
            }
            state.process = Some(Arc::clone(&process));
        }
        let heard = collect(
            &child.channel,
            [child.stdout, child.stderr],
            LONGEST,
            BundleReply::LARGEST,
        );
        process.kill_group();
        // Waiting for its end is this thread's, so the last handle must be the one dropped here, outside of the lock.
        let shared = self.lock().process.take();
        drop(shared);
        BundleReply::parse(&heard?).ok()
    }

    fn keep(&self, reply: BundleReply, before: SystemTime) -> Attempt {
        let (inputs, verdict, files) = match reply {
            BundleReply::Bundled { inputs, files } => (inputs, Verdict::Bundled(Shelf::hash(&files)), Some(files)),
            BundleReply::Objection { inputs, reason } => (inputs, Verdict::Refused(reason), None),
            BundleReply::Failure { .. } => return Attempt::Failed,
        };
        let program = &self.options.program;
        let Some(manifest) = Manifest::take(&self.entrypoint, program, &inputs, verdict, before) else {
            return Attempt::Moving;
        };
        let Some(files) = files else {
            // A verdict that cannot be written still counts here.
            let _ = self.shelf.put_manifest(&manifest);
            return Attempt::Known(Known {
                manifest,
                bundled: None,
            });
        };
        match self.shelf.put(&files, &manifest) {
            Ok((manifest, bundle)) => self
                .known(manifest, Some(bundle))
                .map_or(Attempt::Failed, Attempt::Known),
            Err(_) => Attempt::Failed,
        }
    }

    fn known(&self, manifest: Manifest, bundle: Option<Bundle>) -> Option<Known> {
        let bundled = match bundle {
            Some(bundle) => {
                let mut options = self.options.clone();
                options.env.push((BUNDLE.into(), bundle.url().into()));
                Some((Arc::new(Launch::new(options).ok()?), bundle))
            }
            None => None,
        };
        Some(Known { manifest, bundled })
    }
}

impl Launches for EntrypointCache {
    fn choose(self: Arc<Self>) -> Arc<Launch> {
        let mut state = self.lock();
        if state.closed {
            return Arc::clone(&self.source);
        }
        if !state.looked {
            state.looked = true;
            state.known = self
                .shelf
                .find()
                .and_then(|(manifest, bundle)| self.known(manifest, bundle));
        } else if state.known.as_ref().is_some_and(|known| !known.manifest.holds()) {
            state.known = None;
        }
        if let Some(known) = &state.known {
            let bundled = known.bundled.as_ref().map(|(launch, _)| launch);
            return Arc::clone(bundled.unwrap_or(&self.source));
        }
        let due = state.not_before.is_none_or(|moment| Instant::now() >= moment);
        if due && !state.asked && state.asks.as_ref().is_some_and(|asks| asks.send(()).is_ok()) {
            state.asked = true;
        }
        Arc::clone(&self.source)
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
