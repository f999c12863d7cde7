//! The file a runtime executes and the words it speaks.
//!
//! | file | subject |
//! |---|---|
//! | `frame/` | the frames of the channel: encode what the host says, decode what a worker says |
//! | `nonce.rs` | the secret of one call, without which no answer counts |

pub mod frame;
mod nonce;

pub use nonce::Nonce;
