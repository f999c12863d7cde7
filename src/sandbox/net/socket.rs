//! The supervisor's copy of a worker's socket.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use super::address;

/// A duplicated socket of a worker.
#[derive(Debug)]
pub(in super::super) struct Socket {
    fd: OwnedFd,
    family: i32,
    kind: i32,
    protocol: i32,
}

impl Socket {
    /// `None` if the descriptor is not a socket.
    pub(in super::super) fn of(fd: OwnedFd) -> Option<Self> {
        let family = option(&fd, libc::SO_DOMAIN)?;
        let kind = option(&fd, libc::SO_TYPE)?;
        let protocol = option(&fd, libc::SO_PROTOCOL)?;
        Some(Socket {
            fd,
            family,
            kind,
            protocol,
        })
    }

    pub(in super::super) fn is_tcp(&self) -> bool {
        matches!(self.family, libc::AF_INET | libc::AF_INET6)
            && self.kind == libc::SOCK_STREAM
            && self.protocol == libc::IPPROTO_TCP
    }

    /// As above, or one that spreads over several TCP connections.
    pub(super) fn is_tcp_of_any_kind(&self) -> bool {
        matches!(self.family, libc::AF_INET | libc::AF_INET6)
            && self.kind == libc::SOCK_STREAM
            && matches!(self.protocol, libc::IPPROTO_TCP | libc::IPPROTO_MPTCP)
    }

    pub(super) fn is_unix(&self) -> bool {
        self.family == libc::AF_UNIX && self.kind == libc::SOCK_STREAM
    }

    pub(in super::super) fn is_stream(&self) -> bool {
        self.kind == libc::SOCK_STREAM
    }

    pub(super) fn family(&self) -> i32 {
        self.family
    }

    /// Whether calls on it block. The tool may change that at any moment.
    pub(in super::super) fn blocks(&self) -> bool {
        rustix::fs::fcntl_getfl(&self.fd).is_ok_and(|flags| !flags.contains(rustix::fs::OFlags::NONBLOCK))
    }

    /// How long a send or a connect may block, where the tool set a limit (SO_SNDTIMEO).
    pub(in super::super) fn send_timeout(&self) -> Option<Duration> {
        use rustix::net::sockopt::{Timeout, socket_timeout};
        socket_timeout(&self.fd, Timeout::Send).ok().flatten()
    }

    /// The bytes of an address in this socket's family.
    pub(super) fn bytes_of(&self, address: SocketAddr) -> Result<Vec<u8>, i32> {
        address::bytes_of(address, self.family).ok_or(libc::EAFNOSUPPORT)
    }

    /// Connects, and blocks when the socket does. The error is an errno.
    pub(in super::super) fn connect(&self, to: &[u8]) -> Result<(), i32> {
        // SAFETY: the bytes are of the given length and outlive the call.
        check(unsafe { libc::connect(self.fd.as_raw_fd(), to.as_ptr().cast(), to.len() as u32) })
    }

    /// Connects to the opened unix socket `peer`, whatever is at its path by now. Does not block: EAGAIN when its queue
    /// is full.
    pub(in super::super) fn connect_unix(&self, peer: &OwnedFd) -> Result<(), i32> {
        let path = format!("/proc/self/fd/{}", peer.as_raw_fd());
        let bytes = address::of_unix(path.as_bytes()).ok_or(libc::ENAMETOOLONG)?;
        if !self.blocks() {
            return self.connect(&bytes);
        }
        // The flag belongs to the open file, so the tool sees the change too, but only in a thread that uses this
        // socket at this very moment.
        use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
        let flags = fcntl_getfl(&self.fd).map_err(rustix::io::Errno::raw_os_error)?;
        fcntl_setfl(&self.fd, flags | OFlags::NONBLOCK).map_err(rustix::io::Errno::raw_os_error)?;
        let done = self.connect(&bytes);
        let _ = fcntl_setfl(&self.fd, flags);
        done
    }

    pub(super) fn bind(&self, at: &[u8]) -> Result<(), i32> {
        // SAFETY: the bytes are of the given length and outlive the call.
        check(unsafe { libc::bind(self.fd.as_raw_fd(), at.as_ptr().cast(), at.len() as u32) })
    }

    /// Sends over an existing connection without blocking; passes no address and no flag that connects.
    pub(in super::super) fn send(&self, data: &[u8], flags: i32) -> Result<usize, i32> {
        let flags = (flags & !libc::MSG_FASTOPEN) | libc::MSG_NOSIGNAL | libc::MSG_DONTWAIT;
        // SAFETY: the data outlives the call.
        let sent = unsafe { libc::send(self.fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) };
        usize::try_from(sent).map_err(|_| errno())
    }

    pub(super) fn listen(&self, backlog: i32) -> Result<(), i32> {
        // SAFETY: no memory is passed.
        check(unsafe { libc::listen(self.fd.as_raw_fd(), backlog) })
    }

    /// The address that it is bound to; port 0 when it is not bound.
    pub(super) fn own_address(&self) -> Option<SocketAddr> {
        let mut bytes = [0u8; address::LONGEST];
        let mut length = bytes.len() as libc::socklen_t;
        // SAFETY: the buffer is as long as `length` says, and both outlive the call.
        let done = unsafe { libc::getsockname(self.fd.as_raw_fd(), bytes.as_mut_ptr().cast(), &raw mut length) };
        if done != 0 {
            return None;
        }
        address::parse(bytes.get(..length as usize)?).ok()
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

fn option(fd: &OwnedFd, name: i32) -> Option<i32> {
    let mut value = 0i32;
    let mut length = size_of::<i32>() as libc::socklen_t;
    // SAFETY: value and length outlive the call and fit each other.
    let done = unsafe {
        libc::getsockopt(
            fd.as_raw_fd(),
            libc::SOL_SOCKET,
            name,
            (&raw mut value).cast(),
            &raw mut length,
        )
    };
    (done == 0).then_some(value)
}

fn check(done: i32) -> Result<(), i32> {
    if done == 0 { Ok(()) } else { Err(errno()) }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)
}
