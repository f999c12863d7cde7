//! The guardian: a tiny process that kills the workers' groups when the host has died, and removes the files that the
//! host can no longer remove.
//!
//! A worker dies with the host (PR_SET_PDEATHSIG), but programs that it started do not, and a killed host leaves the
//! worker file in the project. The guardian reads from a pipe whose only write end is the host's. At end-of-file,
//! however the host died, it kills the registered groups and removes the registered files. All managers of a host share
//! one guardian.
//!
//! It is a clone that shares the host's memory, so it needs neither a copy of a large heap nor a helper program.
//! Therefore it runs on its own stack, blocks every signal, makes system calls without libc and changes nothing of the
//! host's. It does not survive when the kernel's out-of-memory killer chooses the host, because that ends all processes
//! that share the memory.
//!
//! The decisions behind it: docs/decisions.md#processes.

use std::ffi::{c_int, c_void};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::sandbox::blocked_signals::with_all_blocked;
use crate::sandbox::other_descriptors::close_all_but;
use crate::worker::{DeadHostCleanup, syscall};

/// Groups registered at once; more than the workers of a few hundred managers.
const GROUPS: usize = 16 * 1024;
const STACK: usize = 32 * 1024;
/// Managers of a host whose files are registered; the files of further ones are removed by the next manager of their
/// directory.
const MANAGERS: usize = 1024;

/// The guardian that all managers of this host share.
static SHARED: Mutex<Weak<Process>> = Mutex::new(Weak::new());

/// The host's handle of the guardian. All managers of a host share one guardian, which ends with the last of them.
#[derive(Debug, Clone)]
pub struct Guardian(Arc<Process>);

#[derive(Debug)]
struct Process {
    pipe: Option<OwnedFd>,
    pidfd: OwnedFd,
    /// Used by the process until it has ended.
    work: Box<Work>,
    _stack: Box<[u128]>,
}

#[derive(Debug)]
struct Work {
    pipe: i32,
    groups: [i32; GROUPS],
    /// The cleanups of open managers. Written by the host, read by the guardian once the host is gone.
    cleanup: [AtomicPtr<DeadHostCleanup>; MANAGERS],
}

/// Files that are removed when the host dies, until this is dropped.
#[derive(Debug)]
pub struct CleanupRegistration {
    guardian: Guardian,
    place: usize,
    cleanup: Box<DeadHostCleanup>,
}

impl Drop for CleanupRegistration {
    fn drop(&mut self) {
        let place = &self.guardian.0.work.cleanup[self.place];
        debug_assert!(std::ptr::eq(place.load(Ordering::Acquire), &raw const *self.cleanup));
        place.store(null_mut(), Ordering::Release);
    }
}

