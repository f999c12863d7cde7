//! The system calls that a worker may not make, and those that its supervisor answers, as data: one row for each, with
//! the reason. For which policies a row applies is in `row.rs`.
//!
//! One file per subject. The files are chained in this order, and the first matching row of a call answers. `errno.rs`
//! says which error a refused call gets.

mod errno;
mod files;
mod ipc;
mod kernel;
mod namespaces;
mod network;
mod process_group;
mod programs;
mod reported_files;

use super::row::Row;
use super::{hidden_memory, ioctl, socket_options};

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
        hidden_memory::ROWS,
        network::ROWS,
        ioctl::ROWS,
        socket_options::ROWS,
    ]
    .into_iter()
    .flatten()
}
