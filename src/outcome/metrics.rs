//! Metrics for Prometheus: counters and histograms of finished calls, and gauges of the present state.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::dispatch::{End, Exits, Facts, TerminationReason};
use crate::error::{Error, printable};
use crate::pool::Gauges;

/// Upper bounds in seconds, from a warm call to a long-running tool.
const BUCKETS: [f64; 14] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 30.0, 120.0,
];
/// The tool label of calls whose id no tool has: ids come from callers, and not each of them may get a series.
const UNKNOWN: &str = "unknown";

#[derive(Debug, Default, Clone)]
struct Histogram {
    buckets: [u64; BUCKETS.len()],
    count: u64,
    sum: f64,
}

impl Histogram {
    fn observe(&mut self, value: Duration) {
        let seconds = value.as_secs_f64();
        if let Some(bucket) = BUCKETS.iter().position(|bound| seconds <= *bound) {
            self.buckets[bucket] += 1;
        }
        self.count += 1;
        self.sum += seconds;
    }

    fn write(&self, out: &mut String, name: &str, labels: &str) {
        let comma = if labels.is_empty() { "" } else { "," };
        let mut below = 0;
        for (bound, count) in BUCKETS.iter().zip(self.buckets) {
            below += count;
            let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
        }
        let _ = writeln!(out, "{name}_bucket{{{labels}{comma}le=\"+Inf\"}} {}", self.count);
        let braces = if labels.is_empty() {
            String::new()
        } else {
            format!("{{{labels}}}")
        };
        let _ = writeln!(
            out,
            "{name}_sum{braces} {}\n{name}_count{braces} {}",
            self.sum, self.count
        );
    }
}

#[derive(Debug, Default)]
struct ToolCounts {
    outcomes: BTreeMap<&'static str, u64>,
    duration: Histogram,
    retries: u64,
    denials: BTreeMap<&'static str, u64>,
}

#[derive(Debug, Default)]
struct Counts {
    tools: BTreeMap<String, ToolCounts>,
    queue_wait: Histogram,
}

/// Counts since the manager was made.
#[derive(Debug, Default)]
pub struct Metrics(Mutex<Counts>);

/// The values that are read at scrape time.
#[derive(Debug, Clone)]
pub struct GaugeSnapshot {
    /// The pool.
    pub gauges: Gauges,
    /// Processes that ended.
    pub exits: Exits,
    /// Resident memory of all processes, in bytes.
    pub resident_bytes: u64,
    /// Processes that were started as programs, and those that were forked.
    pub starts: [u64; 2],
    /// The state of the origin, and why there is none.
    pub origin: (&'static str, Option<String>),
}

/// The outcome as records and metrics name it.
pub(super) fn outcome(facts: &Facts, failed: bool) -> &'static str {
    match &facts.end {
        _ if !failed => "success",
        End::Terminated(TerminationReason::Timeout) => "timeout",
        End::Terminated(TerminationReason::Cancelled) => "cancelled",
        _ => "error",
    }
}

impl Metrics {
    /// Records a finished call.
    pub fn record(&self, facts: &Facts, error: Option<&Error>) {
        let tool = if facts.known_tool { facts.tool.as_str() } else { UNKNOWN };
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.queue_wait.observe(facts.queue_time);
        // Most calls are of a tool seen before, whose name need not be copied.
        if !counts.tools.contains_key(tool) {
            counts.tools.insert(tool.to_owned(), ToolCounts::default());
        }
        let Some(of_tool) = counts.tools.get_mut(tool) else {
            return;
        };
        *of_tool.outcomes.entry(outcome(facts, error.is_some())).or_default() += 1;
        of_tool.duration.observe(facts.execution_time);
        of_tool.retries += u64::from(facts.attempts.saturating_sub(1));
        for denial in &facts.denials {
            *of_tool.denials.entry(denial.permission.as_str()).or_default() += 1;
        }
    }