impl Guardian {
    /// The host's guardian, started when there is none. Must not be called on the spawner thread, whose filter it would
    /// inherit.
    pub fn of_this_host() -> io::Result<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(process) = shared.upgrade()
            && process.runs()
        {
            return Ok(Guardian(process));
        }
        let guardian = Self::start()?;
        *shared = Arc::downgrade(&guardian.0);
        Ok(guardian)
    }

    /// Registers files to be removed when the host dies. `None` when all places are taken.
    pub fn register_cleanup(&self, cleanup: DeadHostCleanup) -> Option<CleanupRegistration> {
        let cleanup = Box::new(cleanup);
        let address = (&raw const *cleanup).cast_mut();
        let free = |place: &AtomicPtr<DeadHostCleanup>| {
            place
                .compare_exchange(null_mut(), address, Ordering::AcqRel, Ordering::Relaxed)
                .is_ok()
        };
        let place = self.0.work.cleanup.iter().position(free)?;
        Some(CleanupRegistration {
            guardian: self.clone(),
            place,
            cleanup,
        })
    }

    /// Starts the process. Must not be called on the spawner thread, whose filter it would inherit.
    fn start() -> io::Result<Self> {
        stay_loaded();
        let (read, write) = rustix::pipe::pipe_with(rustix::pipe::PipeFlags::CLOEXEC)?;
        let mut work = Box::new(Work {
            pipe: read.as_raw_fd(),
            groups: [0; GROUPS],
            cleanup: [const { AtomicPtr::new(null_mut()) }; MANAGERS],
        });
        let mut stack = vec![0u128; STACK / size_of::<u128>()].into_boxed_slice();
        let mut pidfd: c_int = -1;
        let cloned = with_all_blocked(|| {
            // SAFETY: stack and work are the process's alone until it has ended (see Drop); `pidfd` is written before the
            // call returns.
            let pid = unsafe {
                libc::clone(
                    guard,
                    stack.as_mut_ptr_range().end.cast::<c_void>(),
                    libc::CLONE_VM | libc::CLONE_PIDFD,
                    (&raw mut *work).cast::<c_void>(),
                    &raw mut pidfd,
                )
            };
            if pid < 0 {
                Err(io::Error::last_os_error())
            } else {
                Ok(())
            }
        });
        cloned?;
        // The process has its own descriptor table, so `read` may be closed here.
        drop(read);
        // SAFETY: the kernel just gave us this descriptor.
        let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
        Ok(Guardian(Arc::new(Process {
            pipe: Some(write),
            pidfd,
            work,
            _stack: stack,
        })))
    }

    /// From now on the group is killed when the host dies.
    pub fn watch(&self, group: u32) {
        self.send(group as i32);
    }

    /// The group has been killed and its number is about to become free. Must be called before its leader is reaped.
    pub fn forget(&self, group: u32) {
        self.send(-(group as i32));
    }

    fn send(&self, message: i32) {
        if let Some(pipe) = &self.0.pipe {
            // Four bytes are written entirely or not at all. The guardian reads until the host is gone.
            let _ = rustix::io::write(pipe, &message.to_ne_bytes());
        }
    }
}

impl Process {
    /// Whether the process runs; somebody may have killed it.
    fn runs(&self) -> bool {
        let mut ended = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let now = Timespec::default();
        !matches!(poll(&mut ended, Some(&now)), Ok(1))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.pipe.take());
        // The process reads end-of-file and ends; its stack must live until then. SAFETY: zeroed is a valid siginfo_t,
        // which outlives the call.
        unsafe {
            let mut info: libc::siginfo_t = std::mem::zeroed();
            let id = self.pidfd.as_raw_fd() as libc::id_t;
            while libc::waitid(libc::P_PIDFD, id, &raw mut info, libc::WEXITED | libc::__WALL) != 0
                && io::Error::last_os_error().kind() == io::ErrorKind::Interrupted
            {}
        }
    }
}

/// Keeps this library loaded. Node unloads an addon with the last of its threads that used it, also while the process
/// ends, but the guardian runs the addon's code after that.
fn stay_loaded() {
    // SAFETY: the loader is asked for a library by an address inside of it; what it writes outlives the calls.
    unsafe {
        let mut library: libc::Dl_info = std::mem::zeroed();
        if libc::dladdr(guard as *const c_void, &raw mut library) != 0 && !library.dli_fname.is_null() {
            libc::dlopen(
                library.dli_fname,
                libc::RTLD_NOW | libc::RTLD_NOLOAD | libc::RTLD_NODELETE,
            );
        }
    }
}

