//! Measures what the kernel holds for a process behind its descriptors: bytes in sockets and pipes, epoll watches, and
//! inotify. No count of the process's memory contains them.

use std::collections::HashSet;
use std::fs;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{AddressFamily, sockopt};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::sandbox::MOST_WAITING;
use crate::sandbox::socket_memory::of_socket;

const PAGE: u64 = 4096;
/// The size of the blocks that `stat` counts.
const BLOCK: u64 = 512;
/// What the kernel appends to the path of a removed file.
const DELETED: &str = " (deleted)";
/// The approximate kernel memory of one watch.
const WATCH: u64 = 160;
/// A process with at most this many epoll descriptors is assumed to use them normally; a runtime has three.
const USUAL_EPOLLS: u64 = 16;
/// How the number of descriptors that wait in a unix socket is introduced in its `fdinfo`.
const IN_FLIGHT: &str = "scm_fds:";

/// What was found behind the descriptors of a group.
#[derive(Debug, Default)]
pub(super) struct Descriptors {
    /// Several descriptors of one socket, pipe or file are counted once.
    known: HashSet<(Shared, u64)>,
    /// Bytes in sockets and pipes.
    buffered: u64,
    /// An upper bound of the watches of the epoll descriptors.
    watches: u64,
    /// The number of inotify descriptors.
    notifiers: u64,
    /// Bytes of removed but still open files of its temporary directory.
    nameless: u64,
    /// Descriptors that were sent through its unix sockets (SCM_RIGHTS) and are not received yet.
    in_flight: u64,
    looked_at: usize,
    passed_over: usize,
    /// Sockets that the host may not copy, as in some containers.
    unmeasured: HashSet<u64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Shared {
    Socket,
    Pipe,
    File,
}

enum Kind {
    Socket(u64),
    Pipe(u64),
    Epoll,
    Inotify,
    Other,
}

impl Descriptors {
    /// Inspects a process's descriptors, at most `most` for all processes together. `temporary` is its temporary
    /// directory.
    pub(super) fn add(&mut self, process: u32, most: usize, temporary: Option<&Path>) {
        let Ok(entries) = fs::read_dir(format!("/proc/{process}/fd")) else {
            return;
        };
        let pidfd = Pid::from_raw(process.cast_signed()).and_then(|pid| pidfd_open(pid, PidfdFlags::empty()).ok());
        let (mut count, mut epolls) = (0u64, 0u64);
        for entry in entries.flatten() {
            count += 1;
            if self.looked_at == most {
                self.passed_over += 1;
                continue;
            }
            self.looked_at += 1;
            let Some(number) = entry.file_name().to_str().and_then(|name| name.parse::<i32>().ok()) else {
                continue;
            };
            let Ok(target) = fs::read_link(entry.path()) else {
                continue;
            };
            if temporary
                .is_some_and(|directory| target.starts_with(directory) && target.to_string_lossy().ends_with(DELETED))
                && let Ok(file) = fs::metadata(entry.path())
                && file.nlink() == 0
                && self.known.insert((Shared::File, file.ino()))
            {
                self.nameless += file.blocks() * BLOCK;
            }
            let take = || copy(pidfd.as_ref()?, number);
            match target.to_str().map_or(Kind::Other, kind) {
                Kind::Socket(inode) if self.known.insert((Shared::Socket, inode)) => {
                    let socket = take();
                    match socket.as_ref().and_then(in_socket) {
                        Some(bytes) => self.buffered += bytes,
                        None => drop(self.unmeasured.insert(inode)),
                    }
                    if socket.as_ref().is_none_or(is_unix) {
                        self.in_flight += in_flight(process, number);
                    }
                }
                Kind::Pipe(inode) if self.known.insert((Shared::Pipe, inode)) => {
                    self.buffered += take().and_then(|fd| in_pipe(&fd)).unwrap_or(0);
                }
                Kind::Epoll => epolls += 1,
                Kind::Inotify => self.notifiers += 1,
                _ => {}
            }
        }
        // Each epoll descriptor may watch every descriptor once.
        if epolls > USUAL_EPOLLS {
            self.watches += epolls * count;
        }
    }