    /// Renders the text format, version 0.0.4.
    pub fn render(&self, snapshot: &GaugeSnapshot) -> String {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut out = String::new();
        let tools: Vec<(String, &ToolCounts)> = counts.tools.iter().map(|(id, tool)| (label(id), tool)).collect();
        head(&mut out, "toolwarden_tool_calls_total", "counter", "Finished calls.");
        for (id, tool) in &tools {
            for (outcome, count) in &tool.outcomes {
                let _ = writeln!(
                    out,
                    "toolwarden_tool_calls_total{{tool=\"{id}\",outcome=\"{outcome}\"}} {count}"
                );
            }
        }
        head(
            &mut out,
            "toolwarden_tool_call_duration_seconds",
            "histogram",
            "Time in worker processes, over all attempts.",
        );
        for (id, tool) in &tools {
            tool.duration.write(
                &mut out,
                "toolwarden_tool_call_duration_seconds",
                &format!("tool=\"{id}\""),
            );
        }
        head(
            &mut out,
            "toolwarden_queue_wait_seconds",
            "histogram",
            "Time calls waited for a worker.",
        );
        counts.queue_wait.write(&mut out, "toolwarden_queue_wait_seconds", "");
        head(
            &mut out,
            "toolwarden_tool_retries_total",
            "counter",
            "Attempts beyond the first.",
        );
        for (id, tool) in &tools {
            let _ = writeln!(out, "toolwarden_tool_retries_total{{tool=\"{id}\"}} {}", tool.retries);
        }
        head(
            &mut out,
            "toolwarden_permission_denials_total",
            "counter",
            "Accesses the sandbox refused.",
        );
        for (id, tool) in &tools {
            for (permission, count) in &tool.denials {
                let _ = writeln!(
                    out,
                    "toolwarden_permission_denials_total{{tool=\"{id}\",permission=\"{permission}\"}} {count}"
                );
            }
        }
        gauges(&mut out, snapshot);
        out
    }
}

fn gauges(out: &mut String, snapshot: &GaugeSnapshot) {
    let GaugeSnapshot {
        gauges,
        exits,
        resident_bytes,
        starts: [spawned, forked],
        origin: (origin, reason),
    } = snapshot;
    head(out, "toolwarden_queue_size", "gauge", "Calls waiting for a worker.");
    let _ = writeln!(out, "toolwarden_queue_size {}", gauges.queued);
    head(out, "toolwarden_workers", "gauge", "Worker processes.");
    for (state, count) in [
        ("starting", gauges.starting),
        ("idle", gauges.idle),
        ("busy", gauges.busy),
    ] {
        let _ = writeln!(out, "toolwarden_workers{{state=\"{state}\"}} {count}");
    }
    head(
        out,
        "toolwarden_worker_exits_total",
        "counter",
        "Worker processes that ended.",
    );
    let reasons = [
        ("retired", exits.retired),
        ("killed", exits.killed),
        ("crashed", exits.crashed),
        ("start_failed", exits.start_failed),
    ];
    for (reason, count) in reasons {
        let _ = writeln!(out, "toolwarden_worker_exits_total{{reason=\"{reason}\"}} {count}");
    }
    head(
        out,
        "toolwarden_worker_resident_memory_bytes",
        "gauge",
        "Resident memory of all worker processes.",
    );
    let _ = writeln!(out, "toolwarden_worker_resident_memory_bytes {resident_bytes}");
    head(
        out,
        "toolwarden_worker_starts_total",
        "counter",
        "Worker processes that were made.",
    );
    for (way, count) in [("spawn", spawned), ("fork", forked)] {
        let _ = writeln!(out, "toolwarden_worker_starts_total{{process_start=\"{way}\"}} {count}");
    }
    head(
        out,
        "toolwarden_origin_info",
        "gauge",
        "Always 1; the state of the process that others are forked from, and why there is none.",
    );
    let reason = label(reason.as_deref().unwrap_or_default());
    let _ = writeln!(
        out,
        "toolwarden_origin_info{{state=\"{origin}\",reason=\"{reason}\"}} 1"
    );
    head(out, "toolwarden_build_info", "gauge", "Always 1.");
    let _ = writeln!(
        out,
        "toolwarden_build_info{{version=\"{}\"}} 1",
        env!("CARGO_PKG_VERSION")
    );
}

fn head(out: &mut String, name: &str, kind: &str, help: &str) {
    let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} {kind}");
}

/// Control characters are escaped, so that a reader of the page, or of a graph made of it, never receives one.
fn label(value: &str) -> String {
    printable(value).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_histogram_counts_cumulatively_and_beyond_its_last_bound() {
        let mut histogram = Histogram::default();
        for millis in [0, 3, 3, 500_000] {
            histogram.observe(Duration::from_millis(millis));
        }
        let mut out = String::new();
        histogram.write(&mut out, "x", "tool=\"a\"");
        assert!(out.contains("x_bucket{tool=\"a\",le=\"0.0025\"} 1\n"), "{out}");
        assert!(out.contains("x_bucket{tool=\"a\",le=\"0.005\"} 3\n"), "{out}");
        assert!(out.contains("x_bucket{tool=\"a\",le=\"120\"} 3\n"), "{out}");
        assert!(out.contains("x_bucket{tool=\"a\",le=\"+Inf\"} 4\n"), "{out}");
        assert!(out.contains("x_count{tool=\"a\"} 4\n"), "{out}");
    }

    #[test]
    fn labels_are_escaped() {
        assert_eq!(label("a\"b\\c\u{1b}\nd"), "a\\\"b\\\\c\\\\u001b\\\\nd");
    }
}
