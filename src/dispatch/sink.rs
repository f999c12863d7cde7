//! The interface through which the dispatcher reports what happened.

use std::os::fd::OwnedFd;

use super::facts::{Facts, StartFailure};
use crate::observe::Line;

/// Receives what a manager has to tell. It is called in the order in which things happened, by whichever thread noticed them,
/// the host's own included, and never with the engine locked. An implementation stores what it is given and wakes a reader. It
/// never waits: not for a file, not for another thread.
pub trait Sink: Send + Sync {
    /// A call is over.
    fn settled(&self, facts: Facts);
    /// A line was printed.
    fn line(&self, line: &Line<'_>);
    /// Whether anybody listens to lines beyond the calls' own listeners.
    fn wants_logs(&self) -> bool;
    /// A tool reported progress.
    fn progress(&self, call: u32, json: &str);
    /// The queue went from full to not full.
    fn drained(&self);
    /// The answer to [`Dispatcher::ready`](super::Dispatcher::ready).
    fn ready(&self, question: u32, result: Result<(), &StartFailure>);
    /// The answer to [`Dispatcher::tools`](super::Dispatcher::tools).
    fn tools(&self, question: u32, result: Result<&str, &StartFailure>);
    /// This becomes readable when a process has said something: [`Dispatcher::read`](super::Dispatcher::read) is to be called.
    fn listen(&self, doorbell: OwnedFd);
    /// Every process is gone. This call alone may wait: the driver thread makes it last, when nothing is left to serve.
    fn closed(&self);
    /// A batch is complete: wake the reader.
    fn flush(&self);
    /// So much waits for the reader that no more should be read from processes.
    fn congested(&self) -> bool;
}
