//! What a launch gets for each process: shared memory, a temporary directory, a cgroup.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::cgroup::Cgroup;
use super::entry_table;
use super::failure::SpawnFailure;
use super::host_ends;
use super::launch::Launch;
use super::memory::SharedMemory;
use super::memory_file;
use super::temporary::Temporary;
use crate::error::descriptors::is_shortage_error;

/// The shared memory that this launch asks for, with the child's descriptor.
pub(super) fn memory(launch: &Launch) -> std::result::Result<Option<(Arc<SharedMemory>, OwnedFd)>, SpawnFailure> {
    let Some(slots) = launch.shared_memory() else {
        return Ok(None);
    };
    let (memory, fd) = SharedMemory::new(entry_table::bytes_with(slots))
        .map_err(|errno| SpawnFailure::system(memory_file::STEP, errno.raw_os_error()))?;
    Ok(Some((Arc::new(memory), host_ends::above_fixed(fd)?)))
}

/// The temporary directory that this launch asks for. `None` where none can be made, for example on a full disk.
pub(super) fn temporary(launch: &Launch) -> std::result::Result<Option<Temporary>, SpawnFailure> {
    match launch.temporary().map(|directories| directories.make()).transpose() {
        Err(error) if is_shortage_error(&error) => Err(room_failed("open", &error)),
        made => Ok(made.ok().flatten()),
    }
}

/// The cgroup that this launch asks for, with the descriptor through which the child enters it. `None` where none can
/// be made; the process is watched in any case.
pub(super) fn cgroup(launch: &Launch) -> Option<(Cgroup, OwnedFd)> {
    let wanted = launch.cgroup()?;
    let cgroup = Cgroup::new(&wanted.parent, wanted.limits).ok()?;
    let door = host_ends::above_fixed(cgroup.door().ok()?).ok()?;
    Some((cgroup, door))
}

pub(super) fn room_failed(step: &'static str, error: &std::io::Error) -> SpawnFailure {
    SpawnFailure::system(step, error.raw_os_error().unwrap_or(libc::EMFILE))
}
