//! `processStart`: keeps an origin, from which processes are forked instead of being started anew.
//!
//! After a few calls a thread of its own starts a process like every other one, which imports the entrypoint and becomes
//! an origin. The spawner asks right before each start whether there is one. Nothing waits for it, and whatever goes
//! wrong has the next process started as without: the reason is kept for `stats()`.

use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use super::origin_state::{Answer, Choice, Job, Next, Serving, State};
use crate::config::{Config, ProcessStart};
use crate::dispatch::Dispatcher;
use crate::observe::{Line, Observer};
use crate::spawn::{BeginFailure, Child, Launch, LaunchOptions, LaunchSource, Origin, OriginLimits, SpawnFailure};
use crate::worker::FileFingerprint;
use crate::worker::frame::{LogFrame, max_frame};
use crate::worker::protocol::{NO_THREADS_VALUE, NO_THREADS_VARIABLE, ORIGIN_OPTIONS, ORIGIN_VARIABLE};

pub(super) use super::origin_report::OriginReport;

/// How long a process may take to become an origin. The runtime's compiler threads alone need ten seconds to end; tests do without
/// them, and have many entrypoints whose own threads never end.
const LONGEST: Duration = Duration::from_secs(if cfg!(feature = "quick-origins") { 6 } else { 30 });
/// No local file system's timestamps are coarser than this.
const CLOCK_TICK: Duration = Duration::from_millis(10);
/// How long closing waits for the thread, which has nothing to wait for itself by then.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// What tests add, so that an origin serves at once.
const ALSO: Option<(&str, &str)> = if cfg!(feature = "quick-origins") {
    Some(("BUN_JSC_useConcurrentJIT", "0"))
} else {
    None
};

pub(super) type FileCheck = Arc<dyn Fn() -> Result<(), SpawnFailure> + Send + Sync>;

/// How a manager makes its processes.
pub(super) enum Forking {
    /// Every process is started anew, for this reason.
    Never { start: ProcessStart, reason: String },
    /// From an origin where there is one.
    From(Arc<Origins>),
}

pub(super) struct Origins {
    start: ProcessStart,
    /// Starts the origin.
    launch: Arc<Launch>,
    /// What a forked process gets.
    child: Arc<Launch>,
    entrypoint: PathBuf,
    limits: OriginLimits,
    observer: Arc<dyn Observer>,
    dispatcher: OnceLock<Weak<Dispatcher>>,
    /// Makes sure that the worker file is what it was, as before every start.
    check: OnceLock<FileCheck>,
    state: Mutex<State<Origin>>,
    changed: Condvar,
    /// Disconnected when the thread has ended.
    ended: Mutex<Option<Receiver<()>>>,
}

impl Origins {
    fn open(
        config: &Config,
        addon: &Path,
        entrypoint: &Path,
        options: &LaunchOptions,
        observer: &Arc<dyn Observer>,
    ) -> Result<Arc<Self>, SpawnFailure> {
        let child = Launch::new(options.clone())?;
        let mut options = LaunchOptions {
            origin: true,
            ..options.clone()
        };
        let variables = ORIGIN_OPTIONS.split(' ').filter_map(|option| option.split_once('='));
        let more = [(NO_THREADS_VARIABLE, NO_THREADS_VALUE)].into_iter().chain(ALSO);
        for (name, value) in variables.chain(more) {
            options.env.retain(|(known, _)| known != name);
            options.env.push((name.into(), value.into()));
        }
        options.env.push((ORIGIN_VARIABLE.into(), addon.into()));
        let demanded = config.process_start == ProcessStart::Fork;
        Ok(Arc::new(Self {
            start: config.process_start,
            launch: Arc::new(Launch::new(options)?),
            child: Arc::new(child),
            entrypoint: entrypoint.to_owned(),
            limits: OriginLimits {
                time: LONGEST,
                memory: (config.max_memory_mb > 0).then_some(config.max_memory_mb << 20),
                frame: max_frame(config.max_output_size),
            },
            observer: Arc::clone(observer),
            dispatcher: OnceLock::new(),
            check: OnceLock::new(),
            state: Mutex::new(State::new(config.idle_timeout, demanded)),
            changed: Condvar::new(),
            ended: Mutex::new(None),
        }))
    }

