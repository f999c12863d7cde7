//! Finds the members of a process group other than its leader by a scan of /proc.
//!
//! A scan is expensive, so it is made at intervals: rarely when no process was started anywhere, sooner when process
//! ids were given out, and at once when many were. Threads use such ids too.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::status::Status;
use crate::error::descriptors::DescriptorReservation;
use crate::sandbox::proc_stat::{ProcStat, may_be_of};
use crate::spawn::orphans;

/// The time between two scans: when no process was started anywhere, and when one was.
const SCAN_EVERY: Duration = Duration::from_millis(100);
const SCAN_NEW_EVERY: Duration = Duration::from_millis(20);
/// The number of process ids given out since the last scan that triggers the next one at once. A fork bomb makes that
/// many in a few milliseconds.
const BURST: u32 = 64;
/// Members whose `status` file stays open. They are read each time, and the host's descriptors must not be used up.
const MOST_OPEN: usize = 16;
/// Descriptors that a scan needs at once.
const TO_LOOK: usize = 2;

/// The result of the last scan.
#[derive(Debug)]
pub(super) struct Group {
    leader: u32,
    scanned: Instant,
    members: Vec<Member>,
    /// The last field of this file is the newest process id; `None` where it cannot be read.
    loadavg: Option<File>,
    last_id: u32,
}

/// A member of the group other than its leader.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: u32,
    /// Stays open, because it refers to this process even when its id is given to another one. `None` for members
    /// beyond `MOST_OPEN`.
    status: Option<File>,
    /// What it used when it was found.
    found: Status,
}

impl Member {
    pub(super) fn status(&self) -> Status {
        match &self.status {
            Some(status) => Status::read(status).unwrap_or_default(),
            None => self.found,
        }
    }
}

impl Group {
    pub(super) fn new(leader: u32, now: Instant) -> Self {
        Self {
            leader,
            scanned: now,
            members: Vec::new(),
            loadavg: File::open("/proc/loadavg").ok(),
            last_id: leader,
        }
    }

    /// A group with more than `most` processes may be left stopped; the caller must kill it.
    pub(super) fn members(&mut self, most: u32, now: Instant) -> &[Member] {
        let last_id = self.loadavg.as_ref().and_then(last_id).unwrap_or(self.last_id);
        // Process ids wrap around at their maximum.
        let burst = last_id.abs_diff(self.last_id) >= BURST;
        let pause = if last_id == self.last_id {
            SCAN_EVERY
        } else {
            SCAN_NEW_EVERY
        };
        if burst || now.duration_since(self.scanned) >= pause {
            // A scan takes time, and a fork bomb leaves this thread less and less of it, so the group is stopped
            // meanwhile.
            let stopped = burst.then(|| stop(self.leader)).flatten();
            // Without a descriptor to scan with, the members of the last scan are used.
            if let Some(members) = members(self.leader) {
                self.members = members;
            }
            self.scanned = Instant::now();
            self.last_id = last_id;
            if let Some(group) = stopped
                && (self.members.len() as u32) < most
            {
                let _ = kill_process_group(group, Signal::CONT);
            }
        }
        &self.members
    }
}

/// Stops the group. `None` where it is gone or is not the leader's own.
fn stop(leader: u32) -> Option<Pid> {
    let group = Pid::from_raw(leader.cast_signed())?;
    (ProcStat::read(leader).ok()?.group == leader).then_some(())?;
    kill_process_group(group, Signal::STOP).ok()?;
    Some(group)
}

fn last_id(loadavg: &File) -> Option<u32> {
    let mut text = [0u8; 128];
    let length = loadavg.read_at(&mut text, 0).ok()?;
    std::str::from_utf8(&text[..length])
        .ok()?
        .split_ascii_whitespace()
        .last()?
        .parse()
        .ok()
}

/// `None` where /proc could not be read.
fn members(leader: u32) -> Option<Vec<Member>> {
    drop(DescriptorReservation::new(TO_LOOK).ok()?);
    let entries = fs::read_dir("/proc").ok()?;
    let of_group: Vec<(u32, ProcStat)> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != leader && may_be_of(*id, leader))
        .filter_map(|id| Some((id, ProcStat::read(id).ok()?)))
        .filter(|(_, stat)| stat.group == leader)
        .inspect(|(id, stat)| orphans::reap(*id, stat, leader))
        .collect();
    let ids: HashSet<u32> = of_group.iter().map(|(id, _)| *id).chain([leader]).collect();
    let members = of_group
        .iter()
        // A zombie whose parent is gone waits for the system's init, and does not count.
        .filter(|(_, stat)| !stat.has_ended() || ids.contains(&stat.parent))
        .enumerate()
        .map(|(index, (id, _))| {
            let status = File::open(format!("/proc/{id}/status")).ok();
            Member {
                id: *id,
                found: status.as_ref().and_then(Status::read).unwrap_or_default(),
                status: status.filter(|_| index < MOST_OPEN),
            }
        })
        .collect();
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_system_tells_which_id_it_gave_last() {
        let loadavg = File::open("/proc/loadavg").unwrap();
        assert!(last_id(&loadavg).unwrap() > 0);
    }
}
