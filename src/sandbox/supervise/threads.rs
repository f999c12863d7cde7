//! The supervisor's threads, which take turns as the leader at the listener.
//!
//! The leader waits for the next call while the others wait to become the leader. It answers immediate calls itself,
//! above all the host's own: a start never waits for what a tool does. It also answers opens. A thread that takes any
//! other call gives up the leadership first, so a call that blocks delays nobody; when no thread is left to wait,
//! another one is started. A worker's lane bounds how many of its calls are processed, and calls of a worker that is
//! refused something without end wait before they are processed (`restraint.rs`).

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};

use super::answer::Answers;
use super::answer_context::AnswerContext;
use super::blocked::Blocked;
use super::lanes::{Admission, LaneKey, Lanes};
use super::leadership::{Leader, Leadership};
use super::listener::{Answer, Call, Listener};
use super::restarts::Restarts;
use super::started::Started;
use super::target::Target;
use crate::sandbox::blocked_signals::block_in_own_thread;
use crate::sandbox::lives::lives;

/// Waiting threads beyond these end.
const SPARE_THREADS: usize = 2;
/// How soon an abandoned wait is ended again, where the first attempt came too early.
const AGAIN: Duration = Duration::from_millis(10);

/// The host's handle: dropping it ends the threads. Calls that still wait then fail with ENOSYS.
#[derive(Debug)]
pub(in super::super) struct Supervisor {
    listener: Option<Sender<Listener>>,
    started: Arc<Started>,
    /// Becomes readable for every thread when the handle is dropped.
    stop: Arc<OwnedFd>,
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        // Nobody reads it, so it stays readable, and the write cannot block.
        let _ = rustix::io::write(&*self.stop, &1u64.to_ne_bytes());
    }
}

#[derive(Debug)]
struct Shared {
    answers: Answers,
    context: AnswerContext,
    lanes: Lanes,
    leadership: Leadership,
    /// Threads that wait for the leadership, the leader included.
    waiting: AtomicUsize,
}

impl Supervisor {
    /// Starts the first thread; it waits for `listen`.
    pub(super) fn start(answers: Answers, started: Arc<Started>) -> io::Result<Self> {
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
                    context: AnswerContext {
                        restarts: Restarts::new(listener.interruptible()),
                        listener,
                        blocked,
                        stopped,
                    },
                    lanes: Lanes::default(),
                    leadership: Leadership::default(),
                    waiting: AtomicUsize::new(0),
                });
                serve(&shared);
            })?;
        Ok(Supervisor {
            listener: Some(sender),
            started,
            stop,
        })
    }

    /// A forked process has the program of its origin and may execute none. An error where nobody can tell which
    /// process it is.
    pub(in super::super) fn had_its_program(&self, process: u32) -> io::Result<()> {
        self.started.first(Target::new(process).identity()?, lives);
        Ok(())
    }

    pub(super) fn listen(&mut self, listener: Listener) {
        if let Some(sender) = self.listener.take() {
            let _ = sender.send(listener);
        }
    }
}

/// Why a thread stops being the leader.
enum StopReason {
    /// There is a call to process.
    Work(AcceptedCall),
    /// Another thread has taken over.
    Replaced,
    /// The supervisor stops.
    End,
}

/// A call to process, with a place in its worker's lane.
struct AcceptedCall {
    call: Call,
    worker: u32,
}

fn serve(shared: &Arc<Shared>) {
    loop {
        if shared.waiting.fetch_add(1, Ordering::AcqRel) >= SPARE_THREADS {
            shared.waiting.fetch_sub(1, Ordering::AcqRel);
            break;
        }
        let leader = shared.leadership.wait();
        if leader.taken_over {
            // On behalf of the thread that is stuck, which no longer waits.
            shared.waiting.fetch_sub(1, Ordering::AcqRel);
        }
        let stop = next_call(shared, &leader);
        drop(leader);
        if matches!(stop, StopReason::Replaced) {
            continue;
        }
        let left = shared.waiting.fetch_sub(1, Ordering::AcqRel) - 1;
        let StopReason::Work(AcceptedCall { call, worker }) = stop else {
            shared.context.blocked.end_all();
            break;
        };
        let alone = left == 0 && !another(shared);
        if alone {
            // The system has no thread left: a thread at the listener matters more than one call.
            let mut next = Some(call);
            while let Some(call) = next {
                shared.context.listener.answer(call.id, Answer::Errno(libc::EAGAIN));
                next = shared.lanes.next(lane_key(&call, worker));
            }
        } else {
            work(shared, Some(call), worker);
        }
    }
}