    /// Descriptors that were not inspected are assumed to be like the average of the others.
    pub(super) fn bytes(&self) -> u64 {
        let unseen = match self.looked_at {
            0 => 0,
            seen => self.buffered / seen as u64 * self.passed_over as u64,
        };
        self.buffered + unseen + self.watches * WATCH
    }

    pub(super) fn watches(&self) -> u64 {
        self.watches
    }

    pub(super) fn nameless(&self) -> u64 {
        self.nameless
    }

    /// Whether a process has this socket open, and what it holds is counted.
    pub(super) fn counts_socket(&self, inode: u64) -> bool {
        self.known.contains(&(Shared::Socket, inode)) && !self.unmeasured.contains(&inode)
    }

    /// The sockets that processes have open and that could not be measured.
    pub(super) fn unmeasured(&self) -> &HashSet<u64> {
        &self.unmeasured
    }

    /// Whether every descriptor was inspected.
    pub(super) fn is_complete(&self) -> bool {
        self.passed_over == 0
    }

    pub(super) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(super) fn notifiers(&self) -> u64 {
        self.notifiers
    }
}

/// What a link in /proc/<pid>/fd leads to.
fn kind(target: &str) -> Kind {
    let inode = |prefix: &str| target.strip_prefix(prefix)?.strip_suffix(']')?.parse().ok();
    match target {
        "anon_inode:[eventpoll]" => return Kind::Epoll,
        "anon_inode:inotify" => return Kind::Inotify,
        _ => {}
    }
    inode("socket:[")
        .map(Kind::Socket)
        .or_else(|| inode("pipe:[").map(Kind::Pipe))
        .unwrap_or(Kind::Other)
}

/// Copies a descriptor of the process into the host.
fn copy(pidfd: &OwnedFd, number: i32) -> Option<OwnedFd> {
    // SAFETY: no memory is passed.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_getfd, pidfd.as_raw_fd(), number, 0u32) };
    // SAFETY: the kernel just gave us this descriptor.
    (fd >= 0).then(|| unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

/// The bytes queued in both directions, as the kernel accounts them.
fn in_socket(socket: &OwnedFd) -> Option<u64> {
    Some(of_socket(socket)? + of_closed_peers(socket))
}

fn is_unix(socket: &OwnedFd) -> bool {
    matches!(sockopt::socket_domain(socket), Ok(AddressFamily::UNIX))
}

/// The number of descriptors that wait in a unix socket of a process, or at a listening one.
pub(super) fn in_flight(process: u32, number: i32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{process}/fdinfo/{number}")).unwrap_or_default();
    let count = text.lines().find_map(|line| line.strip_prefix(IN_FLIGHT));
    count.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// A unix socket's queue is accounted to its sender. What a sender has left behind that is closed by now, or that still
/// waits to be accepted, is only known to be there and to be no more than a sender may send.
fn of_closed_peers(socket: &OwnedFd) -> u64 {
    if !is_unix(socket) {
        return 0;
    }
    let mut ready = [PollFd::new(socket, PollFlags::IN)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    if !matches!(poll(&mut ready, Some(&now)), Ok(1)) {
        return 0;
    }
    let found = ready[0].revents();
    let listens = sockopt::socket_acceptconn(socket).unwrap_or(false);
    let senders = if listens {
        u64::from(MOST_WAITING) + 1
    } else if found.contains(PollFlags::HUP) && rustix::io::ioctl_fionread(socket).is_ok_and(|bytes| bytes > 0) {
        1
    } else {
        0
    };
    senders * sockopt::socket_send_buffer_size(socket).map_or(0, |size| size as u64)
}

/// Each byte may occupy a page of its own (O_DIRECT), up to the capacity of the pipe.
fn in_pipe(pipe: &OwnedFd) -> Option<u64> {
    let waiting = rustix::io::ioctl_fionread(pipe.as_fd()).ok()?;
    let room = rustix::pipe::fcntl_getpipe_size(pipe.as_fd()).ok()? as u64;
    Some((waiting * PAGE).min(room))
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;

    fn of_this_process() -> Descriptors {
        let mut found = Descriptors::default();
        found.add(std::process::id(), 10_000, None);
        found
    }

    // This is one test: other tests of this process make descriptors too, but none of them holds as much.
    #[test]
    fn bytes_in_sockets_and_pipes_are_found() {
        let before = of_this_process();
        let (mut near, far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while let Ok(count) = near.write(&[1; 16 * 1024]) {
            sent += count as u64;
        }
        let with_socket = of_this_process();
        assert!(
            with_socket.bytes() >= before.bytes() + sent,
            "{before:?} {with_socket:?} {sent}"
        );
        let again = far.try_clone().unwrap();
        assert!(
            of_this_process().bytes() < with_socket.bytes() + sent,
            "a second descriptor of the same"
        );
        drop(near);
        // The kernel accounts it to the closed end only.
        assert!(
            of_this_process().bytes() >= before.bytes() + sent,
            "what a closed end has sent"
        );
        drop((far, again));
        let directory = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(directory.path().join("socket")).unwrap();
        let quiet = of_this_process();
        let mut never_accepted = UnixStream::connect(directory.path().join("socket")).unwrap();
        never_accepted.write_all(&[1; 64 * 1024]).unwrap();
        drop(never_accepted);
        assert!(
            of_this_process().bytes() >= quiet.bytes() + 64 * 1024,
            "what waits with a connection"
        );
        drop(listener);
        let (_read, write) = rustix::pipe::pipe().unwrap();
        rustix::io::write(&write, &[1; 32 * 1024]).unwrap();
        let with_pipe = of_this_process();
        assert!(
            with_pipe.bytes() >= before.bytes() + 32 * 1024,
            "{before:?} {with_pipe:?}"
        );
    }

    #[test]
    fn files_without_a_name_are_found_where_they_count() {
        let directory = tempfile::tempdir().unwrap();
        let of = |directory| {
            let mut found = Descriptors::default();
            found.add(std::process::id(), 10_000, Some(directory));
            found.nameless()
        };
        let mut named = fs::File::create(directory.path().join("named")).unwrap();
        named.write_all(&[1; 1 << 20]).unwrap();
        assert_eq!(of(directory.path()), 0);
        fs::remove_file(directory.path().join("named")).unwrap();
        let again = named.try_clone().unwrap();
        assert!((1 << 20..2 << 20).contains(&of(directory.path())));
        assert_eq!(of(Path::new("/nonexistent")), 0);
        drop((named, again));
        assert_eq!(of(directory.path()), 0);
    }

    #[test]
    fn targets_of_descriptor_links_are_classified() {
        assert!(matches!(kind("socket:[12]"), Kind::Socket(12)));
        assert!(matches!(kind("pipe:[7]"), Kind::Pipe(7)));
        assert!(matches!(kind("anon_inode:[eventpoll]"), Kind::Epoll));
        assert!(matches!(kind("anon_inode:inotify"), Kind::Inotify));
        for other in [
            "/home/socket:[1]",
            "socket:[x]",
            "socket:[1",
            "",
            "anon_inode:[eventfd]",
        ] {
            assert!(matches!(kind(other), Kind::Other), "{other}");
        }
    }

    #[test]
    fn unexamined_descriptors_count_as_the_average_of_the_rest() {
        let found = Descriptors {
            buffered: 1000,
            looked_at: 10,
            passed_over: 5,
            watches: 2,
            ..Descriptors::default()
        };
        assert_eq!(found.bytes(), 1000 + 500 + 2 * WATCH);
    }
}
