//! The crate's one error type, and the object that it becomes in JavaScript.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::value::RawValue;

use super::code::Code;
use super::printable::{printable, printable_lines};

/// The result type of all modules. The error is boxed because it is large and rare, while results are small and
/// frequent.
pub type Result<T> = std::result::Result<T, Box<Error>>;

/// One wrong setting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Path of the setting, such as `toolExecutionTimeout` or `bunPermissions[2]`.
    pub field: String,
    /// What is wrong with it.
    pub message: String,
}

impl Problem {
    /// A problem of a field.
    pub fn new(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            message: message.into(),
        }
    }

    /// The problem with its field's name, for use where nothing else names the field.
    fn line(&self) -> String {
        let Self { field, message } = self;
        if message.contains(field.as_str()) {
            message.clone()
        } else {
            format!("`{}`: {message}", field.escape_debug())
        }
    }
}

/// One issue that a schema found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize)]
pub struct Issue {
    /// Where in the value, such as `user.name`.
    pub path: String,
    /// What is wrong there.
    pub message: String,
}

/// One access that was refused: a `Denial` of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Refusal {
    /// Kind of access.
    pub permission: &'static str,
    /// The resource to which access was refused, unmodified: data for programs.
    pub resource: String,
    /// The flag that would allow it; empty where no flag is narrow enough to be suggested.
    pub flag: String,
}

/// The facts of a failure besides its code and sentence. The class of the code decides which are set.
#[derive(Debug, Clone, Default)]
pub struct Context {
    /// Every wrong setting.
    pub problems: Vec<Problem>,
    /// What was being done, such as "validate inputs" or "start worker".
    pub operation: Option<&'static str>,
    /// The option, variable or argument at fault.
    pub field: Option<String>,
    /// The issues that a tool's schema found.
    pub issues: Option<Vec<Issue>>,
    /// The number of attempts, failed ones included.
    pub attempts: u32,
    /// Exit code of the process, where it exited.
    pub exit_code: Option<i32>,
    /// Name of the signal that ended the process, such as "SIGSEGV".
    pub signal: Option<String>,
    /// The captured stderr of the process.
    pub stderr: String,
    /// The tool that was called.
    pub tool_id: Option<String>,
    /// The execution in which this happened.
    pub tool_exec_id: Option<String>,
    /// Whether the call ended because of its deadline.
    pub timed_out: bool,
    /// Kind of access that was refused.
    pub permission: Option<String>,
    /// The resource to which access was refused.
    pub resource: Option<String>,
    /// Every known refused access.
    pub denials: Vec<Refusal>,
    /// What the worker threw, as the JSON text that it sent.
    pub cause: Option<Box<RawValue>>,
}

