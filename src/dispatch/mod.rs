//! One execution: which attempt runs where, until when, and what ended it.
//!
//! [`engine`] decides, as a value without clock and I/O: events go in, effects come out. [`io`] brings it what happens and
//! carries out what it asks for. Threads: the host's thread submits, cancels and writes frames, and reads answers where its event
//! loop can wait for them; one driver thread reads everything else and keeps the time. What comes out are raw [`Facts`], told to
//! a [`Sink`]; the outcome module says what they mean.

mod engine;
mod facts;
mod io;
mod sink;

pub use engine::{Counters, Exits, Refusal, Request, cgroup_limits};
pub use facts::{Crowd, End, Facts, StartFailure, StartFault, TerminationReason};
pub use io::{Dispatcher, Driver, HostReads, Parts};
pub use sink::Sink;
