//! The entrypoint as one file of bytecode: what is asked of the bundler, what must not have changed for its work to be of
//! use, and where that is kept. Running the bundler is the spawn room's.
//!
//! | file | subject |
//! |---|---|
//! | `script.rs` | the program that bundles, rendered |
//! | `reply.rs` | what it answers |
//! | `fingerprint.rs` | whether a file or directory is as it was |
//! | `dependencies.rs` | everything on which a bundle depends |
//! | `manifest.rs` | what is known about an entrypoint |
//! | `bundle_store.rs` | the files in the project: written whole, claimed while in use, swept |

mod bundle_store;
mod dependencies;
mod fingerprint;
mod manifest;
mod reply;
mod script;

pub use bundle_store::{Bundle, BundleStore};
pub(super) use bundle_store::{manifest_slot, named, stem};
pub use manifest::{Manifest, Verdict};
pub use reply::{BundleFiles, BundleReply};
pub use script::bundle_script;
