//! Errors of processes that ended, or never became ready.

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::context::InterpretContext;
use super::denied::{record, refusals};
use super::memory;
use super::place::place_of;
use super::variables::FailurePhase;
use crate::dispatch::{StartFailure, StartFault};
use crate::error::{Code, Error, descriptors, hints, printable};
use crate::sandbox::Denial;
use crate::spawn::{Exit, is_of_worker_file, signal_name};
use crate::worker::json;

/// The process ended without an answer.
pub(super) fn ended(tool: &str, exit: Exit, stderr: &str, max_memory_mb: u64) -> Error {
    match exit {
        Exit::Signal(signal) if memory::gave_up(signal, stderr) => memory::exhausted(
            max_memory_mb,
            &format!(
                "tool {tool} ended its process by {}, because its runtime got no more memory",
                signal_name(signal)
            ),
        ),
        Exit::Code(code) => Error::new(
            Code::ToolExited,
            format!("tool {tool} ended its process with exit code {code} before it answered"),
        )
        .hint(hints::TOOL_EXITED)
        .with(|context| context.exit_code = Some(code)),
        Exit::Unknown => Error::new(
            Code::ToolExited,
            format!("tool {tool} ended its process before it answered"),
        ),
        Exit::Signal(signal) => {
            let name = signal_name(signal);
            Error::new(
                Code::ToolKilled,
                format!("the process of tool {tool} was killed by {name}"),
            )
            .hint(killed_advice(signal))
            .with(|context| context.signal = Some(name))
        }
    }
}

fn killed_advice(signal: i32) -> &'static str {
    match signal {
        libc::SIGSEGV | libc::SIGBUS | libc::SIGILL | libc::SIGABRT | libc::SIGTRAP | libc::SIGFPE => hints::CRASHED,
        libc::SIGKILL => hints::KILLED,
        _ => hints::SIGNALLED,
    }
}

#[derive(Deserialize)]
struct Loaded {
    #[serde(default)]
    name: String,
    #[serde(default)]
    message: String,
    #[serde(default)]
    stack: String,
    #[serde(default)]
    code: Value,
}

/// The process never became ready.
pub fn start_error(failure: &StartFailure, context: &InterpretContext) -> Error {
    start_failure(failure, context).0
}

/// The error, and what was refused while the process started.
pub(super) fn start_failure(failure: &StartFailure, context: &InterpretContext) -> (Error, Vec<Denial>) {
    let denied = &context.denied;
    let error = match &failure.fault {
        StartFault::Load(json) => return load_error(json, failure, context),
        StartFault::Settings(problems) => return (Error::config_invalid(problems.clone()), Vec::new()),
        StartFault::Closed => Error::new(Code::ManagerClosed, "the manager was closed").hint(hints::MANAGER_CLOSED),
        StartFault::Spawn { step, errno, .. } => {
            let reason = std::io::Error::from_raw_os_error(*errno);
            let error = worker_start(&format!("{step} failed: {reason}"));
            match step {
                _ if descriptors::is_shortage(*errno) => {
                    descriptors::shortage(&format!("a worker process could not be started: {step} failed"), *errno)
                }
                step if is_of_worker_file(step) => error.hint(hints::WORKER_FILE),
                _ => error,
            }
        }
        StartFault::Died(Exit::Code(code)) => {
            let code = *code;
            let error = worker_start(&format!("it ended with exit code {code} before it was ready"));
            let error = match code {
                _ if failure.is_usage() => error.hint(hints::NODE_OPTION),
                0 => error.hint(hints::ENDED_EARLY),
                _ => error.hint_first(
                    context
                        .variables
                        .advice(&failure.missed, &failure.stderr, FailurePhase::Import),
                ),
            };
            error.with(|context| context.exit_code = Some(code))
        }
        StartFault::Died(Exit::Unknown) => worker_start("it ended before it was ready"),
        StartFault::Died(Exit::Signal(signal)) => {
            let name = signal_name(*signal);
            worker_start(&format!("it was killed by {name} before it was ready"))
                .with(|context| context.signal = Some(name))
        }
        StartFault::Protocol(what) => {
            worker_start(&format!("it sent bytes that are not toolwarden's protocol: {what}"))
                .hint(hints::NOT_A_RUNTIME)
        }
        StartFault::OtherProtocol(what) => worker_start(what).hint(hints::OTHER_PROTOCOL),
        StartFault::TimedOut(limit) => {
            worker_start(&format!("it was not ready within {} s", limit.as_secs())).hint(hints::SLOW_START)
        }
    };
    let mut denials = failure.denials.clone();
    denied.word(&mut denials);
    let ran = matches!(failure.fault, StartFault::Died(_) | StartFault::TimedOut(_));
    let error = error.hint_first(denied.meanwhile(&denials).filter(|_| ran));
    let error = error.with(|context| {
        context.denials = refusals(&denials);
        context.operation = Some("start worker");
        context.attempts = failure.in_a_row;
        context.stderr.clone_from(&failure.stderr);
    });
    (error, denials)
}

