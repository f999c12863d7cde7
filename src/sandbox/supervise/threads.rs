//! The threads that take turns at the listener.
//!
//! One waits for the next call while the others wait for its place. It answers at once what takes no time, the host's own
//! calls above all: a start never waits for what a tool does. Opens are answered in between. Who takes another call to work on
//! gives the place up before, so what blocks holds up nobody; when none is left to wait, another thread is started. How many calls of one worker are
//! worked on is bounded by its lane.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::answer::{Answers, Helm};
use super::blocked::Blocked;
use super::lanes::{LaneOf, Lanes, Place};
use super::listener::{Answer, Call, Listener};
use super::target::Target;
use super::turn::{Held, Turn};
use crate::sandbox::blocked_signals::block_in_own_thread;

/// Waiting threads beyond these end.
const SPARE_THREADS: usize = 2;
/// How soon a wait that nobody wants is ended again, where the first time came too early.
const AGAIN: Duration = Duration::from_millis(10);

/// The host's handle: dropping it ends the threads. Calls still waiting then fail with ENOSYS.
#[derive(Debug)]
pub(in super::super) struct Supervisor {
    listener: Option<Sender<Listener>>,
    /// Readable from the drop on, for every thread.
    stop: Arc<OwnedFd>,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Nobody reads it, so it can neither block nor fall silent.
        let _ = rustix::io::write(&*self.stop, &1u64.to_ne_bytes());
    }
}

#[derive(Debug)]
struct Shared {
    answers: Answers,
    helm: Helm,
    lanes: Lanes,
    turn: Turn,
    /// Threads in line for the turn, the one that has it included.
    waiting: AtomicUsize,
}

impl Supervisor {
    /// Starts the first thread; it waits for `listen`.
    pub(super) fn start(answers: Answers) -> io::Result<Self> {
        let stop = Arc::new(eventfd(0, EventfdFlags::CLOEXEC)?);
        let stopped = Arc::clone(&stop);
        let blocked = Blocked::new()?;
        let (sender, receiver): (Sender<Listener>, Receiver<Listener>) = channel();
        thread::Builder::new()
            .name("toolwarden-sup".to_owned())
            .spawn(move || {
                block_in_own_thread();
                let Ok(listener) = receiver.recv() else {
                    return;
                };
                let shared = Arc::new(Shared {
                    answers,
                    helm: Helm {
                        listener,
                        blocked,
                        stopped,
                    },
                    lanes: Lanes::default(),
                    turn: Turn::default(),
                    waiting: AtomicUsize::new(0),
                });
                serve(&shared);
            })?;
        Ok(Supervisor {
            listener: Some(sender),
            stop,
        })
    }

    pub(super) fn listen(&mut self, listener: Listener) {
        if let Some(sender) = self.listener.take() {
            let _ = sender.send(listener);
        }
    }
}

/// Why a thread leaves the listener.
enum Leave {
    /// There is a call to work on.
    For(Taken),
    /// Another thread has its place.
    Replaced,
    /// It is over.
    End,
}

/// A call to work on, which has a place in its worker's lane.
struct Taken {
    call: Call,
    worker: u32,
}

fn serve(shared: &Arc<Shared>) {
    loop {
        if shared.waiting.fetch_add(1, Ordering::AcqRel) >= SPARE_THREADS {
            shared.waiting.fetch_sub(1, Ordering::AcqRel);
            break;
        }
        let held = shared.turn.wait();
        if held.taken_over {
            // In the name of the one that is stuck: it is in line no more.
            shared.waiting.fetch_sub(1, Ordering::AcqRel);
        }
        let leave = next_call(shared, &held);
        drop(held);
        if matches!(leave, Leave::Replaced) {
            continue;
        }
        let left = shared.waiting.fetch_sub(1, Ordering::AcqRel) - 1;
        let Leave::For(Taken { call, worker }) = leave else {
            shared.helm.blocked.end_all();
            break;
        };
        let alone = left == 0 && !another(shared);
        if alone {
            // The system has no thread left: who waits at the listener is worth more than one call.
            let mut next = Some(call);
            while let Some(call) = next {
                shared.helm.listener.answer(call.id, Answer::Errno(libc::EAGAIN));
                next = shared.lanes.next(lane_of(&call, worker));
            }
        } else {
            work(shared, Some(call), worker);
        }
    }
}

