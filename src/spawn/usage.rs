//! What a process group uses: memory, and how many processes it is.
//!
//! The leader's `statm` stays open: one `pread` of it costs a tenth of opening it anew, and it is read every few
//! milliseconds. The rest of the group is found by a scan of /proc, which costs so much more that it is made seldom, and
//! only where tools may start programs at all: now and then, sooner when the system has given out process ids, and at once
//! when it has given out many.

use std::collections::HashSet;
use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

/// Between two scans for members other than the leader: when no process was started anywhere, and when one was.
const SCAN_EVERY: Duration = Duration::from_millis(100);
const SCAN_NEW_EVERY: Duration = Duration::from_millis(20);
/// Process ids given out since the last scan that call for the next one. A fork bomb makes that many in some milliseconds.
const BURST: u32 = 64;

/// Members whose `statm` stays open: they are read each time, and the host's descriptors are not ours to use up.
const MOST_OPEN: usize = 16;

/// What a group used at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// Resident bytes.
    pub resident: u64,
    /// Its members, those included that ended and that a member has yet to reap.
    pub processes: u32,
}

/// Watches one group.
#[derive(Debug)]
pub struct UsageMeter {
    leader: u32,
    statm: File,
    /// None where there can't be other members.
    others: Option<Others>,
}

#[derive(Debug)]
struct Others {
    scanned: Instant,
    found: Vec<Member>,
    /// Its last field is the process id that was given out last; none where it cannot be read.
    loadavg: Option<File>,
    last_id: u32,
}

impl UsageMeter {
    /// Of the group that `leader` leads. `may_start_programs`: it can have other members. None when the process is gone.
    pub fn open(leader: u32, may_start_programs: bool, now: Instant) -> Option<Self> {
        let statm = File::open(format!("/proc/{leader}/statm")).ok()?;
        let others = may_start_programs.then(|| Others {
            scanned: now,
            found: Vec::new(),
            loadavg: File::open("/proc/loadavg").ok(),
            last_id: leader,
        });
        Some(Self { leader, statm, others })
    }

    /// None when the leader is gone. A group that is found to be more than `most` processes may be left stopped: it is to be
    /// killed.
    pub fn usage(&mut self, most: u32, now: Instant) -> Option<Usage> {
        let own = resident(&self.statm)?;
        let others = self
            .others
            .as_mut()
            .map_or(&[][..], |others| others.members(self.leader, most, now));
        Some(Usage {
            resident: own + others.iter().map(Member::resident).sum::<u64>(),
            processes: 1 + others.len() as u32,
        })
    }
}

impl Others {
    fn members(&mut self, leader: u32, most: u32, now: Instant) -> &[Member] {
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
            let held = burst.then(|| hold(leader)).flatten();
            self.found = others(leader);
            self.scanned = Instant::now();
            self.last_id = last_id;
            if let Some(group) = held
                && (self.found.len() as u32) < most
            {
                let _ = kill_process_group(group, Signal::CONT);
            }
        }
        &self.found
    }
}

/// Stops the group. None where it is gone, or where it is not the leader's own.
fn hold(leader: u32) -> Option<Pid> {
    let group = Pid::from_raw(leader.cast_signed())?;
    (stat(leader)?.group == leader).then_some(())?;
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

/// None when the process is gone.
fn resident(statm: &File) -> Option<u64> {
    let mut text = [0u8; 128];
    let length = statm.read_at(&mut text, 0).ok()?;
    Some(resident_pages(&text[..length])? * page_size())
}

/// The second field of statm.
fn resident_pages(statm: &[u8]) -> Option<u64> {
    std::str::from_utf8(statm)
        .ok()?
        .split_ascii_whitespace()
        .nth(1)?
        .parse()
        .ok()
}

fn page_size() -> u64 {
    rustix::param::page_size() as u64
}

/// A member of the group other than its leader.
#[derive(Debug)]
struct Member {
    /// Stays open: it belongs to this process even when its id is given to another. None for one beyond `MOST_OPEN`.
    statm: Option<File>,
    /// What it used when it was found.
    found: u64,
}

impl Member {
    fn resident(&self) -> u64 {
        match &self.statm {
            Some(statm) => resident(statm).unwrap_or(0),
            None => self.found,
        }
    }
}

/// One process, from /proc/PID/stat.
struct Stat {
    id: u32,
    parent: u32,
    group: u32,
    ended: bool,
}

/// The group's members but its leader.
fn others(leader: u32) -> Vec<Member> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let of_group: Vec<Stat> = entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|id| *id != leader)
        .filter_map(stat)
        .filter(|stat| stat.group == leader)
        .collect();
    let ids: HashSet<u32> = of_group.iter().map(|stat| stat.id).chain([leader]).collect();
    of_group
        .iter()
        // One that ended and whose parent is gone waits for the system's init, and is nobody's doing.
        .filter(|stat| !stat.ended || ids.contains(&stat.parent))
        .enumerate()
        .map(|(index, stat)| {
            let statm = File::open(format!("/proc/{}/statm", stat.id)).ok();
            Member {
                found: statm.as_ref().and_then(resident).unwrap_or(0),
                statm: statm.filter(|_| index < MOST_OPEN),
            }
        })
        .collect()
}

fn stat(id: u32) -> Option<Stat> {
    parse(id, &fs::read(format!("/proc/{id}/stat")).ok()?)
}

/// State, parent and group follow the name in brackets, which may hold anything.
fn parse(id: u32, stat: &[u8]) -> Option<Stat> {
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    let mut fields = std::str::from_utf8(&stat[after_name..]).ok()?.split_ascii_whitespace();
    Some(Stat {
        id,
        ended: matches!(fields.next()?, "Z" | "X"),
        parent: fields.next()?.parse().ok()?,
        group: fields.next()?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_fills_memory_is_seen_to() {
        let now = Instant::now();
        let mut meter = UsageMeter::open(std::process::id(), false, now).unwrap();
        let before = meter.usage(u32::MAX, now).unwrap();
        let block = vec![1u8; 64 * 1024 * 1024];
        let after = meter.usage(u32::MAX, now).unwrap();
        assert!(
            after.resident >= before.resident + 48 * 1024 * 1024,
            "{before:?} {after:?} {}",
            block.len()
        );
        assert_eq!(after.processes, 1);
    }

    #[test]
    fn a_process_that_is_gone_uses_nothing() {
        assert!(UsageMeter::open(u32::MAX, false, Instant::now()).is_none());
    }

    #[test]
    fn a_name_may_look_like_the_fields() {
        let stat = parse(12, b"12 (a) Z 1 2 (b)) Z 7 42 9 0").unwrap();
        assert_eq!((stat.parent, stat.group, stat.ended), (7, 42, true));
        assert!(parse(12, b"12 (x) S 1").is_none());
    }

    #[test]
    fn the_system_tells_which_id_it_gave_last() {
        let loadavg = File::open("/proc/loadavg").unwrap();
        assert!(last_id(&loadavg).unwrap() > 0);
    }

    #[test]
    fn only_the_second_field_counts() {
        assert_eq!(resident_pages(b"100 42 7 1 0 9 0\n"), Some(42));
        assert_eq!(resident_pages(b""), None);
    }
}
