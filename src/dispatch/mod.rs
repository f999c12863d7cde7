//! One execution: which attempt runs where, until when, and what ended it.
//!
//! [`phase`] holds the pure transitions of a call, [`retry`] decides about another attempt; [`Hub`] owns the state of a
//! manager and is the only place that carries out what they and the pool decide. Threads: the host's thread submits,
//! cancels and writes frames through the hub, and reads answers where its event loop can wait for them ([`host_reads`]); one
//! driver thread reads everything else ([`serve`]) and keeps the time ([`clock`]). What comes out are raw [`Facts`]; the outcome room says what they mean.

mod alarms;
mod answer;
mod call;
mod clock;
mod counters;
mod driver;
mod ending;
mod facts;
mod host_reads;
mod hub;
mod inlet;
mod outgoing;
mod pace;
mod perform;
mod phase;
mod printed;
mod replacement;
mod retry;
mod serve;
mod station;
mod watch;

pub use call::Request;
pub use counters::{Counters, Exits};
pub use driver::{Driver, Parts};
pub use facts::{Crowd, Doom, End, Facts, Sink, StartFailure, StartFault};
pub use host_reads::HostReads;
pub use hub::{Hub, Refusal};
pub use watch::cgroup_limits;
