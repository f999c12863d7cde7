//! The origin's loop. It runs inside the runtime, in a process that has imported the entrypoint and has one thread, and
//! stays in native code: no line of JavaScript runs here again. In a child it returns.

use std::ffi::c_void;

use super::ahead::keep;
use super::in_child::{self, ForkFds, Memory};
use super::raw::{check, fork, patiently, read_exactly, send_number, thread_id_address};
use super::variables::name_directory;
use super::wire::{AHEAD, Received, Run, SERVES, Setup, decode_runs, receive};
use crate::sandbox::StepFailure;
use crate::spawn::origin_outcome::Served;
use crate::worker::protocol::{CHANNEL_FD, MEMORY_FD};

/// The longest Setup, and the longest list of runs, that are believed.
const LONGEST: u64 = 64 * 1024;

/// Gives children of this process to the host until it closes the channel. Returns in each child.
///
/// # Safety
/// Only in a worker's process that has one thread. `memory` is its mapping of the memory that it shares with the host,
/// of `length` bytes, and nothing reads or writes there meanwhile.
pub unsafe fn serve_forks(memory: *mut c_void, length: usize) -> Served {
    // SAFETY: the caller's promise.
    match unsafe { serve(Memory { base: memory, length }) } {
        Ok(served) => served,
        Err(failure) => Served::Failed(failure),
    }
}

/// # Safety
/// As `serve_forks`.
unsafe fn serve(memory: Memory) -> Result<Served, StepFailure> {
    let setup = Setup::decode(&read_with_length("setup")?).ok_or(("setup", libc::EBADMSG))?;
    let mut ahead: Vec<Run> = Vec::new();
    for &(from, to) in &setup.uncopied {
        // SAFETY: changes what a fork does with regions of this process that the host found in it.
        let done = unsafe { libc::madvise(from as *mut c_void, (to - from) as usize, libc::MADV_DOFORK) };
        check("madvise", done)?;
    }
    // The mapping stays. Children must not have a descriptor of the origin's memory.
    // SAFETY: this process's own descriptor, which nobody uses any more.
    unsafe { libc::close(MEMORY_FD) };
    let thread_id = thread_id_address()?;
    // SAFETY: asks for the flags of an open descriptor.
    let flags = check("fcntl", unsafe { libc::fcntl(CHANNEL_FD, libc::F_GETFL) })?;
    send_number(CHANNEL_FD, SERVES)?;
    loop {
        let mut kind = [0];
        let (_, received) =
            patiently(CHANNEL_FD, || receive(CHANNEL_FD, &mut kind)).map_err(|errno| ("recvmsg", errno))?;
        let Received::Message(fds) = received else {
            return Ok(Served::Closed);
        };
        if kind[0] == AHEAD {
            ahead = decode_runs(&read_with_length("ahead")?).ok_or(("ahead", libc::EBADMSG))?;
            continue;
        }
        let fds = ForkFds::from(kind[0], fds)?;
        // SAFETY: the host looked from outside and found one thread, and this one makes none.
        let pid = unsafe { fork(thread_id) };
        if pid == Ok(0) {
            // SAFETY: this is the child.
            let ran = unsafe { in_child::become_worker(&setup, flags as i32, fds, &memory) };
            return match ran {
                Ok(Some(temporary)) => {
                    // SAFETY: this process has one thread.
                    unsafe { name_directory(&temporary) };
                    keep(ahead);
                    Ok(Served::Child(temporary))
                }
                // SAFETY: ends the child only, without the runtime's exit handlers. The host reads from its exit code that it
                // never ran.
                _ => unsafe { libc::_exit(in_child::NOT_RUN) },
            };
        }
        drop(fds);
        let answer = match pid {
            Ok(pid) => pid,
            Err((_, errno)) => -errno,
        };
        send_number(CHANNEL_FD, answer)?;
    }
}

/// Reads a length and so many bytes.
fn read_with_length(step: &'static str) -> Result<Vec<u8>, StepFailure> {
    let mut length = [0; size_of::<u64>()];
    read_exactly(CHANNEL_FD, &mut length)?;
    let length = u64::from_ne_bytes(length);
    if length > LONGEST {
        return Err((step, libc::EBADMSG));
    }
    let mut bytes = vec![0; length as usize];
    read_exactly(CHANNEL_FD, &mut bytes)?;
    Ok(bytes)
}
