//! Measures what one process group uses, each part as often as its cost allows.

use std::fs::File;
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use super::descriptors::Descriptors;
use super::figures::{Caps, Measured, Usage};
use super::group::Group;
use super::hidden_sockets::HiddenSockets;
use super::mappings::SharedMemory;
use super::status::Status;
use super::weigher::Weigher;
use crate::error::descriptors::DescriptorReservation;
use crate::spawn::temporary::DiskUsage;

/// The time between two looks at what the cheap counts do not contain: shared memory, sockets, pipes, watches.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Descriptors of the host that one look needs at once.
const TO_LOOK: usize = 4;
/// Descriptors of one group inspected at once; this takes some milliseconds.
const MOST_DESCRIPTORS: usize = 1024;
/// Processes of one group whose mappings and descriptors are inspected. A larger group is about to exceed its limit.
const MOST_LOOKED_AT: usize = 64;

/// Measures one group.
#[derive(Debug)]
pub struct UsageMeter {
    leader: u32,
    status: File,
    /// `None` where there can be no other members.
    group: Option<Group>,
    looked: Instant,
    hidden: Hidden,
    hidden_sockets: HiddenSockets,
    weigher: Weigher,
}

/// The result of the last look at what the cheap counts do not contain.
#[derive(Debug, Default, Clone, Copy)]
struct Hidden {
    shared: u64,
    descriptors: u64,
    watches: u64,
    notifiers: u64,
    nameless: u64,
}

impl UsageMeter {
    /// A meter of the group that `leader` leads. Fails when the process is gone or the host has no descriptor left: a
    /// process that cannot be watched must not run.
    pub fn open(leader: u32, measured: Measured, now: Instant) -> io::Result<Self> {
        Ok(Self {
            leader,
            status: File::open(format!("/proc/{leader}/status"))?,
            group: measured.may_start_programs.then(|| Group::new(leader, now)),
            looked: now,
            hidden: Hidden::default(),
            hidden_sockets: HiddenSockets::new(leader, measured.connections, measured.channel, now),
            weigher: Weigher::new(measured.temporary, now),
        })
    }

    /// `None` when the leader is gone. A group that has more processes than allowed may be left stopped; the caller
    /// must kill it.
    pub fn usage(&mut self, caps: Caps, now: Instant) -> Option<Usage> {
        let own = Status::read(&self.status)?;
        let members = match &mut self.group {
            Some(group) => group.members(caps.processes, now),
            None => &[],
        };
        let mut usage = Usage {
            memory: own.memory(),
            processes: 1 + members.len() as u32,
            threads: own.threads,
            watches: 0,
            notifiers: 0,
            temporary: DiskUsage::default(),
        };
        let mut resident_shared = own.shared;
        for status in members.iter().map(|member| member.status()) {
            usage.memory += status.memory();
            usage.threads += status.threads;
            resident_shared += status.shared;
        }
        // Without a descriptor the result of the last look is used, because half a look would find too little.
        if now.duration_since(self.looked) >= LOOK_EVERY && DescriptorReservation::new(TO_LOOK).is_ok() {
            self.looked = now;
            let ids = [self.leader].into_iter().chain(members.iter().map(|member| member.id));
            let directory = self.weigher.path();
            self.hidden = look(ids.take(MOST_LOOKED_AT), directory, &mut self.hidden_sockets, now);
        }
        // The resident part of it is already counted.
        usage.memory += self.hidden.shared.saturating_sub(resident_shared) + self.hidden.descriptors;
        usage.watches = self.hidden.watches;
        usage.notifiers = self.hidden.notifiers;
        usage.temporary = self.weigher.weigh(now);
        usage.temporary.bytes = usage.temporary.bytes.saturating_add(self.hidden.nameless);
        Some(usage)
    }
}

fn look(
    processes: impl Iterator<Item = u32>,
    temporary: Option<&Path>,
    hidden_sockets: &mut HiddenSockets,
    now: Instant,
) -> Hidden {
    let mut shared = SharedMemory::default();
    let mut descriptors = Descriptors::default();
    for process in processes {
        shared.add(process);
        descriptors.add(process, MOST_DESCRIPTORS, temporary);
    }
    Hidden {
        shared: shared.bytes(),
        descriptors: descriptors.bytes() + hidden_sockets.bytes(&descriptors, now),
        watches: descriptors.watches(),
        notifiers: descriptors.notifiers(),
        nameless: descriptors.nameless(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAPS: Caps = Caps {
        processes: u32::MAX,
        threads: u32::MAX,
        watches: u64::MAX,
        notifiers: u64::MAX,
    };

    #[test]
    fn a_process_and_its_threads_are_seen() {
        let now = Instant::now();
        let mut meter = UsageMeter::open(std::process::id(), Measured::default(), now).unwrap();
        let before = meter.usage(CAPS, now).unwrap();
        let (stop, stopped) = std::sync::mpsc::channel::<()>();
        let (up, running) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let _ = up.send(());
            let _ = stopped.recv();
        });
        running.recv().unwrap();
        let after = meter.usage(CAPS, now).unwrap();
        assert!(after.threads > before.threads, "{before:?} {after:?}");
        assert_eq!(after.processes, 1);
        drop(stop);
        thread.join().unwrap();
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        assert!(UsageMeter::open(u32::MAX, Measured::default(), Instant::now()).is_err());
    }
}
