//! The supervisor's copy of the socket that a call names, and connections made with it.

use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use super::super::net::Socket;
use super::answer_context::AnswerContext;
use super::blocked::{WaitOutcome, wait};
use super::descriptor_wait::retry_while_short_of_descriptors;
use super::given_sockets::GivenSockets;
use super::listener::{Answer, Call};
use super::target::Target;
use crate::error::descriptors::is_shortage;

/// How often a connection to a unix socket with a full queue is tried again: nothing notifies when the queue has room.
const ASK_AGAIN: Duration = Duration::from_millis(20);

/// A copy of the caller's socket, and the caller's thread.
pub(super) struct CallerSocket {
    pub(super) socket: Socket,
    pub(super) pidfd: OwnedFd,
    /// Identifies a socket that the supervisor made.
    pub(super) inode: Option<u64>,
}

/// The supervisor's copy of the socket in the first argument.
pub(super) fn caller_socket(
    given: Option<&GivenSockets>,
    context: &AnswerContext,
    call: &Call,
) -> Option<Result<CallerSocket, i32>> {
    let target = Target::new(call.thread);
    let worker = target.worker();
    let number = call.args[0] as i32;
    let copy = || {
        let pidfd = target.pidfd()?;
        let (inode, fd) = match given {
            None => (None, target.descriptor(&pidfd, number)?),
            Some(given) => {
                let (inode, copy) = given.find(&target, worker, number)?;
                (Some(inode), copy)
            }
        };
        Ok((fd, pidfd, inode))
    };
    let caller = match retry_while_short_of_descriptors(worker, copy, || context.waits(call)) {
        Ok((fd, pidfd, inode)) => Socket::of(fd)
            .map(|socket| CallerSocket { socket, pidfd, inode })
            .ok_or(libc::EACCES),
        Err(error) => Err(match error.raw_os_error() {
            Some(errno) if matches!(errno, libc::EBADF | libc::EISCONN) || is_shortage(errno) => errno,
            _ => libc::EACCES,
        }),
    };
    context.waits(call).then_some(caller)
}

/// Connects, and blocks when the socket does, as long as the caller exists. `connected` is called once there is a
/// connection or it has begun, while the copy still keeps the socket open.
pub(super) fn connect_to(
    context: &AnswerContext,
    call: &Call,
    caller: &CallerSocket,
    address: &[u8],
    worker: u32,
    connected: impl FnOnce(),
) -> Option<Answer> {
    let waits = || context.waits(call);
    let copies = || {
        let socket = caller.socket.as_fd().try_clone_to_owned()?;
        Ok((socket, caller.pidfd.try_clone()?))
    };
    let Ok((socket, pidfd)) = retry_while_short_of_descriptors(worker, copies, waits) else {
        return Some(Answer::Errno(libc::EAGAIN));
    };
    let Ok(waiting) = context.blocked.watch(call.id, socket, pidfd) else {
        return Some(Answer::Errno(libc::EAGAIN));
    };
    if !context.waits(call) {
        return None;
    }
    let done = caller.socket.connect(address);
    if matches!(done, Ok(()) | Err(libc::EINPROGRESS)) {
        connected();
    }
    drop(waiting);
    Some(result(done))
}

/// A server whose queue is full is tried again where the socket blocks, as long as the caller exists.
pub(super) fn unix_connect(context: &AnswerContext, caller: &CallerSocket, peer: &OwnedFd) -> Option<Answer> {
    let CallerSocket { socket, pidfd, .. } = caller;
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

pub(super) fn result(done: Result<(), i32>) -> Answer {
    match done {
        Ok(()) => Answer::Value(0),
        Err(errno) => Answer::Errno(errno),
    }
}
