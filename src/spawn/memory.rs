//! How much memory a process group uses.
//!
//! The leader's `statm` stays open: one `pread` of it costs a tenth of opening it anew, and it is read every few
//! milliseconds. The rest of the group is found by a scan of /proc, which costs so much more that it is made seldom, and
//! only where tools may start programs at all.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::time::{Duration, Instant};

/// Between two scans for members other than the leader.
const SCAN_EVERY: Duration = Duration::from_millis(100);

/// Watches the resident memory of one group.
#[derive(Debug)]
pub struct MemoryMeter {
    leader: u32,
    statm: File,
    /// When the group was last looked through, and what its other members used; none where there can't be any.
    others: Option<(Instant, u64)>,
}

impl MemoryMeter {
    /// Of the group that `leader` leads. `may_start_programs`: it can have other members. None when the process is gone.
    pub fn open(leader: u32, may_start_programs: bool, now: Instant) -> Option<Self> {
        let statm = File::open(format!("/proc/{leader}/statm")).ok()?;
        let others = may_start_programs.then_some((now, 0));
        Some(Self { leader, statm, others })
    }

    /// Resident bytes of the group; none when its leader is gone.
    pub fn resident(&mut self, now: Instant) -> Option<u64> {
        let mut text = [0u8; 128];
        let length = self.statm.read_at(&mut text, 0).ok()?;
        let own = resident_pages(&text[..length])? * page_size();
        if let Some((scanned, sum)) = &mut self.others
            && now.duration_since(*scanned) >= SCAN_EVERY
        {
            *scanned = now;
            *sum = others(self.leader);
        }
        Some(own + self.others.map_or(0, |(_, sum)| sum))
    }
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

/// Resident bytes of the group's members but its leader.
fn others(leader: u32) -> u64 {
    let Ok(entries) = fs::read_dir("/proc") else { return 0 };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok())
        .filter(|pid| *pid != leader && group_of(*pid) == Some(leader))
        .filter_map(|pid| resident_pages(&fs::read(format!("/proc/{pid}/statm")).ok()?))
        .map(|pages| pages * page_size())
        .sum()
}

/// The process group, from /proc/PID/stat: the third field after the name in brackets, which may hold anything.
fn group_of(pid: u32) -> Option<u32> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let after_name = stat.iter().rposition(|byte| *byte == b')')? + 1;
    std::str::from_utf8(&stat[after_name..])
        .ok()?
        .split_ascii_whitespace()
        .nth(2)?
        .parse()
        .ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test fails by panicking")]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_fills_memory_is_seen_to() {
        let now = Instant::now();
        let mut meter = MemoryMeter::open(std::process::id(), false, now).unwrap();
        let before = meter.resident(now).unwrap();
        let block = vec![1u8; 64 * 1024 * 1024];
        let after = meter.resident(now).unwrap();
        assert!(after >= before + 48 * 1024 * 1024, "{before} {after} {}", block.len());
    }

    #[test]
    fn a_process_that_is_gone_has_no_memory() {
        assert!(MemoryMeter::open(u32::MAX, false, Instant::now()).is_none());
    }

    #[test]
    fn only_the_second_field_counts() {
        assert_eq!(resident_pages(b"100 42 7 1 0 9 0\n"), Some(42));
        assert_eq!(resident_pages(b""), None);
    }
}
