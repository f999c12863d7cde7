//! Runs any program in the sandbox of tools, with the host's own standard streams: `toolwarden wrap`.
//!
//! | file | subject |
//! |---|---|
//! | `start.rs` | from a command line and permissions to a running process |
//! | `watch.rs` | the thread that serves it until its end |
//! | `refusals.rs` | what the sandbox refused |
//! | `terminal.rs` | who may read the terminal |
//! | `streams.rs` | the host's standard streams |
//! | `event.rs` | the events that the caller gets |
//!
//! Like `manager` it knows the order of the other layers. The decisions behind it: docs/decisions.md#any-program.

mod event;
mod refusals;
mod start;
mod streams;
mod terminal;
mod watch;

pub use event::Event;
pub use start::{Options, Wrapped};
