//! The nameserver that workers reach: it answers allowed names only, and remembers which addresses it returned.
//!
//! Resolving in the host prevents leaks through DNS: a name that is not allowed never leaves the machine.

use std::collections::HashMap;
use std::io::{self, Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::dns::{self, Reply};
use super::lookups::Lookups;
use super::machine::{Hosts, Parsed, ResolvConf};
use super::names::Names;
use super::query_ports::QueryPorts;
use super::rules::Rules;
use crate::config::is_metadata;
use crate::error::descriptors::is_shortage_error;
use crate::sandbox::denial::{Denial, Permission};
use crate::sandbox::denials::Denials;
use crate::sandbox::learn::Need;

/// Open connections of one worker; each is a thread.
const MAX_CONNECTIONS: usize = 16;
/// A connection without a query for this long is closed.
const IDLE: Duration = Duration::from_secs(10);
/// How often it is checked whether somebody still waits for an answer.
const STILL_THERE: Duration = Duration::from_millis(250);
/// The least time that a connection waits when the host has no descriptor for it.
const PAUSE: Duration = Duration::from_millis(20);

/// The known names and addresses, and the rules.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) rules: Rules,
    /// Every name may be resolved: a manager learns, and nothing bounds it.
    pub(super) every_name: bool,
    pub(super) names: Names,
    pub(super) query_ports: QueryPorts,
    pub(super) hosts: Parsed<Hosts>,
    pub(super) conf: Parsed<ResolvConf>,
    pub(super) denials: Denials,
}

/// The resolver's thread; dropping this ends it.
#[derive(Debug)]
pub(super) struct Resolver {
    address: SocketAddr,
    closed: Arc<AtomicBool>,
}

#[derive(Debug)]
struct Shared {
    sources: Arc<Sources>,
    lookups: Lookups,
    /// Open connections by worker.
    open: Mutex<HashMap<u32, usize>>,
}

/// A resolver that is started when a worker first resolves a name.
#[derive(Debug, Default)]
pub(super) struct StartedOnUse(Mutex<Option<Resolver>>);

impl StartedOnUse {
    /// The address of its listener.
    pub(super) fn address(&self, sources: &Arc<Sources>) -> io::Result<SocketAddr> {
        let mut resolver = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(resolver) = &*resolver {
            return Ok(resolver.address());
        }
        let started = Resolver::start(Arc::clone(sources))?;
        let address = started.address();
        *resolver = Some(started);
        Ok(address)
    }
}

