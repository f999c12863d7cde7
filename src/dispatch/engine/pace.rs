//! Decides how fast the output of one process is read.
//!
//! Every entry and every byte costs the host's own thread some time, which the calls of others need as well. A process may
//! fill a share of it for as long as it likes, and for a moment all of it. A process that sends more has to wait, because its channel is
//! left unread meanwhile: nothing is lost, and everything that was sent before a deadline is still read before the deadline is judged.

use std::time::{Duration, Instant};

/// What an entry costs the host: it is read, parsed and given to listeners. Lines cross many at a time.
const PROGRESS: Duration = Duration::from_nanos(2500);
const LINE: Duration = Duration::from_micros(1);
/// What a thousand bytes of it cost on top.
const KILOBYTE: Duration = Duration::from_micros(5);
/// One process gets one part in so many of the host's thread.
const PARTS: u32 = 8;
/// So much may come at once: 80,000 progress values, 200,000 short lines, or 40 MB.
const BURST: Duration = Duration::from_millis(200);

/// What one process has used of its share.
#[derive(Debug)]
pub(super) struct Pace {
    /// Work for the host that its share has not paid for yet, as of `at`.
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

    /// A progress value of so many bytes was taken.
    pub(super) fn progress(&mut self, bytes: usize) {
        self.took(PROGRESS, bytes);
    }

    /// A line of so many bytes was taken.
    pub(super) fn line(&mut self, bytes: usize) {
        self.took(LINE, bytes);
    }

    fn took(&mut self, entry: Duration, bytes: usize) {
        let text = KILOBYTE.saturating_mul(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000;
        self.owed = self.owed.saturating_add(entry).saturating_add(text);
    }

    /// How long nothing more is to be taken; none: go on.
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
        /// Over any time, no more than a burst and the share is taken, give or take the turn that passed it.
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
                // A microsecond for each division that was rounded down.
                let allowed = BURST + (now - start) / PARTS + largest + Duration::from_micros(100);
                prop_assert!(work <= allowed, "{work:?} where {allowed:?} is allowed");
            }
        }
    }
}
