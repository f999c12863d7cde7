//! Asks the kernel about sockets that no descriptor leads to (NETLINK_SOCK_DIAG, what `ss` uses). No privilege is needed.

use std::collections::BTreeSet;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::connection::{Connection, ListeningPort};
use super::socket_memory::{MEMINFO, accounted};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const HEADER: usize = 16;
/// The kernel fills replies about all sockets up to this length; one about a single socket is far shorter.
const LONGEST: usize = 32 * 1024;
const LONGEST_OF_ONE: usize = 2048;
const ANY_COOKIE: u64 = u64::MAX;
/// Of `inet_diag_req_v2` and `inet_diag_msg`, which begin alike: family, state; both ends and a cookie from 4 or 8 on.
const INET_MESSAGE: usize = 72;
const INET_INODE: usize = 68;
const INET_PORT: usize = 4;
/// Asks for SK_MEMINFO, attribute INET_DIAG_SKMEMINFO.
const INET_MEMORY: u16 = 7;
/// Every state except LISTEN, TIME_WAIT, CLOSE and requests for a connection, none of which holds data.
const WITH_DATA: u32 = 1 << 1 | 1 << 2 | 1 << 3 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
const TIME_WAIT: u8 = 6;
const LISTEN: u8 = 10;
/// Of `unix_diag_msg`.
const UNIX_MESSAGE: usize = 16;
const UNIX_INODE: usize = 4;
/// UDIAG_SHOW_PEER, UDIAG_SHOW_RQLEN, UDIAG_SHOW_MEMINFO and UDIAG_SHOW_UID, and the attributes that answer them.
const UNIX_SHOW: u32 = 4 | 0x10 | 0x20 | 0x40;
const UNIX_PEER: u16 = 2;
const UNIX_QUEUE: u16 = 4;
const UNIX_MEMORY: u16 = 5;
const UNIX_OWNER: u16 = 7;

/// A TCP socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Found {
    /// 0 for one that no process has: closed, or not accepted yet.
    pub(crate) inode: u64,
    /// Its own port.
    pub(crate) port: u16,
    pub(crate) bytes: u64,
}

/// A unix socket.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FoundUnix {
    pub(crate) inode: u64,
    /// The user whose it is, if the kernel says so.
    pub(crate) owner: Option<u32>,
    /// What it has sent and nobody has read.
    pub(crate) sent: u64,
    /// What waits in it was sent by an end that is closed.
    pub(crate) has_left_behind: bool,
}

/// A connection to the kernel.
#[derive(Debug)]
pub(crate) struct SockDiag(OwnedFd);

impl SockDiag {
    pub(crate) fn open() -> io::Result<Self> {
        const NETLINK_SOCK_DIAG: i32 = 4;
        let kind = libc::SOCK_RAW | libc::SOCK_CLOEXEC;
        // SAFETY: no memory is passed.
        let fd = unsafe { libc::socket(libc::AF_NETLINK, kind, NETLINK_SOCK_DIAG) };
        if fd < 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: the kernel just gave us this descriptor.
        Ok(Self(unsafe { OwnedFd::from_raw_fd(fd) }))
    }

