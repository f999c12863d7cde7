//! The shell around the engine: it gives the engine events and carries out its effects.
//!
//! The engine is locked while it handles events, which takes microseconds and waits for nothing. Effects are carried out after
//! that, in the order in which the engine asked for them. A file uses files above it in this list, never one below:
//!
//! | file | subject |
//! |---|---|
//! | `lock.rs` | a lock that spins before it sleeps |
//! | `send_queue.rs` | frames on their way into a process |
//! | `trace.rs` | `TOOLWARDEN_TRACE`: events and effects as lines on stderr |
//! | `processes.rs` | the running processes by their ids |
//! | `perform.rs` | carries out effects |
//! | `locked_engine.rs` | the engine behind its lock, and the order of effects |
//! | `usage.rs` | measures what processes use |
//! | `reader.rs` | reads what one process sends |
//! | `host_reads.rs` | the channels that the host's own thread reads |
//! | `groups.rs` | how the processes of each confinement group are started |
//! | `dispatcher.rs` | the requests of the host's thread, and which thread reads when |
//! | `clock.rs` | waits until something is due |
//! | `process_task.rs` | serves one process from its first byte to its end |
//! | `driver.rs` | the thread on which all of this runs |

#[cfg(not(portable))]
mod channel_set;
mod clock;
mod dispatcher;
mod driver;
#[cfg(portable)]
mod driver_reads;
mod groups;
mod host_reads;
mod lock;
mod locked_engine;
mod perform;
mod process_task;
mod processes;
mod reader;
mod send_queue;
mod trace;
mod usage;

pub use dispatcher::Dispatcher;
pub use driver::{Driver, Parts};
pub use groups::GroupProcesses;
pub use host_reads::HostReads;
