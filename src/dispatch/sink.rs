//! The interface through which the dispatcher reports what happened.

use std::os::fd::OwnedFd;

use super::facts::{Facts, StartFailure};
use crate::observe::Line;

/// Receives what a manager reports. It is called in the order in which things happened, by whichever thread noticed them,
/// including the host's own, and never while the engine is locked. An implementation stores what it gets and wakes a reader. It
/// must never wait, neither for a file nor for another thread.
pub trait Sink: Send + Sync {
    /// A call is over.
    fn settled(&self, facts: Facts);
    /// A line was printed.
    fn line(&self, line: &Line<'_>);
    /// Whether anybody besides the listeners of single calls listens to lines.
    fn wants_logs(&self) -> bool;
    /// A tool reported progress.
    fn progress(&self, call: u32, json: &str);
    /// The queue went from full to not full.
    fn drained(&self);
    /// The answer to [`Dispatcher::ready`](super::Dispatcher::ready).
    fn ready(&self, question: u32, result: Result<(), &StartFailure>);
    /// The answer to [`Dispatcher::tools`](super::Dispatcher::tools).
    fn tools(&self, question: u32, result: Result<&str, &StartFailure>);
    /// This descriptor becomes readable when a process has sent something. Then [`Dispatcher::read`](super::Dispatcher::read)
    /// must be called.
    fn listen(&self, doorbell: OwnedFd);
    /// Every process has ended. Only this method may wait, because the driver thread calls it last, when nothing is left to
    /// serve.
    fn closed(&self);
    /// A batch is complete, and the reader must be woken.
    fn flush(&self);
    /// Whether so much waits for the reader that nothing more should be read from processes.
    fn congested(&self) -> bool;
}
