//! Which pages of memory a forked process has that it does not share with its origin any more.

use std::fs::File;
use std::os::unix::fs::FileExt;

use super::smaps::Region;
use super::wire::Run;

/// The bits of an entry of pagemap: the page is in memory, it is a file's or shared, nobody else has it.
const PRESENT: u64 = 1 << 63;
const OF_A_FILE: u64 = 1 << 61;
const EXCLUSIVE: u64 = 1 << 56;
const ENTRY: usize = size_of::<u64>();
/// Entries that are read at once.
const AT_ONCE: u64 = 64 * 1024;

/// The pages that a child of an origin with these regions has for itself, and those of files that it has mapped. `pagemap`: the
/// child's. Empty where that cannot be told.
pub(super) fn own_pages(pagemap: &File, regions: &[Region]) -> Vec<Run> {
    let page = rustix::param::page_size() as u64;
    let mut runs = Vec::new();
    let mut bytes = Vec::new();
    for region in regions.iter().filter(|region| region.resident && !region.special) {
        let mut at = region.from;
        while at < region.to {
            let count = AT_ONCE.min((region.to - at) / page);
            bytes.resize(count as usize * ENTRY, 0);
            if count == 0 || pagemap.read_exact_at(&mut bytes, at / page * ENTRY as u64).is_err() {
                break;
            }
            let (entries, _) = bytes.as_chunks::<ENTRY>();
            let entries = entries.iter().map(|entry| u64::from_ne_bytes(*entry));
            add_runs(&mut runs, entries, at, page, region.private);
            at += count * page;
        }
    }
    runs
}

/// Adds the pages that these entries, from an address on, say the process has. `private`: they are copied when they change.
fn add_runs(runs: &mut Vec<Run>, entries: impl Iterator<Item = u64>, from: u64, page: u64, private: bool) {
    for (index, entry) in entries.enumerate() {
        let counts = match private {
            true => entry & OF_A_FILE == 0 && entry & EXCLUSIVE != 0,
            false => true,
        };
        if entry & PRESENT == 0 || !counts {
            continue;
        }
        let from = from + index as u64 * page;
        runs.push(Run {
            from,
            to: from + page,
            write: private,
        });
    }
    *runs = joined(std::mem::take(runs));
}

/// The same pages in as few runs as possible, those that are written first. Pages between two runs stay out, though fewer runs would
/// be fewer calls of the system: a process that waits has time, and would keep the memory.
pub(super) fn joined(mut runs: Vec<Run>) -> Vec<Run> {
    runs.sort_unstable_by_key(|run| (!run.write, run.from));
    runs.dedup_by(|next, last| {
        let touches = next.write == last.write && next.from <= last.to;
        if touches {
            last.to = last.to.max(next.to);
        }
        touches
    });
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawn::origin::smaps::regions;

    const MINE: u64 = PRESENT | EXCLUSIVE;

    #[test]
    fn neighbouring_pages_are_one_run() {
        let page = rustix::param::page_size() as u64;
        let mut runs = Vec::new();
        let there = [MINE, MINE, 0, PRESENT, MINE, 0, 0, 0, MINE, MINE | OF_A_FILE];
        add_runs(&mut runs, there.into_iter(), 16 * page, page, true);
        let run = |from, to| Run {
            from: from * page,
            to: to * page,
            write: true,
        };
        assert_eq!(runs, [run(16, 18), run(20, 21), run(24, 25)]);
    }

    #[test]
    fn pages_of_files_are_only_read() {
        let page = rustix::param::page_size() as u64;
        let mut runs = Vec::new();
        add_runs(&mut runs, [PRESENT | OF_A_FILE].into_iter(), page, page, false);
        add_runs(&mut runs, [MINE].into_iter(), 8 * page, page, true);
        assert_eq!(runs.iter().map(|run| run.write).collect::<Vec<_>>(), [true, false]);
    }

    #[test]
    fn what_is_changed_twice_is_copied_once() {
        let page = rustix::param::page_size() as u64;
        let run = |from, to, write| Run {
            from: from * page,
            to: to * page,
            write,
        };
        let both = vec![
            run(40, 50, true),
            run(42, 60, true),
            run(41, 43, true),
            run(40, 44, false),
        ];
        assert_eq!(joined(both), [run(40, 60, true), run(40, 44, false)]);
    }

    #[test]
    fn this_process_has_its_stack_for_itself() {
        let smaps = std::fs::read_to_string("/proc/self/smaps").unwrap();
        let here = 0u8;
        let runs = own_pages(&File::open("/proc/self/pagemap").unwrap(), &regions(&smaps));
        let address = (&raw const here).addr() as u64;
        assert!(
            runs.iter()
                .any(|run| run.write && (run.from..run.to).contains(&address))
        );
        assert!(runs.iter().any(|run| !run.write));
    }
}