fn worker_start(reason: &str) -> Error {
    let cause = serde_json::json!({ "name": "Error", "message": reason }).to_string();
    Error::new(
        Code::WorkerStart,
        format!("a worker process could not be started: {reason}"),
    )
    .hint(hints::WORKER_START)
    .with(|context| context.cause = RawValue::from_string(cause).ok())
}

fn load_error(thrown: &str, failure: &StartFailure, context: &InterpretContext) -> (Error, Vec<Denial>) {
    let denied = &context.denied;
    let refused = json::read(thrown).and_then(|thrown| denied.explain(&thrown, &failure.denials, false));
    let mut denials = failure.denials.clone();
    denied.word(&mut denials);
    let loaded: Loaded = json::read(thrown).unwrap_or(Loaded {
        name: String::new(),
        message: thrown.to_owned(),
        stack: String::new(),
        code: Value::Null,
    });
    let what = match (loaded.name.as_str(), loaded.message.as_str()) {
        ("", message) => message.to_owned(),
        (name, message) => format!("{}: {message}", printable(name)),
    };
    let place = place_of(&loaded.stack).filter(|place| !what.contains(place.as_str()));
    let place = place.map_or_else(String::new, |place| format!(" ({})", printable(&place)));
    let detail = if loaded.stack.is_empty() { &what } else { &loaded.stack };
    let stderr = match failure.stderr.as_str() {
        "" => detail.clone(),
        printed if printed.contains(loaded.message.as_str()) => printed.to_owned(),
        printed => format!("{printed}{}{detail}", if printed.ends_with('\n') { "" } else { "\n" }),
    };
    let error = Error::new(
        Code::EntrypointLoad,
        format!("the entrypoint could not be loaded: {what}{place}"),
    )
    .hint(match &refused {
        Some(denial) => denied.advice(denial),
        None => load_advice(&loaded, context.plug_n_play),
    })
    .hint_first(match refused {
        Some(_) => None,
        None => context.variables.advice(&failure.missed, &what, FailurePhase::Import),
    })
    .hint_first(denied.meanwhile(&denials).filter(|_| refused.is_none()));
    if let Some(denial) = &refused {
        record(denial, &mut denials);
    }
    let error = error.with(|context| {
        context.denials = refusals(&denials);
        context.operation = Some("load entrypoint");
        context.stderr = stderr;
        if let Some(denial) = refused {
            context.permission = Some(denial.permission.as_str().to_owned());
            context.resource = Some(denial.resource);
        }
        context.cause = json::raw(thrown);
    });
    (error, denials)
}

/// The code of the error that a worker sends when its list of tools would exceed the frame limit.
const CATALOGUE_TOO_LARGE: &str = "ERR_CATALOGUE_TOO_LARGE";

