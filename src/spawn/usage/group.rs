//! The members of a process group other than its leader, found by a scan of /proc.
//!
//! A scan costs so much that it is made seldom: now and then, sooner when the system has given out process ids, and at
//! once when it has given out many. Threads take such ids too.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::status::Status;
use crate::error::descriptors::Room;
use crate::sandbox::proc_stat::{ProcStat, may_be_of};

/// Between two scans: when no process was started anywhere, and when one was.
const SCAN_EVERY: Duration = Duration::from_millis(100);
const SCAN_NEW_EVERY: Duration = Duration::from_millis(20);
/// Process ids given out since the last scan that call for the next one. A fork bomb makes that many in some milliseconds.
const BURST: u32 = 64;
/// Members whose `status` stays open: they are read each time, and the host's descriptors are not ours to use up.
const MOST_OPEN: usize = 16;
/// Descriptors that a scan takes at once.
const TO_LOOK: usize = 2;

/// What was found last.
#[derive(Debug)]
pub(super) struct Group {
    leader: u32,
    scanned: Instant,
    members: Vec<Member>,
    /// Its last field is the process id that was given out last; none where it cannot be read.
    loadavg: Option<File>,
    last_id: u32,
}

/// A member of the group other than its leader.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) id: u32,
    /// Stays open: it belongs to this process even when its id is given to another. None for one beyond `MOST_OPEN`.
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

    /// A group that is found to be more than `most` processes may be left stopped: it is to be killed.
    pub(super) fn members(&mut self, most: u32, now: Instant) -> &[Member] {
        let last_id = self.loadavg.as_ref().and_then(last_id).unwrap_or(self.last_id);
        // Ids start again from the bottom at their end.
        let burst = last_id.abs_diff(self.last_id) >= BURST;
        let pause = if last_id == self.last_id {
            SCAN_EVERY
        } else {
            SCAN_NEW_EVERY
        };
        if burst || now.duration_since(self.scanned) >= pause {
            // Looking takes time, of which a bomb leaves this thread less and less: it has to stand still meanwhile.
            let held = burst.then(|| hold(self.leader)).flatten();
            // Without a descriptor to look with, those that were found last are looked after.
            if let Some(members) = members(self.leader) {
                self.members = members;
            }
            self.scanned = Instant::now();
            self.last_id = last_id;
            if let Some(group) = held
                && (self.members.len() as u32) < most
            {
                let _ = kill_process_group(group, Signal::CONT);
            }
        }
        &self.members
    }
}

/// Stops the group. None where it is gone, or where it is not the leader's own.
fn hold(leader: u32) -> Option<Pid> {
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

/// None where it could not be asked.
fn members(leader: u32) -> Option<Vec<Member>> {
    drop(Room::for_descriptors(TO_LOOK).ok()?);
    let entries = fs::read_dir("/proc").ok()?;
    let of_group: Vec<(u32, ProcStat)> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != leader && may_be_of(*id, leader))
        .filter_map(|id| Some((id, ProcStat::read(id).ok()?)))
        .filter(|(_, stat)| stat.group == leader)
        .collect();
    let ids: HashSet<u32> = of_group.iter().map(|(id, _)| *id).chain([leader]).collect();
    let members = of_group
        .iter()
        // One that ended and whose parent is gone waits for the system's init, and is nobody's doing.
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