    /// Starts the thread. Must not run on the spawner's thread: a thread that it starts would inherit its filter.
    fn begin(self: &Arc<Self>, dispatcher: &Arc<Dispatcher>, check: FileCheck) {
        let _ = self.dispatcher.set(Arc::downgrade(dispatcher));
        let _ = self.check.set(check);
        let keeper = Arc::clone(self);
        let (end, ended) = mpsc::channel();
        let started = thread::Builder::new()
            .name("toolwarden-origin".to_owned())
            .spawn(move || {
                keeper.keep();
                drop(end);
            });
        match started {
            Ok(_) => *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended),
            Err(error) => self
                .lock()
                .failed(format!("no thread could be started for it: {error}"), Instant::now()),
        }
    }

    fn keep(&self) {
        loop {
            match self.next_job() {
                Job::Start => self.start(),
                // Ends them here, where nobody waits for it.
                Job::End(origins) => drop(origins),
                Job::Stop => return,
            }
        }
    }

    fn next_job(&self) -> Job<Origin> {
        let mut state = self.lock();
        loop {
            state = match state.next(Instant::now()) {
                Next::Job(job) => return job,
                Next::Wait(Some(time)) => match self.changed.wait_timeout(state, time) {
                    Ok((state, _)) => state,
                    Err(poisoned) => poisoned.into_inner().0,
                },
                Next::Wait(None) => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    fn start(&self) {
        // A file that was written just before is not younger than what is loaded from here on.
        thread::sleep(CLOCK_TICK * 2);
        let begun = SystemTime::now();
        let started = self.start_origin();
        let files = match &started {
            Ok((_, files)) => fingerprints(files, &self.entrypoint, begun),
            Err(_) => None,
        };
        let mut state = self.lock();
        state.beginning = None;
        let now = Instant::now();
        match (started, files) {
            (Ok((origin, _)), Some(files)) => state.serves(Serving::new(Arc::new(origin), files, now)),
            (Ok((origin, _)), None) => {
                state.retired.push(Arc::new(origin));
                state.moving(now);
            }
            (Err(failure), _) => state.unfit(failure.to_string(), failure == BeginFailure::Load, now),
        }
        let answers = state.take_answers();
        drop(state);
        for (answer, result) in answers {
            answer(result);
        }
    }

    fn start_origin(&self) -> Result<(Origin, Vec<PathBuf>), BeginFailure> {
        let gone = || BeginFailure::Unfit("the manager is closed".to_owned());
        let (sender, reply) = mpsc::channel::<Result<Child, SpawnFailure>>();
        let source = OriginLaunch {
            check: self.check.get().cloned().ok_or_else(gone)?,
            launch: Arc::clone(&self.launch),
        };
        let dispatcher = self.dispatcher.get().and_then(Weak::upgrade).ok_or_else(gone)?;
        dispatcher.start_aside(Arc::new(source), move |result| {
            // Whoever stopped waiting gets no process: it ends where it is dropped.
            let _ = sender.send(result);
        });
        drop(dispatcher);
        let child = reply
            .recv_timeout(LONGEST)
            .map_err(|_| gone())?
            .map_err(|failure| BeginFailure::Unfit(format!("it could not be started: {failure}")))?;
        let share = |process: &Arc<_>| {
            let mut state = self.lock();
            state.beginning = Some(Arc::clone(process));
            if state.closed {
                process.kill_group();
            }
        };
        Origin::begin(child, self.limits, share, |frame| self.print(frame))
    }

    /// What the entrypoint prints while the origin imports it.
    fn print(&self, frame: &LogFrame<'_>) {
        if !self.observer.wants_logs() {
            return;
        }
        for text in frame.text().lines() {
            self.observer.line(&Line {
                call: None,
                tool: None,
                stream: frame.stream.as_str(),
                level: frame.level.map(|level| level.as_str()),
                text,
                time: frame.time,
            });
        }
        self.observer.flush();
    }

    fn lock(&self) -> MutexGuard<'_, State<Origin>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Forking {
    /// `forkable`: the addon that an origin loads, or why processes are started anew. `options`: of a process that runs
    /// sources only.
    pub(super) fn open(
        config: &Config,
        forkable: Result<PathBuf, String>,
        entrypoint: Option<&Path>,
        options: &LaunchOptions,
        observer: &Arc<dyn Observer>,
    ) -> Result<Self, SpawnFailure> {
        let forkable = forkable.and_then(|addon| Ok((addon, entrypoint.ok_or("there is no entrypoint")?)));
        Ok(match forkable {
            Ok((addon, entrypoint)) => Self::From(Origins::open(config, &addon, entrypoint, options, observer)?),
            Err(reason) => Self::Never {
                start: config.process_start,
                reason,
            },
        })
    }

    pub(super) fn begin(&self, dispatcher: &Arc<Dispatcher>, check: FileCheck) {
        if let Self::From(origins) = self {
            origins.begin(dispatcher, check);
        }
    }

    /// The origin that the next process is forked from, if there is one.
    pub(super) fn choose(&self) -> Option<(Arc<Origin>, Arc<Launch>)> {
        let Self::From(origins) = self else { return None };
        let mut state = origins.lock();
        let now = Instant::now();
        let choice = state.choose(now);
        let answers = state.take_answers();
        let needs_keeper = state.needs_keeper(now);
        drop(state);
        if needs_keeper {
            origins.changed.notify_one();
        }
        for (answer, result) in answers {
            answer(result);
        }
        let Choice { origin, to_check } = choice?;
        if to_check.is_some_and(|files| !files.iter().all(FileFingerprint::is_current)) {
            origins.lock().outdated(&origin);
            origins.changed.notify_one();
            return None;
        }
        Some((origin, Arc::clone(&origins.child)))
    }

    /// A call has ended.
    pub(super) fn served(&self) {
        if let Self::From(origins) = self
            && origins.lock().served(Instant::now())
        {
            origins.changed.notify_one();
        }
    }

    /// Answers when there is an origin, or a reason why there is none. At once where neither is demanded.
    pub(super) fn when_known(&self, answer: Answer) {
        match self {
            Self::Never {
                start: ProcessStart::Fork,
                reason,
            } => answer(Err(reason.clone())),
            Self::From(origins) if origins.start == ProcessStart::Fork => {
                let mut state = origins.lock();
                state.ask(answer);
                let answers = state.take_answers();
                drop(state);
                origins.changed.notify_one();
                for (answer, result) in answers {
                    answer(result);
                }
            }
            _ => answer(Ok(())),
        }
    }

    pub(super) fn report(&self) -> OriginReport {
        match self {
            Self::Never { start, reason } => OriginReport::never(*start, reason),
            Self::From(origins) => origins.lock().report(),
        }
    }

    /// Ends the origin and waits for that. None is started after this.
    pub(super) fn close(&self) {
        let Self::From(origins) = self else { return };
        let (origins_left, answers) = {
            let mut state = origins.lock();
            (state.close(), state.take_answers())
        };
        origins.changed.notify_one();
        drop(origins_left);
        for (answer, result) in answers {
            answer(result);
        }
        let ended = origins.ended.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(ended) = ended {
            // Nothing is ever sent: this returns when the thread ends or the time is over.
            let _ = ended.recv_timeout(CLOSE_WAIT);
        }
    }
}

/// Starts an origin with a worker file that was checked like that of every process.
struct OriginLaunch {
    check: FileCheck,
    launch: Arc<Launch>,
}

impl LaunchSource for OriginLaunch {
    fn choose(self: Arc<Self>) -> Result<Arc<Launch>, SpawnFailure> {
        (self.check)()?;
        Ok(Arc::clone(&self.launch))
    }
}

/// What the loaded files are like. `None` where one of them may have changed while it was loaded.
fn fingerprints(files: &[PathBuf], entrypoint: &Path, begun: SystemTime) -> Option<Vec<FileFingerprint>> {
    let before = begun - CLOCK_TICK;
    let all = files.iter().map(PathBuf::as_path).chain([entrypoint]);
    let taken: Vec<_> = all.map(|file| FileFingerprint::take(file.to_owned())).collect();
    taken.iter().all(|file| file.is_older_than(before)).then_some(taken)
}
