//! What libproc tells.

use std::ffi::{c_int, c_void};
use std::mem::MaybeUninit;

use super::Member;

/// How many more ids there is room for than were counted: processes may start in between.
const MORE: usize = 32;

/// The running processes of a group. `None` where the system does not tell.
pub(in crate::spawn) fn of_group(group: u32) -> Option<Vec<Member>> {
    let group = group.cast_signed();
    // SAFETY: without a buffer the call only gives an upper bound of their number.
    let count = unsafe { libc::proc_listpgrppids(group, std::ptr::null_mut(), 0) };
    let mut ids = vec![0 as libc::pid_t; usize::try_from(count).ok()? + MORE];
    let size = c_int::try_from(size_of_val(ids.as_slice())).ok()?;
    // SAFETY: a buffer of this many bytes.
    let found = unsafe { libc::proc_listpgrppids(group, ids.as_mut_ptr().cast::<c_void>(), size) };
    ids.truncate(usize::try_from(found).ok()?);
    Some(ids.into_iter().filter_map(|id| look_at(id.cast_unsigned())).collect())
}

/// What a process uses; `None` where it has ended.
pub(in crate::spawn) fn look_at(id: u32) -> Option<Member> {
    let mut info = MaybeUninit::<libc::proc_taskinfo>::zeroed();
    let size = c_int::try_from(size_of::<libc::proc_taskinfo>()).ok()?;
    // SAFETY: a buffer of this many bytes. A process that has ended has no task, and the call fails.
    let written = unsafe {
        libc::proc_pidinfo(
            id.cast_signed(),
            libc::PROC_PIDTASKINFO,
            0,
            info.as_mut_ptr().cast::<c_void>(),
            size,
        )
    };
    // SAFETY: zeroed is a valid value.
    let info = unsafe { info.assume_init() };
    (written == size).then(|| Member {
        id,
        memory: info.pti_resident_size,
        threads: info.pti_threadnum.cast_unsigned(),
    })
}
