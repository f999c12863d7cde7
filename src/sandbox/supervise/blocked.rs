//! Connections that the supervisor waits for, and how such a wait is ended when nobody needs it any more.
//!
//! The supervisor makes a connect on a blocking socket itself, which blocks its thread. The socket's O_NONBLOCK flag
//! and its time limits belong to the tool, which can change them meanwhile, so they cannot end a wait. Shutting the
//! socket down does.

use std::collections::HashMap;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::epoll;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::net::{Shutdown, shutdown};

/// Events taken from epoll at once.
const BATCH: usize = 16;

/// All current waits.
#[derive(Debug)]
pub(super) struct Blocked {
    /// An epoll descriptor that becomes readable when a waiting thread has ended.
    ends: OwnedFd,
    /// By the call's id; `None` when the supervisor stops.
    waits: Mutex<Option<HashMap<u64, Wait>>>,
}

#[derive(Debug)]
struct Wait {
    socket: OwnedFd,
    /// The thread whose end is watched; `None` once it has ended.
    thread: Option<OwnedFd>,
}

/// Until this is dropped, the caller's end ends the wait.
pub(super) struct Waiting<'a> {
    blocked: &'a Blocked,
    id: u64,
}

impl Blocked {
    pub(super) fn new() -> io::Result<Self> {
        Ok(Blocked {
            ends: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            waits: Mutex::new(Some(HashMap::new())),
        })
    }

    fn waits(&self) -> MutexGuard<'_, Option<HashMap<u64, Wait>>> {
        self.waits.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on `socket`, a copy of the one that is waited on, is shut down when the thread of `pidfd` ends.
    pub(super) fn watch(&self, id: u64, socket: OwnedFd, pidfd: OwnedFd) -> io::Result<Waiting<'_>> {
        let mut waits = self.waits();
        let Some(waits) = waits.as_mut() else {
            return Err(io::Error::from_raw_os_error(libc::ESHUTDOWN));
        };
        epoll::add(&self.ends, &pidfd, epoll::EventData::new_u64(id), epoll::EventFlags::IN)?;
        let thread = Some(pidfd);
        waits.insert(id, Wait { socket, thread });
        Ok(Waiting { blocked: self, id })
    }

    /// Ends the waits of threads that have ended. True while such a wait goes on: then this must be called again,
    /// because a connect that had not begun yet does not notice the shutdown.
    pub(super) fn end_abandoned(&self) -> bool {
        let none = Timespec::try_from(Duration::ZERO).ok();
        let mut events = Vec::with_capacity(BATCH);
        let _ = epoll::wait(&self.ends, rustix::buffer::spare_capacity(&mut events), none.as_ref());
        let mut waits = self.waits();
        let Some(waits) = waits.as_mut() else {
            return false;
        };
        for event in events {
            if let Some(wait) = waits.get_mut(&event.data.u64()) {
                wait.thread = None;
            }
        }
        let mut left = false;
        for wait in waits.values().filter(|wait| wait.thread.is_none()) {
            let _ = shutdown(&wait.socket, Shutdown::Both);
            left = true;
        }
        left
    }

    /// The supervisor stops: ends every wait, and allows no new one.
    pub(super) fn end_all(&self) {
        for wait in self.waits().take().unwrap_or_default().into_values() {
            let _ = shutdown(&wait.socket, Shutdown::Both);
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        if let Some(waits) = self.blocked.waits().as_mut() {
            waits.remove(&self.id);
        }
    }
}

impl AsFd for Blocked {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.ends.as_fd()
    }
}

/// Why the wait for a socket ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum WaitOutcome {
    Ready,
    /// The caller has ended, or the supervisor stops.
    Abandoned,
    TimedOut,
}

/// Waits until `socket`, if there is one, can be written to. Does not block in the socket itself.
pub(super) fn wait(
    socket: Option<BorrowedFd<'_>>,
    thread: BorrowedFd<'_>,
    stopped: BorrowedFd<'_>,
    limit: Option<Duration>,
) -> WaitOutcome {
    let mut ready = vec![
        PollFd::from_borrowed_fd(stopped, PollFlags::IN),
        PollFd::from_borrowed_fd(thread, PollFlags::IN),
    ];
    if let Some(socket) = socket {
        ready.push(PollFd::from_borrowed_fd(socket, PollFlags::OUT));
    }
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    loop {
        match poll(&mut ready, limit.as_ref()) {
            Ok(0) => return WaitOutcome::TimedOut,
            Ok(_) => break,
            Err(rustix::io::Errno::INTR) => {}
            Err(_) => return WaitOutcome::Abandoned,
        }
    }
    if ready[..2].iter().any(|fd| !fd.revents().is_empty()) {
        WaitOutcome::Abandoned
    } else {
        WaitOutcome::Ready
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::os::fd::AsRawFd;
    use std::sync::mpsc::channel;

    use super::super::target::Target;
    use super::*;
    use crate::sandbox::net::{Socket, address};

    /// A listener with a full queue: whoever connects to it waits.
    fn full() -> (TcpListener, Vec<TcpStream>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("bound");
        // SAFETY: no memory is passed.
        unsafe { libc::listen(listener.as_raw_fd(), 0) };
        let at = listener.local_addr().expect("bound");
        let fillers = (0..3).filter_map(|_| TcpStream::connect_timeout(&at, Duration::from_millis(200)).ok());
        let fillers = fillers.collect();
        (listener, fillers)
    }

    /// Connects to a server that does not answer, until the calling thread has ended or `end` has run.
    fn waits_until(end: impl FnOnce(&Blocked)) {
        let (listener, _fillers) = full();
        let at = listener.local_addr().expect("bound");
        let blocked = Blocked::new().expect("made");
        let (gone_sender, gone) = channel::<()>();
        let (id_sender, id) = channel();
        let caller = std::thread::spawn(move || {
            let _ = id_sender.send(rustix::thread::gettid().as_raw_nonzero().get() as u32);
            let _ = gone.recv();
        });
        let pidfd = Target::new(id.recv().expect("an id")).pidfd().expect("a thread");
        let fd = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::STREAM, None);
        let socket = Socket::of(fd.expect("a socket")).expect("a TCP socket");
        std::thread::scope(|scope| {
            let (watched_sender, watched) = channel();
            let blocked = &blocked;
            let connect = scope.spawn(move || {
                let copy = socket.as_fd().try_clone_to_owned().expect("a copy");
                let waiting = blocked.watch(1, copy, pidfd).expect("watched");
                let _ = watched_sender.send(());
                let done = socket.connect(&address::bytes_of(at, libc::AF_INET).expect("an address"));
                drop(waiting);
                done
            });
            watched.recv().expect("watched");
            drop(gone_sender);
            caller.join().expect("ended");
            end(blocked);
            assert!(connect.join().expect("returned").is_err());
        });
    }

    #[test]
    fn a_connection_ends_with_the_thread_that_wanted_it() {
        waits_until(|blocked| {
            let mut ready = [PollFd::from_borrowed_fd(blocked.as_fd(), PollFlags::IN)];
            poll(&mut ready, None).expect("its end is seen");
            while blocked.end_abandoned() {
                std::thread::yield_now();
            }
        });
    }

    #[test]
    fn nothing_is_waited_for_when_the_supervisor_stops() {
        let blocked = Blocked::new().expect("made");
        blocked.end_all();
        let (ours, theirs) = rustix::pipe::pipe().expect("a pipe");
        assert!(blocked.watch(1, ours, theirs).is_err());
    }
}
