//! A call: what was asked, where it stands, and every way from one phase to the next.
//!
//! | phase    | edge                       | next     | step    |
//! |----------|----------------------------|----------|---------|
//! | Waiting  | Assigned                   | Running  | Nothing |
//! | Waiting  | Terminated                 | Over     | Settle  |
//! | Waiting  | NotStarted                 | Over     | Settle  |
//! | Resting  | Elapsed                    | Waiting  | Requeue |
//! | Resting  | Terminated                 | Over     | Settle  |
//! | Running  | Answered                   | Over     | Settle  |
//! | Running  | Answered, tried again      | Resting  | Nothing |
//! | Running  | Elapsed, no grace          | Ending   | Kill    |
//! | Running  | Elapsed, grace             | Aborting | Abort   |
//! | Running  | Cancelled, no grace        | Ending   | Kill    |
//! | Running  | Cancelled, grace           | Aborting | Abort   |
//! | Running  | Terminated                 | Ending   | Kill    |
//! | Running  | WorkerLost                 | Over     | Settle  |
//! | Running  | WorkerLost, tried again    | Resting  | Nothing |
//! | Running  | WorkerLost, other process  | Waiting  | Requeue |
//! | Aborting | Acknowledged, listens      | Graceful | Nothing |
//! | Aborting | Acknowledged, does not     | Ending   | Kill    |
//! | Aborting | Answered                   | Ending   | Kill    |
//! | Aborting | Elapsed                    | Ending   | Kill    |
//! | Aborting | Terminated                 | Ending   | Kill    |
//! | Aborting | WorkerLost                 | Over     | Settle  |
//! | Aborting | WorkerLost, tried again    | Resting  | Nothing |
//! | Graceful | Answered                   | Ending   | Kill    |
//! | Graceful | Elapsed                    | Ending   | Kill    |
//! | Graceful | Terminated                 | Ending   | Kill    |
//! | Graceful | WorkerLost                 | Over     | Settle  |
//! | Graceful | WorkerLost, tried again    | Resting  | Nothing |
//! | Ending   | WorkerLost                 | Over     | Settle  |
//! | Ending   | WorkerLost, tried again    | Resting  | Nothing |
//!
//! An edge that is not in the table changes nothing. A test of this file reads the table and compares it with what the code does.
//! "Cancelled" is a termination that leaves the tool its grace period, as a timeout does; "Terminated" is any other one. An
//! answer in Aborting or Graceful comes too late to count, and what the call leaves behind is killed with its process. The first
//! reason to end a call stays its reason.
//!
//! The decisions behind it: docs/decisions.md#calls.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use super::entered::Entry;
use super::retry::Attempts;
use crate::config::RetryPolicy;
use crate::dispatch::facts::TerminationReason;
use crate::pool::{GroupId, WorkerId};
use crate::sandbox::{Denial, TakenDenials};
use crate::spawn::Captured;
use crate::validate::{CallEnv, ExecId, InputText, ToolId};
use crate::worker::Nonce;

/// How long a process may take to say whether its tool listens to the abort.
const ACKNOWLEDGE: Duration = Duration::from_millis(50);

/// What a caller asked for, after validation.
#[derive(Debug)]
pub struct Request {
    /// The caller's number; unique among its calls that are not over.
    pub number: u32,
    /// The tool.
    pub tool: ToolId,
    /// Which processes may serve it.
    pub group: GroupId,
    /// The execution's id.
    pub exec: ExecId,
    /// The first argument.
    pub input: InputText,
    /// The second argument.
    pub config: InputText,
    /// Variables of this call.
    pub env: CallEnv,
    /// The longest time that one attempt may take.
    pub timeout: Duration,
    /// The time between the abort and the kill.
    pub grace: Duration,
    /// The largest result in bytes.
    pub output_cap: u64,
    /// Which failures lead to another attempt.
    pub retry: RetryPolicy,
    /// The caller listens to the lines that the tool prints.
    pub logs: bool,
    /// The caller listens to progress values.
    pub progress: bool,
    /// The number of this attempt in the queue that hands out the work. `None`: only this manager's own attempts count.
    pub attempt: Option<u32>,
    /// A JSON string that stays the same for all attempts at one piece of work.
    pub idempotency_key: InputText,
}

/// Where a call stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits in the queue for a process.
    Waiting,
    /// It waits for the delay between two attempts.
    Resting { until: Instant },
    /// A process serves it.
    Running { on: Served, deadline: Instant },
    /// The abort was sent, and the process has not acknowledged it yet.
    Aborting {
        on: Served,
        reason: TerminationReason,
        kill_at: Instant,
        grace_ends: Instant,
    },
    /// The tool listens to its signal, and its grace period is running.
    Graceful {
        on: Served,
        reason: TerminationReason,
        kill_at: Instant,
    },
    /// The process is being killed, and its exit settles the call.
    Ending { on: Served, reason: TerminationReason },
    /// The call is settled.
    Over,
}

