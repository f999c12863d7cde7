//! `--allow-net`: which connections the supervisor makes for a worker, and the resolver that answers only allowed names.

pub(super) mod address;
mod connection;
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
mod sock_diag;
mod socket;
pub(crate) mod socket_memory;
mod tcp_list;
mod tcp_sockets;
mod unix;

pub use connection::{Connection, ListeningPort};
pub use connections::Connections;
pub(crate) use guard::MOST_WAITING;
pub(super) use guard::{Extent, NetGuard, Way};
pub(super) use own_sockets::OwnSockets;
pub(super) use rules::Rules;
pub(crate) use sock_diag::{Found, SockDiag};
pub(super) use socket::Socket;
pub(crate) use tcp_sockets::TcpSockets;
pub(super) use unix::{Listed, UnixSockets};
