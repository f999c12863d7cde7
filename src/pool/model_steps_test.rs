//! Random histories and limits for the model of the pool.

use std::time::Duration;

use proptest::prelude::*;

use super::{GroupId, Limits};
use crate::config::Count;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Submit(GroupId),
    Withdraw(usize),
    Ready(usize),
    /// The process is marked for killing first, and its failed start is reported a moment later.
    StartFails(usize, bool),
    /// A process that became ready ends before it was given a call.
    DiesUnused(usize),
    Release(usize),
    Crash(usize),
    Retire(usize),
    /// A process ends while calls run on it, and they are given to another process.
    Returned(usize),
    Exit(usize),
    Wait(u64),
    Close,
}

/// The manager's own group, two others, and calls that are narrowed.
fn group() -> impl Strategy<Value = GroupId> {
    prop_oneof![
        4 => Just(GroupId::OWN),
        3 => Just(GroupId::of(1)),
        3 => Just(GroupId::of(2)),
        1 => (0u32..2, 1u32..3).prop_map(|(base, narrowed)| GroupId { base, narrowed }),
    ]
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => group().prop_map(Step::Submit),
        1 => any::<usize>().prop_map(Step::Withdraw),
        5 => any::<usize>().prop_map(Step::Ready),
        1 => (any::<usize>(), any::<bool>()).prop_map(|(at, again)| Step::StartFails(at, again)),
        1 => any::<usize>().prop_map(Step::DiesUnused),
        5 => any::<usize>().prop_map(Step::Release),
        1 => any::<usize>().prop_map(Step::Crash),
        1 => any::<usize>().prop_map(Step::Returned),
        1 => any::<usize>().prop_map(Step::Retire),
        6 => any::<usize>().prop_map(Step::Exit),
        2 => (1u64..2000).prop_map(Step::Wait),
        1 => Just(Step::Close),
    ]
}

pub(super) fn limits() -> impl Strategy<Value = Limits> {
    (
        0usize..4,
        1usize..5,
        prop_oneof![Just(None), (0u64..4).prop_map(Some)],
        1usize..4,
        prop_oneof![Just(None), (1u64..5).prop_map(Some)],
        any::<bool>(),
    )
        .prop_map(|(min, max, queue, concurrent, calls, single_use)| Limits {
            min: min.min(max),
            max,
            queue: queue.map_or(Count::Infinite, Count::Limited),
            idle: Duration::from_millis(500),
            calls_per_worker: if single_use {
                Count::Limited(1)
            } else {
                calls.map_or(Count::Infinite, Count::Limited)
            },
            concurrent: if single_use { 1 } else { concurrent },
            single_use,
            starts_at_once: 2,
        })
}
