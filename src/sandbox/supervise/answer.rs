//! Decides the answer to each reported call.

use std::os::fd::AsFd;
use std::time::Instant;

use super::super::denials::Denials;
use super::super::forks::Forks;
use super::super::net::{NetGuard, Way, address};
use super::answer_context::AnswerContext;
use super::blocked::{WaitOutcome, wait};
use super::caller_socket::{CallerSocket, caller_socket, connect_to, result, unix_connect};
use super::descriptor_wait::retry_while_short_of_descriptors;
use super::file_calls::{self, Uncovered};
use super::files::Files;
use super::given_sockets::GivenSockets;
use super::learner::Learner;
use super::listener::{Answer, Call};
use super::proc_open;
use super::programs::{Programs, refuse_process, starts_process};
use super::refusal_recorder::RefusalRecorder;
use super::restarts::Arrival;
use super::restraint::Restraint;
use super::signals;
use super::target::Target;

/// Everything that the answers depend on.
#[derive(Debug)]
pub(super) struct Answers {
    /// The host's spawner thread, which has the filter only so that workers inherit it.
    pub(super) spawner: u32,
    pub(super) net: NetGuard,
    /// The sockets of workers, where the supervisor makes them; otherwise it copies a worker's own.
    pub(super) given: Option<GivenSockets>,
    pub(super) programs: Programs,
    pub(super) refusal_recorder: RefusalRecorder,
    /// Programs may be run, so /proc entries of the worker's own processes are opened for it.
    pub(super) opens_proc: bool,
    pub(super) files: Files,
    /// Landlock decides about truncating a file by its path.
    pub(super) truncation_covered: bool,
    pub(super) denials: Denials,
    pub(super) forks: Forks,
    pub(super) restraint: Restraint,
    /// Notes what goes on, where the manager learns.
    pub(super) learner: Option<Learner>,
    pub(super) everywhere: Everywhere,
}

/// What is allowed for every file, so that the kernel alone decides; such calls are reported only where a manager learns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Everywhere {
    pub(super) read: bool,
    pub(super) write: bool,
}

/// A send may always send less than it was given.
const MOST_SENT: usize = 64 * 1024;
const ACCESS: Answer = Answer::Errno(libc::EACCES);

impl Answers {
    /// The answer to a call that can be decided without anything that a tool could block.
    pub(super) fn at_once(&self, call: &Call) -> Option<Answer> {
        if call.thread == self.spawner {
            return Some(Answer::Continue);
        }
        if makes_a_socket(call) {
            self.net.observe_socket(call.args, || Target::new(call.thread).worker());
        }
        match i64::from(call.number) {
            libc::SYS_connect | libc::SYS_bind | libc::SYS_listen | libc::SYS_sendto => None,
            _ if file_calls::is_one(call.number) => None,
            _ if signals::is_one(call.number) => signals::to_itself(call),
            libc::SYS_socket if self.given.is_some() && self.net.may_exist(call.args[0], call.args[1]) => None,
            libc::SYS_socket if self.net.is_wide() => Some(Answer::Continue),
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
            _ if starts_process(call.number) => self
                .denials
                .counted(Target::new(call.thread).worker())
                .then_some(ACCESS),
            // A row reports this call, and no arm above decides about it. It must not pass, and would be recorded as a
            // refused program below.
            _ => Some(Answer::Errno(libc::EPERM)),
        }
    }

    /// An answer of `at_once` did not reach its caller, which may make the call again.
    pub(super) fn unheard(&self, call: &Call) {
        if i64::from(call.number) == libc::SYS_execve {
            self.programs.not_executed(call);
        }
    }

    /// Whether a call takes no longer than reading the caller's memory and looking at a few paths.
    pub(super) fn is_quick(call: &Call) -> bool {
        file_calls::is_one(call.number) || makes_a_socket(call)
    }

    /// The answer to a quick call when no thread is left to take over from one that is stuck. The kernel itself can only
    /// decide about what Landlock covers.
    pub(super) fn unwatched(&self, call: &Call) -> Answer {
        let uncovered = file_calls::not_covered_by_landlock(call.number, self.truncation_covered);
        if let Some(learner) = &self.learner {
            learner.missed(Target::new(call.thread).worker());
        }
        match makes_a_socket(call) || uncovered.is_some() {
            true => Answer::Errno(libc::EAGAIN),
            false => Answer::Continue,
        }
    }

    pub(super) fn handle(&self, context: &AnswerContext, call: &Call, worker: u32) {
        // What is done for these may be done twice.
        if Answers::is_quick(call) {
            let answer = match makes_a_socket(call) {
                true => self.make_socket(context, call, worker),
                false => self.file(context, call, worker),
            };
            self.note_refusal(answer, worker);
            if let Some(answer) = answer {
                context.listener.answer(call.id, answer);
            }
            return;
        }
        let send = |id, answer| context.listener.answer(id, answer);
        let mut next = match context.restarts.arrived(call) {
            Arrival::New => Some(*call),
            Arrival::Answered(answer) => {
                send(call.id, answer);
                None
            }
            Arrival::InProgress => None,
        };
        while let Some(call) = next {
            let answer = self.carry_out(context, &call, worker);
            self.note_refusal(answer, worker);
            next = context.restarts.finished(&call, answer, send);
        }
    }

