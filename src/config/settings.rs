//! The resolved settings: all present, checked and typed.

use std::sync::Arc;
use std::time::Duration;

use super::permissions::Permissions;
use super::tools::ToolTable;

/// The delays between attempts to start a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffLimits {
    /// The delay before the first retry.
    pub initial: Duration,
    /// The longest delay; never below `initial`.
    pub max: Duration,
    /// No attempt starts later than this after the first one.
    pub max_elapsed: Duration,
}

/// Whether tools may run where the kernel cannot enforce their permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// They may not: construction fails.
    Required,
    /// They may: nothing is enforced.
    Off,
}

/// Which runtime executes the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuntimeType {
    /// Bun.
    Bun,
    /// Node.
    Node,
}

impl RuntimeType {
    /// Every runtime.
    pub const ALL: [RuntimeType; 2] = [RuntimeType::Bun, RuntimeType::Node];

    /// The name users write.
    pub const fn as_str(self) -> &'static str {
        match self {
            RuntimeType::Bun => "bun",
            RuntimeType::Node => "node",
        }
    }
}

/// How long a worker process is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Isolation {
    /// One process per call.
    Call,
    /// One process serves many calls.
    Worker,
}

/// How a worker process is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProcessStart {
    /// Started as a program.
    Spawn,
    /// Forked from an origin where that is possible.
    Auto,
    /// The same, and it is an error where it is not.
    Fork,
}

impl ProcessStart {
    /// Every way.
    pub const ALL: [ProcessStart; 3] = [ProcessStart::Spawn, ProcessStart::Auto, ProcessStart::Fork];

    /// The name users write.
    pub const fn as_str(self) -> &'static str {
        match self {
            ProcessStart::Spawn => "spawn",
            ProcessStart::Auto => "auto",
            ProcessStart::Fork => "fork",
        }
    }
}

/// A number that may be unlimited.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// A limit.
    Limited(u64),
    /// No limit.
    Infinite,
}

/// What telemetry records besides names and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telemetry {
    /// Inputs of calls.
    pub record_inputs: bool,
    /// Outputs of calls.
    pub record_outputs: bool,
}

/// Finding out which flags tools need, instead of enforcing those given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Learn {
    /// The flags that bound what tools may do meanwhile, enforced as always; none: everything may be done.
    pub within: Option<Vec<String>>,
}

/// All settings. The names are those of the public `Config`; the durations of the backoff are grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `backoffInitialInterval`, `backoffMaxInterval`, `backoffMaxElapsedTime`.
    pub backoff: BackoffLimits,
    /// The mode of every file that the manager writes.
    pub worker_file_perm: u32,
    /// Whether a sandbox must enforce the permissions.
    pub sandbox: SandboxMode,
    /// The longest time of one attempt of a call.
    pub tool_execution_timeout: Duration,
    /// The time between the abort and the kill; zero kills at once.
    pub grace_period: Duration,
    /// The memory limit of one worker's process tree; 0 means no limit.
    pub max_memory_mb: u64,
    /// Largest serialised result, in bytes.
    pub max_output_size: u64,
    /// Bytes of stderr kept for errors.
    pub max_stderr_capture_size: u64,
    /// Which runtime executes the tools.
    pub runtime_type: RuntimeType,
    /// The runtime's executable, where the user configured it.
    pub runtime_path: Option<String>,
    /// The entrypoint as the user wrote it.
    pub entrypoint_path: Option<String>,
    /// Permission flags for Bun as given.
    pub bun_permissions: Vec<String>,
    /// Options of Node as given.
    pub node_options: Vec<String>,
    /// How long a process is used.
    pub isolation: Isolation,
    /// Processes kept ready.
    pub min_workers: u32,
    /// Processes alive at once; never below `min_workers`, at least 1.
    pub max_workers: u32,
    /// Calls that may wait.
    pub max_queue: Count,
    /// How long an idle process above `min_workers` is kept.
    pub idle_timeout: Duration,
    /// Calls one process serves.
    pub max_calls_per_worker: Count,
    /// Calls one process may have in flight.
    pub concurrent_calls_per_worker: u32,
    /// What telemetry records.
    pub telemetry: Telemetry,
    /// Whether the entrypoint is bundled.
    pub entrypoint_cache: bool,
    /// How processes are made.
    pub process_start: ProcessStart,
    /// The settings of single tools.
    pub tools: Arc<ToolTable>,
    /// Whether tools run to find out which flags they need.
    pub learn: Option<Learn>,
    /// What tools may do: from `bun_permissions` or `node_options`, depending on the runtime type.
    pub permissions: Permissions,
    /// The entries of `node_options` that are not permission flags and are passed to Node; empty with Bun.
    pub runtime_options: Vec<String>,
}
