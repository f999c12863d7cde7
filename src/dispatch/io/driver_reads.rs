//! Instead of `channel_set.rs` where there is no epoll: there is no set, so the driver reads every channel, as on hosts whose event
//! loop watches nothing.

use std::os::fd::{BorrowedFd, OwnedFd};

/// No set can be made.
pub(super) enum ChannelSet {}

impl ChannelSet {
    pub(super) fn new() -> std::io::Result<Self> {
        Err(std::io::ErrorKind::Unsupported.into())
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        match *self {}
    }

    pub(super) fn add(&self, _channel: &OwnedFd, _number: u32) -> bool {
        match *self {}
    }

    pub(super) fn remove(&self, _channel: &OwnedFd) {
        match *self {}
    }

    pub(super) fn notify(&self, _channel: &OwnedFd, _number: u32, _notify: bool) {
        match *self {}
    }

    pub(super) fn readable(&self) -> std::iter::Empty<u32> {
        match *self {}
    }
}
