//! Decides about each connect, bind and listen.

use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::{self, family};
use super::connections::Connections;
use super::machine::{Hosts, ResolvConf};
use super::names::Names;
use super::own_ports::OwnPorts;
use super::own_sockets::OwnSockets;
use super::query_ports::QueryPorts;
use super::resolver::{Sources, StartedOnUse};
use super::rules::{Rules, resource};
use super::socket::Socket;
use super::unix::UnixSockets;
use crate::config::is_metadata;
use crate::sandbox::denial::{Denial, Permission};
use crate::sandbox::denials::Denials;

/// Connections that may wait at a unix socket of a worker until it accepts them. They have no descriptor, so what they
/// hold can only be estimated by their number.
pub(crate) const MOST_WAITING: u32 = 64;

/// Sockets that libc connects to on its own to look up users and names: a refusal there is not an access of the tool.
pub(super) const OF_LIBC: [&str; 4] = [
    "/run/nscd/",
    "/var/run/nscd/",
    "/run/systemd/resolve/",
    "/run/systemd/userdb/",
];

/// How much of the network is allowed, unix sockets not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Extent {
    /// What the rules allow.
    Listed,
    /// Everything except metadata services, which the rules must allow.
    Wide,
}

/// Enforces the policy's network list.
#[derive(Debug)]
pub(in super::super) struct NetGuard {
    pub(super) extent: Extent,
    unix: UnixSockets,
    pub(super) sources: Arc<Sources>,
    pub(super) resolver: StartedOnUse,
    own_ports: OwnPorts,
    own_sockets: OwnSockets,
    connections: Connections,
    /// A worker may not bind to lower ports.
    first_free_port: u16,
}

/// How an allowed connection is made.
#[derive(Debug)]
pub(in super::super) enum Way {
    /// To an address.
    Address(Vec<u8>),
    /// To the opened unix socket.
    Unix(OwnedFd),
}

impl NetGuard {
    pub(in super::super) fn new(extent: Extent, rules: Rules, unix: UnixSockets, denials: Denials) -> Self {
        NetGuard {
            extent,
            unix,
            sources: Arc::new(Sources {
                every_name: extent == Extent::Wide && denials.observations().is_some(),
                rules,
                names: Names::default(),
                query_ports: QueryPorts::default(),
                hosts: Hosts::file(),
                conf: ResolvConf::file(),
                denials,
            }),
            resolver: StartedOnUse::default(),
            own_ports: OwnPorts::default(),
            own_sockets: OwnSockets::default(),
            connections: Connections::default(),
            first_free_port: first_free_port(),
        }
    }

    /// Allows workers to make sockets in their own directories.
    pub(in super::super) fn with_own_sockets(self, own_sockets: OwnSockets) -> Self {
        Self { own_sockets, ..self }
    }

    /// Remembers connections there.
    pub(in super::super) fn noting(self, connections: Connections) -> Self {
        Self { connections, ..self }
    }

    /// The socket was connected, or begins to be.
    pub(in super::super) fn connected(&self, socket: &Socket, bytes: &[u8], worker: u32) {
        if let Ok(to) = address::parse(bytes) {
            self.connections.connected(worker, socket, to);
        }
    }

    /// Whether a worker may have a socket of this family and kind. The filter refuses further ones.
    pub(in super::super) fn may_exist(&self, family: u64, kind: u64) -> bool {
        /// The kind without SOCK_CLOEXEC and SOCK_NONBLOCK.
        const KIND: i32 = 0xf;
        match self.extent {
            Extent::Wide => true,
            Extent::Listed => family as i32 != libc::AF_NETLINK && kind as i32 & KIND == libc::SOCK_STREAM,
        }
    }

    /// `absolute` resolves a path of the worker to the one that the host would use.
    pub(in super::super) fn connect(
        &self,
        socket: &Socket,
        bytes: &[u8],
        worker: u32,
        absolute: impl Fn(&Path) -> Option<PathBuf>,
    ) -> Result<Way, i32> {
        if socket.is_unix() {
            return self.connect_unix(bytes, worker, absolute);
        }
        if !self.connections.have_room(worker) {
            return Err(libc::EAGAIN);
        }
        match self.extent {
            Extent::Wide => self.connect_wide(socket, bytes, worker),
            Extent::Listed if !socket.is_tcp() => Err(libc::EACCES),
            Extent::Listed => {
                let to = address::parse(bytes).map_err(|_| libc::EACCES)?;
                if self.allows(to) && !self.must_learn_names(to) {
                    self.sources.denials.reached(worker);
                    self.observe_connection(socket, to, worker);
                    return socket.bytes_of(to).map(Way::Address);
                }
                if self.resolves(to) {
                    return self.lead_to_resolver(socket, worker);
                }
                self.refused(to, worker);
                Err(libc::EACCES)
            }
        }
    }

