//! Which memory of an origin a child that waits for a call copies meanwhile: what the origin has in memory. Otherwise a
//! call would do that page by page, each with a fault.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::smaps::{Region, regions};
use super::wire::{MOST_RUNS, Run};

/// Runs with at most so many other pages between them are one: a call of the system costs more than a few pages.
const GAP: u64 = 2;
/// Bytes that a child copies at most. Above that, copying costs more memory and time than a call saves: it needs some two
/// megabytes of what its origin has.
const MOST_COPIED: u64 = 8 << 20;
/// The bits of an entry of pagemap: the page is in memory, and it is a file's or shared.
const PRESENT: u64 = 1 << 63;
const OF_A_FILE: u64 = 1 << 61;
const ENTRY: usize = size_of::<u64>();
/// Entries that are read at once.
const AT_ONCE: u64 = 64 * 1024;

/// What is in memory of an origin. Empty where that cannot be told, which only makes first calls slower.
pub(super) fn in_memory(pid: u32, smaps: &str) -> Vec<Run> {
    let page = rustix::param::page_size() as u64;
    let Ok(pagemap) = File::open(format!("/proc/{pid}/pagemap")) else {
        return Vec::new();
    };
    let mut runs = Vec::new();
    for region in regions(smaps).into_iter().filter(is_worthwhile) {
        let mut at = region.from;
        while at < region.to {
            let count = AT_ONCE.min((region.to - at) / page);
            let mut bytes = vec![0; count as usize * ENTRY];
            if count == 0 || pagemap.read_exact_at(&mut bytes, at / page * ENTRY as u64).is_err() {
                break;
            }
            let (entries, _) = bytes.as_chunks::<ENTRY>();
            let entries = entries.iter().map(|entry| u64::from_ne_bytes(*entry));
            add_runs(&mut runs, entries, at, page, region.private);
            at += count * page;
        }
    }
    let copied: u64 = runs.iter().filter(|run| run.write).map(|run| run.to - run.from).sum();
    if copied > MOST_COPIED {
        runs.retain(|run| !run.write);
    }
    // What is copied comes first: it costs a call the most.
    runs.sort_by_key(|run| !run.write);
    runs.truncate(MOST_RUNS);
    runs
}

fn is_worthwhile(region: &Region) -> bool {
    region.resident && !region.special
}

/// Adds the pages that these entries, from an address on, say are there. `private`: they are copied, so those of files
/// do not count.
fn add_runs(runs: &mut Vec<Run>, entries: impl Iterator<Item = u64>, from: u64, page: u64, private: bool) {
    for (index, entry) in entries.enumerate() {
        if entry & PRESENT == 0 || (private && entry & OF_A_FILE != 0) {
            continue;
        }
        let at = from + index as u64 * page;
        match runs.last_mut() {
            Some(last) if last.write == private && at >= last.to && at - last.to <= GAP * page && at != from => {
                last.to = at + page;
            }
            _ => runs.push(Run {
                from: at,
                to: at + page,
                write: private,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbouring_pages_are_one_run() {
        let mut runs = Vec::new();
        let there = [PRESENT, PRESENT, 0, 0, PRESENT, 0, 0, 0, PRESENT, PRESENT | OF_A_FILE];
        add_runs(&mut runs, there.into_iter(), 0x10000, 0x1000, true);
        let run = |from, to| Run { from, to, write: true };
        assert_eq!(runs, [run(0x10000, 0x15000), run(0x18000, 0x19000)]);
    }

    #[test]
    fn pages_of_files_are_only_read() {
        let mut runs = Vec::new();
        add_runs(&mut runs, [PRESENT | OF_A_FILE].into_iter(), 0x1000, 0x1000, false);
        add_runs(&mut runs, [PRESENT].into_iter(), 0x2000, 0x1000, true);
        assert_eq!(runs.iter().map(|run| run.write).collect::<Vec<_>>(), [false, true]);
    }

    #[test]
    fn this_process_has_its_stack_in_memory() {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let here = 0u8;
        let runs = in_memory(std::process::id(), &smaps);
        let address = (&raw const here).addr() as u64;
        assert!(
            runs.iter()
                .any(|run| run.write && (run.from..run.to).contains(&address))
        );
        assert!(runs.iter().any(|run| !run.write));
    }
}
