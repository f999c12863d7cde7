//! What is known of an origin, and what its keeper does next. Time comes in as an argument.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::origin_report::OriginReport;
use crate::spawn::{Origin, Process};
use crate::worker::FileFingerprint;

/// An origin costs what it saves in a few starts. A host that has called this often will call again.
const CALLS_BEFORE: u64 = 4;
/// How often it is checked whether the loaded files are unchanged.
const CHECK: Duration = Duration::from_millis(50);
/// After this time, or so many children, another origin takes its place: what a runtime does once in a while, such as
/// noticing that a certificate store has changed, happens in an origin only when it starts.
const MOST_TIME: Duration = Duration::from_secs(15 * 60);
const MOST_FORKS: u64 = 10_000;
/// The pause after files changed while they were imported.
const MOVING: Duration = Duration::from_millis(100);
/// The pause after the first failure; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(600);
/// A process that cannot be forked will probably not be different a second later.
const UNFIT: u32 = 4;

/// Called once, when it is known whether there is an origin; the text is the reason why there is none.
pub(super) type Answer = Box<dyn FnOnce(Result<(), String>) + Send>;

/// What is asked of an origin that serves.
pub(super) trait Serves {
    fn pid(&self) -> u32;
    /// How many children it gave.
    fn forked(&self) -> u64;
    /// Why it can be used no more; none while it can.
    fn broken(&self) -> Option<String>;
}

impl Serves for Origin {
    fn pid(&self) -> u32 {
        Self::pid(self)
    }

    fn forked(&self) -> u64 {
        Self::forked(self)
    }

    fn broken(&self) -> Option<String> {
        Self::broken(self)
    }
}

/// How far it has come.
pub(super) enum Phase<O> {
    /// There is none, and none was needed.
    Waiting,
    Starting,
    Serving(Serving<O>),
    /// There is none, for this reason. The next one is started when a call comes after that moment.
    Without {
        reason: String,
        again: Instant,
        /// The reason says nothing about the next attempt.
        passing: bool,
    },
}

/// An origin that serves.
pub(super) struct Serving<O> {
    pub(super) origin: Arc<O>,
    /// What it has loaded.
    files: Arc<[FileFingerprint]>,
    checked: Instant,
    since: Instant,
    /// No successor is started before.
    renews: Instant,
}

impl<O: Serves> Serving<O> {
    pub(super) fn new(origin: Arc<O>, files: Vec<FileFingerprint>, now: Instant) -> Self {
        Self {
            origin,
            files: files.into(),
            checked: now,
            since: now,
            renews: now,
        }
    }

    /// Whether a successor had better be started.
    fn is_old(&self, now: Instant) -> bool {
        now >= self.renews && (self.origin.forked() >= MOST_FORKS || now.duration_since(self.since) >= MOST_TIME)
    }
}

/// The origin for the next process.
pub(super) struct Choice<O> {
    pub(super) origin: Arc<O>,
    /// The files that must be unchanged for that. They are looked at while the state is not locked: a host must not wait
    /// for a disk.
    pub(super) to_check: Option<Arc<[FileFingerprint]>>,
}

/// What the keeper does.
pub(super) enum Job<O> {
    Start,
    /// Ends origins that are used no more.
    End(Vec<Arc<O>>),
    Stop,
}

pub(super) enum Next<O> {
    Job(Job<O>),
    /// Wait until something changes, at most so long.
    Wait(Option<Duration>),
}

pub(super) struct State<O> {
    phase: Phase<O>,
    idle: Duration,
    /// Somebody demands one before any call.
    demanded: bool,
    /// Calls since there was one.
    calls: u64,
    failures: u32,
    /// When a process was forked or a call ended.
    used: Instant,
    /// A successor is being started while one serves.
    renewing: bool,
    /// A process that is becoming an origin.
    pub(super) beginning: Option<Arc<Process>>,
    pub(super) retired: Vec<Arc<O>>,
    /// Children of former origins.
    forked: u64,
    load_failed: bool,
    asked: Vec<Answer>,
    pub(super) closed: bool,
}

