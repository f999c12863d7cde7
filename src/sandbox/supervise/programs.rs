//! Which programs may be executed, and what is answered to a call that starts a process.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use super::super::denials::{Denial, Denials, Permission, lives};
use super::super::run::wanted_program;
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
    /// The runtime, as the first program of each process.
    RuntimeOnce(Started),
}

const ACCESS: Answer = Answer::Errno(libc::EACCES);

impl Programs {
    /// The answer to a start that the host itself makes: it never waits for anything of a tool's.
    pub(super) fn first_of_the_host(&self, call: &Call) -> Option<Answer> {
        let Programs::RuntimeOnce(started) = self else {
            return None;
        };
        // A process that has had its program is answered where it can take its time.
        if started.knows(call.thread) {
            return None;
        }
        self.first(Target::new(call.thread))
    }

    /// The answer to the first program of a process; none for a later one.
    fn first(&self, target: Target) -> Option<Answer> {
        let Programs::RuntimeOnce(started) = self else {
            return None;
        };
        match target.identity() {
            Ok(identity) => started.first(identity, lives).then_some(Answer::Continue),
            // The start fails for what it lacks, and is tried again.
            Err(error) => error
                .raw_os_error()
                .filter(|errno| is_shortage(*errno))
                .map(Answer::Errno),
        }
    }

    /// Landlock decides which files may be executed: what the caller does to the path meanwhile changes only the record.
    /// Refused here is what Landlock does not see: a worker that may run nothing and replaces itself, say by the dynamic
    /// loader with a program that it may read. `None` when the caller went away.
    pub(super) fn execute(&self, listener: &Listener, call: &Call, denials: &Denials) -> Option<Answer> {
        let target = Target::new(call.thread);
        let worker = target.worker();
        if matches!(self, Programs::RuntimeOnce(_)) {
            // The first one is the host's: it turns its child into the runtime.
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
            // The kernel says what is wrong with a path that leads nowhere.
            (Programs::Listed(_), None) => true,
            (Programs::Listed(programs), Some(real)) => programs.contains(real),
            (Programs::RuntimeOnce(_), _) => false,
        };
        if !listener.waits(call.id) {
            return None;
        }
        if allowed {
            return Some(Answer::Continue);
        }
        denials.may_look(worker);
        // As it was called: `sh` says more than what it is a link to. What a process calls itself says nothing.
        let name = match path {
            Some(path) if path.starts_with("/proc") => real,
            path => path.filter(|_| real.is_some()),
        };
        let name = name.map(|path| path.to_string_lossy().into_owned()).unwrap_or_default();
        denials.add(Denial::new(Permission::Run, name, worker));
        Some(ACCESS)
    }
}

/// Refuses a call that would start a process. The first ones of a call are looked at for the program's name.
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
