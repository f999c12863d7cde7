//! Whom a tool may talk to.

use std::net::IpAddr;

/// How much of the network is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum NetScope {
    /// Nothing.
    #[default]
    None,
    /// Everything.
    All,
    /// What is listed; never an empty list.
    Only(Vec<NetRule>),
}

/// One entry of a list: a host, and a port where not all of them are meant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct NetRule {
    /// Whom.
    pub host: Host,
    /// On which port; `None` is any.
    pub port: Option<u16>,
}

/// A host as a rule names it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Host {
    /// A name, in lower case and without a dot at its end.
    Name(String),
    /// An address; one mapped into IPv6 is the IPv4 address it stands for.
    Ip(IpAddr),
}
