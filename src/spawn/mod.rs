//! Starts and ends runtime processes: finds the executable, starts it without forking the host, owns its process group,
//! and keeps what it printed.
//!
//! ```text
//! runtime::find_runtime -> arguments + environment -> Launch -> Spawner -> Child { channel, stdout, stderr, process }
//! ```
//!
//! The decisions behind it: docs/decisions.md#processes.

mod arguments;
mod backoff;
mod bundler;
mod cgroup;
mod child;
mod entry_table;
mod environment;
mod failure;
mod host_ends;
mod launch;
mod memory;
mod origin;
mod orphans;
mod output;
mod proc_scan;
mod process;
mod resources;
mod ring;
mod runtime;
mod signals;
mod spawner;
mod stack;
mod temporary;
mod usage;

pub use arguments::{bun_arguments, bundler_arguments, node_arguments, transpiler_arguments};
pub use backoff::Delays;
pub use bundler::collect;
pub use cgroup::{Account, CgroupLimits, Cgroups, Delegated};
pub use entry_table::EntryTable;
pub use environment::{EnvironmentInput, environment, temporary_names};
pub use failure::{SpawnFailure, WORKER_FILE_CONTENT, WORKER_FILE_OWNER, WORKER_FILE_PLACE, is_of_worker_file};
pub use launch::{Launch, LaunchOptions};
pub use origin::{BeginFailure, Origin, OriginLimits, Served, copy_ahead, resident_bytes, serve_forks};
pub use output::{Captured, LineSplitter};
pub use process::{Exit, Process};
pub use ring::Ring;
pub use runtime::{
    FindRuntime, FoundIn, NodeVersion, Runtime, RuntimeFormat, check_entrypoint, find_runtime, node_version,
};
pub use signals::signal_name;
pub use spawner::{Child, LaunchSource, Spawner, Unconnected};
pub use temporary::{DiskUsage, Temporary, TemporaryDirectories};
pub use usage::{Caps, Usage, UsageMeter};
