//! A started process and the group it leads: killing, reaping, and checking that nothing of the group is left.
//!
//! A process id belongs to us only until the process is reaped. Signals are therefore sent under the lock that guards
//! reaping, and reaping has three steps: wait without reaping, kill the group while the zombie leader still reserves
//! the number, reap. All waiting names this one process: the host's own children are never touched, and no
//! SIGCHLD handler is installed.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, Signal, WaitIdOptions, WaitIdStatus, kill_process, kill_process_group, test_kill_process_group,
};

use super::cgroup::{self, Cgroup};
use super::cgroup_account::Account;
use super::end;
#[cfg(portable)]
use super::guardian::Guardian;
use super::origin::FirstCalls;
use super::proc_scan::{self, GroupState};
use crate::error::descriptors::{self, Holder};
#[cfg(not(portable))]
use crate::sandbox::Guardian;

/// How long dropping a running process waits for its end. SIGKILL needs a few milliseconds.
const DROP_WAIT: Duration = Duration::from_millis(500);

/// How often, a millisecond apart, an origin that was killed is looked at.
#[cfg(not(portable))]
const SIBLING_TRIES: u32 = 500;
#[cfg(not(portable))]
const SIBLING_PAUSE: Duration = Duration::from_millis(1);

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
    /// Somebody else took the status: a host that ignores SIGCHLD, or one that waits for any child.
    Unknown,
}

/// A process that leads its own group. When it is dropped while it runs, it is killed with its group and reaped.
#[derive(Debug)]
pub struct Process {
    pid: Pid,
    /// Readable once the process has ended.
    end: OwnedFd,
    /// Set once the process is reaped; its number may belong to another process from then on.
    exit: Mutex<Option<Exit>>,
    /// The cgroup, where one was made for it.
    cgroup: Option<Cgroup>,
    /// How many processes the kernel had killed in the host's cgroup when this one was started.
    killed_before: Option<u64>,
    /// The guardian, where something of the process could outlive the host.
    guardian: Option<Guardian>,
    /// Of the origin that it was forked from.
    first_calls: Option<Arc<FirstCalls>>,
    _holder: Holder,
}

impl Process {
    pub(super) fn new(pid: Pid, end: OwnedFd, cgroup: Option<Cgroup>, guardian: Option<Guardian>) -> Self {
        Self {
            pid,
            end,
            exit: Mutex::new(None),
            killed_before: match cgroup {
                Some(_) => None,
                None => cgroup::kills(),
            },
            cgroup,
            guardian,
            first_calls: None,
            _holder: Holder::process(),
        }
    }

    /// The same, forked from an origin.
    #[cfg(not(portable))]
    pub(super) fn of_origin(mut self, first_calls: Arc<FirstCalls>) -> Self {
        self.first_calls = Some(first_calls);
        self
    }

    /// Its process id, which is also its group's.
    pub fn pid(&self) -> u32 {
        self.pid.as_raw_nonzero().get().unsigned_abs()
    }

    /// The group that it leads.
    pub fn group(&self) -> Pid {
        self.pid
    }

