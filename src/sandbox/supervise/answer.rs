//! What each reported call is answered.

use std::collections::{BTreeSet, VecDeque};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use super::super::denials::{Denial, Denials, Permission};
use super::super::net::{NetGuard, Socket, address};
use super::super::run::wanted_program;
use super::listener::{Answer, Call, Listener};
use super::proc_open;
use super::target::{Birth, Target};

/// Everything that answers hang on.
#[derive(Debug)]
pub(super) struct Answers {
    /// The host's own thread, which has the filter only to pass it on.
    pub(super) spawner: u32,
    pub(super) net: NetGuard,
    pub(super) programs: Programs,
    pub(super) denials: Denials,
}

/// What may be executed.
#[derive(Debug)]
pub(super) enum Programs {
    Any,
    /// Real paths.
    Listed(BTreeSet<PathBuf>),
    /// The runtime, as the first program of each process.
    RuntimeOnce(Started),
}

/// Processes that have had their program.
#[derive(Debug, Default)]
pub(super) struct Started(Mutex<VecDeque<Birth>>);

/// Remembered at once; far more than live at once.
const KEPT: usize = 4096;

impl Started {
    /// True once for each process.
    fn first(&self, birth: Birth) -> bool {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&birth) {
            return false;
        }
        if known.len() == KEPT {
            known.pop_front();
        }
        known.push_back(birth);
        true
    }
}

/// A send may always send less than it was given.
const MOST_SENT: usize = 64 * 1024;

const ACCESS: Answer = Answer::Errno(libc::EACCES);

impl Answers {
    pub(super) fn handle(&self, listener: &Listener, call: &Call) {
        let answer = if call.thread == self.spawner {
            Some(Answer::Continue)
        } else {
            self.decide(listener, call)
        };
        if let Some(answer) = answer {
            listener.answer(call.id, answer);
        }
    }

    /// `None` when the caller went away: then there is nobody to answer.
    fn decide(&self, listener: &Listener, call: &Call) -> Option<Answer> {
        let target = Target::new(call.thread);
        match i64::from(call.number) {
            libc::SYS_connect => self.connect(listener, call, target),
            libc::SYS_bind => self.bind(listener, call, target),
            libc::SYS_listen => self.listen(listener, call, target),
            libc::SYS_sendto => self.send(listener, call, target),
            libc::SYS_socket => {
                self.net.refused_datagrams(call.args[2], target.worker());
                Some(ACCESS)
            }
            libc::SYS_openat => proc_open::answer(listener, call, &target, call.args[1], call.args[2]),
            #[cfg(target_arch = "x86_64")]
            libc::SYS_open => proc_open::answer(listener, call, &target, call.args[0], call.args[1]),
            libc::SYS_execve => self.execute(listener, call, target),
            // What is left starts a process.
            _ => {
                let program = wanted_program(&target).map(|path| path.to_string_lossy().into_owned());
                if !listener.waits(call.id) {
                    return None;
                }
                self.denials.add(Denial::new(
                    Permission::Run,
                    program.unwrap_or_default(),
                    target.worker(),
                ));
                Some(ACCESS)
            }
        }
    }

