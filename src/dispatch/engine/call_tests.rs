//! The table in the head of `call.rs` against the code.

use std::collections::BTreeSet;

use super::*;

const GRACE: Duration = Duration::from_secs(1);
const WORKER: WorkerId = WorkerId(7);

/// One phase of each kind, whose time has come at `now`.
fn phases(now: Instant) -> Vec<Phase> {
    let on = Served {
        worker: WORKER,
        since: now,
    };
    let reason = TerminationReason::Timeout;
    vec![
        Phase::Waiting,
        Phase::Resting { until: now },
        Phase::Running { on, deadline: now },
        Phase::Aborting {
            on,
            reason: reason.clone(),
            kill_at: now,
            grace_ends: now + GRACE,
        },
        Phase::Graceful {
            on,
            reason: reason.clone(),
            kill_at: now,
        },
        Phase::Ending { on, reason },
        Phase::Over,
    ]
}

/// Every edge, with the names it has in the table: with and without a grace period.
fn edges(now: Instant) -> Vec<(&'static str, Edge, Duration)> {
    let assigned = Edge::Assigned {
        worker: WORKER,
        timeout: GRACE,
    };
    vec![
        ("Assigned", assigned, GRACE),
        ("NotStarted", Edge::NotStarted, GRACE),
        ("Terminated", Edge::Terminated(TerminationReason::Closed), GRACE),
        (
            "Cancelled, grace",
            Edge::Terminated(TerminationReason::Cancelled),
            GRACE,
        ),
        (
            "Cancelled, no grace",
            Edge::Terminated(TerminationReason::Cancelled),
            Duration::ZERO,
        ),
        ("Acknowledged, listens", Edge::Acknowledged { listens: true }, GRACE),
        ("Acknowledged, does not", Edge::Acknowledged { listens: false }, GRACE),
        ("Answered", Edge::Answered { again_at: None }, GRACE),
        ("Answered, tried again", Edge::Answered { again_at: Some(now) }, GRACE),
        ("Elapsed, grace", Edge::Elapsed, GRACE),
        ("Elapsed, no grace", Edge::Elapsed, Duration::ZERO),
        ("WorkerLost", Edge::WorkerLost(Lost::Failed), GRACE),
        (
            "WorkerLost, tried again",
            Edge::WorkerLost(Lost::TriedAgain(now)),
            GRACE,
        ),
        (
            "WorkerLost, other process",
            Edge::WorkerLost(Lost::AnotherProcess),
            GRACE,
        ),
    ]
}

fn name(text: &impl std::fmt::Debug) -> String {
    let text = format!("{text:?}");
    text.split([' ', '(', '{']).next().unwrap_or_default().to_owned()
}

fn row(phase: &str, edge: &str, next: &str, step: &str) -> String {
    format!("{phase} | {edge} | {next} | {step}")
}

/// What the code does: one row for each phase and edge that changes something. A grace period is part of an edge's name only
/// where it makes a difference.
fn of_the_code() -> BTreeSet<String> {
    let now = Instant::now();
    let mut rows = BTreeSet::new();
    for phase in phases(now) {
        for (edge_name, edge, grace) in edges(now) {
            let (next, step) = phase.clone().next(edge, now, grace);
            if next == phase && step == Step::Nothing {
                continue;
            }
            let waits = matches!(phase, Phase::Running { .. });
            let edge_name = match edge_name.split_once(", ") {
                Some((edge, "grace" | "no grace")) if !waits => match edge {
                    "Cancelled" => "Terminated",
                    edge => edge,
                },
                Some(("Answered", _)) if !waits => "Answered",
                _ => edge_name,
            };
            rows.insert(row(&name(&phase), edge_name, &name(&next), &name(&step)));
        }
    }
    rows
}

#[test]
fn the_table_is_what_the_code_does() {
    let of_the_doc: BTreeSet<String> = include_str!("call.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! | "))
        .filter(|line| !line.starts_with("phase "))
        .map(|line| {
            let cells: Vec<&str> = line.trim_end_matches('|').split('|').map(str::trim).collect();
            row(cells[0], cells[1], cells[2], cells[3])
        })
        .collect();
    assert_eq!(of_the_doc, of_the_code());
}

fn running(now: Instant) -> Phase {
    let assigned = Edge::Assigned {
        worker: WORKER,
        timeout: Duration::from_secs(60),
    };
    Phase::Waiting.next(assigned, now, GRACE).0
}

#[test]
fn a_timeout_gives_a_listening_tool_its_grace_and_no_other() {
    let now = Instant::now();
    let late = now + Duration::from_secs(60);
    let (aborting, step) = running(now).next(Edge::Elapsed, late, GRACE);
    assert_eq!(step, Step::Abort(WORKER));
    let (graceful, step) = aborting.clone().next(Edge::Acknowledged { listens: true }, late, GRACE);
    assert_eq!((graceful.wake(), step), (Some(late + GRACE), Step::Nothing));
    let timeout = Some(&TerminationReason::Timeout);
    let (silent, step) = aborting.next(Edge::Elapsed, late + ACKNOWLEDGE, GRACE);
    assert_eq!((silent.reason(), step), (timeout, Step::Kill(WORKER)));
    let (over, step) = graceful.next(Edge::Elapsed, late + GRACE, GRACE);
    assert_eq!((over.reason(), step), (timeout, Step::Kill(WORKER)));
}

#[test]
fn the_first_reason_stays_and_a_harder_one_kills() {
    let now = Instant::now();
    let cancelled = Some(&TerminationReason::Cancelled);
    let (aborting, _) = running(now).next(Edge::Terminated(TerminationReason::Cancelled), now, GRACE);
    let (same, step) = aborting
        .clone()
        .next(Edge::Terminated(TerminationReason::Timeout), now, GRACE);
    assert_eq!((same.reason(), step), (cancelled, Step::Nothing));
    let (killed, step) = aborting.next(Edge::Terminated(TerminationReason::Closed), now, GRACE);
    assert_eq!((killed.reason(), step), (cancelled, Step::Kill(WORKER)));
    let (again, step) = killed.next(Edge::Terminated(TerminationReason::OutOfMemory), now, GRACE);
    assert_eq!((again.reason(), step), (cancelled, Step::Nothing));
}

#[test]
fn nothing_elapses_before_its_time() {
    let now = Instant::now();
    let (phase, step) = running(now).next(Edge::Elapsed, now, GRACE);
    assert_eq!((phase, step), (running(now), Step::Nothing));
}
