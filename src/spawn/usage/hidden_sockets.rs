//! Measures sockets that no process of a group has open: connections that were closed with unsent data or wait to be
//! accepted, and everything that is on its way through a unix socket (SCM_RIGHTS). Where the host may not copy
//! descriptors, the open ones are measured in this way too.
//!
//! The kernel does not say whose such a socket is. A TCP connection is recognised by what the supervisor noted when it
//! made it, or by the port of the worker's server. Of sockets in flight only their number is known, and not even that of
//! those that are in flight inside of others. So while a group has any, all that waits in sockets of this user which no
//! process is seen to have open counts, whichever process made them. Sockets of other users are left out: a worker can
//! make none, and who has them open may not be seen.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use super::descriptors::{Descriptors, in_flight};
use crate::sandbox::Connections;
use crate::sandbox::{Found, SockDiag, TcpSockets};

/// The minimum time between two looks, as a multiple of the duration of the last one: a worker may have thousands of
/// connections, and the kernel goes through all sockets of the machine for the port of a server and for what is in flight.
const SHARE: u32 = 10;
/// What is assumed to be in flight where the kernel does not answer: as many as one process may have in flight, and what
/// a message may carry beyond that.
const MOST_IN_FLIGHT: u64 = 1024 + 253;
/// From so many bytes on it is looked up whether other processes have the sockets open, which takes longer.
const WORTH_A_SEARCH: u64 = 4 * 1024 * 1024;
/// Descriptors of other processes that are looked at.
const MOST_DESCRIPTORS: usize = 65_536;
/// Lists of sockets that carry datagrams: each line has what waits, in `tx:rx` or in two columns, and the inode.
const DATAGRAMS: [&str; 8] = ["udp", "udp6", "udplite", "udplite6", "icmp", "icmp6", "raw", "raw6"];

/// Measures one group.
#[derive(Debug)]
pub(super) struct HiddenSockets {
    leader: u32,
    connections: Option<Connections>,
    /// The host's end of its channel, through which it may send too.
    channel: Option<Arc<OwnedFd>>,
    /// The time of the next look, and what the last one found.
    next: Instant,
    last: u64,
}

impl HiddenSockets {
    pub(super) fn new(
        leader: u32,
        connections: Option<Connections>,
        channel: Option<Arc<OwnedFd>>,
        now: Instant,
    ) -> Self {
        Self {
            leader,
            connections,
            channel,
            next: now,
            last: 0,
        }
    }

    /// The bytes that wait in them. `open`: what the processes have open.
    pub(super) fn bytes(&mut self, open: &Descriptors, now: Instant) -> u64 {
        if now >= self.next {
            let begun = Instant::now();
            self.last = self.look(open);
            let done = Instant::now();
            self.next = done + done.duration_since(begun) * SHARE;
        }
        self.last
    }

    fn look(&self, open: &Descriptors) -> u64 {
        let in_channel = self
            .channel
            .as_ref()
            .map_or(0, |channel| in_flight(std::process::id(), channel.as_raw_fd()));
        let any_in_flight = open.in_flight() + in_channel > 0;
        let connections = self.in_connections(open, any_in_flight);
        let unmeasured = open.unmeasured();
        if !any_in_flight && unmeasured.is_empty() {
            return connections;
        }
        let counts = |inode| match any_in_flight {
            true => !open.counts_socket(inode),
            false => unmeasured.contains(&inode),
        };
        let unknown = if any_in_flight {
            MOST_IN_FLIGHT * usual_buffer()
        } else {
            0
        };
        let mut diag = None;
        let mut waits = in_datagrams(counts) + in_unix_sockets(counts, &mut diag).unwrap_or(unknown);
        if any_in_flight && waits > WORTH_A_SEARCH {
            // Other processes may have much in their sockets too, which is open to them.
            let theirs = open_anywhere();
            let nobodys = |inode| counts(inode) && !theirs.contains(&inode);
            waits = in_datagrams(nobodys) + in_unix_sockets(nobodys, &mut diag).unwrap_or(unknown);
        }
        connections + waits
    }

    fn in_connections(&self, open: &Descriptors, any_in_flight: bool) -> u64 {
        let Some(connections) = &self.connections else { return 0 };
        let mut bytes = 0;
        // Opened once for everything that is asked, and after it is known which connections there are.
        let sockets = OnceCell::new();
        let opened = || sockets.get_or_init(|| TcpSockets::open().ok()).as_ref();
        // A socket that a process may have open is measured with it.
        let hidden = |found: Found| {
            let unmeasured = open.unmeasured().contains(&found.inode);
            found.inode == 0 || unmeasured || (any_in_flight && !open.counts_socket(found.inode))
        };
        let ports = connections.look(self.leader, |connection| {
            if open.counts_socket(connection.inode) {
                return true;
            }
            match opened().map(|sockets| sockets.connection(connection)) {
                Some(Ok(None)) => return false,
                Some(Ok(Some(found))) if hidden(found) || open.is_complete() => bytes += found.bytes,
                _ => {}
            }
            true
        });
        if !ports.is_empty()
            && let Some(sockets) = opened()
        {
            let _ = sockets.at_ports(&ports, &mut |found| {
                if hidden(found) {
                    bytes += found.bytes;
                }
            });
        }
        bytes
    }
}

impl Drop for HiddenSockets {
    fn drop(&mut self) {
        if let Some(connections) = &self.connections {
            connections.forget(self.leader);
        }
    }
}

