//! A TCP connection as the kernel knows it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;

use super::socket::Socket;

/// What the kernel finds it by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Connection {
    /// AF_INET or AF_INET6.
    pub family: u8,
    /// Its own end and the peer's.
    pub ends: [SocketAddr; 2],
    /// The socket's number, which no other socket ever gets. `None` for MPTCP, whose streams have others.
    pub cookie: Option<u64>,
    /// The inode while a process has it open.
    pub inode: u64,
}

/// A port at which a worker listens or has listened: the family and the number.
pub type ListeningPort = (u8, u16);

impl Socket {
    /// `None` unless it is a TCP socket with an address of its own. The peer of one that is being connected is known to
    /// the caller only.
    pub(super) fn connection(&self, to: SocketAddr) -> Option<Connection> {
        if !self.is_tcp_of_any_kind() {
            return None;
        }
        let cookie = match self.is_tcp() {
            true => Some(rustix::net::sockopt::socket_cookie(self.as_fd()).ok()?),
            false => None,
        };
        Some(Connection {
            family: self.family() as u8,
            ends: [self.own_address()?, reached(to)],
            cookie,
            inode: rustix::fs::fstat(self.as_fd()).ok()?.st_ino,
        })
    }
}

/// The kernel connects to this machine instead of to no address.
fn reached(to: SocketAddr) -> SocketAddr {
    let ip = match to.ip() {
        IpAddr::V4(Ipv4Addr::UNSPECIFIED) => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(Ipv6Addr::UNSPECIFIED) => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => return to,
    };
    SocketAddr::new(ip, to.port())
}
