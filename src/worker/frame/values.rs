//! What the fields of frames may be: each variant is the number that crosses.

use crate::worker::protocol::{self, level, retry, status};

/// What a RESULT's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Status {
    /// The result, JSON.
    Value = status::VALUE,
    /// Nothing: the result is undefined.
    Undefined = status::UNDEFINED,
    /// The thrown error, JSON.
    Threw = status::THREW,
    /// JSON array of the ids there are.
    NotFound = status::NOT_FOUND,
    /// JSON `{message, issues: [{path, message}]}`.
    InputInvalid = status::INPUT_INVALID,
    /// The same shape, or a JSON error.
    OutputInvalid = status::OUTPUT_INVALID,
    /// Decimal bytes.
    OutputTooLarge = status::OUTPUT_TOO_LARGE,
}

/// `error.retryable` as thrown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Retry {
    /// Not said.
    Unsaid = retry::UNSAID,
    /// true
    Retryable = retry::RETRYABLE,
    /// false
    NotRetryable = retry::NOT,
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
    /// As `LogEntry.stream` says it.
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
    /// As `LogEntry.level` says it.
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
