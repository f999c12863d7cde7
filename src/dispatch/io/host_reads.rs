//! The channels that the host's own thread reads.
//!
//! An answer then wakes only the thread that waits for it. How that thread is notified depends on the host: its event loop
//! watches one descriptor that stands for all channels (`channel_set.rs`), or it gets each channel as a socket. The host's runtime reads such
//! a socket itself, so the socket is only a doorbell, and the frames come through the ring.

use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustc_hash::FxHashMap;

#[cfg(not(portable))]
use super::channel_set::ChannelSet;
#[cfg(portable)]
use super::driver_reads::ChannelSet;
use super::reader::{ProcessReader, ReadStatus};
use crate::dispatch::sink::Sink;
use crate::pool::WorkerId;

/// The set of these channels.
#[derive(Clone)]
pub struct HostReads(Arc<Set>);

struct Set {
    /// Readable when one of the channels is; `None` where the host has the channels as doorbells.
    channels: Option<ChannelSet>,
    members: Mutex<FxHashMap<WorkerId, Member>>,
}

struct Member {
    reader: Arc<ProcessReader>,
    channel: Arc<OwnedFd>,
    /// How often the reader had read when the driver checked last.
    reads: u64,
    /// Set where the process sent more than its share. It is not read before this moment.
    rests_until: Option<Instant>,
}

impl HostReads {
    /// An empty set for a host that watches its descriptor.
    pub fn watched() -> std::io::Result<Self> {
        Ok(Self::with(Some(ChannelSet::new()?)))
    }

    /// An empty set for a host that gets a socket for each channel; see [`Event::Listen`](crate::observe::Event::Listen).
    pub fn doorbells() -> Self {
        Self::with(None)
    }

    fn with(channels: Option<ChannelSet>) -> Self {
        Self(Arc::new(Set {
            channels,
            members: Mutex::default(),
        }))
    }

    /// Readable when [`Dispatcher::read`](super::dispatcher::Dispatcher::read) has something to read; `None` where doorbells
    /// notify the host.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.channels.as_ref().map(ChannelSet::descriptor)
    }

    /// Whether the host has the channels as doorbells, so that every frame must come through the ring.
    pub fn are_doorbells(&self) -> bool {
        self.0.channels.is_none()
    }

    /// Adds a channel. Returns false where the system refuses that, or where some frames of this process do not come through
    /// the ring. The driver then goes on reading it.
    pub(super) fn add(
        &self,
        reader: &Arc<ProcessReader>,
        channel: &Arc<OwnedFd>,
        status: ReadStatus,
        sink: &dyn Sink,
    ) -> bool {
        let mut members = self.lock();
        let worker = reader.worker();
        match &self.0.channels {
            Some(channels) if !channels.add(channel, worker.0) => return false,
            Some(_) => {}
            None if !status.all_in_ring => return false,
            None => match rustix::io::fcntl_dupfd_cloexec(channel, 0) {
                Ok(doorbell) => sink.listen(doorbell),
                Err(_) => return false,
            },
        }
        let member = Member {
            reads: reader.reads(),
            reader: Arc::clone(reader),
            channel: Arc::clone(channel),
            rests_until: None,
        };
        members.insert(worker, member);
        true
    }

    pub(super) fn remove(&self, worker: WorkerId) {
        if let Some(member) = self.lock().remove(&worker)
            && let Some(channels) = &self.0.channels
        {
            channels.remove(&member.channel);
        }
    }

    /// Readers of channels that have something to read; there may be more.
    pub(super) fn waiting(&self) -> Vec<Arc<ProcessReader>> {
        // With a single channel it is read without a system call that finds out whether it is readable.
        let only = |members: &FxHashMap<WorkerId, Member>| match members.len() {
            1 => awake(members.values()).next().cloned(),
            _ => None,
        };
        if let Some(reader) = only(&self.lock()) {
            return vec![reader];
        }
        let Some(channels) = &self.0.channels else {
            let members = self.lock();
            return awake(members.values())
                .filter(|reader| reader.has_in_ring())
                .cloned()
                .collect();
        };
        let readable = channels.readable();
        let members = self.lock();
        let reader = |number| Some(Arc::clone(&members.get(&WorkerId(number))?.reader));
        readable.filter_map(reader).collect()
    }

    /// All readers that have something to read.
    pub(super) fn all_waiting(&self) -> Vec<Arc<ProcessReader>> {
        let members = self.lock();
        awake(members.values())
            .filter(|reader| reader.is_waiting())
            .cloned()
            .collect()
    }

    /// The readers that have something to read and have not read since the last call of this method.
    pub(super) fn neglected(&self) -> Vec<Arc<ProcessReader>> {
        let neglected = |member: &mut Member| {
            let reads = member.reader.reads();
            let same = std::mem::replace(&mut member.reads, reads) == reads;
            same && member.rests_until.is_none() && member.reader.is_waiting()
        };
        let mut members = self.lock();
        let readers = members
            .values_mut()
            .filter_map(|member| neglected(member).then(|| Arc::clone(&member.reader)));
        readers.collect()
    }

    /// Records that a reader has read without a notification of the host, so that this does not count as a sign that the host
    /// is idle.
    pub(super) fn after_reading(&self, reader: &ProcessReader, status: ReadStatus) {
        if let Some(member) = self.lock().get_mut(&reader.worker()) {
            member.reads = reader.reads();
            self.rest(reader.worker(), member, status.rests_until);
        }
        if !status.channel_open {
            self.remove(reader.worker());
        }
    }

    /// Leaves the channel unread until then. The host is not notified of it meanwhile.
    fn rest(&self, worker: WorkerId, member: &mut Member, until: Option<Instant>) {
        if member.rests_until.is_some() != until.is_some()
            && let Some(channels) = &self.0.channels
        {
            channels.notify(&member.channel, worker.0, until.is_none());
        }
        member.rests_until = until;
    }

    /// Ends the rests that are over. Returns their readers and the moment at which the next rest ends.
    pub(super) fn rested(&self, now: Instant) -> (Vec<Arc<ProcessReader>>, Option<Instant>) {
        let mut rested = Vec::new();
        let mut next = None;
        for (worker, member) in self.lock().iter_mut() {
            match member.rests_until {
                Some(until) if until <= now => {
                    self.rest(*worker, member, None);
                    rested.push(Arc::clone(&member.reader));
                }
                until => next = next.into_iter().chain(until).min(),
            }
        }
        (rested, next)
    }

    fn lock(&self) -> MutexGuard<'_, FxHashMap<WorkerId, Member>> {
        self.0.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The readers that are not resting.
fn awake<'a>(members: impl Iterator<Item = &'a Member>) -> impl Iterator<Item = &'a Arc<ProcessReader>> {
    members
        .filter(|member| member.rests_until.is_none())
        .map(|member| &member.reader)
}