    fn connect(&self, listener: &Listener, call: &Call, target: Target) -> Option<Answer> {
        let bytes = match copied(listener, call, target, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let Ok(address) = address::parse(&bytes) else {
            return Some(ACCESS);
        };
        let socket = match socket(listener, call, target)? {
            Ok(socket) => socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        Some(result(self.net.connect(&socket, address, target.worker())))
    }

    fn bind(&self, listener: &Listener, call: &Call, target: Target) -> Option<Answer> {
        let bytes = match copied(listener, call, target, call.args[1], call.args[2])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let Ok(address) = address::parse(&bytes) else {
            return Some(ACCESS);
        };
        let socket = match socket(listener, call, target)? {
            Ok(socket) => socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        Some(result(self.net.bind(&socket, address, target.worker())))
    }

    fn listen(&self, listener: &Listener, call: &Call, target: Target) -> Option<Answer> {
        let socket = match socket(listener, call, target)? {
            Ok(socket) => socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        Some(result(self.net.listen(&socket, call.args[1] as i32, target.worker())))
    }

    /// c-ares gives a connected socket its address once more with each send. The supervisor sends, without one.
    fn send(&self, listener: &Listener, call: &Call, target: Target) -> Option<Answer> {
        let bytes = match copied(listener, call, target, call.args[4], call.args[5])? {
            Ok(bytes) => bytes,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let Ok(address) = address::parse(&bytes) else {
            return Some(ACCESS);
        };
        if !self.net.may_send(address, target.worker()) {
            return Some(ACCESS);
        }
        let socket = match socket(listener, call, target)? {
            Ok(socket) => socket,
            Err(errno) => return Some(Answer::Errno(errno)),
        };
        let mut data = vec![0; usize::try_from(call.args[2]).map_or(MOST_SENT, |length| length.min(MOST_SENT))];
        let read = target.read(call.args[1], &mut data);
        if !listener.waits(call.id) {
            return None;
        }
        Some(match read.map(|read| socket.send(&data[..read], call.args[3] as i32)) {
            Ok(Ok(sent)) => Answer::Value(sent as i64),
            Ok(Err(errno)) => Answer::Errno(errno),
            Err(_) => Answer::Errno(libc::EFAULT),
        })
    }

    /// Landlock decides which files may be executed: what the caller does to the path meanwhile changes only the record.
    /// Refused here is what Landlock does not see: a worker that may run nothing and replaces itself, say by the dynamic
    /// loader with a program that it may read.
    fn execute(&self, listener: &Listener, call: &Call, target: Target) -> Option<Answer> {
        let path = target.read_string(call.args[0]);
        let path = path
            .ok()
            .and_then(|bytes| target.absolute(&PathBuf::from(OsString::from_vec(bytes))));
        let real = path.as_ref().and_then(|path| path.canonicalize().ok());
        let allowed = match (&self.programs, &real) {
            (Programs::Any, _) => true,
            // The kernel says what is wrong with a path that leads nowhere.
            (Programs::Listed(_), None) => true,
            (Programs::Listed(programs), Some(real)) => programs.contains(real),
            // The first one is the host's: it turns its child into the runtime.
            (Programs::RuntimeOnce(started), _) => target.birth().is_some_and(|birth| started.first(birth)),
        };
        if !listener.waits(call.id) {
            return None;
        }
        if allowed {
            return Some(Answer::Continue);
        }
        // As it was called: `sh` says more than what it is a link to.
        let name = path.filter(|_| real.is_some());
        let name = name.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        self.denials.add(Denial::new(Permission::Run, name, target.worker()));
        Some(ACCESS)
    }
}

fn result(done: Result<(), i32>) -> Answer {
    match done {
        Ok(()) => Answer::Value(0),
        Err(errno) => Answer::Errno(errno),
    }
}

/// The address, copied once; an errno for the caller. `None` when the caller went away: the memory read may have been
/// another's.
fn copied(listener: &Listener, call: &Call, target: Target, at: u64, length: u64) -> Option<Result<Vec<u8>, i32>> {
    let bytes = match usize::try_from(length as i32) {
        Ok(length) if length <= address::LONGEST => {
            let mut bytes = vec![0; length];
            match target.read(at, &mut bytes) {
                Ok(read) if read == length => Ok(bytes),
                _ => Err(libc::EFAULT),
            }
        }
        _ => Err(libc::EINVAL),
    };
    listener.waits(call.id).then_some(bytes)
}

/// The supervisor's own copy of the socket in the first argument.
fn socket(listener: &Listener, call: &Call, target: Target) -> Option<Result<Socket, i32>> {
    let socket = match target.descriptor(call.args[0] as i32) {
        Ok(fd) => Socket::of(fd).ok_or(libc::EACCES),
        Err(error) => Err(match error.raw_os_error() {
            Some(libc::EBADF) => libc::EBADF,
            _ => libc::EACCES,
        }),
    };
    listener.waits(call.id).then_some(socket)
}
