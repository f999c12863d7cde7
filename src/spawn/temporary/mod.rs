//! A temporary directory for each process: its own, empty at the start, gone with it.
//!
//! ```text
//! /tmp/toolwarden-0123456789abcdef/      the host's: mode 0300, so that nobody who has only its user's rights can list it
//!     lock                               locked while the host lives
//!     <24 random digits>/                one process's: mode 0700, allowed by a rule of the process's own
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `place.rs` | where hosts' directories are made |
//! | `host_directory.rs` | the host's directory, shared by its managers and gone with the last of them |
//! | `own.rs` | one process's directory, and a manager's right to make them |
//! | `remove.rs` | removing a tree that somebody else made, whatever is in it |
//! | `sweep.rs` | removing what dead hosts left |
//! | `tidy.rs` | the thread that does what takes longer |
//! | `weigh.rs` | how much lies in a tree |
//!
//! A tool may write into its directory what it likes. Nothing here therefore follows a link, trusts a path or waits: everything is
//! done by descriptor, one step at a time, and each piece of work has a bound.

mod disk_usage;
mod host_directory;
mod own;
mod place;
mod remove;
mod sweep;
mod tidy;

pub use disk_usage::DiskUsage;
pub use own::{Temporary, TemporaryDirectories};
