//! The channels that the host's own thread reads.
//!
//! An answer then wakes the thread that waits for it and no other one on the way. How that thread hears of it hangs on the
//! host: its event loop watches one epoll descriptor with all channels in it, or it is given each channel as a socket of its
//! own. Such a socket the host's runtime reads itself, so it is no more than a bell: the frames come through the ring.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustc_hash::FxHashMap;
use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll;

use super::facts::Sink;
use super::hub::Hub;
use super::inlet::{Inlet, Left};
use crate::pool::WorkerId;

/// Channels looked at in one go; the descriptor stays readable as long as there are more.
const AT_ONCE: usize = 16;

/// How long a host that left something lying is taken to be busy.
const BUSY_FOR: Duration = Duration::from_millis(20);

/// Turns of reading before a deadline is judged.
const MOST_TURNS: usize = 8;

const NOW: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };

/// The set of them.
#[derive(Clone)]
pub struct HostReads(Arc<Set>);

struct Set {
    /// Readable when one of the channels is. None: the host has them as bells.
    epoll: Option<OwnedFd>,
    members: Mutex<FxHashMap<WorkerId, Member>>,
}

struct Member {
    inlet: Arc<Inlet>,
    channel: Arc<OwnedFd>,
    /// How often it had been read when the driver last looked.
    reads: u64,
    /// It has said more than its share, and is left alone until then.
    rests_until: Option<Instant>,
}

