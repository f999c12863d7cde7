//! Starts and ends runtime processes: finds the executable, starts it without forking the host, owns its process group,
//! and keeps what it printed.
//!
//! ```text
//! runtime::find_runtime -> arguments + environment -> Launch -> Spawner -> Child { channel, stdout, stderr, process }
//! ```
//!
//! `portable` takes the place of some modules on systems other than Linux.
//!
//! The decisions behind it: docs/decisions.md#processes.

mod arguments;
mod backoff;
mod bundler;
#[cfg(not(portable))]
mod cgroup;
#[cfg(not(portable))]
mod child;
#[cfg(not(portable))]
mod end;
mod entry_table;
mod environment;
mod failure;
mod host_ends;
mod launch;
mod memory;
#[cfg(not(portable))]
mod memory_file;
#[cfg(not(portable))]
mod origin;
#[cfg(not(portable))]
mod orphans;
mod output;
#[cfg_attr(portable, expect(dead_code, reason = "cgroups and the sandbox are Linux's"))]
mod plan;
#[cfg(portable)]
mod portable;
#[cfg(not(portable))]
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

#[cfg(portable)]
use portable::{cgroup, child, end, memory_file, origin, proc_scan};

pub use arguments::{bun_arguments, bundler_arguments, node_arguments, transpiler_arguments};
pub use backoff::Delays;
pub use bundler::collect;
pub use cgroup::{Account, CgroupLimits, Cgroups, Delegated};
pub use entry_table::EntryTable;
pub use environment::{EnvironmentInput, environment, learned_variables, temporary_names};
pub use failure::{SpawnFailure, WORKER_FILE_CONTENT, WORKER_FILE_OWNER, WORKER_FILE_PLACE, is_of_worker_file};
pub use launch::{Launch, LaunchOptions};
pub use origin::{BeginFailure, Origin, OriginLimits, Served, copy_ahead, resident_bytes, serve_forks};
pub use output::{Captured, LineSplitter};
#[cfg(portable)]
pub use portable::meter::UsageMeter;
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
