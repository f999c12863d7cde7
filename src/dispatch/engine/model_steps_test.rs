//! Random histories for the model of the engine.

use proptest::prelude::*;

#[derive(Debug, Clone)]
pub(super) enum Step {
    Submit {
        on: u8,
        timeout_ms: u64,
        group: u8,
    },
    Cancel(usize),
    Ask,
    Spawned(usize),
    NotSpawned(usize, bool),
    Imports(usize),
    Rehearsed(usize),
    LoadFails(usize),
    /// The process enters the tool of a call that it was sent.
    Enters(usize),
    Answers {
        at: usize,
        threw: bool,
        retryable: u8,
    },
    /// An answer with a nonce that is not the call's.
    Forges(usize),
    Acknowledges(usize, bool),
    Garbage(usize),
    ChannelEnds(usize),
    Exits {
        at: usize,
        unread: bool,
    },
    UsesTooMuch(usize),
    /// It has many threads, though no more than it may have.
    IsCrowded(usize),
    Wait(u64),
    Close(bool),
    Abandoned,
}

impl Step {
    /// Whether a process sends it, so that it may arrive together with the next one.
    pub(super) fn is_said(&self) -> bool {
        matches!(
            self,
            Self::Imports(_)
                | Self::Rehearsed(_)
                | Self::LoadFails(_)
                | Self::Enters(_)
                | Self::Answers { .. }
                | Self::Forges(_)
                | Self::Acknowledges(..)
                | Self::Garbage(_)
                | Self::ChannelEnds(_)
        )
    }
}

pub(super) fn step() -> impl Strategy<Value = Step> {
    let at = any::<usize>;
    prop_oneof![
        8 => (0u8..32, 1u64..400, 0u8..2).prop_map(|(on, timeout_ms, group)| Step::Submit { on, timeout_ms, group }),
        1 => at().prop_map(Step::Cancel),
        1 => Just(Step::Ask),
        8 => at().prop_map(Step::Spawned),
        1 => (at(), any::<bool>()).prop_map(|(at, passes)| Step::NotSpawned(at, passes)),
        8 => at().prop_map(Step::Imports),
        8 => at().prop_map(Step::Rehearsed),
        1 => at().prop_map(Step::LoadFails),
        6 => at().prop_map(Step::Enters),
        6 => (at(), any::<bool>(), 0u8..3).prop_map(|(at, threw, retryable)| Step::Answers { at, threw, retryable }),
        1 => at().prop_map(Step::Forges),
        2 => (at(), any::<bool>()).prop_map(|(at, listens)| Step::Acknowledges(at, listens)),
        1 => at().prop_map(Step::Garbage),
        1 => at().prop_map(Step::ChannelEnds),
        4 => (at(), any::<bool>()).prop_map(|(at, unread)| Step::Exits { at, unread }),
        1 => at().prop_map(Step::UsesTooMuch),
        1 => at().prop_map(Step::IsCrowded),
        6 => (1u64..600).prop_map(Step::Wait),
        1 => any::<bool>().prop_map(Step::Close),
        1 => prop_oneof![9 => Just(Step::Ask), 1 => Just(Step::Abandoned)],
    ]
}

#[derive(Debug, Clone)]
pub(super) struct Setup {
    pub(super) min: usize,
    pub(super) max: usize,
    pub(super) queue: Option<u64>,
    pub(super) concurrent: usize,
    pub(super) single_use: bool,
    pub(super) grace_ms: u64,
}

pub(super) fn setup() -> impl Strategy<Value = Setup> {
    let queue = prop_oneof![Just(None), (0u64..4).prop_map(Some)];
    (
        0usize..3,
        1usize..4,
        queue,
        1usize..4,
        any::<bool>(),
        prop_oneof![Just(0u64), Just(100)],
    )
        .prop_map(|(min, max, queue, concurrent, single_use, grace_ms)| Setup {
            min: min.min(max),
            max,
            queue,
            concurrent: if single_use { 1 } else { concurrent },
            single_use,
            grace_ms,
        })
}