    /// The bytes that were checked are the ones that are used.
    fn connect_wide(&self, socket: &Socket, bytes: &[u8], worker: u32) -> Result<Way, i32> {
        match (socket.family(), family(bytes).ok_or(libc::EINVAL)?) {
            (libc::AF_NETLINK, _) if !address::plain_netlink(bytes, true) => return Err(libc::EPERM),
            // AF_UNSPEC dissolves a connection.
            (libc::AF_NETLINK, _) | (libc::AF_INET | libc::AF_INET6, libc::AF_UNSPEC) => {}
            (libc::AF_INET | libc::AF_INET6, libc::AF_INET | libc::AF_INET6) => {
                let to = address::parse(bytes).map_err(|_| libc::EINVAL)?;
                // In some clouds the nameserver has the metadata service's address.
                if is_metadata(to.ip()) && !self.allows(to) && !self.resolves(to) {
                    self.refused(to, worker);
                    return Err(libc::EACCES);
                }
                if self.sources.every_name && socket.is_tcp() && self.resolves(to) {
                    return self.lead_to_resolver(socket, worker);
                }
                self.observe_connection(socket, to, worker);
            }
            _ => return Err(libc::EAFNOSUPPORT),
        }
        self.sources.denials.reached(worker);
        Ok(Way::Address(bytes.to_vec()))
    }