    /// `None` when the caller does not wait any more, and nothing was done.
    fn carry_out(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        // The caller was queued and may have ended meanwhile.
        if !context.waits(call) {
            return None;
        }
        match i64::from(call.number) {
            libc::SYS_connect => self.connect(context, call, worker),
            libc::SYS_bind => self.bind(context, call, worker),
            libc::SYS_listen => self.listen(context, call, worker),
            libc::SYS_sendto => self.send(context, call, worker),
            libc::SYS_execve => self
                .programs
                .execute(&context.listener, call, &self.denials, self.learner.as_ref()),
            _ if signals::is_one(call.number) => signals::to_another(call, worker, || context.waits(call)),
            // `at_once` has answered every call but those that start a process.
            _ => refuse_process(&context.listener, call, &self.denials),
        }
    }

    fn note_refusal(&self, answer: Option<Answer>, worker: u32) {
        if answer == Some(ACCESS) {
            self.restraint.refused(worker, Instant::now());
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
        let beyond = file_calls::not_covered_by_landlock(call.number, self.truncation_covered);
        let answer = match beyond {
            None => Answer::Continue,
            Some(Uncovered::Metadata | Uncovered::Truncation) if self.everywhere.write => Answer::Continue,
            Some(Uncovered::Watch) if self.everywhere.read => Answer::Continue,
            Some(Uncovered::Metadata) => self.files.change(call, worker, waits)?,
            Some(Uncovered::Watch) => self.files.watch(call, worker, waits)?,
            Some(Uncovered::Truncation) => self.files.truncate(call, worker, waits)?,
        };
        if matches!(answer, Answer::Continue | Answer::Errno(libc::EPERM | libc::EACCES)) {
            let refused = self.refusal_recorder.refused(call, &target);
            if refused.is_empty() {
                self.observe(context, call, &target, worker);
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
        } else {
            self.observe(context, call, &target, worker);
        }
        Some(answer)
    }

    fn observe(&self, context: &AnswerContext, call: &Call, target: &Target, worker: u32) {
        if let Some(learner) = &self.learner {
            learner.file(call, target, worker, || context.listener.waits(call.id));
        }
    }

    fn make_socket(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let given = self.given.as_ref()?;
        let [family, kind, protocol] = [call.args[0], call.args[1], call.args[2]].map(|arg| arg as i32);
        let waits = || context.listener.waits(call.id);
        let made = retry_while_short_of_descriptors(worker, || GivenSockets::make(family, kind, protocol), waits);
        if !waits() {
            return None;
        }
        let done = made.and_then(|socket| {
            given.hand_in(&Target::new(call.thread), worker, socket, |socket| {
                let close_on_exec = kind & libc::SOCK_CLOEXEC != 0;
                context.listener.give(call.id, socket, close_on_exec)
            })
        });
        let errno = done.err()?.raw_os_error().unwrap_or(libc::EIO);
        Some(Answer::Errno(errno))
    }

    /// The socket is connected or listens: from now on it is the worker's alone.
    fn is_in_use(&self, socket: &CallerSocket, worker: u32) {
        if let (Some(given), Some(inode)) = (&self.given, socket.inode)
            && socket.socket.is_stream()
        {
            given.forget(worker, inode);
        }
    }

    fn connect(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let bytes = match copied(context, call, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let caller = match caller_socket(self.given.as_ref(), context, call)? {
            Ok(caller) => caller,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let target = Target::new(call.thread);
        let way = match self
            .net
            .connect(&caller.socket, &bytes, worker, |path| target.absolute(path))
        {
            Ok(way) => way,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let answer = match way {
            Way::Unix(peer) => unix_connect(context, &caller, &peer),
            Way::Address(bytes) => connect_to(context, call, &caller, &bytes, worker, || {
                self.net.connected(&caller.socket, &bytes, worker);
            }),
        };
        if matches!(answer, Some(Answer::Value(0) | Answer::Errno(libc::EINPROGRESS))) {
            self.is_in_use(&caller, worker);
        }
        answer
    }

    fn bind(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let bytes = match copied(context, call, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let CallerSocket { socket, .. } = match caller_socket(self.given.as_ref(), context, call)? {
            Ok(caller) => caller,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let target = Target::new(call.thread);
        let bind = || self.net.bind(&socket, &bytes, worker, |path| target.absolute(path));
        let done = match (bind(), &self.given) {
            (Err(libc::EADDRINUSE), Some(given)) => {
                given.sweep(&target, worker);
                bind()
            }
            (done, _) => done,
        };
        Some(result(done))
    }

    fn listen(&self, context: &AnswerContext, call: &Call, worker: u32) -> Option<Answer> {
        let caller = match caller_socket(self.given.as_ref(), context, call)? {
            Ok(caller) => caller,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let done = self.net.listen(&caller.socket, call.args[1] as i32, worker);
        if done.is_ok() {
            self.is_in_use(&caller, worker);
        }
        Some(result(done))
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
        if self.given.is_some() {
            // The supervisor has no copy of a connected socket, and the kernel ignores the address: only streams exist
            // here, and the filter refuses what would connect while sending.
            return Some(Answer::Continue);
        }
        let CallerSocket { socket, pidfd, .. } = match caller_socket(self.given.as_ref(), context, call)? {
            Ok(caller) if caller.socket.is_tcp() => caller,
            Ok(_) => return Some(ACCESS),
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let mut data = vec![0; usize::try_from(call.args[2]).map_or(MOST_SENT, |length| length.min(MOST_SENT))];
        let read = Target::new(call.thread).read(call.args[1], &mut data);
        if !context.waits(call) {
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

fn makes_a_socket(call: &Call) -> bool {
    i64::from(call.number) == libc::SYS_socket
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
    context.waits(call).then_some(bytes)
}
