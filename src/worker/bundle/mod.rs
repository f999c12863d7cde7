//! The entrypoint as one file of bytecode: the bundler's program and its answer, the conditions under which a bundle
//! stays valid, and its storage. `spawn` runs the bundler.
//!
//! | file | subject |
//! |---|---|
//! | `script.rs` | the program that bundles, rendered |
//! | `reply.rs` | the bundler's answer |
//! | `fingerprint.rs` | whether a file or directory has changed |
//! | `dependencies.rs` | everything that a bundle depends on |
//! | `manifest.rs` | what is known about an entrypoint |
//! | `bundle_store.rs` | the files in the project: written atomically, claimed while in use, swept |

mod bundle_store;
mod dependencies;
mod fingerprint;
mod manifest;
mod reply;
mod script;

pub use bundle_store::{Bundle, BundleStore};
pub(super) use bundle_store::{manifest_slot, named, stem};
pub use fingerprint::FileFingerprint;
pub use manifest::{Manifest, Verdict};
pub use reply::{BundleFiles, BundleReply};
pub use script::bundle_script;
