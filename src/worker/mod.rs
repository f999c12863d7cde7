//! The file a runtime executes and the words it speaks.
//!
//! | file | subject |
//! |---|---|
//! | `frame/` | the frames of the channel: encode what the host says, decode what a worker says |
//! | `json/` | JSON text of a worker: how deep it is, and reading it whatever a tool put into it |
//! | `protocol.rs` | the numbers and names that a host and its processes agree on, from `template/protocol.mjs` |
//! | `nonce.rs` | the secret of one call, without which no answer counts |
//! | `template/` | the worker file's source, JavaScript for Bun and Node |
//! | `render.rs` | the template with the host's settings in it |
//! | `compiled.rs` | the same as bytecode |
//! | `modules.rs` | the directory of Bun's cache of transpiled modules beside it |
//! | `store.rs` | the worker file in the project: written whole, shared, removed after use |
//! | `directory.rs`, `trust.rs` | the directory that it lies in, and whether that may be used |
//! | `claim.rs`, `lock.rs`, `sweep.rs` | who uses a file, and what goes when nobody does |
//! | `remains.rs`, `raw.rs` | what goes when the host was killed |
//! | `bundle/` | the entrypoint as bytecode: what is asked of the bundler, and how long its work is of use |

mod bundle;
mod claim;
mod compiled;
mod directory;
pub mod frame;
pub mod json;
pub(crate) mod lock;
mod modules;
mod nonce;
pub mod protocol;
mod raw;
mod remains;
mod render;
mod store;
mod sweep;
mod trust;

pub use bundle::{Bundle, BundleFiles, BundleReply, Manifest, Shelf, Verdict, bundle_script};
pub use compiled::{Beside, Compiled, InPlace, compile_script};
pub use modules::{Modules, transpile_script};
pub use nonce::Nonce;
pub use raw::syscall;
pub use remains::Remains;
pub use render::{WorkerSettings, render};
pub use store::WorkerFile;
