//! The channels that the host's own thread reads.
//!
//! An answer then wakes only the thread that waits for it. How that thread is notified depends on the host: its event loop
//! watches one epoll descriptor that contains all channels, or it gets each channel as a socket. The host's runtime reads such
//! a socket itself, so the socket is only a doorbell, and the frames come through the ring.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use rustc_hash::FxHashMap;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll;

use super::reader::{ProcessReader, ReadStatus};
use crate::dispatch::sink::Sink;
use crate::pool::WorkerId;

/// How many channels are taken at once. The descriptor stays readable as long as there are more.
const AT_ONCE: usize = 16;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The set of these channels.
#[derive(Clone)]
pub struct HostReads(Arc<Set>);

struct Set {
    /// Readable when one of the channels is; `None` where the host has the channels as doorbells.
    epoll: Option<OwnedFd>,
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
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self::with(Some(epoll)))
    }

    /// An empty set for a host that gets a socket for each channel; see [`Event::Listen`](crate::observe::Event::Listen).
    pub fn doorbells() -> Self {
        Self::with(None)
    }

    fn with(epoll: Option<OwnedFd>) -> Self {
        Self(Arc::new(Set {
            epoll,
            members: Mutex::default(),
        }))
    }

    /// Readable when [`Dispatcher::read`](super::dispatcher::Dispatcher::read) has something to read; `None` where doorbells
    /// notify the host.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.epoll.as_ref().map(AsFd::as_fd)
    }

    /// Whether the host has the channels as doorbells, so that every frame must come through the ring.
    pub fn are_doorbells(&self) -> bool {
        self.0.epoll.is_none()
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
        match &self.0.epoll {
            Some(epoll) => {
                let data = epoll::EventData::new_u64(u64::from(worker.0));
                if epoll::add(epoll, channel, data, epoll::EventFlags::IN).is_err() {
                    return false;
                }
            }
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
            && let Some(epoll) = &self.0.epoll
        {
            // The system refuses this only where the channel is no longer in the set.
            let _ = epoll::delete(epoll, &member.channel);
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
        let Some(epoll) = &self.0.epoll else {
            let members = self.lock();
            return awake(members.values())
                .filter(|reader| reader.has_in_ring())
                .cloned()
                .collect();
        };
        let mut events = Vec::with_capacity(AT_ONCE);
        let _ = epoll::wait(epoll, spare_capacity(&mut events), Some(&NOW));
        let members = self.lock();
        let reader = |event: &epoll::Event| {
            let worker = WorkerId(u32::try_from(event.data.u64()).ok()?);
            Some(Arc::clone(&members.get(&worker)?.reader))
        };
        events.iter().filter_map(reader).collect()
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
            && let Some(epoll) = &self.0.epoll
        {
            let flags = match until {
                Some(_) => epoll::EventFlags::empty(),
                None => epoll::EventFlags::IN,
            };
            let data = epoll::EventData::new_u64(u64::from(worker.0));
            // The system refuses this only where the channel is no longer in the set.
            let _ = epoll::modify(epoll, &member.channel, data, flags);
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
