//! Processes that ended, or never came up.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::denied::Denied;
use super::memory;
use crate::dispatch::{StartFailure, StartFault};
use crate::error::{Code, Error};
use crate::spawn::{Exit, signal_name};

/// A process that ended without an answer.
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
        .hint("return a value or throw an error instead of calling process.exit()")
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
            .with(|context| context.signal = Some(name))
        }
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
}

/// A process that never became ready.
pub fn start_error(failure: &StartFailure, denied: &Denied) -> Error {
    let error = match &failure.fault {
        StartFault::Load(json) => return load_error(json, failure, denied),
        StartFault::Closed => Error::new(Code::ManagerClosed, "the manager was closed"),
        StartFault::Spawn { step, errno, .. } => {
            let reason = std::io::Error::from_raw_os_error(*errno);
            worker_start(&format!("{step} failed: {reason}"))
        }
        StartFault::Died(Exit::Code(code)) => {
            let code = *code;
            worker_start(&format!("it ended with exit code {code} before it was ready"))
                .with(|context| context.exit_code = Some(code))
        }
        StartFault::Died(Exit::Unknown) => worker_start("it ended before it was ready"),
        StartFault::Died(Exit::Signal(signal)) => {
            let name = signal_name(*signal);
            worker_start(&format!("it was killed by {name} before it was ready"))
                .with(|context| context.signal = Some(name))
        }
        StartFault::Protocol(what) => {
            worker_start(&format!("it sent bytes that are not toolwarden's protocol: {what}"))
                .hint("check that `runtimePath` is a Bun or Node executable")
        }
        StartFault::TimedOut(limit) => worker_start(&format!("it was not ready within {} s", limit.as_secs()))
            .hint("look for work at the top level of the entrypoint that does not end"),
    };
    error.with(|context| {
        context.operation = Some("start worker");
        context.attempts = failure.in_a_row;
        context.stderr.clone_from(&failure.stderr);
    })
}

fn worker_start(reason: &str) -> Error {
    let cause = serde_json::json!({ "name": "Error", "message": reason }).to_string();
    Error::new(
        Code::WorkerStart,
        format!("a worker process could not be started: {reason}"),
    )
    .hint("read the error\'s `stderr`; check that `runtimePath` runs by itself, and that the system has processes and memory to spare")
    .with(|context| context.cause = RawValue::from_string(cause).ok())
}

fn load_error(json: &str, failure: &StartFailure, denied: &Denied) -> Error {
    let refused = serde_json::from_str(json)
        .ok()
        .and_then(|thrown| denied.explain(&thrown, &[]));
    let loaded: Loaded = serde_json::from_str(json).unwrap_or(Loaded {
        name: String::new(),
        message: json.to_owned(),
        stack: String::new(),
    });
    let what = match (loaded.name.as_str(), loaded.message.as_str()) {
        ("", message) => message.to_owned(),
        (name, message) => format!("{name}: {message}"),
    };
    let detail = if loaded.stack.is_empty() { &what } else { &loaded.stack };
    let stderr = match failure.stderr.as_str() {
        "" => detail.clone(),
        printed if printed.contains(loaded.message.as_str()) => printed.to_owned(),
        printed => format!("{printed}{}{detail}", if printed.ends_with('\n') { "" } else { "\n" }),
    };
    Error::new(
        Code::EntrypointLoad,
        format!("the entrypoint could not be loaded: {what}"),
    )
    .hint(match &refused {
        Some(denial) => denied.advice(denial),
        None => "run the entrypoint by itself, for example with `bun ./tools.ts`, to see the same error".to_owned(),
    })
    .with(|context| {
        context.operation = Some("load entrypoint");
        context.stderr = stderr;
        if let Some(denial) = refused {
            context.permission = Some(denial.permission.as_str().to_owned());
            context.resource = Some(denial.resource);
        }
        context.cause = RawValue::from_string(json.to_owned()).ok();
    })
}
