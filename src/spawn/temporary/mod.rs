//! A temporary directory for each process: it belongs to that process, is empty at the start, and is removed after the
//! process.
//!
//! ```text
//! /tmp/toolwarden-0123456789abcdef/      the host's: mode 0300, so that nobody who has only its user's rights can list
//! it
//!     lock                               locked while the host lives
//!     <24 random digits>/                one process's: mode 0700, allowed by a rule of the process's own
//! ```
//!
//! | file | subject |
//! |---|---|
//! | `place.rs` | where hosts' directories are made |
//! | `host_directory.rs` | the host's directory, shared by its managers and removed with the last of them |
//! | `layout.rs` | names in it, and how removals are divided |
//! | `own.rs` | one process's directory, and a manager's right to make them |
//! | `remove.rs` | removing a tree that somebody else made, whatever is in it |
//! | `sweep.rs` | removing what dead hosts left |
//! | `tidy.rs` | the thread that removes directories |
//! | `disk_usage.rs` | how much a tree contains |
//! | `within.rs` | opening what is inside of a directory |
//!
//! A tool may write anything into its directory. Therefore nothing here follows a link, trusts a path or waits: every
//! step uses a descriptor, and each piece of work is bounded.

mod disk_usage;
mod host_directory;
mod layout;
#[cfg_attr(portable, expect(dead_code, reason = "origins hide their directories"))]
mod own;
mod place;
mod remove;
mod sweep;
mod tidy;
mod within;

pub use disk_usage::DiskUsage;
pub use own::{Temporary, TemporaryDirectories};
