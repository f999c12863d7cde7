//! The TCP connections that the supervisor has made for each worker, and the ports at which its servers have listened.
//!
//! What a connection holds is looked up by these when no process of the worker has it open any more: after it was
//! closed with unsent data, while it is on its way through a unix socket, or before a server accepts it.

use std::cell::OnceCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::connection::{Connection, ListeningPort};
use super::socket::Socket;
use super::tcp_sockets::TcpSockets;
use crate::sandbox::lives::lives;

/// Connections of one worker that are remembered. With as many that are not over yet, another one is not made.
const MOST: usize = 4096;
/// The least time between two searches for connections that are over, and the multiple of the duration of the last one.
const SEARCH_EVERY: Duration = Duration::from_millis(10);
const SEARCH_SHARE: u32 = 10;
/// From this many workers on, entries of ended workers are dropped.
const WORKERS: usize = 64;

/// What is known of one worker.
#[derive(Debug, Default, Clone)]
struct Known {
    connections: Vec<Connection>,
    ports: BTreeSet<ListeningPort>,
    /// When a search for connections that are over may follow the last one.
    next_search: Option<Instant>,
}

/// Shared by the supervisor, which adds to it, and those who measure workers.
#[derive(Debug, Default, Clone)]
pub struct Connections(Arc<Mutex<HashMap<u32, Known>>>);

impl Connections {
    /// Whether a further connection of this worker could be remembered. Where there is no room, those that are over are
    /// forgotten first: a worker may have made many one after the other.
    pub(in super::super) fn have_room(&self, worker: u32) -> bool {
        if self.is_full(worker) {
            self.forget_what_is_over(worker);
        }
        !self.is_full(worker)
    }

    fn is_full(&self, worker: u32) -> bool {
        self.with(|all| all.get(&worker).is_some_and(|known| known.connections.len() >= MOST))
    }

    /// Asks the kernel about each. Only a small share of the time is spent on it, because a worker can have as many
    /// that are not over.
    fn forget_what_is_over(&self, worker: u32) {
        let begun = Instant::now();
        let may_search = |known: &Known| known.next_search.is_none_or(|next| begun >= next);
        if !self.with(|all| all.get(&worker).is_some_and(may_search)) {
            return;
        }
        // Opened after it is known which connections there are, because a list is of one moment.
        let sockets = OnceCell::new();
        self.look(worker, |connection| {
            let sockets = sockets.get_or_init(|| TcpSockets::open().ok()).as_ref();
            !matches!(sockets.map(|sockets| sockets.connection(connection)), Some(Ok(None)))
        });
        let done = Instant::now();
        let next = done + SEARCH_EVERY.max(done.duration_since(begun) * SEARCH_SHARE);
        self.with(|all| of(all, worker).next_search = Some(next));
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

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};

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
        drop((socket, listener));
        // A search may not follow the last one at once.
        let given_up = Instant::now() + Duration::from_secs(60);
        while !known.have_room(1) {
            assert!(Instant::now() < given_up, "connections that are over are kept");
            std::thread::yield_now();
        }
    }
}
