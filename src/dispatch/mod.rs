//! One execution: which attempt runs where, until when, and what ended it.
//!
//! [`engine`] decides, as a value without clock and I/O: it takes events and gives effects. [`io`] gives it the events and
//! carries out its effects. The host's thread submits, cancels and writes frames, and it reads answers where its event loop can
//! wait for them. One driver thread reads everything else and keeps the time. The result of a call is reported to a [`Sink`] as
//! raw [`Facts`], and the outcome module decides what they mean.

mod engine;
mod facts;
mod io;
mod sink;

pub use engine::{CAPS, Counters, Exits, Refusal, Request, cgroup_limits, verdict};
pub use facts::{Crowd, End, Facts, StartFailure, StartFault, TerminationReason};
pub use io::{Dispatcher, Driver, GroupProcesses, HostReads, Parts};
pub use sink::Sink;