    /// Whether this machine answers questions about TCP at all. One that does not says of each socket that there is none.
    pub(super) fn answers_tcp(&self) -> io::Result<bool> {
        let request = inet_request(libc::AF_INET as u8, 0, None, 0, ANY_COOKIE);
        match self.ask(&request, true, &mut |_| {}) {
            Ok(()) => Ok(true),
            Err(error) if error.raw_os_error() == Some(libc::ENOENT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The socket of this connection; `None` when it is over.
    pub(super) fn connection(&self, of: &Connection) -> io::Result<Option<Found>> {
        let cookie = of.cookie.unwrap_or(ANY_COOKIE);
        let request = inet_request(of.family, u32::MAX, Some(&of.ends), 0, cookie);
        let mut found = None;
        let asked = self.ask(&request, false, &mut |reply| found = inet(reply));
        match asked {
            Ok(()) => Ok(found),
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOENT | libc::ESTALE)) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Every connection at these ports, those that wait to be accepted included. However many ports there are, the kernel
    /// is asked once for each family.
    pub(super) fn at_ports(&self, ports: &BTreeSet<ListeningPort>, each: &mut impl FnMut(Found)) -> io::Result<()> {
        for family in [libc::AF_INET as u8, libc::AF_INET6 as u8] {
            let mut own = ports.range((family, 0)..=(family, u16::MAX)).map(|(_, port)| *port);
            // Port 0 stands for all.
            let port = match (own.next(), own.next()) {
                (None, _) => continue,
                (Some(only), None) => only,
                _ => 0,
            };
            let request = inet_request(family, WITH_DATA, None, port, ANY_COOKIE);
            self.ask(&request, true, &mut |reply| {
                if let Some(found) = inet(reply).filter(|found| ports.contains(&(family, found.port))) {
                    each(found);
                }
            })?;
        }
        Ok(())
    }

    /// Every unix socket.
    pub(crate) fn unix(&self, each: &mut impl FnMut(FoundUnix)) -> io::Result<()> {
        let mut request = vec![libc::AF_UNIX as u8, 0, 0, 0];
        for word in [u32::MAX, 0, UNIX_SHOW] {
            request.extend(word.to_ne_bytes());
        }
        request.extend(ANY_COOKIE.to_ne_bytes());
        self.ask(&request, true, &mut |reply| {
            if let Some(found) = unix(reply) {
                each(found);
            }
        })
    }

    /// Sends a request and passes the body of each reply on. The kernel answers at once, so this does not wait.
    fn ask(&self, request: &[u8], all: bool, each: &mut dyn FnMut(&[u8])) -> io::Result<()> {
        let flags = libc::NLM_F_REQUEST | if all { libc::NLM_F_DUMP } else { 0 };
        let mut message = Vec::with_capacity(HEADER + request.len());
        message.extend(((HEADER + request.len()) as u32).to_ne_bytes());
        message.extend(SOCK_DIAG_BY_FAMILY.to_ne_bytes());
        message.extend((flags as u16).to_ne_bytes());
        message.extend([0; 8]);
        message.extend(request);
        // SAFETY: the message is of the given length and outlives the call.
        let sent = unsafe { libc::send(self.0.as_raw_fd(), message.as_ptr().cast(), message.len(), 0) };
        if sent < 0 {
            return Err(io::Error::last_os_error());
        }
        let mut buffer = vec![0u8; if all { LONGEST } else { LONGEST_OF_ONE }];
        loop {
            // SAFETY: the buffer is of the given length and outlives the call.
            let length = unsafe {
                let into = buffer.as_mut_ptr().cast();
                libc::recv(self.0.as_raw_fd(), into, buffer.len(), libc::MSG_DONTWAIT)
            };
            let length = usize::try_from(length).map_err(|_| io::Error::last_os_error())?;
            let mut rest = &buffer[..length];
            while let Some((kind, body, next)) = message_of(rest) {
                match i32::from(kind) {
                    libc::NLMSG_DONE => return Ok(()),
                    libc::NLMSG_ERROR => {
                        let errno = word(body, 0).map_or(libc::EIO, |code| -(code as i32));
                        return Err(io::Error::from_raw_os_error(errno));
                    }
                    _ => each(body),
                }
                rest = next;
            }
            if !all {
                return Ok(());
            }
        }
    }
}

/// `inet_diag_req_v2`. Both ends and a cookie name one socket, a port alone names all at it.
fn inet_request(family: u8, states: u32, ends: Option<&[SocketAddr; 2]>, port: u16, cookie: u64) -> Vec<u8> {
    let mut request = vec![family, libc::IPPROTO_TCP as u8, 1 << (INET_MEMORY - 1), 0];
    request.extend(states.to_ne_bytes());
    match ends {
        None => {
            request.extend(port.to_be_bytes());
            request.extend([0; 2 + 32 + 4]);
        }
        Some(ends) => {
            ends.iter().for_each(|end| request.extend(end.port().to_be_bytes()));
            ends.iter().for_each(|end| request.extend(padded(end.ip(), family)));
            // A link-local address belongs to an interface.
            let interface = ends.iter().find_map(|end| match end {
                SocketAddr::V6(end) => Some(end.scope_id()).filter(|scope| *scope != 0),
                SocketAddr::V4(_) => None,
            });
            request.extend(interface.unwrap_or(0).to_ne_bytes());
        }
    }
    request.extend(cookie.to_ne_bytes());
    request
}

/// An address in the family of its socket, in 16 bytes.
pub(super) fn padded(ip: IpAddr, family: u8) -> [u8; 16] {
    match ip {
        IpAddr::V6(ip) => ip.octets(),
        IpAddr::V4(ip) if i32::from(family) == libc::AF_INET6 => ip.to_ipv6_mapped().octets(),
        IpAddr::V4(ip) => {
            let mut bytes = [0; 16];
            bytes[..4].copy_from_slice(&ip.octets());
            bytes
        }
    }
}

/// `inet_diag_msg` and its attributes. `None` for what holds no data any more, or none yet.
fn inet(reply: &[u8]) -> Option<Found> {
    if matches!(reply.get(1)?, &(TIME_WAIT | LISTEN)) {
        return None;
    }
    // What is left of a closed connection after its last data has none.
    let (_, memory) = attributes(reply.get(INET_MESSAGE..)?).find(|(kind, _)| *kind == INET_MEMORY)?;
    Some(Found {
        inode: word(reply, INET_INODE)?.into(),
        port: u16::from_be_bytes(reply.get(INET_PORT..INET_PORT + 2)?.try_into().ok()?),
        bytes: accounted(&words(memory)),
    })
}

/// `unix_diag_msg` and its attributes.
fn unix(reply: &[u8]) -> Option<FoundUnix> {
    let inode = word(reply, UNIX_INODE)?.into();
    let (mut sent, mut waits, mut peer, mut owner) = (0, false, None, None);
    for (kind, value) in attributes(reply.get(UNIX_MESSAGE..)?) {
        match kind {
            UNIX_PEER => peer = word(value, 0),
            UNIX_QUEUE => waits = word(value, 0)? > 0,
            UNIX_MEMORY => sent = accounted(&words(value)),
            UNIX_OWNER => owner = word(value, 0),
            _ => {}
        }
    }
    Some(FoundUnix {
        inode,
        owner,
        sent,
        has_left_behind: waits && peer.is_none_or(|peer| peer == 0),
    })
}

/// The kind and the body of the first message, and what follows it.
fn message_of(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = word(bytes, 0)? as usize;
    let kind = u16::from_ne_bytes(bytes.get(4..6)?.try_into().ok()?);
    let body = bytes.get(HEADER..length)?;
    Some((kind, body, bytes.get(length.next_multiple_of(4)..).unwrap_or_default()))
}

fn attributes(mut bytes: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let length = usize::from(u16::from_ne_bytes(bytes.get(..2)?.try_into().ok()?));
        let kind = u16::from_ne_bytes(bytes.get(2..4)?.try_into().ok()?);
        let value = bytes.get(4..length)?;
        bytes = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, value))
    })
}

