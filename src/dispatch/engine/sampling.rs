//! When processes are measured.

use std::time::{Duration, Instant};

/// Between two samples while a call is served. A tool that allocates as fast as it can passes its limit by some 30 MiB
/// meanwhile.
const EVERY: Duration = Duration::from_millis(10);
/// Between two samples when no call is served: what an earlier call left running must not grow for ever either.
const IDLE_EVERY: Duration = Duration::from_millis(500);
/// Sampling goes on at the fast pace this long after the last call began, so that calls that follow each other closely need
/// not wake the clock each time.
const LINGER: Duration = Duration::from_millis(500);

/// When the next sample is due.
#[derive(Debug, Default)]
pub(super) struct Sampling {
    next: Option<Instant>,
    until: Option<Instant>,
}

impl Sampling {
    /// A call begins.
    pub(super) fn active(&mut self, now: Instant) {
        self.until = Some(now + LINGER);
        let soon = now + EVERY;
        self.next = Some(self.next.map_or(soon, |next| next.min(soon)));
    }

    /// There is a process.
    pub(super) fn exists(&mut self, now: Instant) {
        self.next.get_or_insert(now + IDLE_EVERY);
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// A sample was taken; `busy`: somebody still works, `any`: there is a process at all.
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
