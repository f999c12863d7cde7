//! The nameserver that workers reach: it answers allowed names only, and remembers which addresses it gave for which.
//!
//! Resolving in the host closes the way out through DNS: a name that is not allowed never leaves the machine.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::dns::{self, Reply};
use super::names::{Names, hosts_says};
use super::rules::Rules;
use crate::sandbox::denials::{Denial, Denials, Permission};

/// Connections at once; each is a thread while it is open.
const MAX_CONNECTIONS: usize = 64;
/// A connection that asks nothing for so long is closed.
const IDLE: Duration = Duration::from_secs(10);
/// Announced askers that are remembered.
const KEPT: usize = 1024;

/// Which worker asks from which local port: announced by the supervisor before it connects.
#[derive(Debug, Default)]
pub(super) struct Askers(Mutex<VecDeque<(u16, u32)>>);

impl Askers {
    pub(super) fn expect(&self, port: u16, worker: u32) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|(other, _)| *other != port);
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back((port, worker));
    }

    fn take(&self, port: u16) -> Option<u32> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = known.iter().position(|(other, _)| *other == port)?;
        known.remove(at).map(|(_, worker)| worker)
    }
}

/// Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Resolver {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Shared {
    rules: Arc<Rules>,
    names: Arc<Names>,
    askers: Arc<Askers>,
    denials: Denials,
    open: AtomicUsize,
}

impl Resolver {
    pub(super) fn start(
        rules: Arc<Rules>,
        names: Arc<Names>,
        askers: Arc<Askers>,
        denials: Denials,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let closed = Arc::new(AtomicBool::new(false));
        let closed_there = Arc::clone(&closed);
        let shared = Arc::new(Shared {
            rules,
            names,
            askers,
            denials,
            open: AtomicUsize::new(0),
        });
        thread::Builder::new()
            .name("toolwarden-dns".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if closed_there.load(Ordering::Acquire) {
                        break;
                    }
                    if let Ok(stream) = stream {
                        accept(&shared, stream);
                    }
                }
            })?;
        Ok(Resolver { address, closed })
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Resolver {
    fn drop(&mut self) {
        self.closed.store(true, Ordering::Release);
        // The thread waits for a connection: give it one.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn accept(shared: &Arc<Shared>, stream: TcpStream) {
    // Whoever the supervisor did not announce is no worker: any process of the machine can reach a loopback port.
    let Some(worker) = stream.peer_addr().ok().and_then(|peer| shared.askers.take(peer.port())) else {
        return;
    };
    if shared.open.fetch_add(1, Ordering::AcqRel) >= MAX_CONNECTIONS {
        shared.open.fetch_sub(1, Ordering::AcqRel);
        return;
    }
    let there = Arc::clone(shared);
    let started = thread::Builder::new().name("toolwarden-dns".to_owned()).spawn(move || {
        let _ = serve(&there, stream, worker);
        there.open.fetch_sub(1, Ordering::AcqRel);
    });
    if started.is_err() {
        shared.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// One connection: each message has its length before it, in both directions.
fn serve(shared: &Shared, mut stream: TcpStream, worker: u32) -> io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_write_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    loop {
        let mut length = [0; 2];
        stream.read_exact(&mut length)?;
        let mut message = vec![0; usize::from(u16::from_be_bytes(length))];
        stream.read_exact(&mut message)?;
        let Some(question) = dns::question(&message) else {
            return Ok(());
        };
        let reply = resolve(shared, &question, worker);
        let message = dns::answer(&question, &reply);
        let mut framed = (message.len() as u16).to_be_bytes().to_vec();
        framed.extend(message);
        stream.write_all(&framed)?;
    }
}

fn resolve(shared: &Shared, question: &dns::Question, worker: u32) -> Reply {
    let name = &question.name;
    if !shared.rules.allows_name(name) {
        // A reverse question names an address that was reached or refused already.
        if question.kind != dns::TYPE_PTR {
            shared
                .denials
                .add(Denial::new(Permission::Net, without_search(name), worker));
        }
        return Reply::NoSuchName;
    }
    if !matches!(question.kind, dns::TYPE_A | dns::TYPE_AAAA) {
        return Reply::Addresses(Vec::new());
    }
    let found: io::Result<Vec<IpAddr>> = (name.as_str(), 0)
        .to_socket_addrs()
        .map(|all| all.map(|address| address.ip().to_canonical()).collect());
    let Ok(mut found) = found else {
        return Reply::ServerFailure;
    };
    let hosts = std::fs::read_to_string("/etc/hosts").unwrap_or_default();
    // A name of the outside must not lead into this machine: whoever owns it would reach what only listens here.
    found.retain(|ip| !local(*ip) || name == "localhost" || hosts_says(&hosts, name, *ip));
    for ip in &found {
        shared.names.learn(*ip, name);
    }
    Reply::Addresses(found)
}

fn local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local(),
    }
}

/// The name as the tool gave it: libc tries the search domains of resolv.conf behind it.
fn without_search(name: &str) -> String {
    let conf = std::fs::read_to_string("/etc/resolv.conf").unwrap_or_default();
    strip_search(name, &conf).to_owned()
}

fn strip_search<'a>(name: &'a str, resolv_conf: &str) -> &'a str {
    let domains = resolv_conf.lines().filter_map(|line| {
        let line = line.trim();
        line.strip_prefix("search").or_else(|| line.strip_prefix("domain"))
    });
    for domain in domains.flat_map(str::split_whitespace) {
        let domain = domain.trim_matches('.');
        if let Some(bare) = name.strip_suffix(domain).and_then(|bare| bare.strip_suffix('.'))
            && !bare.is_empty()
        {
            return bare;
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn search_domains_are_no_part_of_a_name() {
        let conf = "search corp.test svc.local.\nnameserver 10.0.0.1\n";
        assert_eq!(strip_search("api.example.com.corp.test", conf), "api.example.com");
        assert_eq!(strip_search("db.svc.local", conf), "db");
        assert_eq!(strip_search("corp.test", conf), "corp.test");
        assert_eq!(strip_search("api.example.com", conf), "api.example.com");
    }

    #[test]
    fn names_of_the_outside_do_not_lead_inside() {
        for (ip, inside) in [
            ("127.0.0.1", true),
            ("0.0.0.0", true),
            ("169.254.169.254", true),
            ("::1", true),
            ("10.0.0.1", false),
            ("8.8.8.8", false),
        ] {
            assert_eq!(local(ip.parse().expect("ip")), inside, "{ip}");
        }
    }

    #[test]
    fn an_asker_is_known_once() {
        let askers = Askers::default();
        askers.expect(5, 1);
        askers.expect(5, 2);
        assert_eq!(askers.take(5), Some(2));
        assert_eq!(askers.take(5), None);
    }
}