fn lane_of(call: &Call, worker: u32) -> LaneOf {
    LaneOf {
        worker,
        quick: Answers::is_quick(call),
    }
}

/// Answers a call and those that wait in its lane.
fn work(shared: &Shared, mut next: Option<Call>, worker: u32) {
    while let Some(call) = next {
        shared.answers.handle(&shared.helm, &call, worker);
        next = shared.lanes.next(lane_of(&call, worker));
    }
}

/// Starts a thread to take the place at the listener.
fn another(shared: &Arc<Shared>) -> bool {
    let there = Arc::clone(shared);
    let started = thread::Builder::new()
        .name("toolwarden-sup".to_owned())
        .spawn(move || serve(&there));
    started.is_ok()
}

/// Waits for a call that has to be worked on, and answers what is quick.
fn next_call(shared: &Arc<Shared>, held: &Held<'_>) -> Leave {
    let Helm {
        listener,
        blocked,
        stopped,
    } = &shared.helm;
    let again = Timespec::try_from(AGAIN).ok();
    let mut abandoned = false;
    loop {
        let mut ready = [
            PollFd::from_borrowed_fd(stopped.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(listener.as_fd(), PollFlags::IN),
            PollFd::from_borrowed_fd(blocked.as_fd(), PollFlags::IN),
        ];
        match poll(&mut ready, again.as_ref().filter(|_| abandoned)) {
            Ok(_) => {}
            Err(rustix::io::Errno::INTR) => continue,
            Err(_) => return Leave::End,
        }
        if !ready[0].revents().is_empty() {
            return Leave::End;
        }
        if abandoned || !ready[2].revents().is_empty() {
            abandoned = blocked.end_abandoned();
        }
        match ready[1].revents() {
            events if events.is_empty() => continue,
            events if events.contains(PollFlags::IN) => {}
            // Hung up: the spawner and every worker have ended.
            _ => return Leave::End,
        }
        let call = match listener.receive() {
            Ok(Some(call)) => call,
            Ok(None) => continue,
            Err(_) => return Leave::End,
        };
        if let Some(answer) = shared.answers.at_once(&call) {
            listener.answer(call.id, answer);
            continue;
        }
        let worker = Target::new(call.thread).worker();
        match shared.lanes.enter(lane_of(&call, worker), &call) {
            Place::Now if Answers::is_quick(&call) => match quickly(shared, held, &call, worker) {
                Some(leave) => return leave,
                None => continue,
            },
            Place::Now => return Leave::For(Taken { call, worker }),
            Place::InLine => {}
            Place::None => listener.answer(call.id, Answer::Errno(libc::EAGAIN)),
        }
    }
}

/// Answers a quick call in the thread that has the turn; says why it is not to go on as before.
fn quickly(shared: &Arc<Shared>, held: &Held<'_>, call: &Call, worker: u32) -> Option<Leave> {
    // Somebody has to be there to take the turn, should this be slower than it ought to be.
    let watched = shared.waiting.load(Ordering::Acquire) >= SPARE_THREADS || another(shared);
    let mine = held.quickly(|| match watched {
        true => shared.answers.handle(&shared.helm, call, worker),
        false => shared.helm.listener.answer(call.id, Answer::Continue),
    });
    let next = shared.lanes.next(lane_of(call, worker));
    match (next, mine) {
        (Some(call), true) => Some(Leave::For(Taken { call, worker })),
        (None, true) => None,
        (next, false) => {
            work(shared, next, worker);
            Some(Leave::Replaced)
        }
    }
}
