//! What a process prints: it is cut into lines for the log, and its beginning is kept for errors.

mod captured;
mod lines;
mod redact;

pub use captured::Captured;
pub use lines::LineSplitter;
