//! What the pool asks its caller to do, and what it reports.

use super::group::GroupId;
use super::queue::CallId;
use super::slots::WorkerId;

/// An action that the caller must carry out, in the order given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Start a process of this group under this id.
    Start(WorkerId, GroupId),
    /// Hand the call to the process.
    Assign(CallId, WorkerId),
    /// The process was ready, is no longer needed and should end.
    End(WorkerId),
    /// The process is not ready yet and no longer needed.
    Discard(WorkerId),
    /// The queue went from full to not full.
    Drain,
}

/// The queue is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// The pool in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gauges {
    /// Processes being started.
    pub starting: usize,
    /// Ready processes without a call.
    pub idle: usize,
    /// Processes with a call.
    pub busy: usize,
    /// Calls waiting for a process.
    pub queued: usize,
}