    /// Readable once the process has ended.
    pub fn end(&self) -> BorrowedFd<'_> {
        self.end.as_fd()
    }

    /// Sends SIGKILL to the whole group; does nothing once the process is reaped.
    pub fn kill_group(&self) {
        let exit = self.lock();
        if exit.is_none() {
            self.signal_group();
        }
    }

    /// The same for a process that has served its only call. It may live on for a moment, in which its memory is looked at.
    pub fn kill_served(self: &Arc<Self>) {
        let Some(first_calls) = &self.first_calls else {
            return self.kill_group();
        };
        let process = Arc::clone(self);
        first_calls.kill_served(self.pid(), Arc::new(move || process.kill_group()));
    }

    /// Sends a signal to the leader, or to the whole group; does nothing once the process is reaped.
    pub fn signal(&self, signal: Signal, whole_group: bool) {
        let exit = self.lock();
        if exit.is_none() {
            let send = if whole_group { kill_process_group } else { kill_process };
            // ESRCH: it has just ended.
            let _ = send(self.pid, signal);
        }
    }

    /// The signal that has stopped it since this was asked last. Never blocks.
    pub fn stopped_by(&self) -> Option<i32> {
        let exit = self.lock();
        if exit.is_some() {
            return None;
        }
        let status = self.wait(WaitIdOptions::STOPPED | WaitIdOptions::NOHANG).ok()??;
        status.stopping_signal()
    }

    /// Gives every thread of the group the lowest priority. A thousand threads that are killed at once would otherwise
    /// occupy the processors until all of them have ended.
    pub fn stand_back(&self) {
        const LAST: libc::c_int = 19;
        let exit = self.lock();
        if exit.is_none() {
            // SAFETY: no memory is passed. When it fails, the group ends at its usual priority.
            unsafe { libc::setpriority(libc::PRIO_PGRP as _, self.pid(), LAST) };
        }
    }

    /// How the process ended, `None` while it runs. Never blocks. The first `Some` has killed the rest of the group.
    pub fn try_reap(&self) -> Option<Exit> {
        let mut exit = self.lock();
        if exit.is_none() {
            *exit = self.reap();
        }
        *exit
    }

    /// Ends an origin with the processes of its group that are the host's children like itself, and reaps all of them:
    /// nobody else knows of those.
    #[cfg(not(portable))]
    pub(super) fn end_with_siblings(&self) {
        let mut exit = self.lock();
        if exit.is_some() {
            return;
        }
        self.signal_group();
        self.leave_guardian();
        // A killed process ends in a few milliseconds. What takes longer is reaped when this is dropped.
        for _ in 0..SIBLING_TRIES {
            match reap_of_group(self.pid) {
                Ok(Some((pid, how))) if pid == self.pid => *exit = Some(how),
                Ok(Some(_)) => {}
                Ok(None) => std::thread::sleep(SIBLING_PAUSE),
                // None is left.
                Err(_) => break,
            }
        }
        // Somebody else took the status.
        if exit.is_none()
            && self
                .wait(WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT)
                .is_err()
        {
            *exit = Some(Exit::Unknown);
        }
    }

    /// Whether no running process of the group is left. Zombies that only wait for their adoptive parent do not count.
    pub fn group_gone(&self) -> bool {
        let exit = self.lock();
        if test_kill_process_group(self.pid) == Err(Errno::SRCH) {
            return true;
        }
        match proc_scan::group(self.pid) {
            GroupState::Empty => true,
            GroupState::Running { leader } => leader && exit.is_some(),
        }
    }

    /// What its cgroup accounts for it, or the host's, in which it is where it has none of its own. `None` where neither
    /// tells.
    pub fn account(&self) -> Option<Account> {
        if let Some(own) = &self.cgroup {
            return Some(own.account());
        }
        let was_out_of_memory = cgroup::kills()? > self.killed_before?;
        Some(Account {
            was_out_of_memory,
            of_the_host: true,
            peak: None,
        })
    }

    /// Removes its cgroup once it is reaped. False while processes are left in it, which are being killed.
    pub fn leave_cgroup(&self) -> bool {
        self.cgroup.as_ref().is_none_or(Cgroup::remove)
    }

    fn reap(&self) -> Option<Exit> {
        match self.wait(WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT) {
            Ok(None) => None,
            Ok(Some(status)) => {
                self.signal_group();
                self.leave_guardian();
                // This cannot block and its result is known: the process has ended.
                let _ = self.wait(WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
                Some(exit_of(&status))
            }
            Err(_) => {
                // No zombie reserves the number any longer, but members other than the leader still do. A process that
                // has the number as its own id is a stranger's.
                if proc_scan::group(self.pid) == (GroupState::Running { leader: false }) {
                    self.signal_group();
                }
                self.leave_guardian();
                Some(Exit::Unknown)
            }
        }
    }

    /// The group is killed while its number is still reserved; only then may the guardian forget it.
    fn leave_guardian(&self) {
        if let Some(guardian) = &self.guardian {
            guardian.forget(self.pid());
        }
    }

    fn wait(&self, options: WaitIdOptions) -> Result<Option<WaitIdStatus>, Errno> {
        end::wait(self.pid, &self.end, options)
    }

    /// Called only while the leader is unreaped, or while members are known to reserve the number.
    fn signal_group(&self) {
        // ESRCH: already gone.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }

    fn lock(&self) -> MutexGuard<'_, Option<Exit>> {
        self.exit.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        descriptors::take_unserved(self.pid());
        if self.try_reap().is_some() {
            return;
        }
        self.kill_group();
        let mut ended = [PollFd::new(&self.end, PollFlags::IN)];
        let wait = Timespec::try_from(DROP_WAIT).ok();
        let _ = rustix::io::retry_on_intr(|| poll(&mut ended, wait.as_ref()));
        self.try_reap();
    }
}

/// Reaps one process of a group that has ended; an error when this process has no child in it.
#[cfg(not(portable))]
fn reap_of_group(group: Pid) -> Result<Option<(Pid, Exit)>, Errno> {
    // SAFETY: zeroed is a valid siginfo_t, which outlives the call; its fields are read as waitid sets them.
    let (done, info) = unsafe {
        let mut info: libc::siginfo_t = std::mem::zeroed();
        let id = group.as_raw_nonzero().get().unsigned_abs();
        let done = libc::waitid(libc::P_PGID, id, &raw mut info, libc::WEXITED | libc::WNOHANG);
        (done, info)
    };
    if done != 0 {
        return Err(Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(Errno::CHILD));
    }
    // SAFETY: as above.
    let (pid, status) = unsafe { (info.si_pid(), info.si_status()) };
    let how = match info.si_code {
        libc::CLD_EXITED => Exit::Code(status),
        _ => Exit::Signal(status),
    };
    Ok(Pid::from_raw(pid).map(|pid| (pid, how)))
}

fn exit_of(status: &WaitIdStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(exit_code(code)),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::Unknown,
    }
}

/// The part of what a program gave to `exit` that every system reports: macOS gives `waitid` more of it.
fn exit_code(given: i32) -> i32 {
    given & 0xff
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_is_the_same_on_every_system() {
        // `exit(-1)` and `exit(3)` as Linux reports them, and the first as macOS does.
        assert_eq!([255, 3, -16_776_961].map(exit_code), [255, 3, 255]);
    }
}
