//! The system calls that a worker may not make, as data: one row per refusal, each with its reason.
//!
//! The answers follow one rule: EACCES for calls that tools meet (child_process emits 'error' for it, and throws for
//! EPERM and ENOSYS), ENOSYS where callers know a fallback, EPERM for the rest. The first matching row of a call
//! answers.

//!
//! One file per subject. The files are chained in this order, which decides between rows of the same call.

mod files;
mod ipc;
mod kernel;
mod namespaces;
mod network;
mod process_group;
mod programs;
mod reported_files;

use super::row::{Answer, Row};
use super::{hidden_memory, ioctl, socket_options};

const EACCES: Answer = Answer::Errno(libc::EACCES);
const EPERM: Answer = Answer::Errno(libc::EPERM);
const ENOSYS: Answer = Answer::Errno(libc::ENOSYS);

/// Every row of both filters.
pub(super) fn rows() -> impl Iterator<Item = &'static Row> + Clone {
    [
        kernel::ROWS,
        namespaces::ROWS,
        files::ROWS,
        ipc::ROWS,
        process_group::ROWS,
        programs::ROWS,
        reported_files::ROWS,
        network::ROWS,
        ioctl::ROWS,
        socket_options::ROWS,
        hidden_memory::ROWS,
    ]
    .into_iter()
    .flatten()
}
