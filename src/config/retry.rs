//! Reads which failures of a call are retried.

use super::limits;
use super::nearest::nearest;
use super::retry_policy::{RetryOn, RetryPolicy};
use super::user_value::UserValue;
use crate::error::Problem;

const KEYS: [&str; 3] = ["on", "maxAttempts", "tool"];
const FAILURES: [&str; 4] = ["start", "crash", "timeout", "tool"];

impl RetryPolicy {
    /// Parses `RetryOptions`; reports the first problem.
    pub fn from_json(json: &str) -> Result<Self, Problem> {
        let given = UserValue::from_json(json)
            .map_err(|reason| Problem::new("retry", format!("expected `retry` to be an object, got text {reason}")))?;
        let mut policy = Self::default();
        let entries = match &given {
            UserValue::Object(entries) => entries,
            given if given.is_undefined() => return Ok(policy),
            given => {
                return Err(Problem::new(
                    "retry",
                    format!("expected `retry` to be an object, got {given}"),
                ));
            }
        };
        for (key, value) in entries.iter().filter(|(_, value)| !value.is_undefined()) {
            match key.as_str() {
                "on" => policy.on = failures(value)?,
                "maxAttempts" => policy.max_attempts = max_attempts(value)?,
                "tool" => policy.tool_never = never(value)?,
                unknown => {
                    let rest = match nearest(unknown, KEYS) {
                        Some(nearest) => format!("the nearest is `retry.{nearest}`"),
                        None => "there are `retry.on`, `retry.maxAttempts` and `retry.tool`".to_owned(),
                    };
                    let shown = unknown.escape_debug();
                    return Err(Problem::new(
                        format!("retry.{unknown}"),
                        format!("`retry.{shown}` is not an option; {rest}"),
                    ));
                }
            }
        }
        policy.without_contradiction()
    }

    /// `tool: "never"` and a failure that only happens once the tool was entered exclude each other.
    fn without_contradiction(self) -> Result<Self, Problem> {
        let entered = [
            ("crash", self.on.crash),
            ("timeout", self.on.timeout),
            ("tool", self.on.tool),
        ];
        match entered.iter().find(|(_, wanted)| self.tool_never && *wanted) {
            None => Ok(self),
            Some((word, _)) => Err(Problem::new(
                "retry.tool",
                format!("`retry.tool` \"never\" contradicts \"{word}\" in `retry.on`; leave one of them out"),
            )),
        }
    }
}

fn never(given: &UserValue) -> Result<bool, Problem> {
    match given {
        UserValue::Text(word) if word == "never" => Ok(true),
        _ => Err(Problem::new(
            "retry.tool",
            format!("expected `retry.tool` to be \"never\", got {given}"),
        )),
    }
}

fn failures(given: &UserValue) -> Result<RetryOn, Problem> {
    let UserValue::List(entries) = given else {
        return Err(Problem::new(
            "retry.on",
            format!("expected `retry.on` to be an array, got {given}"),
        ));
    };
    let mut on = RetryOn::NEVER;
    for (index, entry) in entries.iter().enumerate() {
        let field = format!("retry.on[{index}]");
        let word = match entry {
            UserValue::Text(word) => word.as_str(),
            _ => "",
        };
        match word {
            "start" => on.start = true,
            "crash" => on.crash = true,
            "timeout" => on.timeout = true,
            "tool" => on.tool = true,
            _ => {
                let words = FAILURES.map(|word| format!("\"{word}\"")).join(", ");
                let message = format!("expected `{field}` to be one of {words}, got {entry}");
                return Err(Problem::new(field, message));
            }
        }
    }
    Ok(on)
}

/// `Infinity` means the same as absence.
fn max_attempts(given: &UserValue) -> Result<Option<u32>, Problem> {
    if *given == UserValue::Number(f64::INFINITY) {
        return Ok(None);
    }
    // In range of u32 by the bounds.
    limits::integer(given, 1..=u64::from(u32::MAX))
        .map(|attempts| Some(attempts as u32))
        .map_err(|reason| {
            Problem::new(
                "retry.maxAttempts",
                format!("expected `retry.maxAttempts` to be {reason}"),
            )
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn absent_options_have_their_defaults() {
        for json in [
            "{}",
            r#"{"$js":"undefined","text":"undefined"}"#,
            r#"{"on":["start"]}"#,
            r#"{"on":{"$js":"undefined","text":""}}"#,
        ] {
            assert_eq!(RetryPolicy::from_json(json), Ok(RetryPolicy::default()), "{json}");
        }
    }

    #[test]
    fn given_options_replace_them() {
        let policy = RetryPolicy::from_json(r#"{"on":["crash","tool","crash"],"maxAttempts":3}"#).expect("valid");
        assert_eq!(
            policy.on,
            RetryOn {
                start: false,
                crash: true,
                timeout: false,
                tool: true
            }
        );
        assert_eq!(policy.max_attempts, Some(3));
        let none =
            RetryPolicy::from_json(r#"{"on":[],"maxAttempts":{"$js":"number","text":"Infinity"}}"#).expect("valid");
        assert_eq!(
            none.on,
            RetryOn {
                start: false,
                crash: false,
                timeout: false,
                tool: false
            }
        );
        assert_eq!(none.max_attempts, None);
        let never = RetryPolicy::from_json(r#"{"tool":"never","on":["start"]}"#).expect("valid");
        assert!(never.tool_never && never.on.start);
    }

    #[test]
    fn refusals_name_the_option_and_the_value() {
        let cases = [
            ("null", "retry", "to be an object, got null"),
            ("[]", "retry", "got [] (array)"),
            ("{", "retry", "not readable"),
            (
                r#"{"maxAttempt":1}"#,
                "retry.maxAttempt",
                "nearest is `retry.maxAttempts`",
            ),
            (
                r#"{"on":"start"}"#,
                "retry.on",
                "to be an array, got \"start\" (string)",
            ),
            (r#"{"on":["start","Crash"]}"#, "retry.on[1]", "got \"Crash\" (string)"),
            (r#"{"on":[null]}"#, "retry.on[0]", "got null"),
            (
                r#"{"tool":"always"}"#,
                "retry.tool",
                "to be \"never\", got \"always\" (string)",
            ),
            (
                r#"{"tool":"never","on":["crash"]}"#,
                "retry.tool",
                "contradicts \"crash\"",
            ),
            (
                r#"{"on":["start","tool"],"tool":"never"}"#,
                "retry.tool",
                "contradicts \"tool\"",
            ),
            (r#"{"maxAttempts":0}"#, "retry.maxAttempts", "got 0 (number)"),
            (r#"{"maxAttempts":1.5}"#, "retry.maxAttempts", "got 1.5 (number)"),
            (r#"{"maxAttempts":"3"}"#, "retry.maxAttempts", "got \"3\" (string)"),
            (
                r#"{"maxAttempts":{"$js":"number","text":"NaN"}}"#,
                "retry.maxAttempts",
                "got NaN (number)",
            ),
        ];
        for (json, field, message) in cases {
            let problem = RetryPolicy::from_json(json).expect_err(json);
            assert_eq!(problem.field, field, "{json}");
            assert!(problem.message.contains(message), "{json}: {}", problem.message);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(json in any::<String>()) {
            let _ = RetryPolicy::from_json(&json);
        }
    }
}