/// Which process serves a call, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Served {
    pub(super) worker: WorkerId,
    pub(super) since: Instant,
}

/// What can happen to a call.
#[derive(Debug, Clone)]
pub(super) enum Edge {
    /// The call is given to a process, which has this much time for it.
    Assigned { worker: WorkerId, timeout: Duration },
    /// The call is ended before its tool answers.
    Terminated(TerminationReason),
    /// The process reported whether the tool listens to its signal.
    Acknowledged { listens: bool },
    /// An answer came. The value is the moment of the next attempt, where the retry policy wants one.
    Answered { again_at: Option<Instant> },
    /// The moment of [`Phase::wake`] was reached.
    Elapsed,
    /// Its process has ended.
    WorkerLost(Lost),
    /// No process could be started for it, and it may not wait any longer.
    NotStarted,
}

/// What follows for a call whose process has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lost {
    /// It is given to another process at once, because its tool was not entered.
    AnotherProcess,
    /// It is tried again at this moment.
    TriedAgain(Instant),
    /// It failed.
    Failed,
}

/// What has to be done after an edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub(super) enum Step {
    Nothing,
    /// Report the outcome and forget the call.
    Settle,
    /// Put it back at the front of the queue.
    Requeue,
    /// Abort the signal of the tool.
    Abort(WorkerId),
    /// Kill the process.
    Kill(WorkerId),
}

impl Phase {
    /// The process that serves the call.
    pub(super) fn served(&self) -> Option<Served> {
        match self {
            Self::Waiting | Self::Resting { .. } | Self::Over => None,
            Self::Running { on, .. }
            | Self::Aborting { on, .. }
            | Self::Graceful { on, .. }
            | Self::Ending { on, .. } => Some(*on),
        }
    }

    /// The reason why the call is being ended, if it is.
    pub(super) fn reason(&self) -> Option<&TerminationReason> {
        match self {
            Self::Waiting | Self::Resting { .. } | Self::Running { .. } | Self::Over => None,
            Self::Aborting { reason, .. } | Self::Graceful { reason, .. } | Self::Ending { reason, .. } => Some(reason),
        }
    }

    /// When the phase ends by itself, if nothing else happens before.
    pub(super) fn wake(&self) -> Option<Instant> {
        match self {
            Self::Waiting | Self::Ending { .. } | Self::Over => None,
            Self::Resting { until } => Some(*until),
            Self::Running { deadline, .. } => Some(*deadline),
            Self::Aborting { kill_at, .. } | Self::Graceful { kill_at, .. } => Some(*kill_at),
        }
    }

    /// The table of this file as code. `grace` is the time that a tool gets which listens to its signal; zero kills at once.
    pub(super) fn next(self, edge: Edge, now: Instant, grace: Duration) -> (Self, Step) {
        use TerminationReason::{Cancelled, Timeout};
        match (self, edge) {
            (Self::Waiting, Edge::Assigned { worker, timeout }) => {
                let on = Served { worker, since: now };
                let deadline = now + timeout;
                (Self::Running { on, deadline }, Step::Nothing)
            }
            (Self::Waiting, Edge::NotStarted) | (Self::Waiting | Self::Resting { .. }, Edge::Terminated(_)) => {
                (Self::Over, Step::Settle)
            }
            (Self::Resting { until }, Edge::Elapsed) if now >= until => (Self::Waiting, Step::Requeue),
            (Self::Running { .. }, Edge::Answered { again_at }) => match again_at {
                Some(until) => (Self::Resting { until }, Step::Nothing),
                None => (Self::Over, Step::Settle),
            },
            (Self::Running { on, deadline }, Edge::Elapsed) if now >= deadline => interrupt(on, Timeout, now, grace),
            (Self::Running { on, .. }, Edge::Terminated(reason @ (Timeout | Cancelled))) => {
                interrupt(on, reason, now, grace)
            }
            (Self::Running { on, .. }, Edge::Terminated(reason)) => {
                (Self::Ending { on, reason }, Step::Kill(on.worker))
            }
            (Self::Running { .. }, Edge::WorkerLost(Lost::AnotherProcess)) => (Self::Waiting, Step::Requeue),
            (
                Self::Aborting {
                    on, reason, grace_ends, ..
                },
                Edge::Acknowledged { listens: true },
            ) => {
                let kill_at = grace_ends;
                (Self::Graceful { on, reason, kill_at }, Step::Nothing)
            }
            (Self::Aborting { on, reason, .. }, Edge::Acknowledged { listens: false }) => {
                (Self::Ending { on, reason }, Step::Kill(on.worker))
            }
            (
                Self::Aborting {
                    on, reason, kill_at, ..
                }
                | Self::Graceful { on, reason, kill_at },
                Edge::Elapsed,
            ) if now >= kill_at => (Self::Ending { on, reason }, Step::Kill(on.worker)),
            (Self::Aborting { on, reason, .. } | Self::Graceful { on, reason, .. }, Edge::Answered { .. }) => {
                (Self::Ending { on, reason }, Step::Kill(on.worker))
            }
            (Self::Aborting { on, reason, .. } | Self::Graceful { on, reason, .. }, Edge::Terminated(harder))
                if !matches!(harder, Timeout | Cancelled) =>
            {
                (Self::Ending { on, reason }, Step::Kill(on.worker))
            }
            (
                Self::Running { .. } | Self::Aborting { .. } | Self::Graceful { .. } | Self::Ending { .. },
                Edge::WorkerLost(lost @ (Lost::TriedAgain(_) | Lost::Failed)),
            ) => match lost {
                Lost::TriedAgain(until) => (Self::Resting { until }, Step::Nothing),
                _ => (Self::Over, Step::Settle),
            },
            (phase, _) => (phase, Step::Nothing),
        }
    }
}

