//! Programs that a worker may start: what ends them with the host, and the name of a refused one.

mod guardian;
mod program;

pub use guardian::{CleanupRegistration, Guardian};
pub(super) use program::wanted_program;
