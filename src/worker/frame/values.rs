//! The values of fields of frames: each variant is the number that crosses.

use crate::worker::protocol::{self, level, retry, status};

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
