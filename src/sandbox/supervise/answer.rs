//! Decides the answer to each reported call.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::super::denials::Denials;
use super::super::forks::Forks;
use super::super::net::{NetGuard, Socket, Way, address};
use super::blocked::{Blocked, WaitOutcome, wait};
use super::descriptor_wait::retry_while_short_of_descriptors;
use super::file_calls::{self, Uncovered};
use super::files::Files;
use super::listener::{Answer, Call, Listener};
use super::proc_open;
use super::programs::{Programs, refuse_process};
use super::refusal_recorder::RefusalRecorder;
use super::restraint::Restraint;
use super::target::Target;
use crate::error::descriptors::is_shortage;

/// Everything that the answers depend on.
#[derive(Debug)]
pub(super) struct Answers {
    /// The host's spawner thread, which has the filter only so that workers inherit it.
    pub(super) spawner: u32,
    pub(super) net: NetGuard,
    pub(super) programs: Programs,
    pub(super) refusal_recorder: RefusalRecorder,
    /// Programs may be run, so /proc entries of the worker's own processes are opened for it.
    pub(super) opens_proc: bool,
    pub(super) files: Files,
    pub(super) denials: Denials,
    pub(super) forks: Forks,
    pub(super) restraint: Restraint,
}

/// What every answer needs besides the call.
#[derive(Debug)]
pub(super) struct AnswerContext {
    pub(super) listener: Listener,
    pub(super) blocked: Blocked,
    /// Readable when the supervisor stops.
    pub(super) stopped: Arc<OwnedFd>,
}

/// A send may always send less than it was given.
const MOST_SENT: usize = 64 * 1024;
/// How often a connection to a unix socket with a full queue is tried again: nothing notifies when the queue has room.
const ASK_AGAIN: Duration = Duration::from_millis(20);

const ACCESS: Answer = Answer::Errno(libc::EACCES);

/// A copy of the caller's socket, and the caller's thread.
struct CallerSocket {
    socket: Socket,
    pidfd: OwnedFd,
}

impl Answers {
    /// The answer to a call that can be decided without anything that a tool could block.
    pub(super) fn at_once(&self, call: &Call) -> Option<Answer> {
        if call.thread == self.spawner {
            return Some(Answer::Continue);
        }
        match i64::from(call.number) {
            libc::SYS_connect | libc::SYS_bind | libc::SYS_listen | libc::SYS_sendto => None,
            _ if file_calls::is_one(call.number) => None,
            libc::SYS_socket if call.args[0] as i32 == libc::AF_NETLINK => {
                self.net.refused_netlink(Target::new(call.thread).worker());
                Some(ACCESS)
            }
            libc::SYS_socket => {
                self.net
                    .refused_datagrams(call.args[1], call.args[2], Target::new(call.thread).worker());
                Some(ACCESS)
            }
            libc::SYS_execve => self.programs.first_of_the_host(call),
            libc::SYS_clone if self.forks.uses(call.thread, call.args[0]) => Some(Answer::Continue),
            // The remaining calls start a process.
            _ => self
                .denials
                .counted(Target::new(call.thread).worker())
                .then_some(ACCESS),
        }
    }

    /// Whether a call takes no longer than reading the caller's memory and looking at a few paths.
    pub(super) fn is_quick(call: &Call) -> bool {
        file_calls::is_one(call.number)
    }

    pub(super) fn handle(&self, context: &AnswerContext, call: &Call, worker: u32) {
        // The caller was queued and may have ended meanwhile. For file calls, nothing is done that could affect another
        // process.
        if !file_calls::is_one(call.number) && !context.listener.waits(call.id) {
            return;
        }
        let answer = match i64::from(call.number) {
            libc::SYS_connect => self.connect(context, call, worker),
            libc::SYS_bind => self.bind(context, call, worker),
            libc::SYS_listen => self.listen(context, call, worker),
            libc::SYS_sendto => self.send(context, call, worker),
            _ if file_calls::is_one(call.number) => self.file(context, call, worker),
            libc::SYS_execve => self.programs.execute(&context.listener, call, &self.denials),
            _ => refuse_process(&context.listener, call, &self.denials),
        };
        if answer == Some(ACCESS) {
            self.restraint.refused(worker, Instant::now());
        }
        // `None` when the caller has ended: nobody is left to answer.
        if let Some(answer) = answer {
            context.listener.answer(call.id, answer);
        }
    }

