//! Decides which process serves which call: slots, queue, refilling, recycling.
//!
//! The pool is a value without clock, thread or file descriptor. Its methods take what happened and return the
//! [`Action`]s that follow. It knows calls and processes by their numbers only, and nothing of what runs in a process.
//!
//! The decisions behind it: docs/decisions.md#pool.

mod action;
mod demand;
mod group;
mod limits;
mod queue;
mod settle;
mod slots;
mod spare;
mod start_gate;
mod state;

#[cfg(test)]
mod model_steps_test;
#[cfg(test)]
mod model_test;
#[cfg(test)]
mod model_world_test;

pub use action::{Action, Gauges, Refused};
pub use group::GroupId;
pub use limits::Limits;
pub use queue::CallId;
pub use slots::{WorkerId, WorkerState};
pub use state::Pool;
