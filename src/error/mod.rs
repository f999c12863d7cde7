//! A failure: a stable code, a sentence, a hint about what to do, and the facts of its class.
//!
//! Errors cross to JavaScript as data ([`Error::to_json`]) and become classes there. Codes are listed in one place and
//! pinned by a test; hints are separate from messages, so that the same advice is worded the same everywhere.

mod code;
pub mod descriptors;
#[expect(clippy::module_inception, reason = "the file is named for the type it holds")]
mod error;
pub mod hints;
mod printable;

pub use code::{Class, Code};
pub use error::{Context, Error, Issue, Problem, Refusal, Result};
pub use printable::{printable, printable_lines};
