//! The events that the core reports.
//!
//! The core calls an [`Observer`] from the thread on which something happened, with its state locked: an implementation
//! stores the event and wakes whoever reads it, and never calls back into the core.

use std::os::fd::OwnedFd;

use crate::error::Error;

/// An event.
#[derive(Debug)]
pub enum Event {
    /// A call's result, as JSON text; none where the tool returned undefined.
    Value {
        /// The caller's number.
        call: u32,
        /// JSON text.
        json: Option<String>,
    },
    /// A call failed.
    Failed {
        /// The caller's number.
        call: u32,
        /// The reason.
        error: Box<Error>,
    },
    /// A progress value.
    Progress {
        /// The caller's number.
        call: u32,
        /// JSON text.
        json: String,
    },
    /// An `ExecutionRecord`, as JSON text.
    Record {
        /// JSON text.
        json: String,
    },
    /// The queue went from full to not full.
    Drain,
    /// The answer to `Manager::ready`.
    Ready {
        /// The question's number, as passed.
        question: u32,
        /// Why the processes could not be started.
        result: Result<(), Box<Error>>,
    },
    /// The answer to `Manager::list_tools`.
    Tools {
        /// The question's number, as passed.
        question: u32,
        /// `ToolInfo[]` as JSON text.
        result: Result<String, Box<Error>>,
    },
    /// A socket that becomes readable when a process has sent something, and closes with the process: then the host
    /// calls `Manager::read`,
    /// or `Manager::read_all`.
    Listen {
        /// Its bytes carry no data; readability is only a wake-up.
        doorbell: OwnedFd,
    },
    /// Every process is gone.
    Closed,
}

/// A line that was printed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Line<'a> {
    /// The call whose own listener wants it.
    pub call: Option<u32>,
    /// The tool and execution it belongs to; `None` at import, between calls, or where it cannot be determined.
    pub tool: Option<(&'a str, &'a str)>,
    /// Where it was printed: "stdout" or "stderr".
    pub stream: &'static str,
    /// The console method; `None` for a raw write.
    pub level: Option<&'static str>,
    /// The line, without its end.
    pub text: &'a str,
    /// Unix time in milliseconds.
    pub time: f64,
}

/// Receives events.
pub trait Observer: Send + Sync {
    /// Stores an event.
    fn notify(&self, event: Event);
    /// Stores a line. There may be many.
    fn line(&self, line: &Line<'_>);
    /// A batch of events is complete: wake the reader.
    fn flush(&self);
    /// So much waits for the reader that processes should not be read from.
    fn congested(&self) -> bool;
    /// Whether somebody listens to all lines.
    fn wants_logs(&self) -> bool;
    /// Whether somebody listens to records of calls.
    fn wants_records(&self) -> bool;
}
