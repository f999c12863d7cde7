//! Answers signals where Landlock does not confine them: they reach the processes of the worker's own group, which
//! nobody can leave or enter.
//!
//! A process id can be reused between a look at its group and the signal. The kernel therefore delivers a signal itself
//! only where the id cannot become another's while the caller waits: to the caller's own process, and to its group. All
//! other signals are sent by the supervisor through a pidfd.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};

use super::listener::{Answer, Call};
use super::target::Target;

/// Bytes of the kernel's siginfo_t.
const INFO_SIZE: usize = 128;

const REFUSED: Answer = Answer::Errno(libc::EPERM);

/// Whether a call sends a signal.
pub(super) fn is_one(number: u32) -> bool {
    matches!(
        i64::from(number),
        libc::SYS_kill | libc::SYS_tkill | libc::SYS_tgkill | libc::SYS_rt_sigqueueinfo | libc::SYS_rt_tgsigqueueinfo
    )
}

/// The answer to a signal that the kernel can deliver itself; none to one for another process.
pub(super) fn to_itself(call: &Call) -> Option<Answer> {
    let target = Target::new(call.thread);
    let to = call.args[0] as i32;
    let itself = match i64::from(call.number) {
        libc::SYS_tkill => to as u32 == call.thread,
        libc::SYS_kill if to == 0 => true,
        libc::SYS_kill if to < 0 => to.checked_neg().is_some_and(|group| group as u32 == target.worker()),
        _ => to > 0 && target.is_of(to as u32),
    };
    itself.then_some(Answer::Continue)
}

/// The answer to a signal for another process. `None` when the caller does not wait any more; then nothing was sent.
pub(super) fn to_another(call: &Call, worker: u32, waits: impl Fn() -> bool) -> Option<Answer> {
    if let Some(answer) = to_itself(call) {
        return Some(answer);
    }
    let to = call.args[0] as i32;
    let number = i64::from(call.number);
    if to < 0 && number == libc::SYS_kill {
        return Some(to_foreign_group(to));
    }
    let Ok(to) = u32::try_from(to) else {
        return Some(Answer::Errno(libc::EINVAL));
    };
    let caller = Target::new(call.thread);
    if number == libc::SYS_tkill
        && let Ok(Some(process)) = caller.process()
        && Target::new(to).is_of(process)
    {
        return waits().then(|| done(to_thread(process, to, call.args[1])));
    }
    let (signal, info) = match number {
        libc::SYS_kill | libc::SYS_tkill => (call.args[1], None),
        libc::SYS_tgkill => (call.args[2], None),
        libc::SYS_rt_sigqueueinfo => (call.args[1], Some(call.args[2])),
        _ => (call.args[2], Some(call.args[3])),
    };
    let info = match info.map(|at| read_info(&caller, at)) {
        None => None,
        Some(Ok(info)) => Some(info),
        Some(Err(errno)) => return Some(Answer::Errno(errno)),
    };
    // A thread of another process stands for that process.
    let process = match Target::new(to).process() {
        Ok(Some(process)) => process,
        _ => return Some(Answer::Errno(libc::ESRCH)),
    };
    let pidfd = match open(process) {
        Ok(pidfd) => pidfd,
        Err(errno) => return Some(Answer::Errno(errno)),
    };
    let group = Target::new(process).worker();
    // The group is that of the pidfd's process if this one is not reaped yet.
    if let Err(errno) = send(&pidfd, 0, None) {
        return Some(Answer::Errno(errno));
    }
    if group != worker {
        return Some(REFUSED);
    }
    waits().then(|| done(send(&pidfd, signal, info.as_ref())))
}

/// Refuses, or says as the kernel would that there is no such group.
fn to_foreign_group(to: i32) -> Answer {
    // SAFETY: no memory is passed; signal 0 sends nothing.
    let missing = to != -1 && unsafe { libc::kill(to, 0) } != 0 && errno() == libc::ESRCH;
    if missing { Answer::Errno(libc::ESRCH) } else { REFUSED }
}

fn read_info(caller: &Target, at: u64) -> Result<[u8; INFO_SIZE], i32> {
    let mut info = [0; INFO_SIZE];
    match caller.read(at, &mut info) {
        Ok(INFO_SIZE) => Ok(info),
        _ => Err(libc::EFAULT),
    }
}

fn open(process: u32) -> Result<OwnedFd, i32> {
    // SAFETY: no memory is passed.
    let fd = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0u32) };
    if fd < 0 {
        return Err(errno());
    }
    // SAFETY: the kernel just gave us this descriptor.
    Ok(unsafe { OwnedFd::from_raw_fd(fd as i32) })
}

fn send(pidfd: &OwnedFd, signal: u64, info: Option<&[u8; INFO_SIZE]>) -> Result<(), i32> {
    let info = info.map_or(std::ptr::null(), |info| info.as_ptr());
    // SAFETY: the information has the size of the kernel's and outlives the call.
    let sent = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd.as_raw_fd(),
            signal as i32,
            info,
            0u32,
        )
    };
    if sent == 0 { Ok(()) } else { Err(errno()) }
}

/// A signal for a thread of the caller's own process, whose id cannot become another's while the caller waits.
fn to_thread(process: u32, thread: u32, signal: u64) -> Result<(), i32> {
    // SAFETY: no memory is passed.
    let sent = unsafe { libc::syscall(libc::SYS_tgkill, process, thread, signal as i32) };
    if sent == 0 { Ok(()) } else { Err(errno()) }
}

fn done(sent: Result<(), i32>) -> Answer {
    match sent {
        Ok(()) => Answer::Value(0),
        Err(errno) => Answer::Errno(errno),
    }
}

fn errno() -> i32 {
    io::Error::last_os_error().raw_os_error().unwrap_or(libc::EPERM)
}
