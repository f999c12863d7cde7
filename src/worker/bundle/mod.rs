//! The entrypoint as one file of bytecode: what is asked of the bundler, what must not have changed for its work to be of
//! use, and where that is kept. Running the bundler is the spawn room's.
//!
//! | file | subject |
//! |---|---|
//! | `script.rs` | the program that bundles, rendered |
//! | `reply.rs` | what it answers |
//! | `witness.rs` | whether a file or directory is as it was |
//! | `surroundings.rs` | everything on which a bundle depends |
//! | `manifest.rs` | what is known about an entrypoint |
//! | `shelf.rs` | the files in the project: written whole, claimed while in use, swept |

mod manifest;
mod reply;
mod script;
mod shelf;
mod surroundings;
mod witness;

pub use manifest::{Manifest, Verdict};
pub use reply::{BundleFiles, BundleReply};
pub use script::bundle_script;
pub use shelf::{Bundle, Shelf};
pub(super) use shelf::{manifest_slot, named, stem};
