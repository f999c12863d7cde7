//! Decides when processes are measured.

use std::time::{Duration, Instant};

/// The interval between two samples while a call is served. A tool that allocates as fast as it can exceeds its limit by some
/// 30 MiB within it.
const EVERY: Duration = Duration::from_millis(10);
/// The interval between two samples while no call is served, because what an earlier call left running must not grow for ever
/// either.
const IDLE_EVERY: Duration = Duration::from_millis(500);
/// How long the short interval is kept after the last call began, so that calls in close succession do not wake the clock each
/// time.
const LINGER: Duration = Duration::from_millis(500);

/// When the next sample is due.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    next: Option<Instant>,
    until: Option<Instant>,
}

impl Sampling {
    /// Notes that a call begins.
    pub(super) fn active(&mut self, now: Instant) {
        self.until = Some(now + LINGER);
        let soon = now + EVERY;
        self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
    }

    /// Notes that a process exists.
    pub(super) fn exists(&mut self, now: Instant) {
        self.next.get_or_insert(now + IDLE_EVERY);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// Notes that a sample was taken. `busy`: a call is served; `any`: a process exists.
    pub(super) fn taken(&mut self, now: Instant, busy: bool, any: bool) {
        let fast = busy || self.until.is_some_and(|until| now < until);
        self.next = match (fast, any) {
            (true, _) => Some(now + EVERY),
            (false, true) => Some(now + IDLE_EVERY),
            (false, false) => None,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_are_close_while_somebody_works_and_rare_otherwise() {
        let start = Instant::now();
        let mut sampling = Sampling::default();
        assert_eq!(sampling.next(), None);
        sampling.exists(start);
        assert_eq!(sampling.next(), Some(start + IDLE_EVERY));
        sampling.active(start);
        assert_eq!(sampling.next(), Some(start + EVERY));
        sampling.taken(start + EVERY, false, true);
        assert_eq!(sampling.next(), Some(start + 2 * EVERY), "calls that follow each other");
        let later = start + LINGER;
        sampling.taken(later, true, true);
        assert_eq!(sampling.next(), Some(later + EVERY));
        sampling.taken(later, false, true);
        assert_eq!(sampling.next(), Some(later + IDLE_EVERY));
        sampling.taken(later, false, false);
        assert_eq!(sampling.next(), None);
    }
}
