//! Turns [`Facts`] into a result or an error.

use std::borrow::Cow;

use serde::Deserialize;

use super::context::InterpretContext;
use super::denied::{record, refusals};
use super::memory;
use super::process::{ended, start_failure};
use super::thrown;
use super::variables::FailurePhase;
use crate::config::nearest;
use crate::dispatch::{Crowd, End, Facts, TerminationReason};
use crate::error::{Code, Error, Issue, descriptors, hints, printable};
use crate::spawn::Exit;
use crate::worker::json;

/// The result as JSON text (none: undefined), or the error.
pub fn interpret(facts: &mut Facts, context: &InterpretContext) -> Result<Option<String>, Box<Error>> {
    context.denied.word(&mut facts.denials);
    let went_without = facts.pid.and_then(descriptors::take_unserved);
    if let End::Value(json) = &mut facts.end {
        return Ok(Some(std::mem::take(json)));
    }
    let tool = facts.tool.as_str();
    let mut refused = None;
    let error = match &facts.end {
        End::Value(_) | End::Undefined => return Ok(None),
        End::Threw(json) => {
            let (error, denial) = thrown::error(facts, json, context);
            refused = denial;
            error
        }
        End::NotFound(json) => not_found(tool, json),
        // No caller can bring this about: a process that may do something else was given the call.
        End::OtherGroup => Error::new(
            Code::AccessDenied,
            format!("tool {tool} was not run: it reached a process of another confinement group, which refused it"),
        ),
        End::InputInvalid(json) => invalid(Code::InputInvalid, &format!("input of tool {tool} is invalid"), json)
            .hint(hints::INPUT_ISSUES)
            .with(|context| {
                context.operation = Some("validate inputs");
                context.field = Some("input".to_owned());
            }),
        End::OutputInvalid(json) => {
            let error = invalid(Code::OutputInvalid, &format!("result of tool {tool} is invalid"), json);
            let advice = match error.context.issues {
                Some(_) => hints::OUTPUT_ISSUES,
                None => hints::OUTPUT_NOT_JSON,
            };
            error
                .hint(advice)
                .with(|context| context.operation = Some("decode result"))
        }
        End::OutputTooLarge(bytes) => output_too_large(tool, *bytes, context.max_output_size),
        End::Terminated(reason) => terminated(facts, reason, context),
        End::Exited(exit) => ended(tool, *exit, &facts.stderr, context.max_memory_mb),
        End::Neighbour(reason) => neighbour(tool, reason),
        End::NotStarted(failure) => {
            let (error, denials) = start_failure(failure, context);
            facts.denials_complete &= !failure.denials_unsure && failure.denials_dropped == 0;
            facts.denials_dropped += failure.denials_dropped;
            for denial in denials {
                if !facts.denials.contains(&denial) {
                    facts.denials.push(denial);
                }
            }
            error
        }
    };
    let error = match refused {
        Some(denial) => {
            record(&denial, &mut facts.denials);
            error
        }
        None if let Some(errno) = went_without.filter(|_| facts.denials.is_empty()) => {
            error.hint(descriptors::advice_for_tool(errno))
        }
        None if may_be_for_want(&facts.end) => {
            let advice = context
                .variables
                .advice(&facts.missed, &error.message, FailurePhase::Call);
            error.hint_first(advice)
        }
        None => error,
    };
    let ran = matches!(
        facts.end,
        End::Threw(_) | End::Terminated(_) | End::Exited(_) | End::OutputInvalid(_)
    );
    let is_denial = !ran || error.code == Code::AccessDenied;
    let error = error.hint_first(context.denied.meanwhile(&facts.denials).filter(|_| !is_denial));
    let error = error.with(|context| {
        if !facts.denials.is_empty() {
            context.denials = refusals(&facts.denials);
        }
        context.tool_id = Some(tool.to_owned());
        context.tool_exec_id = Some(facts.exec.as_str().to_owned());
        context.operation.get_or_insert("execute");
        context.attempts = facts.attempts;
        if context.stderr.is_empty() {
            context.stderr.clone_from(&facts.stderr);
        }
    });
    Err(Box::new(error))
}

/// Whether a missing variable can explain the tool's failure.
fn may_be_for_want(end: &End) -> bool {
    matches!(
        end,
        End::Threw(_) | End::Exited(Exit::Code(_)) | End::Terminated(TerminationReason::Timeout)
    )
}

/// The longest id that a message repeats in full, in characters.
const SHOWN: usize = 100;
/// A message lists at most this many tools, because an entrypoint may export any number.
const LISTED: usize = 50;

fn shown(id: &str) -> Cow<'_, str> {
    match id.char_indices().nth(SHOWN) {
        Some((end, _)) => Cow::Owned(format!("{}...", printable(&id[..end]))),
        None => printable(id),
    }
}

