//! The supervisor answers the system calls that a worker's filter reports.
//!
//! There is one filter with a listener per policy. It is installed on the manager's spawner thread, where it restricts
//! nothing (the spawner's own calls are continued), and every worker inherits it. The supervisor's threads are started
//! before, so that none of them inherits it.
//!
//! The decisions behind it: docs/decisions.md#sandbox.

mod answer;
mod answer_context;
mod blocked;
mod caller_socket;
mod descriptor_wait;
mod file_calls;
mod files;
mod given_sockets;
mod lanes;
mod leadership;
mod learner;
mod listener;
mod metadata;
mod named_file;
mod newer_calls;
mod proc_open;
mod programs;
mod refusal_recorder;
mod restarts;
mod restraint;
mod signals;
mod started;
mod target;
mod threads;
mod trial;

pub(super) use target::Target;
pub(super) use trial::try_out;

use std::io;
use std::sync::Arc;

use super::child::StepFailure;
use super::denials::Denials;
use super::forks::Forks;
use super::net::{Connections, Extent, Listed, NetGuard, OwnSockets, Rules, UnixSockets};
use super::own_directories::OwnDirectories;
use super::policy::{NetPolicy, Policy, Run};
use super::seccomp::{self, Program};
use super::support::SocketMaker;
use answer::{Answers, Everywhere};
use files::Files;
use given_sockets::GivenSockets;
use learner::Learner;
use listener::Listener;
use programs::Programs;
use refusal_recorder::RefusalRecorder;
use restraint::Restraint;
use started::Started;
pub(super) use threads::Supervisor;

/// What the supervisor needs for its decisions.
#[derive(Debug)]
pub(super) struct Supervision {
    pub(super) policy: Policy,
    /// Landlock decides about truncating a file by its path.
    pub(super) truncation_covered: bool,
    pub(super) denials: Denials,
    pub(super) own: OwnDirectories,
    pub(super) connections: Connections,
    pub(super) sockets: SocketMaker,
    pub(super) forks: Forks,
    /// Where the manager learns: what is allowed without any flag.
    pub(super) without_flags: Option<Policy>,
}

impl Supervision {
    /// Starts the threads, then applies the reporting filter to the calling thread.
    pub(super) fn start(&self, program: &Program) -> Result<Supervisor, StepFailure> {
        let failed = |step| move |error: io::Error| (step, error.raw_os_error().unwrap_or(libc::EIO));
        let net = net_guard(&self.policy, self.denials.clone())
            .with_own_sockets(OwnSockets::new(self.own.clone()))
            .noting(self.connections.clone());
        let started = Arc::new(Started::default());
        let programs = match &self.policy.run {
            Run::Only(programs) => {
                Programs::Listed(programs.iter().cloned().chain([self.policy.runtime.clone()]).collect())
            }
            Run::None => Programs::RuntimeOnce(Arc::clone(&started)),
            Run::All => Programs::Any,
        };
        // Not libc's gettid, which glibc has since 2.30 only.
        let spawner = rustix::thread::gettid().as_raw_nonzero().get() as u32;
        let observed = self.without_flags.clone().zip(self.denials.observations().cloned());
        let answers = Answers {
            spawner,
            learner: observed.map(|(without_flags, observations)| Learner::new(without_flags, observations)),
            everywhere: Everywhere {
                read: self.policy.read_all,
                write: self.policy.write_all,
            },
            net,
            given: (self.sockets == SocketMaker::Supervisor).then(GivenSockets::default),
            programs,
            refusal_recorder: RefusalRecorder::new(self.policy.clone(), self.denials.clone()),
            opens_proc: self.policy.run != Run::None,
            files: Files::new(
                &self.policy.listed_writable(),
                &self.policy.listed_readable(),
                self.own.clone(),
            ),
            truncation_covered: self.truncation_covered,
            denials: self.denials.clone(),
            forks: self.forks.clone(),
            restraint: Restraint::default(),
        };
        let mut supervisor = Supervisor::start(answers, started).map_err(failed("start the supervisor"))?;
        // SAFETY: no memory is passed; it only ever takes rights away.
        if unsafe { libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) } != 0 {
            return Err((
                "PR_SET_NO_NEW_PRIVS",
                io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO),
            ));
        }
        let loaded = seccomp::load_with_listener(program).map_err(failed("install the listener"))?;
        // SAFETY: the kernel just gave us this descriptor.
        supervisor.listen(unsafe { Listener::from_raw(loaded) });
        Ok(supervisor)
    }
}

fn net_guard(policy: &Policy, denials: Denials) -> NetGuard {
    let (extent, allow, deny) = match &policy.net {
        NetPolicy::None => (Extent::Listed, Vec::new(), Vec::new()),
        NetPolicy::Only { allow, deny } => (Extent::Listed, allow.clone(), deny.clone()),
        NetPolicy::All => (Extent::Wide, policy.permissions.net_besides.clone(), Vec::new()),
    };
    let listed = policy.unix.iter().map(|socket| Listed {
        may_make: socket
            .real
            .parent()
            .is_some_and(|directory| policy.may_write(directory)),
        socket: socket.clone(),
    });
    NetGuard::new(extent, Rules { allow, deny }, UnixSockets(listed.collect()), denials)
}