/// Opened once for everything that is asked in one look.
fn opened(diag: &mut Option<SockDiag>) -> Option<&SockDiag> {
    if diag.is_none() {
        *diag = SockDiag::open().ok();
    }
    diag.as_ref()
}

/// The inodes of all sockets that a process of this machine has open, as far as this one may see that.
fn open_anywhere() -> HashSet<u64> {
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = processes.filter(|entry| {
        entry
            .file_name()
            .to_string_lossy()
            .bytes()
            .all(|byte| byte.is_ascii_digit())
    });
    let descriptors = ids.filter_map(|entry| fs::read_dir(entry.path().join("fd")).ok());
    let links = descriptors.flatten().flatten().take(MOST_DESCRIPTORS);
    links
        .filter_map(|entry| socket_inode(&fs::read_link(entry.path()).ok()?))
        .collect()
}

fn socket_inode(link: &Path) -> Option<u64> {
    link.to_str()?.strip_prefix("socket:[")?.strip_suffix(']')?.parse().ok()
}

/// `None` where the kernel does not answer.
fn in_unix_sockets(counts: impl Fn(u64) -> bool, diag: &mut Option<SockDiag>) -> Option<u64> {
    let mut bytes = 0;
    let asked = opened(diag)?.unix(&mut |found| {
        // What waits to be accepted has no inode, and no user either.
        if counts(found.inode) && (found.inode == 0 || found.owner.is_none_or(|owner| owner == own_user())) {
            bytes += found.sent + u64::from(found.has_left_behind) * usual_buffer();
        }
    });
    asked.is_ok().then_some(bytes)
}

/// The user of this process, and so of workers and of the sockets that they make.
fn own_user() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// What a sender may send before somebody reads: the size of a unix socket's buffer, which cannot be changed inside the
/// sandbox.
fn usual_buffer() -> u64 {
    static SIZE: OnceLock<u64> = OnceLock::new();
    *SIZE.get_or_init(|| {
        let text = fs::read_to_string("/proc/sys/net/core/wmem_default").unwrap_or_default();
        text.trim().parse().unwrap_or(208 * 1024)
    })
}

fn in_datagrams(counts: impl Fn(u64) -> bool) -> u64 {
    let read = |name: &str| fs::read_to_string(format!("/proc/net/{name}")).unwrap_or_default();
    let of_internet: u64 = DATAGRAMS
        .iter()
        .map(|name| waiting(&read(name), &counts, of_internet))
        .sum();
    of_internet + waiting(&read("netlink"), &counts, of_netlink)
}

/// What waits in the sockets of a list that count. The first line names the columns.
fn waiting(list: &str, counts: impl Fn(u64) -> bool, parse: fn(&str) -> Option<(u64, u64)>) -> u64 {
    list.lines()
        .skip(1)
        .filter_map(parse)
        .filter(|(inode, _)| counts(*inode))
        .map(|(_, bytes)| bytes)
        .sum()
}

/// `sl local remote state tx:rx timer retransmit uid timeout inode`.
fn of_internet(line: &str) -> Option<(u64, u64)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let (sent, received) = fields.get(4)?.split_once(':')?;
    fields
        .get(7)?
        .parse::<u32>()
        .ok()
        .filter(|owner| *owner == own_user())?;
    let hex = |text| u64::from_str_radix(text, 16).ok();
    Some((fields.get(9)?.parse().ok()?, hex(sent)? + hex(received)?))
}

/// `address protocol id groups received sent dump locks drops inode`.
fn of_netlink(line: &str) -> Option<(u64, u64)> {
    let fields: Vec<&str> = line.split_ascii_whitespace().collect();
    let number = |at: usize| fields.get(at)?.parse::<u64>().ok();
    Some((number(9)?, number(4)? + number(5)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_datagram_sockets_are_read() {
        let columns = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode ref pointer drops\n";
        let of = |owner: u32| {
            format!(
                "{columns}93: 0100007F:CA6C 00000000:0000 07 00000010:00034200 00:00000000 00000000 {owner} 0 225904 2 0000000000000000 0\n94: broken\n"
            )
        };
        let (udp, of_another) = (of(own_user()), of(own_user() + 1));
        let netlink = "sk               Eth Pid        Groups   Rmem     Wmem     Dump  Locks    Drops    Inode\n\
             0000000000000000 0   1          00000000 212992   8        0     2        0        7061\n";
        assert_eq!(waiting(&udp, |inode| inode == 225_904, of_internet), 0x10 + 0x34200);
        assert_eq!(waiting(&of_another, |_| true, of_internet), 0);
        assert_eq!(waiting(netlink, |_| true, of_netlink), 213_000);
        assert_eq!(waiting(netlink, |inode| inode != 7061, of_netlink), 0);
        assert_eq!(waiting("", |_| true, of_netlink), 0);
    }

    #[test]
    fn sockets_of_any_process_are_found() {
        use std::os::fd::AsFd;
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let inode = rustix::fs::fstat(one.as_fd()).unwrap().st_ino;
        assert!(open_anywhere().contains(&inode));
        drop(one);
        assert!(!open_anywhere().contains(&inode));
    }

    #[test]
    fn the_usual_buffer_is_that_of_this_machine() {
        let (one, _other) = std::os::unix::net::UnixStream::pair().unwrap();
        let size = rustix::net::sockopt::socket_send_buffer_size(&one).unwrap();
        assert_eq!(usual_buffer(), size as u64);
    }
}
