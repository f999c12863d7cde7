//! What is allowed, as data derived from the permissions and the locations of files. Nothing here has side effects; the
//! file system is read through [`Files`] alone, which tests replace.

mod code;
mod code_search;
mod command;
mod elf;
mod files;
mod identity;
mod machine;
mod package;
mod plan;
#[expect(clippy::module_inception, reason = "the file is named for the type that it contains")]
#[cfg_attr(portable, expect(dead_code, reason = "the supervisor asks"))]
mod policy;
mod programs;
mod rule;
mod runtime;
mod scopes;
mod secrets;
mod system;
mod unix;

pub use code::Code;
pub use command::{Command, NoProgram};
pub use files::{Disk, Files, Kind};
#[cfg(not(portable))]
pub(super) use machine::OWN_FILES;
pub use machine::kernel_file;
pub use plan::{PlanInput, plan, plan_with};
pub use policy::{NetPolicy, Policy, Run};
pub(super) use programs::{resolve as resolve_program, started_by};
pub use rule::{FileRule, Rights};
pub(super) use secrets::is_secret;
pub use unix::UnixSocket;
