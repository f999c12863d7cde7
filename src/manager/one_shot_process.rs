//! A process that is started like a worker, in the same sandbox, to answer once.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak, mpsc};
use std::time::Duration;

use crate::dispatch::Dispatcher;
use crate::spawn::{Child, Launch, LaunchOptions, Process, SpawnFailure, bundler_arguments, collect};
use crate::worker::BundleReply;

/// How long it may take; bundling the largest entrypoints measured took two seconds.
const LONGEST: Duration = Duration::from_secs(30);

/// The program, and the process while it runs.
pub(super) struct OneShotProcess {
    launch: Arc<Launch>,
    dispatcher: OnceLock<Weak<Dispatcher>>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    process: Option<Arc<Process>>,
    closed: bool,
}

impl OneShotProcess {
    /// `options`: of a worker, whose place the program takes.
    pub(super) fn new(script: &str, options: &LaunchOptions) -> Option<Self> {
        let options = LaunchOptions {
            args: bundler_arguments(script),
            shared_memory: None,
            ..options.clone()
        };
        Some(Self {
            launch: Arc::new(Launch::new(options).ok()?),
            dispatcher: OnceLock::new(),
            running: Mutex::default(),
        })
    }

    /// From now on it can be run; false when this was called before.
    pub(super) fn begin(&self, dispatcher: &Arc<Dispatcher>) -> bool {
        self.dispatcher.set(Arc::downgrade(dispatcher)).is_ok()
    }

    /// Ends the process; none is started after this.
    pub(super) fn close(&self) {
        let mut running = self.lock();
        running.closed = true;
        if let Some(process) = running.process.take() {
            process.kill_group();
        }
    }

    /// Runs it once. Blocks; not for two threads at a time.
    pub(super) fn run(&self) -> Option<BundleReply> {
        let (sender, reply) = mpsc::channel::<Result<Child, SpawnFailure>>();
        self.dispatcher
            .get()?
            .upgrade()?
            .start_aside(Arc::clone(&self.launch), move |result| {
                // Whoever stopped waiting gets no process: it ends where it is dropped.
                let _ = sender.send(result);
            });
        let child = reply.recv_timeout(LONGEST).ok()?.ok()?;
        let process = Arc::new(child.process);
        {
            let mut running = self.lock();
            if running.closed {
                return None;
            }
            running.process = Some(Arc::clone(&process));
        }
        let replied = collect(
            &child.channel,
            [child.stdout, child.stderr],
            LONGEST,
            BundleReply::LARGEST,
        );
        process.kill_group();
        // Waiting for its end is this thread's, so the last handle must be the one dropped here, outside of the lock.
        let shared = self.lock().process.take();
        drop(shared);
        BundleReply::parse(&replied?).ok()
    }

    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
