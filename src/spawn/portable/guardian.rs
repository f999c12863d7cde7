//! The guardian: a shell that kills the groups of workers when the host has died.
//!
//! It reads from a socket whose other end only the host has: the number of each group that begins, and of each that is over. At the end
//! of what it can read, however the host died, it kills those that are left. All managers of a host share one guardian, which ends
//! with the last spawner and the last process.
//!
//! It is a program and no fork, because a fork would keep the memory that the host had when it was made. It leads a group of its
//! own, so that what ends the host from a terminal does not end it too.

use std::cell::Cell;
use std::ffi::{CStr, c_char};
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::net::{SendFlags, send};
use rustix::process::Pid;

use super::child::Starter;
use super::failure::SpawnFailure;
use super::host_ends::above_fixed;
use super::plan::Plan;
use super::process::Process;
use crate::system::{NO_SIGNAL, socket_pair};

const SHELL: &CStr = c"/bin/sh";
const SCRIPT: &CStr = c"trap '' HUP INT QUIT TERM
groups=' '
while read -r what group; do
  case $what in
    begins) groups=\"$groups$group \" ;;
    over) case $groups in *\" $group \"*) groups=\"${groups%% $group *} ${groups#* $group }\" ;; esac ;;
  esac
done
for group in $groups; do kill -s KILL -- \"-$group\"; done";
/// More than the shell opens.
const OPEN_FILES: libc::rlim_t = 64;

/// The guardian of all managers of this host.
static SHARED: Mutex<Weak<Shell>> = Mutex::new(Weak::new());

/// The host's handle of the guardian.
#[derive(Debug, Clone)]
pub(super) struct Guardian(Arc<Shell>);

#[derive(Debug)]
struct Shell {
    /// The first field, because the shell ends by itself once this is closed. Whoever is watched has a handle, so none is left then.
    channel: OwnedFd,
    process: Process,
}

impl Guardian {
    /// The host's guardian, started when there is none. It gets `null` as its output.
    pub(super) fn of_this_host(starter: &Starter, null: &OwnedFd) -> Result<Self, SpawnFailure> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shell) = shared.upgrade().filter(|shell| shell.process.try_reap().is_none()) {
            return Ok(Self(shell));
        }
        let shell = Arc::new(start(starter, null)?);
        *shared = Arc::downgrade(&shell);
        Ok(Self(shell))
    }

    /// This group must not outlive the host.
    pub(super) fn watch(&self, group: u32) {
        self.tell("begins", group);
    }

    /// The group is over, and its number may become another's.
    pub(super) fn forget(&self, group: u32) {
        self.tell("over", group);
    }

    fn tell(&self, what: &str, group: u32) {
        // Where it has ended, or does not read, a killed host leaves the group.
        let _ = send(
            &self.0.channel,
            format!("{what} {group}\n").as_bytes(),
            NO_SIGNAL | SendFlags::DONTWAIT,
        );
    }
}

fn start(starter: &Starter, null: &OwnedFd) -> Result<Shell, SpawnFailure> {
    let (channel, other) = socket_pair().map_err(|errno| SpawnFailure::system("socketpair", errno.raw_os_error()))?;
    let other = above_fixed(other)?;
    let argv: [*const c_char; 4] = [SHELL.as_ptr(), c"-c".as_ptr(), SCRIPT.as_ptr(), std::ptr::null()];
    let envp: [*const c_char; 1] = [std::ptr::null()];
    let plan = Plan {
        program: SHELL.as_ptr(),
        argv: argv.as_ptr(),
        envp: envp.as_ptr(),
        cwd: c"/".as_ptr(),
        stdin: other.as_raw_fd(),
        stdout: null.as_raw_fd(),
        stderr: null.as_raw_fd(),
        channel: None,
        memory: None,
        door: None,
        limits: &[],
        open_files: libc::rlimit {
            rlim_cur: OPEN_FILES,
            rlim_max: OPEN_FILES,
        },
        die_with: None,
        sandbox: None,
        failure: Cell::new(None),
    };
    let (pid, end) = starter.start(&plan)?;
    let pid = Pid::from_raw(pid).ok_or_else(|| SpawnFailure::permanent("fork"))?;
    let process = Process::new(pid, end, None, None);
    Ok(Shell { channel, process })
}
