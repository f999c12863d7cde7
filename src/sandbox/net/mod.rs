//! `--allow-net=host[:port]`: which connections the supervisor makes for a worker, and the resolver that answers only
//! allowed names.

pub(super) mod address;
mod dns;
mod guard;
mod names;
mod resolver;
mod rules;
mod socket;

pub(super) use guard::NetGuard;
pub(super) use socket::Socket;