impl<O: Serves> State<O> {
    pub(super) fn new(idle: Duration, demanded: bool) -> Self {
        Self {
            phase: Phase::Waiting,
            idle,
            demanded,
            calls: 0,
            failures: 0,
            used: Instant::now(),
            renewing: false,
            beginning: None,
            retired: Vec::new(),
            forked: 0,
            load_failed: false,
            asked: Vec::new(),
            closed: false,
        }
    }

    pub(super) fn next(&mut self, now: Instant) -> Next<O> {
        if self.closed {
            return Next::Job(Job::Stop);
        }
        self.notice_end(now);
        if let Phase::Serving(_) = &self.phase
            && now.duration_since(self.used) >= self.idle
        {
            self.retire(Phase::Waiting);
        }
        if !self.retired.is_empty() {
            return Next::Job(Job::End(std::mem::take(&mut self.retired)));
        }
        match &self.phase {
            Phase::Waiting if self.demanded || self.calls >= CALLS_BEFORE => self.start(),
            Phase::Without { again, .. } if self.calls > 0 || self.demanded => {
                match again.checked_duration_since(now).filter(|left| !left.is_zero()) {
                    Some(left) => Next::Wait(Some(left)),
                    None => self.start(),
                }
            }
            Phase::Serving(serving) if serving.is_old(now) && !self.renewing => {
                self.renewing = true;
                Next::Job(Job::Start)
            }
            Phase::Serving(_) => Next::Wait(Some(
                (self.used + self.idle)
                    .saturating_duration_since(now)
                    .max(Duration::from_millis(1)),
            )),
            _ => Next::Wait(None),
        }
    }

    fn start(&mut self) -> Next<O> {
        self.phase = Phase::Starting;
        Next::Job(Job::Start)
    }

    /// The origin for the next process.
    pub(super) fn choose(&mut self, now: Instant) -> Option<Choice<O>> {
        self.notice_end(now);
        let Phase::Serving(serving) = &mut self.phase else {
            return None;
        };
        let due = now.duration_since(serving.checked) >= CHECK;
        if due {
            serving.checked = now;
        }
        self.used = now;
        Some(Choice {
            origin: Arc::clone(&serving.origin),
            to_check: due.then(|| Arc::clone(&serving.files)),
        })
    }

    /// Whether the keeper may have something to do. While an origin serves, it has not at each fork.
    pub(super) fn needs_keeper(&self, now: Instant) -> bool {
        match &self.phase {
            Phase::Serving(serving) => !self.retired.is_empty() || (serving.is_old(now) && !self.renewing),
            _ => true,
        }
    }

    /// A file that this origin has loaded has changed. Whoever edits a file wants to see it: no calls are waited for.
    pub(super) fn outdated(&mut self, origin: &Arc<O>) {
        if let Phase::Serving(serving) = &self.phase
            && Arc::ptr_eq(&serving.origin, origin)
        {
            self.retire(Phase::Waiting);
            self.calls = CALLS_BEFORE;
        }
    }

    /// Whether the keeper has something to do because a call ended.
    pub(super) fn served(&mut self, now: Instant) -> bool {
        self.calls += 1;
        self.used = now;
        match &self.phase {
            Phase::Waiting => self.calls == CALLS_BEFORE,
            Phase::Without { .. } => self.calls == 1,
            _ => false,
        }
    }

    pub(super) fn serves(&mut self, serving: Serving<O>) {
        self.used = serving.since;
        self.retire(Phase::Waiting);
        self.load_failed = false;
        if self.closed {
            self.retired.push(serving.origin);
        } else {
            self.phase = Phase::Serving(serving);
        }
    }

    /// The files changed while they were imported, which says nothing against the next attempt.
    pub(super) fn moving(&mut self, now: Instant) {
        let reason = "its files changed while they were imported".to_owned();
        self.retire(Phase::Without {
            reason,
            again: now + MOVING,
            passing: true,
        });
        self.calls = 1;
    }

