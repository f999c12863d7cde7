//! The public JSON forms of a finished call.

use std::time::Duration;

use serde::Serialize;

use super::denied::refusals;
use super::metrics::outcome;
use crate::dispatch::Facts;
use crate::error::{Code, Error, Refusal};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Record<'a> {
    tool_id: &'a str,
    tool_exec_id: &'a str,
    outcome: &'static str,
    code: Option<&'static str>,
    attempts: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt: Option<u32>,
    queue_time: f64,
    start_time: f64,
    execution_time: f64,
    input_bytes: u64,
    output_bytes: u64,
    peak_memory_mb: Option<u64>,
    pid: Option<u32>,
    process_start: Option<&'static str>,
    denials: Vec<Refusal>,
    #[serde(skip_serializing_if = "Option::is_none")]
    denials_dropped: Option<u64>,
    denials_complete: bool,
}

/// An `ExecutionRecord`.
pub fn record(facts: &Facts, error: Option<&Error>) -> String {
    let record = Record {
        tool_id: facts.tool.as_str(),
        tool_exec_id: facts.exec.as_str(),
        outcome: outcome(facts, error.is_some()),
        code: error.map(|error| Code::as_str(error.code)),
        attempts: facts.attempts,
        attempt: facts.given_attempt,
        queue_time: ms(facts.queue_time),
        start_time: ms(facts.start_time),
        execution_time: ms(facts.execution_time),
        input_bytes: facts.input_bytes,
        output_bytes: facts.output_bytes,
        peak_memory_mb: facts.peak_memory_mb,
        pid: facts.pid,
        process_start: facts.pid.map(|_| if facts.forked { "fork" } else { "spawn" }),
        denials: refusals(&facts.denials),
        denials_dropped: (facts.denials_dropped > 0).then_some(facts.denials_dropped),
        denials_complete: facts.denials_complete,
    };
    text(&record)
}

fn ms(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// Structs of numbers and strings can always be serialised.
fn text(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
