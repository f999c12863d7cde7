//! What the core tells the outside.
//!
//! The core calls an [`Observer`] from the thread on which something happened, with its state locked: an implementation
//! stores the event and wakes whoever reads it, and never calls back into the core.

use std::os::fd::OwnedFd;

use crate::error::Error;

/// Something the outside hears of.
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
        /// Why.
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
        /// As given.
        question: u32,
        /// Why the processes could not be started.
        result: Result<(), Box<Error>>,
    },
    /// The answer to `Manager::list_tools`.
    Tools {
        /// As given.
        question: u32,
        /// `ToolInfo[]` as JSON text.
        result: Result<String, Box<Error>>,
    },
    /// A socket that becomes readable when a process has said something, and ends with it: `Manager::read` is to be called, or
    /// `Manager::read_all`.
    Listen {
        /// What comes there means nothing.
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
    /// Tool and execution it belongs to; none at import, between calls, or where it can't be told.
    pub tool: Option<(&'a str, &'a str)>,
    /// Where it was printed: "stdout" or "stderr".
    pub stream: &'static str,
    /// Which console method; none for a raw write.
    pub level: Option<&'static str>,
    /// The line, without its end.
    pub text: &'a str,
    /// Unix time in milliseconds.
    pub time: f64,
}

/// Who hears of events.
pub trait Observer: Send + Sync {
    /// Stores an event.
    fn notify(&self, event: Event);
    /// Stores a line. There may be many.
    fn line(&self, line: &Line<'_>);
    /// A batch of events is complete: wake the reader.
    fn flush(&self);
    /// So much waits for the reader that processes should not be read from.
    fn congested(&self) -> bool;
    /// Somebody listens to every line.
    fn wants_logs(&self) -> bool;
    /// Somebody listens to records of calls.
    fn wants_records(&self) -> bool;
}
