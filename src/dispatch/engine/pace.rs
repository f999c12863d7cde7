//! Decides how fast the output of one process is read.
//!
//! Every entry and every byte takes time on the host's own thread, which other calls need as well. A process may take a share
//! of that time permanently, and all of it for a moment. When it sends more, its channel is left unread for a while, so that
//! the process waits. Nothing is lost, and everything that was sent before a deadline is still read before the deadline is
//! judged.

use std::time::{Duration, Instant};

/// The time that one entry takes on the host: it is read, parsed and given to listeners. A line costs less, because lines are
/// handed to JavaScript in batches.
const PROGRESS: Duration = Duration::from_nanos(2500);
const LINE: Duration = Duration::from_micros(1);
/// The time that a thousand bytes of an entry take in addition.
const KILOBYTE: Duration = Duration::from_micros(5);
/// One process gets this fraction of the time of the host's thread: one part of so many.
const PARTS: u32 = 8;
/// The work that a process may cause at once: 80,000 progress values, 200,000 short lines, or 40 MB.
const BURST: Duration = Duration::from_millis(200);

/// What one process has used of its share.
#[derive(Debug)]
pub(super) struct Pace {
    /// The work that its share does not cover yet, as of `at`.
    owed: Duration,
    at: Instant,
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            owed: Duration::ZERO,
            at: now,
        }
    }

    /// Counts a progress value of this many bytes.
    pub(super) fn progress(&mut self, bytes: usize) {
        self.took(PROGRESS, bytes);
    }

    /// Counts a line of this many bytes.
    pub(super) fn line(&mut self, bytes: usize) {
        self.took(LINE, bytes);
    }

    fn took(&mut self, entry: Duration, bytes: usize) {
        let text = KILOBYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000;
        self.owed = self.owed.saturating_add(entry).saturating_add(text);
    }

    /// How long the process must not be read; `None` where reading may go on.
    pub(super) fn rest(&mut self, now: Instant) -> Option<Duration> {
        self.owed = self.owed.saturating_sub(now.saturating_duration_since(self.at) / PARTS);
        self.at = now;
        let over = self.owed.checked_sub(BURST).filter(|over| !over.is_zero())?;
        Some(over.saturating_mul(PARTS))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_said_now_and_then_never_waits() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        for second in 0..100 {
            (0..20_000).for_each(|_| pace.line(100));
            assert_eq!(pace.rest(start + Duration::from_secs(second)), None, "second {second}");
        }
    }

    #[test]
    fn who_waited_as_told_goes_on() {
        let mut now = Instant::now();
        let mut pace = Pace::new(now);
        pace.progress(200_000_000);
        let rest = pace.rest(now).expect("far more than a burst");
        assert!(rest > Duration::from_secs(1), "{rest:?}");
        now += rest / 2;
        assert!(pace.rest(now).is_some());
        now += rest;
        assert_eq!(pace.rest(now), None);
    }

    proptest! {
        /// In any span of time no more than a burst and the share is read, except for the turn that exceeded it.
        #[test]
        fn the_share_is_kept(turns in prop::collection::vec((0..3000_usize, 0..2000_usize, 0..5_000_u64), 1..100)) {
            let start = Instant::now();
            let (mut now, mut pace) = (start, Pace::new(start));
            let (mut work, mut largest) = (Duration::ZERO, Duration::ZERO);
            for (values, bytes, pause) in turns {
                now += Duration::from_micros(pause);
                now += pace.rest(now).unwrap_or_default();
                (0..values).for_each(|_| pace.progress(bytes));
                let turn = (PROGRESS + KILOBYTE * bytes as u32 / 1000) * values as u32;
                work += turn;
                largest = largest.max(turn);
                // Each division may have rounded down by a microsecond.
                let allowed = BURST + (now - start) / PARTS + largest + Duration::from_micros(100);
                prop_assert!(work <= allowed, "{work:?} where {allowed:?} is allowed");
            }
        }
    }
}
