//! What the answers of one supervisor share.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::blocked::Blocked;
use super::listener::Listener;

/// What every answer needs besides the call.
#[derive(Debug)]
pub(super) struct AnswerContext {
    pub(super) listener: Listener,
    pub(super) blocked: Blocked,
    /// Readable when the supervisor stops.
    pub(super) stopped: Arc<OwnedFd>,
}