    /// Landlock decides about files. What it refuses is recorded, what it does not cover is carried out here where a
    /// list allows it, and /proc entries that it cannot have rules for are opened here.
    fn file(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let target = Target::new(call.thread);
        if self.opens_proc
            && let Some((path, flags)) = file_calls::reading(call)
            && flags as i32 & (libc::O_ACCMODE | libc::O_CREAT | libc::O_TRUNC) == 0
        {
            match proc_open::answer(&context.listener, call, &target, path, flags) {
                Some(Answer::Continue) => {}
                other => return other,
            }
        }
        let waits = || context.listener.waits(call.id);
        let beyond = file_calls::not_covered_by_landlock(call.number);
        let answer = match beyond {
            None => Answer::Continue,
            Some(Uncovered::Metadata) => self.files.change(call, worker, waits)?,
            Some(Uncovered::Watch) => self.files.watch(call, worker, waits)?,
        };
        if matches!(answer, Answer::Continue | Answer::Errno(libc::EPERM | libc::EACCES)) {
            let refused = self.refusal_recorder.refused(call, &target);
            if refused.is_empty() {
                return Some(answer);
            }
            // The memory that was read was the caller's if the caller still waits.
            if !waits() {
                return None;
            }
            self.refusal_recorder.note(refused, worker);
            if answer != ACCESS {
                // The kernel refuses it.
                self.restraint.refused(worker, Instant::now());
            }
        }
        Some(answer)
    }