    pub(super) fn unfit(&mut self, reason: String, load_failed: bool, now: Instant) {
        self.failures = self.failures.max(UNFIT);
        self.failed(reason, now);
        self.load_failed = load_failed && !matches!(self.phase, Phase::Serving(_));
    }

    pub(super) fn failed(&mut self, reason: String, now: Instant) {
        let pause = FIRST_PAUSE.saturating_mul(1u32.checked_shl(self.failures).unwrap_or(u32::MAX));
        self.failures += 1;
        if self.renewing
            && let Phase::Serving(serving) = &mut self.phase
            && serving.origin.broken().is_none()
        {
            // Only its successor failed.
            self.renewing = false;
            serving.renews = now + pause.min(LONGEST_PAUSE);
            return;
        }
        self.retire(Phase::Without {
            reason,
            again: now + pause.min(LONGEST_PAUSE),
            passing: false,
        });
        self.calls = 0;
        self.demanded = false;
    }

    /// A fork that failed has ended the origin.
    fn notice_end(&mut self, now: Instant) {
        if let Phase::Serving(serving) = &self.phase
            && let Some(reason) = serving.origin.broken()
        {
            if now.duration_since(serving.since) >= LONGEST_PAUSE {
                self.failures = 0;
            }
            self.failed(reason, now);
            self.calls = 1;
        }
    }

    /// Gives up the origin that serves.
    fn retire(&mut self, next: Phase<O>) {
        self.renewing = false;
        if let Phase::Serving(serving) = std::mem::replace(&mut self.phase, next) {
            self.forked += serving.origin.forked();
            self.retired.push(serving.origin);
        }
        self.calls = 0;
        self.demanded = false;
    }

    /// Somebody waits until it is known whether there is an origin.
    pub(super) fn ask(&mut self, answer: Answer) {
        self.demanded |= matches!(self.phase, Phase::Waiting);
        self.asked.push(answer);
    }

    /// The answers that can be given now.
    pub(super) fn take_answers(&mut self) -> Vec<(Answer, Result<(), String>)> {
        let result = match &self.phase {
            // Every process fails for the same reason, which is told better than here.
            Phase::Without { .. } if self.load_failed => Ok(()),
            Phase::Without {
                reason, passing: false, ..
            } => Err(reason.clone()),
            Phase::Serving(_) => Ok(()),
            _ if self.closed => Ok(()),
            _ => return Vec::new(),
        };
        let asked = std::mem::take(&mut self.asked);
        asked.into_iter().map(|answer| (answer, result.clone())).collect()
    }

    /// Gives everything that has to end.
    pub(super) fn close(&mut self) -> Vec<Arc<O>> {
        self.closed = true;
        if let Some(process) = &self.beginning {
            process.kill_group();
        }
        self.retire(Phase::Waiting);
        std::mem::take(&mut self.retired)
    }

    pub(super) fn report(&self) -> OriginReport {
        let (state, reason, pid) = match &self.phase {
            Phase::Serving(serving) => match serving.origin.broken() {
                Some(reason) => ("unavailable", Some(reason), None),
                None => ("serving", None, Some(serving.origin.pid())),
            },
            Phase::Waiting => ("waiting", Some(WAITING.to_owned()), None),
            Phase::Starting => ("starting", Some(STARTING.to_owned()), None),
            Phase::Without { reason, .. } => ("unavailable", Some(reason.clone()), None),
        };
        let of_this = match &self.phase {
            Phase::Serving(serving) => serving.origin.forked(),
            _ => 0,
        };
        OriginReport {
            state,
            reason,
            pid,
            forked: self.forked + of_this,
        }
    }
}

const WAITING: &str = "it is started after a few calls";
const STARTING: &str = "it imports the entrypoint";

#[cfg(test)]
#[path = "origin_state_tests.rs"]
mod tests;
