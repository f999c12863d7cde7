//! Which process serves which call: slots, queue, refilling, recycling.
//!
//! The pool is a value without clock, thread or file descriptor. It is told what happened and answers with [`Action`]s;
//! it knows calls as call ids and processes as worker ids, and nothing of what runs on them.

mod action;
mod limits;
mod queue;
mod slots;
mod start_gate;
mod state;

#[cfg(test)]
mod model_test;

pub use action::{Action, Gauges, Refused};
pub use limits::Limits;
pub use slots::{CallId, WorkerId, WorkerState};
pub use state::Pool;
