//! Decides whether another attempt follows a failed one.
//!
//! The decisions behind it: docs/decisions.md#time.

use std::time::{Duration, Instant};

use crate::config::{BackoffLimits, RetryOn, RetryPolicy};
use crate::spawn::Delays;

/// What kind of failure ended an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The process ended without an answer.
    Crash,
    Timeout,
    /// The process ended before it read the call.
    Unreached,
    /// The tool threw, and its error says this about another attempt.
    Tool {
        retryable: Option<bool>,
        retry_after: Option<Duration>,
    },
}

/// The attempts of one call.
#[derive(Default)]
pub(super) struct Attempts {
    /// The attempts made so far, including the running one. Failed starts count.
    pub(super) made: u32,
    first: Option<Instant>,
    delays: Option<Box<Delays>>,
}

impl Attempts {
    /// Counts an attempt that begins at this moment.
    pub(super) fn begin(&mut self, at: Instant) {
        self.made += 1;
        self.first.get_or_insert(at);
    }

    /// Whether one more attempt may start at `start`.
    fn allows(&self, policy: &RetryPolicy, limits: &BackoffLimits, start: Instant) -> bool {
        let count = policy.max_attempts.is_none_or(|most| self.made < most);
        let time = self
            .first
            .is_none_or(|first| start.saturating_duration_since(first) <= limits.max_elapsed);
        count && time
    }

    /// Whether the call may wait on after a start failed, when the pool starts its next process at `next_start`.
    pub(super) fn outlives_failed_start(
        &self,
        policy: &RetryPolicy,
        limits: &BackoffLimits,
        next_start: Instant,
    ) -> bool {
        policy.on.start && self.allows(policy, limits, next_start)
    }

    /// When the next attempt starts after this failure; `None` where none follows.
    pub(super) fn next(
        &mut self,
        failure: Failure,
        policy: &RetryPolicy,
        limits: &BackoffLimits,
        now: Instant,
    ) -> Option<Instant> {
        let (wanted, given) = match failure {
            Failure::Crash => (policy.on.crash, None),
            Failure::Timeout => (policy.on.timeout, None),
            // Most often the process had served its last call and was about to end, so another process is tried at once.
            Failure::Unreached => (policy.on.start, (self.made <= 1).then_some(Duration::ZERO)),
            // The caller's `on: []` and `tool: "never"` take precedence over what the error of the tool says.
            Failure::Tool { .. } if policy.tool_never || policy.on == RetryOn::NEVER => (false, None),
            Failure::Tool { retryable, retry_after } => (retryable.unwrap_or(policy.on.tool), retry_after),
        };
        if !wanted {
            return None;
        }
        let delay = given.unwrap_or_else(|| {
            self.delays
                .get_or_insert_with(|| Box::new(Delays::new(limits)))
                .next_delay()
        });
        let start = now + delay;
        self.allows(policy, limits, start).then_some(start)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits() -> BackoffLimits {
        BackoffLimits {
            initial: Duration::from_millis(100),
            max: Duration::from_secs(5),
            max_elapsed: Duration::from_secs(30),
        }
    }

    fn policy(on: RetryOn, max_attempts: Option<u32>) -> RetryPolicy {
        RetryPolicy {
            on,
            max_attempts,
            tool_never: false,
        }
    }

    #[test]
    fn a_tool_is_not_run_again_unless_its_caller_or_itself_says_so() {
        let now = Instant::now();
        let unsaid = Failure::Tool {
            retryable: None,
            retry_after: None,
        };
        let says_yes = Failure::Tool {
            retryable: Some(true),
            retry_after: Some(Duration::from_secs(2)),
        };
        let says_no = Failure::Tool {
            retryable: Some(false),
            retry_after: None,
        };
        let all = RetryOn {
            start: true,
            crash: true,
            timeout: true,
            tool: true,
        };
        let mut attempts = Attempts::default();
        attempts.begin(now);
        for failure in [unsaid, Failure::Crash, Failure::Timeout] {
            assert_eq!(attempts.next(failure, &RetryPolicy::default(), &limits(), now), None);
            assert!(attempts.next(failure, &policy(all, None), &limits(), now).is_some());
        }
        assert_eq!(
            attempts.next(says_yes, &RetryPolicy::default(), &limits(), now),
            Some(now + Duration::from_secs(2))
        );
        assert_eq!(
            attempts.next(says_yes, &policy(RetryOn::NEVER, None), &limits(), now),
            None
        );
        assert_eq!(attempts.next(says_no, &policy(all, None), &limits(), now), None);
    }

    #[test]
    fn the_number_of_attempts_and_the_time_bound_it() {
        let now = Instant::now();
        let mut attempts = Attempts::default();
        attempts.begin(now);
        assert!(attempts.outlives_failed_start(&RetryPolicy::default(), &limits(), now));
        assert!(!attempts.outlives_failed_start(&policy(RetryOn::NEVER, None), &limits(), now));
        assert!(!attempts.outlives_failed_start(&policy(RetryPolicy::default().on, Some(1)), &limits(), now));
        let late = now + Duration::from_secs(31);
        assert!(!attempts.outlives_failed_start(&RetryPolicy::default(), &limits(), late));
        attempts.begin(late);
        assert_eq!(attempts.made, 2);
    }
}
