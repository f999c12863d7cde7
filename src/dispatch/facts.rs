//! What happened to a call, before anybody says what it means.

use std::time::Duration;

use crate::spawn::Exit;
use crate::validate::{ExecId, ToolId};
use crate::worker::frame::NotReady;

/// Why a process was killed under a call. The first reason is the one that is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TerminationReason {
    /// The attempt's deadline passed.
    Timeout,
    /// The caller cancelled.
    Cancelled,
    /// Another call's tool ended the process they shared.
    Left,
    /// `close({ force: true })`.
    Closed,
    /// The process tree used more memory than it may.
    OutOfMemory,
    /// The process and the programs it started were, or had, more of something than they may.
    TooMany(Crowd),
    /// The process sent bytes that are no frame of the protocol; what was wrong with them.
    Protocol(String),
    /// The process closed its channel and went on.
    ChannelClosed,
    /// The driver broke down.
    Broken,
    /// The system gave no random bytes, without which an answer could be forged.
    NoRandomness,
    /// The answer's frame announced more bytes than a result may have.
    OutputTooLarge,
}

/// What a process group can have too many of, beside memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Crowd {
    /// Processes, with the most there may be.
    Processes(u32),
    /// Threads of all of them.
    Threads(u32),
    /// Watches of epoll, of which the system gives each user a number.
    Watches(u64),
    /// Inotify descriptors, likewise.
    Notifiers(u64),
    /// Bytes in the directory for temporary files.
    TemporaryBytes(u64),
    /// Files and directories there.
    TemporaryFiles(u64),
}

/// How one call ended.
#[derive(Debug, Clone)]
pub enum End {
    /// The result, as JSON text.
    Value(String),
    /// The tool returned nothing JSON could carry: undefined or a function.
    Undefined,
    /// The tool threw: the error as JSON text.
    Threw(String),
    /// No such tool: JSON array of those there are.
    NotFound(String),
    /// The tool's schema refused the input.
    InputInvalid(String),
    /// The result could not be serialised, or its schema refused it.
    OutputInvalid(String),
    /// The result's size in bytes, where it is known.
    OutputTooLarge(Option<u64>),
    /// The process was killed by us, for this reason.
    Terminated(TerminationReason),
    /// The process ended by itself.
    Exited(Exit),
    /// The process was killed because of another call it was serving.
    Neighbour(TerminationReason),
    /// No process came up for it.
    NotStarted(StartFailure),
}

/// A process that never became ready.
#[derive(Debug, Clone)]
pub struct StartFailure {
    /// What went wrong.
    pub fault: StartFault,
    /// What it had printed to stderr.
    pub stderr: String,
    /// Starts that failed since one worked, this one included.
    pub in_a_row: u32,
    /// What the supervisor refused while it started.
    pub denials: Vec<crate::sandbox::Denial>,
    /// Variables that were read in vain while it started.
    pub missed: Vec<String>,
}

/// What Node ends with when its command line is wrong, and what it says then.
const USAGE: (Exit, &str) = (Exit::Code(9), ": bad option: ");

impl StartFailure {
    /// The manager was closed before a process was ready.
    pub(super) fn closed() -> Self {
        Self {
            fault: StartFault::Closed,
            stderr: String::new(),
            in_a_row: 0,
            denials: Vec::new(),
            missed: Vec::new(),
        }
    }

    /// Node refused an option: it will do so every time.
    pub fn is_usage(&self) -> bool {
        let (exit, said) = USAGE;
        matches!(self.fault, StartFault::Died(ended) if ended == exit) && self.stderr.contains(said)
    }

    /// Starting again may help.
    pub fn may_pass(&self) -> bool {
        self.fault.may_pass() && !self.is_usage()
    }
}

/// What went wrong at a start.
#[derive(Debug, Clone)]
pub enum StartFault {
    /// The system refused: the step and its errno.
    Spawn {
        /// The system call or step, e.g. "execve".
        step: &'static str,
        /// The error number.
        errno: i32,
        /// The system may allow it a little later.
        retryable: bool,
    },
    /// It ended before it was ready.
    Died(Exit),
    /// It sent bytes that are no frame of the protocol.
    Protocol(String),
    /// It speaks another version of the protocol; which two they are.
    OtherProtocol(String),
    /// It was not ready in time.
    TimedOut(Duration),
    /// The entrypoint's own import failed: the error as JSON text.
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
    /// It said READY in a way that is of no use.
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
            Self::OtherProtocol(_) | Self::Load(_) | Self::Closed => false,
        }
    }
}

/// Everything known of a call that is over.
#[derive(Debug, Clone)]
pub struct Facts {
    /// The caller's number of the call.
    pub call: u32,
    /// The tool.
    pub tool: ToolId,
    /// The entrypoint exports it, as far as any process has said.
    pub known_tool: bool,
    /// The execution's id.
    pub exec: ExecId,
    /// How it ended.
    pub end: End,
    /// Attempts made, this one included.
    pub attempts: u32,
    /// Which attempt this was for whoever handed out the work, where they said so.
    pub given_attempt: Option<u32>,
    /// Time without a process.
    pub queue_time: Duration,
    /// Time with one, over all attempts.
    pub execution_time: Duration,
    /// The attempt's time limit.
    pub timeout: Duration,
    /// Size of the input's JSON text.
    pub input_bytes: u64,
    /// Size of the answer's JSON text.
    pub output_bytes: u64,
    /// Highest resident memory seen.
    pub peak_memory_mb: Option<u64>,
    /// The last attempt's process.
    pub pid: Option<u32>,
    /// What the last attempt printed to stderr, without the call's env values.
    pub stderr: String,
    /// What the sandbox refused meanwhile.
    pub denials: Vec<crate::sandbox::Denial>,
    /// Refusals beyond those, which were only counted.
    pub denials_dropped: u64,
    /// Variables that the tool read in vain before it failed.
    pub missed: Vec<String>,
    /// `denials` has everything that was refused.
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
