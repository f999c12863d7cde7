//! Processes that are forked from an origin: a process that has imported the entrypoint, and gives children of itself
//! when the host asks for one.
//!
//! ```text
//! host                                              origin
//! ────                                              ──────
//! Spawner: a process like others   ──────────────►  imports, warms up, READY
//! begin: inspect /proc, Setup      ──────────────►  serve: waits for requests
//! fork: grant, request             ──────────────►  clone
//! take in: checks, own group, GO   ───► child       in_child: its own descriptors, memory and rules, then GO
//! ```
//!
//! The origin is trusted no more than the entrypoint that it imported: everything that it says is checked, every wait
//! for it is bounded, and a fork that fails ends it with its group.
//!
//! | file | runs in | subject |
//! |---|---|---|
//! | `wire.rs` | both | what they send each other |
//! | `answer.rs` | host | reading what an origin sends |
//! | `begin.rs` | host | from a started process to an origin that serves |
//! | `inspect.rs` | host | whether a process may be forked, seen from outside |
//! | `smaps.rs`, `pages.rs` | host | its memory, and what a child has of its own |
//! | `first_calls.rs` | host | what children that have time copy before a call |
//! | `fork.rs` | host | one child |
//! | `serve.rs` | origin | the loop that forks |
//! | `in_child.rs` | child | from clone to GO |
//! | `ahead.rs` | child | copying memory before a call |
//! | `variables.rs` | child | the C library's variables |
//! | `raw.rs` | origin and child | system calls without the C library's helpers for forks |
//!
//! The decisions behind it: docs/decisions.md#processes.

mod ahead;
mod answer;
mod begin;
mod first_calls;
pub(super) mod fork;
mod in_child;
mod inspect;
mod pages;
mod raw;
mod serve;
mod smaps;
mod variables;
mod wire;

pub use ahead::copy_ahead;
pub(super) use first_calls::FirstCalls;
pub use fork::Origin;
pub use in_child::resident_bytes;
pub use serve::serve_forks;