    fn connect_unix(&self, bytes: &[u8], worker: u32, absolute: impl Fn(&Path) -> Option<PathBuf>) -> Result<Way, i32> {
        let path = self.unix_path(bytes, worker, absolute)?;
        if let Some(own) = self.own_sockets.open(&path, worker) {
            return own.map(Way::Unix);
        }
        let any = self.any_unix(&path);
        let listed = self.unix.find(&path).or(any.as_ref());
        let listed = listed.ok_or_else(|| self.refused_unix(&path, worker))?;
        self.observe_unix(&path, false, worker);
        let peer = listed
            .open()
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))?;
        self.sources.denials.reached(worker);
        Ok(Way::Unix(peer))
    }

    /// Whether a send may name this address; records a refusal.
    pub(in super::super) fn may_send(&self, to: SocketAddr, worker: u32) -> bool {
        let may = self.allows(to) || self.resolves(to);
        if !may {
            self.refused(to, worker);
        }
        may
    }

    pub(in super::super) fn bind(
        &self,
        socket: &Socket,
        bytes: &[u8],
        worker: u32,
        absolute: impl Fn(&Path) -> Option<PathBuf>,
    ) -> Result<(), i32> {
        if socket.is_unix() {
            return self.bind_unix(socket, bytes, worker, absolute);
        }
        match self.extent {
            Extent::Wide => match (socket.family(), family(bytes).ok_or(libc::EINVAL)?) {
                (libc::AF_NETLINK, _) if !address::plain_netlink(bytes, false) => Err(libc::EPERM),
                (libc::AF_INET | libc::AF_INET6, libc::AF_INET | libc::AF_INET6) => {
                    let at = address::parse(bytes).map_err(|_| libc::EINVAL)?;
                    if at.port() != 0 && at.port() < self.first_free_port {
                        return Err(libc::EACCES);
                    }
                    self.observe_server(socket, at, worker);
                    socket.bind(bytes)
                }
                (libc::AF_NETLINK, _) => socket.bind(bytes),
                _ => Err(libc::EAFNOSUPPORT),
            },
            Extent::Listed if !socket.is_tcp() => Err(libc::EACCES),
            Extent::Listed => {
                let at = address::parse(bytes).map_err(|_| libc::EACCES)?;
                if self.allows(at) {
                    self.observe_server(socket, at, worker);
                    socket.bind(&socket.bytes_of(at)?)?;
                    if let Some(chosen) = socket.own_address().filter(|_| at.port() == 0) {
                        self.own_ports.note(worker, chosen.port());
                    }
                    return Ok(());
                }
                self.refused(at, worker);
                Err(libc::EACCES)
            }
        }
    }

    /// A listed socket may be created where the tool may write.
    fn bind_unix(
        &self,
        socket: &Socket,
        bytes: &[u8],
        worker: u32,
        absolute: impl Fn(&Path) -> Option<PathBuf>,
    ) -> Result<(), i32> {
        let path = self.unix_path(bytes, worker, absolute)?;
        if let Some(done) = self.own_sockets.bind(socket, &path, worker) {
            return done;
        }
        let any = self.any_unix(&path);
        let listed = self.unix.find(&path).or(any.as_ref());
        let listed = listed.ok_or_else(|| self.refused_unix(&path, worker))?;
        if !listed.may_make {
            let directory = path.parent().unwrap_or(&path).to_string_lossy().into_owned();
            self.sources
                .denials
                .add(Denial::new(Permission::Write, directory, worker));
            return Err(libc::EACCES);
        }
        self.observe_unix(&path, true, worker);
        let (_directory, address) = listed
            .place()
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EIO))?;
        socket.bind(&address)
    }

    /// An unbound socket would get a port of the kernel's choice; a unix socket without a path cannot listen.
    pub(in super::super) fn listen(&self, socket: &Socket, backlog: i32, worker: u32) -> Result<(), i32> {
        if socket.is_unix() {
            // Negative numbers are large ones to the kernel.
            return socket.listen((backlog as u32).min(MOST_WAITING) as i32);
        }
        self.listen_at_a_port(socket, backlog, worker)?;
        self.connections.listens(worker, socket);
        Ok(())
    }

    fn listen_at_a_port(&self, socket: &Socket, backlog: i32, worker: u32) -> Result<(), i32> {
        if self.extent == Extent::Wide {
            return socket.listen(backlog);
        }
        if !socket.is_tcp() {
            return Err(libc::EACCES);
        }
        match socket.own_address() {
            Some(at) if at.port() != 0 && self.allows(at) => socket.listen(backlog),
            Some(at) => {
                self.refused(at, worker);
                Err(libc::EACCES)
            }
            None => Err(libc::EACCES),
        }
    }

    /// The path of a unix socket's address; abstract and unnamed ones are refused.
    fn unix_path(
        &self,
        bytes: &[u8],
        worker: u32,
        absolute: impl Fn(&Path) -> Option<PathBuf>,
    ) -> Result<PathBuf, i32> {
        match address::unix_path(bytes) {
            Some(path) => absolute(path).ok_or(libc::EACCES),
            None => {
                let denials = &self.sources.denials;
                denials.add(Denial::new(Permission::Net, String::new(), worker));
                Err(libc::EACCES)
            }
        }
    }

    fn refused_unix(&self, path: &Path, worker: u32) -> i32 {
        let path: PathBuf = path.components().collect();
        let path = path.to_string_lossy();
        if !OF_LIBC.iter().any(|own| path.starts_with(own)) {
            let denial = Denial::new(Permission::Net, format!("unix:{path}"), worker);
            self.sources.denials.add(denial);
        }
        libc::EACCES
    }

    /// Records a refusal.
    fn refused(&self, address: SocketAddr, worker: u32) {
        let resource = resource(address, &self.sources.names.learned(address.ip()));
        let mut denial = Denial::new(Permission::Net, resource, worker);
        let here = address.ip().is_loopback() || address.ip().is_unspecified();
        if here && self.own_ports.are(worker, address.port()) {
            let host = denial
                .resource
                .trim_end_matches(&format!(":{}", address.port()))
                .to_owned();
            denial.flag = Denial::new(Permission::Net, host, worker).flag;
        }
        self.sources.denials.add(denial);
    }

    /// A datagram socket was refused. Where names may be resolved, libc makes one without a protocol to sort addresses,
    /// which is not an access of the tool. libc's socket blocks; the ones that libuv makes for a tool have no protocol
    /// either but do not block.
    pub(in super::super) fn refused_datagrams(&self, kind: u64, protocol: u64, worker: u32) {
        let of_libc = protocol != libc::IPPROTO_UDP as u64 && kind & libc::SOCK_NONBLOCK as u64 == 0;
        if !self.sources.rules.reaches() || !of_libc {
            let denials = &self.sources.denials;
            denials.add(Denial::new(Permission::Net, String::new(), worker));
        }
    }

    /// A socket that lists the machine's interfaces was refused. Where names may be resolved, libc makes one as well,
    /// to find out which kinds of addresses are useful; the two look the same.
    pub(in super::super) fn refused_netlink(&self, worker: u32) {
        let denials = &self.sources.denials;
        if self.sources.rules.reaches() {
            denials.leave_out(worker);
        } else {
            denials.add(Denial::new(Permission::Net, String::new(), worker));
        }
    }
}

/// The first port that needs no privilege; workers have no such privilege, although the host may.
fn first_free_port() -> u16 {
    let text = std::fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or_default();
    text.trim().parse().unwrap_or(1024)
}

#[cfg(test)]
#[path = "guard_tests.rs"]
mod tests;