/// By far the most common cause is a package that is not installed.
fn load_advice(loaded: &Loaded, plug_n_play: bool) -> String {
    if loaded.code == CATALOGUE_TOO_LARGE {
        return hints::CATALOGUE_TOO_LARGE.to_owned();
    }
    match missing_package(&loaded.message) {
        Some(_) if plug_n_play => hints::NODE_MODULES.to_owned(),
        Some(package) => hints::install_package(package),
        None => hints::ENTRYPOINT_LOAD.to_owned(),
    }
}

/// The longest package name that npm accepts.
const LONGEST_PACKAGE: usize = 214;

/// The npm package that an import names, in the wording of Bun and of Node. The message may be the entrypoint's own, so
/// a text that npm would not accept as a package name is not repeated.
fn missing_package(message: &str) -> Option<&str> {
    let specifier = ["Cannot find package ", "Cannot find module "]
        .iter()
        .find_map(|words| message.split_once(words))
        .and_then(|(_, rest)| {
            let mark = rest.chars().next().filter(|c| matches!(c, '\'' | '"'))?;
            rest[1..].split(mark).next()
        })?;
    // A file, an import of the package's own (`#name`), or a built-in module.
    if specifier.is_empty() || specifier.starts_with(['.', '/', '#']) || specifier.contains(':') {
        return None;
    }
    let parts = if specifier.starts_with('@') { 2 } else { 1 };
    let end = specifier
        .match_indices('/')
        .nth(parts - 1)
        .map_or(specifier.len(), |(at, _)| at);
    Some(&specifier[..end]).filter(|name| is_package_name(name))
}

/// `name` or `@scope/name`, with the characters that npm allows.
fn is_package_name(name: &str) -> bool {
    let part = |part: &str| {
        let letter =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_' | b'.');
        !part.is_empty() && !part.starts_with(['.', '_', '-']) && part.bytes().all(letter)
    };
    let parts_hold = match name.strip_prefix('@') {
        Some(scoped) => scoped
            .split_once('/')
            .is_some_and(|(scope, name)| part(scope) && part(name)),
        None => part(name),
    };
    name.len() <= LONGEST_PACKAGE && parts_hold
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_package_is_named_as_npm_knows_it() {
        let cases = [
            ("Cannot find package 'zod' from '/p/tools.ts'", Some("zod")),
            ("Cannot find package 'zod' imported from /p/tools.ts", Some("zod")),
            ("Cannot find package 'zod/v4' from '/p/tools.ts'", Some("zod")),
            (
                "Cannot find module '@scope/name/deep' from '/p/tools.ts'",
                Some("@scope/name"),
            ),
            (
                "Cannot find module \"@scope/name\" from \"/p/tools.ts\"",
                Some("@scope/name"),
            ),
            ("Cannot find module './other.ts' from '/p/tools.ts'", None),
            ("Cannot find module '/p/other.ts' imported from /p/tools.ts", None),
            ("Cannot find package 'bun:nothing' from '/p/tools.ts'", None),
            ("Cannot find package '#own' from '/p/tools.ts'", None),
            ("Cannot find package 'x; rm -rf ~' from '/p/tools.ts'", None),
            ("Cannot find package '--allow-all' from '/p/tools.ts'", None),
            ("Cannot find package 'x\nhint: y' from '/p/tools.ts'", None),
            ("Cannot find package '$(id)' from '/p/tools.ts'", None),
            ("Cannot find package '@scope' from '/p/tools.ts'", None),
            ("Cannot find module", None),
            ("x is not defined", None),
        ];
        for (message, package) in cases {
            assert_eq!(missing_package(message), package, "{message}");
        }
    }

    #[test]
    fn the_hint_for_a_signal_names_its_possible_senders() {
        for signal in [libc::SIGSEGV, libc::SIGKILL, libc::SIGTERM] {
            assert!(ended("t", Exit::Signal(signal), "", 0).hint.is_some(), "{signal}");
        }
    }
}
