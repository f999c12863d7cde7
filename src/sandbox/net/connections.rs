//! The TCP connections that the supervisor has made for each worker, and the ports at which its servers have listened.
//!
//! What a connection holds is looked up by these when no process of the worker has it open any more: after it was
//! closed with unsent data, while it is on its way through a unix socket, or before a server accepts it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::AsFd;
use std::sync::{Arc, Mutex, PoisonError};

use super::socket::Socket;
use crate::sandbox::lives::lives;

/// Connections of one worker that are remembered. With as many that are not over yet, another one is not made.
const MOST: usize = 4096;
/// From this many workers on, entries of ended workers are dropped.
const WORKERS: usize = 64;

/// A connection as the kernel knows it.
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

/// What is known of one worker.
#[derive(Debug, Default, Clone)]
struct Known {
    connections: Vec<Connection>,
    ports: BTreeSet<ListeningPort>,
}

/// Shared by the supervisor, which adds to it, and those who measure workers.
#[derive(Debug, Default, Clone)]
pub struct Connections(Arc<Mutex<HashMap<u32, Known>>>);

impl Connections {
    /// Whether a further connection of this worker could be remembered.
    pub(in super::super) fn have_room(&self, worker: u32) -> bool {
        self.with(|all| all.get(&worker).is_none_or(|known| known.connections.len() < MOST))
    }

    /// The socket was connected to this address, or begins to be.
    pub(in super::super) fn connected(&self, worker: u32, socket: &Socket, to: SocketAddr) {
        let Some(connection) = socket.connection(to) else {
            return;
        };
        self.with(|all| of(all, worker).connections.push(connection));
    }

    /// The socket listens.
    pub(in super::super) fn listens(&self, worker: u32, socket: &Socket) {
        if let (Some(at), true) = (socket.own_address(), socket.is_tcp_of_any_kind()) {
            self.with(|all| of(all, worker).ports.insert((socket.family() as u8, at.port())));
        }
    }

    /// Passes each connection of a worker to `keep`, which tells whether it is to be remembered, and returns the ports.
    pub(crate) fn look(&self, worker: u32, mut keep: impl FnMut(&Connection) -> bool) -> BTreeSet<ListeningPort> {
        // The supervisor must not wait while the kernel is asked about each of them.
        let Some(known) = self.with(|all| all.get(&worker).cloned()) else {
            return BTreeSet::new();
        };
        let over: HashSet<Connection> = known.connections.into_iter().filter(|one| !keep(one)).collect();
        if !over.is_empty() {
            self.with(|all| of(all, worker).connections.retain(|one| !over.contains(one)));
        }
        known.ports
    }

    /// The worker has ended.
    pub(crate) fn forget(&self, worker: u32) {
        self.with(|all| all.remove(&worker));
    }

    fn with<T>(&self, action: impl FnOnce(&mut HashMap<u32, Known>) -> T) -> T {
        action(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn of(all: &mut HashMap<u32, Known>, worker: u32) -> &mut Known {
    if all.len() >= WORKERS && !all.contains_key(&worker) {
        all.retain(|worker, _| lives(*worker));
    }
    all.entry(worker).or_default()
}

impl Socket {
    /// `None` unless it is a TCP socket with an address of its own. The peer of one that is being connected is known to
    /// the caller only.
    fn connection(&self, to: SocketAddr) -> Option<Connection> {
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

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn connections_are_remembered_until_somebody_says_that_they_are_over() {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        let at = listener.local_addr().expect("an address");
        let connect = || Socket::of(TcpStream::connect(at).expect("connected").into()).expect("a socket");
        let (one, other) = (connect(), connect());
        let known = Connections::default();
        known.connected(1, &one, SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), at.port()));
        known.connected(1, &other, at);
        known.listens(1, &Socket::of(listener.into()).expect("a socket"));
        let mut seen = Vec::new();
        let ports = known.look(1, |connection| {
            seen.push(connection.clone());
            connection.ends[0] == one.own_address().expect("an address")
        });
        assert_eq!(ports, BTreeSet::from([(libc::AF_INET as u8, at.port())]));
        assert_eq!(seen.len(), 2);
        assert!(seen.iter().all(|connection| connection.ends[1] == at), "{seen:?}");
        assert_ne!(seen[0].cookie, seen[1].cookie);
        let mut left = 0;
        known.look(1, |_| {
            left += 1;
            true
        });
        assert_eq!(left, 1);
        known.look(2, |_| panic!("another worker's"));
        known.forget(1);
        assert!(known.look(1, |_| panic!("forgotten")).is_empty());
    }

    #[test]
    fn a_worker_has_a_bounded_number_of_them() {
        let listener = TcpListener::bind("[::1]:0").expect("bound");
        let at = listener.local_addr().expect("an address");
        let socket = Socket::of(TcpStream::connect(at).expect("connected").into()).expect("a socket");
        let known = Connections::default();
        for _ in 0..MOST {
            assert!(known.have_room(1));
            known.connected(1, &socket, at);
        }
        assert!(!known.have_room(1) && known.have_room(2));
    }
}
