//! JSON text from a worker. It comes from a process that runs untrusted code, and it is treated the same everywhere: no
//! unboundedly nested text reaches a parser, and nothing that a tool writes into a text makes the rest of it
//! unreadable.

mod depth;
mod tolerant;

pub use depth::{MAX_DEPTH, is_too_deep};
pub use tolerant::{raw, read};
