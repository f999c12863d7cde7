//! What a manager decides, as a value: events go in, effects come out.
//!
//! Nothing in this module has a descriptor, a thread, a clock or a file. Each event comes with the moment at which it happened,
//! and what has to be done about it becomes a list of [`Effect`]s, which `dispatch::io` carries out after its lock is released.
//! So every decision can be read and tested without a process.
//!
//! A file uses files above it in this list, never one below:
//!
//! | file | subject |
//! |---|---|
//! | `effect.rs` | everything that the engine can ask the shell to do |
//! | `event.rs` | everything that can happen |
//! | `alarms.rs`, `counters.rs`, `failed_starts.rs`, `pace.rs`, `replacement.rs`, `retry.rs`, `sampling.rs`, `catalogue.rs` | one decision each |
//! | `entered.rs` | whether a tool was entered, and what follows from that for its call |
//! | `call.rs` | a call, and every edge of its phases |
//! | `worker.rs`, `lines.rs` | a process, and what it prints |
//! | `state.rs` | all calls and processes, and the steps that touch several of them |
//! | `terminate.rs` | ending calls and processes |
//! | `start.rs`, `frames.rs`, `exit.rs`, `usage.rs`, `tick.rs`, `close.rs`, `assign.rs` | what each event leads to |
//! | `engine.rs` | which of these files handles an event |

mod alarms;
mod assign;
mod call;
mod catalogue;
mod close;
mod counters;
mod effect;
#[expect(clippy::module_inception, reason = "the engine itself, beside its parts")]
mod engine;
mod entered;
mod event;
mod exit;
mod failed_starts;
mod frames;
mod lines;
mod pace;
mod replacement;
mod retry;
mod sampling;
mod start;
mod state;
mod terminate;
mod tick;
mod usage;
mod worker;

#[cfg(test)]
mod model_play_test;
#[cfg(test)]
mod model_steps_test;
#[cfg(test)]
mod model_test;
#[cfg(test)]
mod model_world_test;

pub use call::Request;
pub use counters::{Counters, Exits};
pub use effect::Refusal;

pub(super) use effect::{Effect, Effects, LineEffect};
pub(super) use engine::{Engine, Reading};
pub(super) use event::{Ended, Event};
pub(super) use lines::Source;
pub(super) use state::{Closing, EngineSettings};
pub use usage::{CAPS, cgroup_limits, verdict};
