//! Options of one call: its timeout and its retries.

use std::time::Duration;

use crate::config::{RetryPolicy, UserValue, ZeroAllowed, parse_duration};
use crate::error::{Code, Error, Result, hints};

/// The longest time of one attempt of this call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CallTimeout(Duration);

impl CallTimeout {
    /// Parses a timeout in the encoding of [`UserValue`].
    pub fn from_json(json: &str) -> Result<Self> {
        let duration = UserValue::from_json(json)
            .map_err(|reason| format!("a duration, but it is {reason}"))
            .and_then(|given| parse_duration(&given, ZeroAllowed::No));
        duration.map(Self).map_err(|reason| {
            let message = format!("expected `timeout` to be {reason}");
            Box::new(Error::validation(Code::InputInvalid, "timeout", message).hint(hints::TIMEOUT))
        })
    }

    /// The duration; never zero.
    pub fn get(self) -> Duration {
        self.0
    }
}

/// How long `close({ timeout })` waits for calls before it ends them; zero ends them at once.
pub fn close_timeout(json: &str) -> Result<Duration> {
    let duration = UserValue::from_json(json)
        .map_err(|reason| format!("a duration, but it is {reason}"))
        .and_then(|given| parse_duration(&given, ZeroAllowed::Yes));
    duration.map_err(|reason| {
        let message = format!("expected `timeout` to be {reason}");
        Box::new(Error::validation(Code::InputInvalid, "timeout", message).hint(hints::TIMEOUT))
    })
}

/// Parses `RetryOptions`; without any, the default applies.
pub fn retry_policy(json: Option<&str>) -> Result<RetryPolicy> {
    let Some(json) = json else {
        return Ok(RetryPolicy::default());
    };
    RetryPolicy::from_json(json)
        .map_err(|problem| Box::new(Error::validation(Code::InputInvalid, problem.field, problem.message)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timeouts_are_durations() {
        for (json, milliseconds) in [("100", 100), (r#""30s""#, 30_000), (r#""1m30s""#, 90_000)] {
            let timeout = CallTimeout::from_json(json).expect(json);
            assert_eq!(timeout.get(), Duration::from_millis(milliseconds));
        }
    }

    #[test]
    fn invalid_timeouts_are_refused_with_value_and_type() {
        let cases = [
            ("0", "got 0 (number)"),
            ("-5", "got -5 (number)"),
            (r#"{"$js":"number","text":"NaN"}"#, "got NaN (number)"),
            (r#"{"$js":"number","text":"Infinity"}"#, "got Infinity (number)"),
            (r#""soon""#, "got \"soon\" (string)"),
            (r#""""#, "got \"\" (string)"),
            ("null", "got null"),
            ("{", "not readable"),
        ];
        for (json, part) in cases {
            let error = CallTimeout::from_json(json).expect_err(json);
            assert_eq!(
                (error.code, error.context.field.as_deref()),
                (Code::InputInvalid, Some("timeout"))
            );
            assert!(
                error.message.starts_with("expected `timeout` to be ") && error.message.contains(part),
                "{error}"
            );
        }
    }

    #[test]
    fn closing_may_wait_for_no_time_at_all() {
        assert_eq!(close_timeout("0").expect("zero"), Duration::ZERO);
        assert_eq!(close_timeout(r#""10s""#).expect("text"), Duration::from_secs(10));
        let error = close_timeout("-1").expect_err("negative");
        assert_eq!(
            (error.code, error.context.field.as_deref()),
            (Code::InputInvalid, Some("timeout"))
        );
    }

    #[test]
    fn a_wrong_retry_option_is_named() {
        assert_eq!(retry_policy(None).expect("default"), RetryPolicy::default());
        assert_eq!(
            retry_policy(Some(r#"{"maxAttempts":2}"#)).expect("valid").max_attempts,
            Some(2)
        );
        let error = retry_policy(Some(r#"{"maxAttempts":0}"#)).expect_err("refused");
        assert_eq!(
            (error.code, error.context.field.as_deref()),
            (Code::InputInvalid, Some("retry.maxAttempts"))
        );
    }
}
