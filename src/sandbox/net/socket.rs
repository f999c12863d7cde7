//! The supervisor's copy of a worker's socket.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};

use super::address;

/// A TCP socket; nothing else can be made into one.
#[derive(Debug)]
pub(in super::super) struct Socket {
    fd: OwnedFd,
    family: i32,
}

impl Socket {
    /// `None` unless it is a TCP socket.
    pub(in super::super) fn of(fd: OwnedFd) -> Option<Self> {
        let family = option(&fd, libc::SO_DOMAIN)?;
        let tcp = matches!(family, libc::AF_INET | libc::AF_INET6)
            && option(&fd, libc::SO_TYPE)? == libc::SOCK_STREAM
            && option(&fd, libc::SO_PROTOCOL)? == libc::IPPROTO_TCP;
        tcp.then_some(Socket { fd, family })
    }

    /// Connects; blocks when the socket does. An errno otherwise.
    pub(super) fn connect(&self, to: SocketAddr) -> Result<(), i32> {
        let bytes = address::bytes(to, self.family).ok_or(libc::EAFNOSUPPORT)?;
        // SAFETY: the bytes are an address of the given length and outlive the call.
        check(unsafe { libc::connect(self.fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len() as u32) })
    }

    pub(super) fn bind(&self, at: SocketAddr) -> Result<(), i32> {
        let bytes = address::bytes(at, self.family).ok_or(libc::EAFNOSUPPORT)?;
        // SAFETY: the bytes are an address of the given length and outlive the call.
        check(unsafe { libc::bind(self.fd.as_raw_fd(), bytes.as_ptr().cast(), bytes.len() as u32) })
    }

    /// Sends over an existing connection: no address is passed, and none that connects.
    pub(in super::super) fn send(&self, data: &[u8], flags: i32) -> Result<usize, i32> {
        let flags = (flags & !libc::MSG_FASTOPEN) | libc::MSG_NOSIGNAL;
        // SAFETY: the data outlives the call.
        let sent = unsafe { libc::send(self.fd.as_raw_fd(), data.as_ptr().cast(), data.len(), flags) };
        usize::try_from(sent).map_err(|_| io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
    }

    pub(super) fn listen(&self, backlog: i32) -> Result<(), i32> {
        // SAFETY: no memory is passed.
        check(unsafe { libc::listen(self.fd.as_raw_fd(), backlog) })
    }

    /// The address it is bound to; port 0 when it is not.
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
    if done == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO))
    }
}