fn not_found(tool: &str, available: &str) -> Error {
    let mut ids: Vec<String> = json::read(available).unwrap_or_default();
    ids.sort();
    let list = if ids.is_empty() {
        "none".to_owned()
    } else {
        let listed = ids
            .iter()
            .take(LISTED)
            .map(|id| shown(id))
            .collect::<Vec<_>>()
            .join(", ");
        match ids.len().saturating_sub(LISTED) {
            0 => listed,
            more => format!("{listed} and {more} more"),
        }
    };
    let error = Error::new(
        Code::ToolNotFound,
        format!("tool {} not found; available tools: {list}", shown(tool)),
    );
    // The work grows with the length, and nothing that long is a misspelt name.
    if tool.len() > SHOWN {
        return error;
    }
    // As with the tool: a longer id is not similar, and comparing it takes time.
    let known = ids.iter().map(String::as_str).filter(|id| id.len() <= 2 * SHOWN);
    match nearest(tool, known) {
        Some(id) => error.hint(hints::did_you_mean(&shown(id))),
        _ if !ids.is_empty() => error,
        _ => error.hint(hints::NO_TOOLS),
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    message: String,
    #[serde(default)]
    issues: Option<Vec<FoundIssue>>,
}

#[derive(Deserialize)]
struct FoundIssue {
    #[serde(default)]
    path: String,
    #[serde(default)]
    message: String,
}

fn invalid(code: Code, what: &str, text: &str) -> Error {
    let found: Option<Found> = json::read(text);
    let message = found.as_ref().map_or("", |found| found.message.as_str());
    let message = if message.is_empty() {
        what.to_owned()
    } else {
        format!("{what}: {message}")
    };
    let issues = found.and_then(|found| found.issues);
    let cause = issues.is_none().then(|| json::raw(text)).flatten();
    Error::new(code, message).with(|context| {
        context.issues = issues.map(|issues| {
            issues
                .into_iter()
                .map(|issue| Issue {
                    path: issue.path,
                    message: issue.message,
                })
                .collect()
        });
        context.cause = cause;
    })
}

fn output_too_large(tool: &str, bytes: Option<u64>, limit: u64) -> Error {
    let size = bytes.map_or_else(|| "more".to_owned(), |bytes| format!("{bytes} bytes"));
    Error::new(
        Code::OutputTooLarge,
        format!("result of tool {tool} is too large: {size}, where maxOutputSize allows {limit} bytes"),
    )
    .hint(hints::OUTPUT_TOO_LARGE)
    .with(|context| context.operation = Some("decode result"))
}

fn terminated(facts: &Facts, reason: &TerminationReason, context: &InterpretContext) -> Error {
    let tool = facts.tool.as_str();
    match reason {
        TerminationReason::Timeout => Error::new(
            Code::ToolTimeout,
            format!("tool {tool} timed out after {} ms", facts.timeout.as_millis()),
        )
        .hint(hints::TOOL_TIMEOUT)
        .with(|context| context.timed_out = true),
        TerminationReason::Cancelled => Error::new(Code::Aborted, format!("the call of tool {tool} was cancelled")),
        TerminationReason::Closed => Error::new(
            Code::ManagerClosed,
            format!("the manager was closed while tool {tool} was called"),
        )
        .hint(hints::MANAGER_CLOSED),
        // Only reported for the other calls of the process.
        TerminationReason::Left => neighbour(tool, reason),
        TerminationReason::NoRandomness => Error::new(
            Code::ToolKilled,
            format!("tool {tool} was not called: the system gave no random bytes"),
        ),
        TerminationReason::OutOfMemory => memory::exhausted(
            context.max_memory_mb,
            &format!("tool {tool} used more than {} MiB of memory", context.max_memory_mb),
        ),
        TerminationReason::OutOfHostMemory => memory::exhausted_host(tool),
        TerminationReason::TooMany(crowd) => too_many(tool, *crowd),
        TerminationReason::OutputTooLarge => output_too_large(tool, None, context.max_output_size),
        TerminationReason::Broken => Error::new(
            Code::ManagerClosed,
            format!("the manager broke down while tool {tool} was called"),
        )
        .hint(hints::BROKE_DOWN),
        TerminationReason::ChannelClosed => Error::new(
            Code::ToolKilled,
            format!(
                "the process of tool {tool} was killed because it closed its channel and could not answer any more"
            ),
        )
        .hint(hints::CHANNEL_CLOSED)
        .with(|context| context.signal = Some("SIGKILL".to_owned())),
        TerminationReason::Protocol(what) => Error::new(
            Code::ToolKilled,
            format!("the process of tool {tool} was killed: what it wrote to file descriptor 3 is no message of toolwarden ({what})"),
        )
        .hint(hints::CHANNEL_WRITTEN)
        .with(|context| context.signal = Some("SIGKILL".to_owned())),
    }
}

fn too_many(tool: &str, crowd: Crowd) -> Error {
    let (what, hint) = exceeded(crowd);
    let message = format!("the process of tool {tool} was killed because it and the programs it started {what}");
    Error::new(Code::ToolKilled, message)
        .hint(hint)
        .with(|context| context.signal = Some("SIGKILL".to_owned()))
}

/// What a process and the programs that it started did, and what to do about it.
pub fn exceeded(crowd: Crowd) -> (String, &'static str) {
    match crowd {
        Crowd::Processes(most) => (format!("were more than {most} processes"), hints::FEWER_PROGRAMS),
        Crowd::Threads(most) => (format!("had more than {most} threads"), hints::FEWER_THREADS),
        Crowd::Watches(most) => (
            format!("could watch more than {most} descriptors with epoll"),
            hints::FEWER_WATCHES,
        ),
        Crowd::Notifiers(most) => (
            format!("opened more than {most} inotify descriptors"),
            hints::FEWER_NOTIFIERS,
        ),
        Crowd::TemporaryBytes(most) => (
            format!("kept more than {} MiB in its temporary directory", most >> 20),
            hints::FEWER_TEMPORARY_BYTES,
        ),
        Crowd::TemporaryFiles(most) => (
            format!(
                "kept more than {most} files and directories, or some that cannot be counted, in its temporary directory"
            ),
            hints::FEWER_TEMPORARY_FILES,
        ),
    }
}

fn neighbour(tool: &str, reason: &TerminationReason) -> Error {
    let why = match reason {
        TerminationReason::Left => "the tool of another call in it ended it",
        TerminationReason::Timeout => "another call in it timed out",
        TerminationReason::Cancelled => "another call in it was cancelled",
        TerminationReason::OutOfMemory | TerminationReason::OutOfHostMemory => "its process used too much memory",
        TerminationReason::TooMany(Crowd::Processes(_)) => "its process started too many programs",
        TerminationReason::TooMany(Crowd::Threads(_)) => "its process started too many threads",
        TerminationReason::TooMany(Crowd::Watches(_)) => "its process watched too many descriptors",
        TerminationReason::TooMany(Crowd::TemporaryBytes(_) | Crowd::TemporaryFiles(_)) => {
            "its process kept too much in its temporary directory"
        }
        TerminationReason::TooMany(Crowd::Notifiers(_)) => "its process opened too many inotify descriptors",
        TerminationReason::Closed | TerminationReason::Broken => "the manager was closed",
        TerminationReason::ChannelClosed => "its process closed the channel",
        TerminationReason::Protocol(_) | TerminationReason::OutputTooLarge | TerminationReason::NoRandomness => {
            "another call in it sent an answer that cannot be read"
        }
    };
    Error::new(
        Code::ToolKilled,
        format!("tool {tool} was ended with its process because {why}: another call ended the process"),
    )
    .hint(hints::CALLS_APART)
    .with(|context| context.signal = Some("SIGKILL".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_ids_are_cut_and_short_ones_are_not() {
        let (long, other) = ("a".repeat(5000), "b".repeat(5000));
        let message = not_found(&long, &format!(r#"["greet","{other}"]"#)).message;
        let (a, b) = ("a".repeat(SHOWN), "b".repeat(SHOWN));
        assert_eq!(
            message,
            format!("tool {a}... not found; available tools: {b}..., greet")
        );
        let whole = not_found(&a, r#"["greet"]"#).message;
        assert_eq!(whole, format!("tool {a} not found; available tools: greet"));
    }

    #[test]
    fn hostile_names_are_shown_harmless_and_not_without_end() {
        let ids: Vec<String> = (0..10_000).map(|number| format!("\u{1b}[2J\n{number:05}")).collect();
        let error = not_found("x", &serde_json::to_string(&ids).expect("JSON"));
        assert!(error.message.ends_with(" and 9950 more"), "{}", error.message);
        assert!(
            error.message.len() < 2000 && !error.message.contains(char::is_control),
            "{}",
            error.message
        );
        let near = not_found("ab", "[\"a\\u001bb\"]").hint;
        assert_eq!(near.as_deref(), Some("did you mean `a\\u001bb`?"));
    }

    #[test]
    fn the_nearest_tool_is_named_where_one_is_near() {
        let hint = |tool, available| not_found(tool, available).hint;
        assert_eq!(
            hint("gret", r#"["greet","x"]"#).as_deref(),
            Some("did you mean `greet`?")
        );
        assert_eq!(hint("weather", r#"["greet"]"#), None);
        assert!(hint("greet", "[]").is_some_and(|hint| hint.contains("entrypointPath")));
    }
}
