//! The parent's side of the sandbox: everything that can allocate, fail slowly or take a lock happens here.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use super::apply::Restrictions;
use super::child::{ChildSetup, InChild, StepFailure};
use super::denials::Denials;
use super::forks::Forks;
use super::held_by::HeldBy;
use super::landlock::{HandledAccess, Ruleset, Ungoverned};
use super::landlock_abi::SCOPE_ABI;
use super::learn::Observations;
use super::locks;
use super::net::Connections;
use super::opened_rules::{Rule, of_kernel, open_all, open_code};
use super::own_directories::OwnDirectories;
use super::place::Place;
use super::policy::{NetPolicy, Policy, Rights, Run};
use super::run::Guardian;
use super::seccomp::{self, FilterProfile, Net, Program};
use super::supervise::{Supervision, Supervisor};
use super::support::{Lack, Support};
use crate::error::{Code, Error, descriptors, hints};

/// A prepared policy: open paths, a filter, and a supervisor where one is needed.
pub struct Sandbox {
    abi: u32,
    handled: HandledAccess,
    /// Each with the rights that its kind of file can have.
    paths: Vec<Rule>,
    /// The same for what is readable because it holds code.
    code: Vec<Rule>,
    policy: Policy,
    profile: FilterProfile,
    filter: Program,
    supervision: Supervision,
    /// Ends with the spawner thread.
    supervisor: Option<Supervisor>,
    guardian: Option<Guardian>,
    denials: Denials,
    own: OwnDirectories,
    connections: Connections,
    forks: Forks,
    /// Watches origins and what they forked; none where processes are not forked.
    forks_guardian: Option<Guardian>,
    /// The temporary directory of the process that is being started.
    next_own: Option<Place>,
}

/// What is noted while a manager learns.
#[derive(Debug, Clone)]
pub struct Learning {
    /// The policy that no flags make: what it refuses needs a flag.
    pub without_flags: Policy,
    pub observations: Observations,
}

/// Opens everything the policy names.
pub fn prepare(policy: Policy, support: &Support) -> Result<Sandbox, Box<Error>> {
    prepare_learning(policy, support, None)
}

/// The same; with `learning` the supervisor also notes what processes do.
pub fn prepare_learning(policy: Policy, support: &Support, learning: Option<Learning>) -> Result<Sandbox, Box<Error>> {
    if learning.is_some() && !support.listener {
        return Err(Box::new(
            Error::new(
                Code::SandboxUnavailable,
                "learning needs seccomp user notification, and this process is refused a listener",
            )
            .hint(hints::kernel::NO_HOST_LISTS),
        ));
    }
    if policy.run != Run::None && !locks::confines_programs(support) {
        return Err(Box::new(
            Error::new(
                Code::SandboxUnavailable,
                format!(
                    "--allow-run needs seccomp user notification, or Landlock ABI {SCOPE_ABI} (Linux 6.12), to keep programs from signalling others; this process is refused a listener, and this kernel has ABI {}",
                    support.landlock_abi
                ),
            )
            .hint(hints::kernel::NO_PROGRAM_LISTS),
        ));
    }
    let listed = matches!(policy.net, NetPolicy::Only { .. }) || !policy.unix.is_empty();
    if listed && !support.listener {
        return Err(Box::new(no_host_lists(support.lack)));
    }
    let profile = locks::profile(&policy, support, learning.is_some());
    let free = Ungoverned {
        net: policy.net == NetPolicy::All,
    };
    let handled = HandledAccess::of(support.landlock_abi, free);
    let paths = open_all(&policy, &handled).map_err(|(path, error)| {
        not_prepared(
            &format!("cannot open {}, which the policy names", path.display()),
            error,
        )
    })?;
    let code = open_code(&policy, &handled).map_err(|(path, error)| {
        not_prepared(
            &format!("cannot open {}, which is to be readable", path.display()),
            error,
        )
    })?;
    let guardian = match policy.run {
        Run::None => None,
        _ => Some(guardian_of_this_host()?),
    };
    let forks_guardian = match policy.forked {
        true => Some(guardian_of_this_host()?),
        false => None,
    };
    let (without_flags, observations) = learning
        .map(|learning| (learning.without_flags, learning.observations))
        .unzip();
    let denials = Denials::new(locks::sees_every_refusal(&profile), observations);
    let own = OwnDirectories::default();
    let connections = Connections::default();
    let forks = Forks::default();
    Ok(Sandbox {
        abi: support.landlock_abi,
        handled,
        paths,
        code,
        policy: policy.clone(),
        filter: seccomp::child_program(&profile),
        profile,
        supervision: Supervision {
            policy,
            without_flags,
            truncation_covered: profile.landlock.truncation,
            denials: denials.clone(),
            own: own.clone(),
            connections: connections.clone(),
            sockets: support.sockets,
            forks: forks.clone(),
        },
        supervisor: None,
        guardian,
        denials,
        own,
        connections,
        forks,
        forks_guardian,
        next_own: None,
    })
}

fn guardian_of_this_host() -> Result<Guardian, Box<Error>> {
    Guardian::of_this_host().map_err(|error| not_prepared("the guardian cannot be started", error))
}

fn not_prepared(what: &str, error: io::Error) -> Box<Error> {
    Box::new(match error.raw_os_error() {
        Some(errno) if descriptors::is_shortage(errno) => descriptors::shortage(what, errno),
        _ => Error::new(Code::SandboxUnavailable, format!("{what}: {error}")).source(error),
    })
}

