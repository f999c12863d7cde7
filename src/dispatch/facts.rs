//! What happened to a call. `outcome` decides what it means to the caller.

use std::time::Duration;

use crate::error::Problem;
use crate::pool::GroupId;
use crate::spawn::Exit;
use crate::validate::{ExecId, ToolId};
use crate::worker::frame::NotReady;

/// Why a process was killed under a call. The first reason is the one that is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminationReason {
    /// The deadline of the attempt passed.
    Timeout,
    /// The caller cancelled the call.
    Cancelled,
    /// The tool of another call ended the process that both used.
    Left,
    /// The manager was closed with `force: true`.
    Closed,
    /// The process tree used more memory than its limit allows.
    OutOfMemory,
    /// The system killed it because the host's own cgroup, such as a container's, had no memory left.
    OutOfHostMemory,
    /// The process and the programs that it started exceeded another limit.
    TooMany(Crowd),
    /// The process sent bytes that are not a frame of the protocol, with what was wrong with them.
    Protocol(String),
    /// The process closed its channel and did not end.
    ChannelClosed,
    /// The driver thread failed.
    Broken,
    /// The system provided no random bytes, without which an answer could be forged.
    NoRandomness,
    /// The answer's frame announced more bytes than a result may have.
    OutputTooLarge,
}

/// The limits of a process group besides memory. Each value is the limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// The number of processes.
    Processes(u32),
    /// The number of threads of all processes.
    Threads(u32),
    /// The number of epoll watches, which the system limits for each user.
    Watches(u64),
    /// The number of inotify descriptors, which the system limits for each user.
    Notifiers(u64),
    /// The number of bytes in the directory for temporary files.
    TemporaryBytes(u64),
    /// The number of files and directories in it.
    TemporaryFiles(u64),
}

/// How one call ended.
#[derive(Debug, Clone)]
pub enum End {
    /// The result, as JSON text.
    Value(String),
    /// The tool returned a value that JSON has no text for: undefined or a function.
    Undefined,
    /// The tool threw: the error as JSON text.
    Threw(String),
    /// There is no such tool. The text is a JSON array of the ids of those that exist.
    NotFound(String),
    /// The process refused the call, because its tool belongs to another confinement group. The manager never sends it one.
    OtherGroup,
    /// The tool's schema refused the input.
    InputInvalid(String),
    /// The result could not be serialised, or its schema refused it.
    OutputInvalid(String),
    /// The result was too large; its size in bytes, where it is known.
    OutputTooLarge(Option<u64>),
    /// The manager killed the process for this reason.
    Terminated(TerminationReason),
    /// The process ended by itself.
    Exited(Exit),
    /// The process was killed because of another call that it served.
    Neighbour(TerminationReason),
    /// No process could be started for the call.
    NotStarted(StartFailure),
}

/// A process that never became ready.
#[derive(Debug, Clone)]
pub struct StartFailure {
    /// What went wrong.
    pub fault: StartFault,
    /// What it printed to stderr.
    pub stderr: String,
    /// How many starts have failed since one worked, including this one.
    pub in_a_row: u32,
    /// What the supervisor refused while it started.
    pub denials: Vec<crate::sandbox::Denial>,
    /// The number of refusals that were not kept, because there were too many.
    pub denials_dropped: u64,
    /// Something may have been refused that is not listed.
    pub denials_unsure: bool,
    /// Variables that were read while it started and that were not set.
    pub missed: Vec<String>,
}

/// The exit code of Node for a wrong command line, and a part of its message.
const USAGE: (Exit, &str) = (Exit::Code(9), ": bad option: ");

impl StartFailure {
    /// The manager was closed before a process was ready.
    pub(super) fn closed() -> Self {
        Self {
            fault: StartFault::Closed,
            stderr: String::new(),
            in_a_row: 0,
            denials: Vec::new(),
            denials_dropped: 0,
            denials_unsure: false,
            missed: Vec::new(),
        }
    }

    /// Whether Node refused an option, which it will do every time.
    pub fn is_usage(&self) -> bool {
        let (exit, message) = USAGE;
        matches!(self.fault, StartFault::Died(ended) if ended == exit) && self.stderr.contains(message)
    }

    /// Whether another start may work.
    pub fn may_pass(&self) -> bool {
        self.fault.may_pass() && !self.is_usage()
    }
}

/// What went wrong at a start.
#[derive(Debug, Clone)]
pub enum StartFault {
    /// A system call or another step of the start failed.
    Spawn {
        /// The system call or step, e.g. "execve".
        step: &'static str,
        /// The error number.
        errno: i32,
        /// Whether the same step may work a little later.
        retryable: bool,
    },
    /// The process ended before it was ready.
    Died(Exit),
    /// The process sent bytes that are not a frame of the protocol.
    Protocol(String),
    /// The process uses another version of the protocol.
    OtherProtocol(String),
    /// Settings name tools that the entrypoint does not export.
    Settings(Vec<Problem>),
    /// The process was not ready in time.
    TimedOut(Duration),
    /// The import of the entrypoint failed, with the error as JSON text.
    Load(String),
    /// The manager was closed first.
    Closed,
}