impl Resolver {
    pub(super) fn start(sources: Arc<Sources>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let closed = Arc::new(AtomicBool::new(false));
        let closed_there = Arc::clone(&closed);
        let shared = Arc::new(Shared {
            sources,
            lookups: Lookups::default(),
            open: Mutex::default(),
        });
        thread::Builder::new()
            .name("toolwarden-dns".to_owned())
            .spawn(move || {
                for stream in listener.incoming() {
                    if closed_there.load(Ordering::Acquire) {
                        break;
                    }
                    match stream {
                        Ok(stream) => accept(&shared, stream),
                        // The connection stays in the queue, so accept would fail again at once.
                        Err(error) if is_shortage_error(&error) => thread::sleep(PAUSE),
                        Err(_) => {}
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
        // The thread waits for a connection, so make one.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(1));
    }
}

fn accept(shared: &Arc<Shared>, stream: TcpStream) {
    // A port that the supervisor did not register is not a worker's: any process of the machine can reach a loopback
    // port.
    let asker = stream.peer_addr().ok();
    let Some(worker) = asker.and_then(|peer| shared.sources.query_ports.take(peer.port())) else {
        return;
    };
    if !shared.enter(worker) {
        return;
    }
    let there = Arc::clone(shared);
    let started = thread::Builder::new().name("toolwarden-dns".to_owned()).spawn(move || {
        let _ = serve(&there, stream, worker);
        there.leave(worker);
    });
    if started.is_err() {
        shared.leave(worker);
    }
}

impl Shared {
    /// Takes one of the worker's connection slots; false when it has none left.
    fn enter(&self, worker: u32) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let of_worker = open.entry(worker).or_default();
        let may = *of_worker < MAX_CONNECTIONS;
        *of_worker += usize::from(may);
        may
    }

    fn leave(&self, worker: u32) {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(of_worker) = open.get_mut(&worker) {
            *of_worker -= 1;
            if *of_worker == 0 {
                open.remove(&worker);
            }
        }
    }
}

/// Serves one connection: each message has a length prefix, in both directions.
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
        let Some(reply) = resolve(shared, &question, worker, || connected(&stream)) else {
            return Ok(());
        };
        let message = dns::answer(&question, &reply);
        let mut framed = (message.len() as u16).to_be_bytes().to_vec();
        framed.extend(message);
        stream.write_all(&framed)?;
    }
}

/// Whether the other end is still connected.
fn connected(stream: &TcpStream) -> bool {
    let mut ends = [PollFd::new(stream, PollFlags::RDHUP)];
    let now = Timespec::try_from(Duration::ZERO).ok();
    !matches!(poll(&mut ends, now.as_ref()), Ok(1))
}

/// `None` when the answer is no longer wanted.
fn resolve(shared: &Shared, question: &dns::Question, worker: u32, wanted: impl FnMut() -> bool) -> Option<Reply> {
    let (name, sources) = (&question.name, &shared.sources);
    if !sources.every_name && !sources.rules.allows_name(name) {
        let tried = sources.conf.get().without_search(name).to_owned();
        if tried == "localhost" {
            return Some(own_machine(question, sources));
        }
        // A reverse query names an address that was already reached or refused.
        if question.kind != dns::TYPE_PTR {
            sources.denials.add(Denial::new(Permission::Net, tried, worker));
        }
        return Some(Reply::NoSuchName);
    }
    if !matches!(question.kind, dns::TYPE_A | dns::TYPE_AAAA) {
        if let Some(observations) = sources.denials.observations()
            && question.kind != dns::TYPE_PTR
        {
            // Only the machine's own nameserver would answer.
            observations.note(worker, Need::Datagrams);
        }
        return Some(Reply::Addresses(Vec::new()));
    }
    let Some(mut found) = shared.lookups.ask(name, STILL_THERE, wanted)? else {
        return Some(Reply::ServerFailure);
    };
    let hosts = sources.hosts.get();
    found.retain(|ip| {
        // A name from outside must not lead into this machine: its owner could reach what listens only here. Nor may a
        // name lead to the machine's credentials.
        let stays_outside = !local(*ip) || name == "localhost" || hosts.says(name, *ip);
        stays_outside && (!is_metadata(*ip) || sources.rules.lists(*ip))
    });
    if let Some(observations) = sources.denials.observations().filter(|_| !found.is_empty()) {
        observations.note(worker, Need::Resolve(name.clone()));
    }
    for ip in &found {
        sources.names.learn(*ip, name);
    }
    Some(Reply::Addresses(found))
}

/// What this name means is no secret, and whoever asks for it connects next. That connection is refused with its port,
/// which is not known here; a flag for the name alone would open every port of the machine.
fn own_machine(question: &dns::Question, sources: &Sources) -> Reply {
    let ip = match question.kind {
        dns::TYPE_A => IpAddr::V4(Ipv4Addr::LOCALHOST),
        dns::TYPE_AAAA => IpAddr::V6(Ipv6Addr::LOCALHOST),
        _ => return Reply::Addresses(Vec::new()),
    };
    sources.names.learn(ip, "localhost");
    Reply::Addresses(vec![ip])
}

fn local(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_link_local(),
        IpAddr::V6(ip) => ip.is_loopback() || ip.is_unspecified() || ip.is_unicast_link_local(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}
