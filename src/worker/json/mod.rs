//! JSON text that a worker made. It comes from a process that runs untrusted code, and what is done with it here is the same
//! everywhere: nothing nested without bound reaches a parser, and nothing that a tool can put into a text makes the rest of
//! the text unreadable.

mod depth;
mod tolerant;

pub use depth::{MAX_DEPTH, is_too_deep};
pub use tolerant::{raw, read};
