//! Starts and ends runtime processes: finds the executable, starts it without forking the host, owns its process group,
//! and keeps what it printed.
//!
//! ```text
//! runtime::find_runtime -> arguments + environment -> Launch -> Spawner -> Child { channel, stdout, stderr, process }
//! ```
//!
//! What takes the place of Linux's own mechanisms in a build for other systems: modules of the same names with the same
//! functions, which `spawn` uses instead (`cfg(portable)`).
//!
//! | file | instead of |
//! |---|---|
//! | `child.rs` | `clone` with shared memory: a fork |
//! | `end.rs` | pidfds: a thread that waits, and a pipe |
//! | `guardian.rs` | the guardian that shares the host's memory, and PR_SET_PDEATHSIG: a shell |
//! | `memory_file.rs` | memfd: a file without a name |
//! | `cgroup.rs` | cgroups: there are none |
//! | `origin.rs` | forks of an origin, which need the sandbox: there are none |
//! | `proc_scan.rs`, `meter.rs` | /proc: `members/` asks the system for the processes of a group |
//!
//! What is lost: a limit on the memory is only looked at and never enforced by the kernel, a killed host leaves its worker file, and a
//! tool may change the size of the memory that it shares with the host.
//!
//! The decisions behind it: docs/decisions.md#processes.

mod arguments;
mod backoff;
mod bundler;
#[cfg(not(portable))]
mod cgroup;
#[cfg(portable)]
#[path = "portable/cgroup.rs"]
mod cgroup;
mod cgroup_account;
#[cfg(not(portable))]
mod child;
#[cfg(portable)]
#[path = "portable/child.rs"]
mod child;
#[cfg(not(portable))]
mod end;
#[cfg(portable)]
#[path = "portable/end.rs"]
mod end;
mod entry_table;
mod environment;
mod failure;
#[cfg(portable)]
#[path = "portable/guardian.rs"]
mod guardian;
mod host_ends;
mod launch;
#[cfg(portable)]
#[path = "portable/members/mod.rs"]
mod members;
mod memory;
#[cfg(not(portable))]
mod memory_file;
#[cfg(portable)]
#[path = "portable/memory_file.rs"]
mod memory_file;
#[cfg(portable)]
#[path = "portable/meter.rs"]
mod meter;
mod not_started;
#[cfg(not(portable))]
mod origin;
#[cfg(portable)]
#[path = "portable/origin.rs"]
mod origin;
mod origin_outcome;
#[cfg(not(portable))]
mod orphans;
mod output;
#[cfg_attr(portable, expect(dead_code, reason = "cgroups and the sandbox are Linux's"))]
mod plan;
#[cfg(not(portable))]
mod proc_scan;
#[cfg(portable)]
#[path = "portable/proc_scan.rs"]
mod proc_scan;
mod process;
mod resources;
mod ring;
mod runtime;
mod signals;
mod spawner;
#[cfg(not(portable))]
mod stack;
mod temporary;
mod usage;

pub use arguments::{bun_arguments, bundler_arguments, node_arguments, transpiler_arguments};
pub use backoff::Delays;
pub use bundler::collect;
pub use cgroup::{Cgroups, Delegated};
pub use cgroup_account::{Account, CgroupLimits};
pub use entry_table::EntryTable;
pub use environment::{EnvironmentInput, environment, learned_variables, temporary_names};
pub use failure::{SpawnFailure, WORKER_FILE_CONTENT, WORKER_FILE_OWNER, WORKER_FILE_PLACE, is_of_worker_file};
pub use launch::{Launch, LaunchOptions};
#[cfg(portable)]
pub use meter::UsageMeter;
pub use origin::{Origin, copy_ahead, resident_bytes, serve_forks};
pub use origin_outcome::{BeginFailure, OriginLimits, Served};
pub use output::{Captured, LineSplitter};
pub use process::{Exit, Process};
pub use ring::Ring;
pub use runtime::{
    FindRuntime, FoundIn, NodeVersion, Runtime, RuntimeFormat, check_entrypoint, find_runtime, node_version,
};
pub use signals::signal_name;
pub use spawner::{Child, LaunchSource, Spawner, Unconnected};
pub use temporary::{DiskUsage, Temporary, TemporaryDirectories};
#[cfg(not(portable))]
pub use usage::UsageMeter;
pub use usage::{Caps, Measured, Usage};
