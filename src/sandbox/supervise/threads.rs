//! The threads that take turns at the listener.
//!
//! One waits for the next call while the others wait for its place. Who has a call gives the place up before working on
//! it, so a connection that blocks holds up nobody; when none is left to wait, another thread is started.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rustix::event::{PollFd, PollFlags, poll};

use super::answer::Answers;
use super::listener::{Answer, Call, Listener};

/// Calls that may block at once; further ones are told to try again.
const MAX_THREADS: usize = 128;
/// Waiting threads beyond these end.
const SPARE_THREADS: usize = 2;

/// The host's handle: dropping it ends the threads. Calls still waiting then fail with ENOSYS.
#[derive(Debug)]
pub(in super::super) struct Supervisor {
    listener: Option<Sender<Listener>>,
    /// Its write end is closed by dropping: every thread sees it.
    _stop: OwnedFd,
}

#[derive(Debug)]
struct Shared {
    answers: Answers,
    listener: Listener,
    stopped: OwnedFd,
    turn: Mutex<()>,
    /// Threads in line for the turn, the one that has it included.
    waiting: AtomicUsize,
    threads: AtomicUsize,
}

impl Supervisor {
    /// Starts the first thread; it waits for `listen`.
    pub(super) fn start(answers: Answers) -> io::Result<Self> {
        let (stopped, stop) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let (sender, receiver): (Sender<Listener>, Receiver<Listener>) = channel();
        thread::Builder::new()
            .name("toolwarden-sup".to_owned())
            .spawn(move || {
                block_signals();
                let Ok(listener) = receiver.recv() else {
                    return;
                };
                let shared = Arc::new(Shared {
                    answers,
                    listener,
                    stopped,
                    turn: Mutex::new(()),
                    waiting: AtomicUsize::new(0),
                    threads: AtomicUsize::new(1),
                });
                serve(&shared);
            })?;
        Ok(Supervisor {
            listener: Some(sender),
            _stop: stop,
        })
    }

    pub(super) fn listen(&mut self, listener: Listener) {
        if let Some(sender) = self.listener.take() {
            let _ = sender.send(listener);
        }
    }
}

/// A host's handlers (profilers, Node's own) must not run here, nor interrupt a connection.
fn block_signals() {
    // SAFETY: an all-ones set is valid and outlives the call; only this thread's mask changes.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut());
    }
}

fn serve(shared: &Arc<Shared>) {
    loop {
        if shared.waiting.fetch_add(1, Ordering::AcqRel) >= SPARE_THREADS {
            shared.waiting.fetch_sub(1, Ordering::AcqRel);
            break;
        }
        let next = {
            let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
            next_call(shared)
        };
        let left = shared.waiting.fetch_sub(1, Ordering::AcqRel) - 1;
        let Some(call) = next else { break };
        if left == 0 && !another(shared) {
            shared.listener.answer(call.id, Answer::Errno(libc::EAGAIN));
            continue;
        }
        shared.answers.handle(&shared.listener, &call);
    }
    shared.threads.fetch_sub(1, Ordering::AcqRel);
}

/// Starts a thread to take the place at the listener; false when there are too many.
fn another(shared: &Arc<Shared>) -> bool {
    if shared.threads.fetch_add(1, Ordering::AcqRel) >= MAX_THREADS {
        shared.threads.fetch_sub(1, Ordering::AcqRel);
        return false;
    }
    let there = Arc::clone(shared);
    let started = thread::Builder::new()
        .name("toolwarden-sup".to_owned())
        .spawn(move || serve(&there));
    if started.is_err() {
        shared.threads.fetch_sub(1, Ordering::AcqRel);
    }
    started.is_ok()
}

/// Waits for a call; `None` when it is over.
fn next_call(shared: &Shared) -> Option<Call> {
    loop {
        let mut ready = [
            PollFd::from_borrowed_fd(shared.stopped.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(shared.listener.as_fd(), PollFlags::IN),
        ];
        match poll(&mut ready, None) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return None,
        }
        if !ready[0].revents().is_empty() {
            return None;
        }
        if ready[1].revents().contains(PollFlags::IN) {
            match shared.listener.receive() {
                Ok(Some(call)) => return Some(call),
                Ok(None) => {}
                Err(_) => return None,
            }
        } else {
            // Hung up: the spawner and every worker have ended.
            return None;
        }
    }
}
