//! What the answers of one supervisor share.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::blocked::Blocked;
use super::listener::{Call, Listener};
use super::restarts::Restarts;

/// What every answer needs besides the call.
#[derive(Debug)]
pub(super) struct AnswerContext {
    pub(super) listener: Listener,
    pub(super) restarts: Restarts,
    pub(super) blocked: Blocked,
    /// Readable when the supervisor stops.
    pub(super) stopped: Arc<OwnedFd>,
}

impl AnswerContext {
    /// Whether the caller still waits; if so, what was read before through its thread id was its own.
    pub(super) fn waits(&self, call: &Call) -> bool {
        self.listener.waits(self.restarts.current_id(call))
    }
}
