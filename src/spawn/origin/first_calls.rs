//! Which memory an origin's children copy while they wait for a call: what the first calls have changed. A call changes some two megabytes
//! of what its process has in common with the origin, and nearly the same for each call.

use std::fs::File;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use std::{mem, sync::mpsc, thread};

use super::pages::{joined, own_pages};
use super::smaps::Region;
use super::wire::{MOST_RUNS, Run};

/// How many calls are looked at. Tools of one entrypoint differ in what they change.
const LOOKS: u32 = 3;
/// Bytes that a child copies at most. Above that, copying costs more memory and time than a call saves.
const MOST_COPIED: u64 = 8 << 20;
/// How long a process that served its call may be looked at, which takes about a millisecond, before it is killed.
const LONGEST: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(in crate::spawn) struct FirstCalls {
    /// The origin's memory.
    regions: Vec<Region>,
    seen: Mutex<Seen>,
}

#[derive(Debug)]
struct Seen {
    looks_left: u32,
    runs: Vec<Run>,
    /// The origin has not been told of them.
    unsent: bool,
}

impl FirstCalls {
    pub(super) fn new(regions: Vec<Region>) -> Self {
        Self {
            regions,
            seen: Mutex::new(Seen {
                looks_left: LOOKS,
                runs: Vec::new(),
                unsent: false,
            }),
        }
    }

    /// What the origin must be told, once.
    pub(super) fn unsent(&self) -> Option<Vec<Run>> {
        let mut seen = self.lock();
        mem::take(&mut seen.unsent).then(|| seen.runs.clone())
    }

    /// Kills a child that has served its call. The first ones are looked at before, on a thread of its own: reading the pages
    /// of a process waits for whatever changes them, and that can be a file system that hangs. `pid` must be unreaped.
    pub(in crate::spawn) fn kill_served(self: &Arc<Self>, pid: u32, kill: Arc<dyn Fn() + Send + Sync>) {
        // Opened while the number cannot belong to another process.
        let pagemap = self.takes_look().then(|| File::open(format!("/proc/{pid}/pagemap")));
        let Some(Ok(pagemap)) = pagemap else {
            return kill();
        };
        let (first_calls, served) = (Arc::clone(self), Arc::clone(&kill));
        let killer = thread::Builder::new()
            .name("toolwarden-look".to_owned())
            .spawn(move || {
                let (end, ended) = mpsc::channel::<()>();
                let look = thread::Builder::new()
                    .name("toolwarden-look".to_owned())
                    .spawn(move || {
                        first_calls.add(own_pages(&pagemap, &first_calls.regions));
                        drop(end);
                    });
                if look.is_ok() {
                    // Nothing is ever sent: this returns when the other thread has looked or the time is over.
                    let _ = ended.recv_timeout(LONGEST);
                }
                served();
            });
        if killer.is_err() {
            kill();
        }
    }

    fn takes_look(&self) -> bool {
        let mut seen = self.lock();
        let takes = seen.looks_left > 0;
        seen.looks_left = seen.looks_left.saturating_sub(1);
        takes
    }

    fn add(&self, runs: Vec<Run>) {
        let mut seen = self.lock();
        let all = joined([seen.runs.clone(), runs].concat());
        let copied: u64 = all.iter().filter(|run| run.write).map(|run| run.to - run.from).sum();
        if copied <= MOST_COPIED && all.len() <= MOST_RUNS && all != seen.runs {
            seen.runs = all;
            seen.unsent = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(from: u64, pages: u64) -> Run {
        let page = rustix::param::page_size() as u64;
        Run {
            from: from * page,
            to: (from + pages) * page,
            write: true,
        }
    }

    #[test]
    fn what_the_first_calls_change_adds_up() {
        let calls = FirstCalls::new(Vec::new());
        assert_eq!(calls.unsent(), None, "no call was looked at");
        calls.add(vec![run(100, 2)]);
        calls.add(vec![run(500, 3)]);
        assert_eq!(calls.unsent(), Some(vec![run(100, 2), run(500, 3)]));
        assert_eq!(calls.unsent(), None, "told twice");
        calls.add(vec![run(501, 1)]);
        assert_eq!(calls.unsent(), None, "nothing is new");
    }

    #[test]
    fn a_call_that_changes_too_much_is_not_counted() {
        let calls = FirstCalls::new(Vec::new());
        calls.add(vec![run(100, 2)]);
        calls.add(vec![run(1000, MOST_COPIED / 4096)]);
        calls.add((0..MOST_RUNS as u64 + 1).map(|at| run(10_000 + at * 8, 1)).collect());
        assert_eq!(calls.unsent(), Some(vec![run(100, 2)]));
    }

    #[test]
    fn only_the_first_calls_are_looked_at() {
        let calls = FirstCalls::new(Vec::new());
        let looks = (0..10).filter(|_| calls.takes_look()).count();
        assert_eq!(looks, LOOKS as usize);
    }
}
