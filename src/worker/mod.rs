//! The file that a runtime executes, and the protocol between host and worker.
//!
//! | file | subject |
//! |---|---|
//! | `frame/` | the frames of the channel: encodes the host's, decodes a worker's |
//! | `json/` | a worker's JSON text: its depth, and parsing it whatever a tool wrote into it |
//! | `protocol.rs` | the numbers and names that a host and its processes share, from `template/protocol.mjs` |
//! | `nonce.rs` | the secret of one call, without which no answer counts |
//! | `template/` | the worker file's source, JavaScript for Bun and Node |
//! | `render.rs` | the template with the host's settings in it |
//! | `compiled.rs` | the same as bytecode |
//! | `modules.rs` | the directory of Bun's cache of transpiled modules beside it |
//! | `store.rs` | the worker file in the project: written atomically, shared, removed after use |
//! | `private_home.rs` | where it lies when the project cannot be written |
//! | `names.rs` | the names of its files |
//! | `directory.rs`, `trust.rs` | the directory that contains it, and whether that may be used |
//! | `claim.rs`, `lock.rs`, `sweep.rs` | who uses a file, and what is removed when nobody does |
//! | `dead_host_cleanup.rs`, `raw.rs` | what is removed when the host was killed |
//! | `bundle/` | the entrypoint as bytecode: the bundler's program and answer, and how long a bundle stays valid |
//!
//! The decisions behind it: docs/decisions.md#worker-file.

mod bundle;
mod claim;
mod compiled;
#[cfg(not(portable))]
mod dead_host_cleanup;
mod directory;
pub mod frame;
pub mod json;
pub(crate) mod lock;
mod modules;
mod names;
mod nonce;
mod private_home;
pub mod protocol;
#[cfg(not(portable))]
mod raw;
#[cfg(not(portable))]
mod raw_directory;
mod render;
mod store;
mod sweep;
mod trust;

pub use bundle::{Bundle, BundleFiles, BundleReply, BundleStore, FileFingerprint, Manifest, Verdict, bundle_script};
pub use compiled::{Compiled, CompiledLocation, InstalledCompiled, compile_script};
#[cfg(not(portable))]
pub use dead_host_cleanup::DeadHostCleanup;
pub use modules::{Modules, transpile_script};
pub use nonce::Nonce;
#[cfg(not(portable))]
pub use raw::syscall;
pub use render::{WorkerSettings, render};
#[cfg(portable)]
pub use store::DeadHostCleanup;
pub use store::WorkerFile;
pub(crate) use trust::{FileStatus, keeps_entries};
