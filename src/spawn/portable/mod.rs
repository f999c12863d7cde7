//! What takes the place of Linux's own mechanisms in a build for other systems: modules of the same names with the same
//! functions, which `spawn` uses instead (`cfg(portable)`).
//!
//! | file | instead of |
//! |---|---|
//! | `child.rs` | `clone` with shared memory, and PR_SET_PDEATHSIG: a fork |
//! | `end.rs` | pidfds: a thread that waits, and a pipe |
//! | `memory_file.rs` | memfd: a file without a name |
//! | `cgroup.rs` | cgroups: there are none |
//! | `origin.rs` | forks of an origin, which need the sandbox: there are none |
//! | `proc_scan.rs`, `meter.rs` | /proc: `members/` asks the system for the processes of a group |
//!
//! What is lost: a limit on the memory is only looked at and never enforced by the kernel, a killed host leaves processes that
//! do not look at their channel, and a tool may change the size of the memory that it shares with the host.
//!
//! The decisions behind it: docs/decisions.md#portable-backend.

pub(super) mod cgroup;
pub(super) mod child;
pub(super) mod end;
mod members;
pub(super) mod memory_file;
pub(super) mod meter;
pub(super) mod origin;
pub(super) mod proc_scan;
