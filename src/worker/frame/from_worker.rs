//! The frames that a worker sends, as the host reads them.

use std::borrow::Cow;

use crate::worker::protocol::{self, level, retry, status};

/// One frame of a worker; borrows the reader's buffer.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum FromWorker<'a> {
    /// The entrypoint is imported: JSON `{protocol, runtime, tools}`.
    Ready {
        /// JSON text.
        json: &'a str,
    },
    /// The entrypoint could not be imported: JSON error.
    LoadFailed {
        /// JSON text.
        json: &'a str,
    },
    /// The tool function is about to run.
    Entered {
        /// Number of the call.
        call: u32,
        /// The nonce in the frame, to be compared with the call's.
        nonce: [u8; 16],
    },
    /// A call's answer.
    Result(ResultFrame<'a>),
    /// A value passed to `context.progress`.
    Progress {
        /// Number of the call.
        call: u32,
        /// The nonce in the frame, to be compared with the call's.
        nonce: [u8; 16],
        /// JSON text.
        json: &'a str,
    },
    /// Printed output.
    Log(LogFrame<'a>),
    /// The call's signal aborted.
    AbortAck {
        /// Number of the call.
        call: u32,
        /// The nonce in the frame, to be compared with the call's.
        nonce: [u8; 16],
        /// Whether the tool had used its signal.
        listens: bool,
    },
    /// The call path was exercised without a call, and is warm.
    Pong,
    /// This call's tool ends the process while other calls are in flight.
    Leaving {
        /// Number of the call.
        call: u32,
        /// The nonce in the frame, to be compared with the call's.
        nonce: [u8; 16],
    },
    /// There are frames in the ring.
    Printed,
    /// Environment variables that were read but missing, before a failure.
    Missed {
        /// Number of the call; 0 while the entrypoint was imported.
        call: u32,
        /// The nonce in the frame, to be compared with the call's.
        nonce: [u8; 16],
        /// Names, one per line.
        names: &'a str,
    },
    /// The worker is about to connect to a name.
    Wants {
        /// `host:port`.
        place: &'a str,
    },
    /// A variable of the host was read, while a manager learns.
    Reads {
        /// Its name.
        name: &'a str,
    },
}

/// RESULT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResultFrame<'a> {
    /// Number of the call.
    pub call: u32,
    /// The nonce in the frame, to be compared with the call's.
    pub nonce: [u8; 16],
    /// What `text` is.
    pub status: Status,
    /// What the thrown error says about a retry.
    pub retry: Retry,
    /// Milliseconds before the next attempt, where the error has them.
    pub retry_after_ms: Option<u32>,
    /// Its meaning depends on the status.
    pub text: &'a str,
}

/// The meaning of a RESULT's text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// The result as JSON.
    Value = status::VALUE,
    /// Empty: the result is undefined.
    Undefined = status::UNDEFINED,
    /// The thrown error as JSON.
    Threw = status::THREW,
    /// A JSON array of the existing tool ids.
    NotFound = status::NOT_FOUND,
    /// JSON `{message, issues: [{path, message}]}`.
    InputInvalid = status::INPUT_INVALID,
    /// The same JSON, or a JSON error.
    OutputInvalid = status::OUTPUT_INVALID,
    /// The size in bytes, as a decimal number.
    OutputTooLarge = status::OUTPUT_TOO_LARGE,
    /// Empty: the tool belongs to another confinement group, and the process did not run it.
    OtherGroup = status::OTHER_GROUP,
}

/// `error.retryable` as thrown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Retry {
    /// The property is absent.
    Unsaid = retry::UNSAID,
    /// true
    Retryable = retry::RETRYABLE,
    /// false
    NotRetryable = retry::NOT,
}

/// LOG.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LogFrame<'a> {
    /// The call it belongs to.
    pub call: Option<u32>,
    /// Where it was printed.
    pub stream: Stream,
    /// `None` for a raw write: a piece of the stream with its own line ends. Otherwise one entry without a line end.
    pub level: Option<Level>,
    /// Unix time in milliseconds as the worker claims it, so possibly not finite.
    pub time: f64,
    /// A raw write may contain any bytes and may end inside a character.
    pub bytes: &'a [u8],
}

impl<'a> LogFrame<'a> {
    /// The bytes as text, with replacement characters for invalid UTF-8.
    pub fn text(&self) -> Cow<'a, str> {
        String::from_utf8_lossy(self.bytes)
    }
}

/// Standard output or error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Stream {
    /// stdout
    Stdout = protocol::STDOUT,
    /// stderr
    Stderr = protocol::STDERR,
}

impl Stream {
    /// The name in `LogEntry.stream`.
    pub fn as_str(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// Which console method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Level {
    /// console.debug
    Debug = level::DEBUG,
    /// console.info
    Info = level::INFO,
    /// console.log and what prints like it
    Log = level::LOG,
    /// console.warn
    Warn = level::WARN,
    /// console.error
    Error = level::ERROR,
}

impl Level {
    /// The name in `LogEntry.level`.
    pub fn as_str(self) -> &'static str {
        match self {
            Level::Debug => "debug",
            Level::Info => "info",
            Level::Log => "log",
            Level::Warn => "warn",
            Level::Error => "error",
        }
    }
}