/// The main function of the process.
extern "C" fn guard(work: *mut c_void) -> c_int {
    let work = work.cast::<Work>();
    // SAFETY: `start` passes a Work that lives until this process has ended. Nobody else uses its pipe and its groups, and its
    // cleanup are atomic.
    let (pipe, groups, cleanup) = unsafe { ((*work).pipe, &mut (*work).groups, &(*work).cleanup) };
    // SAFETY: system calls on this process's own table, group and name, and on memory of its own stack.
    unsafe {
        // Each of the host's other descriptors stays open as long as a copy does, and the pipe's write end is one of
        // them.
        if close_all_but(pipe) != 0 {
            syscall(libc::SYS_exit_group, 0, 0, 0, 0);
        }
        // A kill of the host's group must not end the guardian.
        syscall(libc::SYS_setpgid, 0, 0, 0, 0);
        syscall(
            libc::SYS_prctl,
            libc::PR_SET_NAME as usize,
            c"toolwarden-end".as_ptr() as usize,
            0,
            0,
        );
        let mut message = 0i32;
        loop {
            match syscall(libc::SYS_read, pipe as usize, &raw mut message as usize, 4, 0) {
                4 => note(groups, message),
                eintr if eintr == -(libc::EINTR as isize) => {}
                _ => break,
            }
        }
        for group in groups.iter().filter(|group| **group > 1) {
            syscall(
                libc::SYS_kill,
                -(*group as isize) as usize,
                libc::SIGKILL as usize,
                0,
                0,
            );
        }
        // The registered cleanups were not released by the host, and no thread of it is left.
        let cleanup = || {
            let listed = cleanup.iter().map(|place| place.load(Ordering::Acquire).cast_const());
            listed.filter_map(|cleanup| cleanup.as_ref())
        };
        cleanup().for_each(|cleanup| cleanup.disclaim());
        cleanup().for_each(|cleanup| cleanup.remove());
        syscall(libc::SYS_exit_group, 0, 0, 0, 0);
    }
    0
}

/// A positive message registers a group, a negative one removes it.
fn note(groups: &mut [i32], message: i32) {
    let (find, put) = if message > 0 {
        (0, message)
    } else {
        (message.wrapping_neg(), 0)
    };
    for slot in groups {
        if *slot == find {
            *slot = put;
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::{CommandExt, ExitStatusExt};
    use std::process::Command;

    use super::*;

    #[test]
    fn a_list_of_groups() {
        let mut groups = [0; 3];
        for message in [10, 11, -10, 12, 13, -99] {
            note(&mut groups, message);
        }
        assert_eq!(groups, [12, 11, 13]);
    }

    #[test]
    fn managers_share_one_guardian_until_it_ends() {
        let (one, other) = (
            Guardian::of_this_host().expect("one"),
            Guardian::of_this_host().expect("the same"),
        );
        assert!(Arc::ptr_eq(&one.0, &other.0));
        // SAFETY: a signal to a process of ours that has not been reaped.
        let killed = unsafe {
            libc::syscall(
                libc::SYS_pidfd_send_signal,
                one.0.pidfd.as_raw_fd(),
                libc::SIGKILL,
                0usize,
                0u32,
            )
        };
        assert_eq!(killed, 0);
        let mut ended = [PollFd::new(&one.0.pidfd, PollFlags::IN)];
        poll(&mut ended, None).expect("it ends");
        let next = Guardian::of_this_host().expect("another");
        assert!(!Arc::ptr_eq(&one.0, &next.0) && next.0.runs());
    }

    fn sleeper() -> std::process::Child {
        Command::new("sleep")
            .arg("1000")
            .process_group(0)
            .spawn()
            .expect("sleep")
    }

    #[test]
    fn at_end_of_file_listed_groups_are_killed_and_others_are_not() {
        let guardian = Guardian::start().expect("a guardian");
        let (mut listed, mut forgotten) = (sleeper(), sleeper());
        guardian.watch(listed.id());
        guardian.watch(forgotten.id());
        guardian.forget(forgotten.id());
        drop(guardian); // waits for its end, as the host's death would not
        assert_eq!(listed.wait().expect("reaped").signal(), Some(libc::SIGKILL));
        assert!(forgotten.try_wait().expect("asked").is_none());
        forgotten.kill().expect("killed");
        forgotten.wait().expect("reaped");
    }
}
