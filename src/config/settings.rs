//! The settings the program runs with: every one present, checked and typed.

use std::time::Duration;

use super::permissions::Permissions;

/// How long to wait between the attempts to start a worker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackoffLimits {
    /// Before the first retry.
    pub initial: Duration,
    /// Longest wait; never below `initial`.
    pub max: Duration,
    /// No attempt starts later than this after the first one did.
    pub max_elapsed: Duration,
}

/// Whether tools may run where the kernel cannot hold their permissions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SandboxMode {
    /// They may not.
    Required,
    /// Nothing is enforced.
    Off,
}

/// What runs the tools.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RuntimeType {
    /// Bun.
    Bun,
    /// Node.
    Node,
}

impl RuntimeType {
    /// Every runtime there is, by the name users write.
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
    /// One process serves call after call.
    Worker,
}

/// A number that may be without limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Count {
    /// So many.
    Limited(u64),
    /// Any number.
    Infinite,
}

/// What telemetry records beside names and times.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Telemetry {
    /// Inputs of calls.
    pub record_inputs: bool,
    /// Outputs of calls.
    pub record_outputs: bool,
}

/// Every setting. Names are those of the public `Config`, the durations of the backoff grouped.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `backoffInitialInterval`, `backoffMaxInterval`, `backoffMaxElapsedTime`.
    pub backoff: BackoffLimits,
    /// Mode of every file the manager writes.
    pub worker_file_perm: u32,
    /// Whether a sandbox must hold the permissions.
    pub sandbox: SandboxMode,
    /// Longest one attempt of a call may take.
    pub tool_execution_timeout: Duration,
    /// Between the abort and the kill; zero is "at once".
    pub grace_period: Duration,
    /// Memory of one worker's process tree; 0 is no limit.
    pub max_memory_mb: u64,
    /// Largest serialised result, in bytes.
    pub max_output_size: u64,
    /// Bytes of stderr kept for errors.
    pub max_stderr_capture_size: u64,
    /// What runs the tools.
    pub runtime_type: RuntimeType,
    /// The runtime's executable, where the user named it.
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
    /// When an unused process above `min_workers` is retired.
    pub idle_timeout: Duration,
    /// Calls one process serves.
    pub max_calls_per_worker: Count,
    /// Calls one process may have in flight.
    pub concurrent_calls_per_worker: u32,
    /// What telemetry records.
    pub telemetry: Telemetry,
    /// Whether the entrypoint is bundled.
    pub entrypoint_cache: bool,
    /// What tools may do: `bun_permissions` or `node_options`, whichever the runtime type makes count.
    pub permissions: Permissions,
    /// Those of `node_options` that are no permission flags and go to Node as they are; empty with Bun.
    pub runtime_options: Vec<String>,
}
