//! What a process prints: cut into lines for the log, and its beginning kept for errors.

mod captured;
mod lines;
mod redact;

pub use captured::Captured;
pub use lines::LineSplitter;
