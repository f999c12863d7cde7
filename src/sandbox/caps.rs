//! Drops capabilities: a worker of root is an ordinary process that happens to own root's files.

use std::ffi::c_ulong;

use super::child::StepFailure;

/// More than any kernel has.
const MAX_CAPABILITIES: c_ulong = 64;
const VERSION_3: u32 = 0x2008_0522;

#[repr(C)]
struct Header {
    version: u32,
    pid: i32,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Data {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Runs `act` with the rights of the thread's user, without capabilities. Other threads are not affected.
pub(super) fn without<T>(act: impl FnOnce() -> Result<T, i32>) -> Result<T, i32> {
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let mut before = [Data {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    // SAFETY: both have the kernel's layout for version 3 and outlive the call.
    let read = unsafe { libc::syscall(libc::SYS_capget, std::ptr::from_ref(&header), before.as_mut_ptr()) };
    if read != 0 {
        return Err(libc::EPERM);
    }
    if before.iter().all(|half| half.effective == 0) {
        return act();
    }
    let set = |data: &[Data; 2]| {
        // SAFETY: both have the kernel's layout for version 3 and outlive the call.
        unsafe { libc::syscall(libc::SYS_capset, std::ptr::from_ref(&header), data.as_ptr()) == 0 }
    };
    let asleep = before.map(|half| Data { effective: 0, ..half });
    if !set(&asleep) {
        return Err(libc::EPERM);
    }
    let done = act();
    // The capabilities are still permitted, so raising them again cannot fail.
    set(&before);
    done
}

/// Drops the bounding set and every capability of the calling thread. Async-signal-safe.
///
/// # Safety
/// The calling thread loses its rights for good.
pub(super) unsafe fn drop_all() -> Result<(), StepFailure> {
    for capability in 0..MAX_CAPABILITIES {
        // SAFETY: no memory is passed.
        if unsafe { libc::prctl(libc::PR_CAPBSET_READ, capability, 0, 0, 0) } < 0 {
            break; // past the last one
        }
        // Refused without CAP_SETPCAP; then no_new_privs keeps execve from giving any of them.
        // SAFETY: no memory is passed.
        unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
    }
    // SAFETY: no memory is passed. Refused only by kernels without ambient capabilities.
    unsafe { libc::prctl(libc::PR_CAP_AMBIENT, libc::PR_CAP_AMBIENT_CLEAR_ALL as c_ulong, 0, 0, 0) };
    let header = Header {
        version: VERSION_3,
        pid: 0,
    };
    let nothing = [Data {
        effective: 0,
        permitted: 0,
        inheritable: 0,
    }; 2];
    // SAFETY: both have the kernel's layout for version 3 and outlive the call.
    let done = unsafe { libc::syscall(libc::SYS_capset, std::ptr::from_ref(&header), nothing.as_ptr()) };
    if done == 0 {
        return Ok(());
    }
    // SAFETY: the location is valid; a vfork child borrows its suspended parent's.
    Err(("capset", unsafe { *libc::__errno_location() }))
}
