//! An origin that serves, and one child of it. Used on the spawner's thread, whose children the origin's are.

use std::fs::File;
use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::process::{Pid, PidfdFlags, getpgid, pidfd_open, setpgid};

use super::answer::read_number;
use super::first_calls::FirstCalls;
use super::wire::{self, AHEAD, FORK};
use crate::sandbox::ChildSetup;
use crate::spawn::cgroup::Cgroup;
use crate::spawn::failure::SpawnFailure;
use crate::spawn::host_ends::ChildEnds;
use crate::spawn::process::Process;
use crate::spawn::temporary::Temporary;

/// How long an origin may take for one child, which takes a millisecond.
const ANSWER: Duration = Duration::from_secs(1);

/// A process that has imported the entrypoint and gives children of itself. Dropping it ends it; its children live on.
#[derive(Debug)]
pub struct Origin {
    channel: OwnedFd,
    process: Arc<Process>,
    /// The host's ends of what it prints, which is nothing any more.
    _printed: [Option<OwnedFd>; 2],
    /// Contains the directories of its children, and so lives as long as they do.
    temporary: Option<Arc<Temporary>>,
    /// Why it can be used no more.
    broken: Mutex<Option<String>>,
    forked: AtomicU64,
    first_calls: Arc<FirstCalls>,
}

impl Origin {
    pub(super) fn new(
        channel: OwnedFd,
        printed: [Option<OwnedFd>; 2],
        process: Arc<Process>,
        temporary: Option<Temporary>,
        first_calls: FirstCalls,
    ) -> Self {
        Self {
            channel,
            process,
            _printed: printed,
            temporary: temporary.map(Arc::new),
            broken: Mutex::new(None),
            forked: AtomicU64::new(0),
            first_calls: Arc::new(first_calls),
        }
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// How many children it gave.
    pub fn forked(&self) -> u64 {
        self.forked.load(Ordering::Relaxed)
    }

    /// Why it can be used no more; none while it can.
    pub fn broken(&self) -> Option<String> {
        self.broken_lock().clone()
    }

    /// Ends it, with whatever is in its group: a child that it made and did not report.
    pub fn end(&self, reason: &str) {
        self.broken_lock().get_or_insert_with(|| reason.to_owned());
        self.process.end_with_siblings();
    }

    /// A directory inside the origin's own for its next child.
    pub(in crate::spawn) fn temporary(&self) -> std::io::Result<Option<Temporary>> {
        self.temporary.as_ref().map(Temporary::make_inside).transpose()
    }

    /// Asks for a child, with these descriptors. What comes back is only what the origin says.
    pub(in crate::spawn) fn ask(
        &self,
        ends: &ChildEnds,
        rules: &OwnedFd,
        memory: &OwnedFd,
    ) -> Result<Pid, SpawnFailure> {
        if let Some(runs) = self.first_calls.unsent() {
            let message = [vec![AHEAD], wire::encode_runs(&runs)].concat();
            // An origin that serves has read all that came before.
            wire::send(&self.channel, &message, &[]).map_err(|error| failed_io("fork: ahead", &error))?;
        }
        let fds = [&ends.channel, &ends.stdout, &ends.stderr, rules, memory].map(AsRawFd::as_raw_fd);
        wire::send(&self.channel, &[FORK], &fds).map_err(|error| failed_io("fork: sendmsg", &error))?;
        let answer = read_number(&self.channel, Instant::now() + ANSWER)
            .map_err(|errno| SpawnFailure::system("fork: answer", errno.raw_os_error()))?;
        match Pid::from_raw(answer.max(0)) {
            Some(pid) if pid != Pid::INIT => Ok(pid),
            _ => Err(SpawnFailure::system("fork: clone", answer.saturating_neg().max(0))),
        }
    }

    /// Makes sure that a process is a child of this thread's in the origin's group, and not the origin. That holds only
    /// for the child that was granted: every other one was made the leader of a group of its own.
    pub(in crate::spawn) fn verify(&self, pid: Pid) -> Result<OwnedFd, SpawnFailure> {
        let failed = |step| move |errno: rustix::io::Errno| SpawnFailure::system(step, errno.raw_os_error());
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).map_err(failed("fork: pidfd_open"))?;
        // SAFETY: zeroed is a valid siginfo_t, which outlives the call.
        let ours = unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let options = libc::WEXITED | libc::WNOHANG | libc::WNOWAIT;
            libc::waitid(libc::P_PIDFD, pidfd.as_raw_fd() as libc::id_t, &raw mut info, options)
        };
        if ours != 0 {
            return Err(SpawnFailure::last("fork: waitid"));
        }
        // An unreaped child of ours keeps its number, so from here on the number means this process.
        let group = getpgid(Some(pid)).map_err(failed("fork: getpgid"))?;
        let origin = Pid::from_raw(self.pid().cast_signed());
        if Some(group) != origin || Some(pid) == origin {
            return Err(SpawnFailure::permanent("fork: finding the child in its origin's group"));
        }
        Ok(pidfd)
    }

    pub(in crate::spawn) fn count(&self) {
        self.forked.fetch_add(1, Ordering::Relaxed);
    }

    fn broken_lock(&self) -> MutexGuard<'_, Option<String>> {
        self.broken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Makes what the origin says is its child a process like every other one: checked, in its own cgroup, watched, and the
/// leader of its own group. Before that it is in its origin's group and ends with it.
pub(in crate::spawn) fn take_in(
    sandbox: &mut dyn ChildSetup,
    origin: &Origin,
    pid: Pid,
    cgroup: Option<(Cgroup, OwnedFd)>,
) -> Result<(Pid, Process), SpawnFailure> {
    let pidfd = origin.verify(pid)?;
    let number = pid.as_raw_nonzero().get().unsigned_abs();
    let (cgroup, door) = cgroup.unzip();
    if let Some(door) = door {
        rustix::io::write(&door, number.to_string().as_bytes())
            .map_err(|errno| SpawnFailure::system("fork: cgroup", errno.raw_os_error()))?;
    }
    let guardian = sandbox.forked(number)?;
    if let Err(failure) = own_group(pid) {
        if let Some(guardian) = guardian {
            guardian.forget(number);
        }
        return Err(failure);
    }
    let process = Process::new(pid, pidfd, cgroup, guardian);
    Ok((pid, process.of_origin(Arc::clone(&origin.first_calls))))
}

/// Makes a child the leader of a group of its own, as every process that the host starts is.
fn own_group(pid: Pid) -> Result<(), SpawnFailure> {
    setpgid(Some(pid), Some(pid)).map_err(|errno| SpawnFailure::system("fork: setpgid", errno.raw_os_error()))
}

/// Lets a child run. It gets the size of its own memory as a descriptor.
pub(in crate::spawn) fn go(channel: &OwnedFd, pid: Pid, temporary: Option<&Temporary>) -> Result<(), SpawnFailure> {
    use std::os::unix::ffi::OsStrExt;
    let statm = File::open(format!("/proc/{}/statm", pid.as_raw_nonzero()));
    let statm = statm.map_err(|error| failed_io("fork: statm", &error))?;
    let path = temporary.map_or(&b""[..], |temporary| temporary.path().as_os_str().as_bytes());
    wire::send(channel, &wire::go(path), &[statm.as_raw_fd()]).map_err(|error| failed_io("fork: go", &error))
}

fn failed_io(step: &'static str, error: &std::io::Error) -> SpawnFailure {
    SpawnFailure::system(step, error.raw_os_error().unwrap_or(libc::EIO))
}