/// A running call is timed out or cancelled.
fn interrupt(on: Served, reason: TerminationReason, now: Instant, grace: Duration) -> (Phase, Step) {
    if grace.is_zero() {
        return (Phase::Ending { on, reason }, Step::Kill(on.worker));
    }
    let aborting = Phase::Aborting {
        on,
        reason,
        kill_at: now + grace.min(ACKNOWLEDGE),
        grace_ends: now + grace,
    };
    (aborting, Step::Abort(on.worker))
}

pub(super) struct Call {
    pub(super) request: Request,
    pub(super) phase: Phase,
    pub(super) attempts: Attempts,
    /// The secret that an answer to this attempt must carry.
    pub(super) nonce: Option<Nonce>,
    /// Whether the tool was entered in this attempt, as far as that is known.
    pub(super) entry: Entry,
    /// The caller has cancelled it. Whatever ends this attempt, no other one follows.
    pub(super) cancelled: bool,
    /// The reason that the caller gave for that.
    pub(super) why_cancelled: Option<String>,
    pub(super) submitted: Instant,
    pub(super) execution_time: Duration,
    /// For how much of its wait the processes that it got were starting.
    pub(super) start_time: Duration,
    pub(super) stderr: Captured,
    pub(super) pid: Option<u32>,
    /// Whether that process was forked from an origin.
    pub(super) forked: bool,
    pub(super) peak_memory_mb: Option<u64>,
    pub(super) denials: Vec<Denial>,
    pub(super) denials_dropped: u64,
    /// Variables that its tool read and that were not set.
    pub(super) missed: Vec<String>,
    /// `denials` may lack some refusals.
    pub(super) denials_unsure: bool,
}

impl Call {
    pub(super) fn new(request: Request, stderr_cap: usize, now: Instant) -> Self {
        Self {
            request,
            phase: Phase::Waiting,
            attempts: Attempts::default(),
            nonce: None,
            entry: Entry::default(),
            cancelled: false,
            why_cancelled: None,
            submitted: now,
            execution_time: Duration::ZERO,
            start_time: Duration::ZERO,
            stderr: Captured::new(stderr_cap),
            pid: None,
            forked: false,
            peak_memory_mb: None,
            denials: Vec::new(),
            denials_dropped: 0,
            missed: Vec::new(),
            denials_unsure: false,
        }
    }

    /// The call's variables as a JSON object; `None` where it has no variables.
    pub(super) fn env_json(&self) -> Option<String> {
        let env = &self.request.env;
        if env.is_empty() {
            return None;
        }
        // A map of strings can always be serialised.
        serde_json::to_string(&env.iter().collect::<BTreeMap<_, _>>()).ok()
    }

    /// What it printed to stderr, without the values of its variables.
    pub(super) fn stderr(&self) -> String {
        if self.stderr.is_empty() {
            return String::new();
        }
        let values: Vec<&str> = self.request.env.iter().map(|(_, value)| value).collect();
        self.stderr.redacted(&values)
    }

    /// Adds refusals of the sandbox that concern its process.
    pub(super) fn add_refused(&mut self, taken: TakenDenials) {
        self.denials.extend(taken.denials);
        self.denials_dropped += taken.dropped;
        self.denials_unsure |= taken.unsure;
    }
}

#[cfg(test)]
#[path = "call_tests.rs"]
mod tests;
