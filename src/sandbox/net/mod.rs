//! `--allow-net`: which connections the supervisor makes for a worker, and the resolver that answers only allowed names.

pub(super) mod address;
mod connections;
mod dns;
mod guard;
mod lookups;
mod machine;
mod names;
mod observe;
mod own_ports;
mod own_sockets;
mod query_ports;
mod resolution;
mod resolver;
mod rules;
mod socket;
mod unix;

pub use connections::{Connection, Connections, ListeningPort};
pub(crate) use guard::MOST_WAITING;
pub(super) use guard::{Extent, NetGuard, Way};
pub(super) use own_sockets::OwnSockets;
pub(super) use rules::Rules;
pub(super) use socket::Socket;
pub(super) use unix::{Listed, UnixSockets};
