//! Sockets that the supervisor makes and hands to a worker, where it may not copy a worker's own.
//!
//! Containers often refuse pidfd_getfd. There the filter also reports `socket`: the supervisor makes the socket, keeps a
//! copy and hands the other one in. When the worker connects, the number that it names is a link in /proc to the
//! socket's inode, which tells which copy is meant. A worker that exchanges its descriptors meanwhile reaches another of
//! its own sockets and nothing else.
//!
//! A connection ends when the last copy is closed, so a copy is kept only until its socket is connected or listens.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustix::fs::fstat;

use super::super::caps;
use super::super::lives::lives;
use super::target::Target;

/// Copies kept for one worker; a further one replaces the oldest. Each is a descriptor of the host, and libraries connect
/// a socket as soon as they have it.
const KEPT: usize = 16;
/// From this many copies on, those of closed sockets are looked for.
const SWEPT_FROM: usize = 8;
/// From this many workers on, copies for ended workers are dropped.
const WORKERS: usize = 16;

#[derive(Debug, Default)]
pub(super) struct GivenSockets(Mutex<HashMap<u32, Vec<Given>>>);

#[derive(Debug)]
struct Given {
    inode: u64,
    copy: OwnedFd,
}

impl GivenSockets {
    /// Makes a socket with the rights of a worker, which has no capabilities.
    pub(super) fn make(family: i32, kind: i32, protocol: i32) -> io::Result<OwnedFd> {
        let made = caps::without(|| {
            // SAFETY: no memory is passed.
            let fd = unsafe { libc::socket(family, kind | libc::SOCK_CLOEXEC, protocol) };
            match fd {
                // SAFETY: the kernel just gave us this descriptor.
                0.. => Ok(unsafe { OwnedFd::from_raw_fd(fd) }),
                _ => Err(io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO)),
            }
        });
        made.map_err(io::Error::from_raw_os_error)
    }

    /// Keeps a copy and hands the socket in. The copy is there before the worker can use the socket.
    pub(super) fn hand_in(
        &self,
        target: &Target,
        worker: u32,
        socket: OwnedFd,
        give: impl FnOnce(BorrowedFd<'_>) -> io::Result<()>,
    ) -> io::Result<()> {
        let inode = inode(socket.as_fd())?;
        let given = socket.try_clone()?;
        self.keep(target, worker, Given { inode, copy: socket });
        let done = give(given.as_fd());
        if done.is_err() {
            self.forget(worker, inode);
        }
        done
    }

    fn keep(&self, target: &Target, worker: u32, given: Given) {
        let mut all = self.all();
        if all.len() >= WORKERS && !all.contains_key(&worker) {
            all.retain(|worker, _| lives(*worker));
        }
        let kept = all.entry(worker).or_default();
        if kept.len() >= SWEPT_FROM {
            keep_open(kept, &[target, &Target::new(worker)]);
        }
        if kept.len() >= KEPT {
            kept.remove(0);
        }
        kept.push(given);
    }

    /// The copy of a socket that a worker names by a number, and its inode. EISCONN for a socket that is connected or
    /// listens already: of such there is no copy.
    pub(super) fn find(&self, target: &Target, worker: u32, number: i32) -> io::Result<(u64, OwnedFd)> {
        let inode = target.socket_inode(number)?;
        let all = self.all();
        let kept = all.get(&worker).into_iter().flatten();
        match kept.into_iter().find(|given| given.inode == inode) {
            Some(given) => Ok((inode, given.copy.try_clone()?)),
            None => Err(io::Error::from_raw_os_error(libc::EISCONN)),
        }
    }

    pub(super) fn forget(&self, worker: u32, inode: u64) {
        let mut all = self.all();
        let Some(kept) = all.get_mut(&worker) else { return };
        kept.retain(|given| given.inode != inode);
        if kept.is_empty() {
            all.remove(&worker);
        }
    }

    /// Drops the copies of closed sockets, which would keep addresses in use.
    pub(super) fn sweep(&self, target: &Target, worker: u32) {
        let mut all = self.all();
        all.retain(|worker, _| lives(*worker));
        if let Some(kept) = all.get_mut(&worker) {
            keep_open(kept, &[target, &Target::new(worker)]);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<u32, Vec<Given>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Keeps the copies of sockets that one of these processes has open.
fn keep_open(kept: &mut Vec<Given>, processes: &[&Target]) {
    let mut open = Vec::new();
    for process in processes {
        match process.socket_inodes() {
            Ok(inodes) => open.extend(inodes),
            // Ended: it has none.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(_) => return,
        }
    }
    kept.retain(|given| open.contains(&given.inode));
}

fn inode(socket: BorrowedFd<'_>) -> io::Result<u64> {
    Ok(fstat(socket)?.st_ino)
}

#[cfg(test)]
mod tests {
    use std::os::fd::{AsRawFd, IntoRawFd};

    use super::*;

    const TCP: (i32, i32, i32) = (libc::AF_INET, libc::SOCK_STREAM, 0);

    fn this_process() -> (Target, u32) {
        let process = std::process::id();
        (Target::new(process), process)
    }

    fn made() -> OwnedFd {
        GivenSockets::make(TCP.0, TCP.1, TCP.2).expect("a socket")
    }

    /// Hands a socket to this process, as the kernel does it for a worker.
    fn given(sockets: &GivenSockets) -> OwnedFd {
        let (target, process) = this_process();
        let mut own = None;
        let give = |socket: BorrowedFd<'_>| {
            own = Some(socket.try_clone_to_owned()?);
            Ok(())
        };
        sockets.hand_in(&target, process, made(), give).expect("handed in");
        own.expect("given")
    }

    fn found(sockets: &GivenSockets, number: i32) -> Result<u64, Option<i32>> {
        let (target, process) = this_process();
        let found = sockets.find(&target, process, number);
        found.map(|(inode, _)| inode).map_err(|error| error.raw_os_error())
    }

    #[test]
    fn a_worker_names_what_it_was_given_and_nothing_else() {
        let sockets = GivenSockets::default();
        let own = given(&sockets);
        let inode = found(&sockets, own.as_raw_fd()).expect("known");
        assert_eq!(inode, super::inode(own.as_fd()).expect("a socket"));
        let (target, process) = this_process();
        let others = sockets.find(&target, process + 1, own.as_raw_fd());
        assert_eq!(
            others.expect_err("another worker's").raw_os_error(),
            Some(libc::EISCONN)
        );
        assert_eq!(found(&sockets, made().as_raw_fd()), Err(Some(libc::EISCONN)));
        let file = std::fs::File::open("/proc/self/status").expect("a file");
        assert_eq!(found(&sockets, file.as_raw_fd()), Err(Some(libc::ENOTSOCK)));
        assert_eq!(found(&sockets, -1), Err(Some(libc::EBADF)));
        sockets.forget(process, inode);
        assert_eq!(found(&sockets, own.as_raw_fd()), Err(Some(libc::EISCONN)));
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "a test starts a process of its own")]
    fn copies_of_closed_sockets_are_dropped() {
        let sockets = GivenSockets::default();
        let (target, process) = this_process();
        // Held by number only, as by a worker.
        let open = given(&sockets).into_raw_fd();
        let inode = target.socket_inode(open).expect("a socket");
        sockets.sweep(&target, process);
        assert_eq!(found(&sockets, open), Ok(inode));
        // The copy is this process's too here, so what is closed cannot be told by /proc: a worker that is another
        // process has no socket of this one.
        let child = std::process::Command::new("sleep").arg("60").spawn();
        let mut child = child.expect("a process without sockets");
        sockets.all().insert(child.id(), vec![Given { inode: 1, copy: made() }]);
        sockets.sweep(&Target::new(child.id()), child.id());
        assert!(sockets.all().get(&child.id()).is_some_and(Vec::is_empty));
        child.kill().expect("ended");
        child.wait().expect("ended");
        // SAFETY: the descriptor is this test's own.
        drop(unsafe { OwnedFd::from_raw_fd(open) });
    }

    #[test]
    fn a_socket_that_could_not_be_handed_in_is_not_kept() {
        let sockets = GivenSockets::default();
        let (target, process) = this_process();
        let full = |_: BorrowedFd<'_>| Err(io::Error::from_raw_os_error(libc::EMFILE));
        assert!(sockets.hand_in(&target, process, made(), full).is_err());
        assert!(sockets.all().is_empty());
    }

    #[test]
    fn a_worker_keeps_the_supervisor_from_having_descriptors_by_a_bound_number_only() {
        let sockets = GivenSockets::default();
        let (_, process) = this_process();
        let own: Vec<OwnedFd> = (0..KEPT + 10).map(|_| given(&sockets)).collect();
        assert_eq!(sockets.all().get(&process).map(Vec::len), Some(KEPT));
        assert!(found(&sockets, own.last().expect("one").as_raw_fd()).is_ok());
    }
}
