//! The file a runtime executes and the words it speaks.
//!
//! | file | subject |
//! |---|---|
//! | `frame/` | the frames of the channel: encode what the host says, decode what a worker says |
//! | `nonce.rs` | the secret of one call, without which no answer counts |
//! | `store.rs` | the worker file in the project: written whole, shared, removed after use |

pub mod frame;
mod nonce;
mod store;

pub use nonce::Nonce;
pub use store::WorkerFile;
