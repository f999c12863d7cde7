//! Notes what of the network is used, while a manager learns.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use super::guard::{Extent, NetGuard, OF_LIBC};
use super::socket::Socket;
use super::unix::Listed;
use crate::sandbox::learn::{Need, Observations};
use crate::sandbox::policy::UnixSocket;

impl NetGuard {
    /// Whether every address may be reached.
    pub(in super::super) fn is_wide(&self) -> bool {
        self.extent == Extent::Wide
    }

    fn observations(&self) -> Option<&Observations> {
        self.sources.denials.observations()
    }

    /// Notes a socket that needs the whole network, as it is made. Under a list it is refused.
    pub(in super::super) fn observe_socket(&self, args: [u64; 6], worker: impl FnOnce() -> u32) {
        const KIND: i32 = 0xf;
        let Some(observations) = self.observations().filter(|_| self.is_wide()) else {
            return;
        };
        let [family, kind, protocol] = [args[0], args[1], args[2]].map(|arg| arg as i32);
        let need = match (family, kind & KIND) {
            (libc::AF_NETLINK, _) => Need::Interfaces,
            // libc sorts addresses with sockets of this kind; see `refused_datagrams`.
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM)
                if protocol != libc::IPPROTO_UDP && kind & libc::SOCK_NONBLOCK == 0 =>
            {
                Need::Interfaces
            }
            (libc::AF_INET | libc::AF_INET6, libc::SOCK_DGRAM | libc::SOCK_RAW) => Need::Datagrams,
            _ => return,
        };
        observations.note(worker(), need);
    }

    pub(super) fn observe_connection(&self, socket: &Socket, to: SocketAddr, worker: u32) {
        if let Some(observations) = self.observations().filter(|_| socket.is_tcp()) {
            let names = self.sources.names.learned(to.ip());
            observations.note(worker, Need::Connect { to, names });
        }
    }

    pub(super) fn observe_server(&self, socket: &Socket, at: SocketAddr, worker: u32) {
        if let Some(observations) = self.observations().filter(|_| socket.is_tcp()) {
            observations.note(worker, Need::Listen(at));
        }
    }

    /// `made`: it is created, which changes its directory.
    pub(super) fn observe_unix(&self, path: &Path, made: bool, worker: u32) {
        let Some(observations) = self.observations() else {
            return;
        };
        let of_libc = OF_LIBC.iter().any(|own| path.starts_with(own));
        if let Some(real) = real(path).filter(|_| !of_libc) {
            if let Some(directory) = real.parent().filter(|_| made) {
                observations.note(worker, Need::Write(directory.to_owned()));
            }
            observations.note(worker, Need::Unix(real));
        }
    }

    /// Any socket by its path, while a manager learns and nothing bounds it.
    pub(super) fn any_unix(&self, path: &Path) -> Option<Listed> {
        self.observations().filter(|_| self.is_wide())?;
        Some(Listed {
            socket: UnixSocket {
                given: path.to_owned(),
                real: real(path)?,
            },
            may_make: true,
        })
    }
}

/// The path without links; the socket itself need not exist.
fn real(path: &Path) -> Option<PathBuf> {
    if let Ok(real) = path.canonicalize() {
        return Some(real);
    }
    Some(path.parent()?.canonicalize().ok()?.join(path.file_name()?))
}
