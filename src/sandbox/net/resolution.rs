//! Which names an address has, and which connections lead to the resolver instead of the machine's nameserver.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::guard::{NetGuard, Way};
use super::resolver::Sources;
use super::socket::Socket;

pub(super) const DNS_PORT: u16 = 53;

impl NetGuard {
    pub(super) fn allows(&self, address: SocketAddr) -> bool {
        self.sources.rules.reaches() && self.sources.rules.allows(address, &self.names_of(address.ip()))
    }

    /// Every name of an address. Names in /etc/hosts are resolved inside the worker, so they are looked up here too.
    pub(super) fn names_of(&self, ip: IpAddr) -> BTreeSet<String> {
        let mut found = self.sources.names.learned(ip);
        found.extend(self.sources.hosts.get().names(ip).cloned());
        if ip == IpAddr::V4(Ipv4Addr::LOCALHOST) || ip == IpAddr::V6(Ipv6Addr::LOCALHOST) {
            found.insert("localhost".to_owned());
        }
        found
    }

    /// Whether libc or c-ares would send DNS queries to this address. Without a readable resolv.conf they ask the local
    /// machine.
    pub(super) fn resolves(&self, to: SocketAddr) -> bool {
        to.port() == DNS_PORT && (to.ip().is_loopback() || self.sources.conf.get().is_nameserver(to.ip()))
    }

    /// Whether this is the machine's nameserver and the list has names: their addresses become known only if the
    /// resolver is asked, also where the nameserver itself is listed.
    pub(super) fn must_learn_names(&self, to: SocketAddr) -> bool {
        let Sources { rules, conf, .. } = &*self.sources;
        to.port() == DNS_PORT && rules.have_names() && conf.get().is_nameserver(to.ip())
    }

    /// Connects to the resolver, while the worker believes that it talks to its nameserver.
    pub(super) fn lead_to_resolver(&self, socket: &Socket, worker: u32) -> Result<Way, i32> {
        // The socket is bound first, so that the resolver knows the worker before the first query.
        let any = socket.bytes_of(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0))?;
        socket.bind(&any)?;
        let own = socket.own_address().ok_or(libc::EACCES)?;
        self.sources.query_ports.expect(own.port(), worker);
        let resolver = self
            .resolver
            .address(&self.sources)
            .map_err(|error| error.raw_os_error().unwrap_or(libc::EAGAIN))?;
        socket.bytes_of(resolver).map(Way::Address)
    }
}