impl TerminationReason {
    /// One word, for traces.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Timeout => "timeout",
            Self::Cancelled => "cancelled",
            Self::Left => "left",
            Self::Closed => "closed",
            Self::OutOfMemory => "out-of-memory",
            Self::OutOfHostMemory => "out-of-host-memory",
            Self::TooMany(_) => "too-many",
            Self::Protocol(_) => "protocol",
            Self::ChannelClosed => "channel-closed",
            Self::Broken => "broken",
            Self::NoRandomness => "no-randomness",
            Self::OutputTooLarge => "output-too-large",
        }
    }
}

impl End {
    /// One word, for traces.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Value(_) => "value",
            Self::Undefined => "undefined",
            Self::Threw(_) => "threw",
            Self::NotFound(_) => "not-found",
            Self::OtherGroup => "other-group",
            Self::InputInvalid(_) => "input-invalid",
            Self::OutputInvalid(_) => "output-invalid",
            Self::OutputTooLarge(_) => "output-too-large",
            Self::Terminated(reason) => reason.name(),
            Self::Exited(_) => "exited",
            Self::Neighbour(_) => "neighbour",
            Self::NotStarted(_) => "not-started",
        }
    }

    /// The tool returned.
    pub fn is_success(&self) -> bool {
        matches!(self, Self::Value(_) | Self::Undefined)
    }
}

impl StartFault {
    /// Its READY frame cannot be used.
    pub(super) fn not_ready(why: NotReady) -> Self {
        match why {
            NotReady::OtherProtocol(_) => Self::OtherProtocol(why.to_string()),
            NotReady::Unreadable => Self::Protocol(why.to_string()),
        }
    }

    fn may_pass(&self) -> bool {
        match self {
            Self::Spawn { retryable, .. } => *retryable,
            Self::Died(_) | Self::Protocol(_) | Self::TimedOut(_) => true,
            Self::OtherProtocol(_) | Self::Load(_) | Self::Settings(_) | Self::Closed => false,
        }
    }
}

/// Everything that is known about a call that is over.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The caller's number of the call.
    pub call: u32,
    /// The id of the tool.
    pub tool: ToolId,
    /// Whose processes served it.
    pub group: GroupId,
    /// Whether the entrypoint exports the tool, as far as processes have reported that.
    pub known_tool: bool,
    /// The id of the execution.
    pub exec: ExecId,
    /// How it ended.
    pub end: End,
    /// How many attempts were made, including the last one.
    pub attempts: u32,
    /// The number of this attempt in the queue that handed out the work, where the caller gave it.
    pub given_attempt: Option<u32>,
    /// How long the call had no process.
    pub queue_time: Duration,
    /// For how much of that the processes that it got were starting.
    pub start_time: Duration,
    /// How long it had one, over all attempts.
    pub execution_time: Duration,
    /// The time limit of an attempt.
    pub timeout: Duration,
    /// The size of the input's JSON text.
    pub input_bytes: u64,
    /// The size of the answer's JSON text.
    pub output_bytes: u64,
    /// The highest resident memory that was measured.
    pub peak_memory_mb: Option<u64>,
    /// The process of the last attempt.
    pub pid: Option<u32>,
    /// Whether that process was forked from an origin.
    pub forked: bool,
    /// What the last attempt printed to stderr, without the values of the call's variables.
    pub stderr: String,
    /// What the sandbox refused during the call.
    pub denials: Vec<crate::sandbox::Denial>,
    /// How many further refusals there were, which were only counted.
    pub denials_dropped: u64,
    /// Variables that the tool read before it failed and that were not set.
    pub missed: Vec<String>,
    /// Whether `denials` contains every refusal.
    pub denials_complete: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_that_node_refuses_is_not_tried_again() {
        let may_pass = |fault, stderr: &str| {
            let failure = StartFailure {
                fault,
                stderr: stderr.to_owned(),
                in_a_row: 1,
                denials: Vec::new(),
                denials_dropped: 0,
                denials_unsure: false,
                missed: Vec::new(),
            };
            failure.may_pass()
        };
        let refused = "/usr/bin/node: bad option: --no-such-option\n";
        assert!(!may_pass(StartFault::Died(Exit::Code(9)), refused));
        assert!(may_pass(StartFault::Died(Exit::Code(9)), ""));
        assert!(may_pass(StartFault::Died(Exit::Code(1)), refused));
        assert!(may_pass(StartFault::Died(Exit::Code(0)), ""));
        assert!(!may_pass(StartFault::Load("{}".to_owned()), ""));
    }
}
