//! One descriptor that is readable when one of many channels is: an epoll set. The channels have numbers.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::buffer::spare_capacity;
use rustix::event::{Timespec, epoll};

/// How many channels are taken at once. The descriptor stays readable as long as there are more.
const AT_ONCE: usize = 16;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The set.
pub(super) struct ChannelSet(OwnedFd);

impl ChannelSet {
    pub(super) fn new() -> std::io::Result<Self> {
        Ok(Self(epoll::create(epoll::CreateFlags::CLOEXEC)?))
    }

    /// Readable when one of the channels is.
    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }

    /// False where the system refuses that.
    pub(super) fn add(&self, channel: &OwnedFd, number: u32) -> bool {
        let data = epoll::EventData::new_u64(u64::from(number));
        epoll::add(&self.0, channel, data, epoll::EventFlags::IN).is_ok()
    }

    pub(super) fn remove(&self, channel: &OwnedFd) {
        // The system refuses this only where the channel is no longer in the set.
        let _ = epoll::delete(&self.0, channel);
    }

    /// Whether the channel makes the descriptor readable.
    pub(super) fn notify(&self, channel: &OwnedFd, number: u32, notify: bool) {
        let flags = match notify {
            true => epoll::EventFlags::IN,
            false => epoll::EventFlags::empty(),
        };
        let data = epoll::EventData::new_u64(u64::from(number));
        // The system refuses this only where the channel is no longer in the set.
        let _ = epoll::modify(&self.0, channel, data, flags);
    }

    /// The numbers of channels that are readable; there may be more.
    pub(super) fn readable(&self) -> impl Iterator<Item = u32> {
        let mut events = Vec::with_capacity(AT_ONCE);
        let _ = epoll::wait(&self.0, spare_capacity(&mut events), Some(&NOW));
        let number = |event: epoll::Event| u32::try_from(event.data.u64()).ok();
        events.into_iter().filter_map(number)
    }
}