    fn connect(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let bytes = match copied(context, call, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let CallerSocket { socket, pidfd } = match caller_socket(context, call)? {
            Ok(caller_socket) => caller_socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let target = Target::new(call.thread);
        let way = match self.net.connect(&socket, &bytes, worker, |path| target.absolute(path)) {
            Ok(way) => way,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let bytes = match way {
            Way::Unix(peer) => return unix_connect(context, &socket, &pidfd, &peer),
            Way::Address(bytes) => bytes,
        };
        let waits = || context.listener.waits(call.id);
        let Ok(own) = retry_while_short_of_descriptors(worker, || socket.as_fd().try_clone_to_owned(), waits) else {
            return Some(Answer::Errno(libc::EAGAIN));
        };
        let Ok(waiting) = context.blocked.watch(call.id, own, pidfd) else {
            return Some(Answer::Errno(libc::EAGAIN));
        };
        if !context.listener.waits(call.id) {
            return None;
        }
        let done = socket.connect(&bytes);
        drop(waiting);
        Some(result(done))
    }

    fn bind(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let bytes = match copied(context, call, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let CallerSocket { socket, .. } = match caller_socket(context, call)? {
            Ok(caller_socket) => caller_socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let target = Target::new(call.thread);
        let done = self.net.bind(&socket, &bytes, worker, |path| target.absolute(path));
        Some(result(done))
    }

    fn listen(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let CallerSocket { socket, .. } = match caller_socket(context, call)? {
            Ok(caller_socket) => caller_socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        Some(result(self.net.listen(&socket, call.args[1] as i32, worker)))
    }

    /// c-ares passes the address again with each send on a connected socket. The supervisor sends without an address.
    fn send(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let bytes = match copied(context, call, call.args[4], call.args[5])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let Ok(address) = address::parse(&bytes) else {
            return Some(ACCESS);
        };
        if !self.net.may_send(address, worker) {
            return Some(ACCESS);
        }
        let CallerSocket { socket, pidfd } = match caller_socket(context, call)? {
            Ok(caller_socket) if caller_socket.socket.is_tcp() => caller_socket,
            Ok(_) => return Some(ACCESS),
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let mut data = vec![0; usize::try_from(call.args[2]).map_or(MOST_SENT, |length| length.min(MOST_SENT))];
        let read = Target::new(call.thread).read(call.args[1], &mut data);
        if !context.listener.waits(call.id) {
            return None;
        }
        let Ok(read) = read else {
            return Some(Answer::Errno(libc::EFAULT));
        };
        let flags = call.args[3] as i32;
        let blocks = flags & libc::MSG_DONTWAIT == 0 && socket.blocks();
        loop {
            match socket.send(&data[..read], flags) {
                Ok(sent) => return Some(Answer::Value(sent as i64)),
                Err(libc::EAGAIN) if blocks => {}
                Err(errno) => return Some(Answer::Errno(errno)),
            }
            match wait(
                Some(socket.as_fd()),
                pidfd.as_fd(),
                context.stopped.as_fd(),
                socket.send_timeout(),
            ) {
                WaitOutcome::Ready => {}
                WaitOutcome::TimedOut => return Some(Answer::Errno(libc::EAGAIN)),
                WaitOutcome::Abandoned => return None,
            }
        }
    }
}

/// A server whose queue is full is tried again where the socket blocks, as long as the caller exists.
fn unix_connect(context: &AnswerContext, socket: &Socket, pidfd: &OwnedFd, peer: &OwnedFd) -> Option<Answer> {
    let blocks = socket.blocks();
    let until = socket.send_timeout().map(|send_timeout| Instant::now() + send_timeout);
    loop {
        let done = socket.connect_unix(peer);
        let over = until.is_some_and(|until| Instant::now() >= until);
        if done != Err(libc::EAGAIN) || !blocks || over {
            return Some(result(done));
        }
        if wait(None, pidfd.as_fd(), context.stopped.as_fd(), Some(ASK_AGAIN)) == WaitOutcome::Abandoned {
            return None;
        }
    }
}

fn result(done: Result<(), i32>) -> Answer {
    match done {
        Ok(()) => Answer::Value(0),
        Err(errno) => Answer::Errno(errno),
    }
}

/// The address, copied once; the error is an errno for the caller. `None` when the caller has ended: the memory may
/// have been another process's.
fn copied(context: &AnswerContext, call: &Call, at: u64, length: u64) -> Option<Result<Vec<u8>, i32>> {
    let bytes = match usize::try_from(length as i32) {
        Ok(length) if length <= address::LONGEST => {
            let mut bytes = vec![0; length];
            match Target::new(call.thread).read(at, &mut bytes) {
                Ok(read) if read == length => Ok(bytes),
                _ => Err(libc::EFAULT),
            }
        }
        _ => Err(libc::EINVAL),
    };
    context.listener.waits(call.id).then_some(bytes)
}

/// The supervisor's copy of the socket in the first argument.
fn caller_socket(context: &AnswerContext, call: &Call) -> Option<Result<CallerSocket, i32>> {
    let target = Target::new(call.thread);
    let copy = || {
        let pidfd = target.pidfd()?;
        let fd = target.descriptor(&pidfd, call.args[0] as i32)?;
        Ok((fd, pidfd))
    };
    let caller_socket =
        match retry_while_short_of_descriptors(target.worker(), copy, || context.listener.waits(call.id)) {
            Ok((fd, pidfd)) => Socket::of(fd)
                .map(|socket| CallerSocket { socket, pidfd })
                .ok_or(libc::EACCES),
            Err(error) => Err(match error.raw_os_error() {
                Some(errno) if errno == libc::EBADF || is_shortage(errno) => errno,
                _ => libc::EACCES,
            }),
        };
    context.listener.waits(call.id).then_some(caller_socket)
}