impl HostReads {
    /// An empty set, for a host that watches its descriptor.
    pub fn watched() -> std::io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        Ok(Self::with(Some(epoll)))
    }

    /// An empty set, for a host that is given a socket for each channel: see [`Event::Listen`](crate::observe::Event::Listen).
    pub fn bells() -> Self {
        Self::with(None)
    }

    fn with(epoll: Option<OwnedFd>) -> Self {
        Self(Arc::new(Set {
            epoll,
            members: Mutex::default(),
        }))
    }

    /// Readable when [`Hub::read`] has something to do; none where bells say so.
    pub fn descriptor(&self) -> Option<BorrowedFd<'_>> {
        self.0.epoll.as_ref().map(AsFd::as_fd)
    }

    /// Every frame must come through the ring.
    pub fn are_bells(&self) -> bool {
        self.0.epoll.is_none()
    }

    /// False where the system refuses, or this process says things the host would not find: the driver goes on reading it.
    pub(super) fn add(&self, inlet: &Arc<Inlet>, channel: &Arc<OwnedFd>, left: Left, sink: &dyn Sink) -> bool {
        let mut members = self.lock();
        let worker = inlet.worker();
        match &self.0.epoll {
            Some(epoll) => {
                let data = epoll::EventData::new_u64(u64::from(worker.0));
                if epoll::add(epoll, channel, data, epoll::EventFlags::IN).is_err() {
                    return false;
                }
            }
            None if !left.all_in_ring => return false,
            None => match rustix::io::fcntl_dupfd_cloexec(channel, 0) {
                Ok(bell) => sink.listen(bell),
                Err(_) => return false,
            },
        }
        let member = Member {
            reads: inlet.reads(),
            inlet: Arc::clone(inlet),
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
            // Refused only where it is not there any more.
            let _ = epoll::delete(epoll, &member.channel);
        }
    }

    /// Those that have something.
    fn waiting(&self) -> Vec<Arc<Inlet>> {
        // The only one is asked itself, whether it has something or not.
        let only = |members: &FxHashMap<WorkerId, Member>| match members.len() {
            1 => awake(members.values()).next().cloned(),
            _ => None,
        };
        if let Some(inlet) = only(&self.lock()) {
            return vec![inlet];
        }
        let Some(epoll) = &self.0.epoll else {
            let members = self.lock();
            return awake(members.values())
                .filter(|inlet| inlet.has_in_ring())
                .cloned()
                .collect();
        };
        let mut events = Vec::with_capacity(AT_ONCE);
        let _ = epoll::wait(epoll, spare_capacity(&mut events), Some(&NOW));
        let members = self.lock();
        let inlet = |event: &epoll::Event| {
            let worker = WorkerId(u32::try_from(event.data.u64()).ok()?);
            Some(Arc::clone(&members.get(&worker)?.inlet))
        };
        events.iter().filter_map(inlet).collect()
    }

    /// All that have something.
    fn all_waiting(&self) -> Vec<Arc<Inlet>> {
        let members = self.lock();
        awake(members.values())
            .filter(|inlet| inlet.is_waiting())
            .cloned()
            .collect()
    }

    /// Those that have something and were not read since the last time this was asked.
    fn neglected(&self) -> Vec<Arc<Inlet>> {
        let neglected = |member: &mut Member| {
            let reads = member.inlet.reads();
            let same = std::mem::replace(&mut member.reads, reads) == reads;
            same && member.rests_until.is_none() && member.inlet.is_waiting()
        };
        let mut members = self.lock();
        let inlets = members
            .values_mut()
            .filter_map(|member| neglected(member).then(|| Arc::clone(&member.inlet)));
        inlets.collect()
    }

    /// This one was read, but not because the host heard of it: that says nothing of the host.
    fn after_reading(&self, inlet: &Inlet, left: Left) {
        if let Some(member) = self.lock().get_mut(&inlet.worker()) {
            member.reads = inlet.reads();
            self.rest(inlet.worker(), member, left.rests_until);
        }
        if !left.channel_open {
            self.remove(inlet.worker());
        }
    }

    /// Leaves it alone until then: the host does not hear of it meanwhile.
    fn rest(&self, worker: WorkerId, member: &mut Member, until: Option<Instant>) {
        if member.rests_until.is_some() != until.is_some()
            && let Some(epoll) = &self.0.epoll
        {
            let flags = match until {
                Some(_) => epoll::EventFlags::empty(),
                None => epoll::EventFlags::IN,
            };
            let data = epoll::EventData::new_u64(u64::from(worker.0));
            // Refused only where it is not there any more.
            let _ = epoll::modify(epoll, &member.channel, data, flags);
        }
        member.rests_until = until;
    }

    /// Ends the rests that are over, and says which these are and when the next one ends.
    fn rested(&self, now: Instant) -> (Vec<Arc<Inlet>>, Option<Instant>) {
        let mut rested = Vec::new();
        let mut next = None;
        for (worker, member) in self.lock().iter_mut() {
            match member.rests_until {
                Some(until) if until <= now => {
                    self.rest(*worker, member, None);
                    rested.push(Arc::clone(&member.inlet));
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

/// Those that are not left alone.
fn awake<'a>(members: impl Iterator<Item = &'a Member>) -> impl Iterator<Item = &'a Arc<Inlet>> {
    members
        .filter(|member| member.rests_until.is_none())
        .map(|member| &member.inlet)
}

impl Hub {
    /// Reads what processes have said; for the thread that hears of it by [`HostReads`].
    pub fn read(self: &Arc<Self>) {
        let host_reads = {
            let mut state = self.lock();
            state.host_busy_until = None;
            state.host_reads.clone()
        };
        // What is left now is read once the host has taken what was read before: the descriptor stays readable, and what a bell
        // told of is found by the driver.
        if let Some(host_reads) = host_reads
            && !self.settings.sink.congested()
        {
            self.read_each(&host_reads, host_reads.waiting());
        }
    }

    /// Reads everything that was said so far, by whatever process and whoever reads its channel otherwise: it came before
    /// what is about to be decided. Also finds channels that have ended.
    pub fn read_all(self: &Arc<Self>) {
        let (host_reads, inlets) = {
            let state = self.lock();
            let running = state.stations.values().filter_map(|station| station.link.as_ref());
            let inlets: Vec<_> = running.map(|link| Arc::clone(&link.inlet)).collect();
            (state.host_reads.clone(), inlets)
        };
        for inlet in inlets.iter().filter(|inlet| inlet.is_waiting()) {
            // What fits into a socket's buffer is a few turns' share.
            for _ in 0..MOST_TURNS {
                let left = inlet.drain(self);
                if let Some(host_reads) = &host_reads {
                    host_reads.after_reading(inlet, left);
                }
                if !left.more {
                    break;
                }
            }
        }
    }

    /// Reads in place of a host that is busy elsewhere. Once it is found to be, it is looked after closely for a while: what does
    /// not fit a socket's buffer comes in many pieces.
    pub(super) fn read_neglected(self: &Arc<Self>, now: Instant) {
        let Some(host_reads) = self.host_reads() else { return };
        let busy = self.lock().host_busy_until.is_some_and(|until| now < until);
        let inlets = match busy {
            _ if self.settings.sink.congested() => Vec::new(),
            true => host_reads.all_waiting(),
            false => host_reads.neglected(),
        };
        if !inlets.is_empty() {
            self.lock().host_busy_until = Some(now + BUSY_FOR);
        }
        self.read_each(&host_reads, inlets);
    }

    /// Reads those that said more than their share and have waited for it.
    pub(super) fn read_rested(self: &Arc<Self>, now: Instant) {
        // Taken first: what another thread notes meanwhile stands beside what is found here.
        self.lock().rests_end = None;
        let host_reads = self.host_reads();
        let (rested, next) = host_reads.as_ref().map(|reads| reads.rested(now)).unwrap_or_default();
        if let Some(next) = next {
            let rests_end = &mut self.lock().rests_end;
            *rests_end = Some(rests_end.map_or(next, |end| end.min(next)));
        }
        if let Some(host_reads) = host_reads
            && !self.settings.sink.congested()
        {
            self.read_each(&host_reads, rested);
        }
    }

    pub(super) fn host_reads(&self) -> Option<HostReads> {
        self.lock().host_reads.clone()
    }

    fn read_each(self: &Arc<Self>, host_reads: &HostReads, inlets: Vec<Arc<Inlet>>) {
        for inlet in inlets {
            let left = inlet.drain(self);
            host_reads.after_reading(&inlet, left);
        }
    }
}