/// Names what is refused, and what would allow it.
fn no_host_lists(lack: Option<Lack>) -> Error {
    let (refused, hint) = match lack {
        Some(Lack::Memory) => (
            "reading the arguments of calls is refused (process_vm_readv, and /proc/PID/mem)",
            hints::kernel::MAY_NOT_READ_CALLS,
        ),
        Some(Lack::Sockets) => (
            "sockets can neither be copied (pidfd_getfd) nor handed in (SECCOMP_IOCTL_NOTIF_ADDFD)",
            hints::kernel::MAY_NOT_HAVE_SOCKETS,
        ),
        Some(Lack::Listener) | None => ("this process is refused a listener", hints::kernel::NO_HOST_LISTS),
    };
    let needs = "--allow-net with a list needs seccomp user notification";
    Error::new(Code::SandboxUnavailable, format!("{needs}, and {refused}")).hint(hint)
}

impl Sandbox {
    /// The record of refusals.
    pub fn denials(&self) -> Denials {
        self.denials.clone()
    }

    /// The TCP connections of workers, where the supervisor makes them.
    pub fn connections(&self) -> Connections {
        self.connections.clone()
    }

    /// What enforces the parts of the policy that differ between kernels.
    pub fn held_by(&self) -> HeldBy {
        locks::held_by(&self.profile)
    }

    /// The variables that a worker needs for this policy; they replace a user's values.
    pub fn environment(&self) -> Vec<(&'static str, &'static str)> {
        let mut variables = Vec::new();
        if self.profile.net == Net::Supervised || self.profile.learns {
            // Names are resolved over TCP, which the supervisor redirects to its own resolver.
            variables.push(("RES_OPTIONS", "use-vc"));
        }
        if self.profile.run {
            // bash with a socket as stdin and without SHLVL believes that it is a remote shell and reads ~/.bashrc.
            variables.push(("SHLVL", "1"));
        }
        variables
    }
}

impl ChildSetup for Sandbox {
    fn on_spawner_thread(&mut self) -> Result<(), StepFailure> {
        let Some(program) = seccomp::listener_program(&self.profile) else {
            return Ok(());
        };
        self.supervisor = Some(self.supervision.start(&program)?);
        Ok(())
    }

    fn per_spawn(&mut self, temporary: Option<BorrowedFd<'_>>) -> Result<Box<dyn InChild>, StepFailure> {
        let ruleset = self.ruleset(temporary)?;
        Ok(Box::new(Restrictions::new(ruleset, &self.filter)))
    }

    fn spawned(&mut self, pid: u32) -> Option<Guardian> {
        self.note_own(pid);
        watched(self.guardian.as_ref(), pid)
    }

    fn origin_spawned(&mut self, pid: u32) -> Option<Guardian> {
        self.note_own(pid);
        watched(self.forks_guardian.as_ref(), pid)
    }

    fn per_fork(&mut self, temporary: Option<BorrowedFd<'_>>) -> Result<OwnedFd, StepFailure> {
        Ok(self.ruleset(temporary)?.into())
    }

    fn grant_fork(&mut self, origin: u32) -> Result<(), StepFailure> {
        if self.supervisor.is_none() || self.forks_guardian.is_none() {
            return Err(("grant a fork", libc::EPERM));
        }
        self.forks.grant(origin);
        Ok(())
    }

    fn revoke_fork(&mut self) {
        self.forks.revoke();
    }

    fn forked(&mut self, pid: u32) -> Result<Option<Guardian>, StepFailure> {
        let supervisor = self.supervisor.as_ref().ok_or(("supervise a fork", libc::EPERM))?;
        supervisor
            .had_its_program(pid)
            .map_err(|error| ("supervise a fork", error.raw_os_error().unwrap_or(libc::EIO)))?;
        self.note_own(pid);
        Ok(watched(self.forks_guardian.as_ref(), pid))
    }
}

/// The guardian, which kills this group from now on when the host dies.
fn watched(guardian: Option<&Guardian>, group: u32) -> Option<Guardian> {
    let guardian = guardian?;
    guardian.watch(group);
    Some(guardian.clone())
}

impl Sandbox {
    fn note_own(&mut self, pid: u32) {
        if let Some(directory) = self.next_own.take() {
            self.own.add(pid, directory);
        }
    }

    fn ruleset(&mut self, temporary: Option<BorrowedFd<'_>>) -> Result<Ruleset, StepFailure> {
        let failed = |step| move |error: io::Error| (step, error.raw_os_error().unwrap_or(libc::EIO));
        let ruleset = Ruleset::new(self.abi, &self.handled).map_err(failed("landlock_create_ruleset"))?;
        if !self.policy.read_all && self.policy.code.look_again(|path| self.policy.may_write(path)) {
            self.code = open_code(&self.policy, &self.handled).map_err(|(_, error)| failed("open")(error))?;
        }
        for (path, rights) in self.paths.iter().chain(&self.code) {
            ruleset
                .allow(path.as_fd(), *rights)
                .map_err(failed("landlock_add_rule"))?;
        }
        self.next_own = temporary.filter(|_| self.supervisor.is_some()).and_then(Place::of);
        if let Some(directory) = temporary {
            let rights = of_kernel(Rights::READ_WRITE) & self.handled.fs();
            ruleset.allow(directory, rights).map_err(failed("landlock_add_rule"))?;
        }
        Ok(ruleset)
    }
}
