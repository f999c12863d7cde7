//! Finds the runtime: one real executable behind symlinks, shims and unfinished installs.

mod bun_package;
mod executable;
mod find;
mod machine_code;
mod node_version;
mod typescript;

pub use executable::RuntimeFormat;
pub use find::{FindRuntime, FoundIn, Runtime, find_runtime};
pub use node_version::{NodeVersion, node_version};
pub use typescript::check_entrypoint;
