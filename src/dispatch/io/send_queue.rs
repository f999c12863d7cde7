//! Frames on their way into a process.
//!
//! A frame is sent at once as far as the channel takes it. The task that serves the process sends the rest.

use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::io::Errno;
use rustix::net::{SendFlags, send};
use tokio::sync::Notify;

use crate::system::NO_SIGNAL;

/// Above this size the memory that a large input needed is given back.
const KEPT: usize = 256 * 1024;

/// The frames for one process that are not sent yet.
#[derive(Debug)]
pub(super) struct SendQueue {
    channel: Arc<OwnedFd>,
    waiting: Mutex<Vec<u8>>,
    /// Locked while bytes are sent, so that two senders never mix their bytes.
    sending: Mutex<Sending>,
    /// Notifies the serving task that the channel did not take everything.
    blocked: Notify,
    /// Whether the process ended before it took everything.
    refused: AtomicBool,
}

#[derive(Debug, Default)]
struct Sending {
    bytes: Vec<u8>,
    sent: usize,
}

impl SendQueue {
    /// The queue of the process with this channel.
    pub(super) fn new(channel: Arc<OwnedFd>) -> Self {
        Self {
            channel,
            waiting: Mutex::default(),
            sending: Mutex::default(),
            blocked: Notify::new(),
            refused: AtomicBool::new(false),
        }
    }

    /// Adds a frame, which [`send`](Self::send) sends.
    pub(super) fn append(&self, frame: &[u8]) {
        self.waiting().extend_from_slice(frame);
    }

    /// Closes the channel in both directions, because a program that inherited the other end must not go on using it.
    pub(super) fn shutdown(&self) {
        // The system refuses this only where the other end is closed.
        let _ = rustix::net::shutdown(&self.channel, rustix::net::Shutdown::Both);
    }

    pub(super) fn channel(&self) -> &Arc<OwnedFd> {
        &self.channel
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<u8>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether something was not taken or still waits to be sent.
    pub(super) fn has_unsent(&self) -> bool {
        let sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        self.refused.load(Ordering::Relaxed) || sending.sent < sending.bytes.len() || !self.waiting().is_empty()
    }

    /// Resolves when the channel did not take everything.
    pub(super) async fn blocked(&self) {
        self.blocked.notified().await;
    }

    /// Sends as much as the channel takes without waiting, and notifies the serving task where something is left. Returns true
    /// when nothing is left.
    pub(super) fn send(&self) -> bool {
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
                &self.channel,
                &sending.bytes[sending.sent..],
                NO_SIGNAL | SendFlags::DONTWAIT,
            ) {
                Ok(count) => sending.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    self.blocked.notify_one();
                    return false;
                }
                // The other end is closed. The exit of the process follows and is handled there.
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
        let queue = SendQueue::new(Arc::new(OwnedFd::from(here)));
        queue.append(b"first;");
        assert!(queue.send());
        let large: Vec<u8> = (0..4_000_000u32).map(|n| n.to_le_bytes()[0]).collect();
        queue.append(&large);
        assert!(!queue.send(), "a socket takes no 4 MB at once");
        queue.append(b"end");
        let expected: Vec<u8> = [b"first;".as_slice(), &large, b"end"].concat();
        let mut got = vec![0; expected.len()];
        let mut read = 0;
        while read < got.len() {
            queue.send();
            read += there.read(&mut got[read..]).unwrap();
        }
        assert!(got == expected && queue.send());
    }

    #[test]
    fn a_process_that_is_gone_takes_everything() {
        let (here, there) = UnixStream::pair().unwrap();
        drop(there);
        let queue = SendQueue::new(Arc::new(OwnedFd::from(here)));
        queue.append(b"anybody there?");
        assert!(queue.send());
        assert!(queue.waiting().is_empty());
    }
}
