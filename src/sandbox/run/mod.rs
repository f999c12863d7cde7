//! Programs a worker may start: what ends them with it, and the name of one that was refused.

mod guardian;
mod program;

pub use guardian::{CleanupRegistration, Guardian};
pub(super) use program::wanted_program;
