//! Which programs may be executed, and the answer to a call that starts a process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::sync::Arc;

use super::super::denial::{Denial, Permission};
use super::super::denials::Denials;
use super::super::lives::lives;
use super::super::run::wanted_program;
use super::learner::Learner;
use super::listener::{Answer, Call, Listener};
use super::started::Started;
use super::target::Target;
use crate::error::descriptors::is_shortage;

/// What may be executed.
#[derive(Debug)]
pub(super) enum Programs {
    Any,
    /// Real paths.
    Listed(BTreeSet<PathBuf>),
    /// Only the runtime, as the first program of each process.
    RuntimeOnce(Arc<Started>),
}

const ACCESS: Answer = Answer::Errno(libc::EACCES);

impl Programs {
    /// The answer to an execve by the host itself, which never waits for anything of a tool's.
    pub(super) fn first_of_the_host(&self, call: &Call) -> Option<Answer> {
        let Programs::RuntimeOnce(started) = self else {
            return None;
        };
        // A process that has already executed its program is answered on a thread that may take its time.
        if started.knows(call.thread) {
            return None;
        }
        self.first(Target::new(call.thread))
    }

    /// The process did not learn that it may execute its program; before Linux 5.19 a signal can be the reason, and it
    /// asks again.
    pub(super) fn not_executed(&self, call: &Call) {
        if let Programs::RuntimeOnce(started) = self {
            started.forget(call.thread);
        }
    }

    /// The answer to the first program of a process; none for a later one.
    fn first(&self, target: Target) -> Option<Answer> {
        let Programs::RuntimeOnce(started) = self else {
            return None;
        };
        match target.identity() {
            // Every process that the host starts leads its group before it executes. One that does not was forked, has
            // the program of its origin, and is not known before the host makes it the leader of a group.
            Ok(identity) if identity.process != target.worker() => None,
            Ok(identity) => started.first(identity, lives).then_some(Answer::Continue),
            // The start fails because of the shortage, and is tried again.
            Err(error) => error
                .raw_os_error()
                .filter(|errno| is_shortage(*errno))
                .map(Answer::Errno),
        }
    }

    /// Landlock decides which files may be executed: a path that the caller changes meanwhile changes only the record.
    /// This function refuses what Landlock does not see: a worker that may run nothing and replaces itself, for example
    /// by the dynamic loader with a program that it may read. `None` when the caller has ended.
    pub(super) fn execute(
        &self,
        listener: &Listener,
        call: &Call,
        denials: &Denials,
        learner: Option<&Learner>,
    ) -> Option<Answer> {
        let target = Target::new(call.thread);
        let worker = target.worker();
        if matches!(self, Programs::RuntimeOnce(_)) {
            // The first execve is the host's: it turns its child into the runtime.
            if let Some(answer) = self.first(target) {
                return Some(answer);
            }
            if denials.counted(worker) {
                return Some(ACCESS);
            }
        }
        let path = target.read_string(call.args[0]);
        let path = path
            .ok()
            .and_then(|bytes| target.absolute(&PathBuf::from(OsString::from_vec(bytes))));
        let found = path.as_ref().and_then(|path| target.as_the_host_finds_it(path));
        let real = found.and_then(|path| path.canonicalize().ok());
        let allowed = match (self, &real) {
            (Programs::Any, _) => true,
            // The kernel reports what is wrong with a path that leads nowhere.
            (Programs::Listed(_), None) => true,
            (Programs::Listed(programs), Some(real)) => programs.contains(real),
            (Programs::RuntimeOnce(_), _) => false,
        };
        if !listener.waits(call.id) {
            return None;
        }
        if allowed {
            if let (Some(learner), Some(path), Some(real)) = (learner, path, real) {
                learner.program(path, real, target, worker);
            }
            return Some(Answer::Continue);
        }
        denials.may_look(worker);
        // Recorded by the name that was called: `sh` says more than the target of its link. The name in argv[0] means
        // nothing.
        let name = match path {
            Some(path) if path.starts_with("/proc") => real,
            path => path.filter(|_| real.is_some()),
        };
        let name = name.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        denials.add(Denial::new(Permission::Run, name, worker));
        Some(ACCESS)
    }
}

/// Whether a call starts a process: those of the rows for `Reported::Fork`.
pub(super) fn starts_process(number: u32) -> bool {
    #[cfg(target_arch = "x86_64")]
    if matches!(i64::from(number), libc::SYS_fork | libc::SYS_vfork) {
        return true;
    }
    i64::from(number) == libc::SYS_clone
}

/// Refuses a call that would start a process. The first few are examined for the program's name.
pub(super) fn refuse_process(listener: &Listener, call: &Call, denials: &Denials) -> Option<Answer> {
    let target = Target::new(call.thread);
    let worker = target.worker();
    let program = match denials.may_look(worker) {
        true => wanted_program(&target).map(|path| path.to_string_lossy().into_owned()),
        false => None,
    };
    if !listener.waits(call.id) {
        return None;
    }
    denials.add(Denial::new(Permission::Run, program.unwrap_or_default(), worker));
    Some(ACCESS)
}