fn word(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn words(bytes: &[u8]) -> [u32; MEMINFO] {
    let mut words = [0; MEMINFO];
    for (at, place) in words.iter_mut().enumerate() {
        *place = word(bytes, at * 4).unwrap_or(0);
    }
    words
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn a_connection_with_another_cookie_is_another_one() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let diag = SockDiag::open().unwrap();
        let known = Connection {
            family: libc::AF_INET as u8,
            ends: [stream.local_addr().unwrap(), stream.peer_addr().unwrap()],
            cookie: Some(rustix::net::sockopt::socket_cookie(&stream).unwrap()),
            inode: rustix::fs::fstat(stream.as_fd()).unwrap().st_ino,
        };
        let other = Connection {
            cookie: known.cookie.map(|cookie| cookie + 1),
            ..known.clone()
        };
        assert!(diag.answers_tcp().unwrap());
        assert!(diag.connection(&known).unwrap().is_some());
        assert!(diag.connection(&other).unwrap().is_none());
    }

    #[test]
    fn unix_sockets_are_found_with_what_they_hold() {
        let (mut near, far) = UnixStream::pair().unwrap();
        near.write_all(&[1; 64 * 1024]).unwrap();
        let of = |socket: &UnixStream| {
            let inode = rustix::fs::fstat(socket.as_fd()).unwrap().st_ino;
            let mut found = None;
            SockDiag::open()
                .unwrap()
                .unix(&mut |one| {
                    if one.inode == inode {
                        found = Some(one);
                    }
                })
                .unwrap();
            found.unwrap()
        };
        assert!(of(&near).sent >= 64 * 1024 && !of(&far).has_left_behind);
        assert_eq!(of(&near).owner, Some(rustix::process::geteuid().as_raw()));
        drop(near);
        assert!(of(&far).has_left_behind && of(&far).sent == 0);
    }

    #[test]
    fn replies_that_are_cut_off_are_no_sockets() {
        let reply = [0xff; 200];
        for length in 0..reply.len() {
            let _ = (
                inet(&reply[..length]),
                unix(&reply[..length]),
                message_of(&reply[..length]),
            );
        }
        let zeros = [0; 200];
        assert_eq!(
            attributes(&zeros).count(),
            0,
            "an attribute without length is no reason to go on"
        );
    }
}