fn lane_key(call: &Call, worker: u32) -> LaneKey {
    LaneKey {
        worker,
        quick: Answers::is_quick(call),
    }
}

/// Answers a call and those that wait in its lane.
fn work(shared: &Shared, mut next: Option<Call>, worker: u32) {
    while let Some(call) = next {
        if let Some(rest) = rest(shared, worker) {
            thread::sleep(rest);
        }
        shared.answers.handle(&shared.context, &call, worker);
        next = shared.lanes.next(lane_key(&call, worker));
    }
}

/// How long the calls of this worker wait because it was refused too much.
fn rest(shared: &Shared, worker: u32) -> Option<Duration> {
    shared.answers.restraint.rest(worker, Instant::now())
}

/// Starts a thread that waits for the leadership.
fn another(shared: &Arc<Shared>) -> bool {
    let there = Arc::clone(shared);
    let started = thread::Builder::new()
        .name("toolwarden-sup".to_owned())
        .spawn(move || serve(&there));
    started.is_ok()
}

/// Waits for a call that has to be processed, and answers quick ones.
fn next_call(shared: &Arc<Shared>, leader: &Leader<'_>) -> StopReason {
    let AnswerContext {
        listener,
        blocked,
        stopped,
        ..
    } = &shared.context;
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
            Err(_) => return StopReason::End,
        }
        if !ready[0].revents().is_empty() {
            return StopReason::End;
        }
        if abandoned || !ready[2].revents().is_empty() {
            abandoned = blocked.end_abandoned();
        }
        match ready[1].revents() {
            events if events.is_empty() => continue,
            events if events.contains(PollFlags::IN) => {}
            // Hung up: the spawner and every worker have ended.
            _ => return StopReason::End,
        }
        let call = match listener.receive() {
            Ok(Some(call)) => call,
            Ok(None) => continue,
            Err(_) => return StopReason::End,
        };
        if let Some(answer) = shared.answers.at_once(&call) {
            if !listener.answer(call.id, answer) {
                shared.answers.unheard(&call);
            }
            continue;
        }
        let worker = Target::new(call.thread).worker();
        match shared.lanes.enter(lane_key(&call, worker), &call) {
            Admission::Run if Answers::is_quick(&call) && rest(shared, worker).is_none() => {
                match quickly(shared, leader, &call, worker) {
                    Some(stop) => return stop,
                    None => continue,
                }
            }
            Admission::Run => return StopReason::Work(AcceptedCall { call, worker }),
            Admission::Queued => {}
            Admission::Rejected => {
                listener.answer(call.id, Answer::Errno(libc::EAGAIN));
            }
        }
    }
}

/// Answers a quick call as the leader; a result means that the leadership ends.
fn quickly(shared: &Arc<Shared>, leader: &Leader<'_>, call: &Call, worker: u32) -> Option<StopReason> {
    // A follower must be there to take over, should this be slower than expected.
    let watched = shared.waiting.load(Ordering::Acquire) >= SPARE_THREADS || another(shared);
    let mine = leader.quickly(|| match watched {
        true => shared.answers.handle(&shared.context, call, worker),
        false => {
            let answer = shared.answers.unwatched(call);
            shared.context.listener.answer(call.id, answer);
        }
    });
    let next = shared.lanes.next(lane_key(call, worker));
    match (next, mine) {
        (Some(call), true) => Some(StopReason::Work(AcceptedCall { call, worker })),
        (None, true) => None,
        (next, false) => {
            work(shared, next, worker);
            Some(StopReason::Replaced)
        }
    }
}
