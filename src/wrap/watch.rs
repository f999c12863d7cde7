//! The thread that serves the program until its end: it reports refusals, enforces the limits, and ends what is left.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::event::Event;
use super::refusals::Refusals;
use super::terminal::Terminal;
use crate::config::Config;
use crate::dispatch::{CAPS, TerminationReason, verdict};
use crate::error::hints;
use crate::outcome::exceeded;
use crate::sandbox::Connections;
use crate::spawn::{Exit, Measured, Process, Spawner, Temporary, TemporaryDirectories, UsageMeter};

/// The time between two looks at the program. A server runs for days, so they must cost next to nothing.
const EVERY: Duration = Duration::from_millis(25);
/// How often, 5 ms apart, the last processes of a killed group are looked for.
const GONE_TRIES: u32 = 400;
const GONE_EVERY: Duration = Duration::from_millis(5);
const MIB: u64 = 1024 * 1024;

/// What is needed to serve one program.
pub(super) struct Watch {
    process: Arc<Process>,
    meter: UsageMeter,
    temporary: Option<Arc<Temporary>>,
    max_memory_mb: u64,
    timeout: Option<Duration>,
    grace: Duration,
    /// When it is asked to end, and when it is killed.
    deadlines: (Option<Instant>, Option<Instant>),
    /// Whether it is being killed.
    killed: bool,
}

/// Everything that must live as long as the program.
pub(super) struct Kept {
    /// Its thread is the program's parent, and the supervisor ends with it.
    pub(super) spawner: Spawner,
    pub(super) temporary: Option<Arc<TemporaryDirectories>>,
}

impl Watch {
    /// Fails when the process is gone or the host has no descriptor left: a process that cannot be watched must not run.
    pub(super) fn new(
        process: Arc<Process>,
        config: &Config,
        timeout: Option<Duration>,
        may_start_programs: bool,
        connections: Option<Connections>,
        temporary: Option<Temporary>,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let temporary = temporary.map(Arc::new);
        let measured = Measured {
            may_start_programs,
            temporary: temporary.clone(),
            connections,
            channel: None,
        };
        Ok(Self {
            meter: UsageMeter::open(process.pid(), measured, now)?,
            process,
            temporary,
            max_memory_mb: config.max_memory_mb,
            timeout,
            grace: config.grace_period,
            deadlines: (timeout.map(|timeout| now + timeout), None),
            killed: false,
        })
    }

    /// Serves it on a thread of its own.
    pub(super) fn begin(
        mut self,
        kept: Kept,
        terminal: Option<Terminal>,
        mut refusals: Refusals,
        tell: impl Fn(Event) + Send + 'static,
    ) -> io::Result<()> {
        let name = "toolwarden-wrap".to_owned();
        thread::Builder::new().name(name).spawn(move || {
            if let Some(terminal) = &terminal {
                terminal.give(&self.process);
            }
            let exit = loop {
                self.wait();
                refusals.report(self.process.pid(), &tell);
                if let Some(exit) = self.process.try_reap() {
                    break exit;
                }
                if let (Some(terminal), Some(signal)) = (&terminal, self.process.stopped_by()) {
                    terminal.stopped(&self.process, signal);
                }
                self.hold_limits(&tell);
            };
            let exit = self.clear_away(exit, &tell);
            if let Some(terminal) = &terminal {
                terminal.take_back(self.process.group());
            }
            refusals.report(self.process.pid(), &tell);
            drop(self.temporary.take());
            let Kept { spawner, temporary } = kept;
            drop((self.process, self.meter));
            if let Some(temporary) = temporary {
                temporary.close();
            }
            drop(spawner);
            tell(Event::ended(exit));
        })?;
        Ok(())
    }

    /// Returns at the program's end, or when it is to be looked at again.
    fn wait(&self) {
        let mut ended = [PollFd::from_borrowed_fd(self.process.end(), PollFlags::IN)];
        let every = Timespec::try_from(EVERY).ok();
        // An interruption only means that the program is looked at sooner.
        let _ = poll(&mut ended, every.as_ref());
    }

    fn hold_limits(&mut self, tell: &impl Fn(Event)) {
        if self.killed {
            return;
        }
        let now = Instant::now();
        let usage = self.meter.usage(CAPS, now);
        let limit = self.max_memory_mb.saturating_mul(MIB);
        if let Some(reason) = usage.and_then(|usage| verdict(&usage, limit)) {
            self.kill(&reason, tell);
        }
        match self.deadlines {
            (Some(ask), None) if now >= ask => {
                let timeout = self.timeout.unwrap_or_default().as_millis();
                tell(Event::timed_out(format!("it ran for {timeout} ms")));
                self.process.signal(Signal::TERM, false);
                self.deadlines.1 = Some(now + self.grace);
            }
            (_, Some(kill)) if now >= kill => {
                self.killed = true;
                self.process.kill_group();
            }
            _ => {}
        }
    }

    fn kill(&mut self, reason: &TerminationReason, tell: &impl Fn(Event)) {
        let (why, hint) = match reason {
            TerminationReason::TooMany(crowd) => {
                self.process.stand_back();
                let (what, hint) = exceeded(*crowd);
                (format!("it and the programs it started {what}"), hint)
            }
            _ => (
                format!("it used more than {} MiB of memory", self.max_memory_mb),
                hints::WRAPPED_MEMORY,
            ),
        };
        tell(Event::Ending {
            why,
            hint: hint.to_owned(),
            timed_out: false,
        });
        self.killed = true;
        self.process.kill_group();
    }

    /// Waits for the end of everything that it had started, and notes what its cgroup counted.
    fn clear_away(&mut self, exit: Exit, tell: &impl Fn(Event)) -> Exit {
        let account = self.process.account().unwrap_or_default();
        if account.was_out_of_memory && exit == Exit::Signal(libc::SIGKILL) && !self.killed {
            self.kill(&TerminationReason::OutOfMemory, tell);
        }
        for _ in 0..GONE_TRIES {
            if self.process.group_gone() && self.process.leave_cgroup() {
                break;
            }
            thread::sleep(GONE_EVERY);
        }
        exit
    }
}
