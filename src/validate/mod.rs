//! Proof types: a value of one of these has been checked, because its only constructor checks it.
//!
//! A problem with a call is a `ValidationError` that names the argument; a problem with the project (its directory, its
//! entrypoint) is a `ConfigError`, found while the manager is constructed.
//!
//! The decisions behind it: docs/decisions.md#calls.

mod call_env;
mod call_options;
mod entrypoint;
mod exec_id;
mod importable;
mod input;
mod json_problem;
mod normalised;
mod tool_id;
mod working_dir;

pub use call_env::CallEnv;
pub use call_options::{CallTimeout, close_timeout, retry_policy};
pub use entrypoint::Entrypoint;
pub use exec_id::ExecId;
pub use importable::check_importable;
pub use input::InputText;
pub use json_problem::{JsonProblem, json_problem};
pub use normalised::normalised;
pub use tool_id::ToolId;
pub use working_dir::WorkingDir;
