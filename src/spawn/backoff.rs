//! The delays between attempts. This is the only file that uses the crate `backoff`, which is no longer maintained, so
//! replacing the crate means replacing this file.
//!
//! Delays are drawn without a clock: the caller decides when its time for attempts is over. The crate's own limit on
//! elapsed time is switched off and its clock never moves.

use std::time::{Duration, Instant};

use backoff::Clock;
use backoff::backoff::Backoff;
use backoff::exponential::ExponentialBackoff;

use crate::config::BackoffLimits;

/// A delay is drawn from half to one and a half of the current interval.
const JITTER: f64 = 0.5;
/// The factor by which the interval grows from attempt to attempt.
const GROWTH: f64 = 2.0;

/// Delays that grow from `initial` to `max` with jitter.
///
/// The first delay is within [initial / 2, initial * 1.5]; later ones are drawn around twice the previous interval. No
/// delay exceeds `max`, and delays near `max` still differ, so that many managers that failed together do not retry
/// together.
pub struct Delays {
    inner: ExponentialBackoff<FixedClock>,
    max: Duration,
}

struct FixedClock(Instant);

impl Clock for FixedClock {
    fn now(&self) -> Instant {
        self.0
    }
}

impl Delays {
    /// Uses `initial` and `max` of the limits; the caller enforces `max_elapsed`.
    pub fn new(limits: &BackoffLimits) -> Self {
        let BackoffLimits {
            initial,
            max,
            max_elapsed: _,
        } = *limits;
        let start = Instant::now();
        Self {
            inner: ExponentialBackoff {
                current_interval: initial,
                initial_interval: initial,
                randomization_factor: JITTER,
                multiplier: GROWTH,
                max_interval: max,
                max_elapsed_time: None,
                clock: FixedClock(start),
                start_time: start,
            },
            max,
        }
    }

    /// How long to wait before the next attempt.
    pub fn next_delay(&mut self) -> Duration {
        // `None` would only come from the elapsed-time limit, which is off.
        let drawn = self.inner.next_backoff().unwrap_or(self.max);
        // A drawn delay above `max` is mirrored below it: cutting it off would make half of the late delays equal.
        match drawn.checked_sub(self.max) {
            Some(above) => self.max.saturating_sub(above),
            None => drawn,
        }
    }

    /// Starts again from the initial interval, after a success.
    pub fn reset(&mut self) {
        self.inner.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn delays(initial: Duration, max: Duration) -> Delays {
        Delays::new(&BackoffLimits {
            initial,
            max,
            max_elapsed: Duration::from_secs(30),
        })
    }

    #[test]
    fn late_delays_still_differ() {
        let mut delays = delays(Duration::from_millis(10), Duration::from_millis(100));
        let late: std::collections::HashSet<Duration> = (0..32).map(|_| delays.next_delay()).skip(8).collect();
        assert!(late.len() > 12, "{late:?}");
        assert!(late.iter().all(|d| *d >= Duration::from_millis(49)), "{late:?}");
    }

    proptest! {
        #[test]
        fn every_delay_keeps_its_bounds(initial in 1_u64..10_000, factor in 1_u64..200) {
            let (initial, max) = (Duration::from_millis(initial), Duration::from_millis(initial * factor));
            let mut delays = delays(initial, max);
            for round in 0..2 {
                let mut interval = initial;
                for attempt in 0..20 {
                    let delay = delays.next_delay();
                    prop_assert!(delay <= max, "{round} {attempt}: {delay:?} > {max:?}");
                    prop_assert!(delay + Duration::from_micros(1) >= interval / 2, "{round} {attempt}: {delay:?} < {interval:?} / 2");
                    prop_assert!(delay <= interval * 3 / 2 + Duration::from_micros(1), "{round} {attempt}: {delay:?}");
                    interval = (interval * 2).min(max);
                }
                delays.reset();
            }
        }
    }
}
