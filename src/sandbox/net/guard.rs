//! What becomes of each connect, bind and listen.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};

use super::names::Names;
use super::resolver::{Askers, Resolver};
use super::rules::{Rules, resource};
use super::socket::Socket;
use crate::config::NetRule;
use crate::sandbox::denials::{Denial, Denials, Permission};

const DNS_PORT: u16 = 53;

/// The policy's network list at work.
#[derive(Debug)]
pub(in super::super) struct NetGuard {
    rules: Arc<Rules>,
    names: Arc<Names>,
    denials: Denials,
    askers: Arc<Askers>,
    /// Started when a worker first asks for a name.
    resolver: Mutex<Option<Resolver>>,
}

impl NetGuard {
    pub(in super::super) fn new(allow: Vec<NetRule>, deny: Vec<NetRule>, denials: Denials) -> Self {
        NetGuard {
            rules: Arc::new(Rules { allow, deny }),
            names: Arc::new(Names::default()),
            denials,
            askers: Arc::new(Askers::default()),
            resolver: Mutex::new(None),
        }
    }

    pub(in super::super) fn connect(&self, socket: &Socket, to: SocketAddr, worker: u32) -> Result<(), i32> {
        if self.allows(to) {
            return socket.connect(to);
        }
        if resolves(to) {
            return self.lead_to_resolver(socket, worker);
        }
        self.refused(to, worker);
        Err(libc::EACCES)
    }

    /// Whether a send may name this address; records it when not.
    pub(in super::super) fn may_send(&self, to: SocketAddr, worker: u32) -> bool {
        let may = self.allows(to) || resolves(to);
        if !may {
            self.refused(to, worker);
        }
        may
    }

    pub(in super::super) fn bind(&self, socket: &Socket, at: SocketAddr, worker: u32) -> Result<(), i32> {
        if self.allows(at) {
            return socket.bind(at);
        }
        self.refused(at, worker);
        Err(libc::EACCES)
    }

    /// A socket that was never bound would get a port of the kernel's choice.
    pub(in super::super) fn listen(&self, socket: &Socket, backlog: i32, worker: u32) -> Result<(), i32> {
        match socket.own_address() {
            Some(at) if at.port() != 0 && self.allows(at) => socket.listen(backlog),
            Some(at) => {
                self.refused(at, worker);
                Err(libc::EACCES)
            }
            None => Err(libc::EACCES),
        }
    }

    /// Records a refusal.
    pub(in super::super) fn refused(&self, address: SocketAddr, worker: u32) {
        let resource = resource(address, &self.names.learned(address.ip()));
        self.denials.add(Denial::new(Permission::Net, resource, worker));
    }

    /// A datagram socket was refused. Where names may be resolved, libc makes one that names no protocol to sort addresses, and
    /// that is no access of the tool's.
    pub(in super::super) fn refused_datagrams(&self, protocol: u64, worker: u32) {
        if self.rules.allow.is_empty() || protocol == libc::IPPROTO_UDP as u64 {
            self.denials.add(Denial::new(Permission::Net, String::new(), worker));
        }
    }

    fn allows(&self, address: SocketAddr) -> bool {
        !self.rules.allow.is_empty() && self.rules.allows(address, &self.names_of(address.ip()))
    }

    fn names_of(&self, ip: IpAddr) -> std::collections::BTreeSet<String> {
        self.names
            .of(ip, &std::fs::read_to_string("/etc/hosts").unwrap_or_default())
    }

    /// The worker believes to talk to its nameserver.
    fn lead_to_resolver(&self, socket: &Socket, worker: u32) -> Result<(), i32> {
        // Bound first, so that the resolver knows who asks before it is asked.
        socket.bind(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
        let own = socket.own_address().ok_or(libc::EACCES)?;
        self.askers.expect(own.port(), worker);
        let resolver = self
            .resolver_address()
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EAGAIN))?;
        socket.connect(resolver)
    }

    fn resolver_address(&self) -> io::Result<SocketAddr> {
        let mut resolver = self.resolver.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*resolver {
            return Ok(resolver.address());
        }
        let (rules, names, askers) = (
            Arc::clone(&self.rules),
            Arc::clone(&self.names),
            Arc::clone(&self.askers),
        );
        let started = Resolver::start(rules, names, askers, self.denials.clone())?;
        let address = started.address();
        *resolver = Some(started);
        Ok(address)
    }
}

fn resolves(to: SocketAddr) -> bool {
    to.port() == DNS_PORT && is_nameserver(to.ip())
}

/// Whether libc or c-ares would ask this address. Without a readable resolv.conf they ask the own machine.
fn is_nameserver(ip: IpAddr) -> bool {
    ip.is_loopback()
        || nameservers(&std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default()).any(|known| known == ip)
}

fn nameservers(resolv_conf: &str) -> impl Iterator<Item = IpAddr> {
    resolv_conf.lines().filter_map(|line| {
        let address = line.trim().strip_prefix("nameserver")?.split_whitespace().next()?;
        let address = address.split('%').next()?; // the interface of a link-local address
        Some(address.parse::<IpAddr>().ok()?.to_canonical())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nameservers_are_those_of_resolv_conf() {
        let conf =
            "# nameserver 1.1.1.1\nsearch a.test\nnameserver 10.0.0.53\n nameserver\tfe80::1%eth0\nnameserver x\n";
        let known: Vec<String> = nameservers(conf).map(|ip| ip.to_string()).collect();
        assert_eq!(known, ["10.0.0.53", "fe80::1"]);
    }
}
