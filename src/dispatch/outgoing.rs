//! Frames on their way into a process.
//!
//! Frames are appended with the hub's state locked and sent without: a system call under that lock would make the host's
//! thread wait for the driver and the other way round.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::sync::Notify;

/// A buffer that a large input blew up is given back above this size.
const KEPT: usize = 256 * 1024;

/// What waits for one process.
#[derive(Debug, Default)]
pub(super) struct Outgoing {
    channel: OnceLock<Arc<OwnedFd>>,
    waiting: Mutex<Vec<u8>>,
    /// Held while sending, so that two senders never mix their bytes.
    sending: Mutex<Sending>,
    /// Tells the serving task that the channel did not take everything.
    blocked: Notify,
    /// The process was gone before it took everything.
    refused: AtomicBool,
}

#[derive(Debug, Default)]
struct Sending {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    /// The process exists.
    pub(super) fn connect(&self, channel: Arc<OwnedFd>) {
        let _ = self.channel.set(channel);
    }

    /// Where frames are appended.
    pub(super) fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something was not taken, or is still waiting to be.
    pub(super) fn has_unsent(&self) -> bool {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        self.refused.load(Ordering::Relaxed) || sending.sent < sending.bytes.len() || !self.waiting().is_empty()
    }

    /// Resolves when the channel did not take everything.
    pub(super) async fn blocked(&self) {
        self.blocked.notified().await;
    }

    /// Sends as much as the channel takes without waiting. What remains is the serving task's, once it is told. True when
    /// nothing remains.
    pub(super) fn send(&self) -> bool {
        let Some(channel) = self.channel.get() else { return true };
        let mut sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if sending.sent == sending.bytes.len() {
                sending.sent = 0;
                sending.bytes.clear();
                sending.bytes.shrink_to(KEPT);
                std::mem::swap(&mut sending.bytes, &mut *self.waiting());
                if sending.bytes.is_empty() {
                    return true;
                }
            }
            match send(
                channel,
                &sending.bytes[sending.sent..],
                SendFlags::NOSIGNAL | SendFlags::DONTWAIT,
            ) {
                Ok(count) => sending.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.blocked.notify_one();
                    return false;
                }
                // The other end is gone: the process's exit is about to say so.
                Err(_) => {
                    sending.sent = sending.bytes.len();
                    self.refused.store(true, Ordering::Relaxed);
                    self.waiting().clear();
                    return true;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn what_the_channel_does_not_take_is_sent_later_and_in_order() {
        let (here, mut there) = UnixStream::pair().unwrap();
        here.set_nonblocking(true).unwrap();
        let outgoing = Outgoing::default();
        outgoing.waiting().extend_from_slice(b"kept until there is a channel;");
        assert!(outgoing.send());
        outgoing.connect(Arc::new(OwnedFd::from(here)));
        let large: Vec<u8> = (0..4_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
        outgoing.waiting().extend_from_slice(&large);
        assert!(!outgoing.send(), "a socket takes no 4 MB at once");
        outgoing.waiting().extend_from_slice(b"end");
        let expected: Vec<u8> = [b"kept until there is a channel;".as_slice(), &large, b"end"].concat();
        let mut got = vec![0; expected.len()];
        let mut read = 0;
        while read < got.len() {
            outgoing.send();
            read += there.read(&mut got[read..]).unwrap();
        }
        assert!(got == expected && outgoing.send());
    }

    #[test]
    fn a_process_that_is_gone_takes_everything() {
        let (here, there) = UnixStream::pair().unwrap();
        drop(there);
        let outgoing = Outgoing::default();
        outgoing.connect(Arc::new(OwnedFd::from(here)));
        outgoing.waiting().extend_from_slice(b"anybody there?");
        assert!(outgoing.send());
        assert!(outgoing.waiting().is_empty());
    }
}