/// One failure.
#[derive(Debug)]
pub struct Error {
    /// What went wrong, for programs.
    pub code: Code,
    /// What went wrong, for people.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// The facts.
    pub context: Context,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// A failure with only a code and a sentence.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: None,
            context: Context::default(),
            source: None,
        }
    }

    /// Adds a hint: what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Puts this advice before the other hints, if there is any.
    #[must_use]
    pub fn hint_first(mut self, advice: Option<String>) -> Self {
        if let Some(advice) = advice {
            self.hint = Some(match self.hint.take() {
                Some(hint) => format!("{advice}; {hint}"),
                None => advice,
            });
        }
        self
    }

    /// Adds facts.
    #[must_use]
    pub fn with(mut self, add: impl FnOnce(&mut Context)) -> Self {
        add(&mut self.context);
        self
    }

    /// Keeps the error that caused this one.
    #[must_use]
    pub fn source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// An invalid configuration; the message lists every problem, one per line when there are several.
    pub fn config_invalid(problems: Vec<Problem>) -> Self {
        let lines: Vec<_> = problems.iter().map(Problem::line).collect();
        let message = match lines.as_slice() {
            [one] => format!("invalid configuration: {one}"),
            several => {
                format!(
                    "invalid configuration, {} problems:\n- {}",
                    several.len(),
                    several.join("\n- ")
                )
            }
        };
        Self::new(Code::ConfigInvalid, message).with(|context| context.problems = problems)
    }

    /// An argument of a call breaks a rule.
    pub fn validation(code: Code, field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(code, message).with(|context| {
            context.operation = Some("validate inputs");
            context.field = Some(field.into());
        })
    }

    /// The object that crosses to JavaScript, as JSON text. Text for people is made printable here, because parts of it
    /// may come from a tool; stderr, the cause and the names of refused resources are data and cross unmodified.
    pub fn to_json(&self) -> String {
        let Self {
            code,
            message,
            hint,
            context,
            source: _,
        } = self;
        let issues = context.issues.as_ref().map(|issues| {
            let shown = |issue: &Issue| Issue {
                path: printable(&issue.path).into_owned(),
                message: printable_lines(&issue.message).into_owned(),
            };
            issues.iter().map(shown).collect::<Vec<_>>()
        });
        let problems: Vec<_> = context
            .problems
            .iter()
            .map(|Problem { field, message }| Problem::new(printable(field), printable_lines(message)))
            .collect();
        let crossing = Crossing {
            code: code.as_str(),
            message: &printable_lines(message),
            hint: hint.as_deref().map(printable),
            problems: &problems,
            operation: context.operation,
            field: context.field.as_deref(),
            issues: issues.as_deref(),
            attempts: context.attempts,
            exit_code: context.exit_code,
            signal: context.signal.as_deref(),
            stderr: &context.stderr,
            tool_id: context.tool_id.as_deref(),
            tool_exec_id: context.tool_exec_id.as_deref(),
            timed_out: context.timed_out,
            permission: context.permission.as_deref(),
            resource: context.resource.as_deref(),
            denials: &context.denials,
            cause: context.cause.as_deref(),
        };
        // Strings, numbers and text that already is JSON can always be serialised.
        serde_json::to_string(&crossing).unwrap_or_default()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

/// Names and order are those of the `ErrorData` interface in js/.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Crossing<'a> {
    code: &'static str,
    message: &'a str,
    hint: Option<Cow<'a, str>>,
    problems: &'a [Problem],
    operation: Option<&'static str>,
    field: Option<&'a str>,
    issues: Option<&'a [Issue]>,
    attempts: u32,
    exit_code: Option<i32>,
    signal: Option<&'a str>,
    stderr: &'a str,
    tool_id: Option<&'a str>,
    tool_exec_id: Option<&'a str>,
    timed_out: bool,
    permission: Option<&'a str>,
    resource: Option<&'a str>,
    denials: &'a [Refusal],
    cause: Option<&'a RawValue>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_crosses_with_every_key_and_null_for_what_is_absent() {
        let json = Error::new(Code::QueueFull, "the queue is full").to_json();
        assert_eq!(
            json,
            concat!(
                r#"{"code":"ERR_QUEUE_FULL","message":"the queue is full","hint":null,"problems":[],"operation":null,"#,
                r#""field":null,"issues":null,"attempts":0,"exitCode":null,"signal":null,"stderr":"","toolId":null,"#,
                r#""toolExecId":null,"timedOut":false,"permission":null,"resource":null,"denials":[],"cause":null}"#
            )
        );
    }

    #[test]
    fn the_cause_crosses_as_the_text_the_worker_sent() {
        let cause = r#"{"name":"Error","message":"no","n":1.0}"#;
        let error = Error::new(Code::ToolThrew, "no")
            .hint("look at the cause")
            .with(|context| {
                context.cause = RawValue::from_string(cause.to_owned()).ok();
                context.exit_code = Some(3);
                context.issues = Some(vec![Issue {
                    path: "a.b".into(),
                    message: "too short".into(),
                }]);
            });
        let json = error.to_json();
        assert!(json.contains(&format!(r#""cause":{cause}"#)), "{json}");
        assert!(json.contains(r#""hint":"look at the cause""#), "{json}");
        assert!(json.contains(r#""exitCode":3"#), "{json}");
        assert!(
            json.contains(r#""issues":[{"path":"a.b","message":"too short"}]"#),
            "{json}"
        );
    }

    #[test]
    fn several_problems_are_listed_one_a_line() {
        let error = Error::config_invalid(vec![Problem::new("a", "a is wrong"), Problem::new("b", "b is wrong")]);
        assert_eq!(
            error.message,
            "invalid configuration, 2 problems:\n- a is wrong\n- b is wrong"
        );
        assert_eq!(
            Error::config_invalid(vec![Problem::new("a", "a is wrong")]).message,
            "invalid configuration: a is wrong"
        );
    }

    #[test]
    fn a_problem_that_does_not_name_its_field_is_listed_with_it() {
        let error = Error::config_invalid(vec![Problem::new("bunPermissions[1]", "`--x` is no flag")]);
        assert_eq!(
            error.message,
            "invalid configuration: `bunPermissions[1]`: `--x` is no flag"
        );
        assert_eq!(error.context.problems[0].message, "`--x` is no flag");
    }

    #[test]
    fn messages_cross_as_printable_text_and_data_unchanged() {
        let error = Error::new(Code::ToolThrew, "a\u{1b}[2J\nb")
            .hint("c\nd")
            .with(|context| {
                context.stderr = "\u{1b}[1m".into();
                context.resource = Some("/a\nb".into());
                context.issues = Some(vec![Issue {
                    path: "x\n".into(),
                    message: "\u{202e}y".into(),
                }]);
            });
        let json: serde_json::Value = serde_json::from_str(&error.to_json()).expect("JSON");
        assert_eq!(json["message"], "a\\u001b[2J\nb");
        assert_eq!(json["hint"], "c\\nd");
        assert_eq!(
            json["issues"],
            serde_json::json!([{"path": "x\\n", "message": "\\u202ey"}])
        );
        assert_eq!(
            (&json["stderr"], &json["resource"]),
            (&"\u{1b}[1m".into(), &"/a\nb".into())
        );
    }

    #[test]
    fn the_source_is_kept() {
        let error = Error::new(Code::WorkerStart, "no").source(std::io::Error::from_raw_os_error(2));
        assert!(std::error::Error::source(&error).is_some_and(|source| source.to_string().contains("os error 2")));
    }
}
